package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// onset is the first instant at which a step leaves its own normal. Steps of one name
// are one page: several journeys begin with the same login, and give way together.
type onset struct {
	step results.Step // of the first journey that has it
	at   float64      // second of the trial; +Inf when it never left
}

const (
	onsetBin   = 4   // seconds
	onsetTimes = 2.5 // of its own normal at this load
	onsetLead  = 2 * onsetBin
)

// onsetsOf reads the trial just past the limit: for each step since when it has
// had more than 2.5 times its own normal number of people inside, by bins of 4 s,
// earliest first. Normal is what it had in the stretch before,
// in proportion to the load; by Little's law this is 2.5 times the normal time in
// the step. A number of people scatters as a Poisson variable does, which a step
// that is nearly empty must exceed too.
func onsetsOf(p *played) []onset {
	from, ratio := onsetPhases(&p.Conduct)
	if from == 0 || p.Series.Played == 0 {
		return nil
	}
	var out []onset
	for k := range p.Series.Steps {
		s := &p.Series.Steps[k]
		if performed(s, 0, len(s.Ends)) == 0 || slices.ContainsFunc(out, func(o onset) bool { return o.step.Name == s.Name }) {
			continue
		}
		out = append(out, onset{s.Step, leaves(insideAll(p.Series, s.Name), from, p.Series.Played, ratio)})
	}
	slices.SortStableFunc(out, func(a, b onset) int { return cmp.Compare(a.at, b.at) })
	return out
}

// onsetPhases is where the plateau begins and how much higher its load is than
// the stretch before.
func onsetPhases(c *results.Conduct) (from int, ratio float64) {
	if len(c.Segments) != 2 || !(c.Segments[0].Rate > 0) {
		return 0, 0
	}
	return int(c.Segments[0].Length / time.Second), c.Segments[1].Rate / c.Segments[0].Rate
}

// inside is the mean number of people in a step by second: the time they spent
// in it, or where that was not recorded those inside at its end.
func inside(s *results.StepSeries) []float64 {
	out := make([]float64, max(len(s.Inside), len(s.InFlight)))
	for i := range out {
		if i < len(s.Inside) {
			out[i] = s.Inside[i].Seconds()
		} else {
			out[i] = float64(s.InFlight[i])
		}
	}
	return out
}

// insideAll is the people in the steps of one name, all journeys together.
func insideAll(s *results.Series, name string) []float64 {
	var out []float64
	for k := range s.Steps {
		if s.Steps[k].Name != name {
			continue
		}
		for i, n := range inside(&s.Steps[k]) {
			if i == len(out) {
				out = append(out, 0)
			}
			out[i] += n
		}
	}
	return out
}

func leaves(people []float64, from, to int, ratio float64) float64 {
	normal := stats.Fold(people[:min(from, len(people))], max(1, from/2)) // the later half
	if len(normal) == 0 {
		return math.Inf(1)
	}
	usual := normal[len(normal)-1] * ratio
	limit := math.Max(onsetTimes*usual, usual+4*math.Sqrt(math.Max(usual, 1)))
	var outside []bool
	for t := from; t+onsetBin <= min(to, len(people)); t += onsetBin {
		outside = append(outside, stats.Fold(people[t:t+onsetBin], onsetBin)[0] > limit)
	}
	if i := forGood(outside); i >= 0 {
		return float64(from + i*onsetBin)
	}
	return math.Inf(1)
}

// forGood is the first of two consecutive bins from which on a step is outside
// its normal to the end, but for one bin in five; -1 for none. A step a few per
// cent stronger than the weakest strays too, and comes back.
func forGood(outside []bool) int {
	first, out := -1, 0
	for i := len(outside) - 1; i >= 0; i-- {
		if outside[i] {
			out++
		}
		if 5*out < 4*(len(outside)-i) {
			break
		}
		if outside[i] && i+1 < len(outside) && outside[i+1] {
			first = i
		}
	}
	return first
}

// leads is by how much the first step was before the second; +Inf when no other
// left.
func leads(list []onset) float64 {
	switch {
	case len(list) == 0 || math.IsInf(list[0].at, 1):
		return 0
	case len(list) == 1:
		return math.Inf(1)
	}
	return list[1].at - list[0].at
}

func onsetRows(list []onset, trial, sign string) []Onset {
	out := make([]Onset, 0, len(list))
	for i, o := range list {
		row := Onset{Journey: o.step.Journey, Step: o.step.Name, Sign: sign, Trial: trial}
		if !math.IsInf(o.at, 1) {
			row.At = rounded(o.at, 0)
			if i+1 < len(list) && !math.IsInf(list[i+1].at, 1) {
				row.Lead = rounded(list[i+1].at-o.at, 0)
			}
		}
		out = append(out, row)
	}
	return out
}

// littleLimit is the relative difference of the two sides of Little's identity
// beyond which our own books are wrong.
const littleLimit = 0.005

// littleOf compares, per step, the integral of the people inside with the sum of
// the times they spent there: the two come from independent counters, and over a
// whole trial that ended empty they are equal. Growth is the slope of the people
// inside while the load was on.
func littleOf(p *played) []LittleRow {
	from, _ := onsetPhases(&p.Conduct)
	var out []LittleRow
	for k := range p.Series.Steps {
		s := &p.Series.Steps[k]
		if performed(s, 0, len(s.Ends)) == 0 {
			continue
		}
		area, sum := totalTime(s.Inside), totalTime(s.Spent)
		row := LittleRow{Journey: s.Journey, Step: s.Name, Area: rounded(area, 3), Sum: rounded(sum, 3)}
		if sum > 0 && len(s.Inside) > 0 && emptyAtEnd(s) {
			row.Gap = rounded(math.Abs(area-sum)/sum, 5)
		}
		people := inside(s)
		people = people[min(from, len(people)):min(max(from, p.Series.Played), len(people))]
		if g := stats.Slope(stats.Fold(people, 10), 10); g.Sure {
			row.Growth = rounded(g.Value, 3)
		}
		out = append(out, row)
	}
	return out
}

func emptyAtEnd(s *results.StepSeries) bool {
	n := len(s.InFlight)
	return n == 0 || s.InFlight[n-1] == 0
}

func totalTime(spans []time.Duration) float64 {
	var sum time.Duration
	for _, d := range spans {
		sum += d
	}
	return sum.Seconds()
}

// unbalanced is the step whose books do not agree, if any.
func unbalanced(rows []LittleRow) (LittleRow, bool) {
	for _, r := range rows {
		if g := r.Gap.Float(); g > littleLimit {
			return r, true
		}
	}
	return LittleRow{}, false
}
