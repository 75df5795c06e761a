package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Difference is now - before with a 95 % interval put together from theirs, which
// need not be symmetric and may be of shares, quantiles, rates or times: the
// squares of the half-widths that face each other are added (MOVER; Zou and
// Donner, Statistics in Medicine 27, 2008; Newcombe's method 10 for two shares).
// The two must be independent. Not sure when either is not.
func Difference(now, before Estimate) Estimate {
	d := now.Value - before.Value
	if !now.Sure || !before.Sure || !finite(d) {
		return unsure(d)
	}
	lo := math.Hypot(now.Value-now.Lo, before.Hi-before.Value)
	hi := math.Hypot(now.Hi-now.Value, before.Value-before.Lo)
	return Estimate{d, Interval{d - lo, d + hi}, true}
}

// DrawnDifference is the difference of a statistic between two runs with the 95 %
// percentile interval when whole blocks of either are drawn with replacement,
// independently ([Bootstrap]). now and before compute the statistic from the
// indices of the blocks drawn, as many as there are; their slice is reused. The
// draws are the seed's. Draws whose statistic is not finite (nobody in them) are
// left out; not sure with fewer than two blocks on a side, or fewer than half of
// the draws left.
func DrawnDifference(blocksNow, blocksBefore int, now, before func(drawn []int) float64, seed uint64) Estimate {
	a, b := whole(blocksNow), whole(blocksBefore)
	d := now(a) - before(b)
	if len(a) < 2 || len(b) < 2 || !finite(d) {
		return unsure(d)
	}
	rng := rand.New(rand.NewPCG(seed, uint64(len(a))<<32|uint64(len(b))))
	drawn := make([]float64, 0, Replicates)
	for range Replicates {
		draw(rng, a)
		draw(rng, b)
		if x := now(a) - before(b); finite(x) {
			drawn = append(drawn, x)
		}
	}
	if 2*len(drawn) < Replicates {
		return unsure(d)
	}
	slices.Sort(drawn)
	outside := max(1, len(drawn)/40)
	return Estimate{d, Interval{drawn[outside-1], drawn[len(drawn)-outside]}, true}
}

func whole(n int) []int {
	all := make([]int, max(0, n))
	for i := range all {
		all[i] = i
	}
	return all
}

func draw(rng *rand.Rand, into []int) {
	for i := range into {
		into[i] = rng.IntN(len(into))
	}
}

// DifferenceOfShares is [DrawnDifference] of ΣK ÷ ΣN.
func DifferenceOfShares(now, before []Block, seed uint64) Estimate {
	return DrawnDifference(len(now), len(before), shareOf(now), shareOf(before), seed)
}

func shareOf(blocks []Block) func([]int) float64 {
	return func(drawn []int) float64 {
		var k, n uint64
		for _, i := range drawn {
			k, n = k+min(blocks[i].K, blocks[i].N), n+blocks[i].N
		}
		if n == 0 {
			return math.NaN()
		}
		return float64(k) / float64(n)
	}
}

// DifferenceOfMeans is [DrawnDifference] of the means of block values.
func DifferenceOfMeans(now, before []float64, seed uint64) Estimate {
	return DrawnDifference(len(now), len(before), meanOf(now), meanOf(before), seed)
}

func meanOf(values []float64) func([]int) float64 {
	return func(drawn []int) float64 {
		var sum float64
		for _, i := range drawn {
			sum += values[i]
		}
		return sum / float64(len(drawn))
	}
}

// Regressed reports whether a difference is a change for the worse that counts:
// its interval does not hold 0 and it is at least effect of the value before. more
// says that a higher value is worse. Of a value before that is 0 any sure change
// counts.
func Regressed(difference Estimate, before float64, more bool, effect float64) bool {
	if !difference.Sure {
		return false
	}
	worse := difference.Value
	sure := difference.Lo > 0
	if !more {
		worse, sure = -worse, difference.Hi < 0
	}
	return sure && worse >= effect*math.Abs(before)
}

// interpolated is the q-quantile of sorted values, linear between neighbours.
func interpolated(sorted []float64, q float64) float64 {
	at := float64(q * float64(len(sorted)-1))
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + float64((at-float64(i))*(sorted[i+1]-sorted[i]))
}
