package report

import (
	"cmp"
	"math/big"
	"slices"
	"time"

	"firstbell/runner/results"
)

// outcomeCount is the number of outcomes, NoOutcome included.
const outcomeCount = int(results.NotSent) + 1

// bag is people counted over some groups and seconds. It adds up.
type bag struct {
	Intended, Started, OnTime, NotSent uint64
	Pulled                             uint64 // had left, and a later request of theirs was not sent: ours
	Out                                [outcomeCount]uint64
	Refused                            [outcomeCount]uint64 // of Out: complete refusals the server gave
	GaveUp, GaveUpRefused              uint64
	MidWork, MidWorkRefused            uint64
	Unseen                             uint64 // of Out: a lost worker took the end of their story with it
}

func (b *bag) add(o *bag) {
	b.Intended += o.Intended
	b.Started += o.Started
	b.OnTime += o.OnTime
	b.NotSent += o.NotSent
	b.Pulled += o.Pulled
	for i := range b.Out {
		b.Out[i] += o.Out[i]
		b.Refused[i] += o.Refused[i]
	}
	b.GaveUp += o.GaveUp
	b.GaveUpRefused += o.GaveUpRefused
	b.MidWork += o.MidWork
	b.MidWorkRefused += o.MidWorkRefused
	b.Unseen += o.Unseen
}

func (b *bag) inClass() uint64 { return b.Out[results.InTime] + b.Out[results.Late] }

// valid is the people a rate is over: started, without the test's own rejected
// accounts.
func (b *bag) valid() uint64 { return b.Started - b.Out[results.Invalid] }

func (b *bag) never() uint64 { return b.valid() - b.inClass() }

func (b *bag) refused() uint64 {
	var n uint64
	for _, r := range b.Refused {
		n += r
	}
	return n
}

func (b *bag) ledger() Ledger {
	return Ledger{
		Intended: b.Intended, NotSent: b.NotSent, Started: b.Started,
		InTime: b.Out[results.InTime], Late: b.Out[results.Late], WaitingRoom: b.Out[results.WaitingRoom],
		Quota: b.Out[results.Quota], Blank: b.Out[results.Blank], Error: b.Out[results.Error],
		Timeout: b.Out[results.Timeout], Unreachable: b.Out[results.Unreachable],
		Invalid: b.Out[results.Invalid], Unfinished: b.Out[results.Unfinished],
	}
}

// tally is a run's people by group and intended second, balanced, in a fixed
// order; everything else in this package is summed from it.
type tally struct {
	run     *results.Run
	plan    *results.Plan
	play    int // seconds of the played window
	end     int // seconds until the run ended, at most a day more than play
	ledgers *results.Ledgers
	rows    []row          // by second, then group
	class   [][]groupTimes // time to class, by intended ten
	tens    int            // 10-s blocks that hold play
	short   map[int]bool   // blocks in which the load was not delivered on time (V1)

	engines    []engine       // the generators; one on one machine
	fleet      *results.Fleet // nil on one machine, and where its record is gone
	gone       gone
	generators []Gate // V1 to V6, once judged
}

// row is the people of one group due in one second.
type row struct {
	second int
	group  int
	bag
}

// groupTimes is the times to class of one group's people of one ten.
type groupTimes struct {
	group   int
	buckets []bucket
}

const maxPlay = 24 * 3600

func newTally(run *results.Run) *tally {
	p := run.Plan
	t := &tally{run: run, plan: p, short: map[int]bool{}, fleet: run.Fleet}
	t.play = min(max(p.PlayTo-p.PlayFrom, 1), maxPlay)
	t.tens = (t.play + 9) / 10
	t.end = t.observedEnd()
	t.ledgers = results.LedgerOf(run)
	t.collect()
	t.collectTimes()
	t.collectEngines()
	t.collectGone()
	return t
}

// collectTimes sorts the histograms by ten and group. Those outside the played
// window belong to no intended click and are left out.
func (t *tally) collectTimes() {
	t.class = make([][]groupTimes, t.tens)
	for k, h := range t.run.Total.Class {
		if k.Ten >= 0 && int(k.Ten) < t.tens {
			t.class[k.Ten] = append(t.class[k.Ten], groupTimes{int(k.Group), bucketsOf(h)})
		}
	}
	for _, ten := range t.class {
		slices.SortFunc(ten, func(a, b groupTimes) int { return cmp.Compare(a.group, b.group) })
	}
}

// observedEnd is the last second anything was recorded, or the declared end.
func (t *tally) observedEnd() int {
	end := int(t.run.Ended.At / time.Second)
	if end <= 0 {
		for _, h := range t.run.Total.Health {
			end = max(end, h.Second+1)
		}
		for _, w := range t.run.Workers {
			end = max(end, int(w.LastSecond)+1)
		}
	}
	return min(max(end, 0), t.play+maxPlay)
}

