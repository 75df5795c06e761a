package report

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"firstbell/runner/results"
)

func gatesWith(status Status, ids ...string) []Gate {
	var out []Gate
	for _, id := range gateIDs {
		g := Gate{ID: id, Status: Met}
		for _, bad := range ids {
			if bad == id {
				g.Status = status
			}
		}
		out = append(out, g)
	}
	return out
}

func crit(severity string, s, recount Status) Criterion {
	return Criterion{ID: severity + "_" + string(s), Severity: severity, Status: s, Recount: recount}
}

// TestVerdictTable is the whole rule: every gate state against every kind of
// criteria.
func TestVerdictTable(t *testing.T) {
	type want struct {
		v Value
		c Cause
	}
	ready, notReady := want{Ready, ""}, want{NotReady, ""}
	none := []Criterion{}
	met := []Criterion{crit("blocking", Met, Met), crit("major", Met, Met)}
	refused := []Criterion{crit("blocking", NotMet, NotMet), crit("major", Met, Met)}
	timedOut := []Criterion{crit("blocking", NotMet, Met)}
	majorOnly := []Criterion{crit("blocking", Met, Met), crit("major", NotMet, NotMet)}
	straddling := []Criterion{crit("blocking", Undecided, Met), crit("major", Unmeasured, Unmeasured)}
	unmeasured := []Criterion{crit("blocking", Met, Met), crit("major", Unmeasured, Unmeasured)}
	both := []Criterion{crit("blocking", Undecided, Undecided), crit("major", NotMet, NotMet)}
	minor := []Criterion{crit("blocking", Met, Met), crit("minor", NotMet, NotMet)}

	sets := []struct {
		name     string
		criteria []Criterion
		good     want // all gates met
		failed   Value
	}{
		{"none", none, want{Inconclusive, CauseNoCriteria}, Inconclusive},
		{"met", met, ready, Inconclusive},
		{"refused by the server", refused, notReady, NotReady},
		{"timed out", timedOut, notReady, Inconclusive},
		{"major", majorOnly, notReady, NotReady},
		{"straddling", straddling, want{Inconclusive, CauseStraddles}, Inconclusive},
		{"unmeasured", unmeasured, want{Inconclusive, CauseTooFew}, Inconclusive},
		{"undecided, and another not met", both, notReady, NotReady},
		{"minor", minor, ready, Inconclusive},
	}
	// Of two failed gates the cause is named after the one that explains more: a
	// generator that was sick outweighs one not proved strong enough, and that a
	// storm that did not leave, or left too few.
	withCalibration := func(w want) want {
		if w.c == CauseStormNotDelivered || w.c == CauseTooFew {
			w.c = CauseCalibration
		}
		return w
	}
	causes := map[string]Cause{
		"V1": CauseStormNotDelivered, "V2": CauseGenerator, "V3": CauseGenerator, "V7": CauseTargetChanged,
		"V8": CauseTooFew, "V9": CauseInterrupted, "V10": CauseBlocked, "V5": CauseClock, "V6": CauseWorkerLost,
	}
	fleet := func(gates []Gate, bad string, status Status) []Gate { // a run on several workers
		for _, id := range []string{"V5", "V6"} {
			g := Gate{ID: id, Status: Met}
			if id == bad {
				g.Status = status
			}
			gates = append(gates, g)
		}
		return gates
	}
	for _, set := range sets {
		check := func(what string, e evidence, w want) {
			t.Helper()
			if got := decide(e); got.Value != w.v || got.Cause != w.c {
				t.Errorf("%s, %s: %s %q; want %s %q", set.name, what, got.Value, got.Cause, w.v, w.c)
			}
		}
		check("gates met", evidence{set.criteria, gatesWith(Met), Ledger{Started: 1000}, results.EndedPlanned}, set.good)
		for _, id := range gateIDs {
			w := want{set.failed, ""}
			if set.failed == Inconclusive {
				w.c = causes[id]
			}
			if id == "V7" || id == "V10" {
				w = want{Inconclusive, causes[id]}
			}
			if len(set.criteria) == 0 {
				w = want{Inconclusive, CauseNoCriteria}
			}
			check(id+" not met", evidence{set.criteria, gatesWith(NotMet, id), Ledger{Started: 1000}, results.EndedInterrupted}, w)
			if id != "V7" && id != "V9" && id != "V10" { // a session: V4 failed besides
				both := append(gatesWith(NotMet, id), Gate{ID: "V4", Status: NotMet})
				check(id+" and V4 not met", evidence{set.criteria, both, Ledger{Started: 1000}, results.EndedInterrupted}, withCalibration(w))
			}
		}
		for _, status := range []Status{NotMet, Unmeasured} {
			for _, id := range []string{"V5", "V6"} {
				w := want{set.failed, ""}
				if set.failed == Inconclusive {
					w.c = causes[id]
				}
				if len(set.criteria) == 0 {
					w.c = CauseNoCriteria
				}
				check(id+" "+string(status), evidence{set.criteria, fleet(gatesWith(Met), id, status), Ledger{Started: 1000}, results.EndedPlanned}, w)
			}
			w := want{set.failed, ""}
			if set.failed == Inconclusive {
				w.c = CauseCalibration
			}
			if len(set.criteria) == 0 {
				w.c = CauseNoCriteria
			}
			check("V4 "+string(status), evidence{set.criteria, append(gatesWith(Met), Gate{ID: "V4", Status: status}), Ledger{Started: 1000}, results.EndedPlanned}, w)
		}
		check("a sound fleet", evidence{set.criteria, fleet(gatesWith(Met), "", Met), Ledger{Started: 1000}, results.EndedPlanned}, set.good)
		check("V4 met", evidence{set.criteria, append(gatesWith(Met), Gate{ID: "V4", Status: Met}), Ledger{Started: 1000}, results.EndedPlanned}, set.good)
		w := want{Inconclusive, CauseAccountsRejected}
		if len(set.criteria) == 0 {
			w.c = CauseNoCriteria
		}
		check("rejected accounts", evidence{set.criteria, gatesWith(Met), Ledger{Started: 1000, Invalid: 11}, results.EndedPlanned}, w)
		check("exactly 1 % rejected", evidence{set.criteria, gatesWith(Met), Ledger{Started: 1000, Invalid: 10}, results.EndedPlanned}, set.good)
	}
}

