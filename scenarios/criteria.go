package scenarios

import (
	"math/big"
	"time"
)

// Criteria is what is judged, fixed before the run. The tool ships no official
// threshold.
type Criteria struct {
	// InTime separates in_time from late: in class within this of the first
	// click. Default 10s, listed as an assumption.
	InTime time.Duration
	List   []Criterion
	Worst  []Dimension // the criteria must hold in the worst group of each, too
}

// Dimension is a way to split people.
type Dimension string

const (
	ByRegion  Dimension = "region"
	ByLevel   Dimension = "level"
	ByPersona Dimension = "persona"
)

// Metric is what a criterion measures, over the people whose intended arrival
// lies in the peak window.
type Metric string

const (
	MetricInClass     Metric = "in_class" // in_time + late
	MetricInTime      Metric = "in_time"
	MetricLate        Metric = "late"
	MetricWaitingRoom Metric = "waiting_room"
	MetricQuota       Metric = "quota"
	MetricBlank       Metric = "blank"
	MetricError       Metric = "error"
	MetricTimeout     Metric = "timeout"
	MetricUnreachable Metric = "unreachable"
	MetricLost        Metric = "lost"          // gave up
	MetricMidWork     Metric = "mid_work_loss" // of those in class
	MetricTimeToClass Metric = "time_to_class" // percentile, never included
	MetricNever       Metric = "never"         // not in class by the end
)

// Criterion is one line of the criteria: a rate or a percentile of time.
type Criterion struct {
	ID       string // the metric's name; with a number when it comes twice
	Metric   Metric
	Quantile *big.Rat      // 95/100 for p(95); nil for a rate
	Op       string        // "<", "<=", ">", ">="
	Rate     *big.Rat      // 995/1000 for rate>99.5%; nil for a time
	Time     time.Duration // limit of a percentile
	Severity Severity
	Text     string // as written: "rate>99.5%"
	Line     int
}

// Severity is what a failed criterion does to the verdict.
type Severity string

const (
	Blocking Severity = "blocking" // not_ready
	Major    Severity = "major"    // not_ready
	Minor    Severity = "minor"    // a reservation
)

// LongestTime is the longest time that anybody is judged by: the run must watch
// the last people for as long.
func (c *Criteria) LongestTime() time.Duration {
	longest := c.InTime
	for _, one := range c.List {
		longest = max(longest, one.Time)
	}
	return longest
}
