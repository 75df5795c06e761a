package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"firstbell/runner"
	"firstbell/runner/fleet"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

var _ players = (*openedFleet)(nil)

func (f *openedFleet) count() int { return f.state.Size }

// prepare packs the scenario; load is the one with the accounts of the load.
func (f *openedFleet) prepare(whole, load *scenarios.Scenario) (err error) {
	f.sc = load
	f.bundle, err = bundleOf(whole, load)
	return err
}

// ready reads the consents here, too: a target that withdraws stops the whole
// fleet at once. The clock begins when the workers have agreed on an instant.
func (f *openedFleet) ready(ctx context.Context, x *execution, events func(results.Event)) (*rig, error) {
	if err := f.complete(); err != nil {
		return nil, err
	}
	x.plan.Start = x.e.now().Add(fleet.StartLead)
	clock := &lateClock{}
	clock.begin(runner.NewClock(x.plan.Start))
	r, err := newGuard(ctx, x.sc, x.plan.Plan, rigOptions{clock: clock, events: events, workers: 1})
	if err != nil {
		return nil, err
	}
	return r, r.drive(x.sc, x.plan.Plan, r.guard, 1)
}

// play has the workers play a storm.
func (f *openedFleet) play(ctx context.Context, x *execution, rig *rig, rec *eventLog) (results.Ended, error) {
	defer rig.watch(ctx)()
	p := &fleetPlay{f: f, x: x, rig: rig, rec: rec}
	play, err := p.describe()
	if err != nil {
		return results.Ended{}, err
	}
	listening, deaf := unlessStopped(ctx)
	defer deaf()
	ended, err := f.coord.Play(listening, play)
	ended = asStopped(ctx, ended)
	if p.folder == nil {
		return p.refused(ended, err)
	}
	f.shown(nil)
	p.show.close()
	return ended, errors.Join(err, p.folder.Close(ended))
}

// unlessStopped is ctx as the coordinator may see it end: an order to stop reaches
// it by its own door.
func unlessStopped(ctx context.Context) (context.Context, func()) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() {
		if stopAsked(ctx) == nil {
			cancel()
		}
	})
	return out, func() { forget(); cancel() }
}

// fleetPlay is one storm played by the fleet.
type fleetPlay struct {
	f      *openedFleet
	x      *execution
	rig    *rig
	rec    *eventLog
	lend   *lender
	folder *results.FleetFolder
	show   progress
}

func (p *fleetPlay) describe() (*fleet.Play, error) {
	x, f := p.x, p.f
	p.lend = newLender(x.sc, x.plan.arrivals(), x.proved)
	if who := p.lend.short(f.count()); who != "" {
		return nil, &userError{exit: exitRefused, code: "FB0606", what: "there are fewer accounts than workers", why: "persona " + who + ": some workers would have none to hand on",
			fix: "give more accounts, or play on fewer workers"}
	}
	spec, err := specOf(x.plan, f.count())
	if err != nil {
		return nil, err
	}
	x.plan.Workers = f.count()
	return &fleet.Play{
		ID: playID(x), Plan: x.plan.Plan, Spec: spec, Bundle: f.bundle, Accounts: p.lend.lend, People: p.lend.people,
		Open: p.open, Observe: p.rec.update, Enough: x.enough, Halt: p.rig.guard.Stopped(), Cause: p.rig.guard.Cause,
	}, nil
}

// playID is unique in the fleet: the run's id, or with the trial's name.
func playID(x *execution) string {
	if !x.trial {
		return x.plan.RunID
	}
	return x.plan.RunID + "-" + filepath.Base(x.dir)
}

// open makes the run's folder once the first instant is agreed.
func (p *fleetPlay) open(start time.Time, workers int) (fleet.Folder, error) {
	x := p.x
	x.plan.Start, x.plan.Workers = start, workers
	p.rig.clock.(*lateClock).begin(runner.NewClock(start))
	folder, err := results.CreateFleet(x.dir, x.plan.Plan, x.sc.Redacted())
	if err != nil {
		return nil, noFolder(x.dir, err)
	}
	p.folder = folder
	p.show = newProgress(x.e, x.o.progress, x.o.lang, x.plan.Plan, func() (int, int) { return heard(p.f.coord.Status()), workers })
	p.rec.open(folder, p.show)
	p.f.shown(p.rec)
	return shownFolder{folder, p.rec}, nil
}

// heard counts the workers that are there.
func heard(s fleet.Status) (n int) {
	for _, w := range s.Workers {
		if w.State != "awaited" && w.State != "lost" {
			n++
		}
	}
	return n
}

// shownFolder shows the events it keeps.
type shownFolder struct {
	*results.FleetFolder
	rec *eventLog
}

func (s shownFolder) Event(e results.Event) error { s.rec.add(e); return nil }

func (f *openedFleet) shown(rec *eventLog) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.show = rec
}

// refused is the end of a storm that never began.
func (p *fleetPlay) refused(ended results.Ended, err error) (results.Ended, error) {
	var said *fleet.Refusal
	switch {
	case ended.How == results.EndedStopped:
		return ended, verdictError{exitStopped}
	case ended.How == results.EndedInterrupted:
		return ended, verdictError{exitInterrupted}
	case ended.How == results.EndedByTarget:
		return ended, &userError{exit: exitStopped, code: "FB0307", what: "the target withdrew its consent", why: ended.Cause,
			fix: "ask its operator; firstbell consent HOST --verify reads what it publishes"}
	case errors.As(err, &said):
		return ended, &userError{exit: exitRefused, code: "FB0604", what: "the fleet could not begin", why: err.Error(), fix: said.Fix, cause: err}
	case err == nil:
		err = errors.New("the fleet ended the storm before it began: " + ended.Cause)
	}
	return ended, &userError{exit: exitRefused, code: "FB0604", what: "the fleet could not begin", why: err.Error(),
		fix: "firstbell fleet shows who is there", cause: err}
}
