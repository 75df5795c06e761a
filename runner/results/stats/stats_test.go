package stats

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %v, want %v ± %v", what, got, want, tolerance)
	}
}

// The examples of Newcombe, "Two-sided confidence intervals for the single
// proportion", Statistics in Medicine 17 (1998), table I, method 3.
func TestWilson(t *testing.T) {
	for _, tc := range []struct {
		k, n   uint64
		lo, hi float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
		{20, 20, 0.8389, 1},
		{0, 0, 0, 1},
		{9, 3, 0.4385, 1}, // more failures than people count as all
	} {
		in := Wilson(tc.k, tc.n, Z95)
		near(t, "lower bound", in.Lo, tc.lo, 0.00005)
		near(t, "upper bound", in.Hi, tc.hi, 0.00005)
	}
}

func TestWilsonDesignIsWilsonOfFewer(t *testing.T) {
	got, want := WilsonDesign(40, 1000, Z95, 4), Wilson(10, 250, Z95)
	near(t, "lower bound", got.Lo, want.Lo, 1e-12)
	near(t, "upper bound", got.Hi, want.Hi, 1e-12)
	if WilsonDesign(40, 1000, Z95, 0.5) != Wilson(40, 1000, Z95) {
		t.Error("a design effect under 1 narrowed the interval")
	}
}

func TestZeroFailures(t *testing.T) {
	near(t, "0 of 100 at 95 %", ZeroUpper(100, 0.95), 0.029513, 1e-6)
	near(t, "0 of 48000 at 95 %", ZeroUpper(48_000, 0.95), 6.2409e-5, 1e-8)
	near(t, "nobody", ZeroUpper(0, 0.95), 1, 0)
	for _, tc := range []struct {
		limit, confidence float64
		want              uint64
	}{
		{0.05, 0.95, 59}, {0.05, 0.99, 90},
		{0.01, 0.95, 299}, {0.01, 0.99, 459},
		{0.001, 0.95, 2995}, {0.001, 0.99, 4603},
		{0.00001, 0.95, 299_572}, {0, 0.95, 0}, {1, 0.95, 0},
	} {
		if got := CleanNeeded(tc.limit, tc.confidence); got != tc.want {
			t.Errorf("CleanNeeded(%v, %v) = %d, want %d", tc.limit, tc.confidence, got, tc.want)
		}
	}
}

func TestMinimumCounts(t *testing.T) {
	for _, tc := range []struct {
		num, den int64
		want     uint64
	}{{5, 1000, 765}, {1, 1000, 3838}, {1, 100, 381}, {0, 1, 0}, {1, 1, 0}, {-1, 2, 0}} {
		tau := big.NewRat(tc.num, tc.den)
		got := MinPeople(tau)
		if got != tc.want {
			t.Errorf("MinPeople(%v) = %d, want %d", tau, got, tc.want)
		}
		if limit, _ := tau.Float64(); got > 0 && (Wilson(0, got, Z95).Hi > limit || Wilson(0, got-1, Z95).Hi < limit) {
			t.Errorf("MinPeople(%v) = %d is not where Wilson's bound passes the limit", tau, got)
		}
	}
	if got := MinForQuantile(big.NewRat(99, 100)); got != 299 {
		t.Errorf("p99 needs %d, want 299", got)
	}
	if got := BadSide(">", big.NewRat(995, 1000)); got.Cmp(big.NewRat(5, 1000)) != 0 {
		t.Errorf("the bad side of >99.5%% is %v", got)
	}
}

// blocksOf cuts people into blocks in which each group of size same fails or
// not together, at rate p.
func blocksOf(rng *rand.Rand, blocks, groups, same int, p float64) []Block {
	out := make([]Block, blocks)
	for i := range out {
		for range groups {
			out[i].N += uint64(same)
			if rng.Float64() < p {
				out[i].K += uint64(same)
			}
		}
	}
	return out
}

// With whole blocks of m alike the truth is known: the variance is m times that
// of independent people.
func TestDesignEffectAndBootstrapWidth(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, same := range []int{1, 5, 25} {
		blocks := blocksOf(rng, 400, 4, same, 0.2)
		near(t, "design effect", Deff(blocks), float64(same), 0.2*float64(same))
		in, ok := Bootstrap(blocks, 7)
		if !ok {
			t.Fatal("no interval from 400 blocks")
		}
		want := 2 * Z95 * math.Sqrt(0.2*0.8/1600)
		near(t, "width", in.Hi-in.Lo, want, 0.15*want)
	}
}

