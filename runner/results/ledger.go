package results

import (
	"cmp"
	"slices"
)

// Ledger is one balance of people or of attempts:
//
//	Intended = Started + NotSent
//	Started  = the sum of the ten other outcomes
//
// to the unit, also in a run that was cut.
type Ledger struct {
	Intended, Started, NotSent uint64
	By                         [outcomes]uint64 // by Outcome, NotSent included
}

// Of is the count of one outcome.
func (l Ledger) Of(o Outcome) uint64 {
	if o >= outcomes {
		return 0
	}
	return l.By[o]
}

// InClass is in_time + late.
func (l Ledger) InClass() uint64 { return l.By[InTime] + l.By[Late] }

// Never is how many started and were not in class by the end, invalid ones
// excepted: these are the test's own fault.
func (l Ledger) Never() uint64 { return l.Judged() - l.InClass() }

// Judged is the denominator of every rate: started, without invalid.
func (l Ledger) Judged() uint64 { return l.Started - l.By[Invalid] }

// Balanced reports whether both equations hold.
func (l Ledger) Balanced() bool {
	var sum uint64
	for o := InTime; o < NotSent; o++ {
		sum += l.By[o]
	}
	return l.Intended == l.Started+l.NotSent && l.Started == sum && l.NotSent == l.By[NotSent] && l.By[NoOutcome] == 0
}

// Add adds another ledger, line by line.
func (l *Ledger) Add(o Ledger) {
	l.Intended += o.Intended
	l.Started += o.Started
	l.NotSent += o.NotSent
	for i, n := range o.By {
		l.By[i] += n
	}
}

// CellCount is a line of a book: one group, one intended second, one outcome,
// one reason.
type CellCount struct {
	Cell
	N uint64
}

// SecondLedger is the ledger of one group in one intended second.
type SecondLedger struct {
	GroupSecond
	Ledger
}

// Book holds one of the two ledgers at every level of detail; all levels add
// up to Total.
type Book struct {
	Total   Ledger
	Groups  []Ledger       // by index into Plan.Groups
	Seconds []SecondLedger // by intended second, then group; empty ones left out
	Cells   []CellCount    // by intended second, group, outcome, reason
}

// Window adds up the seconds from ≤ second < to of the groups that pick
// accepts; nil accepts all.
func (b *Book) Window(from, to int32, pick func(group int) bool) Ledger {
	var sum Ledger
	for _, s := range b.Seconds {
		if s.Second >= from && s.Second < to && (pick == nil || pick(int(s.Group))) {
			sum.Add(s.Ledger)
		}
	}
	return sum
}

// Reasons adds up, over the whole run, the lines of each outcome and reason,
// in the order of the closed lists.
func (b *Book) Reasons() []CellCount {
	sum := map[Cell]uint64{}
	for _, c := range b.Cells {
		sum[Cell{Outcome: c.Outcome, Reason: c.Reason}] += c.N
	}
	return cellCounts(sum)
}

// Ledgers are the two ledgers of a run.
type Ledgers struct {
	People, Attempts Book
	// Gaps is what lost workers took with them, by worker and second.
	Gaps   []Gap
	faults []string
}

// LedgerOf balances a run's people and attempts, overall, by group and by
// intended second.
//
// People: Intended is the plan's; Started counts first clicks that left. Who
// clicked and was not settled is unfinished/in_flight. Planned people nothing
// was recorded of are not_sent/cut.
//
// Attempts: one exists once its first request has left, or once it was
// recorded as not sent; a person who never clicked has one attempt, not sent.
// An attempt that had begun and whose end was not recorded is
// unfinished/in_flight. In a cut run a person between two attempts is
// therefore unfinished as a person, but all the attempts that person really
// made have ended and are counted as they did: the next one, never begun, is
// no attempt.
//
// Of a lost worker (fleet.json) the people, and attempts, whose end was not
// recorded are unfinished/unobserved. Planned people nothing was recorded of are
//   - unfinished/unobserved, started, with one attempt each, where the lost worker
//     may have sent them: due before the takeover or, when nobody took over, before
//     its last lease was over; unless its own end frame, with no number missing
//     before it, proves that they never left;
//   - not_sent/worker_lost when it cannot have sent them and nobody else was to;
//   - not_sent/cut when no worker was lost that could have had them, or when they
//     were due after a trial had decided.
//
// What it recorded and delivers late takes its people out of the unobserved again;
// but for those it calls not_sent/cut and whom others were playing by then.
func LedgerOf(r *Run) *Ledgers {
	l := &Ledgers{}
	t := r.Total
	intended := plannedArrivals(r.Plan)
	people, attempts := newBooking(t.People, t.Starts, t.PulledPeople), newBooking(t.Attempts, t.Tries, t.PulledTries)
	people.flying()
	attempts.flying()
	absent := &absentees{run: r, absences: r.absences(), gaps: map[gapSecond]*Gap{}}
	absent.open(people, attempts)
	absent.unknown(intended, people, attempts)
	l.People = people.book(len(r.Plan.Groups), intended)
	l.Attempts = attempts.book(len(r.Plan.Groups), nil)
	l.Gaps = gapsOf(absent.gaps)
	l.faults = l.audit(r, people, attempts)
	return l
}

