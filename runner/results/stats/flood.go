package stats

import (
	"math"
	"math/rand/v2"
)

// parcel is people (or, dead, the work of requests left behind) who stand in the
// queue together.
type parcel struct {
	born   float64 // when they arrived, seconds
	people float64 // 0: nobody waits for this any more
	work   float64 // logins' worth left to do for this visit
	visit  int
	tries  int // refreshes they have left
}

// flood is one draw of a [Storm] under way: slot by slot, a queue of parcels is
// served first come, first served.
type flood struct {
	s       Storm
	factor  float64
	slot    float64 // seconds
	costs   []float64
	queue   []parcel
	head    int
	backlog float64 // work in the queue
	// back are those who will ask again, in the order they will.
	back     []returning
	backHead int
	noise    chance
	owed     float64 // capacity that chance took beyond nothing
}

type returning struct {
	at float64
	parcel
}

func newFlood(s Storm, factor float64, draw int) *flood {
	if len(s.Arrivals) > day {
		s.Arrivals = s.Arrivals[:day]
	}
	if !(s.Base > 0) || !finite(s.Base) {
		s.Base = 0
	}
	s.Refreshes = min(max(0, s.Refreshes), mostRefresh)
	if !(s.Patience > 0) {
		s.Refreshes = 0
	}
	f := &flood{s: s, factor: math.Max(0, factor), costs: shares(s.Visits)}
	f.slot = slotOf(len(s.Arrivals))
	f.noise = chance{rand.NewPCG(s.Seed, uint64(draw))}
	return f
}

// slotOf is how long a slot is in a storm of so many seconds.
func slotOf(seconds int) float64 {
	return math.Max(slotSeconds, float64(seconds)/mostSlots)
}

// shares are the costs divided by their sum; one of 1 where they make no sense.
func shares(costs []float64) []float64 {
	var sum float64
	for _, c := range costs {
		if !(c >= 0) {
			return []float64{1}
		}
		sum += c
	}
	if !(sum > 0) || !finite(sum) || len(costs) > mostVisits {
		return []float64{1}
	}
	out := make([]float64, 0, len(costs))
	for _, c := range costs {
		if c > 0 {
			out = append(out, c/sum)
		}
	}
	return out
}

// run plays the draw and adds what became of people.
func (f *flood) run(p *Passage) {
	var everyone, worst float64
	done := func(q parcel, at float64) {
		at += f.s.Base
		p.times = append(p.times, span{q.born, at - q.born, q.people})
		everyone, worst = math.Max(everyone, at), math.Max(worst, at-q.born)
	}
	end := float64(len(f.s.Arrivals))
	served := f.s.Capacity > 0 && finite(f.s.Capacity)
	for i := 0; ; i++ {
		now := float64(float64(i) * f.slot)
		if now >= end && (!served || f.empty() || now > end+longestWait) {
			break
		}
		f.comeBack(now, p)
		if n := f.due(now, end); n > 0 {
			p.People += n
			f.enter(parcel{born: now + f.slot/2, people: n, tries: f.s.Refreshes}, now, p)
		}
		if served {
			f.serve(now, p, done)
		}
	}
	f.forget(p)
	p.EveryoneIn += everyone
	p.Worst += worst
}

func (f *flood) empty() bool { return f.head == len(f.queue) && f.backHead == len(f.back) }

// due is how many people arrive in the slot that begins now.
func (f *flood) due(now, end float64) float64 {
	if now >= end {
		return 0
	}
	to := math.Min(end, now+f.slot)
	var n float64
	for at := now; at < to; {
		second := int(at)
		next := math.Min(to, float64(second+1))
		if next <= at { // rounding: the next second has begun
			break
		}
		if a := f.s.Arrivals[second]; a > 0 && finite(a) {
			n += float64(a * (next - at))
		}
		at = next
	}
	return float64(n * f.factor)
}

// enter puts people at the end of the queue: some of them will not wait for it,
// some will ask again and leave their request behind.
func (f *flood) enter(q parcel, now float64, p *Passage) {
	p.Attempts += float64(boolean(q.visit == 0) * q.people)
	wait := 0.0
	if f.s.Capacity > 0 {
		wait = f.backlog / f.s.Capacity
	}
	if f.s.Gone != nil {
		gone := float64(q.people * f.leaving(now-q.born, wait))
		q.people -= gone
		p.Never += gone
		p.lost = append(p.lost, span{at: q.born, people: gone})
	}
	q.work = float64(q.people * f.costs[q.visit])
	f.backlog += q.work
	if q.tries > 0 && wait > f.s.Patience {
		again := q
		again.tries--
		f.back = append(f.back, returning{now + f.s.Patience, again})
		q.people = 0
	}
	f.queue = append(f.queue, q)
}

// leaving is the share of people who have waited for so long already and go
// during the next wait seconds.
func (f *flood) leaving(waited, wait float64) float64 {
	before, after := f.s.Gone(math.Max(0, waited)), f.s.Gone(math.Max(0, waited)+wait)
	if !(after > before) || !(before < 1) {
		return 0
	}
	return math.Min(1, (after-before)/(1-before))
}

func (f *flood) comeBack(now float64, p *Passage) {
	for f.backHead < len(f.back) && f.back[f.backHead].at <= now {
		r := f.back[f.backHead]
		f.backHead++
		if r.visit > 0 { // enter counts first visits only
			p.Attempts += r.people
		}
		f.enter(r.parcel, now, p)
	}
}

// serve does one slot's work.
func (f *flood) serve(now float64, p *Passage, done func(parcel, float64)) {
	all := float64(f.s.Capacity * f.slot)
	if f.s.Scatter > 0 {
		all += math.Sqrt(float64(f.s.Scatter*all))*f.noise.normal() - f.owed
		f.owed = math.Max(0, -all)
	}
	left := all
	for left > 0 && f.head < len(f.queue) {
		q := &f.queue[f.head]
		part := *q
		if q.work > left {
			part.people = float64(q.people * (left / q.work))
			part.work = left
			q.people -= part.people
			q.work -= left
		} else {
			f.head++
		}
		left -= part.work
		f.backlog = math.Max(0, f.backlog-part.work)
		if part.people > 0 {
			f.next(part, now, float64((1-math.Max(0, left)/all)*f.slot), p, done)
		}
	}
	if f.head == len(f.queue) {
		f.queue, f.head, f.backlog = f.queue[:0], 0, 0
	}
}

// next sends people who have been served to their next visit, or in.
func (f *flood) next(q parcel, now, into float64, p *Passage, done func(parcel, float64)) {
	if q.visit+1 < len(f.costs) {
		q.visit++
		f.enter(q, now, p)
		return
	}
	// A slot's arrivals are taken as arriving at its middle, and may be served
	// before.
	done(q, math.Max(q.born, now+into))
}

// forget counts those still waiting at the end as never in.
func (f *flood) forget(p *Passage) {
	lose := func(q parcel) {
		if q.people > 0 {
			p.Never += q.people
			p.lost = append(p.lost, span{at: q.born, people: q.people})
		}
	}
	for _, q := range f.queue[f.head:] {
		lose(q)
	}
	for _, r := range f.back[f.backHead:] {
		lose(r.parcel)
	}
}
