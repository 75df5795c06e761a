package report

import (
	"math"
	"slices"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// judge is one criterion on a plateau: the share of people on its bad side over
// the batches, and the interval that decides.
func (p *plateau) judge(c scenarios.Criterion, tau float64) results.CriterionReading {
	blocks := make([]block, len(p.all))
	out := results.CriterionReading{ID: c.ID, State: results.StateUndecided, Minor: c.Severity == scenarios.Minor}
	var k uint64
	for i := range p.all {
		blocks[i] = badSide(c, &p.all[i])
		k, out.N = k+blocks[i].K, out.N+blocks[i].N
	}
	limit := badLimit(c)
	out.Limit, _ = limit.Float64()
	in := plateauShare(blocks, tau)
	out.Bad, out.CI = in.Value, [2]float64{in.Lo, in.Hi}
	switch {
	case out.N == 0:
		return out
	case limit.Sign() == 0: // a claim on this trial, not an estimate
		out.State = results.StateMet
		if k > 0 {
			out.State = results.StateNotMet
		}
	case out.N < needed(c):
	case in.Lo > out.Limit, p.certain(k, out.Limit):
		out.State = results.StateNotMet
	case len(blocks) >= leastBatches && p.holds(c, in, out.Limit, tau):
		out.State = results.StateMet
	}
	return out
}

// certain reports whether a plateau that was ended early had failed already: more
// people on the bad side than the whole of it, as planned, may have (curtailed
// sampling). A backlog that grows puts all of them into the last batches, whose
// scatter then says nothing.
func (p *plateau) certain(bad uint64, limit float64) bool {
	if p.s.Ended.How != results.EndedEnough || p.s.Conduct.Kind != results.TrialPlateau || len(p.s.Conduct.Segments) != 1 {
		return false
	}
	one := p.s.Conduct.Segments[0]
	planned := one.Rate * (one.Length - p.s.Conduct.Warmup).Seconds()
	return float64(bad) > limit*planned
}

// timeOf is the time a criterion sets, 0 for none.
func (p *plateau) timeOf(c scenarios.Criterion) time.Duration {
	switch c.Metric {
	case scenarios.MetricTimeToClass:
		return c.Time
	case scenarios.MetricInTime, scenarios.MetricLate:
		return p.s.InTime
	}
	return 0
}

// roomPart is the part of the room that [plateau.roomLeft] looks at.
const roomPart = 0.25

// roomLeft reports whether a plateau that nobody, or few, found too long was well
// within its limit, or only lucky: one in three plateaus at 1.03 times the rate
// that a small queue really holds happens to stay within it. The tail of a
// queue's wait is exponential in heavy traffic (Kingman, 1962; Abate, Choudhury
// and Whitt, 1995), so where a share x may wait longer than the limit, x to the
// power of a quarter may wait longer than a quarter of it, which is seen long
// before. The wait in every second is Little's: people inside, less those inside
// when nobody waits, over the rate they came at; the share of seconds beyond a
// quarter of the room must be below that bound with 95 % confidence. Without a time
// there is nothing to look at, and a backlog that grew is not held.
func (p *plateau) roomLeft(limit time.Duration, share, tau float64) bool {
	if limit <= 0 {
		return !p.grown
	}
	inside := p.inside[p.from:p.to]
	offered := float64(p.sum.Started) / float64(len(inside))
	sorted := slices.Sorted(slices.Values(inside))
	base := sorted[len(sorted)/20]
	room := limit.Seconds() - base/offered
	blocks := make([]block, len(p.all))
	for i, n := range inside {
		b := &blocks[i/batchSeconds]
		b.N++
		if (n-base)/offered > roomPart*room {
			b.K++
		}
	}
	e := plateauShare(blocks, tau)
	if free := float64(len(blocks) - 1); e.Value > 0 && e.Hi < 1 {
		at, oneSided := logit(e.Value), stats.StudentQuantile(0.95, free)/stats.StudentQuantile(0.975, free)
		e.Hi = logistic(at + float64(oneSided*(logit(e.Hi)-at)))
	}
	return e.Hi < math.Pow(share, roomPart)
}

// plateauShare is a share over batches of 10 s with its 95 % interval, for people
// who queue behind each other: the wider of the interval over the batches and of
// that over longer ones, which hold 8 relaxation times where at least 5 of them
// fit. What memory is left between neighbours then widens it: batches of b
// seconds of an exponential memory tau are correlated by φ = exp(-b/tau), and
// the variance of their mean is (1+φ)/(1-φ) = coth(b/2tau) times what they show.
func plateauShare(blocks []block, tau float64) stats.Estimate {
	size := int(math.Ceil(8 * tau / batchSeconds))
	size = max(1, min(size, len(blocks)/leastBatches))
	one := remember(stats.ShareOver(blocks, 1), batchSeconds, tau)
	if size == 1 {
		return one
	}
	long := remember(stats.ShareOver(stats.FoldBlocks(blocks, size), 1), float64(size*batchSeconds), tau)
	one.Interval = stats.Wider(one.Interval, long.Interval)
	return one
}

// remember widens an interval on the logit for what batches of the given length
// still share with their neighbours. Nobody on the bad side, or everybody, shows
// no scatter to widen.
func remember(e stats.Estimate, length, tau float64) stats.Estimate {
	p := e.Value
	if !(tau > 0) || p <= 0 || p >= 1 || e.Lo <= 0 || e.Hi >= 1 {
		return e
	}
	factor := math.Sqrt(1 / math.Tanh(length/(2*tau)))
	at := logit(p)
	e.Lo = logistic(at - float64(factor*(at-logit(e.Lo))))
	e.Hi = logistic(at + float64(factor*(logit(e.Hi)-at)))
	return e
}

func logit(p float64) float64    { return math.Log(p / (1 - p)) }
func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// despite judges a plateau whose generator was not sound: never met; not met
// only if a criterion fails with everybody counted as in time whom the server
// did not refuse by a complete answer, read from the run folder, which knows the
// reasons. Without the folder nothing can be said.
func (p *plateau) despite() results.State {
	if slices.Contains(p.s.Gates, "V10") || p.s.Dir == "" {
		return results.StateUndecided
	}
	run, err := results.Open(p.s.Dir)
	if err != nil || run.Plan.PlayTo <= run.Plan.PlayFrom {
		return results.StateUndecided
	}
	t := newTally(run)
	t.delivered() // notes the blocks that fell short
	for _, c := range p.sc.Criteria.List {
		if c.Severity != scenarios.Minor && judgedOnPlateaus(c.Metric) && t.recount(c, nil) == NotMet {
			return results.StateNotMet
		}
	}
	return results.StateUndecided
}

// brokeAt is the first second, from the start of the trial, of a batch that was
// beyond doubt on the bad side of a criterion; the end of the load for none.
func (p *plateau) brokeAt(c scenarios.Criterion) int {
	limit, _ := badLimit(c).Float64()
	for from := 0; from+batchSeconds <= p.to; from += batchSeconds {
		b := p.batch(from)
		k := badSide(c, &b)
		if in := stats.Wilson(k.K, k.N, stats.Z95); k.N > 0 && in.Lo > limit {
			return from
		}
	}
	return p.to
}
