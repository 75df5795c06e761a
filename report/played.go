package report

import (
	"math"
	"strconv"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// played is a finished trial of a session with what it left: all that recovery,
// attribution and storms are read from.
type played struct {
	results.Trial
	Series  *results.Series
	Reading results.Reading
	Traces  traces // zero for a simulated trial: signatures then see less
}

// generatorLimited reports whether the trial says something about the generator
// and not about the target: no conclusion is drawn from it.
func (p *played) generatorLimited() bool {
	for _, id := range p.Reading.Gates {
		switch id {
		case "V1", "V2", "V3":
			return true
		}
	}
	return false
}

// trialsOf are the trials of a stage, in the order they were played.
func trialsOf(trials []played, stage string) []played {
	var out []played
	for _, p := range trials {
		if p.Stage == stage && p.Series != nil {
			out = append(out, p)
		}
	}
	return out
}

// rounded is a number of a model or a fit as a Decimal: infinite is Never, not a
// number is no value.
func rounded(x float64, digits int) Decimal {
	switch {
	case math.IsNaN(x) || math.IsInf(x, -1):
		return ""
	case math.IsInf(x, 1):
		return Never
	}
	d := trimmed(strconv.FormatFloat(x, 'f', digits, 64))
	if d == "-0" {
		return "0"
	}
	return d
}

// between is an interval of people or rates as a Range.
func between(in stats.Interval, digits int) Range {
	return Range{Low: rounded(in.Lo, digits), High: rounded(in.Hi, digits)}
}

// bad counts, of the people due in tens [from, to), those on the bad side of a
// criterion. ok is false for what a series does not hold (what breaks after
// class, people who gave up).
func bad(s *results.Series, c scenarios.Criterion, from, to int) (k, n uint64, ok bool) {
	var b bag
	var late uint64
	for ten := max(0, from); ten < to; ten++ {
		for second := ten * 10; second < min(ten*10+10, len(s.Seconds)); second++ {
			x := &s.Seconds[second]
			b.Intended += uint64(x.Intended)
			b.Started += uint64(x.Started)
			for o, v := range x.By {
				b.Out[o] += uint64(v)
			}
		}
		if c.Quantile != nil && ten < len(s.Tens) {
			d := distribution{buckets: bucketsOf(s.Tens[ten])}
			late += d.over(c.Time)
		}
	}
	b.Out[results.NotSent] = 0
	if b.Started < b.Out[results.Invalid] {
		return 0, 0, true
	}
	n = b.valid()
	switch {
	case c.Quantile != nil:
		return min(late+n-min(n, b.inClass()), n), n, true
	case c.Metric == scenarios.MetricLost || c.Metric == scenarios.MetricMidWork:
		return 0, 0, false
	}
	k = min(count(c.Metric, &b), n)
	if atLeast(c.Op) {
		k = n - k
	}
	return k, n, true
}

// allowed is the share of people a criterion allows on its bad side.
func allowed(c scenarios.Criterion) float64 {
	if c.Quantile != nil {
		q, _ := c.Quantile.Float64()
		return 1 - q
	}
	limit, _ := stats.BadSide(c.Op, c.Rate).Float64()
	return limit
}

// deciding are the criteria that a stretch of a trial is called good or bad by:
// all that must hold, and where there are none that 95 % get in.
func deciding(sc *scenarios.Scenario) []scenarios.Criterion {
	var out []scenarios.Criterion
	for _, c := range sc.Criteria.List {
		if c.Severity != scenarios.Minor {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		out = append(out, scenarios.Criterion{ID: "in_class", Metric: scenarios.MetricInClass, Op: ">=", Rate: p95})
	}
	return out
}

// good reports whether everything that must hold held for the people due in
// tens [from, to). Nobody due is not good.
func good(s *results.Series, criteria []scenarios.Criterion, from, to int) bool {
	any := false
	for _, c := range criteria {
		k, n, ok := bad(s, c, from, to)
		if !ok {
			continue
		}
		if n == 0 || float64(k) > allowed(c)*float64(n) {
			return false
		}
		any = true
	}
	return any
}
