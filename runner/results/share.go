package results

import (
	"cmp"
	"slices"
	"time"
)

// Share is one worker's part of a run: what its own gates (V1, V2, V3) and its line
// of the worker table are read from. A run on one machine has exactly one.
type Share struct {
	ID    uint32
	Ended *Ended // its own end; nil when none was recorded
	// Lost says that fleet.json calls it lost.
	Lost bool

	// People it has said something of; a lost worker's unknown ones are in
	// [Ledgers.Gaps]. Starts counts first clicks that left, NotSent who was
	// recorded as not sent, Pulled of these who had left.
	Starts, NotSent, Pulled uint64
	InClass, Retries        uint64
	Exchanges               uint64
	BytesIn, BytesOut       uint64

	// InFlight is who it recorded itself as unfinished/in_flight, by group and
	// intended second: at its end, or when its lease was over.
	InFlight map[GroupSecond]uint32

	// Seconds, by intended second, in order; empty ones are left out.
	Seconds []ShareSecond
	// Delay and Later are the generator's delays of first and of later clicks, by
	// intended ten, in order, each read from the merged histogram of that ten by the
	// one estimator of quantiles. AllDelays is those of first clicks of the whole run.
	Delay, Later []DelayTen
	AllDelays    *Hist
	// Health, by second.
	Health []Health

	open openPeople
}

// ShareSecond counts one worker's people of one intended second (V1).
type ShareSecond struct {
	Second int32
	// Intended is who was due: for a run's only worker those of the plan, else
	// those it has said something of.
	Intended uint32
	OnTime   uint32 // first click within 1 s of its instant
	// Pulled is who had left and was then stopped by the tool itself: not sent in
	// mid-journey, before class or after it.
	Pulled uint32
}

// DelayTen is the generator's delay in 10 s of due time: seconds 10·Ten to
// 10·Ten+9 (V2).
type DelayTen struct {
	Ten      int32
	N        uint64
	P99, Max time.Duration
}

// openPeople is who had clicked, and which attempts had begun, and never ended in
// one worker's deltas; orphans is where more ended than had begun.
type openPeople struct {
	people, tries               map[GroupSecond]uint64
	peopleOrphans, triesOrphans []GroupSecond
}

// shareOf lays out what one worker recorded.
func shareOf(id uint32, d *Delta) Share {
	s := Share{ID: id, Health: slices.Clone(d.Health), AllDelays: NewHist(StepHist), InFlight: map[GroupSecond]uint32{}}
	slices.SortStableFunc(s.Health, func(a, b Health) int { return cmp.Compare(a.Second, b.Second) })
	s.count(d)
	s.Delay, s.Later = delayTens(d.Delay), delayTens(d.Later)
	for _, h := range d.Delay {
		s.AllDelays.Merge(h)
	}
	people, attempts := newBooking(d.People, d.Starts, d.PulledPeople), newBooking(d.Attempts, d.Tries, d.PulledTries)
	s.open.people, s.open.peopleOrphans = people.open()
	s.open.tries, s.open.triesOrphans = attempts.open()
	return s
}

// count adds up people, by intended second and in all.
func (s *Share) count(d *Delta) {
	at := map[int32]*ShareSecond{}
	get := func(second int32) *ShareSecond {
		x, ok := at[second]
		if !ok {
			x = &ShareSecond{Second: second}
			at[second] = x
		}
		return x
	}
	for k, n := range d.Starts {
		get(k.Second).Intended += n
		s.Starts += uint64(n)
	}
	for k, n := range d.OnTime {
		get(k.Second).OnTime += n
	}
	for k, n := range d.PulledPeople {
		x := get(k.Second)
		x.Intended -= min(x.Intended, n) // it is in Starts and in NotSent
		x.Pulled += n
		s.Pulled += uint64(n)
	}
	for c, n := range d.People {
		switch c.Outcome {
		case NotSent:
			get(c.Second).Intended += n
			s.NotSent += uint64(n)
		case InTime, Late:
			s.InClass += uint64(n)
		case Unfinished:
			if c.Reason == ReasonInFlight {
				s.InFlight[GroupSecond{c.Group, c.Second}] += n
			}
		}
	}
	for c, n := range d.MidWork {
		if c.Outcome == NotSent {
			get(c.Second).Pulled += n
		}
	}
	for _, b := range d.Beside {
		s.Retries += uint64(b.Retries)
	}
	for _, c := range d.Sent {
		s.Exchanges, s.BytesIn, s.BytesOut = s.Exchanges+c.N, s.BytesIn+c.BytesIn, s.BytesOut+c.BytesOut
	}
	for _, k := range sortedKeys(at, cmp.Compare) {
		s.Seconds = append(s.Seconds, *at[k])
	}
}

// planned puts the plan's people in the place of the known ones: for a run's only
// worker, all of them were its own.
func (s *Share) planned(p *Plan) {
	at := map[int32]ShareSecond{}
	for _, x := range s.Seconds {
		x.Intended = 0
		at[x.Second] = x
	}
	for k, n := range plannedArrivals(p) {
		x := at[k.Second]
		x.Second, x.Intended = k.Second, x.Intended+clip(n)
		at[k.Second] = x
	}
	s.Seconds = s.Seconds[:0]
	for _, k := range sortedKeys(at, cmp.Compare) {
		s.Seconds = append(s.Seconds, at[k])
	}
}

func delayTens(m map[int32]*Hist) []DelayTen {
	out := make([]DelayTen, 0, len(m))
	for _, ten := range sortedKeys(m, cmp.Compare) {
		if h := m[ten]; h.Count() > 0 {
			out = append(out, DelayTen{Ten: ten, N: h.Count(), P99: h.Quantile(99, 100), Max: h.Max()})
		}
	}
	return out
}
