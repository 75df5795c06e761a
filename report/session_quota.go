package report

import (
	"slices"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// limiter recognises a quota or a throttle by address: a cap is a setting of the
// target and no breaking point. One that does not say so in words is believed only
// when it lets people in as evenly as no server does.
func (x *session) limiter() *QuotaFound {
	if x.gated() {
		return x.perAddress(x.through())
	}
	if one, ok := byAddress(x.trials); ok {
		return x.perAddress(estimated(stats.Widened(lateGoodput(one)), 3))
	}
	var offered []float64
	var goodput []stats.Estimate
	sign, even, said := SignQuota, true, false
	for i := range x.trials {
		t := &x.trials[i]
		if t.Series == nil || len(t.Reading.Gates) > 0 || t.Conduct.Kind != results.TrialPlateau || !segmented(&t.Conduct, results.SegmentCap) {
			continue
		}
		s, evenly := refusalSign(t), x.evenly(t)
		if s == "" && !evenly {
			continue
		}
		if s != "" {
			sign, said = s, true
		}
		even = even && evenly
		offered, goodput = append(offered, t.Reading.Offered), append(goodput, lateGoodput(t))
	}
	heaviest := max(0, len(offered)-2) // a small bucket is exact only when pressed hard
	rate, ok := stats.ExactCap(offered[heaviest:], goodput[heaviest:])
	spaced := false
	if !ok && even {
		rate, ok = stats.SpacedCap(offered, goodput)
		spaced = ok
	}
	if !ok {
		return nil
	}
	found := &QuotaFound{Rate: estimated(rate, 3), Sign: sign, Spaced: spaced}
	if found.Alone = !said && !x.fromMany(); found.Alone {
		found.Sources = slices.Clone(x.d.Sources)
	}
	return found
}

// fromMany reports whether an overload was played from many addresses.
func (x *session) fromMany() bool {
	return slices.ContainsFunc(x.trials, func(t played) bool {
		return t.Series != nil && segmented(&t.Conduct, results.SegmentAddresses)
	})
}

func (x *session) perAddress(rate Range) *QuotaFound {
	return &QuotaFound{Rate: rate, PerIP: true, Sign: SignPerIP, Sources: slices.Clone(x.d.Sources)}
}

// segmented reports whether a trial is one segment of that name.
func segmented(c *results.Conduct, name string) bool {
	return len(c.Segments) == 1 && c.Segments[0].Name == name
}

// evenly reports whether a trial let people in far more evenly than chance, and as
// quickly as ever, while it turned others away.
func (x *session) evenly(t *played) bool {
	from, to := int(t.Conduct.Warmup/time.Second), int(t.Series.Due()/time.Second)
	in, out := t.Series.Door(from, to)
	return stats.LimiterOf(in, out, 0, 0).Seen && t.Series.Unhurried(x.rest, from, to)
}

// byAddress is the trial from one address that shows a limit of each address: the
// same load from many got in.
func byAddress(trials []played) (one *played, ok bool) {
	named := func(name string, rate float64) *played {
		for i := range trials {
			t := &trials[i]
			if t.Series != nil && len(t.Reading.Gates) == 0 && segmented(&t.Conduct, name) && (rate == 0 || rateOf(&t.Trial) == rate) {
				return t
			}
		}
		return nil
	}
	many := named(results.SegmentAddresses, 0)
	if many == nil {
		return nil, false
	}
	rate := rateOf(&many.Trial)
	if one = named(results.SegmentAddress, rate); one == nil {
		return nil, false
	}
	return one, stats.ByAddress(lateGoodput(one), lateGoodput(many), rate)
}

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
	return estimated(stats.Widened(best), 3)
}

// gated reports whether a trial of the search failed the gate of attackers.
func (x *session) gated() bool {
	return slices.ContainsFunc(x.trials, func(t played) bool {
		return t.Series != nil && x.searched(t.Stage) && slices.Contains(t.Reading.Gates, "V10")
	})
}
