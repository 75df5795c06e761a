package report

import (
	"slices"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// limiter recognises a quota or a throttle by address: a cap is a setting of the
// target and no breaking point.
func (x *session) limiter() *QuotaFound {
	if x.blocked() {
		return &QuotaFound{Rate: x.through(), PerIP: true, Sign: SignPerIP, Sources: slices.Clone(x.d.Sources)}
	}
	var offered []float64
	var goodput []stats.Estimate
	sign := SignQuota
	for i := range x.trials {
		t := &x.trials[i]
		if t.Series == nil || len(t.Reading.Gates) > 0 || t.Conduct.Kind != results.TrialPlateau || !capping(&t.Conduct) {
			continue
		}
		s := refusalSign(t)
		if s == "" {
			continue
		}
		sign = s
		offered, goodput = append(offered, t.Reading.Offered), append(goodput, lateGoodput(t))
	}
	rate, ok := stats.ExactCap(offered, goodput)
	if !ok {
		return nil
	}
	return &QuotaFound{Rate: estimated(rate, 3), Sign: sign}
}

// capping reports whether a trial was played to see whether a limiter caps.
func capping(c *results.Conduct) bool { return len(c.Segments) == 1 && c.Segments[0].Name == "cap" }

// refusalSign is quota or waiting_room where at least one person in twenty, and
// most of those who did not get in, met one; "" otherwise.
func refusalSign(t *played) string {
	b := people(t)
	refused := b.Out[results.Quota] + b.Out[results.WaitingRoom]
	if refused*20 < b.valid() || refused*2 < b.valid()-min(b.valid(), b.Out[results.InTime]) {
		return ""
	}
	if b.Out[results.WaitingRoom] > b.Out[results.Quota] {
		return SignWaiting
	}
	return SignQuota
}

// lateGoodput is people proved in class per second after the warm-up, in which
// a bucket's burst has passed.
func lateGoodput(t *played) stats.Estimate {
	to := min(int(t.Series.Due()/time.Second), len(t.Series.Seconds))
	from := min(int(t.Conduct.Warmup/time.Second), to)
	done := make([]float64, 0, to-from)
	for _, sec := range t.Series.Seconds[from:to] {
		done = append(done, float64(sec.Done))
	}
	return stats.Mean(stats.Fold(done, batchSeconds))
}

// through is what came through in the trials that were blocked.
func (x *session) through() Range {
	best := stats.Estimate{}
	for i := range x.trials {
		t := &x.trials[i]
		if t.Series == nil || !slices.Contains(t.Reading.Gates, "V10") {
			continue
		}
		if e := lateGoodput(t); e.Sure && e.Value > best.Value {
			best = e
		}
	}
	return estimated(best, 3)
}
