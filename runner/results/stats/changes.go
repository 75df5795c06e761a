package stats

import (
	"math"
	"slices"
)

// Limits of [ChangePoints].
const (
	mostChangeValues  = 4096
	leastChangeValues = 40
	leastStretch      = 5 // values between two changes
	// A change costs a place, a level and a slope: three parameters.
	changeParameters = 3
	// The noise is itself an estimate from n values, of which it may be short: so
	// many of its own deviations, √(10÷n), are added.
	noiseDoubt = 4
)

// ChangePoints are the indices at which a series begins to follow another straight
// line than before: the cut into stretches that minimises the squared distance to
// a line in each, over the variance of the noise, plus the BIC penalty 3·ln n for
// every cut; found exactly and without chance by PELT (Killick, Fearnhead and
// Eckley, JASA 107, 2012). A trend is no change. The noise is taken from second
// differences, so that neighbours must be nearly independent: fold what remembers
// ([Fold]). Nil for fewer than 40 values, more than 4,096, or any that is not
// finite.
func ChangePoints(values []float64) []int {
	n := len(values)
	if n < leastChangeValues || n > mostChangeValues || slices.ContainsFunc(values, func(v float64) bool { return !finite(v) }) {
		return nil
	}
	sums := newLineSums(values)
	noise := noiseOf(values) * (1 + noiseDoubt*math.Sqrt(10/float64(n)))
	penalty := changeParameters * math.Log(float64(n))
	cost := func(from, to int) float64 { return sums.rest(from, to) / noise }
	best := make([]float64, n+1) // of the first i values
	last := make([]int, n+1)     // where their last stretch begins
	best[0] = -penalty
	starts := []int{0}
	for to := leastStretch; to <= n; to++ {
		best[to] = math.Inf(1)
		for _, from := range starts {
			if c := best[from] + cost(from, to) + penalty; c < best[to] {
				best[to], last[to] = c, from
			}
		}
		// What is worse by more than a cut costs can never begin a last stretch.
		starts = slices.DeleteFunc(starts, func(from int) bool {
			return best[from]+cost(from, to) > best[to]
		})
		if next := to + 1 - leastStretch; next >= leastStretch {
			starts = append(starts, next)
		}
	}
	var out []int
	for at := last[n]; at > 0; at = last[at] {
		out = append(out, at)
	}
	slices.Reverse(out)
	return out
}

// noiseOf is the variance of independent noise around pieces of straight lines:
// from the median of the absolute second differences, whose variance is 6 times
// it, of a normal law. A series without noise has a very small one.
func noiseOf(values []float64) float64 {
	second := make([]float64, len(values)-2)
	largest := 0.0
	for i := range second {
		second[i] = math.Abs(values[i] - 2*values[i+1] + values[i+2])
		largest = math.Max(largest, math.Abs(values[i]))
	}
	slices.Sort(second)
	sigma := interpolated(second, 0.5) / 0.674489750196082 / math.Sqrt(6)
	floor := math.Max(1e-5*largest, 1e-150)
	return math.Max(float64(sigma*sigma), float64(floor*floor))
}

// lineSums are cumulated sums from which the residual of a line through any
// stretch is read at once.
type lineSums struct{ y, yy, ty []float64 }

func newLineSums(values []float64) lineSums {
	n := len(values)
	_, mean, _ := moments(values)
	s := lineSums{make([]float64, n+1), make([]float64, n+1), make([]float64, n+1)}
	for i, v := range values {
		v -= mean // keeps the sums small
		s.y[i+1] = s.y[i] + v
		s.yy[i+1] = s.yy[i] + float64(v*v)
		s.ty[i+1] = s.ty[i] + float64(float64(i)*v)
	}
	return s
}

// rest is the sum of the squared distances of values [from, to) to their line.
func (s lineSums) rest(from, to int) float64 {
	n := float64(to - from)
	y, yy, ty := s.y[to]-s.y[from], s.yy[to]-s.yy[from], s.ty[to]-s.ty[from]
	middle := (float64(from) + float64(to-1)) / 2
	ty -= float64(middle * y)
	tt := float64(n*(float64(n*n)-1)) / 12
	return math.Max(0, yy-float64(y*y)/n-float64(ty*ty)/tt)
}

// Limits of [Knee].
const (
	kneePoints = 5
	kneeBend   = 0.2 // distance from the diagonal, of the unit square
	kneeTrend  = 0.5 // Kendall's τ that y must have with x
	kneeNoise  = 6   // times the scatter: both ends and the point itself may be off by 2 or 3
)

// Knee is the index of the point of a rising curve that bends away furthest from
// the straight line between its ends, after the "Kneedle" of Satopaa, Albrecht,
// Irwin and Raghavan (ICDCS workshops 2011). It is for drawing only: it depends
// on the range shown. ok is false for fewer than 5 points, for a curve that does
// not rise, for a straight one, and where the bend is no more than scatter. x must
// rise strictly.
func Knee(x, y []float64) (index int, ok bool) {
	n := min(len(x), len(y))
	if n < kneePoints || Kendall(y[:n]) < kneeTrend {
		return 0, false
	}
	d := make([]float64, n)
	loY, hiY := slices.Min(y[:n]), slices.Max(y[:n])
	for i := range n {
		if i > 0 && !(x[i] > x[i-1]) || !finite(x[i]) || !finite(y[i]) {
			return 0, false
		}
		d[i] = (x[i]-x[0])/(x[n-1]-x[0]) - (y[i]-loY)/(hiY-loY)
	}
	best := 0.0
	for i, v := range d {
		if a := math.Abs(v); a > best {
			index, best = i, a
		}
	}
	scatter := math.Sqrt(noiseOf(d))
	return index, best >= kneeBend && best > kneeNoise*scatter
}
