package stats

import "math"

// Bounds of a SYN ladder, in the kernel's terms.
const (
	mostRungs  = 64
	longestRTO = 120 // seconds, TCP_RTO_MAX
	rungWithin = 0.05
	rungBeside = 0.15
	rungLeast  = 5
	rungSurely = 1e-3
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
	Near, Beside uint64  // within its window; as far again on either side of it
	// P is the probability of so many near it if all were spread evenly.
	P    float64
	Seen bool // P under 0.001 and at least 5 near it
}

// Rungs tests durations for mass at instants that somebody keeps exactly, such
// as the timeouts of a proxy: of those within 150 ms of one, a third would lie
// within 50 ms by accident. count gives how many lie in [lo, hi) seconds; base is
// added to each instant.
func Rungs(ladder []float64, base float64, count func(lo, hi float64) uint64) []Rung {
	return rungs(ladder, count, func(at float64) (lo, hi, beside float64) {
		return at + base - rungWithin, at + base + rungWithin, rungBeside - rungWithin
	})
}

// How late Linux sends a SYN again: its timers expire within an eighth of their
// length after they are due, never before (kernel/time/timer.c: the wheel's
// granularity grows with the timeout), and each begins when the one before has
// expired. With 250 ticks a second 1.01 to 1.04, 2.03 to 2.06, 5.10 to 5.13 and
// 7.11 to 7.16 s were measured, with 100 a timer of 1 s takes up to 1.08 s.
const (
	synEarly = 0.02 // seconds: how exactly we measure
	synLate  = 0.08 // of the rung
)

// SynRungs tests times to connect for mass at the rungs of a [SynLadder] or as
// late after them as a kernel sends: of those as near on either side again, a
// third would lie there by accident. base is the time to connect when nothing is
// lost.
func SynRungs(ladder []float64, base float64, count func(lo, hi float64) uint64) []Rung {
	return rungs(ladder, count, func(at float64) (lo, hi, beside float64) {
		lo, hi = at+base-synEarly, at*(1+synLate)+base+synEarly
		return lo, hi, hi - lo
	})
}

// rungs counts within the window of each rung and beside it.
func rungs(ladder []float64, count func(lo, hi float64) uint64, window func(at float64) (lo, hi, beside float64)) []Rung {
	out := make([]Rung, 0, len(ladder))
	for _, at := range ladder {
		lo, hi, beside := window(at)
		r := Rung{At: at, Near: count(lo, hi)}
		r.Beside = count(lo-beside, lo) + count(hi, hi+beside)
		r.P = BinomialTail(r.Near, r.Near+r.Beside, (hi-lo)/(hi-lo+2*beside))
		r.Seen = r.Near >= rungLeast && r.P < rungSurely
		out = append(out, r)
	}
	return out
}
