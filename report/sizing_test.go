package report

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

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

// TestUnsaturatedSizesNothing: what was offered without filling the target makes
// no quota and no time; mornings that were held still count.
func TestUnsaturatedSizesNothing(t *testing.T) {
	for _, held := range []Decimal{"", "250000"} {
		x := sized(1000, bellCurve(500_000, 300))
		x.saturated = false
		s := &Summary{}
		s.Capacity.Status, s.Capacity.Storm.Range, s.Attribution.Step = Undecided, Range{Low: held}, "home"
		for _, a := range x.sizing(s) {
			switch counted := a.Key == "slots" || a.Key == "nodes"; {
			case counted && held != "":
				if a.Value != "2" || a.Refused != "" {
					t.Errorf("held %s: %s %s %q; want 2", held, a.Key, a.Value, a.Refused)
				}
			case a.Value != "" || a.Refused != "not_saturated":
				t.Errorf("held %q: %s answered %q, refused %q", held, a.Key, a.Value, a.Refused)
			}
		}
	}
}

// TestServersByLaw: what the law of four sizes answers, beside what servers would do
// if they added up, and every way in which it answers nothing.
func TestServersByLaw(t *testing.T) {
	law := func(sigma, kappa, own float64, others ...float64) *session {
		x := sized(0, nil)
		x.d.Seed, x.d.Servers = 7, int(own)
		at := func(n float64) float64 { return 100 * n / (1 + sigma*(n-1) + kappa*n*(n-1)) }
		of := func(n float64) stats.Estimate {
			return stats.Estimate{Value: at(n), Interval: stats.Interval{Lo: 0.995 * at(n), Hi: 1.005 * at(n)}, Sure: true}
		}
		x.saturation = of(own)
		for _, n := range others {
			e := of(n)
			x.d.Others = append(x.d.Others, results.OtherSize{RunID: "other", Servers: int(n), Rate: e.Value, Low: e.Lo, High: e.Hi})
		}
		return x
	}
	for name, row := range map[string]struct {
		x                    *session
		held, failed         Decimal
		value, bound         Decimal
		refused, claim, next string
	}{
		"a third more":            {law(0.03, 0.0005, 8, 2, 4, 6), "23000", "23500", "12", "11", "", "assume_rate_there", "assume_ceiling"},
		"near twice":              {law(0.03, 0.0005, 8, 2, 4, 6), "20000", "20500", "15", "12", "", "assume_open_high", "assume_ceiling"},
		"from a small size":       {law(0.03, 0.0005, 2, 4, 6, 8), "10000", "10500", "7", "6", "", "assume_rate_there", "assume_ceiling"},
		"no more are needed":      {law(0.03, 0.0005, 8, 2, 4, 6), "30000", "", "8", "", "", "", ""},
		"beyond all sizes":        {law(0.03, 0.0005, 8, 2, 4, 6), "15000", "15500", "", "16", "beyond_sizes", "assume_scaling_law", "assume_ceiling"},
		"it falls again":          {law(0.05, 0.02, 6, 1, 2, 4), "20000", "20500", "", "9", "never_enough", "assume_peak", "assume_ceiling"},
		"it comes near, no more":  {law(0.3, 0, 8, 1, 2, 4), "14000", "14100", "", "18", "never_enough", "assume_asymptote", "assume_ceiling"},
		"three sizes":             {law(0.03, 0.0005, 8, 2, 4), "20000", "20500", "12", "", "", "assume_few_sizes", "assume_next_bottleneck"},
		"three sizes, too far":    {law(0.03, 0.0005, 8, 2, 4), "10000", "", "", "", "beyond_x2", "assume_few_sizes", "assume_next_bottleneck"},
		"nothing held":            {law(0.03, 0.0005, 8, 2, 4, 6), "", "", "", "", "no_capacity", "", ""},
		"the next step is weaker": {law(0.03, 0.0005, 8, 2, 4, 6), "10000", "10500", "", "24", "never_enough", "assume_peak", "assume_ceiling_low"},
	} {
		s := &Summary{Capacity: Capacity{Storm: StormHeld{Range: Range{Low: row.held, High: row.failed}}}}
		s.Attribution = Attribution{Step: "login", Isolation: []StepCapacity{
			{Step: "home", Logins: Range{Low: "1500"}}, {Step: "login", Logins: Range{Low: "600", High: "640"}}, {Step: "form", Logins: Range{Low: "4000"}}}}
		a := row.x.nodes(s, 30_000)
		keys := []string{}
		for _, c := range a.Assumptions {
			keys = append(keys, c.Key)
		}
		if a.Key != "servers" || a.Value != row.value || a.Bound != row.bound || a.Refused != row.refused {
			t.Errorf("%s: %s [%s, %s], bound %s, %q, %v; want %s, bound %s, %q", name, a.Value, a.Low, a.High, a.Bound, a.Refused, keys, row.value, row.bound, row.refused)
		}
		for _, want := range []string{row.claim, row.next} {
			if want != "" && !slices.Contains(keys, want) {
				t.Errorf("%s: %v has no %s", name, keys, want)
			}
		}
		if a.Bound.Known() && a.Refused == "" && !(a.Low.Float() >= float64(row.x.d.Servers) && a.Low.Float() <= a.Value.Float()) {
			t.Errorf("%s: from %s for %s", name, a.Low, a.Value)
		}
	}
	// A prediction answers too, and says that it is one.
	x := law(0.03, 0.0005, 8, 2, 4, 6)
	for people, want := range map[float64]Decimal{20_000: "8", 30_000: "12"} {
		a := x.nodes(&Summary{Capacity: Capacity{Storm: StormHeld{Predicted: Range{Low: "23000", High: "23500"}}}}, people)
		if a.Value != want || len(a.Assumptions) == 0 || a.Assumptions[0].Key != "assume_predicted" {
			t.Errorf("predicted, %.0f people: %+v", people, a)
		}
	}
}

