package capacity

import (
	"context"
	"math"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// mostPlateaus bounds a bracket whose answers never settle.
const mostPlateaus = 12

// confirm plays plateaus until the bracket is closed, one load after another,
// or the time is over.
func (s *search) confirm(ctx context.Context) error {
	s.fit()
	stage := results.StageConfirm
	for n := 0; n < mostPlateaus; n++ {
		rate, ok := s.next()
		if !ok || n >= 2 && s.total()+s.set.Warmup+s.set.Plateau > s.allowed() {
			return nil
		}
		if n >= 2 {
			stage = results.StageBracket
		}
		if err := s.plateau(ctx, stage, rate); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) allowed() time.Duration {
	if s.cfg.Quick {
		return quickTime
	}
	// The rest of a plateau's drain is not known in advance.
	return searchTime - time.Duration(s.set.Limit)
}

// fit lengthens plateau and warm-up to what the capacity asks for, now that it
// is known.
func (s *search) fit() {
	s.set.Plateau = max(s.set.Plateau, plateauFor(s.set.Quantile, s.set.Limit, s.capacity, s.cfg.Quick))
	s.set.Warmup = seconds(stats.WarmupWithin(s.capacity, s.set.Plateau.Seconds(), s.cfg.OwnTime.Seconds()))
	s.set.Plateau = s.set.Plateau.Round(10 * time.Second)
}

// plateau plays one load and keeps it; once more when its gates failed.
func (s *search) plateau(ctx context.Context, stage string, rate float64) error {
	for {
		conduct := s.conduct(s.set.Warmup, results.Segment{Name: "plateau", Rate: rate, Length: s.set.Warmup + s.set.Plateau})
		series, t, err := s.play(ctx, stage, conduct, s.curtailed(rate))
		if t != nil {
			s.plateaus = append(s.plateaus, len(s.trials)-1)
		}
		if err != nil {
			return err
		}
		if len(t.Reading.Gates) > 0 {
			continue
		}
		if err := s.capped(ctx, series, t); err != nil {
			return err
		}
		if series.Ended.How == results.EndedEnough && t.Reading.Lean() != results.StateNotMet {
			t.cut = true
			s.set.MaxRate, s.set.MaxWhy = rate*(1-s.set.Width/2), "machine"
		}
		s.learn(t)
		return nil
	}
}

// learn takes a new reading of the capacity, which is no lower than what came
// out of a probe or of a load that held.
func (s *search) learn(t *Trial) {
	if len(t.Flow.Work) >= 2 {
		s.capacity = math.Max(s.floor, stats.Mean(t.Flow.Work).Value)
	}
	for _, at := range s.plateaus {
		if one := &s.trials[at]; one.Reading.State == results.StateMet && one.Reading.Goodput > s.capacity {
			s.capacity = one.Reading.Goodput
		}
	}
}

// curtailed ends a plateau whose failure no longer depends on what is still to
// come: more people are late, or lost, than twice what the whole of it may have,
// and more than forty seconds bring (curtailed sampling: no interval is looked
// at, so nothing is gained by looking often).
func (s *search) curtailed(rate float64) func(Moment) bool {
	share := 1 - s.set.Quantile
	most := max(2*share*rate*s.set.Plateau.Seconds(), curtailSeconds*rate)
	warmup := int(s.set.Warmup / time.Second)
	var base uint64
	return func(m Moment) bool {
		if limit := s.cfg.MaxOpen; limit > 0 && m.Open >= limit {
			return true
		}
		if m.Second < warmup {
			base = m.bad()
			return false
		}
		return float64(m.bad()-min(base, m.bad())) > most
	}
}

const curtailSeconds = 40

// centre is where the limit is expected: most of what a plateau of this length
// lets pass by its length ([stats.PlateauBias]; a queue's own noise eats the
// rest), less what a steady queue needs to keep the limit.
func (s *search) centre() float64 {
	t, p := s.set.Limit.Seconds(), s.set.Quantile
	passes := s.capacity * 0.8 * stats.PlateauBias(t, p, s.set.Plateau.Seconds())
	return max(s.capacity/2, stats.SteadyRate(s.capacity, t, p)+passes)
}

// next is the load to play next: surprises first, then the middle of a bracket
// that is too wide. ok is false when nothing more would narrow the answer.
func (s *search) next() (rate float64, ok bool) {
	loads := s.loads()
	if len(loads) == 0 {
		return s.rounded(s.centre() * (1 + s.margin())), true
	}
	b := s.bracket()
	lowest, highest := loads[0], loads[len(loads)-1]
	switch {
	case b.High == 0:
		return s.above(highest, len(loads))
	case b.Low == 0:
		return s.below(lowest, len(loads))
	}
	return s.inside(b)
}

// margin is how far from where the limit is expected the first two loads are:
// half a width, and more where no second trial will help one that decides
// nothing.
func (s *search) margin() float64 {
	if s.set.Repeats == 0 {
		return 0.75 * s.set.Width
	}
	return s.set.Width / 2
}

// above is a load over one that did not fail: further each time. ok is false at
// the highest rate allowed.
func (s *search) above(l stats.LoadTrials, tried int) (float64, bool) {
	if l.Rate >= s.set.MaxRate {
		return 0, false
	}
	step := s.step(l, tried)
	return s.rounded(math.Max(l.Rate*(1+step), s.centre()*(1+s.margin()))), true
}

// step is how far to go on in one direction: a width, half of one beside a load
// that could not tell, twice as far every time once the first two loads have
// missed.
func (s *search) step(l stats.LoadTrials, tried int) float64 {
	step := s.set.Width
	if stats.Classify(l) == stats.Unsettled {
		step /= 2
	}
	return step * math.Pow(2, float64(min(max(tried-1, 0), 4)))
}

// below is a load under one that did not hold: what the reading suggests, or
// further each time.
func (s *search) below(l stats.LoadTrials, tried int) (float64, bool) {
	step := s.step(l, tried)
	rate := s.rounded(math.Min(l.Rate*(1-math.Min(step, 0.5)), s.centre()*(1-s.margin())))
	if rate < s.lowestWorth() {
		return 0, false
	}
	return rate, true
}

// lowestWorth is a load under which nothing is looked for: fewer than 30 people
// come in a plateau.
func (s *search) lowestWorth() float64 { return stats.LowestWorth(s.set.Plateau.Seconds()) }

// inside bisects what is open between a load that held and one that did not:
// beside the undecided loads, if there are any.
func (s *search) inside(b stats.Bracket) (float64, bool) {
	lo, hi := b.Low, b.High
	if n := len(b.Undecided); n > 0 {
		if b.Undecided[0]-b.Low >= b.High-b.Undecided[n-1] {
			hi = b.Undecided[0]
		} else {
			lo = b.Undecided[n-1]
		}
	}
	if b.Width <= 2*s.margin()+0.001 || (hi-lo)/hi <= 0.6*s.set.Width {
		return 0, false
	}
	rate := s.rounded((lo + hi) / 2)
	return rate, rate > lo && rate < hi
}

// loads are the plateaus so far, each load with all its trials.
func (s *search) loads() []stats.LoadTrials {
	all := make([]stats.Tried, len(s.plateaus))
	for i, at := range s.plateaus {
		all[i] = s.trials[at].tried()
	}
	return stats.Loads(all)
}

// bracket is the answer so far. Loads with fewer trials than they will have in
// the end count by their bare readings.
func (s *search) bracket() stats.Bracket {
	return stats.BracketOf(stats.Provisional(s.loads(), max(2, 1+s.set.Repeats)))
}

func (t *Trial) tried() stats.Tried {
	r := &t.Reading
	lean := r.Lean()
	return stats.Tried{Rate: t.Rate, Invalid: len(r.Gates) > 0,
		Met: r.State == results.StateMet, NotMet: r.State == results.StateNotMet,
		LeanMet: lean == results.StateMet, LeanNot: lean == results.StateNotMet}
}
