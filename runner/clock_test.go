package runner

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestTimerClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewTimerClock(time.Now().Add(time.Hour))
		if got := c.Now(); got != -time.Hour {
			t.Errorf("an hour before the start the clock says %v", got)
		}
		for _, at := range []time.Duration{-time.Minute, 0, 0, -time.Second, 90 * time.Second} {
			if err := c.SleepUntil(t.Context(), at); err != nil {
				t.Fatal(err)
			}
			if got := c.Now(); got != max(at, 0) && at != -time.Minute {
				t.Errorf("slept until %v, the clock says %v", at, got)
			}
		}
	})
}

// A start that carries no monotonic reading, as one read from a file.
func TestTimerClockFromAWallTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewTimerClock(time.Now().Round(0).Add(-time.Minute))
		if got := c.Now(); got != time.Minute {
			t.Errorf("a minute after the start the clock says %v", got)
		}
	})
}

func TestTimerClockStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewTimerClock(time.Now())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.SleepUntil(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		if got := c.Now(); got != time.Second {
			t.Errorf("stopped at %v, want 1s", got)
		}
		if err := c.SleepUntil(ctx, 0); err == nil {
			t.Error("a stopped context slept")
		}
	})
}

// The system's own clock cannot run in virtual time: a few real milliseconds.
func TestNewClock(t *testing.T) {
	c := NewClock(time.Now().Add(2 * time.Millisecond))
	if got := c.Now(); got > 0 {
		t.Skipf("the machine lost %v between two lines", got)
	}
	for _, at := range []time.Duration{0, time.Millisecond, 9 * time.Millisecond} {
		if err := c.SleepUntil(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		if got := c.Now(); got < at {
			t.Errorf("woke at %v, before %v", got, at)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, at := range []time.Duration{0, c.Now() + time.Millisecond, time.Hour} {
		if err := c.SleepUntil(ctx, at); !errors.Is(err, context.Canceled) {
			t.Errorf("sleeping until %v in a stopped context: %v", at, err)
		}
	}
}

// Many waiters at once: one is exact, none is early, none is lost.
func TestNewClockSharedByMany(t *testing.T) {
	c := NewClock(time.Now())
	woke := make(chan time.Duration)
	const at = 5 * time.Millisecond
	for range 50 {
		go func() {
			if c.SleepUntil(context.Background(), at) == nil {
				woke <- c.Now()
			}
		}()
	}
	for range 50 {
		if got := <-woke; got < at {
			t.Errorf("woke at %v", got)
		}
	}
}

// BenchmarkLateness reports how late a pacer wakes, at 1,000 waits a second.
func BenchmarkLateness(b *testing.B) {
	start := time.Now()
	for name, c := range map[string]Clock{"system": NewClock(start), "timer": NewTimerClock(start)} {
		b.Run(name, func(b *testing.B) {
			var sum, worst time.Duration
			next := c.Now()
			for b.Loop() {
				next += time.Millisecond
				if err := c.SleepUntil(b.Context(), next); err != nil {
					b.Fatal(err)
				}
				late := c.Now() - next
				sum += late
				worst = max(worst, late)
			}
			b.ReportMetric(float64(sum.Microseconds())/float64(b.N), "µs-late/op")
			b.ReportMetric(float64(worst.Microseconds()), "µs-worst")
		})
	}
}
