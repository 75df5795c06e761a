package report

import (
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// recount judges a criterion again with everyone counted as in time whose
// outcome is not a complete refusal by the server, given in a 10-s block whose
// load was delivered on time: what a sick generator cannot have caused.
func (t *tally) recount(c scenarios.Criterion, k keep) Status {
	var total bag
	var blocks []block
	var refusedByBlock []block
	s := t.peak()
	first := s.from / 10
	for i, b := range t.blocks(s, k) {
		kind := refusalsOnly(&b, t.short[first+i] || t.short[first+i-1] || t.unobserved(first+i))
		total.add(&kind)
		blocks = append(blocks, block{K: count(c.Metric, &kind), N: base(c.Metric, &kind)})
		refusedByBlock = append(refusedByBlock, block{K: kind.never(), N: kind.valid()})
	}
	if base(c.Metric, &total) < needed(c) {
		return Unmeasured
	}
	if c.Quantile == nil {
		measured := fraction(count(c.Metric, &total), base(c.Metric, &total))
		return rateStatus(c, measured, proportion(blocks, t.stream(c.ID)))
	}
	d := newDistribution([]bucket{{N: total.inClass()}}, total.never())
	lo, hi := d.interval(c.Quantile, stats.Effect(refusedByBlock))
	return timeStatus(c, lo, hi)
}

// unobserved reports whether a run that was cut saw the people of a 10-s block
// for less time than planned: who waited, or was between two tries, might still
// have come in.
func (t *tally) unobserved(ten int) bool {
	if t.run.Ended.How == results.EndedPlanned {
		return false
	}
	return ten*10+10+int(t.plan.Drain/time.Second) > t.end
}

// refusalsOnly is a bag in which only the server's complete refusals did not
// come in time.
func refusalsOnly(b *bag, short bool) bag {
	out := bag{Intended: b.Intended, Started: b.Intended}
	if !short {
		out.Out = b.Refused
		out.GaveUp, out.MidWork = b.GaveUpRefused, b.MidWorkRefused
	}
	out.Refused = out.Out
	out.Out[results.InTime] = b.Intended - min(b.Intended, out.refused())
	return out
}

// spare keeps a loss of ours from speaking against the target: what is not met only
// because of people whom a lost worker left unobserved is open.
func (t *tally) spare(c scenarios.Criterion, k keep, out *Criterion) {
	if out.Status != NotMet && out.Status != Undecided || t.sum(t.peak(), k).Unseen == 0 {
		return
	}
	if spared := t.spared(c, k); spared != out.Status {
		out.Status, out.Spared = Undecided, spared
	}
}

// spared is a criterion's status with everyone counted as in time whom a lost worker
// left unobserved.
func (t *tally) spared(c scenarios.Criterion, k keep) Status {
	s := t.peak()
	all := t.sum(s, k)
	var blocks, over []block
	for _, b := range t.blocks(s, k) {
		b.spare()
		blocks = append(blocks, block{K: count(c.Metric, &b), N: base(c.Metric, &b)})
	}
	all.spare()
	if c.Quantile == nil {
		return rateStatus(c, fraction(count(c.Metric, &all), base(c.Metric, &all)), proportion(blocks, t.stream(c.ID)))
	}
	s = s.outward()
	for from := s.from; from < s.to; from += 10 {
		d := t.sparedTimes(span{from, from + 10}, k)
		over = append(over, block{K: d.over(c.Time), N: d.n()})
	}
	d := t.sparedTimes(s, k)
	lo, hi := d.interval(c.Quantile, stats.Effect(over))
	return timeStatus(c, lo, hi)
}

// spare turns who was left unobserved into who came in time.
func (b *bag) spare() {
	n := min(b.Unseen, b.Out[results.Unfinished])
	b.Out[results.Unfinished] -= n
	b.Out[results.InTime] += n
	b.Unseen = 0
}

func (t *tally) sparedTimes(s span, k keep) distribution {
	d := t.times(s, k)
	n := min(t.sum(s.outward(), k).Unseen, d.never)
	d.never -= n
	return newDistribution(append(d.buckets, bucket{N: n}), d.never)
}
