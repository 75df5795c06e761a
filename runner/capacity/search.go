package capacity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// Search looks for the highest steady load a target holds. It returns what it
// found so far with an error of the Player's, and an answer, of whatever kind,
// with none.
func Search(ctx context.Context, cfg Config) (*Found, error) {
	s, err := newSearch(cfg)
	if err != nil {
		return nil, err
	}
	err = s.run(ctx)
	if errors.Is(err, errConcluded) {
		err = nil
	}
	return s.found(), err
}

// search is one search under way. It is for one goroutine.
type search struct {
	cfg Config
	set results.Settings
	rng *rand.Rand

	trials   []Trial
	plateaus []int // of trials
	rest     results.Rest
	capacity float64 // latest reading, people per second; 0 unknown
	floor    float64 // what a probe has seen come out, less its luck
	refuted  bool    // the probe's reading was offered twice over and held
	invalid  int     // trials in a row whose gates failed
	why      string
	quota    *stats.Cap
	unsaid   int // looks for a limiter that does not say so
	searched time.Duration
}

// errConcluded ends a search that has nothing more to ask.
var errConcluded = errors.New("concluded")

func newSearch(cfg Config) (*search, error) {
	set := cfg.Settings
	switch {
	case cfg.Player == nil || cfg.Judge == nil:
		return nil, errors.New("a search needs a player and a judge")
	case !(set.MaxRate > 0) || math.IsInf(set.MaxRate, 0):
		return nil, fmt.Errorf("a search needs a highest rate, not %v", set.MaxRate)
	case set.Plateau < time.Second || set.Limit <= 0 || !(set.Quantile > 0 && set.Quantile < 1) || !(set.Width > 0):
		return nil, errors.New("the settings lack a length, a limit, a quantile or a width")
	}
	if cfg.Conduct.Kind == "" {
		cfg.Conduct.Kind = results.TrialPlateau
	}
	if !(cfg.Start > 0) || cfg.Start > set.MaxRate {
		cfg.Start = set.MaxRate / 50
	}
	return &search{cfg: cfg, set: set,
		rng: rand.New(rand.NewPCG(cfg.Seed, 0x5ea7c4))}, nil
}

// run is the method, step after step.
func (s *search) run(ctx context.Context) error {
	if err := s.probe(ctx); err != nil {
		return err
	}
	if err := s.read(ctx); err != nil {
		return err
	}
	if err := s.again(ctx); err != nil {
		return err
	}
	if err := s.confirm(ctx); err != nil {
		return err
	}
	s.searched = s.total()
	if err := s.repeat(ctx); err != nil {
		return err
	}
	return s.controlled(ctx)
}

// play plays one trial and reads it. A trial whose gates failed is the
// generator's fault, and the next one may be better: the caller asks again. Two
// in a row end the search.
func (s *search) play(ctx context.Context, stage string, conduct results.Conduct, enough func(Moment) bool) (*results.Series, *Trial, error) {
	n := s.cfg.First + len(s.trials)
	spec := Spec{
		Name:  fmt.Sprintf("%03d-%s%s", n, s.cfg.Prefix, stage),
		Stage: stage, Conduct: conduct, Seed: trialSeed(s.cfg.Seed, n),
	}
	series, err := s.cfg.Player.Play(ctx, spec, enough)
	if err != nil {
		return nil, nil, fmt.Errorf("playing %s: %w", spec.Name, err)
	}
	if series == nil {
		return nil, nil, fmt.Errorf("playing %s: no series came back", spec.Name)
	}
	t := Trial{Spec: spec, Reading: s.cfg.Judge(series), Time: took(series)}
	t.Rate = rateAt(conduct, int(series.Due()/time.Second)-1)
	t.Flow = s.flow(series, t.Reading)
	s.trials = append(s.trials, t)
	at := &s.trials[len(s.trials)-1]
	if t.Reading.Sign == signPerIP || has(t.Reading.Gates, "V10") {
		return nil, nil, s.conclude(WhyBlocked)
	}
	if len(t.Reading.Gates) == 0 {
		s.invalid = 0
		return series, at, nil
	}
	if s.invalid++; s.invalid > 1 {
		return nil, nil, s.conclude(WhyInvalid)
	}
	return series, at, nil
}

func (s *search) conclude(why string) error {
	if s.why == "" {
		s.why = why
	}
	return errConcluded
}

// Signs of a reading that the search acts on.
const (
	signPerIP   = "per_ip"
	signQuota   = "quota"
	signWaiting = "waiting_room"
)

func has(list []string, x string) bool {
	for _, y := range list {
		if y == x {
			return true
		}
	}
	return false
}

// took is how long a trial lasted, to the end of its drain.
func took(series *results.Series) time.Duration {
	return max(series.Ended.At, time.Duration(len(series.Seconds))*time.Second)
}

// segmentAt is the segment that a second of a trial belongs to.
func segmentAt(c results.Conduct, second int) int {
	var end time.Duration
	for i, seg := range c.Segments {
		if end += seg.Length; time.Duration(second)*time.Second < end {
			return i
		}
	}
	return max(0, len(c.Segments)-1)
}

// rateAt is the load offered in a second.
func rateAt(c results.Conduct, second int) float64 {
	if len(c.Segments) == 0 {
		return 0
	}
	return c.Segments[segmentAt(c, second)].Rate
}

// flow is what came out of a trial.
func (s *search) flow(series *results.Series, r results.Reading) stats.Flow {
	f := stats.Flow{Offered: r.Offered, Goodput: stats.Estimate{Value: r.Goodput,
		Interval: stats.Interval{Lo: r.GoodputCI[0], Hi: r.GoodputCI[1]}, Sure: r.GoodputCI[1] > 0}}
	from, to := series.Busy(s.rest)
	f.Work = series.Work(s.rest, from, to)
	return f
}

func (s *search) total() time.Duration {
	var sum time.Duration
	for i := range s.trials {
		sum += s.trials[i].Time
	}
	return sum
}

// trialSeed is the seed of a session's n-th trial: one step of SplitMix64.
func trialSeed(seed uint64, n int) uint64 {
	x := seed + uint64(n+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// conduct is what a trial plays, with the search's own segments.
func (s *search) conduct(warmup time.Duration, segments ...results.Segment) results.Conduct {
	c := s.cfg.Conduct
	c.Segments, c.Warmup = segments, warmup
	return c
}

// rounded is a rate to four significant digits, so that a load has one name, and
// never above the highest allowed.
func (s *search) rounded(rate float64) float64 {
	if !(rate > 0) {
		return 0
	}
	scale := math.Pow(10, math.Floor(math.Log10(rate))-3)
	return math.Min(math.Round(rate/scale)*scale, s.set.MaxRate)
}
