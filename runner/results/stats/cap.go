package stats

import "math"

// Cap is a limiter recognised by what it lets through: the same goodput at
// different loads, far more regular than chance would have it.
type Cap struct {
	Rate Estimate // people per second
	Sign string   // quota, waiting_room
}

// capTolerance is how far apart the goodputs of two loads may be under an exact
// cap.
const capTolerance = 0.01

// ExactCap reads a cap from two or more overloads: true when their goodputs
// (people per second, with intervals) agree within 1 % while the loads differ by
// at least a fifth and every one is above the goodput. The rate is the mean,
// its interval the range of theirs, at least 0.5 % to each side.
func ExactCap(offered []float64, goodput []Estimate) (Estimate, bool) {
	if len(offered) < 2 || len(offered) != len(goodput) {
		return unsure(0), false
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	loLoad, hiLoad := math.Inf(1), math.Inf(-1)
	var sum float64
	for i, g := range goodput {
		if !(g.Value > 0) || !(offered[i] > g.Value) {
			return unsure(0), false
		}
		sum += g.Value
		lo, hi = math.Min(lo, g.Value), math.Max(hi, g.Value)
		loLoad, hiLoad = math.Min(loLoad, offered[i]), math.Max(hiLoad, offered[i])
	}
	mean := sum / float64(len(goodput))
	if hiLoad < 1.2*loLoad || hi-lo > capTolerance*mean {
		return unsure(mean), false
	}
	half := math.Max(hi-mean, math.Max(mean-lo, capTolerance/2*mean))
	return Estimate{mean, Interval{mean - half, mean + half}, true}, true
}
