package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"firstbell/runner/results"
)

// causeOfEnd maps how a run ended to why it cannot be concluded.
var causeOfEnd = map[results.EndedAs]Cause{
	results.EndedInterrupted: CauseInterrupted,
	results.EndedByTarget:    CauseStoppedByTarget,
	results.EndedCredentials: CauseAccountsRejected,
	results.EndedLimit:       CauseEndsAfter,
	results.EndedInternal:    CauseInternal,
	results.EndedStopped:     CauseStopped,
	results.EndedAlone:       CauseAlone,
	results.EndedLoss:        CauseWorkerLost,
	results.EndedReset:       CauseReset,
	results.EndedCut:         CauseCut,
}

// evidence is all the verdict rests on.
type evidence struct {
	criteria []Criterion
	gates    []Gate
	people   Ledger
	ended    results.EndedAs
}

// decide gives the verdict. The order of the questions is the rule:
//
//  1. without criteria, with over 1 % of accounts rejected, with another target
//     or taken for an attacker: inconclusive, whatever was seen;
//  2. with another gate failed: never ready; not_ready only if a criterion
//     still fails when everyone counts as in time whom the server did not
//     refuse with a complete answer;
//  3. a blocking or major criterion not met: not_ready;
//  4. one not concluded or not measured: inconclusive;
//  5. else ready, with a reservation for each minor criterion not met.
func decide(e evidence) Verdict {
	v := Verdict{Reasons: []string{}, Actions: []string{}}
	failed := failedGates(e.gates)
	v.Cause = alwaysInconclusive(e)
	switch {
	case v.Cause != CauseNone:
		v.Value, v.Reasons = Inconclusive, failed
	case len(failed) > 0:
		decideDespite(&v, e, failed)
	default:
		decideByCriteria(&v, e)
	}
	v.Reservations = reservations(e.criteria)
	return v
}

func alwaysInconclusive(e evidence) Cause {
	switch {
	case len(e.criteria) == 0:
		return CauseNoCriteria
	case e.people.Invalid*100 > e.people.Started || e.ended == results.EndedCredentials:
		return CauseAccountsRejected
	case gateStatus(e.gates, "V10") == NotMet:
		return CauseBlocked
	case gateStatus(e.gates, "V7") == NotMet:
		return CauseTargetChanged
	}
	return CauseNone
}

func decideDespite(v *Verdict, e evidence, failed []string) {
	for _, c := range e.criteria {
		if mustHold(c) && c.Status == NotMet && c.Recount == NotMet {
			v.Reasons = append(v.Reasons, c.ID)
		}
	}
	if len(v.Reasons) > 0 && gateStatus(e.gates, "V7") == Met && gateStatus(e.gates, "V10") == Met {
		v.Value, v.Recounted = NotReady, true
		v.Reasons = append(v.Reasons, failed...)
		return
	}
	v.Value, v.Reasons, v.Cause = Inconclusive, failed, causeOfGates(e)
}

// causeOfGates names what failed first in the chain of causes: a run that did
// not end, a worker that was lost, a generator that was not up to it, clocks that
// disagree, a load that did not arrive. What failed outweighs what could not be
// measured.
func causeOfGates(e evidence) Cause {
	is := func(want Status, ids ...string) bool {
		return slices.ContainsFunc(ids, func(id string) bool { return gateStatus(e.gates, id) == want })
	}
	if is(NotMet, "V9") || is(Unmeasured, "V9") {
		return cmp.Or(causeOfEnd[e.ended], CauseCut)
	}
	for _, status := range []Status{NotMet, Unmeasured} {
		switch {
		case hasGate(e.gates, "V6") && is(status, "V6"):
			return CauseWorkerLost
		case is(status, "V2", "V3"):
			return CauseGenerator
		case hasGate(e.gates, "V5") && is(status, "V5"):
			return CauseClock
		case hasGate(e.gates, "V4") && is(status, "V4"):
			return CauseCalibration
		case is(status, "V8"):
			return CauseTooFew
		case is(status, "V1"):
			return CauseStormNotDelivered
		}
	}
	return CauseStormNotDelivered
}

// limitShare is the part of the people that the consent's limits must have held
// back to be the cause: above what the catching up after one hiccup of ours runs into.
const limitShare = 0.01

