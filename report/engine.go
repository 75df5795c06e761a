package report

import (
	"cmp"
	"math/big"
	"slices"

	"firstbell/runner/results"
)

// engine is one generator: the one process of a run on one machine, or one worker
// of a fleet. What an engine says of itself is never averaged with what another
// says: sixteen workers of which one is frozen are on average quite well.
type engine struct {
	id     uint32
	worker string // w003; "" for a run on one machine
	end    int    // seconds of the run it was there for
	health []results.Health
	delay  []results.DelayTen // of first clicks, by intended ten
	later  []results.DelayTen // of all others, by due ten
	delays []bucket           // of first clicks, all of them
	// due are the first clicks of its people by intended ten, onTime those that left
	// within 1 s; nil on one machine, where the plan knows.
	due, onTime []uint64
	started     uint64
	// unseen and unsent are its people whom its loss took away: nothing more is known
	// of them, or nobody played them.
	unseen, unsent toll
}

// collectEngines takes each generator's own records.
func (t *tally) collectEngines() {
	if !t.several() || len(t.run.Shares) == 0 {
		t.engines = []engine{t.alone()}
		return
	}
	for i := range t.run.Shares {
		t.engines = append(t.engines, t.oneOf(&t.run.Shares[i]))
	}
}

// alone is the engine of a run on one machine.
func (t *tally) alone() engine {
	d := t.run.Total
	e := engine{
		end: t.end, health: t.seconds(d.Health), delay: delayTens(d.Delay), later: delayTens(d.Later),
		started: t.ledgers.People.Total.Started,
	}
	for _, ten := range t.delays(d.Delay) {
		e.delays = append(e.delays, ten.buckets...)
	}
	return e
}

// oneOf is the engine of a worker. It was there until it said its end, or until it
// was last heard: the seconds it cannot have told of are gate V6's.
func (t *tally) oneOf(s *results.Share) engine {
	e := engine{
		id: s.ID, worker: t.workerName(s.ID), health: t.seconds(s.Health), delay: s.Delay, later: s.Later,
		due: make([]uint64, t.tens), onTime: make([]uint64, t.tens), started: s.Starts - min(s.Starts, s.Pulled),
	}
	if s.AllDelays != nil {
		e.delays = bucketsOf(s.AllDelays)
	}
	for _, w := range t.run.Workers {
		if w.ID == s.ID && w.Frames > 0 {
			e.end = min(int(w.LastSecond)+1, t.play+maxPlay)
		}
	}
	for _, x := range s.Seconds {
		if x.Second >= 0 && int(x.Second) < t.play {
			asked, sent := uint64(x.Intended), uint64(x.OnTime)
			e.due[x.Second/10] += asked
			e.onTime[x.Second/10] += min(asked, sent-min(sent, uint64(x.Pulled)))
		}
	}
	return e
}

func delayTens(all map[int32]*results.Hist) []results.DelayTen {
	var out []results.DelayTen
	for ten, h := range all {
		if h.Count() > 0 {
			out = append(out, results.DelayTen{Ten: ten, N: h.Count(), P99: h.Quantile(99, 100), Max: h.Max()})
		}
	}
	slices.SortFunc(out, func(a, b results.DelayTen) int { return cmp.Compare(a.Ten, b.Ten) })
	return out
}

// seconds is the health records from the start of the played window on, by
// second.
func (t *tally) seconds(all []results.Health) []results.Health {
	out := make([]results.Health, 0, len(all))
	for _, h := range all {
		if h.Second >= 0 && h.Second <= t.play+maxPlay {
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, compareHealth)
	return out
}

// worst takes the same measures of every engine, and of each the one that decides:
// not met before not measured before met, then the furthest. In a fleet it is
// named.
func (t *tally) worst(measure func(e *engine) []Measure) []Measure {
	var out []Measure
	for i := range t.engines {
		e := &t.engines[i]
		for k, m := range measure(e) {
			m.Worker = e.worker
			switch {
			case k >= len(out):
				out = append(out, m)
			case graver(&m, &out[k]):
				out[k] = m
			}
		}
	}
	return out
}

// graver reports whether a speaks more against the gate than b; ties do not.
func graver(a, b *Measure) bool {
	rank := []Status{Met, Unmeasured, NotMet}
	ra, rb := slices.Index(rank, a.Status), slices.Index(rank, b.Status)
	if ra != rb {
		return ra > rb
	}
	return further(a).Cmp(further(b)) > 0
}

// further is how far a measure leans to its bad side.
func further(m *Measure) *big.Rat {
	v := m.Measured.order()
	if m.Relation == ">=" {
		v.Neg(v)
	}
	return v
}
