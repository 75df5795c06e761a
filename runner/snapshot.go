package runner

import (
	"time"

	"firstbell/runner/results"
)

// Snapshot is what a person watching a run sees, once a second. It is a copy:
// reading it never delays the load. It survives JSON, in under 4 KiB.
type Snapshot struct {
	At       time.Duration // by the run's clock; negative before the start
	Intended int           // arrivals due so far
	Started  int
	NotSent  int
	Settled  int
	InFlight int // people inside a step
	Waiting  int // people on a waiting page
	Between  int // people thinking, or between two tries

	Done    int // in class so far
	InTime  int // of them, within the criterion's time
	Failed  int // settled and not in class, not_sent excepted
	Open    int // connections open, as Config.Open says
	Segment int // of a trial's load, from 0; 0 without

	// People counts the settled people by outcome.
	People [results.OutcomeCount]int
	// Recent counts the attempts that ended in the last 10 s by outcome.
	Recent [results.OutcomeCount]int
	// RecentP50 and RecentP95 are times to class over the last 10 s, failures
	// counted as never; negative means never, 0 with RecentN == 0 nothing.
	RecentN              int
	RecentP50, RecentP95 time.Duration
	// RecentClass counts these times to class, failures apart; nil when there are
	// none. [MergeSnapshots] needs it.
	RecentClass Spread `json:",omitempty"`

	DelayP99 time.Duration // sent − intended of first clicks, last 10 s
	CPU      float64       // 0..1, last second
}
