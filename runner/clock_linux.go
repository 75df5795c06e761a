package runner

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// fineWait is the last part of a wait, spent in the kernel instead of in a
// timer: longer than the runtime's timers are late, short enough that stopping
// need not interrupt it.
const fineWait = 3 * time.Millisecond

// ThreadClock is a [Clock] for the Pacer: the last milliseconds of a wait are
// an absolute clock_nanosleep on the caller's thread, 10 to 25 times more exact
// than a timer of the runtime, which wakes on whole milliseconds. One goroutine
// at a time gets the exact wait, so that many waiters never cost many threads;
// meanwhile the others wait on timers. Give the process one P more than it has
// CPUs, or the waking thread queues for one. Safe for concurrent use; not for
// testing/synctest.
type ThreadClock struct {
	TimerClock
	taken atomic.Bool
}

var _ Clock = (*ThreadClock)(nil)

// NewClock gives the most exact clock of this system, with its zero at start,
// which may lie in the future.
func NewClock(start time.Time) Clock {
	return &ThreadClock{TimerClock: *NewTimerClock(start)}
}

// SleepUntil returns nil at t or later, or the context's error: at once while
// the wait is long, within 3 ms at its end.
func (c *ThreadClock) SleepUntil(ctx context.Context, t time.Duration) error {
	if t-c.Now() > 2*fineWait {
		if err := c.TimerClock.SleepUntil(ctx, t-fineWait); err != nil {
			return err
		}
	}
	if !c.taken.CompareAndSwap(false, true) {
		return c.TimerClock.SleepUntil(ctx, t)
	}
	defer c.taken.Store(false)
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.nanosleep(ctx, t)
}

// nanosleep blocks this thread until t. The runtime's own signals interrupt
// it; the wait is absolute, so it just goes on.
func (c *ThreadClock) nanosleep(ctx context.Context, t time.Duration) error {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return c.TimerClock.SleepUntil(ctx, t)
	}
	wait := t - c.Now()
	if wait <= 0 {
		return nil
	}
	until := unix.NsecToTimespec(now.Nano() + int64(wait))
	for {
		err := unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &until, nil)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, unix.EINTR):
			return c.TimerClock.SleepUntil(ctx, t)
		}
	}
}