// TestNoPathToReadyWithAFailedGate draws random evidence, gates that are
// missing included.
func TestNoPathToReadyWithAFailedGate(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	statuses := []Status{Met, NotMet, Undecided, Unmeasured, ""}
	severities := []string{"blocking", "major", "minor", "", "else"}
	ends := []results.EndedAs{results.EndedPlanned, results.EndedCut, results.EndedInterrupted, results.EndedByTarget, results.EndedCredentials, results.EndedLimit, results.EndedStopped, results.EndedAlone, results.EndedLoss, ""}
	seen := map[Value]int{}
	for range 50_000 {
		var e evidence
		for _, id := range gateIDs {
			if r.IntN(30) > 0 {
				s := Met
				if r.IntN(8) == 0 {
					s = statuses[r.IntN(len(statuses))]
				}
				e.gates = append(e.gates, Gate{ID: id, Status: s})
			}
		}
		if r.IntN(2) == 0 {
			e.gates = append(e.gates, Gate{ID: "V4", Status: statuses[r.IntN(len(statuses))]})
		}
		if r.IntN(3) == 0 {
			for _, id := range []string{"V5", "V6"} {
				e.gates = append(e.gates, Gate{ID: id, Status: statuses[r.IntN(2)*r.IntN(5)]})
			}
		}
		for range r.IntN(4) {
			e.criteria = append(e.criteria, crit(severities[r.IntN(5)], statuses[r.IntN(5)], statuses[r.IntN(5)]))
		}
		e.people, e.ended = Ledger{Started: 100, Invalid: uint64(r.IntN(3))}, ends[r.IntN(len(ends))]
		v := decide(e)
		seen[v.Value]++
		failed := failedGates(e.gates)
		if v.Value == Ready {
			if len(failed) > 0 || len(e.criteria) == 0 {
				t.Fatalf("ready with %v failed and %d criteria", failed, len(e.criteria))
			}
			for _, c := range e.criteria {
				if mustHold(c) && c.Status != Met {
					t.Fatalf("ready with %+v", c)
				}
			}
		}
		if v.Value == NotReady && (gateStatus(e.gates, "V7") != Met || gateStatus(e.gates, "V10") != Met) {
			t.Fatal("not ready though the target changed or blocked us")
		}
		if (v.Value == Inconclusive) != (v.Cause != CauseNone) {
			t.Fatalf("%s with cause %q", v.Value, v.Cause)
		}
	}
	for _, v := range []Value{Ready, NotReady, Inconclusive} {
		if seen[v] < 100 {
			t.Errorf("only %d of the draws were %s: the test proves little", seen[v], v)
		}
	}
}

