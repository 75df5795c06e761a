package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestSizing(t *testing.T) {
	steps := []StepRate{{500, 1}, {824, 2}, {900, 1}, {0, 0}, {math.NaN(), 1}}
	if first, second := Weakest(steps); first != 1 || second != 0 {
		t.Errorf("weakest %d, then %d; want 1, 0", first, second)
	}
	if first, second := Weakest(steps[3:]); first != -1 || second != -1 {
		t.Errorf("nothing passed: %d, %d", first, second)
	}
	a, ok := QuotaFor(steps, 100_000)
	if !ok || a.Step != 1 {
		t.Fatalf("quota %+v, %v", a, ok)
	}
	near(t, "low", a.Low, 309, 1e-9)
	near(t, "high", a.High, 350.2, 1e-9)
	near(t, "cost at high", a.CostHigh, 285.55, 0.01)
	near(t, "cost at low", a.CostLow, 323.62, 0.01)
	if _, ok := QuotaFor(nil, 1); ok {
		t.Error("a quota of nothing")
	}
	near(t, "500,000 at 1,000/s", EveryoneIn(500_000, 1000, 0), 8*60+20, 0)
	near(t, "two refreshes", EveryoneIn(500_000, 1000, 2), 25*60, 0)
	infinite(t, "no rate", EveryoneIn(1, 0, 0))
	for _, tc := range []struct {
		required, held float64
		want           int
	}{{100, 100, 1}, {101, 100, 2}, {350, 100, 4}, {0, 0, 1}, {10, 0, 0}, {1e9, 1, 0}, {10, math.NaN(), 0}, {1, 1e12, 1}} {
		if got := TimeSlots(tc.required, tc.held); got != tc.want {
			t.Errorf("TimeSlots(%v, %v) = %d, want %d", tc.required, tc.held, got, tc.want)
		}
	}
}

func sizesOf(law Scaling, nodes []float64, noise func() float64) []Size {
	var out []Size
	for _, n := range nodes {
		x := law.At(n) * (1 + noise())
		out = append(out, Size{n, Estimate{x, Interval{x * 0.98, x * 1.02}, true}})
	}
	return out
}

func TestUSL(t *testing.T) {
	truth := Scaling{Lambda: 100, Sigma: 0.05, Kappa: 0.002}
	exact := func() float64 { return 0 }
	law, ok := FitUSL(sizesOf(truth, []float64{1, 2, 4, 8, 16}, exact), 1)
	if !ok {
		t.Fatal("does not fit its own law")
	}
	near(t, "lambda", law.Lambda, 100, 1e-6)
	near(t, "sigma", law.Sigma, 0.05, 1e-8)
	near(t, "kappa", law.Kappa, 0.002, 1e-9)
	for _, n := range []float64{33, 0.5, math.NaN(), math.Inf(1)} {
		if _, ok := law.Predict(n); ok {
			t.Errorf("predicted %v nodes from 1 to 16", n)
		}
	}
	again, _ := law.Predict(24)
	if twice, _ := law.Predict(24); twice != again {
		t.Error("the same prediction differs")
	}
	if again.Hi <= again.Lo || again.Value < again.Lo || again.Value > again.Hi {
		t.Errorf("interval %+v", again)
	}
	if _, ok := FitUSL(sizesOf(truth, []float64{1, 2, 4, 4, 2}, exact), 1); ok {
		t.Error("fitted to three sizes")
	}
	// A system that scales perfectly: no negative coefficient.
	law, ok = FitUSL(sizesOf(Scaling{Lambda: 10}, []float64{1, 2, 3, 5}, exact), 1)
	if !ok || law.Sigma > 1e-9 || law.Kappa > 1e-9 {
		t.Errorf("linear: %+v %v", law, ok)
	}
	bad := sizesOf(truth, []float64{1, 2, 4, 8}, exact)
	bad[1].Rate.Value = math.NaN()
	if _, ok := FitUSL(bad, 1); ok {
		t.Error("fitted to a size without a rate")
	}
}

