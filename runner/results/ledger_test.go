package results

import (
	"strings"
	"testing"
	"time"
)

// runOf is a Run of a delta that was never in a folder.
func runOf(p *Plan, d *Delta, how EndedAs) *Run {
	return &Run{Plan: p, Total: d, Ended: Ended{How: how}}
}

// Random mornings, stopped at random moments, recorded by several recorders:
// both ledgers say exactly what had happened, at every level of detail.
func TestLedgersAreTheTruth(t *testing.T) {
	for seed := range uint64(150) {
		people, groups, seconds := int(seed*37%400), 1+int(seed%5), 1+int(seed*7%30)
		h := newHistory(seed, people, groups, seconds)
		recorders := []*Delta{NewDelta(0), NewDelta(0), NewDelta(0)}
		for s := range int(seed * 11 % 45) {
			h.tick(recorders[s%3], s)
		}
		total := NewDelta(0)
		for _, d := range recorders {
			total.Merge(d)
		}
		l := LedgerOf(runOf(h.plan, total, EndedCut))
		if err := l.Check(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		p, a := h.truth()
		if l.People.Total != p || l.Attempts.Total != a {
			t.Fatalf("seed %d:\npeople   %v\nwant     %v\nattempts %v\nwant     %v", seed, l.People.Total, p, l.Attempts.Total, a)
		}
		levelsAgree(t, h.plan, &l.People)
		levelsAgree(t, h.plan, &l.Attempts)
		for _, s := range l.People.Seconds {
			if want := h.plan.Intended[s.Group][s.Second]; s.Intended != uint64(want) {
				t.Fatalf("seed %d, group %d, second %d: %d intended, planned %d", seed, s.Group, s.Second, s.Intended, want)
			}
		}
	}
}

// levelsAgree checks that groups, seconds, cells, reasons and windows add up to
// the same total.
func levelsAgree(t *testing.T, p *Plan, b *Book) {
	t.Helper()
	var groups, seconds Ledger
	for _, g := range b.Groups {
		if !g.Balanced() {
			t.Fatalf("group: %v", g)
		}
		groups.Add(g)
	}
	var cells, reasons [outcomes]uint64
	for _, s := range b.Seconds {
		if !s.Balanced() {
			t.Fatalf("second: %v", s.Ledger)
		}
		seconds.Add(s.Ledger)
	}
	for _, c := range b.Cells {
		cells[c.Outcome] += c.N
	}
	for _, c := range b.Reasons() {
		reasons[c.Outcome] += c.N
	}
	var halves Ledger
	for g := range p.Groups {
		pick := func(group int) bool { return group == g }
		halves.Add(b.Window(0, 3, pick))
		halves.Add(b.Window(3, 1<<30, pick))
	}
	if groups != b.Total || seconds != b.Total || halves != b.Total || b.Window(0, 1<<30, nil) != b.Total {
		t.Fatalf("levels differ: total %v, groups %v, seconds %v, windows %v", b.Total, groups, seconds, halves)
	}
	if cells != b.Total.By || reasons != b.Total.By {
		t.Fatalf("cells %v and reasons %v, total %v", cells, reasons, b.Total.By)
	}
}

func TestACutRunByHand(t *testing.T) {
	p := testPlan(1, 2)
	p.Intended[0], p.People = []uint32{4, 3}, 7
	d := NewDelta(0)
	at := 500 * time.Millisecond
	for range 3 { // three of the first second's four click
		d.AddStart(Start{Intended: at, Sent: at})
	}
	// One is in class.
	d.AddAttempt(Attempt{Number: 1, Intended: at, Outcome: InTime})
	d.AddPerson(Person{Intended: at, Outcome: InTime, TimeToClass: time.Second})
	// One is between two tries: the first ended, the second never began.
	d.AddAttempt(Attempt{Number: 1, Intended: at, Outcome: Quota, Reason: ReasonQuotaPage})
	// One is inside a first try. Of the second second, one could not be sent.
	d.AddAttempt(Attempt{Number: 1, Intended: 3 * at, Outcome: NotSent, Reason: ReasonGenerator})
	d.AddPerson(Person{Intended: 3 * at, Outcome: NotSent, Reason: ReasonGenerator})
	// Cut here.
	l := LedgerOf(runOf(p, d, EndedCut))
	if err := l.Check(); err != nil {
		t.Error(err)
	}
	want := Ledger{Intended: 7, Started: 3, NotSent: 4}
	want.By[InTime], want.By[Unfinished], want.By[NotSent] = 1, 2, 4
	if l.People.Total != want {
		t.Errorf("people %v by %v", l.People.Total, l.People.Total.By)
	}
	want.By[Quota], want.By[Unfinished] = 1, 1
	if l.Attempts.Total != want {
		t.Errorf("attempts %v by %v", l.Attempts.Total, l.Attempts.Total.By)
	}
	if n := l.People.Total.Never(); n != 2 {
		t.Errorf("never in class %d, want 2", n)
	}
}

func TestCheckFindsEachFault(t *testing.T) {
	start := func(d *Delta) { d.AddStart(Start{}); d.AddStart(Start{}) }
	in := func(d *Delta) {
		d.AddAttempt(Attempt{Number: 1, Outcome: InTime})
		d.AddPerson(Person{Outcome: InTime, TimeToClass: time.Second})
	}
	for name, c := range map[string]struct {
		add  []func(*Delta)
		want string
	}{
		"sound":               {[]func(*Delta){start, in, in}, ""},
		"not settled":         {[]func(*Delta){start, in}, "1 people were not settled"},
		"never clicked":       {[]func(*Delta){in}, "more people settled than started"},
		"nobody":              {nil, "2 people never clicked"},
		"one too many":        {[]func(*Delta){start, start, in, in, in, in}, "intended 2, started 4"},
		"attempt not begun":   {[]func(*Delta){start, in, in, func(d *Delta) { d.AddAttempt(Attempt{Outcome: Quota, Reason: ReasonQuotaPage}) }}, "more attempts ended than begun"},
		"reason of another":   {[]func(*Delta){start, in, func(d *Delta) { d.AddPerson(Person{Outcome: Quota, Reason: ReasonDNS}) }}, `outcome quota with reason "dns"`},
		"no reason":           {[]func(*Delta){start, in, func(d *Delta) { d.AddPerson(Person{Outcome: Blank}) }}, `outcome blank with reason ""`},
		"person, no attempt":  {[]func(*Delta){start, in, func(d *Delta) { d.AddPerson(Person{Outcome: Late}) }}, "2 people in class by 1 attempts"},
		"pulled and not said": {[]func(*Delta){start, in, in, func(d *Delta) { d.AddPerson(Person{Outcome: NotSent, Reason: ReasonConsentLimit}) }}, "intended 2, started 2, not sent 1"},
	} {
		t.Run(name, func(t *testing.T) {
			p := testPlan(1, 1)
			p.Intended[0][0], p.People = 2, 2
			d := NewDelta(0)
			for _, add := range c.add {
				add(d)
			}
			err := LedgerOf(runOf(p, d, EndedPlanned)).Check()
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestPulledPeopleAreNotStarted(t *testing.T) {
	p := testPlan(1, 1)
	p.Intended[0][0], p.People = 1, 1
	d := NewDelta(0)
	d.AddStart(Start{})
	d.AddAttempt(Attempt{Number: 1, Outcome: NotSent, Reason: ReasonConsentLimit, Left: true})
	d.AddPerson(Person{Outcome: NotSent, Reason: ReasonConsentLimit, Attempts: 1, Left: true})
	l := LedgerOf(runOf(p, d, EndedPlanned))
	if err := l.Check(); err != nil {
		t.Error(err)
	}
	want := Ledger{Intended: 1, NotSent: 1}
	want.By[NotSent] = 1
	if l.People.Total != want || l.Attempts.Total != want {
		t.Errorf("people %v, attempts %v", l.People.Total, l.Attempts.Total)
	}
}
