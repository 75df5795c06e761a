package report

import (
	"math"
	"math/big"
	"slices"
	"time"

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
	p := newPlateau(s)
	r := p.read(sc)
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

// TrialGates lists the gates a trial has failed, of V1, V2, V3, V9 and V10, over
// the seconds in which load was due; none for a sound one. A trial that was
// ended because it had decided ended as planned.
func TrialGates(run *results.Run, sc *scenarios.Scenario) []string {
	if run == nil || run.Plan == nil || run.Total == nil || sc == nil {
		return []string{"V9"}
	}
	t := newTally(run)
	failed := []string{}
	for _, g := range []Gate{t.delivered(), t.delay(smallestTime(sc)), t.health(), t.endedAsPlanned(), t.notBlocked()} {
		if g.Status != Met {
			failed = append(failed, g.ID)
		}
	}
	return failed
}

// batchSeconds is the grain of time to class, and of a plateau's batches.
const batchSeconds = 10

// plateau is a trial's series with its judged window: whole batches of 10 s from
// the end of the warm-up to the end of the load.
type plateau struct {
	s        *results.Series
	from, to int // seconds, half-open
	stopped  int // the second after the last in which load left
}

func newPlateau(s *results.Series) *plateau {
	p := &plateau{s: s}
	length := min(int(s.Conduct.Length()/time.Second), len(s.Seconds))
	if s.Conduct.Length() == 0 {
		length = len(s.Seconds)
	}
	for i := range s.Seconds[:length] {
		if s.Seconds[i].Started > 0 {
			p.stopped = i + 1
		}
	}
	p.to = length
	if s.Ended.How != results.EndedPlanned { // load may have stopped before
		p.to = p.stopped
	}
	p.from = min(ceilTo(int(s.Conduct.Warmup/time.Second), batchSeconds), p.to)
	p.to = max(p.from, p.to/batchSeconds*batchSeconds)
	return p
}

func ceilTo(n, step int) int { return (n + step - 1) / step * step }

func (p *plateau) batches() int { return (p.to - p.from) / batchSeconds }

// batch is one batch of the window: people by outcome, and their times.
type batch struct {
	bag
	times distribution
}

func (p *plateau) batch(i int) batch {
	var b batch
	from := p.from + i*batchSeconds
	for _, sec := range p.s.Seconds[from : from+batchSeconds] {
		b.Intended += uint64(sec.Intended)
		b.Started += uint64(sec.Started)
		b.NotSent += uint64(sec.NotSent)
		for o, n := range sec.By {
			b.Out[o] += uint64(n)
		}
	}
	b.Out[results.NotSent] = 0
	if ten := from / batchSeconds; ten < len(p.s.Tens) {
		b.times = newDistribution(bucketsOf(p.s.Tens[ten]), 0)
	}
	b.times.never = b.never()
	return b
}

// read judges every criterion that makes sense on a plateau.
func (p *plateau) read(sc *scenarios.Scenario) results.Reading {
	r := results.Reading{State: results.StateUndecided, P50: results.Never, P95: results.Never, From: p.from, To: p.to,
		Batches: p.batches(), Gates: slices.Clone(p.s.Gates), Criteria: []results.CriterionReading{}}
	all := make([]batch, p.batches())
	for i := range all {
		all[i] = p.batch(i)
	}
	if len(all) == 0 {
		return r
	}
	p.describe(&r, all)
	for _, c := range sc.Criteria.List {
		if judgedOnPlateaus(c.Metric) {
			r.Criteria = append(r.Criteria, p.judge(c, all))
		}
	}
	r.State = p.state(r.Criteria, sc)
	return r
}

func judgedOnPlateaus(m scenarios.Metric) bool {
	return m != scenarios.MetricLost && m != scenarios.MetricMidWork
}

func (p *plateau) describe(r *results.Reading, all []batch) {
	var sum bag
	var found []bucket
	for _, b := range all {
		sum.add(&b.bag)
		found = append(found, b.times.buckets...)
	}
	d := newDistribution(found, sum.never())
	r.P50, r.P95 = secondsOf(d.decimal(p50)), secondsOf(d.decimal(p95))
	r.Offered = float64(sum.Started) / float64(p.to-p.from)
	if sum.valid() > 0 {
		r.Success = float64(sum.inClass()) / float64(sum.valid())
	}
}

// judge is one criterion: the share of people on its bad side.
func (p *plateau) judge(c scenarios.Criterion, all []batch) results.CriterionReading {
	blocks := make([]block, len(all))
	out := results.CriterionReading{ID: c.ID, State: results.StateUndecided}
	var k uint64
	for i, b := range all {
		blocks[i] = badSide(c, &b)
		k, out.N = k+blocks[i].K, out.N+blocks[i].N
	}
	limit := badLimit(c)
	out.Limit, _ = limit.Float64()
	if out.N == 0 {
		out.CI = [2]float64{0, 1}
		return out
	}
	out.Bad = float64(k) / float64(out.N)
	ci := proportion(blocks, 1)
	out.CI[0], _ = ci.Lo.Float64()
	out.CI[1], _ = ci.Hi.Float64()
	if out.N < needed(c) {
		return out
	}
	if limit.Sign() == 0 { // a claim on this trial, not an estimate
		out.State = results.StateMet
		if k > 0 {
			out.State = results.StateNotMet
		}
		return out
	}
	switch {
	case ci.Hi.Cmp(limit) < 0:
		out.State = results.StateMet
	case ci.Lo.Cmp(limit) > 0:
		out.State = results.StateNotMet
	}
	return out
}

// badSide counts the people of a batch that speak against a criterion.
func badSide(c scenarios.Criterion, b *batch) block {
	if c.Quantile != nil {
		return block{K: b.times.over(c.Time), N: b.times.n()}
	}
	k, n := count(c.Metric, &b.bag), base(c.Metric, &b.bag)
	if atLeast(c.Op) {
		k = n - k
	}
	return block{K: k, N: n}
}

// badLimit is the share of them that is allowed.
func badLimit(c scenarios.Criterion) *big.Rat {
	one := big.NewRat(1, 1)
	if c.Quantile != nil {
		return one.Sub(one, c.Quantile)
	}
	if atLeast(c.Op) {
		return one.Sub(one, c.Rate)
	}
	return c.Rate
}

// state joins the criteria that must hold.
func (p *plateau) state(criteria []results.CriterionReading, sc *scenarios.Scenario) results.State {
	state := results.StateUndecided
	for _, c := range criteria {
		i := slices.IndexFunc(sc.Criteria.List, func(x scenarios.Criterion) bool { return x.ID == c.ID })
		if i < 0 || sc.Criteria.List[i].Severity == scenarios.Minor {
			continue
		}
		switch c.State {
		case results.StateNotMet:
			return p.gated(results.StateNotMet)
		case results.StateUndecided:
			return results.StateUndecided
		}
		state = results.StateMet
	}
	return p.gated(state)
}

func (p *plateau) gated(s results.State) results.State {
	if len(p.s.Gates) > 0 {
		return results.StateUndecided
	}
	return s
}
