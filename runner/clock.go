package runner

import (
	"context"
	"time"
)

// TimerClock is a [Clock] on the runtime's timers: exact under
// testing/synctest, up to about 1.1 ms late on an idle Linux machine. It is
// safe for concurrent use.
type TimerClock struct {
	start time.Time // carries a monotonic reading
}

var _ Clock = (*TimerClock)(nil)

// NewTimerClock gives a clock whose zero is start, which may lie in the
// future. Only the distance from now is taken from the wall: later changes of
// the machine's time have no effect.
func NewTimerClock(start time.Time) *TimerClock {
	now := time.Now()
	return &TimerClock{start: now.Add(start.Sub(now))}
}

// Now is the time since the start, negative before it.
func (c *TimerClock) Now() time.Duration { return time.Since(c.start) }

// SleepUntil returns nil at t or later, or the context's error.
func (c *TimerClock) SleepUntil(ctx context.Context, t time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	wait := t - c.Now()
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
