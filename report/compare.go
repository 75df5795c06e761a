package report

import (
	"slices"
	"strconv"
	"strings"

	"firstbell/runner/results"
)

// CompareOptions are what a regression is.
type CompareOptions struct {
	// Effect is the least relative change that counts, 0.1 when 0.
	Effect float64
}

// Change is how a metric went from the baseline to now.
type Change string

const (
	Better        Change = "better"
	Same          Change = "same"
	Worse         Change = "worse"
	NotComparable Change = "not_comparable"
)

// Comparison is a run against a baseline, metric by metric.
type Comparison struct {
	SchemaVersion string `json:"schema_version"`
	Now           string `json:"now"` // run ids
	Before        string `json:"before"`
	Reading       Change `json:"reading"` // worse when any metric regressed
	// Regression: an interval of a difference excludes 0 on the bad side and the
	// change is at least Effect.
	Regression  bool         `json:"regression"`
	Effect      Decimal      `json:"effect"`
	Differences []Difference `json:"differences"` // in what was asked, not in what came of it
	Metrics     []Compared   `json:"metrics"`
}

// Difference is one thing the two runs did not have in common. Blocking ones
// make every metric not comparable.
type Difference struct {
	What     string `json:"what"` // plan, criteria, scale, gates, seed, scenario, target, version, tool
	Before   string `json:"before"`
	Now      string `json:"now"`
	Blocking bool   `json:"blocking"`
}

// Compared is one metric of both runs. Diff is now − before.
type Compared struct {
	Key        string     `json:"key"`
	Format     Format     `json:"format"`
	Before     Decimal    `json:"before"`
	Now        Decimal    `json:"now"`
	Diff       Decimal    `json:"difference"`
	CI95       [2]Decimal `json:"ci95"`
	Relative   Decimal    `json:"relative"` // |difference| ÷ before
	Reading    Change     `json:"reading"`
	Regression bool       `json:"regression"`
}

// Compare reads a run against a baseline: shares and percentiles of time to
// class over the peak window, with a block bootstrap over the 10-s blocks of both
// runs, and the capacity figures of two sessions, by interval arithmetic. A metric
// is better or worse when the interval of its difference excludes 0 and the
// change is at least Effect of what it was (for shares of people in class, of the
// share that was not); else the same. Differences in what was asked, and checks
// that failed, make everything not comparable: both values are printed then, and
// no difference.
//
// The runs may be nil, for sessions without a storm of the required size: only
// capacity is compared then. It is pure; nothing is changed.
func Compare(now, before *results.Run, nowS, beforeS *Summary, o CompareOptions) Comparison {
	out := Comparison{SchemaVersion: SchemaVersion, Reading: NotComparable, Differences: []Difference{}, Metrics: []Compared{}}
	if !(o.Effect > 0) {
		o.Effect = leastEffect
	}
	out.Effect = rounded(o.Effect, 6)
	if nowS == nil || beforeS == nil {
		return out
	}
	out.Now, out.Before = nowS.Run.ID, beforeS.Run.ID
	out.Differences = differences(nowS, beforeS)
	if sound(now) && sound(before) {
		out.Metrics = compareRuns(now, before, o.Effect)
	}
	out.Metrics = append(out.Metrics, compareCapacity(&nowS.Capacity, &beforeS.Capacity, o.Effect)...)
	blocked := slices.ContainsFunc(out.Differences, func(d Difference) bool { return d.Blocking })
	for i := range out.Metrics {
		if m := &out.Metrics[i]; blocked {
			m.Diff, m.CI95, m.Relative, m.Reading, m.Regression = "", [2]Decimal{}, "", NotComparable, false
		}
	}
	out.conclude()
	return out
}

// leastEffect is the relative change that counts where none is given.
const leastEffect = 0.10

// conclude joins the metrics: worse with any regression, then better, then the
// same; not comparable when none could be compared.
func (c *Comparison) conclude() {
	for _, m := range c.Metrics {
		switch m.Reading {
		case Worse:
			c.Reading, c.Regression = Worse, true
			return
		case Better:
			c.Reading = Better
		case Same:
			if c.Reading == NotComparable {
				c.Reading = Same
			}
		}
	}
}

func sound(r *results.Run) bool {
	return r != nil && r.Plan != nil && r.Total != nil && r.Plan.PlayTo > r.Plan.PlayFrom
}

// differences lists what the two did not have in common.
func differences(now, before *Summary) []Difference {
	out := []Difference{}
	add := func(what, was, is string, blocking bool) {
		if was != is {
			out = append(out, Difference{What: what, Before: was, Now: is, Blocking: blocking})
		}
	}
	add("plan", short(before.Run.Digest), short(now.Run.Digest), true)
	add("criteria", criteriaText(before), criteriaText(now), true)
	add("scale", decimalText(before.Run.Scale), decimalText(now.Run.Scale), true)
	add("gates", strings.Join(unsound(before), " "), strings.Join(unsound(now), " "), true)
	if list := unsound(now); len(list) > 0 && strings.Join(list, " ") == strings.Join(unsound(before), " ") {
		all := strings.Join(list, " ")
		out = append(out, Difference{What: "gates", Before: all, Now: all, Blocking: true})
	}
	add("seed", strconv.FormatUint(before.Run.Seed, 10), strconv.FormatUint(now.Run.Seed, 10), false)
	add("scenario", short(before.Run.ScenarioHash), short(now.Run.ScenarioHash), false)
	add("target", before.Run.Target, now.Run.Target, false)
	add("version", before.About.Version, now.About.Version, false)
	add("tool", before.Tool.Version, now.Tool.Version, false)
	return out
}

// unsound are the gates that failed and spoil the figures.
func unsound(s *Summary) []string {
	return slices.DeleteFunc(failedGates(s.Validity), func(id string) bool { return id == "V4" || id == "V8" })
}

func short(digest string) string { return digest[:min(len(digest), 12)] }

func decimalText(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// criteriaText is what was required, in order, without the worst groups.
func criteriaText(s *Summary) string {
	parts := []string{"in_time " + string(s.Run.InTime)}
	for _, c := range s.Criteria {
		if len(c.By) == 0 {
			parts = append(parts, strings.TrimSpace(c.Metric+" "+string(c.Quantile))+c.Relation+string(c.Threshold)+" "+c.Severity)
		}
	}
	return strings.Join(parts, "; ")
}
