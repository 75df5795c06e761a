package results

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// history plays random mornings into deltas and keeps its own truth: what a
// correct ledger must say at any point of it.
type history struct {
	rng    *rand.Rand
	plan   *Plan
	people []*pupil
}

// pupil is one person of a history.
type pupil struct {
	group              int
	intended           time.Duration
	clicked, tryOpen   bool
	tryAt              time.Duration
	tries              int
	settled            bool
	outcome            Outcome
	reason             Reason
	ended              []Outcome // attempts that ended
	pulled, neverClick bool
}

func testPlan(groups, seconds int) *Plan {
	p := &Plan{
		Schema: "1.0", RunID: "20210406-085500-test", Start: time.Date(2026, 1, 15, 8, 55, 0, 0, time.UTC),
		PlayFrom: 8*3600 + 55*60, PlayTo: 8*3600 + 55*60 + seconds, InTime: 10 * time.Second,
		Steps:    []Step{{Journey: "login", Name: "1 get /"}, {Journey: "login", Name: "2 post /login", InClass: true}},
		Hosts:    []string{"127.0.0.1:80"},
		Intended: make([][]uint32, groups),
	}
	for g := range groups {
		p.Groups = append(p.Groups, Group{Region: "Paris", Level: "lycée", Persona: fmt.Sprint("eleve", g)})
		p.Intended[g] = make([]uint32, seconds)
	}
	return p
}

func newHistory(seed uint64, people, groups, seconds int) *history {
	h := &history{rng: rand.New(rand.NewPCG(seed, 1)), plan: testPlan(groups, seconds)}
	for range people {
		p := &pupil{group: h.rng.IntN(groups), intended: time.Duration(h.rng.Int64N(int64(seconds) * int64(time.Second)))}
		h.people = append(h.people, p)
		h.plan.Intended[p.group][SecondOf(p.intended)]++
	}
	h.plan.People = people
	return h
}

// reasonOf draws a reason that belongs to an outcome.
func (h *history) reasonOf(o Outcome) Reason {
	var fit []Reason
	for _, r := range Reasons() {
		if r.Outcome() == o && r != ReasonUnobserved && r != ReasonWorkerLost && r != ReasonCut { // not drawn: said of who is not recorded
			fit = append(fit, r)
		}
	}
	if len(fit) == 0 {
		return NoReason
	}
	return fit[h.rng.IntN(len(fit))]
}

// tick plays one second into d.
func (h *history) tick(d *Delta, second int) {
	d.Written = int32(second)
	h.playUntil(d, time.Duration(second+1)*time.Second)
	d.AddHealth(Health{Second: second, CPU: h.rng.Float64(), Descriptors: 3, DescLimit: 1024})
	d.AddGauge(Gauge{Second: int32(second), Step: 1, People: uint32(second), Inside: time.Duration(second) * time.Second})
}

// playUntil takes everybody who is due before an instant one step further.
func (h *history) playUntil(d *Delta, now time.Duration) {
	for _, p := range h.people {
		if !p.settled && p.intended < now {
			h.step(d, p, now)
		}
	}
}

// settle ends the load: who had clicked is unfinished, and who had not is cut, or,
// by a worker that stopped alone, left out.
func (h *history) settle(d *Delta, alone bool) {
	for _, p := range h.people {
		if p.settled || (!p.clicked && alone) {
			continue
		}
		o, r := Unfinished, ReasonInFlight
		if !p.clicked {
			o, r, p.neverClick = NotSent, ReasonCut, true
		}
		if p.tryOpen || p.neverClick {
			d.AddAttempt(Attempt{Group: p.group, Number: 1, Intended: max(p.tryAt, p.intended), Outcome: o, Reason: r})
		}
		if p.tryOpen {
			p.ended = append(p.ended, o)
		}
		p.tryOpen, p.settled, p.outcome, p.reason = false, true, o, r
		d.AddPerson(Person{Group: p.group, Intended: p.intended, Outcome: o, Reason: r, Attempts: p.tries})
	}
}

func (h *history) step(d *Delta, p *pupil, now time.Duration) {
	switch {
	case !p.clicked:
		if h.rng.IntN(20) == 0 {
			p.neverClick, p.settled, p.outcome, p.reason = true, true, NotSent, ReasonGenerator
			d.AddAttempt(Attempt{Group: p.group, Number: 1, Intended: p.intended, Outcome: NotSent, Reason: p.reason})
			d.AddPerson(Person{Group: p.group, Intended: p.intended, Outcome: NotSent, Reason: p.reason, Attempts: 1})
			return
		}
		p.clicked, p.tryOpen, p.tryAt, p.tries = true, true, p.intended, 1
		d.AddStart(Start{Group: p.group, Intended: p.intended, Sent: p.intended + time.Duration(h.rng.Int64N(int64(3*time.Second)))})
	case p.tryOpen && h.rng.IntN(3) == 0:
		h.endTry(d, p, now)
	case !p.tryOpen && h.rng.IntN(2) == 0:
		p.tryOpen, p.tryAt = true, now
		p.tries++
		d.AddAttemptStart(p.group, p.tryAt)
	}
}

func (h *history) endTry(d *Delta, p *pupil, now time.Duration) {
	o := Outcomes()[h.rng.IntN(len(Outcomes()))]
	r := h.reasonOf(o)
	p.tryOpen = false
	p.ended = append(p.ended, o)
	d.AddAttempt(Attempt{Group: p.group, Number: p.tries, Intended: p.tryAt, Ended: now, Outcome: o, Reason: r, Left: o == NotSent})
	d.AddStep(Sample{Step: 1, Group: p.group, Intended: p.tryAt, Sent: p.tryAt, Done: now, Inside: now - p.tryAt, Outcome: o, Reason: r})
	d.AddHop(Hop{Step: 1, Number: 1, Status: 200, Connect: time.Millisecond, FirstByte: now - p.tryAt, At: p.tryAt, Intended: p.tryAt, BytesIn: 5})
	if o != InTime && o != Late {
		d.AddSign(Sign{Step: 1, Status: 503, Outcome: o, Reason: r, Text: fmt.Sprint("page ", h.rng.IntN(400)), At: now})
	}
	if o == InTime || o == Late || o == NotSent || o == Invalid || h.rng.IntN(2) == 0 {
		p.settled, p.outcome, p.reason, p.pulled = true, o, r, o == NotSent
		d.AddPerson(Person{Group: p.group, Intended: p.intended, Settled: now, Outcome: o, Reason: r, Attempts: p.tries,
			TimeToClass: now - p.intended, OwnTime: time.Second, GaveUp: o == Quota, Left: p.pulled})
	}
}

// truth is what the ledgers must say if the recording stops here.
func (h *history) truth() (people, attempts Ledger) {
	for _, p := range h.people {
		o := p.outcome
		switch {
		case !p.clicked && !p.settled:
			o = NotSent
			attempts.By[NotSent]++
		case !p.settled:
			o = Unfinished
		}
		if p.neverClick {
			attempts.By[NotSent]++
		}
		people.By[o]++
		for _, o := range p.ended {
			attempts.By[o]++
		}
		if p.tryOpen {
			attempts.By[Unfinished]++
		}
	}
	return closeTruth(people), closeTruth(attempts)
}

func closeTruth(l Ledger) Ledger {
	for o, n := range l.By {
		l.Intended += n
		if Outcome(o) != NotSent {
			l.Started += n
		}
	}
	l.NotSent = l.By[NotSent]
	return l
}
