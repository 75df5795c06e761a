package results

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// draw gives durations over the whole range of a kind, its ends included.
func draw(rng *rand.Rand, k HistKind, n int) []time.Duration {
	g := histRanges[k]
	out := []time.Duration{time.Duration(g.low), time.Duration(g.high)}
	span := math.Log(float64(g.high) / float64(g.low))
	for len(out) < n {
		v := int64(float64(g.low) * math.Exp(rng.Float64()*span))
		out = append(out, time.Duration(min(max(v, g.low), g.high)))
	}
	return out
}

func TestHistMatchesHdrHistogram(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for kind := range histKinds {
		for round := range 20 {
			h, g := NewHist(kind), histRanges[kind]
			oracle := hdrhistogram.New(g.finest, g.high, histDigits)
			for _, v := range draw(rng, kind, 2+round*200) {
				h.Record(v)
				if err := oracle.RecordValue(int64(v)); err != nil {
					t.Fatal(err)
				}
			}
			if h.Count() != uint64(oracle.TotalCount()) || int64(h.Max()) != oracle.Max() || int64(h.Min()) != oracle.Min() {
				t.Fatalf("kind %d: count %d min %d max %d, want %d %d %d", kind, h.Count(), h.Min(), h.Max(),
					oracle.TotalCount(), oracle.Min(), oracle.Max())
			}
			if !h.ToHDR().Equals(oracle) {
				t.Fatalf("kind %d: ToHDR differs from what hdrhistogram-go recorded", kind)
			}
			// Its own percentile rounds the rank to the nearest; give it a
			// percentile in the middle of our rank.
			for _, q := range [][2]int64{{0, 1}, {1, 2}, {95, 100}, {99, 100}, {999, 1000}, {1, 1}} {
				rank := Rank(h.Count(), q[0], q[1])
				want := oracle.ValueAtPercentile((float64(rank) - 0.1) / float64(h.Count()) * 100)
				if got := h.Quantile(q[0], q[1]); int64(got) != want {
					t.Errorf("kind %d: quantile %v = %d, want %d", kind, q, got, want)
				}
			}
		}
	}
}

// K2: what is put in with known quantiles comes out within 0.1 %.
func TestHistKnownAnswers(t *testing.T) {
	within := func(what string, got, want time.Duration) {
		t.Helper()
		if d := math.Abs(float64(got-want)) / float64(want); d > 0.001 {
			t.Errorf("%s = %v, want %v (off by %.3f %%)", what, got, want, 100*d)
		}
	}
	for kind := range histKinds {
		for _, v := range []time.Duration{time.Millisecond, 2 * time.Millisecond, 123456789, 9999 * time.Millisecond, 10 * time.Second, 9 * time.Minute} {
			h := NewHist(kind)
			for range 1000 {
				h.Record(v)
			}
			for _, p := range []int64{1, 500, 999, 1000} {
				within("constant", h.Quantile(p, 1000), v)
			}
			within("min", h.Min(), v)
			within("max", h.Max(), v)
		}
		h := NewHist(kind)
		for i := range 1000 { // 90 % at 2 s, 10 % at 30 s
			h.Record([]time.Duration{2 * time.Second, 30 * time.Second}[i/900])
		}
		within("two modes p90", h.Quantile(90, 100), 2*time.Second)
		within("two modes p90.1", h.Quantile(901, 1000), 30*time.Second)
		if n := h.CountAtMost(3 * time.Second); n != 900 {
			t.Errorf("at most 3 s: %d, want 900", n)
		}
	}
}

func TestHistProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for round := range 200 {
		kind := HistKind(round) % histKinds
		values := draw(rng, kind, 2+rng.IntN(300))
		all, parts := NewHist(kind), []*Hist{NewHist(kind), NewHist(kind), NewHist(kind)}
		for _, v := range values {
			all.Record(v)
			parts[rng.IntN(3)].Record(v)
		}
		merged := NewHist(kind)
		for _, i := range rng.Perm(3) {
			merged.Merge(parts[i])
		}
		if !slices.Equal(all.index, merged.index) || !slices.Equal(all.counts, merged.counts) || all.total != merged.total {
			t.Fatalf("merge of parts differs from the whole")
		}
		slices.Sort(values)
		last := time.Duration(0)
		for p := int64(0); p <= 1000; p += 25 {
			q := all.Quantile(p, 1000)
			rank := Rank(all.Count(), p, 1000)
			if true := values[rank-1]; q < true || float64(q-true) > 0.001*float64(true) {
				t.Fatalf("p%d = %v, recorded %v", p, q, true)
			}
			if q < last || q > all.Max() || q < all.Min() {
				t.Fatalf("p%d = %v after %v, min %v max %v", p, q, last, all.Min(), all.Max())
			}
			if all.CountAtMost(q) < rank || all.CountAtMost(q-1) >= rank {
				t.Fatalf("CountAtMost disagrees with p%d", p)
			}
			last = q
		}
	}
}

func TestHistClampsAndCounts(t *testing.T) {
	h := NewHist(StepHist)
	for _, v := range []time.Duration{-time.Hour, 0, time.Microsecond, 10 * time.Minute, time.Hour, math.MaxInt64} {
		h.Record(v)
	}
	sum := NewHist(StepHist)
	sum.Merge(h)
	sum.Merge(h)
	if sum.Clamped() != 8 {
		t.Errorf("merged: %d clamped", sum.Clamped())
	}
	if h.Count() != 6 || h.Clamped() != 4 {
		t.Errorf("count %d, clamped %d; want 6, 4", h.Count(), h.Clamped())
	}
	if lo, _ := histRanges[StepHist].bounds(histRanges[StepHist].index(int64(time.Microsecond))); h.Min() != lo {
		t.Errorf("min %v, want %v", h.Min(), lo)
	}
	if d := h.Max() - 10*time.Minute; d < 0 || d > 600*time.Millisecond {
		t.Errorf("max %v", h.Max())
	}
	var none *Hist
	if none.Count() != 0 || none.Quantile(1, 2) != 0 || none.Max() != 0 {
		t.Error("a nil histogram is not empty")
	}
}

func TestRankIsTheCeiling(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for range 2000 {
		n, den := rng.Uint64()>>rng.IntN(64), rng.Int64N(1e6)+1
		num := rng.Int64N(den)
		want := new(big.Int).Mul(new(big.Int).SetUint64(n), big.NewInt(num))
		want.Add(want, big.NewInt(den-1)).Div(want, big.NewInt(den))
		w := max(want.Uint64(), min(n, 1))
		if got := Rank(n, num, den); got != w {
			t.Fatalf("Rank(%d, %d, %d) = %d, want %d", n, num, den, got, w)
		}
	}
}

func TestValueAtNever(t *testing.T) {
	h := NewHist(ClassHist)
	for range 94 {
		h.Record(time.Second)
	}
	// 94 in class, 6 never: the 95th percentile of 100 is never, the 94th is not.
	if _, ok := h.ValueAt(Rank(100, 95, 100)); ok {
		t.Error("p95 should read never")
	}
	if d, ok := h.ValueAt(Rank(100, 94, 100)); !ok || d < time.Second {
		t.Errorf("p94 = %v, %v", d, ok)
	}
}

func TestHistForeignMerge(t *testing.T) {
	s, c := NewHist(StepHist), NewHist(ClassHist)
	s.Record(5 * time.Microsecond)
	s.Record(3 * time.Second)
	c.Merge(s)
	if c.Count() != 2 || c.Clamped() != 1 {
		t.Errorf("count %d, clamped %d", c.Count(), c.Clamped())
	}
}
