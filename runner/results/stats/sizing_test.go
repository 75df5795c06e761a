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
	near(t, "uniform", UniformWait(120_000, 240, 400), 60, 0)
	near(t, "uniform, idle", UniformWait(1000, 240, 400), 0, 0)
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
	near(t, "linear upper bound", LinearUpper(400, 4, 6), 600, 0)
	infinite(t, "linear, none measured", LinearUpper(400, 0, 6))
	bad := sizesOf(truth, []float64{1, 2, 4, 8}, exact)
	bad[1].Rate.Value = math.NaN()
	if _, ok := FitUSL(bad, 1); ok {
		t.Error("fitted to a size without a rate")
	}
}

// TestUSLCovers: the interval holds the truth nearly as often as it says, at
// half as many nodes again and at twice, with 1 % of noise.
func TestUSLCovers(t *testing.T) {
	truth := Scaling{Lambda: 100, Sigma: 0.03, Kappa: 0.0005}
	r := rand.New(rand.NewPCG(3, 3))
	held, runs := 0, 60
	for i := range runs {
		law, ok := FitUSL(sizesOf(truth, []float64{2, 4, 6, 8, 12}, func() float64 { return 0.01 * r.NormFloat64() }), uint64(i))
		if !ok {
			continue
		}
		p, _ := law.Predict(24)
		if p.Lo <= truth.At(24) && truth.At(24) <= p.Hi {
			held++
		}
	}
	if held < runs*85/100 {
		t.Errorf("held in %d of %d", held, runs)
	}
}

func infinite(t *testing.T, what string, got float64) {
	t.Helper()
	if !math.IsInf(got, 1) {
		t.Errorf("%s = %v, want +Inf", what, got)
	}
}
