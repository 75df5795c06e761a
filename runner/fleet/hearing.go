package fleet

import (
	"encoding/json"
	"time"
)

// hearClock answers one exchange of a worker's clock; heard is when it arrived.
func (c *Coordinator) hearClock(m Message, body []byte, heard time.Time) {
	var ask ClockAsk
	if json.Unmarshal(body, &ask) != nil {
		return
	}
	c.reply(m, ClockAnswer{T0: ask.T0, T1: c.instant(heard), T2: c.instant(c.cfg.Now())})
}

// hearBeat takes a sign of life. One of another process of that name, or an older
// one than the last, is none.
func (c *Coordinator) hearBeat(p *peer, body []byte) {
	var b Beat
	if json.Unmarshal(body, &b) != nil {
		return
	}
	b.CPU, b.Descriptors = sane(b.CPU, 1<<10), max(b.Descriptors, 0)
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.instance == "" || b.Instance != p.instance || b.N <= p.beat.N {
		return
	}
	now := c.cfg.Now()
	if b.Snapshot == nil && b.Play == p.beat.Play {
		b.Snapshot = p.beat.Snapshot // the newest there is
	}
	p.beat, p.heard, p.gone = b, now, false
	if p.silent {
		p.silent = false
		c.tell("heard_again", p.name)
	}
	if c.play != nil {
		c.play.heard(p, now)
	}
	switch {
	case p.busy != "" && c.done[p.busy]:
		c.forgetLater(p, p.busy)
	case b.Phase == PhaseEnded && c.done[b.Play]: // it came back when the play was closed
		c.forgetLater(p, b.Play)
	}
}

// hearGone takes a worker's farewell.
func (c *Coordinator) hearGone(p *peer, body []byte) {
	var g Gone
	if json.Unmarshal(body, &g) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.instance == "" || g.Instance != p.instance || p.gone {
		return
	}
	p.gone = true
	c.tell("leaves", p.name, "why", printable(g.Why, 200))
	if c.play != nil {
		c.play.left(p, c.cfg.Now())
	}
}

// tickLoop renews leases. It has its own timer and waits for nothing but the bus.
func (c *Coordinator) tickLoop() {
	t := time.NewTicker(TickEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			c.tickAll()
		case <-c.ctx.Done():
			return
		}
	}
}

func (c *Coordinator) tickAll() {
	type due struct {
		name string
		tick Tick
	}
	c.mu.Lock()
	now := c.cfg.Now()
	list := make([]due, 0, len(c.peers))
	for _, p := range c.peers {
		if p.instance == "" {
			continue
		}
		p.ticks++
		t := Tick{N: p.ticks, Instance: p.instance, Sent: c.instant(now)}
		if c.play != nil {
			t.Play = c.play.id
		}
		if now.Sub(p.heard) <= SuspectAfter && !p.gone && (c.play == nil || c.play.mayLoad(p, now)) {
			p.until = now.Add(LeaseFor)
			t.Until = c.instant(p.until)
		}
		list = append(list, due{p.name, t})
	}
	c.mu.Unlock()
	for _, d := range list {
		body, err := json.Marshal(d.tick)
		if err != nil {
			continue
		}
		s := subject(c.id, "down", d.name, "tick")
		_ = c.cfg.Bus.Publish(s, c.me.Wrap(s, body)) // the next one follows
	}
}

const (
	watchEvery = 50 * time.Millisecond
	// heldUp is a pause of the watch itself after which it gives the workers'
	// messages time to be read before it calls anybody lost.
	heldUp  = 250 * time.Millisecond
	catchUp = 300 * time.Millisecond
)

// watchLoop notices who is silent.
func (c *Coordinator) watchLoop() {
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	last := c.cfg.Now()
	for {
		select {
		case <-t.C:
		case <-c.ctx.Done():
			return
		}
		now := c.cfg.Now()
		c.mu.Lock()
		if until := now.Add(catchUp); now.Sub(last) > heldUp && until.After(c.steady) {
			c.steady = until
		}
		if now.After(c.steady) {
			c.watch(now)
		}
		c.mu.Unlock()
		last = now
	}
}

// watch calls lost who has been silent for too long. mu is held.
func (c *Coordinator) watch(now time.Time) {
	for _, p := range c.peers {
		if p.instance == "" || p.gone || now.Sub(p.heard) < LostAfter {
			continue
		}
		if c.play != nil {
			c.play.silent(p, now)
		}
		if !p.silent {
			p.silent = true
			if c.play == nil || c.play.seat(p) == nil {
				c.tell("silent", p.name)
			}
		}
	}
}
