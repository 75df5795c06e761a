package report_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/report/reporttest"
	"firstbell/runner/results"
)

// judged is a run with its summary.
type judged struct {
	run *results.Run
	sum *report.Summary
}

func build(t *testing.T, spec reporttest.Spec) judged {
	t.Helper()
	run, sc := reporttest.Build(t, spec)
	s, err := report.Judge(run, sc)
	if err != nil {
		t.Fatal(err)
	}
	return judged{run, s}
}

func compare(now, before judged) report.Comparison {
	return report.Compare(now.run, before.run, now.sum, before.sum, report.CompareOptions{})
}

func metric(t *testing.T, c report.Comparison, key string) report.Compared {
	t.Helper()
	for _, m := range c.Metrics {
		if m.Key == key {
			return m
		}
	}
	t.Fatalf("no metric %s in %+v", key, c.Metrics)
	return report.Compared{}
}

func TestCompare(t *testing.T) {
	ready, bad := build(t, reporttest.SpecOf(t, "ready")), build(t, reporttest.SpecOf(t, "not_ready"))
	for name, row := range map[string]struct {
		now, before judged
		change      func(*report.Summary)
		reading     report.Change
		regression  bool
		p95         report.Change
	}{
		"the same twice": {now: ready, before: ready, reading: report.Same, p95: report.Same},
		"worse":          {now: bad, before: ready, reading: report.Worse, regression: true, p95: report.Worse},
		"better":         {now: ready, before: bad, reading: report.Better, p95: report.Better},
		"another schedule": {now: bad, before: ready, reading: report.NotComparable, p95: report.NotComparable,
			change: func(now *report.Summary) { now.Run.Digest = "e2e2" }},
		"other criteria": {now: bad, before: ready, reading: report.NotComparable, p95: report.NotComparable,
			change: func(now *report.Summary) { now.Criteria[0].Threshold = "0.9" }},
		"a sick generator": {now: bad, before: ready, reading: report.NotComparable, p95: report.NotComparable,
			change: func(now *report.Summary) { now.Validity[2].Status = report.NotMet }},
		"another address": {now: bad, before: ready, reading: report.Worse, regression: true, p95: report.Worse,
			change: func(now *report.Summary) { now.Run.Target = "https://autre.example" }},
	} {
		t.Run(name, func(t *testing.T) {
			if row.change != nil {
				now := *row.now.sum
				now.Criteria, now.Validity = slices.Clone(now.Criteria), slices.Clone(now.Validity)
				row.change(&now)
				row.now.sum = &now
			}
			c := compare(row.now, row.before)
			if c.Reading != row.reading || c.Regression != row.regression {
				t.Errorf("%s, regression %v; want %s", c.Reading, c.Regression, row.reading)
			}
			if m := metric(t, c, "p95"); m.Reading != row.p95 {
				t.Errorf("p95 %+v; want %s", m, row.p95)
			}
			if (row.change != nil) != (len(c.Differences) > 0) {
				t.Errorf("differences %+v", c.Differences)
			}
		})
	}
}

// TestNoRegressionByChance draws the same portal twice: hardly ever
// is a regression called (two of twenty pairs were, over all metrics), and always
// when it takes 1.4 times as long.
func TestNoRegressionByChance(t *testing.T) {
	drawn := func(seed uint64, slower float64) reporttest.Spec {
		r := rand.New(rand.NewPCG(seed, 3))
		spec := reporttest.SpecOf(t, "ready")
		spec.Groups, spec.Play = spec.Groups[:1], 120
		cache := map[int][]reporttest.People{} // the plan and the deltas ask for the same people
		spec.Mix = func(second, _ int) []reporttest.People {
			if cache[second] == nil {
				for range 10 {
					took := time.Duration((0.3 + slower*r.ExpFloat64()) * float64(time.Second))
					cache[second] = append(cache[second], reporttest.People{N: 1, Outcome: results.InTime, Took: took})
				}
			}
			return cache[second]
		}
		return spec
	}
	same, caught := 0, 0
	const pairs = 8
	for seed := range uint64(pairs) {
		one := build(t, drawn(2*seed+1, 1))
		if compare(build(t, drawn(2*seed, 1)), one).Regression {
			same++
		}
		if m := metric(t, compare(build(t, drawn(2*seed, 1.4)), one), "p95"); m.Regression {
			caught++
		}
	}
	if same > 1 || caught < pairs-1 {
		t.Errorf("%d of %d pairs alike regressed, %d of %d slower ones did", same, pairs, caught, pairs)
	}
}

// TestCompareCapacity: two intervals that overlap are the same; a difference
// counts when all of it does.
func TestCompareCapacity(t *testing.T) {
	with := func(low, high report.Decimal, censored string) *report.Summary {
		s := &report.Summary{}
		for _, id := range []string{"V1", "V2", "V3", "V7", "V8", "V9", "V10"} {
			s.Validity = append(s.Validity, report.Gate{ID: id, Status: report.Met})
		}
		s.Capacity = report.Capacity{Status: report.Met, Held: report.Range{Low: low, High: high, Censored: censored}}
		return s
	}
	for name, row := range map[string]struct {
		now, before *report.Summary
		want        report.Change
		diff        report.Decimal
	}{
		"overlapping":       {with("100", "110", ""), with("105", "115", ""), report.Same, "-5"},
		"apart, a little":   {with("100", "101", ""), with("105", "106", ""), report.Same, "-5"},
		"a fifth less":      {with("80", "82", ""), with("100", "104", ""), report.Worse, "-21"},
		"more":              {with("130", "132", ""), with("100", "104", ""), report.Better, "29"},
		"at least":          {with("150", "", "at_least"), with("100", "104", ""), report.Better, "46"},
		"less than":         {with("", "50", "less_than"), with("100", "104", ""), report.Worse, "-50"},
		"at least the same": {with("90", "", "at_least"), with("100", "104", ""), report.Same, "0"},
		"none":              {with("", "", "none"), with("100", "104", ""), report.NotComparable, ""},
	} {
		c := report.Compare(nil, nil, row.now, row.before, report.CompareOptions{})
		if m := metric(t, c, "held"); m.Reading != row.want || m.Diff != row.diff {
			t.Errorf("%s: %+v; want %s %s", name, m, row.want, row.diff)
		}
	}
}
