package runner

import (
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// obey takes the plan's conduct. Without one everybody behaves as the scenario
// says.
func (r *run) obey(c *results.Conduct) {
	r.conduct = results.Conduct{Refreshes: -1}
	if c != nil {
		r.conduct = *c
	}
	r.patience = patienceOf(&r.site.sc.Patience, r.conduct.Refreshes)
}

// patienceOf is how people wait in a trial: nobody refreshes or comes back; or
// everybody as the scenario says; or they come back a given number of times, by
// the scenario's waits or, where nobody ever refreshes, by those of the morning
// replayed by default.
func patienceOf(own *scenarios.Patience, refreshes int) *scenarios.Patience {
	switch {
	case refreshes == 0:
		return &scenarios.Patience{None: true, Tries: 1, TriesTeacher: 1}
	case refreshes > 0 && own.None:
		p := scenarios.DefaultPatience()
		return &p
	}
	return own
}

// segmentAt is the segment of the load an instant lies in; the last one
// afterwards.
func segmentAt(list []results.Segment, at time.Duration) int {
	for i, s := range list {
		if at -= s.Length; at < 0 {
			return i
		}
	}
	return max(0, len(list)-1)
}
