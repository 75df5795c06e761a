package report

import (
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
	delay  map[int32]*results.Hist // of first clicks, by intended ten
	later  map[int32]*results.Hist // of all others, by due ten
	// due are the first clicks of its people by intended ten, onTime those that left
	// within 1 s; nil on one machine, where the plan knows.
	due, onTime []uint64
	started     uint64
	// unseen and unsent are, by intended second, its people whom its loss took away:
	// nothing more is known of them, or nobody played them.
	unseen, unsent gone
}

// collectEngines takes each generator's own records.
func (t *tally) collectEngines() {
	t.engines = []engine{t.alone()}
}

// alone is the engine of a run on one machine.
func (t *tally) alone() engine {
	d := t.run.Total
	return engine{end: t.end, health: t.seconds(d.Health), delay: d.Delay, later: d.Later, started: t.ledgers.People.Total.Started}
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

// countByTen adds up counts by the ten of their second, inside the played window.
func (t *tally) countByTen(out []uint64, counts map[results.GroupSecond]uint32) {
	for k, n := range counts {
		if k.Second >= 0 && int(k.Second) < t.play {
			out[k.Second/10] += uint64(n)
		}
	}
}
