package report

import (
	"math"
	"strconv"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// played is a finished trial of a session with what it left: all that recovery,
// attribution and storms are read from.
type played struct {
	results.Trial
	Series  *results.Series
	Began   time.Time // of the played window; zero for a simulated trial
	Reading results.Reading
	Traces  traces // zero for a simulated trial: signatures then see less
}

// generatorLimited reports whether the trial says something about the generator
// and not about the target: no conclusion is drawn from it.
func (p *played) generatorLimited() bool {
	for _, id := range p.Reading.Gates {
		switch id {
		case "V1", "V2", "V3", "V5", "V6":
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
// criterion.
func bad(s *results.Series, c scenarios.Criterion, from, to int) block {
	var sum block
	p := plateau{s: s}
	for ten := max(0, from); ten < min(to, len(s.Seconds)/batchSeconds); ten++ {
		b := p.batch(ten * batchSeconds)
		one := badSide(c, &b)
		sum.K, sum.N = sum.K+one.K, sum.N+one.N
	}
	return sum
}

// deciding are the criteria that a stretch of a trial is called good or bad by:
// all that must hold, and where there are none that 95 % get in.
func deciding(sc *scenarios.Scenario) []scenarios.Criterion {
	var out []scenarios.Criterion
	for _, c := range sc.Criteria.List {
		if c.Severity != scenarios.Minor && judgedOnPlateaus(c.Metric) {
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
		limit, _ := badLimit(c).Float64()
		b := bad(s, c, from, to)
		if b.N == 0 || float64(b.K) > limit*float64(b.N) {
			return false
		}
		any = true
	}
	return any
}
