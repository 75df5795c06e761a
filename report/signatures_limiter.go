package report

import (
	"math"
	"slices"
	"strings"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// unhurried reports whether those who were let in were as quick as ever, or waited
// before a door behind which hardly a server was busy (Little).
func (e *signsEvidence) unhurried(p *played) bool {
	calm, now := e.calmTime(), inMedian(p.Series)
	return calm == 0 || now <= 1.5*calm || now-calm < 0.02 || p.Reading.Goodput*calm < 0.5
}

// inMedian is the median time to class of those who got in.
func inMedian(s *results.Series) float64 {
	all := results.NewHist(results.ClassHist)
	for _, h := range s.Tens {
		all.Merge(h)
	}
	return all.Quantile(1, 2).Seconds()
}

// limited reads a rate limiter from one trial: what it lets in is the same again
// and again while it refuses others, and those who get in are as quick as ever.
// A full queue in front of a busy server refuses too, but its people have waited.
func (e *signsEvidence) limited(p *played) stats.Limiter {
	if !e.unhurried(p) {
		return stats.Limiter{}
	}
	var in, out []float64
	for t := p.Reading.From; t < min(p.Reading.To, len(p.Series.Seconds)); t++ {
		s := &p.Series.Seconds[t]
		in = append(in, float64(s.Done))
		out = append(out, float64(s.Settled[results.Quota]+s.Settled[results.WaitingRoom]+s.Settled[results.Error]))
	}
	return stats.LimiterOf(in, out, 0, 0)
}

// quota: an exact cap, the others refused at once.
func (e *signsEvidence) quota() Signature {
	return strongest("quota", e.broken, func(p *played) (float64, map[string]string) {
		b := people(p)
		refused := part(&b, results.Quota, results.WaitingRoom, results.Error)
		l := e.limited(p)
		if !l.Seen || refused < leastShare || e.blocked(p) > attacked || e.eachOne != nil {
			return 0, nil
		}
		return refused, map[string]string{"rate": digits(l.Rate.Value, 2), "low": digits(l.Rate.Lo, 2),
			"high": digits(l.Rate.Hi, 2), "refused_share": digits(refused, 4)}
	})
}

const attacked = 0.001 // gate V10

// blocked is the part of the attempts that was taken for an attack.
func (e *signsEvidence) blocked(p *played) float64 {
	return p.Traces.share(results.ReasonThrottled, results.ReasonChallenge)
}

// perIP: throttled by address, or taken for an attacker.
func (e *signsEvidence) perIP() Signature {
	return strongest("per_ip", e.all, func(p *played) (float64, map[string]string) {
		s := e.blocked(p)
		if b := people(p); e.eachOne != nil && p.Name == e.eachOne.Name {
			s = 1 - part(&b, results.InTime, results.Late)
		}
		if s <= attacked && !slices.Contains(p.Reading.Gates, "V10") {
			return 0, nil
		}
		facts := map[string]string{"goodput": digits(p.Reading.Goodput, 1), "refused_share": digits(s, 4)}
		if e.d != nil && len(e.d.Sources) > 0 {
			facts["sources"] = strings.Join(e.d.Sources, ", ")
		}
		return math.Max(s, attacked), facts
	})
}
