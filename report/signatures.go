package report

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// signaturesOf lists the signs of how the target broke, seen from a client, each
// with the trial that shows it best and the facts it is read from. Trials in
// which our own generator was the limit show that sign and no other.
func signaturesOf(trials []played, d *results.Dossier) []Signature {
	e := newEvidence(trials, d)
	return []Signature{
		e.queueing(), e.quota(), e.perIP(), e.pool(), e.acceptQueue(), e.proxyTimeout(),
		e.crash(), e.blank(), e.tls(), e.external(), e.generator(),
	}
}

// signsEvidence is the trials a signature is looked for in.
type signsEvidence struct {
	all    []played // plateaus and storms, valid ones
	broken []played // of these, plateaus that did not hold, by offered load
	calm   *played  // the lowest load of all that held
	d      *results.Dossier
	ours   []played // where the generator was the limit
	// eachOne shows a limit of each address; nil: none does.
	eachOne *played
}

func newEvidence(trials []played, d *results.Dossier) *signsEvidence {
	e := &signsEvidence{d: d}
	if one, ok := byAddress(trials); ok {
		e.eachOne = one
	}
	for _, p := range trials {
		switch {
		case p.Series == nil || p.Conduct.Kind == results.TrialCalibration || p.Conduct.Kind == results.TrialIsolation:
			continue
		case p.generatorLimited():
			e.ours = append(e.ours, p)
			continue
		}
		e.all = append(e.all, p)
		if p.Conduct.Kind != results.TrialPlateau {
			continue
		}
		if p.Reading.State == results.StateMet {
			if e.calm == nil || p.Reading.Offered < e.calm.Reading.Offered {
				e.calm = &p
			}
		} else {
			e.broken = append(e.broken, p)
		}
	}
	slices.SortStableFunc(e.broken, func(a, b played) int { return int(math.Copysign(1, a.Reading.Offered-b.Reading.Offered)) })
	return e
}

// people of a trial's judged window, by how they ended.
func people(p *played) bag {
	var b bag
	to := p.Reading.To
	if to <= p.Reading.From {
		to = len(p.Series.Seconds)
	}
	for t := max(0, p.Reading.From); t < min(to, len(p.Series.Seconds)); t++ {
		s := &p.Series.Seconds[t]
		b.Started += uint64(s.Started)
		for o, n := range s.By {
			b.Out[o] += uint64(n)
		}
	}
	b.Out[results.NotSent] = 0
	return b
}

func part(b *bag, list ...results.Outcome) float64 {
	n := b.valid()
	if b.Started < b.Out[results.Invalid] || n == 0 {
		return 0
	}
	var k uint64
	for _, o := range list {
		k += b.Out[o]
	}
	return float64(k) / float64(n)
}

// leastShare is the part of people below which a kind of failure is no sign.
const leastShare = 0.02

// strongest keeps the trial in which a sign is strongest.
func strongest(name string, list []played, read func(p *played) (strength float64, facts map[string]string)) Signature {
	out := Signature{Name: name}
	best := 0.0
	for i := range list {
		if s, facts := read(&list[i]); s > best {
			best, out = s, Signature{Name: name, Seen: true, Trial: list[i].Name, Facts: facts}
		}
	}
	return out
}

// queueing: goodput flat, the wait growing by e seconds a second at (1+e) times
// the capacity, failures late or timed out.
func (e *signsEvidence) queueing() Signature {
	return strongest("queueing", e.broken, func(p *played) (float64, map[string]string) {
		r := &p.Reading
		b := people(p)
		waits := part(&b, results.Timeout, results.Late, results.Unfinished)
		others := part(&b, results.Quota, results.WaitingRoom, results.Blank, results.Error, results.Unreachable)
		if !r.Saturated || !(r.Goodput > 0) || inRoom(p) || others > waits && others > leastShare {
			return 0, nil
		}
		growth := r.Offered/r.Goodput - 1
		return growth, map[string]string{
			"offered": digits(r.Offered, 1), "goodput": digits(r.Goodput, 1),
			"backlog_growth": digits(r.Offered-r.Goodput, 2), "late_share": digits(waits, 4),
		}
	})
}

// inRoom reports whether people waited on a waiting page rather than for an
// answer (K6): a room that lets in so many per second is no queue that grew.
func inRoom(p *played) bool {
	room, inside := 0, 0
	for t := max(0, p.Reading.From); t < min(p.Reading.To, len(p.Series.Seconds)); t++ {
		room += max(0, p.Series.Seconds[t].Waiting)
		inside += max(0, p.Series.Seconds[t].InFlight)
	}
	return room > inside
}

// calmTime is how long half of the people need where nobody waits; 0 unknown.
func (e *signsEvidence) calmTime() float64 {
	if e.calm == nil || e.calm.Reading.P50 < 0 {
		return 0
	}
	return e.calm.Reading.P50
}

// pool: some are refused at once with an error, others get in after a wait.
// Where more are turned away by a quota's own words, it is a quota's doing.
func (e *signsEvidence) pool() Signature {
	return strongest("pool", e.broken, func(p *played) (float64, map[string]string) {
		b := people(p)
		refused := part(&b, results.Error, results.Quota)
		if refused < leastShare || part(&b, results.Quota) > refused/2 || b.inClass() == 0 || len(gapsOf(p)) > 0 || p.gaveUp() || e.blocked(p) > attacked || e.limited(p).Seen ||
			e.calmTime() == 0 { // what it would take at rest is not known
			return 0, nil
		}
		return refused, map[string]string{"refused_share": digits(refused, 4), "served_s": digits(inMedian(p.Series), 3),
			"calm_s": digits(e.calmTime(), 3), "goodput": digits(p.Reading.Goodput, 1)}
	})
}

