package report

import (
	"math"
	"math/big"
	"sort"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// sharesCompared are the shares of people that are compared, all of those who
// started without the rejected accounts. Of in_class and in_time less is worse.
var sharesCompared = [...]scenarios.Metric{
	scenarios.MetricInClass, scenarios.MetricInTime, scenarios.MetricWaitingRoom, scenarios.MetricQuota, scenarios.MetricBlank,
	scenarios.MetricError, scenarios.MetricTimeout, scenarios.MetricUnreachable, scenarios.MetricLost, scenarios.MetricMidWork,
}

// compareRuns compares two storms over their peak windows.
func compareRuns(now, before *results.Run, effect float64) []Compared {
	a, b := newTally(now), newTally(before)
	var out []Compared
	for _, m := range sharesCompared {
		out = append(out, compareShare(a, b, m, effect))
	}
	x, y := timeBlocks(a), timeBlocks(b)
	for _, q := range []struct {
		key string
		at  *big.Rat
	}{{"p50", p50}, {"p95", p95}, {"p99", p99}} {
		out = append(out, compareTime(x, y, q.key, q.at, effect, a.stream("compare "+q.key)))
	}
	return out
}

func compareShare(now, before *tally, m scenarios.Metric, effect float64) Compared {
	blocks := func(t *tally) (out []block) {
		for _, b := range t.blocks(t.peak(), nil) {
			out = append(out, block{K: count(m, &b), N: base(m, &b)})
		}
		return out
	}
	a, b := blocks(now), blocks(before)
	out := Compared{Key: string(m), Format: FormatPercent, Now: shareOf(a), Before: shareOf(b), Reading: NotComparable}
	if !out.Now.Known() || !out.Before.Known() {
		return out
	}
	more := m != scenarios.MetricInClass && m != scenarios.MetricInTime
	was := out.Before.Float()
	if !more { // what counts is how many were not
		was = 1 - was
	}
	out.read(wider(stats.DifferenceOfShares(a, b, now.stream("compare "+string(m))), a, b), was, more, effect)
	return out
}

// wider joins the bootstrap, which sees no scatter where all blocks are alike,
// with Newcombe's interval for people taken as independent.
func wider(drawn stats.Estimate, now, before []block) stats.Estimate {
	wilson := func(blocks []block) stats.Estimate {
		k, n := totals(blocks)
		return stats.Estimate{Value: float64(k) / float64(n), Interval: stats.Wilson(k, n, stats.Z95), Sure: true}
	}
	d := stats.Difference(wilson(now), wilson(before))
	if drawn.Sure {
		d.Interval = stats.Wider(d.Interval, fewBlocks(drawn, len(now), len(before)).Interval)
	}
	return d
}

// fewBlocks widens a bootstrap's interval for how few blocks it drew from: it
// knows their scatter on m-1 degrees of freedom, and shows (m-1)/m of it.
func fewBlocks(d stats.Estimate, a, b int) stats.Estimate {
	m := float64(min(a, b))
	if !d.Sure || m < 2 {
		return d
	}
	wider := math.Sqrt(m/(m-1)) * stats.StudentQuantile(0.975, m-1) / stats.Z95
	d.Lo, d.Hi = d.Value-float64(wider*(d.Value-d.Lo)), d.Value+float64(wider*(d.Hi-d.Value))
	return d
}

func totals(blocks []block) (k, n uint64) {
	for _, b := range blocks {
		k, n = k+b.K, n+b.N
	}
	return k, n
}

func shareOf(blocks []block) Decimal {
	k, n := totals(blocks)
	return share(k, n)
}

// read fills the difference and what it means. was is what the change is
// measured against; more says that a higher value is worse.
func (c *Compared) read(d stats.Estimate, was float64, more bool, effect float64) {
	c.Reading = Same
	c.Diff = rounded(d.Value, 6)
	if !d.Sure {
		return
	}
	c.CI95 = [2]Decimal{rounded(d.Lo, 6), rounded(d.Hi, 6)}
	if was > 0 && !math.IsInf(was, 0) {
		c.Relative = rounded(math.Abs(d.Value)/was, 6)
	}
	switch {
	case stats.Regressed(d, was, more, effect):
		c.Reading, c.Regression = Worse, true
	case stats.Regressed(d, was, !more, effect):
		c.Reading = Better
	}
}

// longestTime stands for never in a difference of times: the range of the
// histograms.
const longestTime = 6 * 3600.0

// timesBlock is the people of ten seconds by their time: how many needed at most
// edges[i] seconds, and how many there were.
type timesBlock struct {
	atMost []uint64
	n      uint64
}

// blockTimes is a run's blocks over common edges.
type blockTimes struct {
	edges  []float64
	blocks []timesBlock
}

func timeBlocks(t *tally) blockTimes {
	s := t.peak().outward()
	all := t.times(s, nil)
	out := blockTimes{edges: make([]float64, len(all.buckets))}
	for i, b := range all.buckets {
		out.edges[i] = b.Hi.Seconds()
	}
	for from := s.from; from < s.to; from += batchSeconds {
		d := t.times(span{from, from + batchSeconds}, nil)
		b := timesBlock{atMost: make([]uint64, len(out.edges)), n: d.n()}
		var sum uint64
		k := 0
		for i := range all.buckets {
			for k < len(d.buckets) && d.buckets[k].Hi <= all.buckets[i].Hi {
				sum += d.buckets[k].N
				k++
			}
			b.atMost[i] = sum
		}
		out.blocks = append(out.blocks, b)
	}
	return out
}

// quantile of the blocks drawn, never being the longest time; NaN for nobody.
func (x *blockTimes) quantile(q *big.Rat) func([]int) float64 {
	return func(drawn []int) float64 {
		var n uint64
		for _, i := range drawn {
			n += x.blocks[i].n
		}
		if n == 0 {
			return math.NaN()
		}
		want := distribution{in: n}.rank(q)
		at := sort.Search(len(x.edges), func(k int) bool {
			var sum uint64
			for _, i := range drawn {
				sum += x.blocks[i].atMost[k]
			}
			return sum >= want
		})
		if at == len(x.edges) {
			return longestTime
		}
		return x.edges[at]
	}
}

// whole is the quantile of everybody.
func (x *blockTimes) whole(q *big.Rat) float64 {
	all := make([]int, len(x.blocks))
	for i := range all {
		all[i] = i
	}
	return x.quantile(q)(all)
}

func compareTime(now, before blockTimes, key string, q *big.Rat, effect float64, seed uint64) Compared {
	is, was := now.whole(q), before.whole(q)
	out := Compared{Key: key, Format: FormatDuration, Now: timeRead(is), Before: timeRead(was), Reading: NotComparable}
	switch {
	case !out.Now.Known() || !out.Before.Known():
		return out
	case out.Now == Never && out.Before == Never:
		out.Reading = Same
		return out
	}
	d := stats.DrawnDifference(len(now.blocks), len(before.blocks), now.quantile(q), before.quantile(q), seed)
	out.read(fewBlocks(d, len(now.blocks), len(before.blocks)), was, true, effect)
	if out.Now == Never {
		out.Diff, out.CI95[1], out.Relative = Never, Never, ""
	}
	return out
}

func timeRead(t float64) Decimal {
	switch {
	case math.IsNaN(t):
		return ""
	case t >= longestTime:
		return Never
	}
	return rounded(t, 9)
}

// compareCapacity compares what two sessions found. Their intervals are of
// different days and of unknown shape, so the difference is all that they allow.
func compareCapacity(now, before *Capacity, effect float64) []Compared {
	if now.Status == Unmeasured || before.Status == Unmeasured {
		return nil
	}
	var out []Compared
	for _, x := range []struct {
		key     string
		is, was Range
	}{
		{"storm", now.Storm.Range, before.Storm.Range}, {"held", now.Held, before.Held}, {"saturation", now.Saturation, before.Saturation},
	} {
		a, b := x.is.interval(), x.was.interval()
		c := Compared{Key: x.key, Format: FormatCount, Now: x.is.middle(), Before: x.was.middle(), Reading: NotComparable}
		if a.Hi > a.Lo && b.Hi > b.Lo {
			d := stats.Estimate{Value: c.Now.Float() - c.Before.Float(), Interval: stats.Interval{Lo: a.Lo - b.Hi, Hi: a.Hi - b.Lo}, Sure: true}
			was := c.Before.Float()
			if math.IsNaN(d.Value) { // one-sided: at least, or at most, this much
				d.Value, was = nearest(d.Interval), math.Max(b.Lo, 0)
			}
			c.read(d, was, false, effect)
		}
		out = append(out, c)
	}
	return out
}

// interval is a range with its open side at infinity, or at 0; empty for none.
func (r Range) interval() stats.Interval {
	in := stats.Interval{Lo: 0, Hi: math.Inf(1)}
	if r.Low.Known() {
		in.Lo = r.Low.Float()
	}
	if r.High.Known() {
		in.Hi = r.High.Float()
	}
	if !r.Low.Known() && !r.High.Known() {
		return stats.Interval{}
	}
	return in
}

// middle of a range with two sides; no value otherwise.
func (r Range) middle() Decimal {
	if !r.Low.Known() || !r.High.Known() {
		return ""
	}
	return rounded((r.Low.Float()+r.High.Float())/2, 4)
}

// nearest is the point of an interval that is nearest to 0.
func nearest(in stats.Interval) float64 {
	switch {
	case in.Lo > 0:
		return in.Lo
	case in.Hi < 0:
		return in.Hi
	}
	return 0
}
