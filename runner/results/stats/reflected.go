package stats

import (
	"math"
	"slices"
)

// Waits are the waits of people at a target, in seconds, read at equal steps of
// time from an empty start, as a reflected Brownian motion: the limit to which a
// queue of any number of servers and any scatter of services tends as its load
// nears its capacity (Kingman, 1962; Harrison, "Brownian Motion and Stochastic
// Flow Systems", 1985). Its two unknowns, the drift and the variance of a second,
// are seen in every second in which somebody waits; how many come too late is
// seen only in the few in which they do.
type Waits struct {
	At   []float64 // not negative; the first is the empty start
	Step float64   // seconds from one to the next
	// Near is the wait, in seconds, under which it is only known that it is short:
	// servers that are idle one by one are no sharp reflection.
	Near float64
}

// Bounds of the search for the drift (spare capacity as a share of the load) and
// for the variance, as powers of e around the mean square of the steps.
const (
	leastSpare, mostSpare = -0.4, 0.8
	leastSpread           = -0.6
	spreadStep            = 0.35
	spreads               = 8
	horizonPoints         = 12
)

// Fit is what a series of waits says.
type Fit struct {
	Spare    float64 // capacity beyond the load, as a share of the load
	Variance float64 // of the sum of a second's steps, s²
	// Z is the signed root of the likelihood ratio: how many standard deviations
	// the fit is on the good side of one with exactly the given share of late
	// people; negative on the bad side.
	Z float64
	// Jump is the largest rise of a wait in one step, in the steps' own standard
	// deviations: of a queue some 3 to 5, of a target that froze more.
	Jump float64
}

// Fit finds the most likely drift and variance, and compares the share of waits
// over limit seconds that they foretell for the seconds [from, to) with share.
// The zero Fit without a wait longer than Near: nothing is then known of the
// drift.
func (w Waits) Fit(limit, share, from, to float64) Fit {
	squares, seen := 0.0, false
	for i := 1; i < len(w.At); i++ {
		d := w.At[i] - w.At[i-1]
		squares += float64(d * d)
		seen = seen || w.At[i] > w.Near
	}
	if !seen || !(w.Step > 0 && w.Near > 0 && limit > 0 && share > 0 && to > from) {
		return Fit{}
	}
	squares /= float64(len(w.At)-1) * w.Step
	best, other := math.Inf(-1), math.Inf(-1)
	var f Fit
	for i := range spreads {
		v := squares * math.Exp(leastSpread+float64(spreadStep*float64(i)))
		spare, l := highest(leastSpare, mostSpare, func(spare float64) float64 { return w.likelihood(spare, v) })
		if l > best {
			best, f.Spare, f.Variance = l, spare, v
		}
		other = math.Max(other, w.likelihood(spareFor(limit, share, v, from, to), v))
	}
	f.Z = math.Sqrt(2 * math.Max(0, best-other))
	if lateShare(limit, f.Spare, f.Variance, from, to) > share {
		f.Z = -f.Z
	}
	f.Jump = w.jump()
	return f
}

// jump is the largest rise of those who wait already, in robust standard
// deviations of their steps around the median (1.4826 times the median deviation);
// +Inf with fewer than 10 steps.
func (w Waits) jump() float64 {
	const least, robust = 10, 1.4826
	var steps []float64
	for i := 1; i < len(w.At); i++ {
		if w.At[i-1] > w.Near {
			steps = append(steps, w.At[i]-w.At[i-1])
		}
	}
	if len(steps) < least {
		return math.Inf(1)
	}
	slices.Sort(steps)
	middle, highest := steps[len(steps)/2], steps[len(steps)-1]
	for i := range steps {
		steps[i] = math.Abs(steps[i] - middle)
	}
	slices.Sort(steps)
	return (highest - middle) / float64(robust*steps[len(steps)/2])
}

// likelihood is the logarithm of that of all steps.
func (w Waits) likelihood(spare, v float64) float64 {
	const least = 1e-12 // one odd step is not the end of a fit
	sum := 0.0
	for i := 1; i < len(w.At); i++ {
		p := 0.0
		if w.At[i] < w.Near {
			p = 1 - reflectedTail(w.Near, w.At[i-1], spare, v, w.Step)
		} else {
			p = reflectedDensity(w.At[i], w.At[i-1], spare, v, w.Step)
		}
		sum += math.Log(math.Max(p, least))
	}
	return sum
}

// reflectedTail is P(X_t > y | X_0 = x) of a Brownian motion with drift -spare
// and variance v a second, reflected at 0 (Harrison, section 3.6).
func reflectedTail(y, x, spare, v, t float64) float64 {
	s, move := math.Sqrt(float64(v*t)), float64(spare*t)
	p := NormalTail((y + move - x) / s)
	if q := NormalTail((x + y - move) / s); q > 0 {
		p += math.Exp(math.Log(q) - 2*float64(spare*y)/v)
	}
	return math.Min(1, p)
}

// reflectedDensity is the density of X_t at y.
func reflectedDensity(y, x, spare, v, t float64) float64 {
	s, move := math.Sqrt(float64(v*t)), float64(spare*t)
	a, b := (y-x+move)/s, (move-y-x)/s
	p := bell(a) / s
	if q := bell(b)/s + 2*float64(spare/v*NormalTail(-b)); q > 0 {
		p += math.Exp(math.Log(q) - 2*float64(spare*y)/v)
	}
	return p
}

// lateShare is the mean share of waits over limit in [from, to).
func lateShare(limit, spare, v, from, to float64) float64 {
	sum := 0.0
	for i := range horizonPoints {
		sum += reflectedTail(limit, 0, spare, v, from+float64((to-from)*(float64(i)+0.5))/horizonPoints)
	}
	return sum / horizonPoints
}

// spareFor is the drift that gives exactly the share.
func spareFor(limit, share, v, from, to float64) float64 {
	lo, hi := -1.0, 2.0
	for range 20 {
		if mid := (lo + hi) / 2; lateShare(limit, mid, v, from, to) > share {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// highest is the maximum of a function with one, by golden section.
func highest(lo, hi float64, f func(float64) float64) (at, value float64) {
	const golden = 0.6180339887498949
	a, b := hi-float64(golden*(hi-lo)), lo+float64(golden*(hi-lo))
	fa, fb := f(a), f(b)
	for range 11 {
		if fa > fb {
			hi, b, fb = b, a, fa
			a = hi - float64(golden*(hi-lo))
			fa = f(a)
		} else {
			lo, a, fa = a, b, fb
			b = lo + float64(golden*(hi-lo))
			fb = f(b)
		}
	}
	if fa > fb {
		return a, fa
	}
	return b, fb
}

func bell(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }
