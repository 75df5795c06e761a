package fleet

import (
	"context"
	"errors"
	"sync"
	"time"

	"firstbell/runner/results"
)

// localClock is a machine's time as an [Instant]: the wall's, read once, carried on
// by the monotonic clock. Setting the machine's time changes nothing; its clock
// being made faster or slower does, by driftPerSecond at most.
type localClock struct {
	now    func() time.Time
	anchor time.Time
	wall   int64
}

// newLocalClock reads the wall. now must give a monotonic reading; nil: time.Now.
func newLocalClock(now func() time.Time) *localClock {
	if now == nil {
		now = time.Now
	}
	anchor := now()
	return &localClock{now: now, anchor: anchor, wall: anchor.UnixNano()}
}

// Now is the time by this machine's own clock.
func (c *localClock) Now() Instant { return Instant(c.wall + c.Mono()) }

// Mono is nanoseconds since the clock was made.
func (c *localClock) Mono() int64 { return int64(c.now().Sub(c.anchor)) }

// mono translates an instant of this clock.
func (c *localClock) mono(i Instant) int64 { return int64(i) - c.wall }

// time gives an instant of this clock as a time of the runtime's, with a monotonic
// reading.
func (c *localClock) time(i Instant) time.Time {
	return time.Now().Add(time.Duration(i - c.Now()))
}

// driftPerSecond is how fast two clocks may run apart: 500 ppm, the most by which
// a kernel's discipline changes a clock's rate (adjtimex(2), NTP's MAXFREQ).
const driftPerSecond = 500e-6

func drift(over time.Duration) time.Duration {
	return time.Duration(float64(max(over, 0)) * driftPerSecond)
}

// offset is a reading of the coordinator's clock: at the local instant At, the
// coordinator's time was the local one plus Offset, give or take Error.
type offset struct {
	At     Instant
	Offset time.Duration
	Error  time.Duration
	N      int // exchanges that were answered
}

// errorAt is the bound at another instant: clocks run apart.
func (o offset) errorAt(now Instant) time.Duration {
	return o.Error + drift(max(time.Duration(now-o.At), time.Duration(o.At-now)))
}

// reading is the offset for the record; zero is the play's first instant by the
// coordinator's clock, 0 while there is none.
func (o offset) reading(zero Instant) results.ClockReading {
	r := results.ClockReading{Offset: o.Offset, Error: o.Error, N: o.N}
	if zero != 0 {
		r.At = time.Duration(o.At-zero) + o.Offset
	}
	return r
}

// fourStamps is what one exchange says, after Cristian (1989) and NTP (RFC 5905,
// section 8): sent at t0 and received at t3 by our clock, received at t1 and
// answered at t2 by theirs. The message was on its way for
// rtt = (t3−t0) − (t2−t1); the offset (theirs − ours) is ((t1−t0) + (t2−t3)) / 2
// when both ways took equally long, and at most rtt/2 off when one took all of it.
// What the clocks run apart meanwhile is added to the bound.
func fourStamps(t0, t1, t2, t3 Instant) (offset, bool) {
	rtt := time.Duration((t3 - t0) - (t2 - t1))
	const sane = time.Hour // an exchange that took longer says nothing
	if t3 < t0 || t2 < t1 || time.Duration(t3-t0) > sane || rtt < -drift(time.Duration(t3-t0)) {
		return offset{}, false
	}
	return offset{
		At:     t0 + (t3-t0)/2,
		Offset: time.Duration((t1-t0)+(t2-t3)) / 2,
		Error:  max(rtt, 0)/2 + drift(time.Duration(t3-t0)) + 1, // 1 ns: what both halves were cut by
		N:      1,
	}, true
}

// exchange asks the coordinator for its time once; received is when the answer came
// in, before its signature was checked.
type exchange func(ctx context.Context, ask ClockAsk) (a ClockAnswer, received Instant, err error)

// errNoClock: none of the exchanges was answered.
var errNoClock = errors.New("the coordinator's clock could not be read")

// sampleWithin bounds one exchange.
const sampleWithin = time.Second

// measure performs n exchanges, one after the other, and keeps the one with the
// shortest way. The error is that of the last exchange when none was answered.
func measure(ctx context.Context, clock *localClock, n int, ask exchange) (offset, error) {
	var best offset
	err := errNoClock
	answered := 0
	for range n {
		o, failed := sample(ctx, clock, ask)
		if failed != nil {
			err = failed
			if ctx.Err() != nil || answered == 0 && errors.Is(failed, context.DeadlineExceeded) {
				break // nobody is there: no need to wait n times
			}
			continue
		}
		if answered++; answered == 1 || o.Error < best.Error {
			best = o
		}
	}
	if answered == 0 {
		return offset{}, err
	}
	best.N = answered
	return best, nil
}

func sample(ctx context.Context, clock *localClock, ask exchange) (offset, error) {
	ctx, cancel := context.WithTimeout(ctx, sampleWithin)
	defer cancel()
	t0 := clock.Now()
	a, t3, err := ask(ctx, ClockAsk{T0: int64(t0)})
	if err != nil {
		return offset{}, err
	}
	o, ok := fourStamps(t0, a.T1, a.T2, t3)
	if !ok || a.T0 != int64(t0) {
		return offset{}, errors.New("the answer about the clock makes no sense")
	}
	return o, nil
}

// fleetTime translates between this worker's clock and the coordinator's, by the
// tightest reading. Safe for concurrent use.
type fleetTime struct {
	clock *localClock

	mu     sync.Mutex
	best   offset
	newest offset
	count  int // readings so far
}

// add takes a reading. The older one stays in use while it is the better one, its
// age considered.
func (f *fleetTime) add(o offset) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == 0 || o.Error <= f.best.errorAt(o.At) {
		f.best = o
	}
	f.newest = o
	f.count++
}

// last is the newest reading and how many there have been; false without any.
func (f *fleetTime) last() (offset, int, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.newest, f.count, f.count > 0
}

// offset is the one to translate by, and its error now.
func (f *fleetTime) offset() (time.Duration, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.best.Offset, f.best.errorAt(f.clock.Now())
}

// local is an instant of the coordinator's by this worker's clock, as well as known.
func (f *fleetTime) local(i Instant) Instant {
	o, _ := f.offset()
	return i - Instant(o)
}

// before is the last local instant that certainly comes no later than the
// coordinator's i, whatever the true offset is.
func (f *fleetTime) before(i Instant) Instant {
	o, e := f.offset()
	return i - Instant(o) - Instant(e)
}

// now is the coordinator's time, and the error of that.
func (f *fleetTime) now() (Instant, time.Duration) {
	o, e := f.offset()
	return f.clock.Now() + Instant(o), e
}
