package stats

import (
	"math"
	"math/big"
)

// QuantileRanks gives the ranks, from 1 to n, of the order statistics that
// enclose the q-quantile of n values with 95 % confidence, and the rank of the
// quantile itself, ⌈q·n⌉ (David and Nagaraja, "Order Statistics", 3rd edition,
// section 7.1; normal approximation of the binomial with the variance n·q·(1-q)
// times deff, widened outwards to whole ranks). A lower rank under 1 is
// returned as 0 and an upper one above n as n+1: the interval is open on that
// side, because so few values say nothing about it. q is in (0, 1).
func QuantileRanks(q *big.Rat, n uint64, deff float64) (lower, at, upper uint64) {
	if n == 0 || q == nil || q.Sign() <= 0 || q.Cmp(one) >= 0 {
		return 0, 0, 1
	}
	if !(deff > 1) {
		deff = 1
	}
	at = ceilMul(q, n)
	f, _ := q.Float64()
	mean := float64(f * float64(n))
	half := Z95 * math.Sqrt(float64(float64(mean*(1-f))*deff))
	if lo := math.Floor(mean - half); lo >= 1 {
		lower = uint64(lo)
	}
	// One more: the interval [x_(l), x_(u)) is judged on its upper value.
	upper = n + 1
	if hi := math.Ceil(mean+half) + 1; hi <= float64(n) {
		upper = uint64(hi)
	}
	return lower, at, upper
}

var one = big.NewRat(1, 1)

// ceilMul is ⌈q·n⌉, exactly.
func ceilMul(q *big.Rat, n uint64) uint64 {
	num := new(big.Int).Mul(q.Num(), new(big.Int).SetUint64(n))
	num.Add(num, q.Denom()).Sub(num, big.NewInt(1))
	return num.Div(num, q.Denom()).Uint64()
}

// Value is a percentile of a time in nanoseconds, or never.
type Value struct {
	Nanos int64
	// Never: the value lies among those who never got in.
	Never bool
	// Unknown: too few values to bound this side.
	Unknown bool
}

// Ordered gives the rank-th smallest of the values that have one, rank from 1:
// the range of the histogram bucket it lies in. It is only asked for ranks that
// exist.
type Ordered func(rank uint64) (lo, hi int64)

// Quantile reads the q-quantile of people and its 95 % interval: in of them have
// a time, that ordered gives, and never have none and count as longer than any.
// The lower bound is the lower edge of its bucket and the upper one the upper
// edge, so that the histogram's width is inside the interval; at is the upper
// edge, as everywhere else.
func Quantile(q *big.Rat, in, never uint64, ordered Ordered, deff float64) (lower, at, upper Value) {
	n := in + never
	l, a, u := QuantileRanks(q, n, deff)
	read := func(rank uint64, upperEdge bool) Value {
		switch {
		case rank == 0 || rank > n:
			return Value{Unknown: true}
		case rank > in:
			return Value{Never: true}
		}
		lo, hi := ordered(rank)
		if upperEdge {
			return Value{Nanos: hi}
		}
		return Value{Nanos: lo}
	}
	return read(l, false), read(a, true), read(u, true)
}
