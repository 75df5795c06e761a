package results

import (
	"cmp"
	"slices"
	"time"
)

// absence is a worker that did not see its people to their end: what its last words
// leave open. Seconds are intended ones.
type absence struct {
	worker uint32
	share  int // index into Run.Shares
	// unseen: something it did may be missing in the folder. Then who is known to
	// have clicked, and whose end is not, is unobserved; and so is who is not known at
	// all and was due before till, the first second in which it surely sent nothing.
	// since is the second of its last delta: unknown people due before it are few,
	// those that left late.
	unseen      bool
	since, till int32
	// owed: nobody played its people due from till on, before paid.
	owed bool
	paid int32
}

// absences lists the workers that were lost, in the order of fleet.json, and then
// those whose end is missing though nobody called them lost: killed while there was
// no coordinator either.
func (r *Run) absences() []absence {
	if r.Fleet == nil {
		return nil
	}
	var out []absence
	for _, l := range r.Fleet.Losses {
		if i := r.shareIndex(l.Worker); i >= 0 {
			out = append(out, r.lossOf(l, i))
		}
	}
	if r.Fleet.Ended == nil {
		return out // cut: the others were going on
	}
	for i := range r.Shares {
		if s := &r.Shares[i]; s.Ended == nil && !s.Lost {
			out = append(out, absence{worker: s.ID, share: i, unseen: true,
				since: r.Workers[i].LastSecond, till: until(r.lastLoad())})
		}
	}
	return out
}

func (r *Run) shareIndex(id uint32) int {
	i, ok := slices.BinarySearchFunc(r.Shares, id, func(s Share, id uint32) int { return cmp.Compare(s.ID, id) })
	if !ok {
		return -1
	}
	return i
}

func (r *Run) lossOf(l Loss, share int) absence {
	w, end := r.Workers[share], r.Shares[share].Ended
	a := absence{worker: l.Worker, share: share, unseen: end == nil || w.Gaps > 0,
		since: w.LastSecond, till: until(l.Expired), owed: true, paid: maxSecond + 1}
	if l.TakenFrom >= 0 && l.Untaken == "" {
		a.till = until(l.TakenFrom)
		a.paid = a.till
	}
	switch {
	case !a.unseen: // all it did is here: whoever is not known never left
		a.till = 0
	case end != nil:
		a.till = min(a.till, until(end.At))
	}
	return a
}

// deadMan is how long a worker goes on without a coordinator, at most.
const deadMan = time.Second

// lastLoad is when the last worker ceased to load for want of a coordinator, or the
// end of the run.
func (r *Run) lastLoad() time.Duration {
	end := r.Ended.At
	for _, o := range r.Fleet.Outages {
		end = min(end, o.From+deadMan)
	}
	return end
}

// fate is what became of planned people nobody knows anything of.
type fate struct {
	outcome Outcome
	reason  Reason
	worker  uint32 // the lost one
	lost    bool   // there is one
}

// fateIn is the fate of the unknown people of one intended second. Several workers
// may have been lost: a second in which one of them may have sent unseen is
// unobserved.
func (r *Run) fateIn(second int32, absences []absence) fate {
	for _, a := range absences {
		if a.unseen && a.since <= second && second < a.till {
			return fate{Unfinished, ReasonUnobserved, a.worker, true}
		}
	}
	decided := r.Ended.LoadEnd > 0 && second >= SecondOf(r.Ended.LoadEnd) // never due
	for _, a := range absences {
		if a.owed && a.till <= second && second < a.paid && !decided {
			return fate{NotSent, ReasonWorkerLost, a.worker, true}
		}
	}
	for _, a := range absences {
		if a.unseen && second < min(a.since, a.till) {
			return fate{Unfinished, ReasonUnobserved, a.worker, true}
		}
	}
	return fate{outcome: NotSent, reason: ReasonCut}
}

