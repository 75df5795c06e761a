package main

import (
	"context"
	"errors"
	"sync"

	"firstbell/runner"
	"firstbell/runner/results"
)

// players are who plays a storm: this process, or the workers of a fleet.
type players interface {
	// count is how many processes share a storm.
	count() int
	// ready reads the consents for a storm that is about to begin.
	ready(ctx context.Context, x *execution, events func(results.Event)) (*rig, error)
	// play replays it into a folder of its own and says how it ended.
	play(ctx context.Context, x *execution, rig *rig, rec *eventLog) (results.Ended, error)
}

// alone is this process.
type alone struct{}

var _ players = alone{}

func (alone) count() int { return 1 }

// ready reads the consents for the storm. A slow reading must not eat the lead
// before the first instant: it is then done again with a longer one.
func (alone) ready(ctx context.Context, x *execution, events func(results.Event)) (*rig, error) {
	prepare := runner.PreparationTime(x.sc, x.plan.Plan)
	for lead := leadTime; ; {
		began := x.e.now()
		x.plan.Start = began.Add(lead + prepare)
		rig, err := newRig(ctx, x.sc, x.plan.Plan, events)
		if err != nil {
			return nil, err
		}
		took := x.e.now().Sub(began)
		if took <= lead-leadTime/2 || lead > longestLead {
			return rig, nil
		}
		rig.close()
		lead = leadTime + 2*took
	}
}

func (a alone) play(ctx context.Context, x *execution, rig *rig, rec *eventLog) (results.Ended, error) {
	folder, err := results.Create(x.dir, x.plan.Plan, x.sc.Redacted())
	if err != nil {
		return results.Ended{}, noFolder(x.dir, err)
	}
	ctx, release, err := x.reachable(ctx, x.dir)
	if err != nil {
		return results.Ended{}, errors.Join(err, folder.Close(results.Ended{How: results.EndedInternal, Wall: x.e.now()}))
	}
	defer release()
	show := newProgress(x.e, x.o.progress, x.o.lang, x.plan.Plan, nil)
	rec.open(folder, show)
	ended, err := a.replay(ctx, x, rig, folder, rec)
	show.close()
	ended = asStopped(ctx, ended)
	if err != nil {
		ended = results.Ended{How: results.EndedInternal, At: rig.clock.Now(), Wall: x.e.now(), Cause: err.Error()}
	}
	return ended, errors.Join(err, folder.Close(ended))
}

// replay runs the engine beside the guard's watch and the health probe, and
// waits for both.
func (alone) replay(ctx context.Context, x *execution, rig *rig, folder *results.Folder, rec *eventLog) (results.Ended, error) {
	defer rig.watch(ctx)()
	side, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { rig.health.Probe(side) })
	defer wg.Wait()
	defer stop()
	shown := &certificates{driver: rig.driver}
	defer func() { shown.report(rig.clock.Now(), rec) }()
	return runner.Run(ctx, runner.Config{
		Scenario: x.sc,
		Plan:     x.plan.Plan,
		Arrivals: x.plan.arrivals(),
		Driver:   rig.driver,
		Guard:    rig.guard,
		Clock:    rig.clock,
		Sink:     rec.sink(folder),
		Health:   rig.health.Sample,
		Observe: func(s runner.Snapshot) {
			shown.observe(s.At)
			rec.update(s)
		},
		Proved: x.proved,
		Enough: x.enough,
		Open:   func() int { return rig.driver.Counters().Open },
	})
}

func noFolder(dir string, err error) error {
	return &userError{exit: exitUsage, code: "FB0203", what: "cannot make the run's folder " + dir, why: err.Error(),
		fix: "choose another --out", cause: err}
}