// causeOfLimit is a verdict's cause, with what the target consented to in place of
// our own weakness when it is what held most of the missing people back. Waiting
// for the consent's limits delays clicks too, so that gate V2 fails with V1.
func causeOfLimit(s *Summary) Cause {
	cause := s.Verdict.Cause
	if cause != CauseGenerator && cause != CauseStormNotDelivered {
		return cause
	}
	held := uint64(0)
	for _, r := range s.Reasons {
		if r.Reason == results.ReasonConsentLimit.String() {
			held += r.People
		}
	}
	if 2*held > s.People.NotSent && float64(held) >= limitShare*float64(s.People.Intended) {
		return CauseConsentLimit
	}
	return cause
}

func decideByCriteria(v *Verdict, e evidence) {
	var straddling, unmeasured []string
	for _, c := range e.criteria {
		if !mustHold(c) {
			continue
		}
		switch c.Status {
		case NotMet:
			v.Reasons = append(v.Reasons, c.ID)
		case Undecided:
			straddling = append(straddling, c.ID)
		case Met:
		default:
			unmeasured = append(unmeasured, c.ID)
		}
	}
	switch {
	case len(v.Reasons) > 0:
		v.Value = NotReady
	case len(straddling) > 0:
		v.Value, v.Cause = Inconclusive, causeOfDoubt(e.criteria)
		v.Reasons = append(straddling, unmeasured...)
	case len(unmeasured) > 0:
		v.Value, v.Cause, v.Reasons = Inconclusive, CauseTooFew, unmeasured
	default:
		v.Value = Ready
	}
}

// causeOfDoubt is what left a criterion open: people whom a lost worker left
// unobserved, else an interval that holds the threshold.
func causeOfDoubt(criteria []Criterion) Cause {
	for _, c := range criteria {
		if mustHold(c) && c.Status == Undecided && c.Spared != "" {
			return CauseWorkerLost
		}
	}
	return CauseStraddles
}

// mustHold reports whether a criterion not met makes the portal not ready. An
// unknown severity blocks: the cautious side.
func mustHold(c Criterion) bool { return c.Severity != "minor" }

func reservations(criteria []Criterion) int {
	n := 0
	for _, c := range criteria {
		if !mustHold(c) && c.Status != Met {
			n++
		}
	}
	return n
}

// gateStatus is not_measured for a gate that is not there: what was not
// measured is not believed.
func gateStatus(gates []Gate, id string) Status {
	i := slices.IndexFunc(gates, func(g Gate) bool { return g.ID == id })
	if i < 0 {
		return Unmeasured
	}
	return gates[i].Status
}

// gateIDs are the gates a run on one machine must pass; a session has V4
// besides, a fleet V5 and V6.
var gateIDs = [...]string{"V1", "V2", "V3", "V7", "V8", "V9", "V10"}

func hasGate(gates []Gate, id string) bool {
	return slices.ContainsFunc(gates, func(g Gate) bool { return g.ID == id })
}

// gateOrder is a gate's number.
func gateOrder(id string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "V"))
	if err != nil {
		return math.MaxInt
	}
	return n
}

func failedGates(gates []Gate) []string {
	ids := slices.Clone(gateIDs[:])
	at := slices.Index(ids, "V7")
	for _, id := range []string{"V6", "V5", "V4"} {
		if hasGate(gates, id) {
			ids = slices.Insert(ids, at, id)
		}
	}
	failed := []string{}
	for _, id := range ids {
		if gateStatus(gates, id) != Met {
			failed = append(failed, id)
		}
	}
	return failed
}

// Exit codes of a judged run (cmd adds 1, 2 and 5 for what never got here).
const (
	ExitReady        = 0
	ExitNotReady     = 3
	ExitInconclusive = 4
	ExitStopped      = 6
	ExitInterrupted  = 130
	exitInternal     = 1
)

// ExitCode is the process's exit code for a verdict and the way the run ended;
// an interruption, the target's stop or an operator's outranks the verdict. A run
// that lost a worker or its coordinator has the code of its verdict, which is
// never ready.
func ExitCode(v Verdict, ended results.EndedAs) int {
	switch ended {
	case results.EndedInternal:
		return exitInternal
	case results.EndedInterrupted:
		return ExitInterrupted
	case results.EndedByTarget, results.EndedStopped:
		return ExitStopped
	case results.EndedAlone, results.EndedLoss:
		if v.Value == Ready { // gate V9 forbids it; the code must not say it either
			return ExitInconclusive
		}
	}
	switch v.Value {
	case Ready:
		return ExitReady
	case NotReady:
		return ExitNotReady
	}
	return ExitInconclusive
}
