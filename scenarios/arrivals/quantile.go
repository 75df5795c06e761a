package arrivals

import (
	"math"
	"time"
)

// InverseNormal is the standard normal quantile of u in (0, 1): Acklam's
// rational approximation ("An algorithm for computing the inverse normal
// cumulative distribution function", 2003), relative error under 1.2e-9.
// u ≤ 0 gives -Inf, u ≥ 1 gives +Inf. For behaviour and intervals only: the
// schedule uses no floating point.
func InverseNormal(u float64) float64 {
	const low = 0.02425
	switch {
	case !(u > 0):
		return math.Inf(-1)
	case u >= 1:
		return math.Inf(1)
	case u < low:
		return acklamTail(math.Sqrt(-2 * math.Log(u)))
	case u > 1-low:
		return -acklamTail(math.Sqrt(-2 * math.Log1p(-u)))
	}
	a := [6]float64{-3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02,
		1.383577518672690e+02, -3.066479806614716e+01, 2.506628277459239e+00}
	b := [6]float64{-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
		6.680131188771972e+01, -1.328068155288572e+01, 1}
	q := u - 0.5
	r := q * q
	return q * horner(a, r) / horner(b, r)
}

func acklamTail(q float64) float64 {
	c := [6]float64{-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
		-2.549732539343734e+00, 4.374664141464968e+00, 2.938163982698783e+00}
	d := [6]float64{0, 7.784695709041462e-03, 3.224671290700398e-01,
		2.445134137142996e+00, 3.754408661907416e+00, 1}
	return horner(c, q) / horner(d, q)
}

func horner(c [6]float64, x float64) float64 {
	sum := 0.0
	for _, k := range c {
		sum = sum*x + k
	}
	return sum
}

// z95 is the standard normal quantile of 0.95.
const z95 = 1.6448536269514722

// LogNormal is the quantile at u in (0, 1) of the log-normal time with this
// median and 95th percentile: median × exp(σ z), σ = ln(p95 ÷ median) ÷ 1.645.
// A p95 at or below the median means a fixed time. Whole microseconds, at most
// a day; 0 for a median of 0 or less.
func LogNormal(median, p95 time.Duration, u float64) time.Duration {
	if median <= 0 {
		return 0
	}
	if p95 <= median {
		return median
	}
	sigma := math.Log(float64(p95)/float64(median)) / z95
	t := float64(median) * math.Exp(sigma*InverseNormal(u))
	if !(t < float64(24*time.Hour)) {
		return 24 * time.Hour
	}
	return time.Duration(t).Truncate(time.Microsecond)
}

// Geometric is the quantile at u in (0, 1) of a number of tries, at least 1,
// whose distribution is geometric with this median: P(tries > n) = 2^(-n ÷
// median), so tries = ⌈median × log2(1 ÷ u)⌉ with u the probability of more. A
// median of 1 or less gives 1; the answer is at most 1000 times the median.
func Geometric(medianTries int, u float64) int {
	if medianTries <= 1 {
		return 1
	}
	m := float64(medianTries)
	n := math.Ceil(-m * math.Log2(u))
	if !(n >= 1) {
		return 1
	}
	return int(min(n, 1000*m))
}
