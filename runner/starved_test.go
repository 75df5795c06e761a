package runner_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios/arrivals"
)

// starvedDriver is a generator that is punctual with first clicks and late with
// all that follows: what a machine short of CPU looks like.
type starvedDriver struct {
	runner.Driver
	by     time.Duration // before a POST leaves
	queued time.Duration // for a place to dial, of every call
}

type starvedSession struct {
	runner.Session
	by, queued time.Duration
}

func (d starvedDriver) Open(person uint32) runner.Session {
	return &starvedSession{Session: d.Driver.Open(person), by: d.by, queued: d.queued}
}

func (s *starvedSession) Do(ctx context.Context, req *runner.Request) (*runner.Response, error) {
	if req.Kind == runner.KindPage && req.Method == "POST" {
		time.Sleep(s.by)
	}
	resp, err := s.Session.Do(ctx, req)
	if req.Kind == runner.KindCall {
		resp.Timing.Queued = s.queued
	}
	return resp, err
}

// TestStarvedAfterTheFirstClick: what the generator adds to a person's time
// after the first click is seen, however punctual the first clicks were.
func TestStarvedAfterTheFirstClick(t *testing.T) {
	const people = 40
	for _, by := range []time.Duration{0, 1500 * time.Millisecond} {
		out := morning{yaml: entcore, seed: 1, people: evenly(people, time.Second), config: func(c *runner.Config) {
			c.Driver = starvedDriver{Driver: c.Driver, by: by}
		}}.play(t)
		first, later := merged(out.run.Total.Delay), merged(out.run.Total.Later)
		if got, _ := first.ValueAt(first.Count()); first.Count() != people || got > 5*time.Millisecond {
			t.Errorf("starved by %v: %d first clicks, late by %v", by, first.Count(), got)
		}
		// Each has two more clicks; nobody waits for a place to dial.
		if got, _ := later.ValueAt(later.Count()); later.Count() < 2*people || got < by || got > by+by/100+5*time.Millisecond {
			t.Errorf("starved by %v: %d later clicks, late by %v", by, later.Count(), got)
		}
	}
}

func merged[K comparable](m map[K]*results.Hist) *results.Hist {
	sum := results.NewHist(results.StepHist)
	for _, h := range m {
		sum.Merge(h)
	}
	return sum
}

// TestCallsThatWaitForAPlaceToDial: their queue lies inside the portal's time,
// and is the generator's.
func TestCallsThatWaitForAPlaceToDial(t *testing.T) {
	out := morning{yaml: entcore, seed: 1, people: evenly(5, time.Second), config: func(c *runner.Config) {
		c.Driver = starvedDriver{Driver: c.Driver, queued: 300 * time.Millisecond}
	}}.play(t)
	later := merged(out.run.Total.Later)
	if got, _ := later.ValueAt(later.Count()); later.Count() != 5*(2+4) || got < 300*time.Millisecond {
		t.Errorf("%d later delays, the longest %v; want 30, 300 ms", later.Count(), got)
	}
}

// lateClock wakes the pacer late, as a machine does that is busy elsewhere.
type lateClock struct {
	runner.Clock
	by time.Duration
}

func (c lateClock) SleepUntil(ctx context.Context, at time.Duration) error {
	return c.Clock.SleepUntil(ctx, at+c.by)
}

// TestLatePacer is the rule of the intended instant: who is released late was
// due when they were due. The delay is ours and seen, and the time to class and
// the step count from the click that was meant.
func TestLatePacer(t *testing.T) {
	const by, people = 700 * time.Millisecond, 20
	out := morning{yaml: onePage, seed: 1, people: evenly(people, 2*time.Second), config: func(c *runner.Config) {
		c.Clock = lateClock{c.Clock, by}
	}}.play(t)
	steps := results.NewHist(results.StepHist)
	for k, h := range out.run.Total.Steps {
		if k.Clock == results.FromIntended {
			steps.Merge(h)
		}
	}
	class := results.NewHist(results.ClassHist)
	for _, h := range out.run.Total.Class {
		class.Merge(h)
	}
	for what, h := range map[string]*results.Hist{"delay": merged(out.run.Total.Delay), "step": steps, "time to class": class} {
		if got, _ := h.ValueAt(1); h.Count() != people || got < by {
			t.Errorf("%s: %d values from %v; want %d from %v", what, h.Count(), got, people, by)
		}
	}
}

// stuckDriver never lets the second page of a person leave.
type stuckDriver struct{ runner.Driver }

type stuckSession struct {
	runner.Session
	pages int
}

func (d stuckDriver) Open(person uint32) runner.Session {
	return &stuckSession{Session: d.Driver.Open(person)}
}

func (s *stuckSession) Do(ctx context.Context, req *runner.Request) (*runner.Response, error) {
	if s.pages++; s.pages > 1 {
		<-ctx.Done()
		return &runner.Response{}, &runner.TransportError{Reason: results.ReasonInFlight, Err: ctx.Err()}
	}
	return s.Session.Do(ctx, req)
}

// TestCutBeforeTheNextTryLeaves: a try that never left is none, in the ledger and
// beside the person.
func TestCutBeforeTheNextTryLeaves(t *testing.T) {
	out := morning{yaml: strings.Replace(twoPages, "wait: 30s}", "wait: 9m}", 1), seed: 1,
		other:  portalOf(func(int, *http.Request) saying { return saying{status: 503} }),
		people: []arrivals.Arrival{{At: time.Second, ID: 4}},
		config: func(c *runner.Config) { c.Driver = stuckDriver{c.Driver} },
		during: func(_ context.Context, cut context.CancelFunc, _ *openGuard) {
			time.Sleep(time.Minute)
			cut()
		}}.play(t)
	if got := list(out.books.Attempts); got != "error/backend_down:1" || out.people.Of(results.Error) != 1 {
		t.Errorf("attempts %q, people %v", got, out.people)
	}
}

// TestRejectedAfterItWorked: the portal loses its own accounts; the file is good.
func TestRejectedAfterItWorked(t *testing.T) {
	out := morning{yaml: variant(`password: "mdp-eleve${n}"`, `password: "wrong-secret"`, "morning-2021", "none"), seed: 1,
		people: evenly(5, time.Second), config: func(c *runner.Config) { c.Proved = []int{0, 1, 2, 3} }}.play(t)
	if got := list(out.books.People); got != "error/rejected_after_good:4 invalid/bad_credentials:1" {
		t.Errorf("people %q", got)
	}
}
