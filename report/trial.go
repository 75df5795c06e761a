package report

import (
	"math"
	"slices"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// JudgeTrial says what one trial of a session means under the scenario's
// criteria. A plateau, an isolation or a recovery trial is read from its series
// alone, after its warm-up, in batches of 10 s; a storm by a whole [Judge] of its
// run folder. Series.Gates must hold what [TrialGates] gave; with any of them,
// the reading is never met, and not met only on refusals that the server itself
// sent. Neither argument is changed.
//
// Criteria on what comes after class (mid_work_loss), on giving up (lost: nobody
// comes back on a plateau) and on worst groups are not judged on plateaus.
func JudgeTrial(s *results.Series, sc *scenarios.Scenario) results.Reading {
	if s == nil || sc == nil {
		return results.Reading{State: results.StateUndecided, P50: results.Never, P95: results.Never}
	}
	r := newPlateau(s, sc).read()
	if s.Conduct.Kind == results.TrialStorm {
		readStorm(&r, s, sc)
	}
	return r
}

// readStorm puts the verdict of the storm's own folder into the reading.
func readStorm(r *results.Reading, s *results.Series, sc *scenarios.Scenario) {
	r.State = results.StateUndecided
	if s.Dir == "" {
		return
	}
	run, err := results.Open(s.Dir)
	if err != nil {
		return
	}
	sum, err := Judge(run, sc)
	if err != nil {
		return
	}
	putStorm(r, sum)
}

// putStorm is a storm's verdict as a reading.
func putStorm(r *results.Reading, sum *Summary) {
	r.State, r.Gates = stateOf(sum.Verdict.Value), failedGates(sum.Validity)
	r.First = ""
	if sum.Verdict.Value == NotReady && len(sum.Verdict.Reasons) > 0 {
		r.First = sum.Verdict.Reasons[0]
	}
	r.P50, r.P95 = secondsOf(sum.Latency.Usable.P50), secondsOf(sum.Latency.Usable.P95)
	if share := sum.Outside.PeakPart.Float(); !math.IsNaN(share) {
		r.Success = 1 - share
	}
}

func stateOf(v Value) results.State {
	switch v {
	case Ready:
		return results.StateMet
	case NotReady:
		return results.StateNotMet
	}
	return results.StateUndecided
}

// secondsOf is a Decimal time as a reading has it.
func secondsOf(d Decimal) float64 {
	if f := d.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
		return f
	}
	return results.Never
}

// TrialGates lists the gates a trial has failed, of V1, V2, V3, V9 and V10, and V5
// and V6 on several workers, over the seconds in which load was due; none for a
// sound one. A trial that was
// ended because it had decided ended as planned.
func TrialGates(run *results.Run, sc *scenarios.Scenario) []string {
	if run == nil || run.Plan == nil || run.Total == nil || sc == nil {
		return []string{"V9"}
	}
	return newTally(run).failedGates(sc)
}

func (t *tally) failedGates(sc *scenarios.Scenario) []string {
	failed := []string{}
	for _, g := range append(slices.Clone(t.generatorGates(sc)), t.endedAsPlanned(), t.notBlocked()) {
		if g.Status != Met {
			failed = append(failed, g.ID)
		}
	}
	return failed
}
