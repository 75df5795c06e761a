package capacity

import (
	"context"
	"math"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// A limiter lets the same number through whatever comes: two loads well above
// it, each long enough to see that.
const (
	capWarmup = 20 * time.Second // lets a bucket's burst pass
	capLength = 60 * time.Second
	// A limiter that lets nobody in for a while after each person lets more
	// through the harder it is pressed: a third load, far above what it seems to be.
	capPressed = 5
	// mostUnsaid is how often a search looks for a limiter that does not say so.
	mostUnsaid = 2
)

// capLoads is by how much the loads are above what comes through, more where fewer
// than capLevel people a second do; the last two only if the first do not agree.
var capLoads = [...]float64{0.3, 0.8, 2, 4}

const capLevel = 30

// capTrials are the overloads played to see a limiter.
type capTrials struct {
	offered []float64
	goodput []stats.Estimate
	regular bool // every one let people in far more regularly than chance
}

// capped looks, after a trial that failed by refusals or by a waiting page,
// whether a limiter is behind it. If so there is no breaking point to find: the
// search ends with the cap.
func (s *search) capped(ctx context.Context, series *results.Series, t *Trial) error {
	sign := signOf(series, t)
	said := sign != ""
	if !said {
		if s.unsaid >= mostUnsaid || !s.turnedAway(series) {
			return nil
		}
		s.unsaid++
		sign = signQuota
		if err := s.byAddress(ctx, t.Rate); err != nil {
			return err
		}
	}
	level := lateGoodput(series)
	if s.quota != nil || !(level > 0) {
		return nil
	}
	found, err := s.pressed(ctx, level, said)
	if err != nil || found == nil {
		return err
	}
	found.Sign, found.Alone = sign, !said && s.cfg.Addresses < 2
	s.quota = found
	return s.conclude(WhyQuota)
}

// pressed plays overloads on a limiter that seems to let in level people a second;
// nil when what comes through is no cap.
func (s *search) pressed(ctx context.Context, level float64, said bool) (*stats.Cap, error) {
	c := capTrials{regular: true}
	for i, over := range capLoads {
		// In five seconds more must come too many than chance brings or leaves out.
		rate := s.rounded(level * (1 + over*math.Max(1, math.Sqrt(capLevel/level))))
		if i > 1 && rate < 1.2*c.offered[i-1] {
			break
		}
		if err := s.press(ctx, &c, rate); err != nil {
			return nil, err
		}
		if !said && !c.regular {
			return nil, nil
		}
		if rate, ok := c.exact(); ok {
			return &stats.Cap{Rate: rate}, nil
		}
		if !c.regular && i > 0 {
			return nil, nil
		}
	}
	return s.spaced(ctx, &c)
}

// exact reads the two heaviest loads: a small bucket is sometimes full, and then
// wastes what it would have let in, unless pressed hard.
func (c *capTrials) exact() (stats.Estimate, bool) {
	n := max(0, len(c.offered)-2)
	return stats.ExactCap(c.offered[n:], c.goodput[n:])
}

// spaced presses a limiter that lets nobody in for a while after each person.
func (s *search) spaced(ctx context.Context, c *capTrials) (*stats.Cap, error) {
	last := len(c.offered) - 1
	if !c.regular || last < 1 {
		return nil, nil
	}
	rate := stats.SpacingOf(c.offered[last], c.goodput[last].Value)
	if hard := s.rounded(capPressed * rate); hard > 1.2*c.offered[last] {
		if err := s.press(ctx, c, hard); err != nil {
			return nil, err
		}
	}
	if rate, ok := stats.SpacedCap(c.offered, c.goodput); ok && c.regular {
		return &stats.Cap{Rate: rate, Spaced: true}, nil
	}
	return nil, nil
}

// press plays one overload and adds what came through it.
func (s *search) press(ctx context.Context, c *capTrials, rate float64) error {
	conduct := s.conduct(capWarmup, results.Segment{Name: results.SegmentCap, Rate: rate, Length: capWarmup + capLength})
	seen, err := s.playSound(ctx, conduct)
	if err != nil {
		return err
	}
	from, to := int(capWarmup/time.Second), int(seen.Due()/time.Second)
	in, out := seen.Door(from, to)
	c.offered = append(c.offered, rate)
	c.goodput = append(c.goodput, doneIn(seen, from))
	c.regular = c.regular && stats.LimiterOf(in, out, 0, 0).Seen && seen.Unhurried(s.rest, from, to)
	return nil
}

// byAddress plays a load that turned people away from many addresses, and if they
// got in, from one again: when only the one is refused, each address has a limit of
// its own, the target takes the test for an attack, and the search ends.
func (s *search) byAddress(ctx context.Context, rate float64) error {
	if s.cfg.Addresses < 2 {
		return nil
	}
	from := int(capWarmup / time.Second)
	var seen [2]*results.Series
	for i, name := range [...]string{results.SegmentAddresses, results.SegmentAddress} {
		conduct := s.conduct(capWarmup, results.Segment{Name: name, Rate: s.rounded(rate), Length: 3 * capWarmup})
		if name == results.SegmentAddresses {
			conduct.Sources = min(s.cfg.Addresses, manyAddresses)
		}
		var err error
		if seen[i], err = s.playSound(ctx, conduct); err != nil {
			return err
		}
		if i == 0 && doneIn(seen[0], from).Value < stats.LetIn*rate {
			return nil
		}
	}
	one := doneIn(seen[1], from)
	if !stats.ByAddress(one, doneIn(seen[0], from), rate) {
		return nil
	}
	s.quota = &stats.Cap{Rate: stats.Widened(one), Sign: signPerIP}
	return s.conclude(WhyBlocked)
}

// manyAddresses is how many addresses a load leaves from to see whether each has
// a limit of its own.
const manyAddresses = 50

// playSound plays a trial, and again when its gates failed.
func (s *search) playSound(ctx context.Context, conduct results.Conduct) (*results.Series, error) {
	for {
		seen, t, err := s.play(ctx, results.StageProbe, conduct, s.tooMany())
		if err != nil || len(t.Reading.Gates) == 0 {
			return seen, err
		}
	}
}

func (s *search) tooMany() func(Moment) bool {
	return func(m Moment) bool { return s.cfg.MaxOpen > 0 && m.Open >= s.cfg.MaxOpen }
}

// turnedAway reports whether, in the last half minute of a trial's load, at least
// one person in twenty did not get in while those who did waited for no server:
// what fails is not work that takes too long.
func (s *search) turnedAway(series *results.Series) bool {
	to := min(int(series.Due()/time.Second), len(series.Seconds))
	from := max(0, (to-30)/10*10)
	in, out := series.Door(from, to)
	return sum(out) > sum(in)/20 && (sum(in) == 0 || series.Unhurried(s.rest, from, to/10*10))
}

func sum(xs []float64) (total float64) {
	for _, x := range xs {
		total += x
	}
	return total
}

// signOf is the sign of a limiter in a trial: the judge's, or most of those on
// their way at the end of the load on a waiting page, or most of those who did
// not get in refused by a quota page.
func signOf(series *results.Series, t *Trial) string {
	to := min(int(series.Due()/time.Second), len(series.Seconds))
	if to == 0 {
		return ""
	}
	last := &series.Seconds[to-1]
	var quota, waiting, other, started uint32
	for _, sec := range series.Seconds[max(0, to-30):to] {
		started += sec.Started
		quota += sec.By[results.Quota]
		waiting += sec.By[results.WaitingRoom]
		for _, o := range []results.Outcome{results.Late, results.Blank, results.Error, results.Timeout, results.Unreachable, results.Unfinished} {
			other += sec.By[o]
		}
	}
	switch {
	case last.Waiting > max(last.InFlight, int(started)/20), waiting > quota && waiting > max(other, started/20):
		return signWaiting
	case t.Reading.Sign == signQuota, quota > max(other, started/20):
		return signQuota
	}
	return ""
}

// lateGoodput is people proved in class per second in the last 8 s of the load.
func lateGoodput(series *results.Series) float64 {
	to := min(int(series.Due()/time.Second), len(series.Seconds))
	return doneIn(series, max(0, to-8)).Value
}

// doneIn is people proved in class per second from a second to the end of the
// load, with the interval of its 10-s means.
func doneIn(series *results.Series, from int) stats.Estimate {
	to := min(int(series.Due()/time.Second), len(series.Seconds))
	if from >= to {
		return stats.Estimate{}
	}
	done := make([]float64, 0, to-from)
	for _, sec := range series.Seconds[from:to] {
		done = append(done, float64(sec.Done))
	}
	e := stats.Mean(stats.Fold(done, 10))
	if len(done) < 20 {
		e = stats.Mean(done)
	}
	return e
}
