package fleet

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// skewed is a machine's clock that is ahead, runs at another rate, and may jump.
type skewed struct {
	ahead time.Duration
	rate  float64 // 1e-4: 100 ppm too fast
	from  time.Time
	jump  atomic.Int64
}

func (s *skewed) Now() time.Time {
	t := time.Now()
	return t.Add(s.ahead + time.Duration(s.jump.Load()) + time.Duration(float64(t.Sub(s.from))*s.rate))
}

// TestClockBound: whatever the skew, the drift and the two ways, the true offset
// lies within the bound, when measured and later.
func TestClockBound(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		ahead := time.Duration(rng.Int64N(int64(2*time.Second))) - time.Second
		rate := (rng.Float64()*2 - 1) * driftPerSecond
		way := time.Duration(rng.Int64N(int64(100 * time.Millisecond)))
		lean := rng.Float64() // how much of the way is the way there
		synctest.Test(t, func(t *testing.T) {
			s := &skewed{ahead: ahead, rate: rate, from: time.Now()}
			ours, theirs := newLocalClock(s.Now), newLocalClock(nil)
			f := &fleetTime{clock: ours}
			ask := func(_ context.Context, a ClockAsk) (ClockAnswer, Instant, error) {
				jitter := 1 + rng.Float64()
				time.Sleep(time.Duration(float64(way) * lean * jitter))
				answer := ClockAnswer{T0: a.T0, T1: theirs.Now()}
				time.Sleep(time.Duration(rng.Int64N(int64(time.Millisecond))))
				answer.T2 = theirs.Now()
				time.Sleep(time.Duration(float64(way) * (1 - lean) * jitter))
				return answer, ours.Now(), nil
			}
			for range 3 {
				o, err := measure(t.Context(), ours, 4, ask)
				if err != nil || o.N != 4 {
					t.Fatalf("measure = %+v, %v", o, err)
				}
				f.add(o)
				for range 3 {
					offset, bound := f.offset()
					off := offset - time.Duration(theirs.Now()-ours.Now())
					if off.Abs() > bound {
						t.Fatalf("skew %v, drift %.0f ppm, way %v leaning %.2f: off by %v, bound %v", ahead, rate*1e6, way, lean, off, bound)
					}
					if now := theirs.Now(); f.before(now) > ours.Now() {
						t.Fatalf("an instant that is over is said to come in %v", time.Duration(f.before(now)-ours.Now()))
					}
					time.Sleep(time.Duration(rng.Int64N(int64(10 * time.Second))))
				}
			}
		})
	}
}

// TestClockEvenWays: with equal ways the offset itself is right.
func TestClockEvenWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &skewed{ahead: 200 * time.Millisecond, from: time.Now()}
		ours, theirs := newLocalClock(s.Now), newLocalClock(nil)
		o, err := measure(t.Context(), ours, ClockSamples, func(_ context.Context, a ClockAsk) (ClockAnswer, Instant, error) {
			time.Sleep(5 * time.Millisecond)
			at := theirs.Now()
			time.Sleep(5 * time.Millisecond)
			return ClockAnswer{T0: a.T0, T1: at, T2: at}, ours.Now(), nil
		})
		if err != nil || o.Offset != -200*time.Millisecond || o.Error > 6*time.Millisecond || o.Error < 5*time.Millisecond || o.N != ClockSamples {
			t.Errorf("measure = %+v, %v", o, err)
		}
		if r := o.reading(o.At - Instant(200*time.Millisecond) + Instant(time.Minute)); r.At != -time.Minute {
			t.Errorf("a reading a minute before the start is at %v", r.At)
		}
	})
}

func TestClockNonsense(t *testing.T) {
	const s = Instant(time.Second)
	for name, x := range map[string][4]Instant{
		"answered before it came":          {0, 2 * s, s, 3 * s},
		"received before sent":             {s, s, s, 0},
		"answered for longer than it took": {0, 0, 10 * s, s},
		"hours":                            {0, s, s, 7200 * s},
	} {
		if o, ok := fourStamps(x[0], x[1], x[2], x[3]); ok {
			t.Errorf("%s: %+v", name, o)
		}
	}
	c := newLocalClock(nil)
	for name, ask := range map[string]exchange{
		"no answer": func(context.Context, ClockAsk) (ClockAnswer, Instant, error) {
			return ClockAnswer{}, 0, errors.New("x")
		},
		"another's answer": func(context.Context, ClockAsk) (ClockAnswer, Instant, error) { return ClockAnswer{T0: 1}, c.Now(), nil },
	} {
		if o, err := measure(t.Context(), c, 3, ask); err == nil {
			t.Errorf("%s: %+v", name, o)
		}
	}
}