// acceptQueue: times to connect gather at the instants at which the kernel sends
// a SYN again.
func (e *signsEvidence) acceptQueue() Signature {
	if e.d == nil || len(e.d.SynLadder) == 0 {
		return Signature{Name: "accept_queue"}
	}
	return strongest("accept_queue", e.all, func(p *played) (float64, map[string]string) {
		if p.Traces.connect.Count() == 0 {
			return 0, nil
		}
		base := 0.0
		if e.calm != nil && e.calm.Traces.connect.Count() > 0 {
			base = e.calm.Traces.connect.Quantile(1, 2).Seconds()
		}
		var seen []string
		var n uint64
		for _, r := range stats.SynRungs(e.d.SynLadder, base, within(p.Traces.connect)) {
			if r.Seen {
				seen, n = append(seen, digits(r.At, 0)), n+r.Near
			}
		}
		if len(seen) == 0 {
			return 0, nil
		}
		return float64(n), map[string]string{"rungs": strings.Join(seen, ", "), "connections": strconv.FormatUint(n, 10),
			"refused_share": digits(p.Traces.share(results.ReasonConnectTimeout), 4)}
	})
}

// proxyTimes are the timeouts that proxies come with, seconds.
var proxyTimes = []float64{5, 10, 15, 20, 30, 45, 60, 75, 90, 120}

// proxyTimeout: 504, after exactly the time somebody configured.
func (e *signsEvidence) proxyTimeout() Signature {
	return strongest("proxy_timeout", e.all, func(p *played) (float64, map[string]string) {
		n := p.Traces.status[504]
		if n < 5 {
			return 0, nil
		}
		best := stats.Rung{}
		for _, r := range stats.Rungs(proxyTimes, 0, within(p.Traces.firstByte)) {
			if r.Seen && r.Near > best.Near {
				best = r
			}
		}
		if best.Near == 0 || 2*best.Near < n {
			return 0, nil
		}
		return float64(n), map[string]string{"after_s": digits(best.At, 0), "answers": strconv.FormatUint(n, 10)}
	})
}

// gaveUp reports whether most of what failed in a trial was an intermediary's 504:
// nothing fell then, and nobody was refused at once, even when nobody got in.
func (p *played) gaveUp() bool {
	var failed uint64
	for status, n := range p.Traces.status {
		if status == 0 || status >= 500 {
			failed += n
		}
	}
	return 2*p.Traces.status[504] > failed
}

// blank: pages without their content.
func (e *signsEvidence) blank() Signature {
	return strongest("blank", e.all, func(p *played) (float64, map[string]string) {
		b := people(p)
		s := part(&b, results.Blank)
		if s < leastShare {
			return 0, nil
		}
		return s, map[string]string{"blank_share": digits(s, 4)}
	})
}

// tls: the handshake grows under load.
func (e *signsEvidence) tls() Signature {
	if e.calm == nil || e.calm.Traces.tls.Count() < minimumMedian {
		return Signature{Name: "tls"}
	}
	calm := e.calm.Traces.tls.Quantile(95, 100).Seconds()
	return strongest("tls", e.broken, func(p *played) (float64, map[string]string) {
		if p.Traces.tls.Count() < minimumMedian {
			return 0, nil
		}
		now := p.Traces.tls.Quantile(95, 100).Seconds()
		if now <= onsetTimes*calm || now-calm < 0.05 {
			return 0, nil
		}
		return now / calm, map[string]string{"calm_s": digits(calm, 4), "loaded_s": digits(now, 4)}
	})
}

// external: a neutral address suffered too, or names were not found any more.
func (e *signsEvidence) external() Signature {
	return strongest("external", e.all, func(p *played) (float64, map[string]string) {
		lost := p.Traces.share(results.ReasonDNS, results.ReasonNoRoute)
		if lost >= leastShare {
			return lost, map[string]string{"lost_share": digits(lost, 4)}
		}
		if e.d == nil || e.d.Control == nil {
			return 0, nil
		}
		base := e.d.Control.Base
		for _, c := range e.d.Control.Trials {
			if c.Trial != p.Name || c.N < 10 {
				continue
			}
			worse := c.P95 == results.Never || c.P95 > 1.2*base.P95 && c.P95-base.P95 > 0.02
			failing := float64(c.Failed)/float64(c.N) - float64(base.Failed)/math.Max(1, float64(base.N))
			if worse || failing > leastShare {
				return 1, map[string]string{"calm_s": digits(base.P95, 3), "loaded_s": digits(c.P95, 3), "lost_share": digits(math.Max(0, failing), 4)}
			}
		}
		return 0, nil
	})
}

// generator: we were the limit.
func (e *signsEvidence) generator() Signature {
	out := Signature{Name: "generator"}
	if len(e.ours) == 0 {
		return out
	}
	out.Seen, out.Trial = true, e.ours[0].Name
	var gates []string
	for _, p := range e.ours {
		for _, g := range p.Reading.Gates {
			if !slices.Contains(gates, g) {
				gates = append(gates, g)
			}
		}
	}
	slices.Sort(gates)
	out.Facts = map[string]string{"gates": strings.Join(gates, ", "), "trials": strconv.Itoa(len(e.ours))}
	return out
}

func digits(x float64, n int) string { return string(rounded(x, n)) }

// claim is the sentence of a sign that was seen.
func (s *Signature) claim() Claim {
	key := "sign_" + s.Name
	if s.Facts["above"] != "" && s.Facts["below"] != "" {
		key += "_between"
	}
	if s.Name == "external" && s.Facts["calm_s"] != "" {
		key += "_control"
	}
	return Claim{key, s.Facts}
}
