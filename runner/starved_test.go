package runner_test

import (
	"context"
	"testing"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
)

// starvedDriver is a generator that is punctual with first clicks and late with
// all that follows: what a machine short of CPU looks like.
type starvedDriver struct {
	runner.Driver
	by time.Duration
}

type starvedSession struct {
	runner.Session
	by   time.Duration
	used bool
}

func (d starvedDriver) Open(person uint32) runner.Session {
	return &starvedSession{Session: d.Driver.Open(person), by: d.by}
}

func (s *starvedSession) Do(ctx context.Context, req *runner.Request) (*runner.Response, error) {
	if req.Kind == runner.KindPage && req.Method == "POST" {
		time.Sleep(s.by)
	}
	return s.Session.Do(ctx, req)
}

// TestStarvedAfterTheFirstClick: what the generator adds to a person's time
// after the first click is seen, however punctual the first clicks were.
func TestStarvedAfterTheFirstClick(t *testing.T) {
	const people = 40
	for _, by := range []time.Duration{0, 1500 * time.Millisecond} {
		out := morning{yaml: entcore, seed: 1, people: evenly(people, time.Second), config: func(c *runner.Config) {
			c.Driver = starvedDriver{c.Driver, by}
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
