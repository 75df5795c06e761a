package scenarios

import (
	"math"
	"slices"
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

// OwnTimeBeyond is the share of people whose own pauses on the way to the page in
// class last longer than t: of each journey the widest pause is log-normal, and
// the others take their medians.
func (s *Scenario) OwnTimeBeyond(t time.Duration) float64 {
	var all, beyond float64
	for _, c := range s.Population {
		i := slices.IndexFunc(s.Personas, func(p Persona) bool { return p.ID == c.Persona })
		if i < 0 {
			continue
		}
		p, people := &s.Personas[i], float64(c.People)*c.ShowUp
		all += people
		for _, share := range p.Journeys {
			beyond += people * share.Part * s.Journeys[share.Index].beyond(p.Think, t)
		}
	}
	if !(all > 0) {
		return 0
	}
	return beyond / all
}

// beyond is the part of those on a journey whose pauses last longer than t.
func (j *Journey) beyond(think Think, t time.Duration) float64 {
	widest := j.widest(think)
	left := t - (j.pauses(think) - widest.Median) // for the widest pause
	if left < widest.Median && widest.tail() == 0 || left <= 0 {
		return 1
	}
	if widest.tail() == 0 {
		return 0
	}
	sigma := math.Log(float64(widest.P95)/float64(widest.Median)) / z95
	return math.Erfc(math.Log(float64(left)/float64(widest.Median))/sigma/math.Sqrt2) / 2
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
			longest = max(longest, j.pauses(p.Think)+j.widest(p.Think).tail())
		}
	}
	return min(longest, longestTail)
}

// widest is the pause before class that goes farthest above its median; of pauses
// that never vary, the last.
func (j *Journey) widest(think Think) (most Think) {
	for i := range j.Steps {
		st, t := &j.Steps[i], Think{}
		switch {
		case st.Pause != nil:
			t = *st.Pause
		case i > 0:
			t = think
		}
		if t.Median > 0 && t.tail() >= most.tail() {
			most = t
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
