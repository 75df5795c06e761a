package report

import (
	"math"
	"math/big"
	"time"

	"firstbell/runner/results/stats"
)

// block counts one 10-s block: K of N people.
type block = stats.Block

// bounds is a 95 % interval of a share, rounded outwards to nine digits: what
// is printed is what is compared.
type bounds struct{ Lo, Hi *big.Rat }

// proportion is the 95 % interval of k/n: the wider of Wilson's and the block
// bootstrap's, because arrivals of a storm are correlated and Wilson alone is
// too narrow. With no failure in n (or nothing but) it is the rule of three,
// 3/n (Hanley and Lippman-Hand, 1983).
func proportion(blocks []block, seed uint64) bounds {
	var k, n uint64
	for _, b := range blocks {
		k, n = k+b.K, n+b.N
	}
	switch {
	case n == 0:
		return bounds{new(big.Rat), big.NewRat(1, 1)}
	case k == 0:
		return bounds{new(big.Rat), ruleOfThree(n)}
	case k == n:
		one := big.NewRat(1, 1)
		return bounds{new(big.Rat).Sub(one, ruleOfThree(n)), one}
	}
	in := stats.ShareInterval(blocks, seed)
	return outwards(in.Lo, in.Hi)
}

func ruleOfThree(n uint64) *big.Rat {
	if n <= 3 {
		return big.NewRat(1, 1)
	}
	return ceilDigits(fraction(3, n))
}

func outwards(lo, hi float64) bounds {
	return bounds{
		floorDigits(new(big.Rat).SetFloat64(math.Max(0, lo))),
		ceilDigits(new(big.Rat).SetFloat64(math.Min(1, hi))),
	}
}

// billion is the grid of judged shares: nine digits.
var billion = big.NewInt(1_000_000_000)

func floorDigits(r *big.Rat) *big.Rat {
	num := new(big.Int).Mul(r.Num(), billion)
	return new(big.Rat).SetFrac(num.Div(num, r.Denom()), billion)
}

func ceilDigits(r *big.Rat) *big.Rat {
	num := new(big.Int).Mul(r.Num(), billion)
	num.Add(num, new(big.Int).Sub(r.Denom(), big.NewInt(1)))
	return new(big.Rat).SetFrac(num.Div(num, r.Denom()), billion)
}

// bucket is one bucket of a histogram: n values between Lo and Hi, both
// included.
type bucket struct {
	Lo, Hi time.Duration
	N      uint64
}

// distribution is times of people, ascending, and those who never got in above
// them all.
type distribution struct {
	buckets []bucket
	in      uint64 // people in class
	never   uint64
}

// neverTime stands for +∞ in comparisons.
const neverTime = time.Duration(math.MaxInt64)

func (d distribution) n() uint64 { return d.in + d.never }

// at is the bucket of the rank-th smallest value, rank from 1.
func (d distribution) at(rank uint64) bucket {
	if rank > d.in {
		return bucket{Lo: neverTime, Hi: neverTime}
	}
	var seen uint64
	for _, b := range d.buckets {
		if seen += b.N; seen >= rank {
			return b
		}
	}
	return bucket{Lo: neverTime, Hi: neverTime}
}

// rank is the smallest rank with at least a share q of the people at or below
// it: ceil(q·n), at least 1.
func (d distribution) rank(q *big.Rat) uint64 {
	num := new(big.Int).Mul(q.Num(), new(big.Int).SetUint64(d.n()))
	num.Add(num, new(big.Int).Sub(q.Denom(), big.NewInt(1)))
	return max(1, num.Div(num, q.Denom()).Uint64())
}

// quantile is the value at rank q, as the top of its bucket: the one estimator
// of the report.
func (d distribution) quantile(q *big.Rat) time.Duration {
	if d.n() == 0 {
		return 0
	}
	return d.at(d.rank(q)).Hi
}

// interval is the order-statistic interval of the q-quantile, its ranks
// widened by the design effect and its ends by the width of their buckets.
// When the upper rank lies beyond the last person, the largest value still
// bounds the quantile if n is at least ln 0.05/ln q effective people.
func (d distribution) interval(q *big.Rat, effect float64) (lo, hi time.Duration) {
	low, _, high := stats.QuantileRanks(q, d.n(), effect)
	if high > d.n() && float64(d.n())/effect >= float64(stats.MinForQuantile(q)) {
		high = d.n()
	}
	if low > 0 {
		lo = d.at(low).Lo
	}
	return lo, d.at(high).Hi
}

// over counts the people who needed more than limit: the top of the bucket
// decides, as in quantile.
func (d distribution) over(limit time.Duration) uint64 {
	over := d.never
	for _, b := range d.buckets {
		if b.Hi > limit {
			over += b.N
		}
	}
	return over
}

// max is the largest value, never included.
func (d distribution) max() time.Duration {
	if d.n() == 0 {
		return 0
	}
	return d.at(d.n()).Hi
}

// minimumPeople is the least a judged group may hold (gate V8).
const minimumPeople = 300

// needForRate is stats.MinPeople, and never under the gate's own minimum. A
// limit of nothing at all is an exact count, not an estimate.
func needForRate(tau *big.Rat) uint64 {
	return max(minimumPeople, stats.MinPeople(tau))
}

// effectOf is the design effect at a quantile; 1 when no blocks are given.
func effectOf(blocks func(q *big.Rat) []block, q *big.Rat) float64 {
	if blocks == nil {
		return 1
	}
	return stats.Effect(blocks(q))
}