// Gap is a stretch of intended seconds, From ≤ s < To, whose people a lost worker
// took with it. Unobserved people may have clicked, and what became of them is not
// known; NotSent people never left. Both are in the ledgers: unfinished/unobserved
// and not_sent/worker_lost.
type Gap struct {
	Worker              uint32
	From, To            int32
	Unobserved, NotSent uint64
}

// gapSecond names one second of a gap.
type gapSecond struct {
	worker uint32
	second int32
}

// gapsOf joins neighbouring seconds of a worker, unless unobserved people are
// missing in the one and none in the other. By worker, then second.
func gapsOf(m map[gapSecond]*Gap) []Gap {
	var out []Gap
	for _, k := range sortedKeys(m, func(a, b gapSecond) int {
		return cmp.Or(cmp.Compare(a.worker, b.worker), cmp.Compare(a.second, b.second))
	}) {
		g := m[k]
		if n := len(out); n > 0 && out[n-1].Worker == k.worker && out[n-1].To == k.second &&
			(out[n-1].Unobserved > 0) == (g.Unobserved > 0) {
			out[n-1].To++
			out[n-1].Unobserved += g.Unobserved
			out[n-1].NotSent += g.NotSent
			continue
		}
		out = append(out, Gap{k.worker, k.second, k.second + 1, g.Unobserved, g.NotSent})
	}
	return out
}

// Gaps lists what lost workers took with them, to the second and to the person. Only
// a fleet's run has any.
func (r *Run) Gaps() []Gap { return LedgerOf(r).Gaps }

// absentees books what nobody saw the end of.
type absentees struct {
	run      *Run
	absences []absence
	gaps     map[gapSecond]*Gap
}

func (x *absentees) gap(worker uint32, second int32) *Gap {
	k := gapSecond{worker, second}
	if x.gaps[k] == nil {
		x.gaps[k] = new(Gap)
	}
	return x.gaps[k]
}

// open turns what is in flight in lost workers into unobserved.
func (x *absentees) open(people, attempts *booking) {
	for i, a := range x.absences {
		again := slices.ContainsFunc(x.absences[:i], func(b absence) bool { return b.worker == a.worker })
		if !a.unseen || again {
			continue
		}
		o := &x.run.Shares[a.share].open
		for k, n := range o.people {
			if n = people.lose(k, n); n > 0 {
				x.gap(a.worker, k.Second).Unobserved += n
			}
		}
		for k, n := range o.tries {
			attempts.lose(k, n)
		}
	}
}

// lose turns n of those in flight into unobserved ones, as far as there are.
func (b *booking) lose(k GroupSecond, n uint64) uint64 {
	flying := Cell{k.Group, Unfinished, ReasonInFlight, k.Second}
	n = min(n, b.cells[flying])
	b.cells[flying] -= n
	b.cells[Cell{k.Group, Unfinished, ReasonUnobserved, k.Second}] += n
	b.unseen += n
	return n
}

// unknown books the planned people nothing was recorded of, each with one attempt.
func (x *absentees) unknown(intended map[GroupSecond]uint64, people, attempts *booking) {
	fates := map[int32]fate{}
	for k, n := range intended {
		known := people.started[k] + people.notSent[k]
		if known >= n {
			continue
		}
		f, ok := fates[k.Second]
		if !ok {
			f = x.run.fateIn(k.Second, x.absences)
			fates[k.Second] = f
		}
		people.add(k, f, n-known)
		attempts.add(k, f, n-known)
		switch {
		case f.lost && f.outcome == NotSent:
			x.gap(f.worker, k.Second).NotSent += n - known
		case f.lost:
			x.gap(f.worker, k.Second).Unobserved += n - known
		}
	}
}

// add books n more.
func (b *booking) add(k GroupSecond, f fate, n uint64) {
	b.cells[Cell{k.Group, f.outcome, f.reason, k.Second}] += n
	if f.outcome == NotSent {
		b.notSent[k] += n
	} else {
		b.started[k] += n
	}
}
