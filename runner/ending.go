package runner

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios/arrivals"
)

const (
	// doorGrace is how long after the last arrival of the whole storm people may
	// still be handed over: those of a worker lost just before it.
	doorGrace = 2 * time.Second
	// causeWithin is how soon after Held a guard has said why.
	causeWithin = time.Second
	// lateWithin is how soon who hands people over has finished when told to.
	lateWithin = 5 * time.Second
)

// ending watches for the end of the storm, whichever comes first. Its goroutine
// alone changes who is still to come.
type ending struct {
	r         *run
	how       results.EndedAs
	last      time.Duration // arrival, or the load's end
	enough    <-chan struct{}
	loadEnds  <-chan time.Duration
	more      <-chan More
	drained   *time.Timer
	door      *time.Timer // until when people may be handed over
	doorOpen  bool        // counts as one person on the page
	decidedAt time.Duration
	cutoff    time.Duration // who is due from here on does not leave
}

// newEnding is called before anybody is released.
func newEnding(r *run) *ending {
	e := &ending{r: r, how: results.EndedPlanned, enough: r.enough, loadEnds: r.cfg.LoadEnds, more: r.cfg.More,
		decidedAt: math.MaxInt64, cutoff: math.MaxInt64, last: r.cfg.Last}
	if e.more != nil && e.last == 0 {
		e.last = time.Duration(r.cfg.Plan.PlayTo-r.cfg.Plan.PlayFrom) * time.Second
	}
	if n := len(r.cfg.Arrivals); n > 0 {
		e.last = max(e.last, r.cfg.Arrivals[n-1].At)
	}
	e.drained = time.NewTimer(e.until(e.last + r.cfg.Plan.Drain))
	e.door = time.NewTimer(e.until(e.last + doorGrace))
	if e.more != nil {
		e.doorOpen = true
		r.left.Add(1)
	}
	r.off(0) // nobody at all
	return e
}

// until is how far ahead an instant is.
func (e *ending) until(at time.Duration) time.Duration { return max(0, at-e.r.cfg.Clock.Now()) }

// wait is the end of the storm.
func (e *ending) wait(ctx context.Context, sinkFailed <-chan error) (results.Ended, error) {
	defer e.drained.Stop()
	defer e.door.Stop()
	r := e.r
	var limit <-chan time.Time
	if r.cfg.Plan.Ends > 0 {
		t := time.NewTimer(e.until(r.cfg.Plan.Ends))
		defer t.Stop()
		limit = t.C
	}
	for {
		select {
		case <-e.enough:
			e.enough = nil
			e.endLoad(max(1, r.cfg.Clock.Now()), math.MinInt64)
		case at, ok := <-e.loadEnds:
			if !ok {
				e.loadEnds = nil
				continue
			}
			e.endLoad(max(1, at), max(1, at))
		case m, ok := <-e.more:
			if !ok {
				e.more = nil
				e.shut()
				continue
			}
			e.take(m)
		case <-e.door.C:
			e.shut()
		case <-r.allDone:
			return e.unlessHeld(ctx, results.Ended{How: e.how}), nil
		case <-e.drained.C:
			return e.unlessHeld(ctx, results.Ended{How: e.how}), nil
		case <-limit:
			return e.unlessHeld(ctx, e.limited()), nil
		case <-r.cfg.Guard.Stopped():
			return r.cfg.Guard.Cause(), nil
		case <-r.logins.stop:
			return e.unlessHeld(ctx, results.Ended{How: results.EndedCredentials, Cause: r.logins.cause()}), nil
		case err := <-sinkFailed:
			return results.Ended{}, fmt.Errorf("run: %w", err)
		case <-ctx.Done():
			return e.unlessHeld(ctx, results.Ended{How: results.EndedInterrupted, Cause: "interrupted"}), nil
		}
	}
}

