package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"firstbell/report/catalog"
	"firstbell/runner"
	"firstbell/runner/fleet"
	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// part is one worker's part of a play, on this machine: the same engine, guard and
// driver as when the whole storm is played here.
type part struct {
	sc    *scenarios.Scenario
	spec  *playSpec
	plan  *planned
	list  []arrivals.Arrival // of its own slices
	lent  *runner.Lent
	of    int   // workers that play
	known []int // accounts that got in before the storm
	ready fleet.Ready
	clock *lateClock
	rec   *eventLog
	rig   *rig
	log   func(format string, args ...any)
}

// newPart builds a part from a job, and reads the target's consent: what cannot
// be played is refused here, before the fleet has agreed on an instant.
func newPart(ctx context.Context, job fleet.Job, log func(string, ...any)) (*part, error) {
	p := &part{clock: &lateClock{}, rec: &eventLog{}, log: log, of: max(1, job.Prepare.Of)}
	if err := p.read(job); err != nil {
		return nil, err
	}
	if err := p.fits(p.of); err != nil {
		return nil, err
	}
	p.clock.begin(runner.NewClock(p.plan.Start))
	rig, err := newGuard(ctx, p.sc, p.plan.Plan, rigOptions{clock: p.clock, events: p.rec.add, workers: p.of})
	if err != nil {
		return nil, refusalOf("consent", err)
	}
	p.rig = rig
	return p, nil
}

// read opens what the coordinator sent.
func (p *part) read(job fleet.Job) (err error) {
	if p.sc, err = openBundle(job.Bundle); err != nil {
		return &fleet.Refusal{Code: "scenario", What: "the scenario cannot be read here", Why: err.Error(),
			Fix: "use the same firstbell on every machine"}
	}
	if p.spec, err = readSpec(job.Prepare.Spec); err != nil {
		return &fleet.Refusal{Code: "scenario", What: "the play cannot be read here", Why: err.Error(), Fix: "use the same firstbell on every machine"}
	}
	if p.plan, err = p.spec.draw(p.sc, time.Now().Add(fleet.StartLead)); err != nil {
		return &fleet.Refusal{Code: "scenario", What: "the play cannot be planned here", Why: err.Error()}
	}
	p.list = arrivalsOf(p.plan.arrivals(), job.Prepare.Slices, -1)
	if p.lent, p.known, err = borrow(p.sc, job.Accounts); err == nil {
		err = everyoneHasOne(p.lent, p.list)
	}
	if err != nil {
		return &fleet.Refusal{Code: "accounts", What: "the accounts cannot be used here", Why: err.Error()}
	}
	p.ready = fleet.Ready{Digest: p.plan.Digest, ScenarioHash: p.sc.Hash(), People: len(p.list),
		Preparation: runner.PreparationTime(p.sc, p.plan.Plan), Limits: results.LimitsOf(p.plan.Plan)}
	return nil
}

// everyoneHasOne checks that people with accounts of their own do have one here.
func everyoneHasOne(lent *runner.Lent, list []arrivals.Arrival) error {
	if lent.Paired == nil {
		return nil
	}
	for _, a := range list {
		if _, ok := lent.Paired[a.ID]; !ok {
			return fmt.Errorf("none was sent for person %d", a.ID)
		}
	}
	return nil
}

// fits refuses a part that this machine cannot carry.
func (p *part) fits(of int) error {
	if p.spec.Conduct != nil && p.spec.Conduct.Kind != results.TrialStorm {
		return nil // as for one machine: the search watches what is open
	}
	if err := refuseNeeds(shareOf(p.plan.Needs, of)); err != nil {
		return refusalOf("machine", err)
	}
	return nil
}

// refusalOf words an error of this command for the coordinator.
func refusalOf(code string, err error) error {
	var said *userError
	if !errors.As(err, &said) {
		return &fleet.Refusal{Code: code, What: err.Error()}
	}
	return &fleet.Refusal{Code: code, What: said.what, Why: said.why, Fix: said.fix}
}

func (p *part) Ready() fleet.Ready { return p.ready }

