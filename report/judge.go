package report

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// Judge reads a run folder and says what it means. It is pure: the same folder
// and scenario give the same Summary, whose texts are [Legible]. Neither argument is
// changed. The only errors are a folder without a plan or a scenario, and a plan that
// cannot be one.
func Judge(run *results.Run, sc *scenarios.Scenario) (*Summary, error) {
	s, err := judge(run, sc, nil)
	if err != nil {
		return nil, err
	}
	return s.legible(), nil
}

// judge is Judge with gates that the folder itself does not show.
func judge(run *results.Run, sc *scenarios.Scenario, more []Gate) (*Summary, error) {
	if run == nil || run.Plan == nil || run.Total == nil || sc == nil {
		return nil, errors.New("judging a run: the folder holds no plan or no scenario")
	}
	if p := run.Plan; p.PlayTo <= p.PlayFrom || p.PlayTo-p.PlayFrom > maxPlay {
		return nil, fmt.Errorf("judging a run: its plan plays from second %d to %d", p.PlayFrom, p.PlayTo)
	}
	t := newTally(run)
	s := &Summary{SchemaVersion: SchemaVersion, Files: []File{}}
	s.Capacity, s.Recovery, s.Attribution, s.Sizing = unmeasuredCapacity(), unmeasuredRecovery(), unmeasuredAttribution(), []Answer{}
	s.Validity = append(judgeGates(t, sc), more...)
	slices.SortStableFunc(s.Validity, func(a, b Gate) int { return cmp.Compare(gateOrder(a.ID), gateOrder(b.ID)) })
	s.Criteria = nonNil(judgeCriteria(t, sc, len(failedGates(s.Validity)) > 0))
	t.describe(s, sc)
	t.count(s)
	t.tables(s)
	t.series(s, sc)
	s.Fleet = t.fleetSummary()
	s.Verdict = decide(evidence{s.Criteria, s.Validity, s.People, run.Ended.How})
	s.Verdict.Cause = causeOfLimit(s)
	if s.Verdict.Value == NotReady && t.limitedBefore() {
		s.Verdict.Value, s.Verdict.Cause = Inconclusive, CauseLimiter
	}
	s.Verdict.Hurt = hurtOf(s)
	t.outsideWhile(s)
	s.Verdict.Actions = actions(s)
	return s, nil
}

// describe fills what was run, and what people declared about it.
func (t *tally) describe(s *Summary, sc *scenarios.Scenario) {
	p, e := t.plan, t.run.Ended
	s.Tool = Tool{p.Tool.Name, p.Tool.Version, p.Tool.Go, p.Tool.OS}
	s.Run = RunInfo{
		ID: p.RunID, Name: p.Name, Target: p.Target, Hosts: nonNil(p.Hosts), Profile: p.Profile, Date: p.Date,
		Started: p.Start.Format(time.RFC3339), Seed: p.Seed, Digest: p.Digest, ScenarioHash: p.ScenarioHash,
		PlayFrom: p.PlayFrom, PlayTo: p.PlayTo, PeakFrom: t.clock(t.peak().from), PeakTo: t.clock(t.peak().to),
		Scale: p.Scale, InTime: seconds(p.InTime), EndedAs: string(e.How), EndedAt: t.clock(t.end),
		EndedCause: e.Cause, HTTP: cmp.Or(sc.TLS.HTTP, "1.1"), Lang: cmp.Or(p.Lang, "fr"), Workers: t.size(),
		Sources:    slices.Clone(p.Sources),
		SmokeTried: p.Smoke.Tried, SmokeOK: p.Smoke.Accepted, CalmTried: e.CalmTried, CalmOK: e.CalmAccepted,
	}
	for _, b := range sc.Storm.Bells {
		if at := int(time.Duration(b) / time.Second); at >= p.PlayFrom && at <= p.PlayTo {
			s.Run.Bells = append(s.Run.Bells, at)
		}
	}
	if !e.Wall.IsZero() {
		s.Run.Ended = e.Wall.Format(time.RFC3339)
	}
	a := sc.About
	s.About = About{a.RequiredBy, a.Tester, a.Staging, a.StagingBy, a.Version, a.ValidUntil}
	s.Assumptions = []Assumption{}
	for _, a := range sc.Assumptions {
		s.Assumptions = append(s.Assumptions, Assumption{a.Key, a.Value, a.Source})
	}
	s.Notes = slices.Clone(p.Notes)
	s.Consent, s.Events = facts(t.run.Events), t.flags()
}

