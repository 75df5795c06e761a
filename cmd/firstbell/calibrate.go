package main

import (
	"context"
	"fmt"
	"path/filepath"

	"firstbell/report"
	"firstbell/runner"
	"firstbell/runner/consent"
	"firstbell/runner/httpdriver"
	"firstbell/runner/nulltarget"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// highestLoad is the most a calibration tries, logins per second: no single
// machine of today gets there.
const highestLoad = 50_000

// firstLoad is where a calibration begins to double: any machine plays it, and
// it is halved where one does not.
const firstLoad = 128

// quickCeiling bounds a quick calibration: a machine that plays so much is
// rarely the limit.
const quickCeiling = 4096

func (s *session) ceiling() float64 {
	if s.o.quick {
		return max(quickCeiling, 2*nulltarget.Margin*s.d.Required.PeakRate)
	}
	return highestLoad
}

// calibrated walks through the journey once, plays the recording against our own
// sink, and bounds everything that follows by what this generator could do
// there.
func (s *session) calibrated(ctx context.Context) error {
	var traces []runner.Trace
	if s.d.Calibration == nil {
		tape, walked, err := s.record(ctx)
		if err != nil {
			return err
		}
		traces = walked
		if err := s.stage(results.StageCalibration, func() error { return s.calibrate(ctx, tape) }); err != nil {
			return err
		}
	}
	return s.bound(ctx, traces)
}

// record is the smoke test with a tape running.
func (s *session) record(ctx context.Context) (*nulltarget.Tape, []runner.Trace, error) {
	rig, err := newRig(ctx, s.sc, s.storm.Plan, func(results.Event) {})
	if err != nil {
		return nil, nil, interruptedBefore(ctx, err)
	}
	defer rig.close()
	defer rig.watch(ctx)()
	var tape *nulltarget.Tape
	var traces []runner.Trace
	err = s.stage(results.StageSmoke, func() (err error) {
		tape, traces, err = nulltarget.Record(ctx, rig.smoke(s.sc, s.storm.Plan, false))
		if gone := rig.withdrawn(); gone != nil {
			return gone
		}
		if err != nil {
			return err
		}
		if problems := runner.Problems(traces); problems != "" {
			return smokeError(problems, traces)
		}
		s.d.Sources = sourcesTowards(rig.guard.Grants())
		s.limitByConsent(rig.guard.Grants(), traces)
		return nil
	})
	return tape, traces, err
}

// calibrate plays the tape ever faster against a sink in a process of its own.
func (s *session) calibrate(ctx context.Context, tape *nulltarget.Tape) error {
	if s.fleet != nil {
		return s.calibrateFleet(ctx, tape)
	}
	sink, err := startSink(s.e, tape)
	if err != nil {
		return err
	}
	defer sink.stop()
	if err := s.setAsideCalibration(); err != nil {
		return err
	}
	got, err := nulltarget.Calibrate(ctx, nulltarget.Config{
		Scenario: s.sc, Tape: tape, Sink: sink.addr,
		Plan: runner.PlanOptions{RunID: s.d.RunID, Tool: toolInfo(), Lang: s.d.Lang, Machine: runner.ThisMachine(), Workers: 1},
		Rig:  calibrationRig, Dir: filepath.Join(s.dir, results.TrialDir), Name: func(n int) string { return fmt.Sprintf("%03d-calibration", n) },
		Gates: func(r *results.Run) []string { return report.TrialGates(r, s.sc) },
		Limit: s.d.Settings.Limit, First: firstLoad, Ceiling: s.ceiling(),
		Need: nulltarget.Margin * s.d.Required.PeakRate,
		Tell: func(t nulltarget.Trial) {
			s.say("console.calibration", "rate", oneDecimal(s.text, t.Rate), "broke", s.broke(t.Broke))
		},
	})
	if err != nil {
		return err
	}
	for _, t := range got.Trials {
		s.d.Trials = append(s.d.Trials, t.Trial)
	}
	s.d.Calibration = &got.Calibration
	if err := s.save(); err != nil {
		return err
	}
	return s.allowed(got)
}

// broke names what a load broke, in the reader's words.
func (s *session) broke(what []string) string {
	if len(what) == 0 {
		return s.text.Text("console.honest")
	}
	return s.text.Text("console.broke", "what", what[0])
}

// allowed refuses a storm that this generator cannot play honestly.
func (s *session) allowed(got *nulltarget.Result) error {
	if got.Why != "" {
		return &userError{exit: exitRefused, code: "FB0309", what: "the journey does not replay against our own sink", why: got.Why,
			fix: "`firstbell run` needs no calibration; it measures the storm, not the breaking point"}
	}
	if !got.Allows(s.d.Required.PeakRate) {
		return &userError{exit: exitRefused, code: "FB0308", what: "this generator cannot play the storm honestly",
			why: fmt.Sprintf("it played %.0f logins a second without delay (%s came next); the storm's busiest 10 seconds need 1.5 × %.0f",
				got.Rate, got.Stopped, s.d.Required.PeakRate),
			fix: "use a larger machine, stop what else runs on it, or keep fewer people in the file"}
	}
	return nil
}

// setAsideCalibration renames what a killed session left of one.
func (s *session) setAsideCalibration() error {
	for n := range 100 {
		if err := s.setAside(fmt.Sprintf("%03d-calibration", n)); err != nil {
			return err
		}
	}
	return nil
}

// calibrationRig is the very generator of the load, towards the sink.
func calibrationRig(sc *scenarios.Scenario, plan *results.Plan, clock runner.Clock, guard runner.Guard) (*nulltarget.Rig, error) {
	authorization, err := basicAuth(sc)
	if err != nil {
		return nil, err
	}
	driver, err := httpdriver.New(httpdriver.Config{
		Scenario: sc, RunID: plan.RunID, Version: toolInfo().Version, Clock: clock, Guard: guard,
		Authorization: authorization, DialsInFlight: plan.Needs.DialsInFlight,
	})
	if err != nil {
		return nil, err
	}
	health := runner.NewHealth(healthOf(driver, true))
	return &nulltarget.Rig{
		Driver: driver, Health: health.Sample, Probe: health.Probe,
		Open: func() int { return driver.Counters().Open }, Close: driver.Close,
	}, nil
}

// healthOf is what a driver knows about itself.
func healthOf(d *httpdriver.Driver, loopback bool) runner.HealthOptions {
	return runner.HealthOptions{
		Bytes:    func() (int64, int64) { c := d.Counters(); return c.BytesIn, c.BytesOut },
		Open:     func() int { return d.Counters().Open },
		Loopback: loopback,
	}
}

// bound fixes the highest load the session may offer, and why.
func (s *session) bound(_ context.Context, _ []runner.Trace) error {
	st := &s.d.Settings
	if st.MaxRate > 0 && st.MaxWhy == "consent" {
		s.lower(s.d.Calibration.Rate/nulltarget.Margin, "calibration")
	} else if st.MaxRate == 0 {
		st.MaxRate, st.MaxWhy = s.d.Calibration.Rate/nulltarget.Margin, "calibration"
	}
	if s.o.highest > 0 {
		s.lower(s.o.highest, "flag")
	}
	return s.save()
}

// lower lowers the highest load.
func (s *session) lower(rate float64, why string) {
	if st := &s.d.Settings; st.MaxRate == 0 || rate < st.MaxRate {
		st.MaxRate, st.MaxWhy = rate, why
	}
}

// limitByConsent turns the consents' requests and connections per second into
// logins per second, by what the walk needed of them.
func (s *session) limitByConsent(grants []consent.Grant, traces []runner.Trace) {
	requests, connections := 0.0, 0.0
	for _, t := range traces {
		r, c := exchangesOf(t)
		requests, connections = max(requests, r), max(connections, c)
	}
	for _, g := range grants {
		if g.RequestsPerSecond > 0 && requests > 0 {
			s.lower(g.RequestsPerSecond/requests, "consent")
		}
		if g.ConnectionsPerSecond > 0 && connections > 0 {
			s.lower(g.ConnectionsPerSecond/connections, "consent")
		}
	}
	if l := s.sc.Limits; l.RequestsPerSecond > 0 && requests > 0 {
		s.lower(l.RequestsPerSecond/requests, "consent")
	}
	if l := s.sc.Limits; l.ConnectionsPerSecond > 0 && connections > 0 {
		s.lower(l.ConnectionsPerSecond/connections, "consent")
	}
	if st := &s.d.Settings; s.o.witness && st.MaxWhy == "consent" {
		st.MaxRate = max(st.MaxRate/2, st.MaxRate-1) // the witness's own login a second is load, too
	}
}

// exchangesOf counts the requests and new connections of one login.
func exchangesOf(t runner.Trace) (requests, connections float64) {
	for _, st := range t.Steps {
		for _, h := range st.Hops {
			requests++
			if !h.Timing.Reused {
				connections++
			}
		}
		if st.InClass {
			break
		}
	}
	return requests, connections
}
