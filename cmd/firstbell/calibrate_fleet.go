package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"time"

	"firstbell/report"
	"firstbell/runner"
	"firstbell/runner/fleet"
	"firstbell/runner/fleet/keys"
	"firstbell/runner/nulltarget"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// callCalibrate is work a coordinator asks of its workers: play the tape ever
// faster against a sink of their own, all at the same time.
const callCalibrate = "calibrate"

// calibrationOrder is what a worker needs for that. It holds the accounts that the
// tape's people play as, and no other.
type calibrationOrder struct {
	Version int           `json:"version"`
	RunID   string        `json:"run_id"`
	Lang    string        `json:"lang"`
	Bundle  []byte        `json:"bundle"`
	Loan    []byte        `json:"loan"`
	Tape    []byte        `json:"tape"`
	Limit   time.Duration `json:"limit_ns"`
	First   float64       `json:"first_per_s"`
	Ceiling float64       `json:"ceiling_per_s"`
	Need    float64       `json:"need_per_s"`
}

// calibrationAnswer is one worker's result.
type calibrationAnswer struct {
	results.Calibration
	Why string `json:"why,omitempty"`
}

// calibrateFleet has every worker calibrate itself on its own machine. Together
// they play as much as all could if each could what the weakest can: people are
// dealt evenly.
func (s *session) calibrateFleet(ctx context.Context, tape *nulltarget.Tape) error {
	order, err := s.calibrationOrder(tape)
	if err != nil {
		return err
	}
	there := s.fleet.coord.Alive()
	if len(there) < s.fleet.count() {
		return &userError{exit: exitRefused, code: "FB0604", what: "a worker is missing", why: fmt.Sprintf("%d of %d are there", len(there), s.fleet.count()),
			fix: "firstbell fleet shows which"}
	}
	answers := make([]calibrationAnswer, len(there))
	failed := make([]error, len(there))
	var all sync.WaitGroup
	for k, worker := range there {
		all.Go(func() { answers[k], failed[k] = s.calibrateWorker(ctx, worker, order) })
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		return interruptedBefore(ctx, err)
	}
	got := weakest(answers)
	s.d.Calibration = &got.Calibration
	if err := s.save(); err != nil {
		return err
	}
	return s.allowed(got)
}

func (s *session) calibrateWorker(ctx context.Context, worker int, order []byte) (calibrationAnswer, error) {
	var a calibrationAnswer
	data, err := s.fleet.coord.Call(ctx, worker, callCalibrate, order)
	if err == nil {
		err = strictJSON(data, &a)
	}
	if err != nil {
		return a, &userError{exit: exitRefused, code: "FB0604", what: "worker " + keys.WorkerName(worker) + " could not calibrate itself",
			why: plainLine(err.Error()), fix: "firstbell fleet shows who is there", cause: err}
	}
	s.fleet.say("console.fleet_calibrated", "worker", keys.WorkerName(worker), "rate", valueIn(s.text, math.Round(10*a.Rate)/10), "next", cmp.Or(plainLine(a.Stopped), "-"))
	return a, nil
}

// weakest is what all workers together can play: the lowest rate, times their
// number.
func weakest(answers []calibrationAnswer) *nulltarget.Result {
	low := answers[0]
	for _, a := range answers[1:] {
		if a.Rate < low.Rate {
			low = a
		}
	}
	out := &nulltarget.Result{Calibration: low.Calibration, Why: low.Why}
	out.Rate, out.Ceiling = low.Rate*float64(len(answers)), low.Ceiling*float64(len(answers))
	return out
}

// calibrationOrder packs the order; each worker gets its share of the loads.
func (s *session) calibrationOrder(tape *nulltarget.Tape) ([]byte, error) {
	packed, err := tape.Marshal()
	if err != nil {
		return nil, err
	}
	loan, err := pinnedLoan(s.sc, tape.Accounts)
	if err != nil {
		return nil, err
	}
	n := float64(s.fleet.count())
	return json.Marshal(calibrationOrder{Version: specVersion, RunID: s.d.RunID, Lang: s.d.Lang, Bundle: s.fleet.bundle, Loan: loan, Tape: packed,
		Limit: s.d.Settings.Limit, First: min(firstLoad, s.ceiling()/n), Ceiling: s.ceiling() / n, Need: nulltarget.Margin * s.d.Required.PeakRate / n})
}

// pinnedLoan lends the accounts that a tape's people play as.
func pinnedLoan(sc *scenarios.Scenario, pinned map[string]int) ([]byte, error) {
	out := loan{Version: loanVersion, Index: []int{}}
	for _, i := range pinned {
		out.Index = append(out.Index, i)
		if sc.Accounts.Generate == nil {
			out.Rows = append(out.Rows, sc.Accounts.Rows[i])
		}
	}
	return json.Marshal(out)
}

// calibrate is a worker's part: it answers what this machine can play.
func (h *workerHands) calibrate(ctx context.Context, payload []byte) ([]byte, error) {
	var o calibrationOrder
	if err := strictJSON(payload, &o); err != nil || o.Version != specVersion {
		return nil, &fleet.Refusal{Code: "bad_message", What: "the order to calibrate cannot be read here", Fix: "use the same firstbell on every machine"}
	}
	sc, err := openBundle(o.Bundle)
	if err != nil {
		return nil, &fleet.Refusal{Code: "scenario", What: "the scenario cannot be read here", Why: err.Error()}
	}
	tape, err := nulltarget.UnmarshalTape(o.Tape)
	if err == nil {
		_, _, err = borrow(sc, o.Loan)
	}
	if err != nil {
		return nil, &fleet.Refusal{Code: "bad_message", What: "the recording cannot be read here", Why: err.Error()}
	}
	got, err := h.playTape(ctx, sc, tape, o)
	if err != nil {
		return nil, fmt.Errorf("calibrating: %w", err)
	}
	return json.Marshal(calibrationAnswer{got.Calibration, got.Why})
}

func (h *workerHands) playTape(ctx context.Context, sc *scenarios.Scenario, tape *nulltarget.Tape, o calibrationOrder) (*nulltarget.Result, error) {
	sink, err := startSink(h.e, tape)
	if err != nil {
		return nil, err
	}
	defer sink.stop()
	dir, err := os.MkdirTemp(h.spool, "calibration-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	return nulltarget.Calibrate(ctx, nulltarget.Config{
		Scenario: sc, Tape: tape, Sink: sink.addr,
		Plan: runner.PlanOptions{RunID: o.RunID, Tool: toolInfo(), Lang: o.Lang, Machine: runner.ThisMachine(), Workers: 1},
		Rig:  calibrationRig, Dir: dir, Name: func(n int) string { return fmt.Sprintf("%03d", n) },
		Gates: func(r *results.Run) []string { return report.TrialGates(r, sc) },
		Limit: o.Limit, First: o.First, Ceiling: o.Ceiling, Need: o.Need,
		Tell: func(t nulltarget.Trial) { h.log.printf("calibration: %.1f logins/s %v", t.Rate, t.Broke) },
	})
}