func plannedArrivals(p *Plan) map[GroupSecond]uint64 {
	m := map[GroupSecond]uint64{}
	for g, seconds := range p.Intended {
		for s, n := range seconds {
			if n > 0 {
				m[GroupSecond{uint16(g), int32(s)}] = uint64(n)
			}
		}
	}
	return m
}

// booking is one book being made.
type booking struct {
	cells   map[Cell]uint64
	started map[GroupSecond]uint64 // left, and not ended as not_sent
	ended   map[GroupSecond]uint64 // of these, with an outcome
	notSent map[GroupSecond]uint64
	orphans []GroupSecond // more ends than starts: a delta is missing
	unseen  uint64        // in flight in a lost worker
}

func newBooking(cells map[Cell]uint32, left, pulled map[GroupSecond]uint32) *booking {
	b := &booking{cells: map[Cell]uint64{}, started: map[GroupSecond]uint64{},
		ended: map[GroupSecond]uint64{}, notSent: map[GroupSecond]uint64{}}
	for c, n := range cells {
		b.cells[c] += uint64(n)
		k := GroupSecond{c.Group, c.Second}
		if c.Outcome == NotSent {
			b.notSent[k] += uint64(n)
		} else {
			b.ended[k] += uint64(n)
		}
	}
	for k, n := range left {
		b.started[k] = uint64(n) - min(uint64(n), uint64(pulled[k]))
	}
	return b
}

// open gives what had left and not ended, and where more ended than had left.
func (b *booking) open() (open map[GroupSecond]uint64, orphans []GroupSecond) {
	open = map[GroupSecond]uint64{}
	for _, k := range sortedKeys(b.ended, compareGroupSeconds) {
		if b.ended[k] > b.started[k] {
			orphans = append(orphans, k)
		}
	}
	for k, n := range b.started {
		if n > b.ended[k] {
			open[k] = n - b.ended[k]
		}
	}
	return open, orphans
}

// flying books what had left and not ended as in flight. Where a lost delta
// makes ends outnumber starts, the ends prove the starts.
func (b *booking) flying() {
	open, orphans := b.open()
	b.orphans = orphans
	for _, k := range orphans {
		b.started[k] = b.ended[k]
	}
	for k, n := range open {
		b.cells[Cell{k.Group, Unfinished, ReasonInFlight, k.Second}] += n
	}
}

// book closes the booking. Intended comes from the plan when there is one: the
// balance is then a test of the recording against it, not of itself.
func (b *booking) book(groups int, intended map[GroupSecond]uint64) Book {
	bySecond := map[GroupSecond]*Ledger{}
	at := func(k GroupSecond) *Ledger {
		l, ok := bySecond[k]
		if !ok {
			l = new(Ledger)
			bySecond[k] = l
		}
		return l
	}
	for c, n := range b.cells {
		l := at(GroupSecond{c.Group, c.Second})
		l.By[c.Outcome] += n
		if c.Outcome == NotSent {
			l.NotSent += n
		}
	}
	for k, n := range b.started {
		at(k).Started += n
	}
	for k, n := range intended {
		at(k).Intended += n
	}
	out := Book{Groups: make([]Ledger, groups), Cells: cellCounts(b.cells)}
	for _, k := range sortedKeys(bySecond, compareGroupSeconds) {
		l := bySecond[k]
		if intended == nil {
			l.Intended = l.Started + l.NotSent
		}
		if *l == (Ledger{}) {
			continue
		}
		out.Seconds = append(out.Seconds, SecondLedger{k, *l})
		out.Groups[k.Group].Add(*l)
		out.Total.Add(*l)
	}
	return out
}

func cellCounts(m map[Cell]uint64) []CellCount {
	out := make([]CellCount, 0, len(m))
	for c, n := range m {
		if n > 0 {
			out = append(out, CellCount{c, n})
		}
	}
	slices.SortFunc(out, func(a, b CellCount) int { return cmp.Or(compareCells(a.Cell, b.Cell)) })
	return out
}
