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
	// A bracket that the time ended too early is narrowed first: repeated, it
	// would still be no answer.
	for range mostOutward {
		rate, ok := s.next()
		if !ok || s.bracket().Width <= stats.Widest {
			break
		}
		if err := s.plateau(ctx, results.StageBracket, rate); err != nil {
			return err
		}
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

// atLimit reports that a side has no bound because nothing may be offered beyond
// what was.
func (s *search) atLimit(loads []stats.LoadTrials, step float64) bool {
	if len(loads) == 0 {
		return true
	}
	if step > 1 {
		return loads[len(loads)-1].Rate >= s.set.MaxRate
	}
	return loads[0].Rate/2 <= s.lowestWorth()
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
	rate, ok := stats.ControlLoad(s.told())
	if !ok || s.set.Repeats <= 0 {
		return nil
	}
	for range 2 {
		if err := s.plateau(ctx, results.StageControl, rate); err != nil {
			return err
		}
		if !s.answer().Drift {
			return nil
		}
	}
	return nil
}

// told is what each plateau says.
func (s *search) told() []stats.Plateau {
	all := make([]stats.Plateau, len(s.plateaus))
	for i, at := range s.plateaus {
		t := &s.trials[at]
		all[i] = stats.Plateau{Tried: t.tried(), P50: t.Reading.P50, Work: t.Flow.Work,
			Control: t.Spec.Stage == results.StageControl, Cut: t.cut}
	}
	return all
}

// answer is what the plateaus say together so far.
func (s *search) answer() stats.Answer {
	saturation, _ := stats.Sustained(s.flows())
	return stats.AnswerOf(s.told(), s.set.MaxRate, s.lowestWorth(), saturation.Value)
}

func (s *search) flows() []stats.Flow {
	out := make([]stats.Flow, 0, len(s.trials))
	for i := range s.trials {
		if len(s.trials[i].Reading.Gates) == 0 {
			out = append(out, s.trials[i].Flow)
		}
	}
	return out
}

// found puts the answer together.
func (s *search) found() *Found {
	a := s.answer()
	f := &Found{Trials: s.trials, Plateaus: s.plateaus, Held: a.Bracket, Quota: s.quota, Why: s.why,
		Control: s.trialOf(a.Control), Controlled: s.trialOf(a.Controlled),
		Settings: s.set, Search: s.searched, Total: s.total(), Next: s.cfg.First + len(s.trials)}
	if f.Search == 0 {
		f.Search = f.Total
	}
	if f.Why == "" {
		f.Why = a.Why
	}
	f.Saturation, f.Overload = stats.Sustained(s.flows())
	f.breaking()
	return f
}

func (s *search) trialOf(plateau int) int {
	if plateau < 0 {
		return -1
	}
	return s.plateaus[plateau]
}

// breaking names what broke first, at the lowest load above the answer that did
// not hold.
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
