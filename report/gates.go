package report

import (
	"math/big"
	"slices"
	"strconv"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// Limits of the gates, as design rules fix them.
var (
	sentShare     = big.NewRat(999, 1000) // V1
	cpuLimit      = big.NewRat(70, 100)   // V3
	tableLimit    = big.NewRat(80, 100)   // V3: descriptors, ports
	attackerLimit = big.NewRat(1, 1000)   // V10
)

const (
	hiccupLimit = 50 * time.Millisecond // V3, p99.9 of the sleeper
	frozenLimit = time.Second           // V3: one oversleep this long is a stopped process
)

// judgeGates judges V1, V2, V3, V7, V8, V9 and V10, and V5 and V6 of a run on
// several workers. V4 belongs to the capacity search.
func judgeGates(t *tally, sc *scenarios.Scenario) []Gate {
	return append(slices.Clone(t.generatorGates(sc)),
		t.sameTarget(),
		t.enoughPeople(sc),
		t.endedAsPlanned(),
		t.notBlocked(),
	)
}

// generatorGates are those about the generator, whatever the target did.
func (t *tally) generatorGates(sc *scenarios.Scenario) []Gate {
	out := []Gate{t.delivered(), t.delay(smallestTime(sc)), t.health()}
	if t.several() {
		out = append(out, t.clocksAgree(), t.nobodyLost())
	}
	t.generators = out
	return out
}

// smallestTime is the smallest time criterion, 0 with none.
func smallestTime(sc *scenarios.Scenario) time.Duration {
	smallest := time.Duration(0)
	take := func(d time.Duration) {
		if d > 0 && (smallest == 0 || d < smallest) {
			smallest = d
		}
	}
	for _, c := range sc.Criteria.List {
		take(c.Time)
		if c.Metric == scenarios.MetricInTime || c.Metric == scenarios.MetricLate {
			take(sc.Criteria.InTime)
		}
	}
	return smallest
}

// gate makes a gate of its measures: it is met when all are, and shows the
// first that is not.
func gate(id string, measures ...Measure) Gate {
	shown, status := 0, Met
	for i, m := range measures {
		if m.Status != Met && status == Met {
			shown, status = i, m.Status
		}
		if m.Status == NotMet && status != NotMet {
			shown, status = i, NotMet
		}
	}
	m := measures[shown]
	return Gate{
		ID: id, Status: status, Relation: m.Relation, Threshold: m.Threshold,
		Measured: m.Measured, Format: m.Format, At: m.At, Worker: m.Worker, Measures: measures,
	}
}

// atMost is a measure that must not exceed its limit.
func atMost(name string, f Format, limit Decimal, at int) Measure {
	return Measure{Name: name, Format: f, Relation: "<=", Threshold: limit, Status: Unmeasured, At: at}
}

// due is how many seconds of the played window the load was asked for: all of
// them, or up to the second before the run was stopped.
func (t *tally) due() int {
	switch {
	case t.run.Ended.How == results.EndedPlanned:
		return t.play
	case t.endedAsDecided():
		return min(t.play, int(t.run.Ended.LoadEnd/time.Second))
	}
	return min(t.play, max(0, t.end-1))
}

// endedAsDecided reports whether this is a trial of a search that was ended
// because it had shown what it was played for.
func (t *tally) endedAsDecided() bool {
	c := t.plan.Conduct
	return t.run.Ended.How == results.EndedEnough && c != nil && c.Kind != results.TrialStorm
}

// delivered is V1: of the people due in each 10 s, the share whose first click
// left within 1 s of its instant and whose journey the tool did not break off
// (over the consented rate, out of descriptors). It also notes the blocks that fell
// short. In a fleet every worker is held to it over its own people besides, and
// those a lost worker took with it are V6's.
func (t *tally) delivered() Gate {
	due := span{0, t.due()}
	var intended, onTime []uint64
	for i, b := range t.blocks(due, nil) {
		asked := b.Intended - min(b.Intended, t.gone.in(span{i * 10, min(i*10+10, due.to)}))
		intended, onTime = append(intended, asked), append(onTime, min(b.OnTime, asked))
	}
	measures := []Measure{t.sent("sent_share", intended, onTime)}
	if t.several() {
		measures = append(measures, t.worst(func(e *engine) []Measure {
			tens := min(len(e.due), len(intended))
			return []Measure{t.sent("sent_share_worker", e.due[:tens], e.onTime[:tens])}
		})...)
	}
	return gate("V1", measures...)
}

// sent is the worst share of the people due in 10 s who left on time.
func (t *tally) sent(name string, intended, onTime []uint64) Measure {
	m := Measure{
		Name: name, Format: FormatPercent, Relation: ">=", Threshold: exact(sentShare),
		Status: Unmeasured, At: -1,
	}
	var worst *big.Rat
	for i, n := range intended {
		if n == 0 {
			continue
		}
		share := fraction(onTime[i], n)
		if share.Cmp(sentShare) < 0 {
			t.short[i] = true
		}
		if worst == nil || share.Cmp(worst) < 0 {
			worst, m.At, m.Count, m.Of = share, t.clock(i*10), onTime[i], n
		}
	}
	if worst != nil {
		m.Measured = apart(worst, sentShare)
		m.Status = statusOf(worst.Cmp(sentShare) >= 0)
	}
	return m
}

// delay is V2: per 10 s, p99 of sent − intended at most max(5 ms, 1 % of the
// smallest time criterion), its maximum at most a tenth of it; without a time
// criterion 5 ms and 1 s. Later clicks are held to the same, in the drain too: a
// generator that starves once people are on their way charges its own slowness
// to the portal.
func (t *tally) delay(limit time.Duration) Gate {
	p99, most := 5*time.Millisecond, time.Second
	if limit > 0 {
		p99, most = max(p99, limit/100), limit/10
	}
	measures := t.worst(func(e *engine) []Measure { return late("delay", e.delay, p99, most, t.tens, t.clock) })
	later := t.worst(func(e *engine) []Measure {
		if len(e.later) == 0 { // nobody had a second click
			return nil
		}
		return late("later", e.later, p99, most, t.length()/10+1, t.clock)
	})
	return gate("V2", append(measures, later...)...)
}

// late measures the worst p99 and the worst maximum among the first blocks of 10 s.
func late(name string, tens []results.DelayTen, p99, most time.Duration, blocks int, clock func(int) int) []Measure {
	high := atMost(name+"_p99", FormatDuration, seconds(p99), -1)
	top := atMost(name+"_max", FormatDuration, seconds(most), -1)
	var worstHigh, worstTop time.Duration
	for _, d := range tens {
		if d.Ten < 0 || int(d.Ten) >= blocks || d.N == 0 {
			continue
		}
		at := clock(int(d.Ten) * 10)
		if high.Measured == "" || d.P99 > worstHigh {
			worstHigh, high.At, high.Measured = d.P99, at, seconds(d.P99)
		}
		if top.Measured == "" || d.Max > worstTop {
			worstTop, top.At, top.Measured = d.Max, at, seconds(d.Max)
		}
	}
	if high.Measured != "" {
		high.Status, top.Status = statusOf(worstHigh <= p99), statusOf(worstTop <= most)
	}
	return []Measure{high, top}
}

// delays is the generator's delay by intended ten of the played window.
func (t *tally) delays(all map[int32]*results.Hist) []distribution {
	out := make([]distribution, t.tens)
	for ten, h := range all {
		if ten >= 0 && int(ten) < t.tens {
			out[ten] = newDistribution(bucketsOf(h), 0)
		}
	}
	return out
}

// sameTarget is V7.
func (t *tally) sameTarget() Gate {
	m := Measure{
		Name: "target_changes", Format: FormatCount, Relation: "<=", Threshold: "0",
		Measured: "0", Status: Met, At: -1,
	}
	for _, e := range t.run.Events {
		if e.Kind == results.EventTargetChanged {
			if m.Count == 0 {
				m.At = t.clock(int(e.At / time.Second))
			}
			m.Count++
		}
	}
	if m.Count > 0 {
		m.Status, m.Measured = NotMet, Decimal(strconv.FormatUint(m.Count, 10))
	}
	return gate("V7", m)
}

// enoughPeople is V8: the judged window must hold enough people for at least
// one criterion that must hold (criteria and groups below their own count read
// "not judged").
func (t *tally) enoughPeople(sc *scenarios.Scenario) Gate {
	b := t.sum(t.peak(), nil)
	need := uint64(minimumPeople)
	first := true
	for _, c := range sc.Criteria.List {
		if n := needed(c); c.Severity != scenarios.Minor && (first || n < need) {
			need, first = n, false
		}
	}
	m := Measure{
		Name: "people", Format: FormatCount, Relation: ">=", At: -1,
		Threshold: Decimal(strconv.FormatUint(need, 10)), Measured: Decimal(strconv.FormatUint(b.valid(), 10)),
		Status: statusOf(b.valid() >= need), Count: b.valid(),
	}
	return gate("V8", m)
}

// endedAsPlanned is V9.
func (t *tally) endedAsPlanned() Gate {
	m := Measure{
		Name: "ended_as", Format: FormatEnding, Relation: "=", Threshold: Decimal(results.EndedPlanned),
		Measured: Decimal(t.run.Ended.How), At: -1,
		Status: statusOf(t.run.Ended.How == results.EndedPlanned || t.endedAsDecided()),
	}
	if m.Status == NotMet {
		m.At = t.clock(t.end)
	}
	return gate("V9", m, t.balanced())
}

// balanced counts the places where the folder's books disagree: a recording
// that lost a piece cannot be judged as whole.
func (t *tally) balanced() Measure {
	m := Measure{
		Name: "ledger_faults", Format: FormatCount, Relation: "<=", Threshold: "0", Measured: "0", Status: Met, At: -1,
	}
	var gaps uint64
	for _, w := range t.run.Workers {
		gaps += w.Gaps
	}
	if t.fleet != nil { // also what is in no file of frames: an event may have been a change of the target
		for i := range t.fleet.Workers {
			gaps = max(gaps, t.fleet.Workers[i].Missing)
		}
	}
	if t.ledgers.Check() != nil || gaps > 0 {
		m.Count = max(1, gaps)
		m.Measured, m.Status = Decimal(strconv.FormatUint(m.Count, 10)), NotMet
	}
	return m
}

// notBlocked is V10: attempts answered by throttling or a challenge.
func (t *tally) notBlocked() Gate {
	m := atMost("attacker_share", FormatPercent, exact(attackerLimit), -1)
	for _, c := range t.ledgers.Attempts.Cells {
		if c.Outcome == results.NotSent {
			continue
		}
		m.Of += c.N
		if c.Reason == results.ReasonThrottled || c.Reason == results.ReasonChallenge {
			m.Count += c.N
			if m.At < 0 {
				m.At = t.clock(int(c.Second))
			}
		}
	}
	if m.Of > 0 {
		r := fraction(m.Count, m.Of)
		m.Measured = apart(r, attackerLimit)
		m.Status = statusOf(r.Cmp(attackerLimit) <= 0)
	}
	return gate("V10", m)
}
