package capacity

import (
	"context"
	"fmt"
	"time"

	"firstbell/runner/results"
)

// Why a part of a session was not played; keys of the report's catalogue.
const (
	SkippedCeiling  = "ceiling"     // more than the largest load that may be offered
	SkippedCapacity = "no_capacity" // the search found none to start from
)

// Played is what a part of a session after the search has played, in order.
type Played struct {
	Trials []Trial
	// Skipped is why something that belongs to it was not played; "" for nothing.
	Skipped string
	// Next is the number of the next trial of the session.
	Next int
}

// sequence plays trials one after the other and numbers them.
type sequence struct {
	Config
	Played
}

func newSequence(c Config) *sequence { return &sequence{c, Played{Next: c.First}} }

// play plays one trial and reads it.
func (s *sequence) play(ctx context.Context, spec Spec) (Trial, error) {
	spec.Name = fmt.Sprintf("%03d-%s%s", s.Next, s.Prefix, spec.Stage)
	s.Next++
	series, err := s.Player.Play(ctx, spec, nil)
	if err != nil {
		return Trial{}, fmt.Errorf("%s: %w", spec.Name, err)
	}
	t := Trial{Spec: spec, Reading: s.Judge(series), Time: spec.Conduct.Length()}
	if n := len(series.Seconds); n > 0 {
		t.Time = max(t.Time, time.Duration(n)*time.Second)
	}
	for _, g := range spec.Conduct.Segments {
		t.Rate = max(t.Rate, g.Rate)
	}
	s.Trials = append(s.Trials, t)
	return t, nil
}

// offered is a load no higher than what may be offered.
func (s *sequence) offered(rate float64) float64 {
	if s.Settings.MaxRate > 0 && rate > s.Settings.MaxRate {
		return s.Settings.MaxRate
	}
	return rate
}

// seeds are those of repeated trials. They are the same for every size of a
// storm, so that a smaller one is part of a larger one and the search over sizes
// is not misled by luck.
func (s *sequence) seeds() []uint64 {
	n := repeats
	if s.Quick {
		n = 1
	}
	out := make([]uint64, n)
	for i := range out {
		out[i] = s.Seed + uint64(i)
	}
	return out
}

// repeats is how many seeds a storm or an isolation is played with; one when quick.
const repeats = 3

// plateau is a steady load of people who log in once.
func plateau(kind results.TrialKind, warmup time.Duration, pieces ...results.Segment) results.Conduct {
	return results.Conduct{Kind: kind, LoginOnly: true, Segments: pieces, Warmup: warmup}
}
