package consent

import (
	"fmt"
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
	// maxRing bounds the memory of a limit (8 bytes a slot), and with it the rate
	// of one process.
	maxRing   = 1 << 18
	whenBits  = 44
	whenMask  = 1<<whenBits - 1
	whenShift = 1 << (whenBits - 1)
	roundMask = 1<<(64-whenBits) - 1
)

// newLimit gives one worker's part of a limit of rate per second that several
// share; nil when rate is not positive. No second of the workers together sees
// more than rate grants, whatever their clocks say: each gets the whole number
// ⌊⌊rate⌋ ÷ workers⌋ in any second. So up to workers − 1 a second are given
// away, and a rate below one is one grant in 1 ÷ rate seconds. What is too little
// to be shared gives no grant at all: see tooFew.
func newLimit(rate float64, workers int) *limit {
	if !(rate > 0) || math.IsInf(rate, 0) {
		return nil
	}
	n, seconds := math.Floor(math.Floor(rate)/float64(workers)), 1.0
	if rate < 1 {
		n, seconds = 0, 1/rate
		if workers == 1 {
			n = 1
		}
	}
	n = math.Min(n, maxRing)
	// The last microsecond is for what truncation hides.
	window := math.Ceil(seconds*float64(time.Second/time.Microsecond)) + 1
	l := &limit{window: uint64(math.Min(window, whenShift/2)), ring: make([]atomic.Uint64, int(n))}
	for i := range l.ring {
		l.ring[i].Store(roundMask << whenBits) // the round before the first, long ago
	}
	return l
}

// tooFew says why limits cannot be shared, and what to do; "" when they can.
func tooFew(requests, connections float64, workers int) (why, fix string) {
	for i, rate := range []float64{connections, requests} {
		what := []string{"connections", "requests"}[i]
		if rate > 0 && workers > 1 && rate < float64(workers) {
			why = fmt.Sprintf("%v %s per second cannot be shared by %d workers", rate, what, workers)
			fix = fmt.Sprintf("play with %d at most", max(1, int(rate)))
		}
	}
	return why, fix
}

// take asks for one grant at now.
func (l *limit) take(now time.Duration) bool {
	if l == nil {
		return true
	}
	if len(l.ring) == 0 {
		return false
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
