package report

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"testing"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// bellCurve is people due per second around a bell at a third of the window.
func bellCurve(people float64, length int) []float64 {
	out, sum := make([]float64, length), 0.0
	for i := range out {
		e := math.Exp(-(float64(i) - float64(length)/3) / 20)
		out[i] = e / ((1 + e) * (1 + e))
		sum += out[i]
	}
	for i := range out {
		out[i] *= people / sum
	}
	return out
}

// replayed is when the last person of a curve is served, by events.
func (q queue) replayed(curve []float64, seed uint64) float64 {
	r := rand.New(rand.NewPCG(seed, 9))
	free := make(freeTimes, q.servers)
	last := 0.0
	for second, n := range curve {
		k := int(n)
		if r.Float64() < n-float64(k) {
			k++
		}
		for i := range k {
			free[0] = math.Max(float64(second)+float64(i)/float64(k), free[0]) + q.mean*r.ExpFloat64()
			last = math.Max(last, free[0])
			heap.Fix(&free, 0)
		}
	}
	return last
}

// sized is a session of which the capacity is known, and the curve.
func sized(capacity float64, curve []float64) *session {
	people := 0.0
	for _, n := range curve {
		people += n
	}
	x := newSession(&results.Dossier{Required: results.Required{People: int(people)}}, &scenarios.Scenario{Patience: scenarios.Patience{None: true}})
	x.curve, x.peak, x.saturated = curve, span{0, len(curve)}, true
	x.saturation = stats.Estimate{Value: capacity, Interval: stats.Interval{Lo: 0.99 * capacity, Hi: 1.01 * capacity}, Sure: true}
	return x
}

// TestEveryoneIn: the model within 5 % of a replay by events, overloaded or not;
// and the price of a quota within 5 % of a replay behind it.
func TestEveryoneIn(t *testing.T) {
	for _, people := range []float64{20_000, 60_000, 110_000} {
		q := queue{servers: 16, mean: 0.04} // 400 a second
		curve := bellCurve(people, 300)
		x := sized(q.capacity(), curve)
		in := x.untilEveryoneIn()
		if truth := q.replayed(curve, 1); math.Abs(in.Value.Float()/truth-1) > 0.05 {
			t.Errorf("%.0f people: everyone in at %s s, replayed %.0f s", people, in.Value, truth)
		}
		quota := x.quotaAnswer(people)
		door := queue{servers: 1, mean: 1 / quota.Value.Float()}
		if truth := door.replayed(curve, 2); math.Abs(quota.Cost.Float()/truth-1) > 0.05 {
			t.Errorf("%.0f people: behind a quota of %s/s at %s s, replayed %.0f s", people, quota.Value, quota.Cost, truth)
		}
		if v := quota.Value.Float(); v < 0.75*q.capacity() || v > 0.85*q.capacity() {
			t.Errorf("quota %s", quota.Value)
		}
	}
}

// TestSlotsAndNodes: groups that each hold, servers refused beyond twice and
// without a named step, and the worked example.
func TestSlotsAndNodes(t *testing.T) {
	x := sized(1000, bellCurve(500_000, 300))
	uniform := x.uniform(500_000)
	if uniform.Value != "500" || uniform.High != "1500" {
		t.Errorf("500,000 at 1,000 a second: %s s, with two more requests %s s", uniform.Value, uniform.High)
	}
	for _, row := range []struct {
		held    Decimal
		step    string
		slots   Decimal
		nodes   Decimal
		refused string
	}{
		{"600000", "home", "1", "1", ""},
		{"300000", "home", "2", "1.67", ""},
		{"300000", "", "2", "", "no_step"},
		{"100000", "home", "5", "", "beyond_x2"},
		{"", "home", "", "", "no_capacity"},
	} {
		s := &Summary{}
		s.Capacity.Storm.Range = Range{Low: row.held}
		s.Attribution.Step = row.step
		if a := x.slots(s, 500_000); a.Value != row.slots {
			t.Errorf("held %s: %s slots; want %s", row.held, a.Value, row.slots)
		}
		if a := x.nodes(s, 500_000); a.Value != row.nodes || a.Refused != row.refused {
			t.Errorf("held %s, step %q: nodes %s %q; want %s %q", row.held, row.step, a.Value, a.Refused, row.nodes, row.refused)
		}
	}
}