// Play plays the part: it ends with the storm, with the lease, or with the target.
func (p *part) Play(ctx context.Context, io fleet.IO) (results.Ended, error) {
	p.clock.begin(runner.NewClock(io.Zero))
	p.rec.open(io.Sink, silent{})
	guard := io.Lease.Guard(p.rig.guard)
	if err := p.rig.drive(p.sc, p.plan.Plan, guard, shareOf(p.plan.Needs, p.of).DialsInFlight); err != nil {
		return results.Ended{How: results.EndedInternal, Wall: time.Now(), Cause: "the driver cannot start"}, err
	}
	for _, note := range driverNotes(p.rig.driver.Notes(), p.sc.Origins(), catalog.For(p.spec.Lang)) {
		p.log("note: %s", note)
	}
	defer p.rig.watch(ctx)()
	side, stop := context.WithCancel(ctx)
	more := make(chan runner.More)
	taking, takeNoMore := context.WithCancel(side)
	defer takeNoMore()
	var wg sync.WaitGroup
	wg.Go(func() { p.rig.health.Probe(side) })
	wg.Go(func() { p.takeOver(taking, side, io.Takeovers, more) })
	defer wg.Wait()
	defer stop()
	shown := &certificates{driver: p.rig.driver}
	defer func() { shown.report(p.clock.Now(), p.rec) }()
	return runner.Run(ctx, runner.Config{
		Scenario: p.sc, Plan: p.plan.Plan, Arrivals: p.list, Driver: p.rig.driver, Guard: guard, Clock: p.clock, Sink: io.Sink,
		Health: p.rig.health.Sample,
		Observe: func(s runner.Snapshot) {
			shown.observe(s.At)
			io.Observe(s)
		},
		Proved: p.known, Lent: p.lent, More: more, NoMore: takeNoMore, Last: lastOf(p.plan.arrivals()), LoadEnds: io.LoadEnds, Held: io.Lease.Held, Calm: p.spec.calmShare(),
		Open: func() int { return p.rig.driver.Counters().Open },
	})
}

// lastOf is the last arrival of a whole storm, for all to drain to.
func lastOf(list []arrivals.Arrival) time.Duration {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1].At
}

// takeOver hands the people of lost workers to the engine until taking ends. Whom
// it has received by then it still hands over, and closes out: nobody is accepted
// and forgotten, and whom this worker cannot play it refuses. ctx ends when the
// engine has.
func (p *part) takeOver(taking, ctx context.Context, in <-chan fleet.Takeover, out chan<- runner.More) {
	defer close(out)
	for {
		select {
		case <-taking.Done():
			return
		case t, open := <-in:
			if !open {
				return
			}
			more, err := p.more(t)
			if err != nil {
				p.log("people of a lost worker could not be taken over: %v", err)
				t.Answer(err)
				continue
			}
			select {
			case out <- more:
				t.Answer(nil)
			case <-ctx.Done():
				t.Answer(&fleet.Refusal{Code: "late", What: "this worker's part is over"})
				return
			}
		}
	}
}

func (p *part) more(t fleet.Takeover) (runner.More, error) {
	lent, _, err := borrow(p.sc, t.Accounts)
	if err != nil {
		return runner.More{}, err
	}
	list := arrivalsOf(p.plan.arrivals(), t.Slices, t.From)
	if err := everyoneHasOne(lent, list); err != nil {
		return runner.More{}, err
	}
	return runner.More{Arrivals: list, Lent: lent}, nil
}

func (p *part) Close() { p.rig.close() }

// lateClock is a clock whose zero is agreed upon after those who read it were
// made. Nobody sleeps on it before.
type lateClock struct{ now atomic.Pointer[runner.Clock] }

func (c *lateClock) begin(at runner.Clock) { c.now.Store(&at) }
func (c *lateClock) Now() time.Duration    { return (*c.now.Load()).Now() }
func (c *lateClock) SleepUntil(ctx context.Context, t time.Duration) error {
	return (*c.now.Load()).SleepUntil(ctx, t)
}
