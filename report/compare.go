package report

import "firstbell/runner/results"

// CompareOptions are what a regression is.
type CompareOptions struct {
	// Effect is the least relative change that counts, 0.1 when 0.
	Effect float64
}

// Reading of one compared metric.
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
	What     string `json:"what"` // plan, criteria, target, tool, scale, seed
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

// Compare reads a run against a baseline.
func Compare(now, before *results.Run, nowS, beforeS *Summary, o CompareOptions) Comparison {
	return Comparison{SchemaVersion: SchemaVersion, Reading: NotComparable, Differences: []Difference{}, Metrics: []Compared{}}
}
