package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestErlang(t *testing.T) {
	near(t, "B(1, 1)", ErlangB(1, 1), 0.5, 1e-12)
	near(t, "B(2, 1)", ErlangB(2, 1), 0.2, 1e-12)
	near(t, "B(10, 5)", ErlangB(10, 5), 0.018385, 1e-6)
	near(t, "C(1, 0.8) is the load", ErlangC(1, 0.8), 0.8, 1e-12)
	near(t, "C(2, 1)", ErlangC(2, 1), 1.0/3, 1e-12)
	near(t, "C, saturated", ErlangC(4, 4), 1, 0)
	for _, tc := range []struct{ got, want float64 }{
		{ErlangB(0, 1), 1}, {ErlangB(-1, 1), 1}, {ErlangB(3, 0), 0}, {ErlangB(3, math.Inf(1)), 1}, {ErlangC(0, 0), 1}, {ErlangC(3, 0), 0},
	} {
		near(t, "edge", tc.got, tc.want, 0)
	}
	if !math.IsNaN(ErlangB(3, math.NaN())) || !math.IsNaN(ErlangA(1, 1, 0, 1).Share) || !math.IsNaN(Sojourn(1, 1, math.NaN(), 1)) {
		t.Error("a number from no number")
	}
}

func TestSojourn(t *testing.T) {
	// M/M/1: exponential with rate μ-λ.
	near(t, "M/M/1", Sojourn(0.5, 1, 8, 0.1), math.Exp(-1), 1e-12)
	near(t, "M/M/1, p95", SojournQuantile(0.95, 1, 8, 0.1), -math.Log(0.05)/2, 1e-9)
	// cμ-λ = μ: the limit of the formula, continuous.
	near(t, "k = μ", Sojourn(0.3, 2, 10, 0.1), Sojourn(0.3, 2, 10.000001, 0.1), 1e-6)
	near(t, "now", Sojourn(0, 2, 10, 0.1), 1, 0)
	near(t, "saturated", Sojourn(9, 2, 20, 0.1), 1, 0)
	infinite(t, "saturated", SojournQuantile(0.95, 2, 20, 0.1))
	near(t, "rate within", RateWithin(SojournQuantile(0.95, 16, 380, 0.04), 0.95, 16, 0.04), 380, 1e-6)
	near(t, "too slow alone", RateWithin(0.01, 0.95, 16, 0.04), 0, 0)
	near(t, "no servers", RateWithin(1, 0.95, 0, 0.04), 0, 0)
	near(t, "the stationary limit", RateWithin(3, 0.95, 16, 0.04), SteadyRate(400, 3, 0.95), 1)

	r := rand.New(rand.NewPCG(8, 8))
	var people []float64
	at := 0.0
	for range 200_000 {
		at += r.ExpFloat64() / 340
		people = append(people, at)
	}
	over := 0.0
	for _, took := range simulated(people, 16, []float64{1}, func() float64 { return r.ExpFloat64() * 16 / 400 }) {
		over += boolean(took > 0.1) / 200_000
	}
	near(t, "M/M/16 simulated", over, Sojourn(0.1, 16, 340, 0.04), 0.006)
}

func TestErlangA(t *testing.T) {
	// Endless patience is Erlang C; patience as long as service is M/M/∞, where a
	// Poisson number of people is inside.
	near(t, "patient: delay", ErlangA(8, 10, 1, 1e9).Delay, ErlangC(10, 8), 1e-4)
	near(t, "patient: wait", ErlangA(8, 10, 1, 1e9).Wait, ErlangC(10, 8)/2, 1e-3)
	var queue, p float64
	p = math.Exp(-10)
	for n := 1; n < 100; n++ {
		p *= 10 / float64(n)
		queue += p * math.Max(0, float64(n-10))
	}
	near(t, "M/M/∞", ErlangA(10, 10, 1, 1).Wait, queue/10, 1e-9)
	// Deep overload is fluid: 1 - C/λ leave.
	near(t, "overload", ErlangA(2000, 100, 0.1, 5).Share, 0.5, 1e-3)
	near(t, "overload, huge", ErlangA(1e6, 1000, 0.1, 60).Share, 0.99, 1e-3)
	near(t, "conservation", ErlangA(12, 10, 1, 3).Share, ErlangA(12, 10, 1, 3).Wait/3, 1e-12)
	if got := ErlangA(0, 3, 1, 1); got != (Abandonment{}) {
		t.Errorf("nobody comes: %+v", got)
	}
	if got := ErlangA(5, 0, 1, 2); got != (Abandonment{1, 2, 1}) {
		t.Errorf("no servers: %+v", got)
	}
}

func TestDrain(t *testing.T) {
	near(t, "eta", DrainETA(100, -4), 25, 0)
	near(t, "nothing left", DrainETA(0, 1), 0, 0)
	infinite(t, "growing", DrainETA(5, 0))
	near(t, "predicted", DrainTime(1000, 400, 100, 2), 10, 0)
	infinite(t, "at the threshold", DrainTime(1000, 400, 200, 1))
	near(t, "vulnerable", Vulnerable(2), 1.0/3, 1e-15)
	near(t, "nobody refreshes", Vulnerable(-1), 1, 0)
}

func TestOverloaded(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	count := func(mean float64) float64 { return math.Max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64())) }
	stable, growing := 0, 0
	for range 500 {
		var in, out, grown []float64
		for range 30 {
			in, out, grown = append(in, count(380)), append(out, count(380)), append(grown, count(520))
		}
		stable += int(boolean(Overloaded(in, out, 400, 20, 1)))
		growing += int(boolean(Overloaded(grown, out, 3000, 20, 3)))
	}
	if stable > 0 || growing < 500 {
		t.Errorf("stable load called overload %d times, overload seen %d times of 500", stable, growing)
	}
	// Filling an empty system with slow people is growth that ends.
	var in, out []float64
	for i := range 20 {
		in, out = append(in, 100), append(out, 100*boolean(i >= 5))
	}
	if Overloaded(in, out, 500, 0, 3) {
		t.Error("filling is called overload")
	}
	if Overloaded(in[:9], make([]float64, 9), 1e9, 0, 1) {
		t.Error("judged on 9 s")
	}
	near(t, "growth", Growth([]float64{110, 110}, []float64{90, 90}), 2, 0)
	near(t, "nothing", Growth([]float64{0}, nil), 0, 0)
	near(t, "not a number", Growth([]float64{math.NaN()}, []float64{1}), 0, 0)
	near(t, "delay", BacklogDelay(500, 100, 200), 2, 0)
	near(t, "no backlog", BacklogDelay(50, 100, 0), 0, 0)
	infinite(t, "nobody leaves", BacklogDelay(500, 100, 0))
}
