package report

import (
	"math/big"
	"slices"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

const (
	// batchSeconds is the grain of time to class, and of a plateau's batches.
	batchSeconds = 10
	// leastBatches is the fewest on which a plateau may have held: fewer say
	// little of how it scatters.
	leastBatches = 5
)

// plateau is a trial's series with its judged window: whole batches of 10 s from
// the end of the warm-up to the end of the load.
type plateau struct {
	s       *results.Series
	sc      *scenarios.Scenario
	from    int // seconds of the judged window, half-open
	to      int
	stopped int     // the second after the last in which load left
	all     []batch // of the judged window
	sum     batch
	inside  []float64 // people on their way at the end of each second of the trial
	grown   bool      // they grew beyond doubt
}

// batch is people due together: how they ended, and their times.
type batch struct {
	bag
	times distribution
}

func newPlateau(s *results.Series, sc *scenarios.Scenario) *plateau {
	p := &plateau{s: s, sc: sc}
	length := len(s.Seconds)
	if n := int(s.Conduct.Length() / time.Second); n > 0 {
		length = min(length, n)
	}
	for i := range s.Seconds[:length] {
		if s.Seconds[i].Started > 0 {
			p.stopped = i + 1
		}
	}
	p.to = length
	switch s.Ended.How {
	case results.EndedPlanned:
	case results.EndedEnough:
		p.to = min(length, max(0, int(s.Ended.LoadEnd/time.Second)))
	default: // load stopped before
		p.to = p.stopped
	}
	p.from = min(ceilTo(max(0, int(s.Conduct.Warmup/time.Second)), batchSeconds), p.to)
	p.to = max(p.from, p.to/batchSeconds*batchSeconds)
	for from := p.from; from < p.to; from += batchSeconds {
		p.all = append(p.all, p.batch(from))
	}
	p.sum = join(p.all)
	p.inside = p.onTheWay()
	return p
}

func ceilTo(n, step int) int { return (n + step - 1) / step * step }

// batch is the ten that starts at a second.
func (p *plateau) batch(from int) batch {
	var b batch
	for _, sec := range p.s.Seconds[from:min(from+batchSeconds, len(p.s.Seconds))] {
		b.Intended += uint64(sec.Intended)
		b.NotSent += uint64(sec.NotSent)
		for o, n := range sec.By {
			if results.Outcome(o) != results.NotSent {
				b.Out[o] += uint64(n)
				b.Started += uint64(n)
			}
		}
	}
	if ten := from / batchSeconds; ten < len(p.s.Tens) {
		b.times = newDistribution(bucketsOf(p.s.Tens[ten]), 0)
	}
	b.times.never = b.never()
	return b
}

func join(all []batch) batch {
	var sum batch
	var found []bucket
	for _, b := range all {
		sum.add(&b.bag)
		found = append(found, b.times.buckets...)
	}
	sum.times = newDistribution(found, sum.never())
	return sum
}

// read is the whole reading of a plateau.
func (p *plateau) read() results.Reading {
	r := results.Reading{
		State: results.StateUndecided, P50: results.Never, P95: results.Never, From: p.from, To: p.to,
		Batches: len(p.all), Gates: slices.Clone(p.s.Gates), Criteria: []results.CriterionReading{}, Short: true,
	}
	if len(p.all) == 0 {
		return r
	}
	p.describe(&r)
	for _, c := range p.sc.Criteria.List {
		if judgedOnPlateaus(c.Metric) {
			r.Criteria = append(r.Criteria, p.judge(c, r.Tau))
		}
	}
	r.State = p.state(r.Criteria)
	short := stats.Batches(float64(p.to-p.from), r.Tau).Short || len(p.all) < leastBatches
	r.Short = short && r.State == results.StateUndecided && !r.Saturated
	p.blame(&r)
	return r
}

// describe fills what was asked and what came out.
func (p *plateau) describe(r *results.Reading) {
	window := float64(p.to - p.from)
	r.P50, r.P95 = secondsOf(p.sum.times.decimal(p50)), secondsOf(p.sum.times.decimal(p95))
	r.Offered = float64(p.sum.Started) / window
	if p.sum.valid() > 0 {
		r.Success = float64(p.sum.inClass()) / float64(p.sum.valid())
	}
	done := p.perSecond(func(s *results.SeriesSecond) float64 { return float64(s.Done) })
	good := stats.Mean(stats.Fold(done, batchSeconds))
	r.Goodput, r.GoodputCI = good.Value, [2]float64{max(0, good.Lo), good.Hi}
	if !good.Sure {
		r.GoodputCI = [2]float64{0, r.Offered + good.Value}
	}
	inside := p.inside[p.from:p.to]
	r.Backlog = p.inside[max(1, p.stopped)-1]
	r.Tau = stats.Tau(inside, 1)
	p.grown = p.saturated(good)
	r.Saturated = p.grown
	r.Steady = !r.Saturated && stats.MSER5(inside).Steady
}

// perSecond reads one figure of each second of the judged window.
func (p *plateau) perSecond(read func(*results.SeriesSecond) float64) []float64 {
	out := make([]float64, p.to-p.from)
	for i := range out {
		out[i] = read(&p.s.Seconds[p.from+i])
	}
	return out
}

// onTheWay is the people on their way at the end of each second of the trial:
// who left for the portal and has not been settled. It is counted from the
// ledger, not from a gauge that may be missing.
func (p *plateau) onTheWay() []float64 {
	out := make([]float64, len(p.s.Seconds))
	n := 0.0
	for i := range p.s.Seconds {
		n += float64(p.s.Seconds[i].Started) - settled(&p.s.Seconds[i])
		out[i] = max(0, n)
	}
	return out
}

func settled(s *results.SeriesSecond) float64 {
	n := 0.0
	for o, k := range s.Settled {
		if results.Outcome(o) != results.NotSent {
			n += float64(k)
		}
	}
	return n
}

// saturated reports whether people came faster than they were served through
// the window: the backlog grew beyond doubt, or it stood so high that those who
// waited in vain left as fast as others came.
func (p *plateau) saturated(good stats.Estimate) bool {
	arrived := p.perSecond(func(s *results.SeriesSecond) float64 { return float64(s.Started) })
	left := p.perSecond(settled)
	limit := p.limit().Seconds()
	offered, end := float64(p.sum.Started)/float64(p.to-p.from), p.inside[p.to-1]
	base := float64(offered * p.fastest().Seconds())
	if stats.Overloaded(arrived, left, end, base, limit) {
		return true
	}
	outside := p.sum.Out[results.Timeout] + p.sum.Out[results.Late] + p.sum.Out[results.Unfinished]
	return good.Sure && good.Hi < 0.97*offered && stats.BacklogDelay(end, base, good.Value) > limit &&
		outside > p.sum.valid()/10
}

// limit is the time people are judged by.
func (p *plateau) limit() time.Duration {
	if d := smallestTime(p.sc); d > 0 {
		return d
	}
	return p.s.InTime
}

// fastest is how long those take who meet no queue: the tenth percentile of the
// trial's first people.
func (p *plateau) fastest() time.Duration {
	for _, h := range p.s.Tens {
		if h.Count() > 0 {
			return h.Quantile(1, 10)
		}
	}
	return 0
}

func judgedOnPlateaus(m scenarios.Metric) bool {
	return m != scenarios.MetricLost && m != scenarios.MetricMidWork
}

// state joins the criteria that must hold. A failed gate leaves nothing but a
// failure on refusals that the server itself sent.
func (p *plateau) state(criteria []results.CriterionReading) results.State {
	open, failed, any := false, false, false
	for _, c := range criteria {
		if p.severity(c.ID) == scenarios.Minor {
			continue
		}
		any = true
		failed = failed || c.State == results.StateNotMet
		open = open || c.State == results.StateUndecided
	}
	switch {
	case len(p.s.Gates) > 0:
		return p.despite()
	case failed:
		return results.StateNotMet
	case open || !any:
		return results.StateUndecided
	}
	return results.StateMet
}

func (p *plateau) criterion(id string) (scenarios.Criterion, bool) {
	i := slices.IndexFunc(p.sc.Criteria.List, func(c scenarios.Criterion) bool { return c.ID == id })
	if i < 0 {
		return scenarios.Criterion{}, false
	}
	return p.sc.Criteria.List[i], true
}

func (p *plateau) severity(id string) scenarios.Severity {
	c, _ := p.criterion(id)
	return c.Severity
}

// badSide counts the people of a batch that speak against a criterion.
func badSide(c scenarios.Criterion, b *batch) block {
	if c.Quantile != nil {
		return block{K: b.times.over(c.Time), N: b.times.n()}
	}
	k, n := count(c.Metric, &b.bag), base(c.Metric, &b.bag)
	if atLeast(c.Op) {
		k = n - k
	}
	return block{K: k, N: n}
}

// badLimit is the share of them that is allowed.
func badLimit(c scenarios.Criterion) *big.Rat {
	one := big.NewRat(1, 1)
	if c.Quantile != nil {
		return one.Sub(one, c.Quantile)
	}
	if atLeast(c.Op) {
		return one.Sub(one, c.Rate)
	}
	return c.Rate
}
