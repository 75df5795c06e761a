package stats

import (
	"math"
	"slices"
)

// Truncation is where a series becomes steady.
type Truncation struct {
	Cut int // values to leave out at the start
	// Steady is false when more than half would have to go, when what is left
	// still moves, or when too few values are there to say (under 50).
	Steady bool
}

// mserGroup is the 5 of MSER-5.
const mserGroup = 5

// Limits of [MSER5].
const (
	mserKeep = 5   // groups never cut into: so few may agree by accident
	mserNear = 1.5 // times the least score: as good
)

// MSER5 looks for the end of the warm-up in a series of one-second values: the
// cut after which the squared standard error of what is left, over means of 5
// values, is least (White, Cobb and Spratt, "A comparison of five steady-state
// truncation heuristics for simulation", WSC 2000). Of cuts nearly as good the
// first is taken, and none unless the mean of what goes is 3 standard errors away
// from that of the rest. Nor is a series steady whose rest differs so from its
// first half to its second. It is a second opinion beside [Warmup]: it can fail in
// plain queues (Wang and Glynn, WSC 2016).
func MSER5(values []float64) Truncation {
	groups := Fold(values, mserGroup)
	if len(groups) < 2*mserKeep {
		return Truncation{}
	}
	scores := make([]float64, len(groups)-mserKeep+1)
	least := math.Inf(1)
	for d := range scores {
		n, _, squares := moments(groups[d:])
		if n < len(groups)-d {
			return Truncation{}
		}
		scores[d] = squares / float64(n) / float64(n)
		least = math.Min(least, scores[d])
	}
	cut := slices.IndexFunc(scores, func(s float64) bool { return s <= mserNear*least })
	if cut < 0 || !apart(groups[:cut], groups[cut:]) {
		cut = 0
	}
	rest := groups[cut:]
	steady := !apart(rest[:len(rest)/2], rest[len(rest)/2:])
	cut *= mserGroup
	if cut > 0 {
		cut += len(values) % mserGroup // Fold left these out at the start
	}
	return Truncation{Cut: cut, Steady: steady && 2*cut <= len(values)}
}

// apart reports whether the means of two stretches differ by more than 3 standard
// errors, taken from the scatter of the second.
func apart(first, rest []float64) bool {
	const surely = 3
	n, a, _ := moments(first)
	m, b, squares := moments(rest)
	if n == 0 || m < 2 {
		return false
	}
	se := math.Sqrt(squares / float64(m-1) * (1/float64(n) + 1/float64(m)))
	return math.Abs(a-b) > surely*se
}
