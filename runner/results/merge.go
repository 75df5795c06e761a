package results

import (
	"math"
	"time"
)

const (
	maxSecond = 7 * 24 * 3600 // no run is longer than a week
	maxSpan   = 1000 * time.Hour
)

// spare keeps what Reset emptied, so that the next second allocates nothing.
type spare struct {
	hists  pool[Hist]
	beside pool[Beside]
	sent   pool[HopCount]
	signs  pool[SignCount]
}

// pool is a free list; what it gives is zero or reset.
type pool[T any] struct{ free []*T }

func (p *pool[T]) get() *T {
	n := len(p.free)
	if n == 0 {
		return new(T)
	}
	v := p.free[n-1]
	p.free = p.free[:n-1]
	return v
}

// hist finds a histogram in one of d's maps, or puts an empty one there.
func hist[K comparable](d *Delta, m map[K]*Hist, k K, kind HistKind) *Hist {
	h, ok := m[k]
	if !ok {
		h = d.free.hists.get()
		h.kind = kind
		m[k] = h
	}
	return h
}

func (d *Delta) beside(k GroupSecond) *Beside {
	b, ok := d.Beside[k]
	if !ok {
		b = d.free.beside.get()
		d.Beside[k] = b
	}
	return b
}

// Reset empties the delta and keeps its memory and its worker.
func (d *Delta) Reset() {
	d.Seq, d.Written = 0, 0
	clear(d.Starts)
	clear(d.OnTime)
	clear(d.Tries)
	clear(d.People)
	clear(d.Attempts)
	clear(d.MidWork)
	clear(d.PulledPeople)
	clear(d.PulledTries)
	clear(d.Ends)
	clear(d.Spent)
	clear(d.series)
	freeHists(d, d.Delay)
	freeHists(d, d.Later)
	freeHists(d, d.Class)
	freeHists(d, d.Steps)
	freeHists(d, d.Hops)
	freeValues(&d.free.beside, d.Beside)
	freeValues(&d.free.sent, d.Sent)
	freeValues(&d.free.signs, d.Signs)
	d.texts = 0
	d.Health, d.Gauges = d.Health[:0], d.Gauges[:0]
}

func freeHists[K comparable](d *Delta, m map[K]*Hist) {
	for _, h := range m {
		h.Reset()
		d.free.hists.free = append(d.free.hists.free, h)
	}
	clear(m)
}

func freeValues[K comparable, V any](p *pool[V], m map[K]*V) {
	for _, v := range m {
		*v = *new(V)
		p.free = append(p.free, v)
	}
	clear(m)
}

// Empty reports whether nothing was added since NewDelta or Reset.
func (d *Delta) Empty() bool {
	return len(d.Starts) == 0 && len(d.OnTime) == 0 && len(d.Delay) == 0 && len(d.Later) == 0 && len(d.Tries) == 0 &&
		len(d.People) == 0 && len(d.Attempts) == 0 && len(d.MidWork) == 0 && len(d.Beside) == 0 &&
		len(d.PulledPeople) == 0 && len(d.PulledTries) == 0 &&
		len(d.Class) == 0 && len(d.Steps) == 0 && len(d.Ends) == 0 && len(d.Spent) == 0 && len(d.Hops) == 0 &&
		len(d.Sent) == 0 && len(d.Signs) == 0 && len(d.Health) == 0 && len(d.Gauges) == 0
}

// Merge adds what o counted; o is only read. Worker, Seq and Written stay
// d's, but for Written, which becomes the later of the two.
func (d *Delta) Merge(o *Delta) {
	d.Written = max(d.Written, o.Written)
	addCounts(d.Starts, o.Starts)
	addCounts(d.OnTime, o.OnTime)
	addCounts(d.Tries, o.Tries)
	addCounts(d.People, o.People)
	addCounts(d.Attempts, o.Attempts)
	addCounts(d.MidWork, o.MidWork)
	addCounts(d.PulledPeople, o.PulledPeople)
	addCounts(d.PulledTries, o.PulledTries)
	addCounts(d.Ends, o.Ends)
	for k, t := range o.Spent {
		d.Spent[k] = satSpan(d.Spent[k], t)
	}
	addHists(d, d.Delay, o.Delay)
	addHists(d, d.Later, o.Later)
	addHists(d, d.Class, o.Class)
	addHists(d, d.Steps, o.Steps)
	for k, b := range o.Beside {
		d.beside(k).merge(b)
	}
	// In order: which series, cells and texts fold must not change from one
	// reading of a folder to the next.
	for _, k := range sortedKeys(o.Hops, compareHopKeys) {
		d.hop(k).Merge(o.Hops[k])
	}
	for _, k := range sortedKeys(o.Sent, compareHopCells) {
		d.sent(k).merge(o.Sent[k])
	}
	for _, k := range sortedKeys(o.Signs, compareSigns) {
		d.sign(k, *o.Signs[k])
	}
	d.Health = append(d.Health, o.Health...)
	d.Gauges = append(d.Gauges, o.Gauges...)
}

func addCounts[K comparable](to, from map[K]uint32) {
	for k, n := range from {
		to[k] = satAdd(to[k], n)
	}
}

func addHists[K comparable](d *Delta, to, from map[K]*Hist) {
	for k, h := range from {
		hist(d, to, k, h.kind).Merge(h)
	}
}

// satAdd stops at the top: counts out of a damaged file must not wrap.
func satAdd(a, b uint32) uint32 {
	if a > math.MaxUint32-b {
		return math.MaxUint32
	}
	return a + b
}

func (b *Beside) merge(o *Beside) {
	b.GaveUp = satAdd(b.GaveUp, o.GaveUp)
	b.StillTrying = satAdd(b.StillTrying, o.StillTrying)
	b.Retries = satAdd(b.Retries, o.Retries)
	b.Waited = satSpan(b.Waited, o.Waited)
	b.WaitedN = satAdd(b.WaitedN, o.WaitedN)
	b.ClassLost = satSpan(b.ClassLost, o.ClassLost)
	b.ClassLostN = satAdd(b.ClassLostN, o.ClassLostN)
	b.OwnTime = satSpan(b.OwnTime, o.OwnTime)
}

// satSpan adds two spans that are not negative.
func satSpan(a, b time.Duration) time.Duration {
	if s := a + b; s >= 0 {
		return s
	}
	return math.MaxInt64
}

func (c *HopCount) merge(o *HopCount) {
	c.N += o.N
	c.Reused += o.Reused
	c.BytesIn += o.BytesIn
	c.BytesOut += o.BytesOut
}