// facts are the consents granted, as the guard read them.
func facts(events []results.Event) []Fact {
	out := []Fact{}
	for _, e := range events {
		if e.Kind != "consent_read" && e.Kind != "consent_granted" {
			continue
		}
		if e.Text != "" {
			out = append(out, Fact{"consent", e.Text})
		}
		for _, k := range sortedKeys(e.Fields) {
			out = append(out, Fact{k, e.Fields[k]})
		}
	}
	return out
}

// flags lists the kinds of events with the first of each, in time order.
func (t *tally) flags() []EventRow {
	out := []EventRow{}
	for _, e := range t.run.Events {
		if e.Kind == results.EventCertificate { // nothing happened
			continue
		}
		host := e.Fields["host"]
		i := slices.IndexFunc(out, func(r EventRow) bool { return r.Kind == e.Kind && r.Host == host })
		switch {
		case i >= 0:
			out[i].N++
		case len(out) < 100: // hostile targets may name many hosts
			out = append(out, EventRow{t.clock(int(e.At / time.Second)), e.Kind, e.Text, host, 1})
		}
	}
	slices.SortStableFunc(out, func(a, b EventRow) int { return cmp.Compare(a.At, b.At) })
	return out
}

// count fills both ledgers and what is counted beside them.
func (t *tally) count(s *Summary) {
	all, peak := t.sum(t.all(), nil), t.sum(t.peak(), nil)
	s.People = all.ledger()
	s.Attempts = ledgerOf(t.ledgers.Attempts.Total)
	s.PeopleShare, s.AttemptShare = sharesOf(s.People), sharesOf(s.Attempts)
	s.Reasons = reasons(t.ledgers)
	s.Outside = Outside{
		Expected: all.Intended, InTime: all.Out[results.InTime], InClass: all.inClass(),
		Never: all.never(), Share: share(all.never(), all.valid()),
		Peak: peak.never(), PeakN: peak.valid(), PeakPart: share(peak.never(), peak.valid()),
	}
	if lost := min(all.Unseen, s.Outside.Never); lost > 0 {
		s.Outside.Unobserved, s.Outside.Observed = lost, s.Outside.Never-lost
	}
	s.Hundred = hundred(s.People)
	t.beside(s, &all)
	s.Run.Short = t.play < 60 || all.Intended < 1000
	busiest := uint64(0)
	for second := range t.play {
		b := t.sum(span{second, second + 1}, nil)
		busiest = max(busiest, b.Intended)
	}
	s.Run.PeakRate = Decimal(strconv.FormatUint(busiest, 10))
}

func ledgerOf(l results.Ledger) Ledger {
	b := bag{Intended: l.Intended, NotSent: l.NotSent, Started: l.Started, Out: l.By}
	return b.ledger()
}

