package results

import (
	"math"
	"time"
)

// Rest is a target when nobody waits in it.
type Rest struct {
	// Time is how long a login takes, in seconds, and Weights what share of it
	// each place of the journey takes: the first steps of all journeys, the
	// second ones, and so on.
	Time    float64
	Weights []float64
}

// restSeconds is how much of a trial's start is read as rest.
const restSeconds = 20

// AtRest reads a target's times from the start of a trial whose load begins low.
// ok is false when nobody got in by then.
func (s *Series) AtRest() (rest Rest, ok bool) {
	rest.Weights = make([]float64, s.places())
	for place, steps := range s.byPlace() {
		var sum, n float64
		for _, i := range steps {
			for _, h := range s.Steps[i].Tens[:min(restSeconds/10, len(s.Steps[i].Tens))] {
				h.Each(func(lo, hi time.Duration, count uint64) {
					sum += (lo + hi).Seconds() / 2 * float64(count)
					n += float64(count)
				})
			}
		}
		if n > 0 {
			rest.Weights[place] = sum / n
			rest.Time += sum / n
		}
	}
	if rest.Time <= 0 {
		return Rest{}, false
	}
	for i := range rest.Weights {
		rest.Weights[i] /= rest.Time
	}
	return rest, true
}

// place is which step of its journey each step is, from 0. Plan.Steps holds the
// journeys one after another, each in order.
func (s *Series) place(i int) int {
	n := 0
	for j := i - 1; j >= 0 && s.Steps[j].Journey == s.Steps[i].Journey; j-- {
		n++
	}
	return n
}

func (s *Series) places() int {
	n := 0
	for i := range s.Steps {
		n = max(n, s.place(i)+1)
	}
	return n
}

func (s *Series) byPlace() [][]int {
	out := make([][]int, s.places())
	for i := range s.Steps {
		p := s.place(i)
		out[p] = append(out[p], i)
	}
	return out
}

// inside is how many people are in the steps of each place at the end of a
// second.
func (s *Series) inside(second int) []float64 {
	out := make([]float64, s.places())
	for i := range s.Steps {
		if second >= 0 && second < len(s.Steps[i].InFlight) {
			out[s.place(i)] += float64(s.Steps[i].InFlight[second])
		}
	}
	return out
}

// meanInside is how many people are in the steps of each place, on the mean of
// seconds from ≤ s < to.
func (s *Series) meanInside(from, to int) []float64 {
	out := make([]float64, s.places())
	for second := from; second < to; second++ {
		for k, n := range s.inside(second) {
			out[k] += n / float64(to-from)
		}
	}
	return out
}

// Busy is the last stretch of the load, in seconds from ≤ s < to, in which the
// backlog never left: more people inside, all the time, than half as many again
// as a target without queues would hold. Its first seconds are left out, while
// the later steps fill. Empty (from = to) when the load ended without backlog.
func (s *Series) Busy(rest Rest) (from, to int) {
	to = min(int(s.Due()/time.Second), len(s.Seconds))
	rate := s.peakDone(to)
	full := 1.5*rate*rest.Time + 10
	from = to
	for from > 0 && float64(s.Seconds[from-1].InFlight) > full {
		from--
	}
	const fill = 3
	return min(to, from+fill), to
}

// peakDone is the highest mean of ten seconds of people proved in class.
func (s *Series) peakDone(to int) float64 {
	best, sum := 0.0, 0.0
	for i := range s.Seconds[:to] {
		sum += float64(s.Seconds[i].Done)
		if i >= 10 {
			sum -= float64(s.Seconds[i-10].Done)
		}
		best = max(best, sum/10)
	}
	return best
}

