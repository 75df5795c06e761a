package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"firstbell/report"
	"firstbell/report/catalog"
	"firstbell/runner"
	"firstbell/runner/capacity"
	"firstbell/runner/results"
)

// rest is the pause after a trial: the target is idle, its timers and pools
// settle.
const rest = 5 * time.Second

// player plays the trials of a session against the target.
type player struct {
	s *session
}

var _ capacity.Player = (*player)(nil)

// Play answers a trial that is in the journal from its folder, and plays the
// others.
func (p *player) Play(ctx context.Context, spec capacity.Spec, enough func(capacity.Moment) bool) (*results.Series, error) {
	s := p.s
	at := s.first() + s.asked
	s.asked++
	if at < len(s.d.Trials) {
		if t := s.d.Trials[at]; t.Name == spec.Name && t.Seed == spec.Seed && reflect.DeepEqual(t.Conduct, spec.Conduct) {
			return s.played(spec.Name)
		}
		if err := s.forget(at); err != nil {
			return nil, err
		}
	}
	return p.playNow(ctx, spec, enough)
}

func (p *player) playNow(ctx context.Context, spec capacity.Spec, enough func(capacity.Moment) bool) (*results.Series, error) {
	s := p.s
	if err := s.cold(ctx, spec); err != nil {
		return nil, err
	}
	began := s.e.now().UTC()
	s.announce(spec)
	var ended results.Ended
	err := s.watchedTrial(spec.Name, func() (err error) {
		ended, err = s.playTrial(ctx, spec, enough)
		return err
	})
	if err != nil {
		return nil, err
	}
	if how := ended.How; how != results.EndedPlanned && how != results.EndedEnough && how != results.EndedLimit {
		s.ended = ended
		return nil, errSessionEnds
	}
	s.d.Trials = append(s.d.Trials, results.Trial{
		Name: spec.Name, Stage: spec.Stage, Role: spec.Role, Conduct: spec.Conduct, Seed: spec.Seed, Started: began, Ended: s.e.now().UTC(),
	})
	if err := s.save(); err != nil {
		return nil, err
	}
	series, err := s.played(spec.Name)
	if err != nil {
		return nil, err
	}
	return series, pause(ctx, rest)
}

// errSessionEnds ends a session whose trial was ended from outside: by the
// target, by the user, by rejected accounts. session.ended says which.
var errSessionEnds = errors.New("the session ends here")

// pause waits, or ends the session at once.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// played reads a finished trial, with what its own gates say.
func (s *session) played(name string) (*results.Series, error) {
	run, err := results.Open(results.TrialPath(s.dir, name))
	if err != nil {
		return nil, damagedSession(s.dir, err)
	}
	series := results.SeriesOf(run)
	series.Gates = report.TrialGates(run, s.sc)
	return series, nil
}

// forget drops the journal from one trial on: what was played under another
// plan answers no question of this one. The folders stay, under another name.
func (s *session) forget(from int) error {
	for _, t := range s.d.Trials[from:] {
		if err := s.setAside(t.Name); err != nil {
			return err
		}
	}
	s.d.Trials = s.d.Trials[:from]
	return s.save()
}

// setAside renames the folder of a trial that will be played again.
func (s *session) setAside(name string) error {
	old := results.TrialPath(s.dir, name)
	if !folderExists(old) {
		return nil
	}
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.cut-%d", old, n)
		if !folderExists(aside) {
			return os.Rename(old, aside)
		}
	}
}

// playTrial plays one trial into its own run folder.
func (s *session) playTrial(ctx context.Context, spec capacity.Spec, enough func(capacity.Moment) bool) (results.Ended, error) {
	if err := s.setAside(spec.Name); err != nil {
		return results.Ended{}, err
	}
	t := &trial{session: s, spec: spec, enough: enough}
	if err := t.prepare(); err != nil {
		return results.Ended{}, err
	}
	ended, err := t.play(ctx)
	if err != nil {
		return ended, err
	}
	run, err := results.Open(t.dir())
	if err != nil {
		return ended, err
	}
	return ended, run.WriteDerived(t.dir())
}

// trial is one trial being played.
type trial struct {
	*session
	spec   capacity.Spec
	enough func(capacity.Moment) bool
	plan   *planned
}

func (t *trial) dir() string { return results.TrialPath(t.session.dir, t.spec.Name) }

// prepare draws who comes when, and refuses what this machine cannot carry.
func (t *trial) prepare() error {
	plan, list, err := runner.NewTrialPlan(t.sc, runner.PlanOptions{
		Seed: t.spec.Seed, RunID: t.d.RunID, Start: t.e.now(), Tool: toolInfo(), Lang: t.d.Lang,
		Machine: runner.ThisMachine(), Workers: t.by.count(),
	}, t.spec.Conduct)
	if err != nil {
		return &userError{exit: exitUsage, code: "FB0204", what: "the trial " + t.spec.Name + " cannot be planned", why: err.Error(),
			fix: "see storm and population in the file", cause: err}
	}
	plan.Smoke = t.smoke
	t.plan = &planned{Plan: plan, list: list, seed: t.spec.Seed}
	if t.spec.Conduct.Kind != results.TrialStorm {
		return nil // people leave as soon as they are in; the search watches what is open
	}
	return refuseNeeds(sharedMachine(plan.Needs, t.by.count()))
}

// play replays the trial like any storm; the search may say when it is enough.
func (t *trial) play(ctx context.Context) (results.Ended, error) {
	x := &execution{e: t.e, o: t.o.playOptions, sc: t.sc, plan: t.plan, by: t.by, trial: true, proved: t.proved}
	x.dir = t.dir()
	x.enough = t.moments()
	return x.play(ctx)
}

// moments turns the engine's snapshots into what the search asks about.
func (t *trial) moments() func(runner.Snapshot) bool {
	if t.enough == nil {
		return nil
	}
	return func(s runner.Snapshot) bool { return t.enough(momentOf(s)) }
}

func momentOf(s runner.Snapshot) capacity.Moment {
	return capacity.Moment{
		Second: int(s.At / time.Second), Segment: s.Segment, Started: s.Started, Done: s.Done, InTime: s.InTime,
		Failed: s.Failed, InFlight: s.InFlight, Open: s.Open,
	}
}

// judge reads a trial: a storm by the whole judgement of its run.
func (s *session) judge(series *results.Series) results.Reading {
	return report.JudgeTrial(series, s.sc)
}

// announce says what is about to be played.
func (s *session) announce(spec capacity.Spec) {
	c := spec.Conduct
	if c.Kind == results.TrialStorm {
		s.say("console.storm", "name", spec.Name, "people", s.text.Int(int(c.Factor*float64(s.d.Required.People))))
		return
	}
	rate := 0.0
	for _, seg := range c.Segments {
		rate = max(rate, seg.Rate)
	}
	s.say("console.trial", "name", spec.Name, "rate", oneDecimal(s.text, rate), "time", c.Length().Round(time.Second).String())
}

func oneDecimal(text *catalog.Catalog, x float64) string { return view{text: text}.tenth(x) }
