package stats

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// Storm is a morning before a server of one capacity: the fluid model of a peak
// (Newell, "Applications of Queueing Theory", 1982). People flow in as the curve
// says, queue first come first served, and flow out at the capacity:
//
//	B(t+dt) = max(0, B + N·dF - C·dt),  wait = B ÷ C
//
// It is right where waits are long beside what chance does to a queue, about a
// second; Scatter adds that chance.
type Storm struct {
	// Arrivals are people due in each second. Values that are not positive and
	// finite count as nobody; a day is read at most.
	Arrivals []float64
	// Capacity is the saturation goodput, logins per second.
	Capacity float64
	// Base is the seconds a login takes when nobody waits; it is added to every
	// wait.
	Base float64
	// Visits are the costs, in any unit, of the calls of one login that queue one
	// after the other at the same servers; nil: a login queues once. With several,
	// someone who arrives while the backlog grows waits longer than it over C,
	// because every further visit queues behind those who came since: up to twice
	// as long.
	Visits []float64
	// Refreshes is how often a person whose page takes longer than Patience
	// seconds asks again; the server still does the work for the request left
	// behind. It waits in the same queue.
	Refreshes int
	Patience  float64
	// Gone is the share of people who have left for good after so many seconds;
	// nil: nobody does. The server does no work for those.
	Gone func(waited float64) float64
	// Scatter is the variance, over the mean, of people who arrive less people
	// served: 2 for Poisson arrivals and exponential service, 1 for arrivals
	// that are known or for constant service, 0 for the fluid alone. (Heavy
	// traffic: with it a steady load λ waits Scatter ÷ 2(C-λ) on average, as M/M/c
	// does near saturation.) Draws mornings are then played from the seed and
	// read together; 16 when 0.
	Scatter float64
	Draws   int
	Seed    uint64
}

// Passage is what became of the people of a [Storm], all draws together.
type Passage struct {
	People float64 // of one morning
	Never  float64 // of them, not in: gone, or still waiting six hours after the last arrival
	// EveryoneIn is the seconds from the start until the last of those who get in
	// is in; Worst the longest time of one of them.
	EveryoneIn, Worst float64
	Attempts          float64 // requests for the page, per person
	times             []span  // of those who got in, by arrival
	lost              []span  // of those who did not; their seconds mean nothing
	draws             float64
}

// span is some people who arrived together and took the same time.
type span struct {
	at, took float64 // seconds
	people   float64
}

// Bounds of the model.
const (
	stormDraws  = 16
	mostDraws   = 1000
	mostVisits  = 64
	mostRefresh = 100
	longestWait = 6 * 3600 // seconds after the last arrival
	slotSeconds = 0.1
	mostSlots   = 36_000 // of arrivals; a longer storm is played in longer slots
)

// Play plays the storm with factor times its people.
func (s Storm) Play(factor float64) *Passage {
	draws := 1
	if s.Scatter > 0 {
		draws = stormDraws
		if s.Draws > 0 {
			draws = min(s.Draws, mostDraws)
		}
	}
	p := &Passage{draws: float64(draws), times: make([]span, 0, draws*int(float64(2*min(day, len(s.Arrivals)))/slotOf(len(s.Arrivals))))}
	for d := range draws {
		newFlood(s, factor, d).run(p)
	}
	p.People, p.Never = p.People/p.draws, p.Never/p.draws
	p.EveryoneIn, p.Worst = p.EveryoneIn/p.draws, p.Worst/p.draws
	if p.Attempts = p.Attempts / p.draws; p.People > 0 {
		p.Attempts /= p.People
	}
	return p
}

// Within is the share of the people who arrived in seconds [from, to) and got in
// within limit seconds; 1 when nobody arrived.
func (p *Passage) Within(limit float64, from, to int) float64 {
	var in, all float64
	for _, t := range p.times {
		if t.at >= float64(from) && t.at < float64(to) {
			all += t.people
			if t.took <= limit {
				in += t.people
			}
		}
	}
	all += p.lostIn(from, to)
	if !(all > 0) {
		return 1
	}
	return in / all
}

// Quantile is the q-quantile of the time, in seconds, of those who arrived in
// seconds [from, to); +Inf when it lies among those who never got in, 0 when
// nobody arrived.
func (p *Passage) Quantile(q float64, from, to int) float64 {
	all := p.lostIn(from, to)
	var times []span
	for _, t := range p.times {
		if t.at >= float64(from) && t.at < float64(to) {
			all += t.people
			times = append(times, t)
		}
	}
	if !(all > 0) {
		return 0
	}
	slices.SortFunc(times, func(a, b span) int { return cmp.Compare(a.took, b.took) })
	want, sum := float64(q*all), 0.0
	for _, t := range times {
		if sum += t.people; sum >= want {
			return t.took
		}
	}
	return math.Inf(1)
}

func (p *Passage) lostIn(from, to int) float64 {
	var sum float64
	for _, t := range p.lost {
		if t.at >= float64(from) && t.at < float64(to) {
			sum += t.people
		}
	}
	return sum
}

// LargestStorm is the largest factor of the storm's people that holds says holds,
// found by bisection to 1 part in 1,000: the same curve, higher. holds must fail
// from some factor on. 0 when no factor above a millionth holds, +Inf when a
// million times the people do.
func LargestStorm(s Storm, holds func(*Passage) bool) float64 {
	const most = 1 << 20
	lo, hi := 0.0, 1.0
	if holds(s.Play(1)) {
		for lo = 1; holds(s.Play(2 * lo)); lo *= 2 {
			if lo >= most {
				return math.Inf(1)
			}
		}
		hi = 2 * lo
	} else {
		for lo = 0.5; !holds(s.Play(lo)); lo /= 2 {
			if lo <= 1.0/most {
				return 0
			}
		}
		hi = 2 * lo
	}
	for hi-lo > 1e-3*lo {
		mid := (lo + hi) / 2
		if holds(s.Play(mid)) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// LargestStormOf is [LargestStorm] with the interval that the capacity's gives:
// the factors at its lower and upper end.
func LargestStormOf(s Storm, capacity Estimate, holds func(*Passage) bool) Estimate {
	at := func(c float64) float64 {
		s.Capacity = c
		return LargestStorm(s, holds)
	}
	value := at(capacity.Value)
	if !capacity.Sure || !finite(capacity.Lo) || !finite(capacity.Hi) {
		return unsure(value)
	}
	return Estimate{value, Interval{math.Min(value, at(capacity.Lo)), math.Max(value, at(capacity.Hi))}, true}
}

// chance draws nearly normal numbers of mean 0 and variance 1 from the bits of a
// generator, the same on every processor: a word of 64 fair coins has 32 ± 4
// heads.
type chance struct{ rng interface{ Uint64() uint64 } }

func (c chance) normal() float64 {
	heads := bits.OnesCount64(c.rng.Uint64()) + bits.OnesCount64(c.rng.Uint64())
	return float64(heads-64) / math.Sqrt(32)
}
