package stats

import "math"

// NormalQuantile is the point below which a standard normal variable lies with
// probability p; -Inf and +Inf at 0 and 1, NaN outside.
func NormalQuantile(p float64) float64 {
	return -math.Sqrt2 * math.Erfcinv(2*p)
}

// NormalTail is the probability that a standard normal variable exceeds z.
func NormalTail(z float64) float64 {
	return math.Erfc(z/math.Sqrt2) / 2
}

// StudentQuantile is the point below which Student's t with freedom degrees of
// freedom lies with probability p, by bisection of its distribution function
// (Student, Biometrika 6, 1908). [NormalQuantile] for a freedom of +Inf; NaN for
// a freedom that is not positive or a p outside [0, 1].
func StudentQuantile(p, freedom float64) float64 {
	switch {
	case !(p >= 0 && p <= 1) || !(freedom > 0):
		return math.NaN()
	case p == 0 || p == 1 || freedom > 1e7:
		return NormalQuantile(p)
	case p < 0.5:
		return -StudentQuantile(1-p, freedom)
	}
	// P(T > t) = I_x(ν÷2, ½) ÷ 2 with x = ν ÷ (ν+t²), so x is what is sought.
	tail := 2 * (1 - p)
	lo, hi := 0.0, 1.0
	for range 200 {
		mid := (lo + hi) / 2
		if betaShare(freedom/2, 0.5, mid) < tail {
			lo = mid
		} else {
			hi = mid
		}
	}
	return math.Sqrt(float64(freedom*(1-hi)) / hi)
}

// BinomialTail is the probability of k or more successes in n independent tries
// of probability p: the regularised incomplete beta function I_p(k, n-k+1). p is
// taken within [0, 1].
func BinomialTail(k, n uint64, p float64) float64 {
	switch {
	case k == 0:
		return 1
	case k > n || !(p > 0):
		return 0
	case p >= 1:
		return 1
	}
	return betaShare(float64(k), float64(n-k)+1, p)
}

// betaShare is the regularised incomplete beta function I_x(a, b), by its
// continued fraction (DLMF 8.17.22), evaluated by Lentz's method as modified by
// Thompson and Barnett. a and b are positive and x in [0, 1].
func betaShare(a, b, x float64) float64 {
	if x <= 0 {
		return 0
	}
	if x >= 1 {
		return 1
	}
	if x > (a+1)/(a+b+2) { // where the fraction converges slowly
		return 1 - betaShare(b, a, 1-x)
	}
	front := math.Exp(logGamma(a+b) - logGamma(a) - logGamma(b) + float64(a*math.Log(x)) + float64(b*math.Log1p(-x)))
	return math.Min(1, float64(front*betaFraction(a, b, x))/a)
}

func betaFraction(a, b, x float64) float64 {
	const tiny, close, most = 1e-300, 1e-15, 100_000
	away := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/away(1-float64((a+b)*x)/(a+1))
	f := d
	for i := 1; i <= most; i++ {
		m := float64(i)
		even := float64(float64(m*(b-m))*x) / float64((a+2*m-1)*(a+2*m))
		d = 1 / away(1+float64(even*d))
		c = away(1 + even/c)
		f = float64(f * float64(d*c))
		odd := -float64(float64((a+m)*(a+b+m))*x) / float64((a+2*m)*(a+2*m+1))
		d = 1 / away(1+float64(odd*d))
		c = away(1 + odd/c)
		step := float64(d * c)
		f = float64(f * step)
		if math.Abs(step-1) < close {
			break
		}
	}
	return f
}

func logGamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}
