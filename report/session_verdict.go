package report

import (
	"cmp"
	"slices"
	"strings"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// verdict is the session's. What is asked is the storm of the required size,
// replayed with several seeds, each judged as a run of its own with gate V4
// besides; everything else a session measures explains it. The order of the
// questions is the rule:
//
//  1. no criteria; accounts rejected or taken for an attacker in a required
//     replay; another target in any trial than in those before; a fault outside the portal; a target that changed
//     during the session; a witness that saw something else: inconclusive;
//  2. most required replays not ready, and at most a fifth of the decided ones
//     ready (the exceed ratio of MLRsearch): not ready;
//  3. a session that did not end as planned, or a trial whose folder is gone:
//     inconclusive;
//  4. no required replay: inconclusive, with what the search ran into;
//  5. every required replay ready: ready;
//  6. some ready and some not: inconclusive, the seeds disagree; else what the
//     first undecided replay says.
func (x *session) verdict(s *Summary) Verdict {
	v := Verdict{Value: Inconclusive, Reasons: []string{}, Actions: []string{}, Hurt: s.Verdict.Hurt}
	required := x.required()
	n := x.tallyStorms(required)
	v.Reservations = n.reservations
	v.Cause = x.always(s, required)
	switch {
	case v.Cause != CauseNone:
	case 2*n.not > len(required) && float64(n.not) >= stats.ExceedHigh*float64(n.not+n.ready):
		v.Value, v.Reasons, v.Recounted = NotReady, n.reasons, n.recounted
	case x.d.Ended == nil:
		v.Cause = CauseUnfinished
	case x.d.Ended.How != results.EndedPlanned:
		v.Cause = cmp.Or(causeOfEnd[x.d.Ended.How], CauseCut)
	case len(x.lost) > 0:
		v.Cause = CauseCut
	case len(required) == 0:
		v.Cause = x.whyNoStorm(s)
	case n.ready == len(required) && gateStatus(s.Validity, "V4") == Met:
		v.Value = Ready
	case n.ready > 0 && n.not > 0:
		v.Cause = CauseSeeds
	default:
		v.Cause = cmp.Or(n.cause, CauseNotReplayed)
	}
	if v.Value == Inconclusive && len(v.Reasons) == 0 && len(required) > 0 {
		v.Reasons = failedGates(s.Validity)
	}
	if v.Value == Ready {
		v.Hurt = nil
	}
	return v
}

// stormTally counts the verdicts of replays.
type stormTally struct {
	ready, not   int
	reasons      []string
	recounted    bool
	cause        Cause // of the first undecided one
	reservations int
}

func (x *session) tallyStorms(all []storm) stormTally {
	n := stormTally{reasons: []string{}}
	for _, s := range all {
		v := s.sum.Verdict
		n.reservations = max(n.reservations, v.Reservations)
		switch v.Value {
		case Ready:
			n.ready++
		case NotReady:
			n.not++
			n.recounted = n.recounted || v.Recounted
			for _, r := range v.Reasons {
				if !slices.Contains(n.reasons, r) {
					n.reasons = append(n.reasons, r)
				}
			}
		default:
			n.cause = cmp.Or(n.cause, v.Cause)
		}
	}
	return n
}

// always are the causes that outweigh whatever was seen.
func (x *session) always(s *Summary, required []storm) Cause {
	if len(x.sc.Criteria.List) == 0 {
		return CauseNoCriteria
	}
	for _, r := range required {
		switch c := r.sum.Verdict.Cause; c {
		case CauseAccountsRejected, CauseBlocked, CauseTargetChanged:
			return c
		}
	}
	if gateStatus(s.Validity, "V7") == NotMet {
		return CauseTargetChanged
	}
	for _, m := range s.Session.Checks {
		if m.Status == NotMet && m.Name == "control_p95" {
			return CauseExternal
		}
	}
	if s.Capacity.Why == stats.WhyDrift || s.Capacity.Control != nil && s.Capacity.Control.Drift {
		return CauseDrift
	}
	for _, m := range s.Session.Checks {
		if m.Status == NotMet && strings.HasPrefix(m.Name, "witness_") {
			return CauseWitness
		}
	}
	return CauseNone
}

// whyNoStorm is why a session has no storm of the required size.
func (x *session) whyNoStorm(s *Summary) Cause {
	switch {
	case s.Capacity.Why == whyBlocked:
		return CauseBlocked
	case s.Capacity.Why == whyQuota:
		return CauseQuota
	case gateStatus(s.Validity, "V4") == NotMet:
		return CauseCalibration
	case s.Capacity.Why == stats.WhyInvalid:
		return CauseGenerator
	}
	return CauseNotReplayed
}

// actions is the fixed list of "what to do now" of a session.
func (x *session) actions(s *Summary) []string {
	out := actions(s)
	add := func(at int, key string) {
		if !slices.Contains(out, key) {
			out = slices.Insert(out, min(at, len(out)), key)
		}
	}
	switch s.Verdict.Value {
	case Ready:
		out = slices.DeleteFunc(out, func(k string) bool { return k == "measure_margin" })
		if unhealed(s) {
			add(0, "shed_load")
		}
	case NotReady:
		if q := s.Capacity.Quota; q != nil && !q.PerIP {
			add(0, "raise_quota")
		} else if s.Attribution.Step != "" {
			add(0, "strengthen_step")
		}
		if unhealed(s) {
			add(1, "shed_load")
		}
		out = out[:min(len(out), 5)]
	}
	if s.Verdict.Cause == CauseInterrupted { // the same command goes on: nothing is to be done again
		out = []string{"cause_" + string(CauseUnfinished)}
	}
	if s.Session.Quick && s.Verdict.Value != NotReady {
		add(len(out), "full_session")
	}
	if s.Session.Command == "capacity" && s.Verdict.Cause == CauseNotReplayed {
		add(len(out), "certify")
	}
	return out
}

// unhealed reports whether too many at once left the portal down by itself.
func unhealed(s *Summary) bool {
	return slices.ContainsFunc(s.Recovery.Trials, func(r RecoveryRow) bool { return r.State == stateMetastable })
}
