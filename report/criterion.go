package report

import (
	"hash/fnv"
	"math/big"
	"slices"
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
	lo, hi := d.interval(c.Quantile, stats.Deff(t.overBlocks(c.Time, k)))
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

// recount judges a criterion again with everyone counted as in time whose
// outcome is not a complete refusal by the server, given in a 10-s block whose
// load was delivered on time: what a sick generator cannot have caused.
func (t *tally) recount(c scenarios.Criterion, k keep) Status {
	var total bag
	var blocks []block
	var refusedByBlock []block
	s := t.peak()
	first := s.from / 10
	for i, b := range t.blocks(s, k) {
		kind := refusalsOnly(&b, t.short[first+i] || t.short[first+i-1])
		total.add(&kind)
		blocks = append(blocks, block{K: count(c.Metric, &kind), N: base(c.Metric, &kind)})
		refusedByBlock = append(refusedByBlock, block{K: kind.never(), N: kind.valid()})
	}
	if base(c.Metric, &total) < needed(c) {
		return Unmeasured
	}
	if c.Quantile == nil {
		measured := fraction(count(c.Metric, &total), base(c.Metric, &total))
		return rateStatus(c, measured, proportion(blocks, t.stream(c.ID)))
	}
	d := newDistribution([]bucket{{N: total.inClass()}}, total.never())
	lo, hi := d.interval(c.Quantile, stats.Deff(refusedByBlock))
	return timeStatus(c, lo, hi)
}

// refusalsOnly is a bag in which only the server's complete refusals did not
// come in time.
func refusalsOnly(b *bag, short bool) bag {
	out := bag{Intended: b.Intended, Started: b.Intended}
	if !short {
		out.Out = b.Refused
		out.GaveUp, out.MidWork = b.GaveUpRefused, b.MidWorkRefused
	}
	out.Refused = out.Out
	out.Out[results.InTime] = b.Intended - min(b.Intended, out.refused())
	return out
}

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
		if c.Quantile != nil {
			cells = append(cells, timeCell(c, t.times(span{i * 10, i*10 + 10}, k)))
		} else {
			cells = append(cells, rateCell(c, count(c.Metric, &b), base(c.Metric, &b)))
		}
	}
	return cells
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

// judgeWorst judges a criterion in each group of a dimension and keeps the
// worst. ok is false when the dimension splits nobody.
func (t *tally) judgeWorst(c scenarios.Criterion, dim scenarios.Dimension, recount bool) (Criterion, bool) {
	values := t.values(dim)
	if len(values) < 2 {
		return Criterion{}, false
	}
	var worst *Criterion
	var worstValue string
	judged := 0
	recounted := Status("")
	for _, v := range values {
		one := t.judge(c, t.only(dim, v), recount)
		if one.N == 0 {
			continue
		}
		one.Group = groupOf(dim, v)
		if one.Status != Unmeasured {
			judged++
		}
		if one.Recount == NotMet {
			recounted = NotMet
		}
		if worst == nil || worse(c, &one, worst) {
			worst, worstValue = &one, v
		}
	}
	if worst == nil {
		return Criterion{}, false
	}
	worst.ID = c.ID + "@" + string(dim)
	worst.By = []string{string(dim)}
	worst.Hurt = t.hurt(c, t.only(dim, worstValue))
	worst.Judged, worst.NotJudged = judged, len(values)-judged
	if recounted != "" {
		worst.Recount = recounted
	}
	return *worst, true
}

// worse orders groups: not met, then not concluded, then met, then not judged;
// within a status by the value measured.
func worse(c scenarios.Criterion, a, b *Criterion) bool {
	rank := []Status{NotMet, Undecided, Met, Unmeasured}
	ra, rb := slices.Index(rank, a.Status), slices.Index(rank, b.Status)
	if ra != rb {
		return ra < rb
	}
	va, vb := a.Measured.order(), b.Measured.order()
	if atLeast(c.Op) {
		va, vb = vb, va
	}
	return va.Cmp(vb) > 0
}

// values lists a dimension's values among the plan's groups, in plan order.
func (t *tally) values(dim scenarios.Dimension) []string {
	var out []string
	for _, g := range t.plan.Groups {
		if v := valueOf(g, dim); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func valueOf(g results.Group, dim scenarios.Dimension) string {
	switch dim {
	case scenarios.ByRegion:
		return g.Region
	case scenarios.ByLevel:
		return g.Level
	}
	return g.Persona
}

func groupOf(dim scenarios.Dimension, v string) *Group {
	switch dim {
	case scenarios.ByRegion:
		return &Group{Region: v}
	case scenarios.ByLevel:
		return &Group{Level: v}
	}
	return &Group{Persona: v}
}

func (t *tally) only(dim scenarios.Dimension, v string) keep {
	return func(g int) bool { return g < len(t.plan.Groups) && valueOf(t.plan.Groups[g], dim) == v }
}

// stream is the seed of one criterion's bootstrap.
func (t *tally) stream(id string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(strconv.FormatUint(t.plan.Seed, 10) + "|" + id))
	return h.Sum64()
}
