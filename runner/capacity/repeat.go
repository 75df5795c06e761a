package capacity

import (
	"context"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// mostOutward is how often a bound whose trials disagree is moved outward.
const mostOutward = 2

// repeat plays each final bound again, in random order: time and order must not
// decide which of them held. A bound whose trials then disagree is no bound: the
// next load outward takes its place and is played as often.
func (s *search) repeat(ctx context.Context) error {
	if s.set.Repeats <= 0 {
		return nil
	}
	for range 1 + mostOutward {
		rates := s.wanting()
		if len(rates) == 0 {
			return nil
		}
		s.rng.Shuffle(len(rates), func(i, j int) { rates[i], rates[j] = rates[j], rates[i] })
		for _, rate := range rates {
			if err := s.plateau(ctx, results.StageRepeat, rate); err != nil {
				return err
			}
		}
	}
	return nil
}

// wanting are the bounds that lack trials, each as often as it lacks them. A
// side whose bound has gone gets a new one, half a width further out.
func (s *search) wanting() []float64 {
	loads, b := s.loads(), s.bracket()
	var out []float64
	for _, side := range []struct {
		rate float64
		step float64
	}{{b.Low, 1 - s.set.Width/2}, {b.High, 1 + s.set.Width/2}} {
		rate := side.rate
		if rate == 0 {
			if s.atLimit(loads, side.step) {
				continue
			}
			rate = s.outward(loads, side.step)
		}
		for n := s.valid(loads, rate); n < 1+s.set.Repeats; n++ {
			out = append(out, rate)
		}
	}
	return out
}

// limit reports that a side has no bound because nothing may be offered beyond
// what was.
func (s *search) atLimit(loads []stats.LoadTrials, step float64) bool {
	if len(loads) == 0 {
		return true
	}
	if step > 1 {
		return loads[len(loads)-1].Rate >= s.set.MaxRate
	}
	return loads[0].Rate*step < s.lowestWorth()
}

func (s *search) outward(loads []stats.LoadTrials, step float64) float64 {
	if len(loads) == 0 {
		return s.rounded(s.capacity * step)
	}
	at := loads[0].Rate
	if step > 1 {
		at = loads[len(loads)-1].Rate
	}
	return s.rounded(at * step)
}

func (s *search) valid(loads []stats.LoadTrials, rate float64) int {
	for _, l := range loads {
		if l.Rate == rate {
			return l.Met + l.NotMet + l.Undecided
		}
	}
	return 0
}

// controlled plays the first plateau that held once more, and once again if it
// does not: a target that has changed meanwhile has no one capacity.
func (s *search) controlled(ctx context.Context) error {
	for _, at := range s.plateaus {
		if s.trials[at].Reading.Lean() == results.StateMet {
			s.first = at
			break
		}
	}
	if s.first < 0 || s.set.Repeats <= 0 {
		return nil
	}
	rate := s.trials[s.first].Spec.Conduct.Segments[0].Rate
	for range 2 {
		if err := s.plateau(ctx, results.StageControl, rate); err != nil {
			return err
		}
		s.control = len(s.trials) - 1
		if !s.drifted() {
			return nil
		}
	}
	return s.conclude(WhyDrift)
}

// drifted compares the control plateau with the first that held.
func (s *search) drifted() bool {
	a, b := &s.trials[s.first], &s.trials[s.control]
	rho := a.Rate / max(s.capacity, a.Rate/2)
	return stats.Drifted(true, b.Reading.Lean() == results.StateMet, a.Reading.P50, b.Reading.P50, rho)
}

// found puts the answer together.
func (s *search) found() *Found {
	f := &Found{Trials: s.trials, Plateaus: s.plateaus, Held: stats.BracketOf(s.loads()), Quota: s.quota,
		Control: s.control, Controlled: -1, Settings: s.set, Search: s.searched, Total: s.total(),
		Next: s.cfg.First + len(s.trials), Why: s.why}
	if s.control >= 0 {
		f.Controlled = s.first
	}
	if f.Search == 0 {
		f.Search = f.Total
	}
	flows := make([]stats.Flow, 0, len(s.trials))
	for i := range s.trials {
		if len(s.trials[i].Reading.Gates) == 0 {
			flows = append(flows, s.trials[i].Flow)
		}
	}
	f.Saturation, f.Overload = stats.Sustained(flows)
	f.breaking()
	if f.Why == "" {
		f.Why = s.whyNot(f.Held)
	}
	return f
}

// shifted reports whether the plateaus in which the target was busy give another
// capacity at the end than at the beginning.
func (s *search) shifted() bool {
	var busy [][]float64
	for _, at := range s.plateaus {
		if t := &s.trials[at]; len(t.Flow.Work) >= 3 && len(t.Reading.Gates) == 0 {
			busy = append(busy, t.Flow.Work)
		}
	}
	n := len(busy)
	return n >= 2 && stats.Shifted(stats.Mean(busy[0]), stats.Mean(busy[n-1]))
}

// widest is the relative width over which a bracket is no answer.
const widest = 0.10

// whyNot says why a bracket is no answer; "" when it is one.
func (s *search) whyNot(b stats.Bracket) string {
	loads := s.loads()
	disagree := false
	for _, l := range loads {
		disagree = disagree || l.Met > 0 && l.NotMet > 0 && stats.Classify(l) == stats.Unsettled
	}
	unsure := ""
	switch {
	case s.shifted():
		return WhyDrift
	case disagree:
		unsure = WhySeeds
	default:
		unsure = WhyWide
	}
	switch b.Censored {
	case stats.CensoredNone:
		if len(loads) == 0 {
			return WhyNothing
		}
		return unsure
	case stats.CensoredAtLeast:
		if !s.atLimit(loads, 1+s.set.Width) {
			return unsure
		}
	case stats.CensoredLessThan:
		if !s.atLimit(loads, 0.5) {
			return unsure
		}
	default:
		if b.Width > widest {
			return unsure
		}
	}
	return ""
}

// breaking names what broke first, at the lowest load that did not hold.
func (f *Found) breaking() {
	var at *Trial
	for _, i := range f.Plateaus {
		t := &f.Trials[i]
		if t.Reading.State == results.StateNotMet && (at == nil || t.Rate < at.Rate) && t.Rate >= f.Held.High {
			at = t
		}
	}
	if at != nil {
		f.First, f.Step = at.Reading.First, at.Reading.Step
	}
}