// The point of blocks: failures that come together are covered, where an
// interval for independent people misses the truth most of the time.
func TestBootstrapCoversClusteredFailures(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const trials = 200
	covered, naive := 0, 0
	for i := range trials {
		blocks := blocksOf(rng, 42, 2, 40, 0.3)
		in := ShareInterval(blocks, uint64(i))
		if in.Lo <= 0.3 && 0.3 <= in.Hi {
			covered++
		}
		var k, n uint64
		for _, b := range blocks {
			k, n = k+b.K, n+b.N
		}
		if w := Wilson(k, n, Z95); w.Lo <= 0.3 && 0.3 <= w.Hi {
			naive++
		}
	}
	if covered < trials*88/100 {
		t.Errorf("covered %d of %d, want about 95 %%", covered, trials)
	}
	if naive > trials/2 {
		t.Errorf("the naive interval covered %d of %d: the test shows nothing", naive, trials)
	}
}

func TestBootstrapIsDeterministic(t *testing.T) {
	blocks := []Block{{1, 100}, {0, 120}, {7, 90}, {0, 0}, {3, 110}, {2, 100}}
	a, _ := Bootstrap(blocks, 42)
	b, _ := Bootstrap(blocks, 42)
	c, _ := Bootstrap(blocks, 43)
	if a != b {
		t.Errorf("same seed: %v and %v", a, b)
	}
	if a == c {
		t.Errorf("seeds 42 and 43 both gave %v", a)
	}
	near(t, "lower bound", a.Lo, 0.00573, 0.002)
	near(t, "upper bound", a.Hi, 0.05, 0.006)
	for _, few := range [][]Block{nil, {{1, 2}}, {{1, 2}, {0, 0}}} {
		if in, ok := Bootstrap(few, 1); ok || in != (Interval{0, 1}) {
			t.Errorf("Bootstrap(%v) = %v, %v; want everything, false", few, in, ok)
		}
	}
	if in, _ := Bootstrap([]Block{{0, 5}, {0, 9}}, 1); in != (Interval{}) {
		t.Errorf("no failures gave %v", in)
	}
	if Deff([]Block{{0, 5}, {0, 9}}) != 1 || Deff(nil) != 1 || Deff([]Block{{5, 5}, {9, 9}}) != 1 {
		t.Error("a design effect where none can be computed")
	}
}

func TestQuantileRanks(t *testing.T) {
	for _, tc := range []struct {
		num, den         int64
		n                uint64
		deff             float64
		lower, at, upper uint64
	}{
		{1, 2, 100, 1, 40, 50, 61}, // the classic 95 % ranks of a median of 100
		{95, 100, 1000, 1, 936, 950, 965},
		{95, 100, 1000, 4, 922, 950, 979},
		{99, 100, 300, 1, 293, 297, 301}, // n+1: not bounded above
		{95, 100, 10, 1, 8, 10, 11},
		{1, 2, 1, 1, 0, 1, 2},
		{1, 2, 0, 1, 0, 0, 1},
		{1, 3, 9, 0, 0, 3, 7},
	} {
		l, a, u := QuantileRanks(big.NewRat(tc.num, tc.den), tc.n, tc.deff)
		if l != tc.lower || a != tc.at || u != tc.upper {
			t.Errorf("%d/%d of %d, deff %v: ranks %d, %d, %d; want %d, %d, %d",
				tc.num, tc.den, tc.n, tc.deff, l, a, u, tc.lower, tc.at, tc.upper)
		}
	}
}

func TestQuantileCoverage(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	q := big.NewRat(9, 10)
	covered := 0
	for range 400 {
		l, _, u := QuantileRanks(q, 500, 1)
		// The truth of uniform values is 0.9: count how many lie under it.
		var under uint64
		for range 500 {
			if rng.Float64() < 0.9 {
				under++
			}
		}
		if l <= under && under < u {
			covered++
		}
	}
	if covered < 372 || covered > 398 {
		t.Errorf("covered %d of 400, want about 95 %%", covered)
	}
}

