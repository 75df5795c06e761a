package report

import (
	"cmp"
	"math"
	"slices"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// isolated is a step's capacity by itself, from all trials that played it.
type isolated struct {
	step   results.Step
	index  int // into Plan.Steps
	visits float64
	rate   stats.Estimate // steps per second; Hi is +Inf when it was never saturated
	seeds  int
	trial  string
}

// logins is the capacity in logins per second: steps per second ÷ visits.
func (s *isolated) logins() stats.Interval {
	return stats.Interval{Lo: s.rate.Lo / s.visits, Hi: s.rate.Hi / s.visits}
}

func (s *isolated) saturated() bool { return !math.IsInf(s.rate.Hi, 1) }

// isolatedSteps reads the isolation trials, lowest capacity first. A trial in
// which our own generator was the limit says nothing. Where a step was
// saturated its goodput is its capacity; where it held, what it did is the least
// it can do.
func isolatedSteps(trials []played, visits map[int]float64) []isolated {
	byStep := map[int][]played{}
	for _, p := range trialsOf(trials, results.StageIsolation) {
		if k := p.Conduct.Step; k >= 0 && k < len(p.Series.Steps) && !p.generatorLimited() {
			byStep[k] = append(byStep[k], p)
		}
	}
	out := []isolated{}
	for k, list := range byStep {
		s := isolated{step: list[0].Series.Steps[k].Step, index: k, visits: 1, seeds: len(list), trial: list[0].Name}
		if v := visits[k]; v > 0 {
			s.visits = v
		}
		s.rate = capacityOf(list)
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b isolated) int {
		return cmp.Or(cmp.Compare(a.middle(), b.middle()), cmp.Compare(a.index, b.index))
	})
	return out
}

func (s *isolated) middle() float64 {
	if !s.saturated() {
		return s.rate.Lo / s.visits
	}
	return s.rate.Value / s.visits
}

// capacityOf joins the trials of one step.
func capacityOf(list []played) stats.Estimate {
	var full []stats.Estimate
	held := 0.0
	for _, p := range list {
		r := p.Reading
		if r.Saturated {
			full = append(full, stats.Estimate{Value: r.Goodput, Interval: stats.Interval{Lo: r.GoodputCI[0], Hi: r.GoodputCI[1]}, Sure: true})
		} else {
			held = math.Max(held, r.Goodput)
		}
	}
	if len(full) == 0 {
		return stats.Estimate{Value: held, Interval: stats.Interval{Lo: held, Hi: math.Inf(1)}, Sure: true}
	}
	e := stats.Together(full)
	e.Hi = math.Max(e.Hi, held) // one seed held more than the others' saturation: said by the interval
	return e
}

// visitsOf is how often a login performs each step, counted on the plateau that
// let most people in: by step index. Steps nobody performed are left out.
func visitsOf(trials []played) map[int]float64 {
	var best *played
	for i := range trials {
		p := &trials[i]
		if p.Series == nil || p.Conduct.Kind != results.TrialPlateau || p.Reading.State != results.StateMet {
			continue
		}
		if best == nil || loginsOf(p.Series) > loginsOf(best.Series) {
			best = p
		}
	}
	out := map[int]float64{}
	if best == nil || loginsOf(best.Series) == 0 {
		return out
	}
	done := map[string]uint64{}
	for k := range best.Series.Steps {
		for _, ends := range best.Series.Steps[k].Ends {
			done[best.Series.Steps[k].Name] += uint64(ends[results.InTime]) + uint64(ends[results.Late])
		}
	}
	for k := range best.Series.Steps {
		if n := done[best.Series.Steps[k].Name]; n > 0 {
			out[k] = float64(n) / float64(loginsOf(best.Series))
		}
	}
	return out
}

func loginsOf(s *results.Series) uint64 {
	var n uint64
	for i := range s.Seconds {
		n += uint64(s.Seconds[i].Done)
	}
	return n
}

// Agreement of the isolated capacities with the whole login's.
const (
	agreeing = 0.03 // beyond both intervals: two measurements on the same day
)

// sharedCapacity is what a login could do if all steps drew on one resource:
// 1 ÷ Σ visits ÷ capacity. Steps that were never saturated count as if they
// cost nothing, so it is an upper bound.
func sharedCapacity(steps []isolated) float64 {
	sum := 0.0
	for i := range steps {
		if s := &steps[i]; s.saturated() && s.rate.Value > 0 {
			sum += s.visits / s.rate.Value
		}
	}
	if sum == 0 {
		return math.Inf(1)
	}
	return 1 / sum
}

// explains reports whether the lowest step accounts for the capacity of the
// whole login: what is measured end to end is neither clearly less (then
// something that no step shows alone is used up first) nor clearly more (then
// the step alone was not played as in a login).
func explains(lowest *isolated, whole stats.Estimate) bool {
	in := lowest.logins()
	return whole.Sure && in.Lo <= whole.Hi*(1+agreeing) && in.Hi >= whole.Lo*(1-agreeing)
}

// knownFrom is what recovery and attribution know of the target's capacity.
func knownFrom(trials []played, whole stats.Estimate) loadKnown {
	out := loadKnown{capacity: whole, alone: map[int]float64{}}
	steps := isolatedSteps(trials, visitsOf(trials))
	if len(steps) == 0 || !whole.Sure {
		return out
	}
	for i := range steps {
		if s := &steps[i]; s.saturated() {
			out.alone[s.index] = s.rate.Value
		}
	}
	least := steps[0].rate.Value / steps[0].visits
	out.shared = math.Abs(sharedCapacity(steps)-whole.Value) < math.Abs(least-whole.Value)
	if !explains(&steps[0], whole) && !out.shared { // neither fits: count attempts
		out.alone = map[int]float64{}
	}
	return out
}
