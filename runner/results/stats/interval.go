package stats

import "math"

// Z95 is the two-sided 95 % point of the standard normal distribution.
const Z95 = 1.959963984540054

// Interval is a closed range; of a share, within [0, 1].
type Interval struct{ Lo, Hi float64 }

// Wilson is the score interval of a share of k among n independent people
// (Wilson, "Probable inference, the law of succession, and statistical
// inference", JASA 22, 1927), at the normal quantile z. It never leaves [0, 1]
// and is exact at the ends: 0 of n has the lower bound 0. With n = 0 nothing is
// known: [0, 1]. k above n counts as n.
func Wilson(k, n uint64, z float64) Interval {
	if n == 0 {
		return Interval{0, 1}
	}
	k = min(k, n)
	fn := float64(n)
	p := float64(k) / fn
	z2 := float64(z * z)
	centre := p + z2/(2*fn)
	spread := z * math.Sqrt(float64(p*(1-p))/fn+z2/(4*fn*fn))
	scale := 1 + z2/fn
	in := Interval{(centre - float64(spread)) / scale, (centre + float64(spread)) / scale}
	if k == 0 {
		in.Lo = 0
	}
	if k == n {
		in.Hi = 1
	}
	return in.clamp()
}

// WilsonDesign is [Wilson] for people who are not independent: with a design
// effect deff (see [Deff]), n of them say as much as n ÷ deff would. deff under
// 1 counts as 1.
func WilsonDesign(k, n uint64, z, deff float64) Interval {
	if !(deff > 1) || n == 0 {
		return Wilson(k, n, z)
	}
	// Wilson depends on z² ÷ n only, so a smaller n is a larger z.
	return Wilson(k, n, z*math.Sqrt(deff))
}

// Wider joins two intervals: the lower of the lower bounds to the higher of the
// upper ones.
func Wider(a, b Interval) Interval {
	return Interval{math.Min(a.Lo, b.Lo), math.Max(a.Hi, b.Hi)}
}

func (in Interval) clamp() Interval {
	return Interval{math.Max(0, in.Lo), math.Min(1, in.Hi)}
}

// ZeroUpper is the exact upper bound of a rate when 0 of n were seen: the share
// at which seeing none has the probability 1 - confidence, one-sided (Clopper
// and Pearson, Biometrika 26, 1934). At 95 % it is close to 3 ÷ n (Hanley and
// Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249,
// 1983). With n = 0 it is 1.
func ZeroUpper(n uint64, confidence float64) float64 {
	if n == 0 {
		return 1
	}
	return -math.Expm1(math.Log1p(-confidence) / float64(n))
}

// CleanNeeded is the smallest number of people, all of them good, that shows a
// failure rate under limit at the confidence: ⌈ln(1-confidence) ÷ ln(1-limit)⌉,
// 459 for 1 % at 99 % (MLPerf LoadGen's early stopping). 0 for limits that no
// number can show.
func CleanNeeded(limit, confidence float64) uint64 {
	if !(limit > 0 && limit < 1 && confidence > 0 && confidence < 1) {
		return 0
	}
	return uint64(math.Ceil(math.Log1p(-confidence) / math.Log1p(-limit)))
}
