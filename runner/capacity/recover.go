package capacity

import (
	"context"
	"math"
	"time"

	"firstbell/runner/results"
)

// Loads of a recovery, as shares of the capacity.
const (
	recoverBase    = 0.3
	recoverTrigger = 1.5
	triggerLeast   = 1.1 // less builds no clear backlog
	healedLoad     = 1.3 // afterwards: what can it do now?
)

// Recover overloads the target on purpose and watches it come back: ten minutes
// at 0.3 of the capacity, a trigger of 1.5 times the capacity, the same base for
// a quarter of an hour, a minute of nothing, and the base once more. Once for
// each number of refreshes (how often people who lose patience come back, -1 for
// the scenario's own patience), because these are what can keep it down. After
// each a short overload by patient people reads the capacity again: a target can
// be good at a third of its capacity and have lost another third.
//
// When quick, base is a minute and what follows a little over three, without the
// pause: enough to see a backlog grow or shrink, and one gone that a capacity of
// two thirds works off; not to see a large one gone.
//
// capacity is the saturation in logins per second. The trigger is bounded by
// Settings.MaxRate; when that is too little to overload anything, nothing is
// played and Skipped says so. The guard's limits are the player's to keep.
func Recover(ctx context.Context, c Config, capacity float64, refreshes []int) (Played, error) {
	s := newSequence(c)
	switch {
	case !(capacity > 0):
		s.Skipped = SkippedCapacity
		return s.Played, nil
	case s.offered(recoverTrigger*capacity) < triggerLeast*capacity:
		s.Skipped = SkippedCeiling
		return s.Played, nil
	}
	for _, r := range refreshes {
		for _, conduct := range []results.Conduct{s.recovery(capacity, r), s.healed(capacity)} {
			if _, err := s.play(ctx, Spec{Stage: results.StageRecovery, Conduct: conduct, Seed: s.Seed}); err != nil {
				return s.Played, err
			}
		}
	}
	return s.Played, nil
}

func (s *sequence) recovery(capacity float64, refreshes int) results.Conduct {
	base, after, shed := 10*time.Minute, 15*time.Minute, time.Minute
	if s.Quick {
		base, after, shed = time.Minute, 200*time.Second, 0
	}
	base += s.OwnTime.Round(time.Second)
	rate, trigger := recoverBase*capacity, s.offered(recoverTrigger*capacity)
	pieces := []results.Segment{
		{Name: "base", Rate: rate, Length: base},
		{Name: "trigger", Rate: trigger, Length: s.triggerLength(trigger / capacity)},
		{Name: "after", Rate: rate, Length: after},
	}
	if shed > 0 {
		pieces = append(pieces, results.Segment{Name: "shed", Length: shed},
			results.Segment{Name: "again", Rate: rate, Length: 5*time.Minute + after/15})
	}
	c := plateau(results.TrialRecovery, s.OwnTime.Round(time.Second), pieces...)
	c.Refreshes = refreshes
	return c
}

// Bounds of a trigger.
const (
	triggerShortest = time.Minute
	triggerLongest  = 4 * time.Minute
)

// triggerLength is how long a load of rho times the capacity needs to make
// people wait four times the limit, and half a minute at least, which is longer
// than most people's patience: the delay grows by rho-1 seconds a second.
func (s *sequence) triggerLength(rho float64) time.Duration {
	delay := max(30, 4*s.Settings.Limit.Seconds())
	length := time.Duration(math.Ceil(delay/(rho-1)/10)) * 10 * time.Second
	return min(max(length, triggerShortest), triggerLongest)
}

// healed is an overload without refreshes that reads the capacity once more.
func (s *sequence) healed(capacity float64) results.Conduct {
	warmup := (isolationWarmup + s.OwnTime).Round(time.Second)
	return plateau(results.TrialPlateau, warmup,
		results.Segment{Name: "plateau", Rate: s.offered(healedLoad * capacity), Length: warmup + isolationLength})
}
