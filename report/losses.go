package report

import (
	"cmp"
	"math/big"
	"slices"
	"time"

	"firstbell/runner/results"
)

// Limits of V6.
var lostShare = big.NewRat(5, 1000)

const takeoverLimit = 2 * time.Second

// gone is the people that lost workers took with them, by intended second: those
// who had clicked and of whom nothing more is known, and those nobody could play.
type gone map[int]uint64

func (g gone) in(s span) (n uint64) {
	for second, k := range g {
		if second >= s.from && second < s.to {
			n += k
		}
	}
	return n
}

// toll is how many people a loss took, and the seconds they were due in.
type toll struct {
	n uint64
	span
}

func (x *toll) add(n uint64, s span) {
	switch {
	case n == 0:
		return
	case x.n == 0:
		x.span = s
	}
	x.n, x.from, x.to = x.n+n, min(x.from, s.from), max(x.to, s.to)
}

// collectGone reads them from the ledger, and from what a lost worker says of those
// it had to leave when its lease was over.
func (t *tally) collectGone() {
	t.gone = gone{}
	for _, c := range t.ledgers.People.Cells {
		if c.Reason == results.ReasonUnobserved || c.Reason == results.ReasonWorkerLost {
			t.gone[int(c.Second)] += c.N
		}
	}
	for i := range t.run.Shares {
		s := &t.run.Shares[i]
		e := t.engineOf(s.ID)
		if !s.Lost || e == nil {
			continue
		}
		for k, n := range s.InFlight {
			second := int(k.Second)
			t.gone[second] += uint64(n)
			e.unseen.add(uint64(n), span{second, second + 1})
		}
	}
	for _, g := range t.ledgers.Gaps {
		if e := t.engineOf(g.Worker); e != nil {
			e.unseen.add(g.Unobserved, span{int(g.From), int(g.To)})
			e.unsent.add(g.NotSent, span{int(g.From), int(g.To)})
		}
	}
}

// engineOf is a worker's engine; nil when there is none.
func (t *tally) engineOf(id uint32) *engine {
	i := slices.IndexFunc(t.engines, func(e engine) bool { return e.worker != "" && e.id == id })
	if i < 0 {
		return nil
	}
	return &t.engines[i]
}

// touches reports whether a worker was missing inside a span: from its last sign
// of life until others played its people, or for good.
func touches(l *results.Loss, s span) bool {
	from, to := l.Heard, l.Taken()
	if to < 0 {
		to = 1 << 62
		if l.Untaken == untakenNothingLeft {
			to = l.Expired
		}
	}
	return from < time.Duration(s.to)*time.Second && to > time.Duration(s.from)*time.Second
}

const untakenNothingLeft = "nothing_left"

// nobodyLost is V6. People count that a lost worker was to play in the judged
// window and whom nobody observed to their end; of a worker lost inside the window
// those too who had come before it, and were still on their way. Losses outside
// the window are shown, and do not fail it.
func (t *tally) nobodyLost() Gate {
	lost := atMost("lost_share", FormatPercent, exact(lostShare), -1)
	if t.fleet == nil {
		return gate("V6", lost)
	}
	window := t.peak()
	lost.Count, lost.Of = t.affected(window), t.sum(window, nil).Intended
	measured := new(big.Rat)
	if lost.Count > 0 {
		measured = fraction(lost.Count, max(lost.Count, lost.Of))
	}
	lost.Measured, lost.Status = apart(measured, lostShare), statusOf(measured.Cmp(lostShare) <= 0)
	measures := []Measure{lost}
	if m, ok := t.takeovers(window); ok {
		measures[0].Worker, measures[0].At = m.Worker, m.At
		measures = append(measures, m)
	}
	return gate("V6", measures...)
}

// affected counts the people of a window whom a loss took away.
func (t *tally) affected(window span) uint64 {
	n := t.gone.in(window)
	for i := range t.fleet.Losses {
		if l := &t.fleet.Losses[i]; touches(l, window) {
			return n + t.gone.in(span{0, window.from})
		}
	}
	return n
}

// takeovers is the longest time a worker was missing of those that were missing in
// the window; none when nobody was.
func (t *tally) takeovers(window span) (Measure, bool) {
	m := Measure{Name: "takeover", Format: FormatDuration, Relation: "<", Threshold: seconds(takeoverLimit), Status: Met, At: -1}
	found := false
	for i := range t.fleet.Losses {
		l := &t.fleet.Losses[i]
		if !touches(l, window) {
			continue
		}
		took := takenAfter(l)
		if !found || took.order().Cmp(m.Measured.order()) > 0 {
			m.Measured, m.Worker, m.At = took, t.workerName(l.Worker), t.clockAt(l.Heard)
		}
		found = true
	}
	if r, ok := m.Measured.Rat(); found && (!ok || r.Cmp(big.NewRat(int64(takeoverLimit/time.Second), 1)) >= 0) {
		m.Status = NotMet
	}
	return m, found
}

// takenAfter is how long after a worker's last sign of life the last of those who
// took over had said that it plays its people, and played them; 0 when there was nobody left to play, Never when nobody did.
func takenAfter(l *results.Loss) Decimal {
	switch {
	case l.TakenFrom >= 0:
		return seconds(max(0, l.Taken()-l.Heard))
	case l.Untaken == untakenNothingLeft:
		return "0"
	}
	return Never
}

// lossesInOrder are the losses as they happened.
func lossesInOrder(f *results.Fleet) []results.Loss {
	out := slices.Clone(f.Losses)
	slices.SortStableFunc(out, func(a, b results.Loss) int {
		return cmp.Or(cmp.Compare(a.Heard, b.Heard), cmp.Compare(a.Worker, b.Worker))
	})
	return out
}
