package report

import (
	"hash/fnv"
	"math/big"
	"strconv"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// judgeCriteria judges every criterion for everybody, then in the worst group
// of each dimension asked for. With recount, the second reading of decisions
// made despite a failed gate is added.
func judgeCriteria(t *tally, sc *scenarios.Scenario, recount bool) []Criterion {
	var out []Criterion
	for _, c := range sc.Criteria.List {
		one := t.judge(c, nil, recount)
		one.Hurt = t.hurt(c, nil)
		out = append(out, one)
		for _, dim := range sc.Criteria.Worst {
			if w, ok := t.judgeWorst(c, dim, recount); ok {
				out = append(out, w)
			}
		}
	}
	return out
}

func (t *tally) judge(c scenarios.Criterion, k keep, recount bool) Criterion {
	out := Criterion{
		ID: c.ID, Metric: string(c.Metric), Severity: string(c.Severity), Relation: c.Op,
		Status: Unmeasured, Window: t.clockSpan(t.peak()),
	}
	if out.Severity == "" {
		out.Severity = string(scenarios.Blocking)
	}
	if c.Quantile != nil {
		t.judgeTime(c, k, &out)
	} else {
		t.judgeRate(c, k, &out)
	}
	t.spare(c, k, &out)
	if recount {
		out.Recount = t.recount(c, k)
	}
	return out
}

// judgeRate fills a criterion on a share of people.
func (t *tally) judgeRate(c scenarios.Criterion, k keep, out *Criterion) {
	out.Format, out.Threshold = FormatPercent, exact(c.Rate)
	all := t.sum(t.peak(), k)
	out.Count, out.N = count(c.Metric, &all), base(c.Metric, &all)
	out.Needed = needed(c)
	if out.N == 0 {
		return
	}
	var blocks []block
	for _, b := range t.blocks(t.peak(), k) {
		blocks = append(blocks, block{K: count(c.Metric, &b), N: base(c.Metric, &b)})
	}
	ci := proportion(blocks, t.stream(c.ID))
	measured := fraction(out.Count, out.N)
	out.Measured = apart(measured, c.Rate)
	out.CI95 = [2]Decimal{exact(ci.Lo), exact(ci.Hi)}
	if out.N < out.Needed {
		return
	}
	out.Status = rateStatus(c, measured, ci)
}

// judgeTime fills a criterion on a percentile of time to class.
func (t *tally) judgeTime(c scenarios.Criterion, k keep, out *Criterion) {
	out.Format, out.Threshold, out.Quantile = FormatDuration, seconds(c.Time), exact(c.Quantile)
	out.Window = t.clockSpan(t.peak().outward())
	d := t.times(t.peak(), k)
	out.N, out.Needed = d.n(), needed(c)
	if out.N == 0 {
		return
	}
	lo, hi := d.interval(c.Quantile, stats.Effect(t.overBlocks(c.Time, k)))
	out.Measured = timeDecimal(d.quantile(c.Quantile))
	out.CI95 = [2]Decimal{timeDecimal(lo), timeDecimal(hi)}
	if out.N < out.Needed {
		return
	}
	out.Status = timeStatus(c, lo, hi)
}

// overBlocks counts, per 10-s block of the judged window, who needed longer.
func (t *tally) overBlocks(limit time.Duration, k keep) []block {
	var blocks []block
	s := t.peak().outward()
	for from := s.from; from < s.to; from += 10 {
		d := t.times(span{from, from + 10}, k)
		blocks = append(blocks, block{K: d.over(limit), N: d.n()})
	}
	return blocks
}

// count is the people a rate counts.
func count(m scenarios.Metric, b *bag) uint64 {
	switch m {
	case scenarios.MetricInClass:
		return b.inClass()
	case scenarios.MetricNever:
		return b.never()
	case scenarios.MetricLost:
		return min(b.GaveUp, b.valid())
	case scenarios.MetricMidWork:
		return min(b.MidWork, b.inClass())
	}
	if o, ok := results.ParseOutcome(string(m)); ok && int(o) < outcomeCount {
		return b.Out[o]
	}
	return 0
}

// base is the people a rate is over: started without rejected accounts; those
// in class for what breaks afterwards.
func base(m scenarios.Metric, b *bag) uint64 {
	if m == scenarios.MetricMidWork {
		return b.inClass()
	}
	return b.valid()
}

// needed is gate V8 for one criterion: how many people it takes to be judged.
func needed(c scenarios.Criterion) uint64 {
	if c.Quantile != nil {
		return max(minimumPeople, stats.MinForQuantile(c.Quantile))
	}
	return needForRate(stats.BadSide(c.Op, c.Rate))
}

func atLeast(op string) bool { return op == ">" || op == ">=" }

// rateStatus compares exact rationals. A limit of exactly 0 (<=) or 1 (>=) is a
// claim on this storm, not an estimate: it is met when nothing else was seen.
func rateStatus(c scenarios.Criterion, measured *big.Rat, ci bounds) Status {
	one := big.NewRat(1, 1)
	if (c.Op == "<=" && c.Rate.Sign() == 0) || (c.Op == ">=" && c.Rate.Cmp(one) == 0) {
		if measured.Cmp(c.Rate) == 0 {
			return Met
		}
		return NotMet
	}
	return compare(c.Op, ci.Lo.Cmp(c.Rate), ci.Hi.Cmp(c.Rate))
}

func timeStatus(c scenarios.Criterion, lo, hi time.Duration) Status {
	sign := func(d time.Duration) int { return big.NewInt(int64(d)).Cmp(big.NewInt(int64(c.Time))) }
	return compare(c.Op, sign(lo), sign(hi))
}

// compare judges an interval from the signs of lo − τ and hi − τ.
func compare(op string, lo, hi int) Status {
	var met, not bool
	switch op {
	case "<":
		met, not = hi < 0, lo >= 0
	case "<=":
		met, not = hi <= 0, lo > 0
	case ">":
		met, not = lo > 0, hi <= 0
	case ">=":
		met, not = lo >= 0, hi < 0
	}
	switch {
	case met:
		return Met
	case not:
		return NotMet
	}
	return Undecided
}

// holds compares one point.
func holds(op string, sign int) bool { return compare(op, sign, sign) == Met }

// hurt is the first and the last 10-s block of the played window in which the
// criterion, read as a point, was broken; nil when it never was.
func (t *tally) hurt(c scenarios.Criterion, k keep) *Span {
	var found *Span
	for i, cell := range t.strip(c, k) {
		if cell.Status == NotMet {
			from := t.clock(i * 10)
			if found == nil {
				found = &Span{From: from}
			}
			found.To = from + 10
		}
	}
	return found
}

// strip reads a criterion in every 10-s block of the played window.
func (t *tally) strip(c scenarios.Criterion, k keep) []StripCell {
	cells := make([]StripCell, 0, t.tens)
	for i, b := range t.blocks(span{0, t.play}, k) {
		cells = append(cells, t.cell(c, span{i * 10, i*10 + 10}, &b, k))
	}
	return cells
}

// cell reads a criterion in a piece of the played window; b is its people. What was
// broken only by people whom a lost worker left unobserved says nothing.
func (t *tally) cell(c scenarios.Criterion, s span, b *bag, k keep) StripCell {
	read := func(b *bag, times func(span, keep) distribution) StripCell {
		if c.Quantile != nil {
			return timeCell(c, times(s, k))
		}
		return rateCell(c, count(c.Metric, b), base(c.Metric, b))
	}
	out := read(b, t.times)
	if out.Status == NotMet && b.Unseen > 0 {
		spared := *b
		spared.spare()
		if read(&spared, t.sparedTimes).Status != NotMet {
			out.Status = StatusNeutral
		}
	}
	return out
}

func rateCell(c scenarios.Criterion, k, n uint64) StripCell {
	if n == 0 {
		return StripCell{Status: StatusNeutral}
	}
	m := fraction(k, n)
	return StripCell{Status: statusOf(holds(c.Op, m.Cmp(c.Rate))), N: int(n), Measured: apart(m, c.Rate)}
}

func timeCell(c scenarios.Criterion, d distribution) StripCell {
	if d.n() == 0 {
		return StripCell{Status: StatusNeutral}
	}
	q := d.quantile(c.Quantile)
	return StripCell{
		Status: statusOf(timeStatus(c, q, q) == Met), N: int(d.n()), Measured: timeDecimal(q),
	}
}

func statusOf(ok bool) Status {
	if ok {
		return Met
	}
	return NotMet
}

// stream is the seed of one criterion's bootstrap.
func (t *tally) stream(id string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(strconv.FormatUint(t.plan.Seed, 10) + "|" + id))
	return h.Sum64()
}
