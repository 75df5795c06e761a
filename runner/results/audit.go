package results

import (
	"errors"
	"fmt"
	"strings"
)

// maxFaults bounds the list Check gives.
const maxFaults = 20

// Check is nil when both ledgers balance at every level and agree with the
// plan; otherwise its text names each place that does not.
func (l *Ledgers) Check() error {
	if len(l.faults) == 0 {
		return nil
	}
	return errors.New(strings.Join(l.faults, "; "))
}

// audit compares what was counted in different places.
func (l *Ledgers) audit(r *Run, people, attempts *booking) []string {
	var faults []string
	more := 0
	say := func(format string, args ...any) {
		if len(faults) < maxFaults {
			faults = append(faults, fmt.Sprintf(format, args...))
		} else {
			more++
		}
	}
	for _, k := range people.orphans {
		say("more people settled than started in group %d, second %d", k.Group, k.Second)
	}
	for _, k := range attempts.orphans {
		say("more attempts ended than begun in group %d, second %d", k.Group, k.Second)
	}
	auditBook(say, "people", &l.People)
	auditBook(say, "attempts", &l.Attempts)
	auditFleet(say, r)
	l.auditRun(say, r, people.unseen)
	if more > 0 {
		faults = append(faults, fmt.Sprintf("and %d more", more))
	}
	return faults
}

func auditBook(say func(string, ...any), what string, b *Book) {
	for _, s := range b.Seconds {
		if !s.Balanced() {
			say("%s of group %d, second %d: %s", what, s.Group, s.Second, s.Ledger)
		}
	}
	if !b.Total.Balanced() {
		say("%s: %s", what, b.Total)
	}
	for _, c := range b.Cells {
		if c.Reason.Outcome() != c.Outcome && !(c.Reason == NoReason && (c.Outcome == InTime || c.Outcome == Late)) {
			say("%s: outcome %s with reason %q", what, c.Outcome, c.Reason)
		}
	}
}

// String shows the two equations.
func (l Ledger) String() string {
	var sum uint64
	for o := InTime; o < NotSent; o++ {
		sum += l.By[o]
	}
	return fmt.Sprintf("intended %d, started %d, not sent %d, outcomes of the started %d", l.Intended, l.Started, l.NotSent, sum)
}

// auditFleet looks at each worker by itself: what two of them counted wrongly may
// cancel out in the sum.
func auditFleet(say func(string, ...any), r *Run) {
	if r.Fleet == nil {
		return
	}
	given := givenPeople(say, r)
	for _, l := range r.Fleet.Losses {
		auditLoss(say, r, l)
	}
	for i := range r.Shares {
		s := &r.Shares[i]
		for _, k := range s.open.peopleOrphans {
			say("worker %d: more people settled than started in group %d, second %d", s.ID, k.Group, k.Second)
		}
		for _, k := range s.open.triesOrphans {
			say("worker %d: more attempts ended than begun in group %d, second %d", s.ID, k.Group, k.Second)
		}
		if n := s.Starts + s.NotSent - min(s.NotSent, s.Pulled); given != nil && n > uint64(given[s.ID]) {
			say("worker %d recorded %d people and was given %d", s.ID, n, given[s.ID])
		}
		if r.Fleet.Ended != nil && s.Ended == nil && !s.Lost && r.Ended.How != EndedAlone {
			say("worker %d has no end and was not called lost", s.ID)
		}
	}
}

// givenPeople is how many people each worker was to play, those taken over
// included; nil when fleet.json does not say.
func givenPeople(say func(string, ...any), r *Run) map[uint32]int {
	given, sum := map[uint32]int{}, 0
	for _, w := range r.Fleet.Workers {
		given[w.ID] = w.People
		sum += w.People
	}
	if sum == 0 {
		return nil
	}
	if sum != r.Plan.People {
		say("the plan says %d people and the workers were given %d", r.Plan.People, sum)
	}
	for _, l := range r.Fleet.Losses {
		for _, t := range l.Takers {
			given[t.Worker] += t.People
		}
	}
	return given
}

// auditLoss finds people whom a lost worker recorded after they had been given to
// others: they count twice.
func auditLoss(say func(string, ...any), r *Run, l Loss) {
	i := r.shareIndex(l.Worker)
	if i < 0 || l.TakenFrom < 0 || l.Untaken != "" {
		return
	}
	for _, x := range r.Shares[i].Seconds {
		if x.Second >= until(l.TakenFrom) && x.Intended > 0 {
			say("worker %d recorded %d people of second %d, whom others play from %v on", l.Worker, x.Intended, x.Second, l.TakenFrom)
		}
	}
}

func (l *Ledgers) auditRun(say func(string, ...any), r *Run, unseen uint64) {
	if got := l.People.Total.Intended; got != uint64(max(r.Plan.People, 0)) {
		say("the plan says %d people and lists %d", r.Plan.People, got)
	}
	if r.Ended.How != EndedPlanned && r.Ended.How != EndedEnough {
		return
	}
	var open, cut uint64
	for k, n := range r.Total.Starts {
		open += uint64(n) - min(uint64(n), uint64(r.Total.PulledPeople[k]))
	}
	for c, n := range r.Total.People {
		if c.Outcome != NotSent {
			open -= min(open, uint64(n))
		}
	}
	for _, c := range l.People.Cells {
		if c.Outcome == NotSent && c.Reason == ReasonCut {
			cut += c.N
		}
	}
	if open -= min(open, unseen); open > 0 {
		say("%d people were not settled at the planned end", open)
	}
	if cut > 0 && r.Ended.How == EndedPlanned {
		say("%d people never clicked though the run ended as planned", cut)
	}
	unseenOf := l.unobserved()
	for g := range l.People.Groups {
		// A lost worker may have brought an attempt into class, and not yet the person.
		p, a := l.People.Groups[g].InClass(), l.Attempts.Groups[g].InClass()
		if p != a && (a < p || a-p > unseenOf[g]) {
			say("group %d: %d people in class by %d attempts", g, p, a)
		}
	}
}

// unobserved counts, by group, the people who clicked, or may have, and whose end
// nobody saw.
func (l *Ledgers) unobserved() []uint64 {
	out := make([]uint64, len(l.People.Groups))
	for _, c := range l.People.Cells {
		if c.Reason == ReasonUnobserved {
			out[c.Group] += c.N
		}
	}
	return out
}
