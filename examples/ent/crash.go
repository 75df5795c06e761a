package ent

import (
	"slices"
	"time"
)

// fall brings the process down at t: every wait ends with errCrashed, the queues
// are empty, and for Crash.Restart nothing is answered. Sessions outlive it, as
// they do where they are kept in a database.
func (p *plant) fall(t time.Duration) {
	down := t + p.crash.restart()
	p.down.Store(int64(down))
	for _, v := range p.events {
		p.kill(v.job)
	}
	p.events = p.events[:0]
	pools := []*pool{p.shared}
	for _, s := range p.stations {
		if s != nil && !slices.Contains(pools, &s.pool) {
			pools = append(pools, &s.pool)
		}
	}
	for _, q := range pools {
		if q == nil {
			continue
		}
		for j := q.queue.pop(); j != nil; j = q.queue.pop() {
			p.kill(j)
		}
		q.busy = 0
	}
	p.waiting, p.speed.hurt = 0, false
	p.arrivals.reset()
	p.logins.reset()
	if p.crashed != nil {
		go p.crashed(p.origin.Add(down))
	}
}

func (p *plant) kill(j *job) {
	j.stage, j.thread = over, false
	p.answer(j, errCrashed)
}

// meter says when more than rate × window things happened within a window, to
// the unit: it remembers as many instants.
type meter struct {
	window time.Duration
	ring   []time.Duration // empty: off
	n      int             // instants seen
}

func (m *meter) set(rate float64, window time.Duration) {
	*m = meter{window: window}
	if rate > 0 {
		m.ring = make([]time.Duration, int(rate*window.Seconds())+1)
	}
}

func (m *meter) reset() { m.n = 0 }

// hot counts one at t and says whether it was one too many.
func (m *meter) hot(t time.Duration) bool {
	if len(m.ring) == 0 {
		return false
	}
	m.ring[m.n%len(m.ring)] = t
	m.n++
	if m.n < len(m.ring) {
		return false
	}
	return t-m.ring[m.n%len(m.ring)] < m.window
}
