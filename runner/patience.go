package runner

import (
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// draws are a person's behaviour: pure functions of the seed, the person, the
// attempt and the step, from streams that no arrival uses.
type draws struct {
	seed uint64
	id   uint64
	p    *scenarios.Patience
}

func (d draws) u(s arrivals.Stream, n uint64) float64 { return arrivals.Uniform(d.seed, s, d.id, n) }

// nth numbers the draws of one attempt and step.
func nth(attempt, step, repeat int) uint64 {
	return uint64(attempt)<<32 | uint64(step)<<20 | uint64(repeat)
}

func (d draws) time(t scenarios.Think, s arrivals.Stream, n uint64) time.Duration {
	return arrivals.LogNormal(t.Median, t.P95, d.u(s, n))
}

// pageWait is how long the person looks at a page that does not come before
// refreshing it; 0 for ever. An impatient share always waits the short time.
func (d draws) pageWait(n uint64) time.Duration {
	if d.p.None {
		return 0
	}
	if d.u(arrivals.StreamImpatient, 0) < d.p.ImpatientShare && d.p.ImpatientWait > 0 {
		return d.p.ImpatientWait
	}
	return d.time(d.p.Wait, arrivals.StreamPatience, n)
}

// tries is how many attempts the person makes before giving up.
func (d draws) tries(role scenarios.Role) int {
	if d.p.None {
		return 1
	}
	median := d.p.Tries
	if role == scenarios.RoleTeacher && d.p.TriesTeacher > 0 {
		median = d.p.TriesTeacher
	}
	return arrivals.Geometric(median, d.u(arrivals.StreamTries, 0))
}

// hardStop is when the person leaves, from the first click; 0 never.
func (d draws) hardStop() time.Duration {
	if d.p.None {
		return 0
	}
	if d.p.LateStop > 0 && d.u(arrivals.StreamHardStop, 0) < d.p.LateShare {
		return d.p.LateStop
	}
	return d.p.HardStop
}

// comeBack is how long the person waits before the next attempt (domain
// figures are the scenario's; a refresh out of impatience follows at once).
func (d draws) comeBack(f finding, attempt int) time.Duration {
	n := uint64(attempt)
	switch {
	case f.reason == results.ReasonImpatient:
		return 0
	case f.outcome == results.Quota:
		return d.quota(f, n)
	case f.after > 0 && d.u(arrivals.StreamQuota, n) < d.p.QuotaObey:
		return f.after // Retry-After, obeyed
	}
	return d.time(d.p.AfterError, arrivals.StreamRetry, n)
}

// quota: some wait as the page says, the others come back soon.
func (d draws) quota(f finding, n uint64) time.Duration {
	u := d.u(arrivals.StreamRetry, n)
	if d.u(arrivals.StreamQuota, n) < d.p.QuotaObey {
		wait := d.p.QuotaWait
		if f.after > 0 {
			wait = f.after
		}
		spread := min(d.p.QuotaSpread, wait)
		return wait - spread + time.Duration(2*u*float64(spread))
	}
	return d.p.QuotaRetryFrom + time.Duration(u*float64(max(0, d.p.QuotaRetryTo-d.p.QuotaRetryFrom)))
}

// journey picks one by its share.
func (d draws) journey(list []scenarios.Share) int {
	u := d.u(arrivals.StreamJourney, 0)
	for _, s := range list {
		if u < s.Part {
			return s.Index
		}
		u -= s.Part
	}
	return list[len(list)-1].Index
}
