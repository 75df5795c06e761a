package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestDifference(t *testing.T) {
	// Newcombe, "Interval estimation for the difference between independent
	// proportions", Statistics in Medicine 17 (1998), table II, method 10.
	of := func(k, n uint64) Estimate { return Estimate{share(k, n), Wilson(k, n, Z95), true} }
	for _, tc := range []struct {
		k1, n1, k2, n2 uint64
		lo, hi         float64
	}{
		{56, 70, 48, 80, 0.0524, 0.3339},
		{9, 10, 3, 10, 0.1705, 0.8090},
		{10, 10, 0, 20, 0.6791, 1},
	} {
		d := Difference(of(tc.k1, tc.n1), of(tc.k2, tc.n2))
		near(t, "lower bound", d.Lo, tc.lo, 0.0001)
		near(t, "upper bound", d.Hi, tc.hi, 0.0001)
	}
	if d := Difference(of(1, 2), Estimate{Value: 1}); d.Sure || !math.IsInf(d.Hi, 1) {
		t.Errorf("against something unsure: %+v", d)
	}
}

// TestDrawnDifferenceCovers: runs of 40 bursty blocks that are alike, and that
// differ by a fifth.
func TestDrawnDifferenceCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	storm := func(rate float64) []Block {
		out := make([]Block, 40)
		for i := range out {
			p := math.Min(1, rate*math.Exp(0.5*r.NormFloat64()-0.125))
			out[i].N = 100
			for range 100 {
				out[i].K += uint64(boolean(r.Float64() < p))
			}
		}
		return out
	}
	held, false10, runs := 0, 0, 150
	for seed := range runs {
		before, now := storm(0.10), storm(0.10)
		d := DifferenceOfShares(now, before, uint64(seed))
		held += int(boolean(d.Lo <= 0 && 0 <= d.Hi))
		false10 += int(boolean(Regressed(d, 0.10, true, 0.1)))
	}
	if held < runs*90/100 || false10 > runs*6/100 {
		t.Errorf("held 0 in %d of %d, %d false regressions", held, runs, false10)
	}
	d := DifferenceOfShares(storm(0.2), storm(0.1), 1)
	if !Regressed(d, 0.1, true, 0.1) || Regressed(d, 0.1, false, 0.1) {
		t.Errorf("twice as many failures: %+v", d)
	}
}

func TestDrawnDifferenceEdges(t *testing.T) {
	same := []Block{{1, 10}, {3, 10}, {2, 10}}
	a, b := DifferenceOfShares(same, same, 9), DifferenceOfShares(same, same, 9)
	if a != b || a.Value != 0 || !a.Sure {
		t.Errorf("%+v, %+v", a, b)
	}
	for _, d := range []Estimate{
		DifferenceOfShares(nil, same, 1), DifferenceOfShares(same[:1], same, 1), DifferenceOfShares(same, []Block{{0, 0}, {0, 0}}, 1),
		DifferenceOfMeans(nil, nil, 1), DifferenceOfMeans([]float64{math.NaN(), 1}, []float64{1, 2}, 1),
	} {
		if d.Sure || Regressed(d, 1, true, 0.1) {
			t.Errorf("sure of %+v", d)
		}
	}
	d := DifferenceOfMeans([]float64{10, 11, 12, 11}, []float64{1, 2, 1, 2}, 1)
	if d.Value != 9.5 || d.Lo < 8 || d.Hi > 11 {
		t.Errorf("means: %+v", d)
	}
}

func TestRegressed(t *testing.T) {
	e := func(v, lo, hi float64) Estimate { return Estimate{v, Interval{lo, hi}, true} }
	for _, tc := range []struct {
		d      Estimate
		before float64
		more   bool
		want   bool
	}{
		{e(0.3, 0.1, 0.5), 2, true, true},
		{e(0.3, -0.1, 0.5), 2, true, false},   // 0 is inside
		{e(0.1, 0.05, 0.2), 2, true, false},   // sure, but 5 %
		{e(0.3, 0.1, 0.5), 2, false, false},   // for the better
		{e(-40, -60, -20), 400, false, true},  // goodput fell by 10 %
		{e(-39, -60, -20), 400, false, false}, // by less
		{e(0.1, 0.05, 0.2), 0, true, true},    // there was none
		{unsure(9), 1, true, false},
	} {
		if got := Regressed(tc.d, tc.before, tc.more, 0.1); got != tc.want {
			t.Errorf("Regressed(%+v, %v, %v) = %v", tc.d, tc.before, tc.more, got)
		}
	}
}

func TestKendall(t *testing.T) {
	for _, tc := range []struct {
		served []float64
		want   float64
	}{
		{[]float64{1, 2, 3, 4}, 1}, {[]float64{4, 3, 2, 1}, -1}, {[]float64{1, 3, 2, 4}, 2.0 / 3}, {[]float64{1, 1, 1}, 1}, {nil, 1}, {[]float64{5}, 1},
	} {
		near(t, "tau", Kendall(tc.served), tc.want, 1e-12)
	}
	r := rand.New(rand.NewPCG(1, 1))
	v := make([]float64, 5000)
	for i := range v {
		v[i] = r.Float64()
	}
	near(t, "tau of no order", Kendall(v), 0, 0.05)
}
