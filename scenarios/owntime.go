package scenarios

import (
	"math"
	"time"
)

// OwnTime is the longest time anybody spends pausing and thinking on the way to
// the page in class, at the medians: what a login takes of a portal that answers
// at once.
func (s *Scenario) OwnTime() time.Duration {
	longest := time.Duration(0)
	for i := range s.Personas {
		p := &s.Personas[i]
		for _, share := range p.Journeys {
			longest = max(longest, s.Journeys[share.Index].pauses(p.Think))
		}
	}
	return longest
}

// pauses adds up the pauses before the steps to class; there is none before the
// first unless the file says so.
func (j *Journey) pauses(think Think) (sum time.Duration) {
	for i := range j.Steps {
		st := &j.Steps[i]
		switch {
		case st.Pause != nil:
			sum += st.Pause.Median
		case i > 0:
			sum += think.Median
		}
		if st.InClass {
			break
		}
	}
	return sum
}

// Quantiles of the standard normal: of 95 % and of 99.9 %.
const (
	z95  = 1.6448536269514722
	z999 = 3.090232306167813
)

// longestTail bounds SlowOwnTime: who thinks longer is not waited for.
const longestTail = 5 * time.Minute

// SlowOwnTime is what all but about one person in a thousand need for their own
// pauses on the way to the page in class: the 99.9th percentile of the widest
// pause, and the medians of the others; at most 5 minutes.
func (s *Scenario) SlowOwnTime() time.Duration {
	longest := time.Duration(0)
	for i := range s.Personas {
		p := &s.Personas[i]
		for _, share := range p.Journeys {
			j := &s.Journeys[share.Index]
			longest = max(longest, j.pauses(p.Think)+j.widest(p.Think))
		}
	}
	return min(longest, longestTail)
}

// widest is how far above its median the widest pause before class goes.
func (j *Journey) widest(think Think) (most time.Duration) {
	for i := range j.Steps {
		st := &j.Steps[i]
		switch {
		case st.Pause != nil:
			most = max(most, st.Pause.tail())
		case i > 0:
			most = max(most, think.tail())
		}
		if st.InClass {
			break
		}
	}
	return most
}

// tail is the 99.9th percentile of a log-normal time, above its median.
func (t Think) tail() time.Duration {
	if t.Median <= 0 || t.P95 <= t.Median {
		return 0
	}
	ratio := math.Pow(float64(t.P95)/float64(t.Median), z999/z95)
	return time.Duration(min(float64(t.Median)*(ratio-1), float64(longestTail)))
}
