package stats

import "math"

// Growth is how sure it is that a backlog grows: the difference between people
// who arrived and people who left, in standard deviations of what it would be
// if both came at the same rate, each as a Poisson process: Σ(a-l) ÷ √Σ(a+l).
// arrived and left are counts per second of the same seconds; the shorter slice
// decides. In a queue that holds its load the backlog is bounded and the figure
// tends to 0; beyond the capacity it grows as √t. 0 when nothing happened.
func Growth(arrived, left []float64) float64 {
	n := min(len(arrived), len(left))
	var net, all float64
	for i := range n {
		net += arrived[i] - left[i]
		all += arrived[i] + left[i]
	}
	if !(all > 0) || !finite(net) {
		return 0
	}
	return net / math.Sqrt(all)
}

// BacklogDelay is how many seconds the people in flight would take to leave at
// goodput people per second, without the base of them who are in flight when
// nobody waits: (N-N₀) ÷ C. +Inf when people wait and nobody leaves; never under
// 0.
func BacklogDelay(inFlight, base, goodput float64) float64 {
	excess := inFlight - base
	if !(excess > 0) {
		return 0
	}
	if !(goodput > 0) {
		return math.Inf(1)
	}
	return excess / goodput
}

// Limits of [Overloaded].
const (
	overloadSeconds = 10  // shortest stretch judged
	overloadGrowth  = 4   // standard deviations
	overloadShare   = 0.3 // of the time limit
)

// Overloaded reports whether a stretch of steady load is beyond doubt too much:
// at least 10 s, [Growth] above 4 and still there in the later half (people
// filling an empty system are growth too, but end), and a [BacklogDelay] over
// 0.3 of the limit in seconds. arrived and left are counts per second, inFlight
// the people inside at the end, base those inside when nobody waits.
func Overloaded(arrived, left []float64, inFlight, base, limit float64) bool {
	n := min(len(arrived), len(left))
	if n < overloadSeconds {
		return false
	}
	var gone float64
	for _, l := range left[n/2 : n] {
		gone += l
	}
	goodput := gone / float64(n-n/2)
	return Growth(arrived[:n], left[:n]) > overloadGrowth &&
		Growth(arrived[n/2:n], left[n/2:n]) > overloadGrowth/2 &&
		BacklogDelay(inFlight, base, goodput) > overloadShare*limit
}
