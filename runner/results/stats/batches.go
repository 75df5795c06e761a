package stats

import "math"

// Estimate is a value and its 95 % interval, in the unit of what was measured.
type Estimate struct {
	Value float64
	Interval
	// Sure is false when too little was seen to bound it: the interval is then
	// (-Inf, +Inf), or [0, 1] for a share.
	Sure bool
}

// Mean is the mean of batches that are nearly independent, and Student's
// interval on one degree of freedom less than there are batches (the method of
// batch means; Law, "Simulation Modeling and Analysis"). Values that are not
// finite are left out. It is not sure with fewer than two.
func Mean(batches []float64) Estimate {
	n, mean, squares := moments(batches)
	if n < 2 {
		return unsure(mean)
	}
	half := float64(StudentQuantile(0.975, float64(n-1)) * math.Sqrt(squares/float64(n-1)/float64(n)))
	return Estimate{mean, Interval{mean - half, mean + half}, true}
}

func unsure(value float64) Estimate {
	return Estimate{value, Interval{math.Inf(-1), math.Inf(1)}, false}
}

// moments gives how many of the values are finite, their mean, and the sum of
// the squares of what they differ from it.
func moments(values []float64) (n int, mean, squares float64) {
	for _, v := range values {
		if !finite(v) {
			continue
		}
		n++
		d := v - mean
		mean += d / float64(n)
		squares += float64(d * (v - mean))
	}
	return n, mean, squares
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Fold is the means of consecutive groups of size values, the last ones of the
// series: what does not fill a group is left out at its start. Nil for a size
// under 1.
func Fold(values []float64, size int) []float64 {
	if size < 1 {
		return nil
	}
	n := len(values) / size
	values = values[len(values)-n*size:]
	out := make([]float64, n)
	for i := range out {
		var sum float64
		for _, v := range values[i*size : (i+1)*size] {
			sum += v
		}
		out[i] = sum / float64(size)
	}
	return out
}

// FoldBlocks is the same of blocks: their counts are added.
func FoldBlocks(blocks []Block, size int) []Block {
	if size < 1 {
		return nil
	}
	n := len(blocks) / size
	blocks = blocks[len(blocks)-n*size:]
	out := make([]Block, n)
	for i := range out {
		for _, b := range blocks[i*size : (i+1)*size] {
			out[i].K += min(b.K, b.N)
			out[i].N += b.N
		}
	}
	return out
}

// ShareOver is a share ΣK ÷ ΣN over time batches (K of N people beyond a limit
// in each) with the 95 % interval that lets neighbours in time fail together:
// Student's on one degree of freedom less than there are batches, on the logit
// of the share, with the variance of the ratio estimator (Cochran, "Sampling
// Techniques", chapter 6), and never narrower than [Wilson]'s. On people counted
// as independent the interval of a plateau at 0.9 of the capacity covers the
// truth one time in six.
//
// With nobody beyond the limit (or everybody) batches say nothing of the
// scatter; the bound is then that of seeing none among n ÷ deff people
// ([ZeroUpper] at 97.5 %). deff is a design effect known from elsewhere, 1 when
// there is none. Sure is false with fewer than two batches that hold people.
func ShareOver(batches []Block, deff float64) Estimate {
	var k, n uint64
	m := 0
	for _, b := range batches {
		if b.N > 0 {
			k, n, m = k+min(b.K, b.N), n+b.N, m+1
		}
	}
	if m < 2 {
		return Estimate{share(k, n), WilsonDesign(k, n, Z95, deff), false}
	}
	if k == 0 || k == n {
		return Estimate{share(k, n), allAlike(k > 0, n, deff), true}
	}
	p := share(k, n)
	var squares float64
	for _, b := range batches {
		d := float64(min(b.K, b.N)) - float64(p*float64(b.N))
		squares += float64(d * d)
	}
	se := math.Sqrt(squares*float64(m)/float64(m-1)) / float64(n)
	// On the logit, se ÷ p(1-p).
	half := float64(StudentQuantile(0.975, float64(m-1))*se) / float64(p*(1-p))
	at := math.Log(p / (1 - p))
	in := Interval{logistic(at - half), logistic(at + half)}
	return Estimate{p, Wider(in, Wilson(k, n, Z95)), true}
}

func share(k, n uint64) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// allAlike is the interval when none of n, or all, are beyond the limit.
func allAlike(all bool, n uint64, deff float64) Interval {
	if !(deff > 1) {
		deff = 1
	}
	u := ZeroUpper(uint64(math.Max(1, math.Floor(float64(n)/deff))), 0.975)
	if all {
		return Interval{1 - u, 1}
	}
	return Interval{0, u}
}

// Autocorrelation is the correlation of a series with itself lag values later,
// with the biased estimator (divided by the whole sum of squares), which keeps
// sums of it bounded. 0 for a constant series, and for lags outside it.
func Autocorrelation(values []float64, lag int) float64 {
	n, mean, squares := moments(values)
	if lag < 0 || lag >= len(values) || n != len(values) || !(squares > 0) {
		return 0
	}
	var sum float64
	for i := range len(values) - lag {
		sum += float64((values[i] - mean) * (values[i+lag] - mean))
	}
	return sum / squares
}

// Tau estimates how long, in seconds, a series of bins width seconds wide
// remembers: width · (½ + Σ autocorrelations), the integrated autocorrelation
// time, summed up to the first lag of 5 times itself (Sokal, "Monte Carlo Methods
// in Statistical Mechanics", 1997). For an exponential memory it is the
// relaxation time; for a queue near saturation about half of it; and from a
// series shorter than some 50 of it, too little. It is never under width ÷ 2:
// bins cannot show less. 0 without values.
func Tau(values []float64, width float64) float64 {
	if len(values) == 0 || !(width > 0) {
		return 0
	}
	sum := 0.5
	for lag := 1; lag < len(values) && float64(lag) < 5*sum; lag++ {
		sum += Autocorrelation(values, lag)
	}
	return width * math.Max(0.5, sum)
}
