package results

import (
	"math"
	"time"
)

// The rows of a delta's maps, field by field, in both directions.

func (c *coder) groupSecond(k *GroupSecond) {
	c.second(&k.Second)
	c.group(&k.Group)
}

func (c *coder) cell(k *Cell) {
	c.second(&k.Second)
	c.group(&k.Group)
	c.outcome(&k.Outcome, &k.Reason)
}

func (c *coder) beside(v **Beside) {
	if c.reading {
		*v = c.free.beside.get()
	}
	b := *v
	for _, n := range []*uint32{&b.GaveUp, &b.StillTrying, &b.Retries, &b.WaitedN, &b.ClassLostN} {
		c.tally(n)
	}
	c.span(&b.Waited, "waited")
	c.span(&b.ClassLost, "class lost")
	c.span(&b.OwnTime, "own time")
}

func (c *coder) classKey(k *ClassKey) {
	c.ten(&k.Ten)
	c.group(&k.Group)
}

func (c *coder) stepKey(k *StepKey) {
	c.ten(&k.Ten)
	c.step(&k.Step)
	number(c, &k.Clock, uint64(clocks)-1, "clock")
}

func (c *coder) stepCell(k *StepCell) {
	c.ten(&k.Ten)
	c.step(&k.Step)
	c.outcome(&k.Outcome, &k.Reason)
}

func (c *coder) stepTen(k *StepTen) {
	c.ten(&k.Ten)
	c.step(&k.Step)
}

func (c *coder) spent(t *time.Duration) { c.span(t, "time in step") }

func (c *coder) hopKey(k *HopKey) {
	c.ten(&k.Ten)
	c.step(&k.Step)
	c.number8(&k.Number)
	c.host(&k.Host)
	number(c, &k.Phase, uint64(phases)-1, "phase")
}

func (c *coder) hopCell(k *HopCell) {
	c.step(&k.Step)
	c.number8(&k.Number)
	c.host(&k.Host)
	c.status(&k.Status)
}

func (c *coder) hopCount(v **HopCount) {
	if c.reading {
		*v = c.free.sent.get()
	}
	n := *v
	number(c, &n.N, maxCount, "exchanges")
	number(c, &n.Reused, maxCount, "reused")
	number(c, &n.BytesIn, maxBytes, "bytes in")
	number(c, &n.BytesOut, maxBytes, "bytes out")
}

func (c *coder) signKey(k *SignKey) {
	c.step(&k.Step)
	c.host(&k.Host)
	c.status(&k.Status)
	c.outcome(&k.Outcome, &k.Reason)
	c.text(&k.Text, "signature")
}

func (c *coder) signCount(v **SignCount) {
	if c.reading {
		*v = c.free.signs.get()
	}
	n := *v
	number(c, &n.N, maxCount, "signature count")
	c.at(&n.First, "first seen")
	c.at(&n.Last, "last seen")
}

func (c *coder) health(h *Health) {
	number(c, &h.Second, maxSecond, "health second")
	c.float(&h.CPU, "cpu")
	for _, n := range []*int{&h.Descriptors, &h.DescLimit, &h.Ports, &h.PortLimit, &h.InFlight, &h.Waiting, &h.Between, &h.DialsQueued} {
		number(c, n, math.MaxInt64, "health")
	}
	number(c, &h.BytesIn, maxBytes, "bytes in")
	number(c, &h.BytesOut, maxBytes, "bytes out")
	c.span(&h.Hiccup, "hiccup")
}

func (c *coder) gauge(g *Gauge) {
	c.second(&g.Second)
	c.step(&g.Step)
	c.tally(&g.People)
	if c.version >= 3 {
		c.span(&g.Inside, "time in step")
	}
}
