package capacity

import (
	"context"
	"time"

	"firstbell/runner/results"
)

// Alone is a step to play alone.
type Alone struct {
	Step   int     // index into Plan.Steps
	Visits float64 // how often a login performs it; 0 counts as 1
}

const (
	isolationLoad   = 1.5  // of the end-to-end capacity, times visits
	onsetLoad       = 1.04 // of the end-to-end capacity: just past the limit
	onsetBase       = 0.5  // before it, for every step's own baseline
	prepareLoad     = 0.7  // of it: the pace at which browsers are brought to the step, without breaking anything
	isolationLength = 60 * time.Second
	quickIsolation  = 25 * time.Second
	isolationWarmup = 10 * time.Second
	onsetLeast      = time.Minute
)

// Isolate plays every step by itself, well above what the whole login can do: a
// step that is then saturated shows its own capacity, one that holds shows that
// it is higher. Three seeds, the steps in turn, so that a target that changes
// meanwhile changes for all of them; one seed and no more when quick. Last comes the onset:
// the whole journey a few per cent past its capacity, after a stretch at half of
// it, where the step that leaves its own baseline first is the one that
// saturates. Far past it everything is late and the order says nothing.
//
// capacity is the end-to-end saturation in logins per second. Nothing above
// Settings.MaxRate is offered; without a capacity nothing is played.
func Isolate(ctx context.Context, c Config, steps []Alone, capacity float64) (Played, error) {
	s := newSequence(c)
	if !(capacity > 0) || len(steps) == 0 {
		s.Skipped = SkippedCapacity
		return s.Played, nil
	}
	for _, seed := range s.seeds() {
		for _, step := range steps {
			if _, err := s.play(ctx, s.isolation(step, capacity, seed)); err != nil {
				return s.Played, err
			}
		}
	}
	switch {
	case s.Settings.MaxRate > 0 && capacity*onsetLoad > s.Settings.MaxRate:
		s.Skipped = SkippedCeiling
		return s.Played, nil
	case s.Quick:
		return s.Played, nil
	}
	_, err := s.play(ctx, s.onset(capacity))
	return s.Played, err
}

func (s *sequence) isolation(step Alone, capacity float64, seed uint64) Spec {
	visits := step.Visits
	if !(visits > 0) {
		visits = 1
	}
	length := isolationLength
	if s.Quick {
		length = quickIsolation
	}
	c := plateau(results.TrialIsolation, isolationWarmup, results.Segment{
		Name: "plateau", Rate: s.offered(isolationLoad * capacity * visits), Length: isolationWarmup + length,
	})
	c.Step = step.Step
	c.PrepareRate = s.offered(prepareLoad * capacity)
	return Spec{Stage: results.StageIsolation, Conduct: c, Seed: seed}
}

func (s *sequence) onset(capacity float64) Spec {
	base := (20*time.Second + s.OwnTime).Round(time.Second)
	return Spec{Stage: results.StageOnset, Seed: s.Seed, Conduct: plateau(results.TrialPlateau, base,
		results.Segment{Name: "base", Rate: onsetBase * capacity, Length: base},
		results.Segment{Name: "plateau", Rate: onsetLoad * capacity, Length: max(onsetLeast, s.Settings.Plateau) + s.OwnTime.Round(time.Second)})}
}
