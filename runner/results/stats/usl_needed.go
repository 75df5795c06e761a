package stats

import (
	"math"
	"slices"
)

// Most is the highest rate of the law and with how many nodes: at its peak,
// √((1-σ)÷κ), else +Inf nodes, where the rate only comes near λ÷σ; +Inf of both for
// a law without losses (Gunther 2007).
func (l Scaling) Most() (rate, nodes float64) {
	switch {
	case l.Sigma >= 1:
		return l.Lambda, 1
	case l.Kappa > 0:
		peak := math.Sqrt((1 - l.Sigma) / l.Kappa)
		low, high := math.Max(1, math.Floor(peak)), math.Max(1, math.Ceil(peak))
		if l.At(low) >= l.At(high) {
			return l.At(low), low
		}
		return l.At(high), high
	}
	return l.Lambda / l.Sigma, math.Inf(1)
}

// Needed is the fewest whole nodes with which the law gives times what it gives
// with from nodes, and the 95 % interval of that number, by the same bootstrap as
// [Scaling.Predict]. times is itself an interval: its upper end makes the value
// and the upper end of the answer, its lower end the lower one. +Inf: by the law no
// number of nodes is enough. What lies beyond [Scaling.Farthest] is for the caller
// to refuse. ok is false without from or times above 0, or where the bootstrap
// does not fit.
func (l Scaling) Needed(times Interval, from float64) (nodes Estimate, ok bool) {
	if !(from > 0 && times.Lo > 0 && times.Hi >= times.Lo) || math.IsInf(times.Hi, 1) {
		return unsure(0), false
	}
	var low, high []float64
	for again := range l.draws() {
		low, high = append(low, again.least(times.Lo, from)), append(high, again.least(times.Hi, from))
	}
	value := l.least(times.Hi, from)
	if 2*len(low) < uslDraws {
		return unsure(value), false
	}
	slices.Sort(low)
	slices.Sort(high)
	outside := max(1, len(low)/40)
	return Estimate{value, Interval{math.Min(value, low[outside-1]), math.Max(value, high[len(high)-outside])}, true}, true
}

// least is the fewest whole nodes with times the rate of from nodes: the smaller
// root of κn² + (σ - κ - λ÷c)n + 1 - σ = 0, where c is that rate; +Inf when the law
// never gets there.
func (l Scaling) least(times, from float64) float64 {
	c := float64(times * l.At(from))
	if !(c > l.Lambda) {
		return 1
	}
	b := l.Lambda/c - l.Sigma + l.Kappa
	root := float64(b*b) - float64(4*l.Kappa*(1-l.Sigma))
	if l.Sigma >= 1 || b <= 0 || root < 0 {
		return math.Inf(1)
	}
	n := math.Ceil(2*(1-l.Sigma)/(b+math.Sqrt(root)) - rounding)
	if n < 1 || !finite(n) || l.At(n) < c*(1-rounding) {
		return math.Inf(1)
	}
	return n
}

// rounding is how far from a whole number of nodes one still is.
const rounding = 1e-9
