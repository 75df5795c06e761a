package report

import (
	"math/big"
	"slices"
	"strconv"

	"firstbell/runner/results"
)

// health is V3: every generator's own machine, in every second of the run.
func (t *tally) health() Gate { return gate("V3", t.worst(t.healthOf)...) }

func (t *tally) healthOf(e *engine) []Measure {
	return []Measure{
		t.cpu(e.health),
		t.table("descriptors", e.health, func(h results.Health) (int, int) { return h.Descriptors, h.DescLimit }),
		t.table("ports", e.health, func(h results.Health) (int, int) { return h.Ports, h.PortLimit }),
		t.hiccups(e.health),
		t.frozen(e.health),
		t.missing(e),
	}
}

// cpu is the highest mean of 10 consecutive seconds.
func (t *tally) cpu(hs []results.Health) Measure {
	m := atMost("cpu", FormatPercent, exact(cpuLimit), -1)
	var worst *big.Rat
	for i := range hs {
		sum, n := new(big.Rat), int64(0)
		for j := i; j < len(hs) && hs[j].Second < hs[i].Second+10; j++ {
			sum.Add(sum, permille(hs[j].CPU))
			n++
		}
		if mean := sum.Quo(sum, big.NewRat(n, 1)); worst == nil || mean.Cmp(worst) > 0 {
			worst, m.At = mean, t.clock(hs[i].Second)
		}
	}
	if worst != nil {
		m.Measured, m.Status = apart(worst, cpuLimit), statusOf(worst.Cmp(cpuLimit) <= 0)
	}
	return m
}

// permille reads a share from outside: anything that is no number counts as
// saturated.
func permille(f float64) *big.Rat {
	if !(f >= 0 && f <= 1000) {
		return big.NewRat(1000, 1)
	}
	return big.NewRat(int64(f*1000+0.5), 1000)
}

// table compares a gauge with the limit in force in the same second.
func (t *tally) table(name string, hs []results.Health, read func(results.Health) (used, limit int)) Measure {
	m := atMost(name, FormatPercent, exact(tableLimit), -1)
	var worst *big.Rat
	for _, h := range hs {
		used, limit := read(h)
		if limit <= 0 || used < 0 {
			return atMost(name, FormatPercent, exact(tableLimit), t.clock(h.Second))
		}
		if r := big.NewRat(int64(used), int64(limit)); worst == nil || r.Cmp(worst) > 0 {
			worst, m.At, m.Count, m.Of = r, t.clock(h.Second), uint64(used), uint64(limit)
		}
	}
	if worst != nil {
		m.Measured, m.Status = apart(worst, tableLimit), statusOf(worst.Cmp(tableLimit) <= 0)
	}
	return m
}

// sleepsPerSecond is how often the 10-ms sleeper wakes.
const sleepsPerSecond = 100

// hiccups is p99.9 of the sleeper's oversleep, from the worst of each second:
// with 100 sleeps a second, 0.1 % of them is one second in ten.
func (t *tally) hiccups(hs []results.Health) Measure {
	m := atMost("hiccup", FormatDuration, seconds(hiccupLimit), -1)
	if len(hs) == 0 {
		return m
	}
	worst := slices.Clone(hs)
	slices.SortStableFunc(worst, func(a, b results.Health) int { return int(min(1, max(-1, b.Hiccup-a.Hiccup))) })
	h := worst[len(worst)*sleepsPerSecond/1000]
	m.Measured, m.At = seconds(h.Hiccup), t.clock(h.Second)
	m.Status = statusOf(h.Hiccup <= hiccupLimit)
	return m
}

// frozen is the longest oversleep: a stopped process cannot see its clock.
func (t *tally) frozen(hs []results.Health) Measure {
	m := atMost("stopped", FormatDuration, seconds(frozenLimit), -1)
	for _, h := range hs {
		if s := seconds(h.Hiccup); m.Measured == "" || s.order().Cmp(m.Measured.order()) > 0 {
			m.Measured, m.At, m.Status = s, t.clock(h.Second), statusOf(h.Hiccup < frozenLimit)
		}
	}
	return m
}

// missing counts seconds without a record of the generator's health, of those it
// was there for: what was not measured is not believed.
func (t *tally) missing(e *engine) Measure {
	m := atMost("seconds_missing", FormatCount, "0", -1)
	if e.end <= 0 {
		return m
	}
	seen := make([]bool, e.end)
	for _, h := range e.health {
		if h.Second < len(seen) {
			seen[h.Second] = true
		}
	}
	for s, ok := range seen[:max(0, e.end-1)] { // the last second may be cut short
		if !ok {
			if m.Count == 0 {
				m.At = t.clock(s)
			}
			m.Count++
		}
	}
	m.Of = uint64(e.end)
	m.Measured, m.Status = Decimal(strconv.FormatUint(m.Count, 10)), statusOf(m.Count == 0)
	return m
}
