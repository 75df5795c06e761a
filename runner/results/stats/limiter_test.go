package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// bucket plays a token bucket of rate q and burst b at Poisson load, and gives
// per second how many it let through and how many not.
func bucket(r *rand.Rand, q, b, load float64, seconds int) (in, out []float64) {
	in, out = make([]float64, seconds), make([]float64, seconds)
	tokens, last := b, 0.0
	for at := r.ExpFloat64() / load; at < float64(seconds); at += r.ExpFloat64() / load {
		tokens = math.Min(b, tokens+(at-last)*q)
		last = at
		if tokens >= 1 {
			tokens--
			in[int(at)]++
		} else {
			out[int(at)]++
		}
	}
	return in, out
}

// TestLimiter is known answer K4: a quota of q is read within 1 %.
func TestLimiter(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	for range 60 {
		q := 50 + 500*r.Float64()
		in, out := bucket(r, q, q*(0.1+r.Float64()), q*(1.2+2*r.Float64()), 60)
		l := LimiterOf(in, out, 0.002, 0.05)
		if !l.Seen || math.Abs(l.Rate.Value/q-1) > 0.01 || l.Rate.Lo > q || l.Rate.Hi < q {
			t.Errorf("quota of %.1f: %+v", q, l)
		}
	}
}

func TestNotALimiter(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	seen := 0
	for range 200 {
		// A full pool: departures of exponential servers, the rest refused.
		in, out := make([]float64, 60), make([]float64, 60)
		for at := 0.0; ; {
			if at += r.ExpFloat64() / 100; at >= 60 {
				break
			}
			in[int(at)]++
			out[int(at)] = 30
		}
		if LimiterOf(in, out, 0.001, 0.05).Seen {
			seen++
		}
	}
	if seen > 1 {
		t.Errorf("%d of 200 saturated pools are called limiters", seen)
	}
	in, out := bucket(r, 100, 1, 300, 60)
	if LimiterOf(in, out, 0.04, 0.05).Seen {
		t.Error("refusals that waited are called a limiter's")
	}
	if l := LimiterOf(in, make([]float64, 60), 0, 0); l.Seen || l.Rate.Sure {
		t.Errorf("nobody refused: %+v", l)
	}
	for _, bad := range [][]float64{nil, {1}, slices.Repeat([]float64{math.NaN()}, 60), slices.Repeat([]float64{math.Inf(1)}, 60), make([]float64, 60)} {
		if l := LimiterOf(bad, slices.Repeat([]float64{1}, 60), 0, 0); l.Seen {
			t.Errorf("%v: %+v", bad, l)
		}
	}
}

// A door that lets its people in at the start of every ten seconds is exact over
// ten seconds only.
func TestLimiterByTheTen(t *testing.T) {
	in, out := make([]float64, 300), make([]float64, 300)
	for i := range in {
		in[i], out[i] = 200*boolean(i%10 == 3), 5
	}
	l := LimiterOf(in, out, 0, 0)
	if !l.Seen || l.Window != 10 || l.Rate.Value != 20 {
		t.Errorf("%+v", l)
	}
}

func TestSynLadder(t *testing.T) {
	for _, tc := range []struct {
		linear, retries int
		rto             float64
		want            []float64
	}{
		{4, 6, 1, []float64{1, 2, 3, 4, 5, 7, 11, 19, 35, 67}},
		{0, 6, 1, []float64{1, 3, 7, 15, 31, 63}},
		{2, 1, 1, []float64{1, 2, 3}},
		{0, 9, 1, []float64{1, 3, 7, 15, 31, 63, 127, 247, 367}},
		{4, 0, 1, []float64{1, 2, 3, 4}},
		{-1, -1, 1, nil}, {4, 6, 0, nil}, {4, 6, math.NaN(), nil}, {4, 6, math.Inf(1), nil},
	} {
		if got := SynLadder(tc.linear, tc.retries, tc.rto); !slices.Equal(got, tc.want) {
			t.Errorf("SynLadder(%d, %d, %v) = %v, want %v", tc.linear, tc.retries, tc.rto, got, tc.want)
		}
	}
	if n := len(SynLadder(math.MaxInt, math.MaxInt, 1)); n != mostRungs {
		t.Errorf("%d rungs", n)
	}
}

func TestRungs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	var times []float64
	for range 2000 {
		times = append(times, 6*r.Float64())
	}
	count := func(lo, hi float64) (n uint64) {
		for _, v := range times {
			if v >= lo && v < hi {
				n++
			}
		}
		return n
	}
	ladder := SynLadder(4, 6, 1)
	for _, rung := range append(Rungs(ladder, 0.01, count), SynRungs(ladder, 0.01, count)...) {
		if rung.Seen {
			t.Errorf("seen without one: %+v", rung)
		}
	}
	for range 60 {
		times = append(times, 1.01+0.01*r.Float64(), 3.01+0.01*r.Float64())
	}
	for _, rung := range SynRungs(ladder, 0.01, count) {
		if want := rung.At == 1 || rung.At == 3; rung.Seen != want {
			t.Errorf("rung %v of a kernel: seen %v, %+v", rung.At, rung.Seen, rung)
		}
	}
	for i, rung := range Rungs(ladder, 0.01, count) {
		if want := i == 0 || i == 2; rung.Seen != want {
			t.Errorf("rung %v: seen %v, %+v", rung.At, rung.Seen, rung)
		}
	}
}
