package report

import (
	"math"
	"slices"

	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// Limits of [plateau.holds].
const (
	manyMemories = 100  // relaxation times that say enough by themselves
	heavyTraffic = 0.35 // spare capacity, as a share of the load, up to which the fit is a queue's
	fitAgrees    = 2.5  // standard deviations: with an interval that is within the limit
	fitAlone     = 3.5  // with one that is not
	queueJump    = 5    // standard deviations: a greater step is no queue's
)

// holds reports whether a criterion held. The interval over the batches decides
// where many relaxation times fit into the plateau. Near saturation few do: the
// share of late people is then that of one or two excursions, which tells little,
// while the drift of the waits is seen in all seconds in which somebody waits. So
// it must agree; and where the interval alone cannot tell, because all who came
// too late came in one excursion, a drift far from the limit does. It only does so
// of what is a queue: everybody got in, and no wait jumped.
func (p *plateau) holds(c scenarios.Criterion, in stats.Estimate, limit, tau float64) bool {
	within := in.Hi < limit && p.roomLeft(p.timeOf(c), limit, tau)
	if within && float64(p.to-p.from) >= manyMemories*tau || !(in.Value < limit) {
		return within
	}
	f := p.waits(p.timeOf(c).Seconds(), limit)
	if f == (stats.Fit{}) || f.Spare >= heavyTraffic {
		return within
	}
	if within {
		return f.Z >= fitAgrees
	}
	return f.Z >= fitAlone && f.Jump < queueJump && !p.grown && p.sum.never() == 0
}

const (
	stepsOfLimit = 4  // a step of the waits: several services, of which a limit holds 20
	nearOfLimit  = 20 // a wait under this part of the limit is short
	mostSteps    = 1200
)

// waits fits the people inside, second after second from the empty start, as the
// waits of a queue (Little's law), and compares them with those of one with half
// the share of late people that is allowed: so much may the tail of a wait differ
// from the exponential. The zero Fit when there is no such start, or no time.
func (p *plateau) waits(limit, share float64) stats.Fit {
	var came uint64
	for i := range p.to {
		came += uint64(p.s.Seconds[i].Started)
	}
	if came == 0 || !(limit > 0) || len(p.s.Conduct.Segments) != 1 {
		return stats.Fit{}
	}
	rate, inside := float64(came)/float64(p.to), p.inside[:p.to]
	base := slices.Sorted(slices.Values(inside))[len(inside)/20]
	step := max(1, int(math.Round(limit/stepsOfLimit)), p.to/mostSteps)
	w := stats.Waits{At: []float64{0}, Step: float64(step), Near: limit / nearOfLimit}
	for i := step; i < p.to; i += step {
		w.At = append(w.At, math.Max(0, (inside[i]-base)/rate))
	}
	return w.Fit(limit-base/rate, share/2, float64(p.from), float64(p.to))
}
