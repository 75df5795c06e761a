package stats

import "math"

// Limiter is whether a goodput is an exact cap.
type Limiter struct {
	Seen bool
	// Rate is what it lets through, per second, with a 95 % interval.
	Rate Estimate
	// Window is the seconds over which the cap is exact: 1, 5, 10 or 60.
	Window int
	// Dispersion is variance ÷ mean of what was let through per window: 1 for
	// the departures of a busy server with exponential service, near 0 for a
	// limiter.
	Dispersion float64
	Windows    int // windows in which people were refused all along
}

// Limits of [LimiterOf].
const (
	limiterWindows    = 10
	limiterDispersion = 0.5
	limiterSurely     = 1e-3
	limiterFast       = 0.5
)

var limiterSpans = [...]int{1, 5, 10, 60}

// LimiterOf tells a rate limit from a saturated server: while people are refused,
// those let through are the same number again and again, far more regular than a
// Poisson process (index of dispersion, Cox and Lewis, "The Statistical Analysis
// of Series of Events", 1966; chi-square on the windows), and refusals are quick.
// admitted and refused are counts per second; only seconds inside a stretch in
// which every window refuses are read. refusedTime and admittedTime are typical
// seconds of an answer: a refusal that takes more than half of an admission is
// one that waited for the server and no limiter; an admittedTime of 0 leaves this
// out. A bucket that holds hardly more than one person lets through less than its
// rate unless pressed hard; what is read is what it lets through. A server with constant service times and a full queue looks the same, and
// for the person before the door is the same.
func LimiterOf(admitted, refused []float64, refusedTime, admittedTime float64) Limiter {
	quick := !(admittedTime > 0) || refusedTime <= limiterFast*admittedTime
	var last Limiter
	for _, span := range limiterSpans {
		l := limiterAt(admitted, refused, span)
		l.Seen = l.Seen && quick
		if l.Seen {
			return l
		}
		if last.Window == 0 {
			last = l
		}
	}
	return last
}

func limiterAt(admitted, refused []float64, span int) Limiter {
	through := limited(admitted, refused, span)
	n, mean, squares := moments(through)
	l := Limiter{Window: span, Windows: n, Rate: unsure(mean / float64(span))}
	if n < limiterWindows || !(mean > 0) {
		return l
	}
	l.Dispersion = squares / float64(n-1) / mean
	l.Seen = l.Dispersion < limiterDispersion && chiBelow(squares/mean, float64(n-1)) < limiterSurely
	// A window's edge may cut one person off on either side, whatever the
	// scatter: the sum of n windows is known to one.
	half := float64(StudentQuantile(0.975, float64(n-1)) * math.Sqrt(squares/float64(n-1)/float64(n)))
	half = math.Max(half, 1/float64(n)) / float64(span)
	rate := mean / float64(span)
	l.Rate = Estimate{rate, Interval{rate - half, rate + half}, true}
	return l
}

// limited gives what was let through in each window of the longest stretch of
// windows that all refuse somebody, without its first and last, in which the
// limit may have begun or ended.
func limited(admitted, refused []float64, span int) []float64 {
	n := min(len(admitted), len(refused)) / span
	var best, now []float64
	for w := range n {
		var in, out float64
		for s := w * span; s < (w+1)*span; s++ {
			in += admitted[s]
			out += refused[s]
		}
		if !(out > 0) {
			now = nil
			continue
		}
		if now = append(now, in); len(now) > len(best) {
			best = now
		}
	}
	if len(best) < 3 {
		return nil
	}
	return best[1 : len(best)-1]
}

// chiBelow is the probability that chi-square with freedom degrees of freedom is
// under x (Wilson and Hilferty, PNAS 17, 1931).
func chiBelow(x, freedom float64) float64 {
	if !(x > 0) || !(freedom > 0) {
		return 0
	}
	v := 2 / (9 * freedom)
	return NormalTail(-(math.Cbrt(x/freedom) - (1 - v)) / math.Sqrt(v))
}