// collect takes the balanced people of the folder and adds, per group and
// intended second, what the verdict needs beside them.
func (t *tally) collect() {
	at := map[results.GroupSecond]*row{}
	get := func(k results.GroupSecond) *row {
		r := at[k]
		if r == nil {
			r = &row{second: int(k.Second), group: int(k.Group)}
			at[k] = r
		}
		return r
	}
	for _, l := range t.ledgers.People.Seconds {
		r := get(l.GroupSecond)
		r.Intended, r.Started, r.NotSent, r.Out = l.Intended, l.Started, l.NotSent, l.By
	}
	for _, c := range t.ledgers.People.Cells {
		if refusal(c.Outcome, c.Reason) {
			get(results.GroupSecond{Group: c.Group, Second: c.Second}).Refused[c.Outcome] += c.N
		}
		if c.Reason == results.ReasonUnobserved {
			get(results.GroupSecond{Group: c.Group, Second: c.Second}).Unseen += c.N
		}
	}
	for i := range t.run.Shares {
		if s := &t.run.Shares[i]; s.Lost {
			for k, n := range s.InFlight {
				get(k).Unseen += uint64(n)
			}
		}
	}
	d := t.run.Total
	for k, n := range d.OnTime {
		get(k).OnTime += uint64(n)
	}
	for k, n := range d.PulledPeople {
		get(k).Pulled += uint64(n)
	}
	for c, n := range d.MidWork {
		r := get(results.GroupSecond{Group: c.Group, Second: c.Second})
		if c.Outcome == results.NotSent { // no loss of the portal's
			r.Pulled += uint64(n)
			continue
		}
		r.MidWork += uint64(n)
		if refusal(c.Outcome, c.Reason) {
			r.MidWorkRefused += uint64(n)
		}
	}
	for k, b := range d.Beside {
		get(k).GaveUp += uint64(b.GaveUp)
	}
	t.rows = make([]row, 0, len(at))
	for _, r := range at {
		r.close()
		t.rows = append(t.rows, *r)
	}
	slices.SortFunc(t.rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.second, b.second), cmp.Compare(a.group, b.group))
	})
}

// close bounds what was counted beside the ledger by it.
func (r *row) close() {
	r.Out[results.NotSent] = 0
	// A journey that the tool broke off asked less of the portal than intended:
	// it was not delivered, however punctual its first click.
	r.OnTime = min(r.OnTime, r.Intended)
	r.OnTime -= min(r.OnTime, r.Pulled)
	// At least so many of those who gave up had been refused by the server.
	outsideOtherwise := r.never() - min(r.never(), r.refused())
	r.GaveUpRefused = r.GaveUp - min(r.GaveUp, outsideOtherwise)
}

// refusal reports whether the server itself refused, with a complete answer a
// sick generator cannot produce.
func refusal(o results.Outcome, reason results.Reason) bool {
	switch o {
	case results.WaitingRoom, results.Quota, results.Blank, results.Error:
	default:
		return false
	}
	switch reason {
	case results.ReasonThrottled, results.ReasonChallenge, results.ReasonOutOfScope:
		return false
	}
	return reason.Answered()
}

// span is seconds of the played window, half-open.
type span struct{ from, to int }

func (t *tally) all() span { return span{0, 1 << 30} }

// peak is the judged window inside the played one; the whole of it when the
// plan names none.
func (t *tally) peak() span {
	p := t.plan
	s := span{p.PeakFrom - p.PlayFrom, p.PeakTo - p.PlayFrom}
	if s.from < 0 || s.to <= s.from || s.from >= t.play {
		return span{0, t.play}
	}
	return s
}

// outward widens a span to whole 10-s blocks, the grain of time to class.
func (s span) outward() span { return span{s.from / 10 * 10, (s.to + 9) / 10 * 10} }

// within gives the rows of a span; they are contiguous.
func (t *tally) within(s span) []row {
	at := func(second int) int {
		i, _ := slices.BinarySearchFunc(t.rows, second, func(r row, x int) int { return cmp.Compare(r.second, x) })
		return i
	}
	return t.rows[at(s.from):at(s.to)]
}

// keep says which groups count; nil means all.
type keep func(group int) bool

func (t *tally) sum(s span, k keep) bag {
	var b bag
	for _, r := range t.within(s) {
		if k == nil || k(r.group) {
			b.add(&r.bag)
		}
	}
	return b
}

// blocks sums each 10-s block of a span.
func (t *tally) blocks(s span, k keep) []bag {
	first := s.from / 10
	out := make([]bag, max(0, (min(s.to, t.play)+9)/10-first))
	for _, r := range t.within(s) {
		if i := r.second/10 - first; i >= 0 && i < len(out) && (k == nil || k(r.group)) {
			out[i].add(&r.bag)
		}
	}
	return out
}

// times is the distribution of time to class over whole blocks of a span:
// people in class from the histograms, everybody else who counts as never.
func (t *tally) times(s span, k keep) distribution {
	s = s.outward()
	var found []bucket
	for ten := max(0, s.from/10); ten < min(s.to/10, t.tens); ten++ {
		for _, g := range t.class[ten] {
			if k == nil || k(g.group) {
				found = append(found, g.buckets...)
			}
		}
	}
	b := t.sum(s, k)
	return newDistribution(found, b.never())
}

func newDistribution(buckets []bucket, never uint64) distribution {
	slices.SortFunc(buckets, func(a, b bucket) int { return cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.Lo, b.Lo)) })
	d := distribution{never: never}
	for _, b := range buckets {
		if last := len(d.buckets) - 1; last >= 0 && d.buckets[last].Hi == b.Hi {
			d.buckets[last].N += b.N
		} else {
			d.buckets = append(d.buckets, b)
		}
		d.in += b.N
	}
	return d
}

func bucketsOf(h *results.Hist) []bucket {
	var out []bucket
	h.Each(func(lo, hi time.Duration, n uint64) { out = append(out, bucket{lo, hi, n}) })
	return out
}

// timeDecimal is a duration, or Never.
func timeDecimal(d time.Duration) Decimal {
	if d == neverTime {
		return Never
	}
	return seconds(d)
}

func (d distribution) decimal(q *big.Rat) Decimal {
	if d.n() == 0 {
		return ""
	}
	return timeDecimal(d.quantile(q))
}

// clock turns a second of the played window into a time of the morning.
func (t *tally) clock(second int) int { return t.plan.PlayFrom + second }

func (t *tally) clockSpan(s span) Span { return Span{t.clock(s.from), t.clock(s.to)} }