// Work reads the capacity, in people per second, from each ten seconds of a
// stretch in which the target was busy all the time.
//
// People proved in class are not it: where all steps share one pool, more first
// steps than last ones are served while the backlog grows, so what comes out is
// less than the target could sustain (0.87 of it at 1.28 times its capacity, for
// three equal steps). What is conserved is work: the people through each place,
// weighted by what the place costs at rest. Places before which nobody waits
// are left out. Places that share a pool have the same wait; where the waits
// differ there are several pools, and the narrowest of them counts.
func (s *Series) Work(rest Rest, from, to int) []float64 {
	const ten = 10
	if to-from < ten || len(rest.Weights) != s.places() {
		return nil
	}
	weights, one := s.waiting(rest, from, to)
	var out []float64
	for at := to - (to-from)/ten*ten; at+ten <= to; at += ten {
		if x, ok := joined(s.through(at, at+ten), weights, one); ok {
			out = append(out, x)
		}
	}
	return out
}

// joined is the weighted mean of what goes through places of one pool, else the
// least of it. Nobody may have been served; ok is false for no places.
func joined(through, weights []float64, one bool) (x float64, ok bool) {
	var sum, weight float64
	least := math.Inf(1)
	for k, w := range weights {
		if w > 0 {
			sum, weight, least = sum+float64(through[k]*w), weight+w, min(least, through[k])
		}
	}
	switch {
	case weight <= 0:
		return 0, false
	case one:
		return sum / weight, true
	}
	return least, true
}

// waiting gives the weights of the places before which people wait, those that
// hold at least a tenth of all who wait in the stretch, and whether they wait for
// one pool: their waits, by Little's law over the whole of it, are within a quarter
// of each other.
func (s *Series) waiting(rest Rest, from, to int) (weights []float64, one bool) {
	inside, leave := s.meanInside(from, to), s.through(from, to)
	for k, n := range s.failed(from, to) {
		leave[k] += n / float64(to-from)
	}
	rate := s.peakDone(to)
	var all float64
	for k := range inside {
		inside[k] = max(0, inside[k]-float64(rate*rest.Time)*rest.Weights[k])
		all += inside[k]
	}
	weights = make([]float64, len(inside))
	shortest, longest := 0.0, 0.0
	for k, n := range inside {
		if n < 0.1*all || !(leave[k] > 0) {
			continue
		}
		weights[k] = rest.Weights[k]
		wait := n / leave[k]
		if shortest == 0 || wait < shortest {
			shortest = wait
		}
		longest = max(longest, wait)
	}
	return weights, longest <= 1.25*shortest
}

// through is how many people per second each place serves in seconds from ≤ s <
// to: those who came less those who stayed, place after place, and less those who
// failed there. Who was let down after a wait left, and was no work done: a proxy
// that gives up after so many seconds would else pass for a portal that serves
// whatever comes.
func (s *Series) through(from, to int) []float64 {
	var came float64
	for _, sec := range s.Seconds[from:to] {
		came += float64(sec.Started)
	}
	before, after, failed := s.inside(from-1), s.inside(to-1), s.failed(from, to)
	out := make([]float64, len(after))
	for k := range out {
		came = max(0, came-(after[k]-before[k])-failed[k])
		out[k] = came / float64(to-from)
	}
	return out
}

// failed is how many people were let down at each place in seconds from ≤ s < to.
// When they settled is known by the second; at which step, over the whole trial.
func (s *Series) failed(from, to int) []float64 {
	out := make([]float64, s.places())
	var all float64
	for i := range s.Steps {
		for _, ends := range s.Steps[i].Ends {
			n := bad(ends)
			out[s.place(i)] += n
			all += n
		}
	}
	var now float64
	for _, sec := range s.Seconds[from:to] {
		now += bad(sec.Settled)
	}
	for k := range out {
		if all > 0 {
			out[k] *= now / all
		}
	}
	return out
}

// bad counts those of a tally who were let down.
func bad(by [outcomes]uint32) (n float64) {
	for o, k := range by {
		switch Outcome(o) {
		case NoOutcome, InTime, Late, NotSent:
		default:
			n += float64(k)
		}
	}
	return n
}
