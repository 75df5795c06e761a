package runner

import (
	"context"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// tour walks one person through a whole journey outside a storm: no thinking,
// no coming back. Smoke and the calm tries use it.
type tour struct {
	w          *walker
	b          *browser
	journey    *scenarios.Journey
	base       int
	untilLogin bool // stop once the password has been answered
	whole      bool // go on after the step in class
	patient    bool // wait on waiting pages as long as the context lasts
	// judged is told how each step ended; nil: nobody asks.
	judged func(step int, f finding)
	// pause is how long the person thinks before a step; nil: not at all.
	pause func(step int) time.Duration
}

// walk gives the last step's finding: InTime when the person got in class (or
// past the login).
func (t *tour) walk(ctx context.Context) finding {
	f := failed(results.ReasonExpectation, "no step in class was reached")
	in := false
	t.b.page = nil
	for i := range t.journey.Steps {
		st := &t.journey.Steps[i]
		if t.skips(i) {
			continue
		}
		if t.pause != nil && !sleep(ctx, t.pause(i)) {
			return failed(results.ReasonInFlight, "")
		}
		f = t.step(ctx, i)
		if t.judged != nil {
			t.judged(i, f)
		}
		in = in || st.InClass
		if f.outcome != results.InTime || (in && !t.whole) || (t.untilLogin && sendsPassword(st)) {
			return f
		}
	}
	if !in {
		f = failed(results.ReasonExpectation, "the step in class was skipped")
	}
	return f
}

// skips reports whether a step's `if` is false on the page shown.
func (t *tour) skips(i int) bool {
	st := &t.journey.Steps[i]
	if st.If == nil {
		return false
	}
	if t.b.page == nil {
		return true
	}
	ok, _ := t.b.page.Match(st.If, t.b.lookup(t.w.site, t.b.page.Final))
	return !ok
}

// maxPolls bounds the polls of a step outside a storm, and maxCalmWait each
// wait: smoke shows that a step works, not a lesson.
const (
	maxPolls    = 3
	maxCalmWait = 20 * time.Second
)

// step performs one step, its polls and its waiting pages.
func (t *tour) step(ctx context.Context, i int) finding {
	st := &t.journey.Steps[i]
	timeout := st.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	v := showing{w: t.w, b: t.b, step: st, index: t.base + i}
	for n := 1; ; n++ {
		v.intended = t.w.clock.Now()
		one, cancel := context.WithTimeout(ctx, timeout)
		f := v.run(one)
		cancel()
		v.number = 0
		switch {
		case f.wait && (t.patient || n < maxPolls):
			v.resume = f.next
		case f.again && (t.patient || n < maxPolls) && (st.Times == 0 || n < st.Times):
			v.resume, f.after = nil, st.Every
		default:
			return f
		}
		if !t.patient {
			f.after = min(f.after, maxCalmWait)
		}
		if !sleep(ctx, f.after) {
			return f
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
