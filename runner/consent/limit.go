package consent

import (
	"math"
	"sync/atomic"
	"time"
)

// limit lets at most n grants pass in any span of window: a ring of the times
// of the last n grants, where a new one needs the n-th last to be old enough.
// Exact to the microsecond, unlike a bucket, which lets its depth pass on top of
// its rate. nil is no limit. It takes no lock.
type limit struct {
	window uint64 // µs
	next   atomic.Uint64
	// ring holds, per slot, the round it was granted in (upper 20 bits) and
	// when (lower 44 bits, µs, shifted to be positive).
	ring []atomic.Uint64
}

const (
	// maxRing bounds the memory of a limit (8 bytes a slot); a higher rate is
	// counted over a shorter window.
	maxRing   = 1 << 18
	whenBits  = 44
	whenMask  = 1<<whenBits - 1
	whenShift = 1 << (whenBits - 1)
	roundMask = 1<<(64-whenBits) - 1
)

// newLimit gives a limit of rate per second; nil when rate is not positive.
func newLimit(rate float64) *limit {
	if !(rate > 0) || math.IsInf(rate, 0) {
		return nil
	}
	n := math.Max(1, math.Min(math.Floor(rate), maxRing))
	window := math.Ceil(n / rate * float64(time.Second/time.Microsecond))
	l := &limit{window: uint64(math.Min(window, whenShift/2)), ring: make([]atomic.Uint64, int(n))}
	for i := range l.ring {
		l.ring[i].Store(roundMask << whenBits) // the round before the first, long ago
	}
	return l
}

// take asks for one grant at now.
func (l *limit) take(now time.Duration) bool {
	if l == nil {
		return true
	}
	when := uint64(now.Microseconds()+whenShift) & whenMask
	for {
		i := l.next.Load()
		slot := &l.ring[i%uint64(len(l.ring))]
		round := i / uint64(len(l.ring)) & roundMask
		old := slot.Load()
		if old>>whenBits == round {
			// Somebody has the slot and has not yet moved on: help.
			l.next.CompareAndSwap(i, i+1)
			continue
		}
		if before := old & whenMask; when < before+l.window {
			if l.next.Load() != i {
				continue // an older look at the ring
			}
			return false
		}
		// Who replaces the old time has the grant.
		if slot.CompareAndSwap(old, round<<whenBits|when) {
			l.next.CompareAndSwap(i, i+1)
			return true
		}
	}
}
