package witness

import (
	"math"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// Agreement is what a comparison comes to.
type Agreement uint8

const (
	Unknown Agreement = iota // too few probes to say
	Agrees
	Differs
)

// enough probes for a median that can be compared.
const enough = 20

// atBase compares medians where nothing waits: the witness's may differ by 20 ms
// or by 10 % of the load's, whichever is more. p50 is the load's, in seconds.
func atBase(b results.Beheld, p50 float64) Agreement {
	switch {
	case b.N < enough:
		return Unknown
	case p50 < 0 || b.P50 < 0: // never
		return agrees(p50 < 0 && b.P50 < 0)
	}
	return agrees(math.Abs(b.P50-p50) <= math.Max(0.020, 0.10*p50))
}

// atLimit compares verdicts at the limit: whether the share of logins over the
// time criterion is at most 1 − quantile. They differ only when the witness's
// own interval (Wilson, 95 %) lies wholly on the other side of what the load's
// people say; an undecided trial agrees with everything.
func atLimit(b results.Beheld, quantile float64, state results.State) Agreement {
	if b.N < enough {
		return Unknown
	}
	allowed := 1 - quantile
	in := stats.Wilson(b.Over, b.N, stats.Z95)
	switch state {
	case results.StateMet:
		return agrees(in.Lo <= allowed)
	case results.StateNotMet:
		return agrees(in.Hi >= allowed)
	}
	return Agrees
}

func agrees(yes bool) Agreement {
	if yes {
		return Agrees
	}
	return Differs
}
