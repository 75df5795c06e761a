package fleet

import "time"

// Status is who is there and how it goes.
func (c *Coordinator) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.cfg.Now()
	s := Status{Fleet: c.id, Version: c.cfg.Version, Wanted: c.cfg.Size, Refused: c.refuse.kept()}
	if c.play != nil {
		s.Play = c.play.id
		if !c.play.zero.IsZero() {
			s.At = c.play.at(now)
		}
	}
	for _, p := range c.peers {
		s.Workers = append(s.Workers, c.statusOf(p, now))
	}
	return s
}

func (c *Coordinator) statusOf(p *peer, now time.Time) WorkerStatus {
	w := WorkerStatus{Name: p.name, State: "awaited"}
	if p.instance == "" {
		return w
	}
	h, b := p.hello, p.beat
	w.Place, w.Version, w.OS, w.CPUs, w.DescLimit = h.Place, h.Version, h.OS, h.CPUs, h.DescLimit
	w.HeardAgo, w.Clock, w.CPU = now.Sub(p.heard), b.Clock, b.CPU
	if b.Spooled > b.Acked {
		w.Waiting = b.Spooled - b.Acked
	}
	switch b.Phase {
	case PhasePreparing, PhaseReady, PhasePlaying, PhaseEnded:
		w.State = string(b.Phase)
	default:
		w.State = string(PhaseIdle)
	}
	if w.HeardAgo > SuspectAfter {
		w.State = "suspect"
	}
	// Lost is who has been called so: after a stutter of our own nobody seems heard.
	if p.gone || p.silent {
		w.State = "lost"
	}
	if c.play == nil {
		return w
	}
	if pt := c.play.seat(p); pt != nil && pt.instance == p.instance {
		if pt.lost() {
			w.State = "lost"
		}
		if r := c.play.record(pt); r != nil {
			w.People = r.People
		}
	}
	return w
}