// limited is the wall-clock end. One after the drain is only the drain's.
func (e *ending) limited() results.Ended {
	if e.r.cfg.Plan.Ends >= e.last+e.r.cfg.Plan.Drain {
		return results.Ended{How: e.how}
	}
	return results.Ended{How: results.EndedLimit, Cause: "the scenario's ends_after came first"}
}

// unlessHeld lets the guard's reason win over any other end once nobody may be
// released any more: a process that was frozen past its planned end finds both
// when it wakes.
func (e *ending) unlessHeld(ctx context.Context, end results.Ended) results.Ended {
	if !e.r.held() {
		return end
	}
	within := time.NewTimer(causeWithin)
	defer within.Stop()
	select {
	case <-e.r.cfg.Guard.Stopped():
		return e.r.cfg.Guard.Cause()
	case <-within.C:
		return end
	}
}

// endLoad ends the load at an instant: whoever is due from another one on (the
// same; or nobody leaves any more) does not leave. Who is in flight goes on.
func (e *ending) endLoad(at, cutoff time.Duration) {
	if at >= e.decidedAt {
		return // the earliest counts
	}
	r := e.r
	e.how, e.decidedAt, e.last, e.cutoff = results.EndedEnough, at, at, min(e.cutoff, cutoff)
	r.loadEnd.Store(int64(at))
	r.pacer.stop()
	todo, never := dueBefore(r.pacer.todo, e.cutoff)
	r.pacer.todo, r.never = todo, append(slices.Clip(never), r.never...)
	if len(todo) > 0 {
		r.pacer.start(r.pace)
	}
	r.off(int64(len(never)))
	e.drained.Reset(e.until(at + r.cfg.Plan.Drain))
	e.door.Reset(e.until(at + doorGrace))
	if e.cutoff < at {
		e.shut()
	}
}

// take lets further people come.
func (e *ending) take(m More) {
	r := e.r
	todo, never := dueBefore(e.accept(m), e.cutoff)
	r.never = append(r.never, never...)
	if len(todo) == 0 {
		return
	}
	r.left.Add(int64(len(todo)))
	if last := todo[len(todo)-1].At; last > e.last {
		e.last = last
		e.drained.Reset(e.until(last + r.cfg.Plan.Drain))
	}
	r.pacer.stop()
	r.pacer.todo = merged(r.pacer.todo, todo)
	r.pacer.start(r.pace)
}

// accept gives the people handed over, in order, and lends their accounts. What
// no plan holds is refused: an account that is not here leaves its person
// without one.
func (e *ending) accept(m More) []arrivals.Arrival {
	r := e.r
	list := slices.DeleteFunc(slices.Clone(m.Arrivals), func(a arrivals.Arrival) bool { return int(a.Cohort) >= len(r.site.who) })
	if n := len(m.Arrivals) - len(list); n > 0 {
		r.event("takeover_refused", "people of an unknown cohort were handed over", map[string]string{"people": fmt.Sprint(n)})
	}
	slices.SortFunc(list, byInstant)
	r.accounts.lend(m.Lent.present(r.cfg.Scenario))
	r.known.add(list)
	return list
}

// leftOver takes in what was handed over and not looked at when the run ended:
// nobody of it leaves.
func (e *ending) leftOver() {
	wait := time.NewTimer(0)
	defer wait.Stop()
	if e.r.cfg.NoMore != nil {
		e.r.cfg.NoMore()
		wait.Reset(lateWithin)
	}
	for e.more != nil {
		m, ok := e.next(wait.C)
		if !ok {
			return
		}
		e.r.tooLate = append(e.r.tooLate, e.accept(m)...)
	}
}

// next receives what waits already, or comes in time; false: nothing more comes.
func (e *ending) next(late <-chan time.Time) (m More, ok bool) {
	select {
	case m, ok = <-e.more:
		return m, ok
	default:
	}
	select {
	case m, ok = <-e.more:
	case <-late:
	}
	return m, ok
}

// shut: nobody can be handed over any more, the run may end.
func (e *ending) shut() {
	if e.doorOpen {
		e.doorOpen = false
		e.r.off(1)
	}
}
