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
	l.auditRun(say, r)
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

func (l *Ledgers) auditRun(say func(string, ...any), r *Run) {
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
	if open > 0 {
		say("%d people were not settled at the planned end", open)
	}
	if cut > 0 && r.Ended.How == EndedPlanned {
		say("%d people never clicked though the run ended as planned", cut)
	}
	for g := range l.People.Groups {
		if p, a := l.People.Groups[g].InClass(), l.Attempts.Groups[g].InClass(); p != a {
			say("group %d: %d people in class by %d attempts", g, p, a)
		}
	}
}