func TestExitCode(t *testing.T) {
	for _, row := range []struct {
		v     Value
		ended results.EndedAs
		want  int
	}{
		{Ready, results.EndedPlanned, 0}, {NotReady, results.EndedPlanned, 3}, {Inconclusive, results.EndedPlanned, 4},
		{Inconclusive, results.EndedCut, 4}, {Inconclusive, results.EndedLimit, 4}, {Inconclusive, results.EndedCredentials, 4},
		{Inconclusive, results.EndedStopped, 6}, {NotReady, results.EndedStopped, 6}, {Inconclusive, results.EndedAlone, 4}, {Inconclusive, results.EndedLoss, 4},
		{Ready, results.EndedLoss, 4}, {NotReady, results.EndedAlone, 3},
		{NotReady, results.EndedByTarget, 6}, {NotReady, results.EndedInterrupted, 130}, {NotReady, results.EndedInternal, 1},
	} {
		if got := ExitCode(Verdict{Value: row.v}, row.ended); got != row.want {
			t.Errorf("ExitCode(%s, %s) = %d; want %d", row.v, row.ended, got, row.want)
		}
	}
}

func TestHundredAddsUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		l := Ledger{InTime: r.Uint64N(1000), Late: r.Uint64N(10), Quota: r.Uint64N(100), Error: r.Uint64N(3), NotSent: r.Uint64N(2)}
		h := hundred(l)
		sum := h.InTime + h.Late + h.Waiting + h.Failed + h.Other
		if want := 100; sum != want && l != (Ledger{}) && fmt.Sprint(l) != fmt.Sprint(Ledger{}) {
			t.Fatalf("%+v gives %+v, %d in all", l, h, sum)
		}
	}
	if hundred(Ledger{}) != (Hundred{}) {
		t.Error("nobody gives somebody")
	}
}

// A storm that the consent's limits held back is no weakness of our machine, and
// a few people held back after a hiccup of ours is no too small consent.
func TestCauseOfLimit(t *testing.T) {
	for name, tc := range map[string]struct {
		cause        Cause
		consent, own uint64
		want         Cause
	}{
		"a third held back":       {CauseGenerator, 330, 0, CauseConsentLimit},
		"no other gate failed":    {CauseStormNotDelivered, 330, 0, CauseConsentLimit},
		"mostly ours":             {CauseGenerator, 100, 230, CauseGenerator},
		"after a hiccup":          {CauseGenerator, 9, 0, CauseGenerator},
		"nobody":                  {CauseGenerator, 0, 0, CauseGenerator},
		"taken for an attacker":   {CauseBlocked, 330, 0, CauseBlocked},
		"the verdict needs none":  {CauseNone, 330, 0, CauseNone},
		"an interrupted test too": {CauseInterrupted, 330, 0, CauseInterrupted},
	} {
		s := &Summary{
			People: Ledger{Intended: 1000, NotSent: tc.consent + tc.own},
			Reasons: []ReasonRow{
				{Outcome: "in_time", People: 1000 - tc.consent - tc.own},
				{Outcome: "not_sent", Reason: "generator", People: tc.own},
				{Outcome: "not_sent", Reason: "consent_limit", People: tc.consent},
			},
		}
		s.Verdict.Cause = tc.cause
		if got := causeOfLimit(s); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
