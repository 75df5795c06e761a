package stats

import "math"

// Bounds of a SYN ladder, in the kernel's terms.
const (
	mostRungs   = 64
	longestRTO  = 120 // seconds, TCP_RTO_MAX
	rungWithin  = 0.05
	rungBeside  = 0.15
	rungLeast   = 5
	rungSurely  = 1e-3
	besideShare = rungWithin / rungBeside
)

// SynLadder is the instants, in seconds after the first, at which Linux sends a
// SYN again that nobody answers: linear timeouts (tcp_syn_linear_timeouts, 0
// before Linux 6.5) of rto seconds each, then retries (tcp_syn_retries) that
// double from rto, none longer than 120 s. With 4, 6 and 1 s: 1, 2, 3, 4, 5, 7,
// 11, 19, 35, 67. (Linux, Documentation/networking/ip-sysctl.rst.) Nil for an rto
// that is not positive; at most 64 rungs.
func SynLadder(linear, retries int, rto float64) []float64 {
	if !(rto > 0) || math.IsInf(rto, 0) {
		return nil
	}
	linear, retries = min(max(0, linear), mostRungs), min(max(0, retries), mostRungs)
	var rungs []float64
	at, wait := 0.0, math.Min(rto, longestRTO)
	for i := 0; i < linear+retries && len(rungs) < mostRungs; i++ {
		at += wait
		rungs = append(rungs, at)
		if i >= linear {
			wait = math.Min(2*wait, longestRTO)
		}
	}
	return rungs
}

// Rung is what is seen around one rung of a SYN ladder.
type Rung struct {
	At           float64 // seconds
	Near, Beside uint64  // within 50 ms of it; the 100 ms on either side of those
	// P is the probability of so many near it if all were spread evenly.
	P    float64
	Seen bool // P under 0.001 and at least 5 near it
}

// Rungs tests times to connect for mass at the rungs of a [SynLadder]: of those
// within 150 ms of a rung, a third would lie within 50 ms by accident. count
// gives how many times lie in [lo, hi) seconds; base is the time to connect when
// nothing is lost, which is added to each rung.
func Rungs(ladder []float64, base float64, count func(lo, hi float64) uint64) []Rung {
	out := make([]Rung, 0, len(ladder))
	for _, at := range ladder {
		mid := at + base
		r := Rung{At: at, Near: count(mid-rungWithin, mid+rungWithin)}
		r.Beside = count(mid-rungBeside, mid-rungWithin) + count(mid+rungWithin, mid+rungBeside)
		r.P = BinomialTail(r.Near, r.Near+r.Beside, besideShare)
		r.Seen = r.Near >= rungLeast && r.P < rungSurely
		out = append(out, r)
	}
	return out
}
