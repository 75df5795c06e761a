package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// plateau plays M/M/1 of capacity people per second at load rho, from its steady
// state, and returns per second how many arrived and how many of them took longer
// than limit.
func plateau(r *rand.Rand, capacity, rho float64, seconds int, limit float64) []Block {
	out := make([]Block, seconds)
	free := 0.0 // when the server has done what it has, from the start
	for r.Float64() < rho {
		free += r.ExpFloat64() / capacity
	}
	for at := r.ExpFloat64() / (rho * capacity); at < float64(seconds); at += r.ExpFloat64() / (rho * capacity) {
		free = math.Max(free, at) + r.ExpFloat64()/capacity
		b := &out[int(at)]
		b.N++
		if free-at > limit {
			b.K++
		}
	}
	return out
}

// coverage is how often intervals over plateaus hold the true share beyond the
// limit: of people taken as independent, and of time batches.
func coverage(rho float64, seconds, runs int) (people, batches float64) {
	const capacity = 400
	truth := 0.05
	limit := -math.Log(truth) / (capacity * (1 - rho))
	r := rand.New(rand.NewPCG(9, uint64(seconds)))
	for range runs {
		seen := plateau(r, capacity, rho, seconds, limit)
		cut := Batches(float64(seconds), Relaxation(capacity, rho))
		in := ShareOver(FoldBlocks(seen, cut.Length), 1)
		batches += boolean(in.Lo <= truth && truth <= in.Hi)
		var k, n uint64
		for _, b := range seen {
			k, n = k+b.K, n+b.N
		}
		alone := Wilson(k, n, Z95)
		people += boolean(alone.Lo <= truth && truth <= alone.Hi)
	}
	return people / float64(runs), batches / float64(runs)
}

// TestBatchesCover: at 0.9 of the capacity, on 60 s, an interval that takes
// people as independent holds the truth about one time in six; over ten time
// batches at least 77 times in a hundred, though they are short.
func TestBatchesCover(t *testing.T) {
	people, batches := coverage(0.9, 60, 200)
	if people < 0.10 || people > 0.25 {
		t.Errorf("independent people: %.2f, want about 0.17", people)
	}
	if batches < 0.77 {
		t.Errorf("batches: %.2f, want 0.77 and more", batches)
	}
	if _, batches = coverage(0.9, 300, 100); batches < 0.88 {
		t.Errorf("300 s: %.2f, want 0.88 and more", batches)
	}
	if _, batches = coverage(0.5, 60, 200); batches < 0.90 {
		t.Errorf("half load: %.2f, want 0.90 and more", batches)
	}
}

func TestShareOverEdges(t *testing.T) {
	none := []Block{{0, 100}, {0, 100}, {0, 100}}
	e := ShareOver(none, 1)
	near(t, "none of 300, two-sided", e.Hi, ZeroUpper(300, 0.975), 0)
	near(t, "none of 300, deff 3", ShareOver(none, 3).Hi, ZeroUpper(100, 0.975), 0)
	near(t, "none of 300, deff beyond all", ShareOver(none, 1e300).Hi, ZeroUpper(1, 0.975), 0)
	if e.Lo != 0 || !e.Sure {
		t.Errorf("none: %+v", e)
	}
	all := ShareOver([]Block{{9, 9}, {11, 11}}, math.NaN())
	near(t, "all of 20", all.Lo, 1-ZeroUpper(20, 0.975), 1e-15)
	near(t, "all of 20", all.Hi, 1, 0)
	for _, few := range [][]Block{nil, {{1, 10}}, {{1, 10}, {0, 0}}, {{3, 0}, {0, 0}}} {
		if e := ShareOver(few, 1); e.Sure || e.Lo < 0 || e.Hi > 1 {
			t.Errorf("%v: %+v", few, e)
		}
	}
	if e := ShareOver([]Block{{50, 10}, {0, 10}}, 1); e.Value != 0.5 {
		t.Errorf("more beyond the limit than people: %+v", e)
	}
	// Batches that differ widen it.
	even, odd := ShareOver([]Block{{5, 100}, {5, 100}, {5, 100}, {5, 100}}, 1), ShareOver([]Block{{0, 100}, {20, 100}, {0, 100}, {0, 100}}, 1)
	if odd.Hi-odd.Lo < 3*(even.Hi-even.Lo) {
		t.Errorf("even %+v, odd %+v", even, odd)
	}
}

