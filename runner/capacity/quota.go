package capacity

import (
	"context"
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

var capLoads = [...]float64{1.3, 1.8}

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
	if !said && s.unsaid < mostUnsaid && s.turnedAway(series) {
		sign = signQuota
		s.unsaid++
	}
	level := lateGoodput(series)
	if sign == "" || s.quota != nil || !(level > 0) {
		return nil
	}
	c := capTrials{regular: true}
	for _, over := range capLoads {
		if err := s.press(ctx, &c, level*over); err != nil {
			return err
		}
		if !said && !c.regular {
			return nil
		}
	}
	if rate, ok := stats.ExactCap(c.offered, c.goodput); ok {
		return s.limited(ctx, stats.Cap{Rate: rate, Sign: sign}, said)
	}
	rate := stats.SpacingOf(c.offered[1], c.goodput[1].Value)
	if !c.regular || rate == 0 || s.rounded(capPressed*rate) < 1.5*c.offered[1] {
		return nil
	}
	if err := s.press(ctx, &c, capPressed*rate); err != nil {
		return err
	}
	if rate, ok := stats.SpacedCap(c.offered, c.goodput); ok && c.regular {
		return s.limited(ctx, stats.Cap{Rate: rate, Sign: sign, Spaced: true}, said)
	}
	return nil
}

// press plays one overload and adds what came through it.
func (s *search) press(ctx context.Context, c *capTrials, rate float64) error {
	rate = s.rounded(rate)
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

// limited ends the search with a cap. One that does not say so may be of each
// address: then more addresses let more people in, and the target takes the test
// for an attack.
func (s *search) limited(ctx context.Context, found stats.Cap, said bool) error {
	s.quota = &found
	if said {
		return s.conclude(WhyQuota)
	}
	if found.Alone = s.cfg.Addresses < 2; found.Alone {
		return s.conclude(WhyQuota)
	}
	rate := s.rounded(found.Rate.Value * capLoads[1])
	conduct := s.conduct(capWarmup, results.Segment{Name: results.SegmentAddresses, Rate: rate, Length: 2 * capWarmup})
	conduct.Sources = min(s.cfg.Addresses, manyAddresses)
	seen, err := s.playSound(ctx, conduct)
	if err != nil {
		return err
	}
	if stats.ByAddress(found.Rate, doneIn(seen, int(capWarmup/time.Second))) {
		s.quota.Sign = signPerIP
		return s.conclude(WhyBlocked)
	}
	return s.conclude(WhyQuota)
}

// manyAddresses is how many addresses a load leaves from to see whether each has
// a limit of its own.
const manyAddresses = 20

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
	return sum(out) > sum(in)/20 && series.Unhurried(s.rest, from, to/10*10)
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
