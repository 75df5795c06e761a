package capacity

import (
	"math"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// Lengths of a search.
const (
	quickPlateau = 90 * time.Second
	leastDrain   = time.Minute
	// The test time until the repeats: as long as the bracket is not closed and
	// another plateau fits in it, the search goes on.
	searchTime = 15 * time.Minute
	quickTime  = 8 * time.Minute
)

// SettingsFor computes a search's settings from its time criterion: people
// beyond limit at the quantile (0.95 for p95) break it. The length of a plateau
// grows with the limit, because a small overload takes that long to show; what
// depends on the capacity is added once that has been read.
//
//	L = T ÷ (p · 2.5 %), at least 60 s, at most 240 s (quick: 5 %, 60 to 90 s)
//
// MaxRate is the caller's to fill in.
func SettingsFor(quantile float64, limit time.Duration, quick bool) results.Settings {
	s := results.Settings{
		Limit: limit, Quantile: quantile, Width: 0.04, Repeats: 2,
		Plateau: plateauFor(quantile, limit, 0, quick),
		Warmup:  seconds(stats.Warmup(0)),
		Drain:   max(leastDrain, 2*limit),
	}
	if quick {
		s.Width, s.Repeats = 0.06, 0
	}
	return s
}

// plateauFor is the length of a plateau for a capacity in people per second, 0
// while it is unknown.
func plateauFor(quantile float64, limit time.Duration, capacity float64, quick bool) time.Duration {
	length := seconds(stats.PlateauLength(limit.Seconds(), quantile, capacity))
	if quick {
		length = min(seconds(stats.PlateauLength(limit.Seconds()/2, quantile, 0)), quickPlateau)
	}
	return min(length, seconds(stats.LongestPlateau))
}

func seconds(s float64) time.Duration {
	return time.Duration(math.Ceil(s)) * time.Second
}