// TestServersRaiseNoLevel: other sizes say that the limit moves with the servers, or
// does not; which step got them is not on record, so that nothing is called a cause.
func TestServersRaiseNoLevel(t *testing.T) {
	for name, row := range map[string]struct {
		other results.OtherSize
		key   string
	}{
		"more, and it does more":    {results.OtherSize{Servers: 6, Rate: 580, Low: 570, High: 590}, "servers_moved"},
		"fewer, and it does less":   {results.OtherSize{Servers: 2, Rate: 210, Low: 205, High: 215}, "servers_moved"},
		"more, and it does as much": {results.OtherSize{Servers: 6, Rate: 404, Low: 399, High: 409}, "servers_unmoved"},
		"more, and it does less":    {results.OtherSize{Servers: 6, Rate: 300, Low: 290, High: 310}, "servers_unmoved"},
		"as many":                   {results.OtherSize{Servers: 4, Rate: 580, Low: 570, High: 590}, ""},
	} {
		x := sized(400, nil)
		x.d.Servers, x.d.Others = 4, []results.OtherSize{row.other}
		a := Attribution{Status: Met, Level: levelLowest, Step: "login", Unmeasured: []Claim{{Key: "intervention"}}}
		x.bySize(&a, &Capacity{})
		got := ""
		for _, c := range append(a.Proved, a.Compatible...) {
			got = c.Key
		}
		if got != row.key || a.Level != levelLowest || (a.Unmeasured[0].Key == "intervention_whole") != (row.key != "") {
			t.Errorf("%s: %q, level %s, not measured %v", name, got, a.Level, a.Unmeasured)
		}
	}
}

// TestKnownLaw: sessions against targets whose capacity follows a known law, of four
// sizes, each measured by plateaus in arithmetic: the servers that the law takes lie
// in the interval given, and what the sizes are said to do is what they do.
func TestKnownLaw(t *testing.T) {
	r := rand.New(rand.NewPCG(20210406, 3))
	for run := range 4 {
		lambda, sigma, kappa := 15+15*r.Float64(), 0.08*r.Float64(), 0.002*r.Float64()
		at := func(n float64) float64 { return lambda * n / (1 + sigma*(n-1) + kappa*n*(n-1)) }
		need := 1.1 + 0.3*r.Float64()
		d := &results.Dossier{RunID: "own", Seed: uint64(run), Servers: 6, Settings: results.Settings{Limit: 3 * time.Second}, Required: results.Required{People: int(1e5 * need)}}
		for _, n := range []int{2, 3, 4} {
			x := against(&results.Dossier{RunID: "other", Servers: n, Settings: d.Settings}, at(float64(n)), r.Uint64())
			one, err := x.size()
			if err != nil {
				t.Fatalf("%d servers: %v", n, err)
			}
			if math.Abs(one.Rate/at(float64(n))-1) > 0.05 {
				t.Errorf("%d servers do %.1f a second, measured %.1f [%.1f, %.1f]", n, at(float64(n)), one.Rate, one.Low, one.High)
			}
			d.Others = append(d.Others, one)
		}
		x := against(d, at(6), r.Uint64())
		s := &Summary{Capacity: x.capacity()}
		s.Capacity.Storm.Range = Range{Low: "100000", High: "101000"}
		a := x.nodes(s, 1e5*need)
		truth := 6.0
		for at(truth) < need*at(6) {
			truth++
		}
		high := math.Inf(1)
		if a.High.Known() {
			high = a.High.Float()
		}
		if a.Refused != "" || truth < a.Low.Float() || truth > high {
			t.Errorf("%.0f servers needed (λ %.1f, σ %.3f, κ %.4f, times %.2f): %s [%s, %s] %q", truth, lambda, sigma, kappa, need, a.Value, a.Low, a.High, a.Refused)
		}
	}
}

// against is a session of three plateaus against a target of a known capacity.
func against(d *results.Dossier, capacity float64, seed uint64) *session {
	sc := asked(3)
	x := newSession(d, sc)
	w := chainOf(4, capacity, 3*capacity)
	for i, share := range []float64{0.3, 0.7, 1.3} {
		stage := []string{results.StageProbe, results.StageConfirm, results.StageConfirm}[i]
		p := w.trial("00"+string(rune('1'+i))+"-"+stage, stage, steadily(results.TrialPlateau, share*capacity, []int{30, 40, 130}[i]), sc, seed+uint64(i))
		if rest, ok := p.Series.AtRest(); ok && i == 0 {
			x.rest = rest
		}
		x.trials = append(x.trials, p)
	}
	return x
}
