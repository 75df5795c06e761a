package capacity

import (
	"context"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// Storm is what is known of the scenario's own storm before it is replayed.
type Storm struct {
	// Predicted is the largest size that should hold, as a factor of the
	// scenario's own (1); 0: no prediction, only the required size is played.
	Predicted float64
	// Peak is the arrivals per second in the busiest 10 s at factor 1.
	Peak float64
}

// Roles of a storm.
const (
	RoleLow      = "low"      // 0.9 of the predicted size: must hold
	RoleHigh     = "high"     // 1.1 of it: must not
	RoleRequired = "required" // the scenario's own size
	RoleSearch   = "search"   // between or beyond these, because the prediction was wrong
)

const (
	stormLow, stormHigh = 0.9, 1.1
	stormStep           = 1.25 // of a further storm, up or down
	stormWidth          = 1.25 // ratio of the sizes that enclose the answer: no further storm
	moreStorms          = 4    // further sizes, at most
	moreStormsQuick     = 1
	largestStorm        = 100 // factor
	smallestStorm       = 0.01
)

// Storms replays whole storms: 0.9 of the predicted size, which must hold, 1.1 of
// it, which must not, and the required one, each with three seeds (one when
// quick). Where the prediction was wrong (the model misses something), further
// sizes follow, at most four (one when quick), so that the answer is enclosed or
// has one side. What was found is [stats.BracketOf] the readings, in people; the
// report computes it anew from the folders.
//
// A storm whose busiest 10 s are above Settings.MaxRate is not played. The
// player lets the target come to rest between two of them.
func Storms(ctx context.Context, c Config, storm Storm) (Played, error) {
	s := &storms{sequence: newSequence(c), storm: storm}
	sizes := []size{{1, RoleRequired}}
	if storm.Predicted > 0 {
		sizes = []size{{stormLow * storm.Predicted, RoleLow}, {stormHigh * storm.Predicted, RoleHigh}, {1, RoleRequired}}
	}
	for _, seed := range s.seeds() {
		for _, z := range sizes {
			if err := s.replay(ctx, z, seed); err != nil {
				return s.Played, err
			}
		}
	}
	if storm.Predicted > 0 {
		if err := s.widen(ctx); err != nil {
			return s.Played, err
		}
	}
	return s.Played, nil
}

type size struct {
	factor float64
	role   string
}

type storms struct {
	*sequence
	storm Storm
	loads []stats.LoadTrials // by factor
}

// replay plays one storm, unless it may not be offered.
func (s *storms) replay(ctx context.Context, z size, seed uint64) error {
	if !s.may(z.factor) {
		s.Skipped = SkippedCeiling
		return nil
	}
	t, err := s.play(ctx, Spec{Stage: results.StageStorm, Role: z.role, Seed: seed,
		Conduct: results.Conduct{Kind: results.TrialStorm, Refreshes: -1, Factor: z.factor}})
	if err != nil {
		return err
	}
	s.count(z.factor, t.Reading)
	return nil
}

// may reports whether a storm of this size stays below what may be offered.
func (s *storms) may(factor float64) bool {
	if factor < smallestStorm || factor > largestStorm {
		return false
	}
	return s.Settings.MaxRate <= 0 || factor*s.storm.Peak <= s.Settings.MaxRate
}

func (s *storms) count(factor float64, r results.Reading) {
	i := 0
	for i < len(s.loads) && s.loads[i].Rate != factor {
		i++
	}
	if i == len(s.loads) {
		s.loads = append(s.loads, stats.LoadTrials{Rate: factor})
	}
	switch l := &s.loads[i]; r.State {
	case results.StateMet:
		l.Met++
	case results.StateNotMet:
		l.NotMet++
	default:
		l.Undecided++
	}
}

// widen looks for what the prediction missed: larger storms while everything
// held, smaller ones while nothing did, and between the two while they are far
// apart.
func (s *storms) widen(ctx context.Context) error {
	more := moreStorms
	if s.Quick {
		more = moreStormsQuick
	}
	for range more {
		next := s.further()
		if next == 0 || !s.may(next) {
			return nil
		}
		for _, seed := range s.seeds() {
			if err := s.replay(ctx, size{next, RoleSearch}, seed); err != nil {
				return err
			}
		}
	}
	return nil
}

// further is the next size to play, 0 for none.
func (s *storms) further() float64 {
	b := stats.BracketOf(s.loads)
	var next float64
	switch {
	case b.Censored == stats.CensoredAtLeast:
		next = b.Low * stormStep
	case b.Censored == stats.CensoredLessThan:
		next = b.High / stormStep
	case b.Low > 0 && b.High > stormWidth*b.Low:
		next = (b.Low + b.High) / 2
	}
	if s.Settings.MaxRate > 0 && s.storm.Peak > 0 && b.Censored == stats.CensoredAtLeast {
		next = min(next, 0.999*s.Settings.MaxRate/s.storm.Peak)
	}
	for _, l := range s.loads { // played, and undecided
		if l.Rate == next {
			return 0
		}
	}
	return next
}