func TestQuantileWithNever(t *testing.T) {
	// rank r has a time of r seconds, in buckets one second wide
	ordered := func(rank uint64) (int64, int64) {
		return int64(rank-1) * 1e9, int64(rank) * 1e9
	}
	q := big.NewRat(95, 100)
	lower, at, upper := Quantile(q, 970, 30, ordered, 1)
	if lower != (Value{Nanos: 935e9}) || at != (Value{Nanos: 950e9}) || upper != (Value{Nanos: 965e9}) {
		t.Errorf("970 in, 30 never: %v %v %v", lower, at, upper)
	}
	_, at, upper = Quantile(q, 960, 40, ordered, 1)
	if at.Never || !upper.Never {
		t.Errorf("960 in, 40 never: at %v, upper %v; want a time, never", at, upper)
	}
	lower, at, upper = Quantile(q, 100, 900, ordered, 1)
	if !lower.Never || !at.Never || !upper.Never {
		t.Errorf("900 of 1000 never: %v %v %v", lower, at, upper)
	}
	lower, at, upper = Quantile(q, 0, 0, ordered, 1)
	if !lower.Unknown || !at.Unknown || !upper.Unknown {
		t.Errorf("nobody: %v %v %v", lower, at, upper)
	}
}

func TestDecide(t *testing.T) {
	limit := big.NewRat(995, 1000)
	for _, tc := range []struct {
		lo, hi float64
		op     string
		want   State
	}{
		{0.996, 0.999, ">", Met},
		{0.990, 0.994, ">", NotMet},
		{0.990, 0.999, ">", Undecided},
		{0, 0.5, "<", Met},
		{0.996, 1, "<=", NotMet},
		{0.5, 1, ">=", Undecided},
	} {
		got, err := Decide(Interval{tc.lo, tc.hi}, tc.op, limit)
		if err != nil || got != tc.want {
			t.Errorf("[%v, %v] %s 99.5%%: %s, %v; want %s", tc.lo, tc.hi, tc.op, got, err, tc.want)
		}
	}
	for _, bad := range []struct {
		in Interval
		op string
	}{{Interval{0, 1}, "="}, {Interval{math.NaN(), 1}, "<"}, {Interval{0, math.Inf(1)}, "<"}} {
		if got, err := Decide(bad.in, bad.op, limit); err == nil || got != Undecided {
			t.Errorf("Decide(%v, %q) = %s, %v; want an error", bad.in, bad.op, got, err)
		}
	}
}

// 99.4996 % is under 99.5 %, and 995 of 1000 is exactly it: no rounding.
func TestRelationIsExact(t *testing.T) {
	limit := big.NewRat(995, 1000)
	for _, tc := range []struct {
		k, n uint64
		op   string
		want bool
	}{
		{995, 1000, ">=", true}, {995, 1000, ">", false}, {995, 1000, "<=", true},
		{994_996, 1_000_000, ">=", false}, {994_996, 1_000_000, "<", true},
		{math.MaxUint64 / 2, math.MaxUint64, "<", true},
	} {
		got, err := Relation(Share(tc.k, tc.n), tc.op, limit)
		if err != nil || got != tc.want {
			t.Errorf("%d/%d %s 99.5%% = %v, %v; want %v", tc.k, tc.n, tc.op, got, err, tc.want)
		}
	}
	if _, err := Relation(Share(1, 0), "<", limit); err == nil {
		t.Error("a share of nobody was compared")
	}
}

// TestVagueIsNotSure: two readings that scatter say between nothing and ten times
// as much, which is no figure to print or to size by.
func TestVagueIsNotSure(t *testing.T) {
	flow := func(work ...float64) Flow { return Flow{Offered: 300, Goodput: unsure(50), Work: work} }
	if e, _ := Sustained([]Flow{flow(160, 290)}); e.Sure || e.Value != 225 {
		t.Errorf("%+v", e)
	}
	// A probe's last ten seconds count where nothing else does.
	if e, _ := Sustained([]Flow{flow(98, 101, 104), flow(62)}); !e.Sure || e.Value != 101 {
		t.Errorf("%+v", e)
	}
}
