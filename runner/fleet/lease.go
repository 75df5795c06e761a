package fleet

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"firstbell/runner/results"
)

// Lease is a worker's permission to load the target during one play: see the
// package's text. Alive and Held are for the hot path: one atomic load and one
// reading of the clock, no lock, no allocation. All methods are safe for
// concurrent use.
//
// Two things end a lease, both for good: its instant has passed without a renewal,
// or somebody ordered a stop. Expiry needs no goroutine to be noticed: whoever asks
// after the instant is told so, also in a process that was frozen and has just
// woken. The dead man's switch, a goroutine that waits on nothing but a timer,
// makes it known to those who do not ask.
type Lease struct {
	now func() int64 // this worker's monotonic clock, ns

	// until is the first nanosecond at which nothing may leave any more; over once
	// the lease has ended.
	until   atomic.Int64
	renewed chan struct{} // wakes the dead man's switch: there is a new instant

	heard atomic.Int64 // the coordinator's last sign of life

	mu       sync.Mutex
	cause    results.Ended
	ended    chan struct{} // closed with cause set
	closed   chan struct{} // the play is over; nobody needs the lease
	watchers sync.WaitGroup
}

const over = math.MinInt64

// newLease begins a lease and its dead man's switch, which close ends.
func newLease(now func() int64, until int64) *Lease {
	l := &Lease{now: now, renewed: make(chan struct{}, 1), ended: make(chan struct{}), closed: make(chan struct{})}
	l.hear()
	l.until.Store(until)
	l.watchers.Go(l.deadMansSwitch)
	return l
}

// Alive reports whether requests may leave now. Once false, it stays so.
func (l *Lease) Alive() bool {
	until := l.until.Load()
	if l.now() < until {
		return true
	}
	if until != over {
		l.expire()
	}
	return false
}

// Held reports the contrary of [Lease.Alive], as runner.Config.Held asks it.
func (l *Lease) Held() bool { return !l.Alive() }

// Ended is closed once the lease has expired or a stop was ordered; Cause then says
// which, as the end of this worker's part of the play.
func (l *Lease) Ended() <-chan struct{} { return l.ended }

// Cause is why the lease is over; the zero value while it is not.
func (l *Lease) Cause() results.Ended {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cause
}

// Expired reports whether the lease ended because the coordinator was not heard.
func (l *Lease) Expired() bool { return l.Cause().How == results.EndedAlone }

// renew moves the instant on, never back. False: the lease is over.
func (l *Lease) renew(until int64) bool {
	l.hear()
	for {
		old := l.until.Load()
		if !l.Alive() {
			return false
		}
		if until <= old || l.until.CompareAndSwap(old, until) {
			break
		}
	}
	select {
	case l.renewed <- struct{}{}:
	default:
	}
	return true
}

// hear notes a sign of life of the coordinator.
func (l *Lease) hear() { l.heard.Store(l.now()) }

// expire ends a lease whose instant has passed.
func (l *Lease) expire() {
	cause := "the coordinator is there and did not renew the lease: it no longer heard this worker"
	if silent := time.Duration(l.now() - l.heard.Load()); silent >= SuspectAfter {
		cause = fmt.Sprintf("nothing heard of the coordinator for %v", silent.Round(time.Millisecond))
	}
	l.stop(results.Ended{How: results.EndedAlone, Cause: cause})
}

// order ends the lease because somebody ordered a stop. An order that a process
// finds when it wakes, its instant being over, comes too late: others may be playing
// its people by then, and it must not account for them.
func (l *Lease) order(cause results.Ended) {
	if l.Alive() {
		l.stop(cause)
	}
}

// stop ends the lease at once; only the first cause counts.
func (l *Lease) stop(cause results.Ended) {
	l.until.Store(over)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause.How == "" {
		l.cause = cause
		l.cause.Wall = time.Now()
		close(l.ended)
	}
}

// close ends the switch, without a cause: the play is over. It waits for the
// goroutine.
func (l *Lease) close() {
	l.until.Store(over)
	l.mu.Lock()
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	l.mu.Unlock()
	l.watchers.Wait()
}

// deadMansSwitch ends the lease when its instant passes. It stands behind nothing:
// no lock that is held while something is sent, no channel that others fill.
func (l *Lease) deadMansSwitch() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for l.Alive() {
		until := l.until.Load()
		if until == over {
			return
		}
		timer.Reset(max(time.Duration(until-l.now()), time.Millisecond))
		select {
		case <-timer.C:
		case <-l.renewed:
		case <-l.ended:
			return
		case <-l.closed:
			return
		}
	}
}
