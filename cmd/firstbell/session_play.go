package main

import (
	"cmp"
	"context"
	"errors"

	"firstbell/report"
	"firstbell/report/catalog"
	"firstbell/runner"
	"firstbell/runner/capacity"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// runSession plays what is left of a session and reports on it. Its error
// carries the exit code of the verdict.
func runSession(ctx context.Context, e *env, o sessionOptions, sc *scenarios.Scenario, command string) error {
	ctx, stop := interruptible(ctx, e)
	defer stop()
	sparePacer()
	s, err := newSession(e, o, sc, command)
	if err != nil {
		return err
	}
	defer s.close()
	s.tellPlan()
	err = s.reachable(ctx)
	if err := errors.Join(err, s.dismiss()); err != nil {
		return err
	}
	return s.conclude()
}

// reachable plays the session, so that firstbell stop finds it by its folder. Its
// error is that of a session that was refused.
func (s *session) reachable(ctx context.Context) error {
	ctx, unwatch := (&control{dir: s.dir}).watch(ctx)
	defer unwatch()
	s.ctx = ctx
	err := s.play(ctx)
	if err == nil {
		s.ended = results.Ended{How: results.EndedPlanned}
		return nil
	}
	return s.stopped(s.ctx, err)
}

// newSession draws the required storm and opens, or takes up, the folder.
func newSession(e *env, o sessionOptions, sc *scenarios.Scenario, command string) (*session, error) {
	s := &session{e: e, o: o, sc: sc, whole: sc, by: alone{}, command: command, text: catalog.For(o.lang)}
	var err error
	if o.witness {
		if s.sc, s.own, err = reserved(sc); err != nil {
			return nil, err
		}
	}
	if s.storm, err = planOf(e, o.playOptions, sc, e.now()); err != nil {
		return nil, err
	}
	if err := refuseFewAccounts(s.storm, sc); err != nil {
		return nil, err
	}
	if s.crew, err = chooseCrew(o.fleet, s.storm.Needs); err != nil {
		return nil, err
	}
	s.crew.tell(e, o.playOptions)
	c, _ := timeCriterion(sc)
	quantile, _ := c.Quantile.Float64()
	settings := capacity.SettingsFor(quantile, c.Time, o.quick)
	settings.Criterion = c.ID
	rungs, _ := runner.SynLadder()
	s.d = &results.Dossier{
		Schema: results.DossierSchema, RunID: s.storm.RunID, Command: command, Quick: o.quick, Tool: toolInfo(),
		Name: sc.Name, Target: sc.Target.String(), ScenarioHash: sc.Hash(), Lang: s.storm.Lang, Seed: s.storm.seed, Workers: s.crew.recorded(),
		Started: e.now().UTC(), Settings: settings, Required: required(s.storm),
		SynLadder: rungs,
	}
	if err := o.sizes.tell(s.d, sc); err != nil {
		return nil, err
	}
	if err := o.change.tell(s.d, sc); err != nil {
		return nil, err
	}
	s.planStages()
	return s, s.open()
}

// required is the operator's number: how many people, and how many of them in
// the busiest 10 s.
func required(p *planned) results.Required {
	return results.Required{People: p.People, PeakRate: busiest(curveOf(p))}
}

// curveOf is the arrivals of each second of the played window.
func curveOf(p *planned) []float64 {
	out := make([]float64, p.PlayTo-p.PlayFrom)
	for _, group := range p.Intended {
		for second, n := range group {
			if second < len(out) {
				out[second] += float64(n)
			}
		}
	}
	return out
}

// busiest is the highest mean of 10 consecutive seconds, people per second.
func busiest(curve []float64) float64 {
	const window = 10
	sum, most := 0.0, 0.0
	for i, n := range curve {
		sum += n
		if i >= window {
			sum -= curve[i-window]
		}
		most = max(most, sum)
	}
	return most / float64(min(window, max(1, len(curve))))
}

// play plays the stages in order.
func (s *session) play(ctx context.Context) error {
	if err := s.sampleAccounts(ctx); err != nil {
		return err
	}
	if err := s.muster(&ctx); err != nil {
		return err
	}
	if err := s.calibrated(ctx); err != nil {
		return err
	}
	unwatch, err := s.watched(ctx)
	if err != nil {
		return err
	}
	defer unwatch()
	found, err := s.search(ctx)
	if err != nil {
		return err
	}
	if endsHere(found) {
		for _, name := range []string{results.StageIsolation, results.StageOnset, results.StageStorm, results.StageRecovery} {
			s.skip(name, leftOut(found))
		}
		return s.save()
	}
	next := found.Next
	for _, part := range []func(context.Context, *capacity.Found, int) (int, error){s.isolate, s.storms, s.recover} {
		if next, err = part(ctx, found, next); err != nil {
			return err
		}
	}
	return nil
}

// endsHere reports whether nothing can follow a search: a tool taken for an
// attacker sends nothing more.
func endsHere(f *capacity.Found) bool {
	return f.Why == capacity.WhyBlocked || f.Why == capacity.WhyNothing
}

// config is what every part of the session after the calibration is told.
func (s *session) config(first int) capacity.Config {
	return capacity.Config{
		Player: &player{s}, Judge: s.judge, Settings: s.d.Settings, Conduct: results.Conduct{Kind: results.TrialPlateau, LoginOnly: true},
		Start: s.o.start, Seed: s.d.Seed, First: first, OwnTime: s.sc.OwnTime(), MaxOpen: s.maxOpen(), Quick: s.o.quick,
		Addresses: addressesTowards(s.d.Sources),
	}
}

// search is the stages from the probe to the control plateau.
func (s *session) search(ctx context.Context) (*capacity.Found, error) {
	var found *capacity.Found
	err := s.stage(results.StageProbe, func() (err error) {
		found, err = capacity.Search(ctx, s.config(s.first()))
		return err
	})
	if err != nil {
		return nil, err
	}
	if found == nil { // the stage was done before: its trials answer again
		if found, err = capacity.Search(ctx, s.config(s.first())); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{results.StageConfirm, results.StageBracket, results.StageRepeat, results.StageControl} {
		s.markPlayed(name, leftOut(found))
	}
	s.sayFound(found)
	return found, s.save()
}

// first is the number of the first trial of the search: those of the
// calibration come before it.
func (s *session) first() int {
	n := 0
	for _, t := range s.d.Trials {
		if t.Stage == results.StageCalibration {
			n++
		}
	}
	return n
}

// sayFound prints the interval as it stands after the search.
func (s *session) sayFound(f *capacity.Found) {
	if f.Why != "" {
		s.say("console.no_answer", "why", s.text.Word("why", f.Why))
		return
	}
	key := "console.held"
	if f.Held.Censored != "" {
		key += "_" + f.Held.Censored
	}
	s.say(key, "low", oneDecimal(s.text, f.Held.Low), "high", oneDecimal(s.text, f.Held.High))
}

// isolate plays each step alone, then the whole journey just past its limit.
func (s *session) isolate(ctx context.Context, f *capacity.Found, next int) (int, error) {
	if s.command != "certify" {
		return next, nil
	}
	s.dropLate(results.StageIsolation, s.fullStorm()+s.keptForRecovery())
	p, err := s.part(results.StageIsolation, next, func() (capacity.Played, error) {
		return capacity.Isolate(ctx, s.config(next), stepsAlone(s.sc), f.Saturation.Value)
	})
	if err != nil {
		return p.Next, err
	}
	s.markPlayed(results.StageOnset, cmp.Or(p.Skipped, s.skipReason(results.StageIsolation)))
	return p.Next, s.save()
}

// stepsAlone are the steps of the most walked journey up to the page in class.
func stepsAlone(sc *scenarios.Scenario) []capacity.Alone {
	journey, best := 0, -1.0
	for i := range sc.Personas {
		for _, share := range sc.Personas[i].Journeys {
			if people := share.Part * float64(comers(sc, sc.Personas[i].ID)); people > best {
				journey, best = share.Index, people
			}
		}
	}
	base := 0
	for i := range journey {
		base += len(sc.Journeys[i].Steps)
	}
	var out []capacity.Alone
	for k, st := range sc.Journeys[journey].Steps {
		out = append(out, capacity.Alone{Step: base + k, Visits: 1})
		if st.InClass {
			break
		}
	}
	return out
}

// comers counts the people of a persona.
func comers(sc *scenarios.Scenario, persona string) int {
	n := 0
	for _, c := range sc.Population {
		if c.Persona == persona {
			n += c.People
		}
	}
	return n
}

// storms replays the morning below and above the predicted size, and at the
// required one.
func (s *session) storms(ctx context.Context, f *capacity.Found, next int) (int, error) {
	p, err := s.part(results.StageStorm, next, func() (capacity.Played, error) {
		storm := capacity.Storm{Peak: s.d.Required.PeakRate}
		if !s.onlyRequired() {
			storm.Predicted = s.predicted(f)
		}
		return capacity.Storms(ctx, s.config(next), storm)
	})
	return p.Next, err
}

// recover overloads the target on purpose and watches it come back.
func (s *session) recover(ctx context.Context, f *capacity.Found, next int) (int, error) {
	if s.command != "certify" {
		return next, nil
	}
	s.dropLate(results.StageRecovery, 0)
	p, err := s.part(results.StageRecovery, next, func() (capacity.Played, error) {
		refreshes := []int{0, 2, 5}
		if s.o.quick {
			refreshes = []int{-1}
			s.unproved("refreshes")
		}
		return capacity.Recover(ctx, s.config(next), f.Saturation.Value, refreshes)
	})
	return p.Next, err
}

// predicted is the largest storm that should hold, as a factor of the
// scenario's own: the fluid model over its arrival curve.
func (s *session) predicted(f *capacity.Found) float64 {
	if f.Why != "" && f.Why != capacity.WhyWide {
		return 0
	}
	p := report.Prediction{
		Arrivals: curveOf(s.storm), PeakFrom: s.storm.PeakFrom - s.storm.PlayFrom, PeakTo: s.storm.PeakTo - s.storm.PlayFrom,
		Saturation: f.Saturation, Overload: f.Overload, Settings: s.d.Settings,
	}
	if len(f.Trials) > 0 {
		if probe, err := s.played(f.Trials[0].Spec.Name); err == nil {
			p.Rest, _ = probe.AtRest()
		}
	}
	return report.PredictStorm(p).Value
}

// stopped says how a session that could not go on ends: nil when it is to be
// reported on, else the error of a session that was refused.
func (s *session) stopped(ctx context.Context, err error) error {
	switch {
	case s.ended.How != "":
		return nil
	case stopAsked(ctx) != nil:
		s.ended = results.Ended{How: results.EndedStopped, Cause: stopAsked(ctx).Error()}
		return nil
	case ctx.Err() != nil || errors.Is(err, context.Canceled):
		s.ended = results.Ended{How: results.EndedInterrupted, Cause: "interrupted"}
		return nil
	}
	return err
}

// conclude writes the report, prints the end and gives the verdict's exit code.
func (s *session) conclude() error {
	s.ended.Wall = s.e.now().UTC()
	s.d.Ended = &s.ended
	if err := s.save(); err != nil {
		return err
	}
	summary, err := buildDossier(s.dir, s.o.lang)
	if err != nil {
		return unwritten(s.dir, err)
	}
	return showEnd(s.e, summary, s.dir, s.o.lang, s.ended)
}