// reasons lists both ledgers by reason; the rows add up to the ledgers.
func reasons(l *results.Ledgers) []ReasonRow {
	type key struct {
		o results.Outcome
		r results.Reason
	}
	at := map[key]*ReasonRow{}
	var order []key
	add := func(c results.CellCount, people bool) {
		k := key{c.Outcome, c.Reason}
		if at[k] == nil {
			at[k] = &ReasonRow{Outcome: k.o.String(), Reason: k.r.String()}
			order = append(order, k)
		}
		if people {
			at[k].People += c.N
		} else {
			at[k].Attempts += c.N
		}
	}
	for _, c := range l.People.Reasons() {
		add(c, true)
	}
	for _, c := range l.Attempts.Reasons() {
		add(c, false)
	}
	slices.SortFunc(order, func(a, b key) int { return cmp.Or(cmp.Compare(a.o, b.o), cmp.Compare(a.r, b.r)) })
	out := make([]ReasonRow, 0, len(order))
	for _, k := range order {
		out = append(out, *at[k])
	}
	return out
}

func sumCells(cells map[results.Cell]uint32, o results.Outcome, r results.Reason) uint64 {
	var n uint64
	for c, k := range cells {
		if c.Outcome == o && c.Reason == r {
			n += uint64(k)
		}
	}
	return n
}

func (t *tally) beside(s *Summary, all *bag) {
	var b results.Beside
	var lost, trying, retries, waited, lostTime uint64
	for _, x := range t.run.Total.Beside {
		lost += uint64(x.GaveUp)
		trying += uint64(x.StillTrying)
		retries += uint64(x.Retries)
		waited += uint64(x.WaitedN)
		lostTime += uint64(x.ClassLostN)
		b.Waited += x.Waited
		b.ClassLost += x.ClassLost
		b.OwnTime += x.OwnTime
	}
	s.LostPeople, s.StillTrying = lost, trying
	s.ClassMinutes = uint64(max(0, b.ClassLost) / time.Minute)
	s.Beside = Beside{
		Retries: retries, Waited: waited, WaitedMean: mean(b.Waited, waited),
		ClassLostN: lostTime, ClassLostMean: mean(b.ClassLost, lostTime), OwnTimeMean: mean(b.OwnTime, all.valid()),
		MidWork: all.MidWork, MidWorkShare: share(min(all.MidWork, all.inClass()), all.inClass()), MidWorkBy: []ReasonRow{},
	}
	for _, r := range results.Reasons() {
		if n := sumCells(t.run.Total.MidWork, r.Outcome(), r); n > 0 && r.Outcome() != results.NotSent {
			s.Beside.MidWorkBy = append(s.Beside.MidWorkBy, ReasonRow{r.Outcome().String(), r.String(), n, 0})
		}
	}
	for _, c := range t.run.Total.Sent {
		s.Beside.BytesIn += c.BytesIn
		s.Beside.BytesOut += c.BytesOut
		s.Beside.Exchanges += c.N
	}
}

func mean(sum time.Duration, n uint64) Decimal {
	if n == 0 || sum < 0 {
		return ""
	}
	r := new(big.Rat).SetFrac(big.NewInt(int64(sum)), new(big.Int).Mul(big.NewInt(int64(time.Second)), new(big.Int).SetUint64(n)))
	return trimmed(r.FloatString(3))
}

// hurtOf joins the spans in which the criteria that decided were broken.
func hurtOf(s *Summary) *Span {
	var out *Span
	for _, c := range s.Criteria {
		if c.Hurt == nil || c.Status != NotMet || !mustHold(c) {
			continue
		}
		if out == nil {
			out = &Span{c.Hurt.From, c.Hurt.To}
		}
		out.From, out.To = min(out.From, c.Hurt.From), max(out.To, c.Hurt.To)
	}
	return out
}

// outsideWhile counts who never got in of those who came while it hurt.
func (t *tally) outsideWhile(s *Summary) {
	h := s.Verdict.Hurt
	if h == nil {
		return
	}
	b := t.sum(span{h.From - t.plan.PlayFrom, h.To - t.plan.PlayFrom}, nil)
	lost := min(b.Unseen, b.never()) // of whom nothing is known
	never, of := b.never()-lost, b.valid()-lost
	s.Outside.Hurt, s.Outside.HurtN, s.Outside.HurtPart = never, of, share(never, of)
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return slices.Clone(s)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
