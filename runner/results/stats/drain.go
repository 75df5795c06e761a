package stats

import "math"

// DrainETA is how many seconds a backlog takes to vanish at slope people per
// second: B ÷ |slope|. +Inf when it does not fall.
func DrainETA(backlog, slope float64) float64 {
	if !(backlog > 0) {
		return 0
	}
	if !(slope < 0) {
		return math.Inf(1)
	}
	return backlog / -slope
}

// DrainTime is how many seconds a backlog of people takes to vanish while rate
// people per second keep arriving, each of whom (and of the backlog's successors)
// asks 1 + refreshes times: B ÷ (C - λ(1+R)). +Inf at or above the threshold λ =
// C ÷ (1+R), where it feeds itself.
func DrainTime(backlog, capacity, rate, refreshes float64) float64 {
	if !(backlog > 0) {
		return 0
	}
	spare := capacity - float64(math.Max(0, rate)*(1+math.Max(0, refreshes)))
	if !(spare > 0) {
		return math.Inf(1)
	}
	return backlog / spare
}

// Vulnerable is the share of its capacity above which a system stays down once a
// trigger has put it down, when every waiting person asks again refreshes times
// and the server works for requests nobody waits for: 1 ÷ (1+R).
func Vulnerable(refreshes float64) float64 {
	return 1 / (1 + math.Max(0, refreshes))
}
