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
)

var capLoads = [...]float64{1.3, 1.8}

// capped looks, after a trial that failed by refusals or by a waiting page,
// whether a limiter is behind it. If so there is no breaking point to find: the
// search ends with the cap.
func (s *search) capped(ctx context.Context, series *results.Series, t *Trial) error {
	sign := signOf(series, t)
	if sign == "" || s.quota != nil {
		return nil
	}
	level := lateGoodput(series)
	if !(level > 0) {
		return nil
	}
	var offered []float64
	var goodput []stats.Estimate
	for _, over := range capLoads {
		rate := s.rounded(level * over)
		conduct := s.conduct(capWarmup, results.Segment{Name: "cap", Rate: rate, Length: capWarmup + capLength})
		seen, _, err := s.play(ctx, results.StageProbe, conduct, s.tooMany())
		if err != nil {
			return err
		}
		offered = append(offered, rate)
		goodput = append(goodput, doneIn(seen, int(capWarmup/time.Second)))
	}
	rate, ok := stats.ExactCap(offered, goodput)
	if !ok {
		return nil
	}
	s.quota = &stats.Cap{Rate: rate, Sign: sign}
	return s.conclude(WhyQuota)
}

func (s *search) tooMany() func(Moment) bool {
	return func(m Moment) bool { return s.cfg.MaxOpen > 0 && m.Open >= s.cfg.MaxOpen }
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