func TestMean(t *testing.T) {
	e := Mean([]float64{1, 2, 3, 4, math.NaN(), math.Inf(1)})
	near(t, "mean", e.Value, 2.5, 1e-15)
	near(t, "half width", e.Hi-e.Value, 3.1824*math.Sqrt(5.0/3/4), 1e-4)
	if one := Mean([]float64{7}); one.Sure || one.Value != 7 || !math.IsInf(one.Lo, -1) {
		t.Errorf("one value: %+v", one)
	}
}

func TestFold(t *testing.T) {
	got := Fold([]float64{9, 1, 2, 3, 4}, 2)
	if len(got) != 2 || got[0] != 1.5 || got[1] != 3.5 {
		t.Errorf("Fold = %v", got)
	}
	if Fold(nil, 0) != nil || len(Fold([]float64{1}, 2)) != 0 || FoldBlocks(nil, -1) != nil {
		t.Error("edges of Fold")
	}
	blocks := FoldBlocks([]Block{{9, 9}, {1, 2}, {5, 4}}, 2)
	if len(blocks) != 1 || blocks[0] != (Block{5, 6}) {
		t.Errorf("FoldBlocks = %v", blocks)
	}
}

// TestTau recovers the memory of a first-order process, and of M/M/1 about half
// of its relaxation time.
func TestTau(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, tau := range []float64{2, 5, 10} {
		var sum float64
		for range 20 {
			v := make([]float64, 2000)
			for i := 1; i < len(v); i++ {
				v[i] = math.Exp(-1/tau)*v[i-1] + r.NormFloat64()
			}
			sum += Tau(v, 1) / 20
		}
		near(t, "tau", sum/tau, 1, 0.15)
	}
	var noise []float64
	for range 500 {
		noise = append(noise, r.NormFloat64())
	}
	near(t, "tau of noise", Tau(noise, 1), 0.6, 0.15)
	for _, v := range [][]float64{nil, {1}, {1, 1, 1}, {math.NaN(), 1, 2}} {
		if got := Tau(v, 1); got != 0.5 && got != 0 {
			t.Errorf("Tau(%v) = %v", v, got)
		}
	}
	if Autocorrelation([]float64{1, 2, 3}, -1) != 0 || Autocorrelation([]float64{1, 2, 3}, 3) != 0 {
		t.Error("a lag outside the series")
	}
	near(t, "alternating", Autocorrelation([]float64{1, -1, 1, -1, 1, -1}, 1), -5.0/6, 1e-12)
}

func TestMSER5(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	unsteady := 0
	for range 200 {
		v := make([]float64, 120)
		for i := range v {
			v[i] = 100 + 10*r.NormFloat64()
		}
		if !MSER5(v).Steady {
			unsteady++
		}
	}
	if unsteady > 10 {
		t.Errorf("%d of 200 steady series are called unsteady", unsteady)
	}
	warming, growing := make([]float64, 123), make([]float64, 123)
	for i := range warming {
		warming[i] = 100 + r.NormFloat64() - 80*math.Exp(-float64(i)/10)
		growing[i] = float64(i) + r.NormFloat64()
	}
	if got := MSER5(warming); !got.Steady || got.Cut < 20 || got.Cut > 60 {
		t.Errorf("warming up: %+v", got)
	}
	if got := MSER5(growing); got.Steady {
		t.Errorf("growing: %+v", got)
	}
	if got := MSER5(warming[:40]); got.Steady || got.Cut != 0 {
		t.Errorf("too few: %+v", got)
	}
	if got := MSER5(make([]float64, 60)); !got.Steady || got.Cut != 0 {
		t.Errorf("constant: %+v", got)
	}
	MSER5([]float64{50: math.NaN(), 99: math.Inf(1)})
}