// TestUSLCovers: over 100 targets of laws drawn from a seed, the interval of a rate
// and that of a number of nodes hold the truth nearly as often as they say, with 1
// and with 3 % of noise, whether the capacities' own intervals tell half of that
// noise or all of it; and the error is no larger than is known of such a fit.
func TestUSLCovers(t *testing.T) {
	sizes := []float64{2, 4, 6, 8}
	for _, row := range []struct{ noise, told, off float64 }{{0.01, 0.5, 0.17}, {0.01, 1, 0.17}, {0.03, 0.5, 0.35}, {0.03, 1, 0.35}} {
		r := rand.New(rand.NewPCG(uint64(1000*row.noise), uint64(10*row.told)))
		rates, nodes, far, runs := 0, 0, 0, 100
		for i := range runs {
			truth := Scaling{Lambda: 20 + 180*r.Float64(), Sigma: 0.15 * r.Float64(), Kappa: 0.003 * r.Float64()}
			measured := sizesOf(truth, sizes, func() float64 { return row.noise * r.NormFloat64() })
			for k := range measured {
				e := &measured[k].Rate
				half := Z95 * row.noise * row.told * e.Value
				e.Lo, e.Hi = e.Value-half, e.Value+half
			}
			law, ok := FitUSL(measured, uint64(i))
			if !ok {
				t.Fatalf("no law through %+v", measured)
			}
			p, _ := law.Predict(16)
			rates += int(boolean(p.Lo <= truth.At(16) && truth.At(16) <= p.Hi))
			far += int(boolean(math.Abs(p.Value/truth.At(16)-1) > row.off))
			need := 1 + 0.4*r.Float64()
			n, _ := law.Needed(Interval{need, need}, 8)
			want := truth.least(need, 8)
			nodes += int(boolean(n.Lo <= want && want <= n.Hi))
		}
		if rates < 88 || nodes < 88 || far > 8 {
			t.Errorf("noise %v, told %v of it: rate held in %d of %d, nodes in %d, %d off by more than %v", row.noise, row.told, rates, runs, nodes, far, row.off)
		}
		t.Logf("noise %v, told %v of it: rate held in %d, nodes in %d, %d off by more than %v", row.noise, row.told, rates, nodes, far, row.off)
	}
}

func infinite(t *testing.T, what string, got float64) {
	t.Helper()
	if !math.IsInf(got, 1) {
		t.Errorf("%s = %v, want +Inf", what, got)
	}
}

// TestNeeded: the fewest nodes against trying one after the other, the top of a law
// against its curve, and what is never reached.
func TestNeeded(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 5))
	for range 300 {
		law := Scaling{Lambda: 20 + 180*r.Float64(), Sigma: 0.3 * r.Float64(), Kappa: 0.01 * r.Float64()}
		if r.IntN(4) == 0 {
			law.Kappa = 0
		}
		from, times := float64(1+r.IntN(8)), 0.5+2*r.Float64()
		want := math.Inf(1)
		for n := 1.0; n <= 3000; n++ {
			if law.At(n) >= times*law.At(from) {
				want = n
				break
			}
		}
		if got := law.least(times, from); got != want && !(want > 3000 && got > 3000) {
			t.Errorf("%+v: %v times %v nodes takes %v, want %v", law, times, from, got, want)
		}
	}
	for name, row := range map[string]struct {
		law         Scaling
		rate, nodes float64
	}{
		"falls again":   {Scaling{Lambda: 100, Sigma: 0.04, Kappa: 0.01}, 100 * 10 / (1 + 0.04*9 + 0.01*90), 10},
		"never falls":   {Scaling{Lambda: 100, Sigma: 0.05}, 2000, math.Inf(1)},
		"without loss":  {Scaling{Lambda: 100}, math.Inf(1), math.Inf(1)},
		"one at a time": {Scaling{Lambda: 100, Sigma: 1.5, Kappa: 0.1}, 100, 1},
	} {
		if rate, nodes := row.law.Most(); math.Abs(rate/row.rate-1) > 1e-9 && rate != row.rate || nodes != row.nodes {
			t.Errorf("%s: most %v with %v nodes, want %v with %v", name, rate, nodes, row.rate, row.nodes)
		}
	}
	law, _ := FitUSL(sizesOf(Scaling{Lambda: 100, Sigma: 0.04, Kappa: 0.01}, []float64{1, 2, 4, 8}, func() float64 { return 0 }), 1)
	if n, ok := law.Needed(Interval{1.5, 1.6}, 8); !ok || !math.IsInf(n.Value, 1) || !math.IsInf(n.Lo, 1) {
		t.Errorf("half as much again as near the top of the law: %+v", n)
	}
	if n, ok := law.Needed(Interval{1.4, 1.5}, 2); !ok || n.Value != 4 || n.Lo < 3 || n.Hi > 4 {
		t.Errorf("1.5 times 2 nodes: %+v", n)
	}
	for _, times := range []Interval{{0, 1}, {2, 1}, {1, math.Inf(1)}, {math.NaN(), 1}} {
		if n, ok := law.Needed(times, 8); ok {
			t.Errorf("%v times: %+v", times, n)
		}
	}
	if law.Farthest() != 16 {
		t.Errorf("speaks of %v nodes from 8", law.Farthest())
	}
}
