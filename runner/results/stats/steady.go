package stats

import "math"

// Truncation is where a series becomes steady.
type Truncation struct {
	Cut int // values to leave out at the start
	// Steady is false when more than half would have to go, or too few values
	// are there to say (under 50).
	Steady bool
}

// mserGroup is the 5 of MSER-5.
const mserGroup = 5

// MSER5 looks for the end of the warm-up in a series of one-second values: the
// cut after which the squared standard error of what is left, over means of 5
// values, is least (White, Cobb and Spratt, "A comparison of five steady-state
// truncation heuristics for simulation", WSC 2000). The last 5 groups are never
// cut into, since so few may agree by accident. It is a second opinion beside
// [Warmup]: it can fail in plain queues (Wang and Glynn, WSC 2016).
func MSER5(values []float64) Truncation {
	groups := Fold(values, mserGroup)
	const keep = 5
	if len(groups) < 2*keep {
		return Truncation{}
	}
	best, cut := math.Inf(1), 0
	for d := 0; d <= len(groups)-keep; d++ {
		n, _, squares := moments(groups[d:])
		if n == 0 {
			return Truncation{}
		}
		if score := squares / float64(n) / float64(n); score < best {
			best, cut = score, d
		}
	}
	cut *= mserGroup
	if cut > 0 {
		cut += len(values) % mserGroup // Fold left these out at the start
	}
	return Truncation{Cut: cut, Steady: 2*cut <= len(values)}
}
