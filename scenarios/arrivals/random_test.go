package arrivals

import (
	"math"
	"testing"
	"time"
)

// The first outputs of SplitMix64 with seed 1234567, from Vigna's reference
// code: the finaliser is the published one.
func TestMixIsSplitMix64(t *testing.T) {
	state := uint64(1234567)
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423} {
		state += golden
		if got := mix(state); got != want {
			t.Errorf("output %d: %d, want %d", i, got, want)
		}
	}
}

// Draws are part of every digest and of every run's behaviour. The values are
// those of a second implementation, in Python.
func TestKnownDraws(t *testing.T) {
	for _, tc := range []struct {
		seed   uint64
		stream Stream
		id, n  uint64
		want   uint64
	}{
		{0, StreamArrival, 0, 0, 0x467494a18896d847},
		{1, StreamThink, 7, 3, 0x475f585f8d1edcac},
		{math.MaxUint64, StreamValue, math.MaxUint32, math.MaxUint64, 0xe83ce8a923172c3f},
	} {
		if got := Bits(tc.seed, tc.stream, tc.id, tc.n); got != tc.want {
			t.Errorf("Bits(%d, %d, %d, %d) = %#x, want %#x", tc.seed, tc.stream, tc.id, tc.n, got, tc.want)
		}
	}
}

// Neighbouring seeds, streams, ids and counts are not related: the correlation
// of their draws is that of chance.
func TestStreamsAreIndependent(t *testing.T) {
	const n = 50_000
	for name, other := range map[string]func(i uint64) float64{
		"next seed":   func(i uint64) float64 { return Uniform(2, StreamThink, i, 0) },
		"next stream": func(i uint64) float64 { return Uniform(1, StreamPatience, i, 0) },
		"next id":     func(i uint64) float64 { return Uniform(1, StreamThink, i+1, 0) },
		"next draw":   func(i uint64) float64 { return Uniform(1, StreamThink, i, 1) },
	} {
		var sum, product float64
		for i := range uint64(n) {
			x, y := Uniform(1, StreamThink, i, 0)-0.5, other(i)-0.5
			sum += x
			product += x * y
		}
		if mean := sum / n; math.Abs(mean) > 5*math.Sqrt(1.0/12/n) {
			t.Errorf("%s: mean %v off the middle", name, mean)
		}
		if r := 12 * product / n; math.Abs(r) > 5/math.Sqrt(n) {
			t.Errorf("%s: correlation %v", name, r)
		}
	}
}

func TestUniformStaysInside(t *testing.T) {
	for _, b := range []uint64{0, 1, 1<<12 - 1, 1 << 63, math.MaxUint64} {
		if u := unit(b); !(u > 0 && u < 1) {
			t.Errorf("unit(%#x) = %v", b, u)
		}
	}
}

func TestInverseNormal(t *testing.T) {
	for u, want := range map[float64]float64{
		0.5: 0, 0.95: 1.6448536269514722, 0.975: 1.959963984540054, 0.9: 1.2815515655446004,
		0.01: -2.3263478740408408, 0.001: -3.090232306167813, 1e-10: -6.361340902404056, 0.999999: 4.753424308822899,
	} {
		if got := InverseNormal(u); math.Abs(got-want) > 1e-8 {
			t.Errorf("InverseNormal(%v) = %v, want %v", u, got, want)
		}
	}
	if !math.IsInf(InverseNormal(0), -1) || !math.IsInf(InverseNormal(1), 1) || !math.IsInf(InverseNormal(math.NaN()), -1) {
		t.Error("outside (0, 1) the quantile is not infinite")
	}
}

func TestLogNormal(t *testing.T) {
	const median, p95 = 8 * time.Second, 45 * time.Second
	for u, want := range map[float64]time.Duration{0.5: median, 0.95: p95, 0.05: 64 * time.Second / 45} {
		if got := LogNormal(median, p95, u); (got - want).Abs() > time.Millisecond {
			t.Errorf("at %v: %v, want %v", u, got, want)
		}
	}
	for _, tc := range []struct {
		median, p95 time.Duration
		u           float64
		want        time.Duration
	}{
		{0, time.Second, 0.5, 0}, {-1, 5, 0.5, 0},
		{time.Second, time.Second, 0.99, time.Second}, {time.Second, 0, 0.99, time.Second},
		{time.Hour, 1000 * time.Hour, 0.9999, 24 * time.Hour}, {time.Second, time.Minute, 1, 24 * time.Hour},
		{time.Second, time.Minute, 0, 0},
	} {
		if got := LogNormal(tc.median, tc.p95, tc.u); got != tc.want {
			t.Errorf("LogNormal(%v, %v, %v) = %v, want %v", tc.median, tc.p95, tc.u, got, tc.want)
		}
	}
}

// The median of the tries is the one asked for.
func TestGeometric(t *testing.T) {
	for _, median := range []int{2, 6, 10} {
		atMost, under := 0, 0
		const n = 40_000
		for i := range uint64(n) {
			tries := Geometric(median, Uniform(1, StreamTries, i, 0))
			if tries < 1 {
				t.Fatalf("%d tries", tries)
			}
			if tries <= median {
				atMost++
			}
			if tries < median {
				under++
			}
		}
		if p := float64(atMost) / n; math.Abs(p-0.5) > 0.012 {
			t.Errorf("median %d: P(tries ≤ %d) = %v, want 0.5", median, median, p)
		}
		want := 1 - math.Exp2(-float64(median-1)/float64(median))
		if p := float64(under) / n; math.Abs(p-want) > 0.012 {
			t.Errorf("median %d: P(tries < %d) = %v, want %v", median, median, p, want)
		}
	}
	for _, tc := range []struct {
		median int
		u      float64
		want   int
	}{{1, 0.001, 1}, {0, 0.5, 1}, {-3, 0.5, 1}, {6, 0, 6000}, {6, 1, 1}, {6, math.NaN(), 1}, {6, 0.5, 6}} {
		if got := Geometric(tc.median, tc.u); got != tc.want {
			t.Errorf("Geometric(%d, %v) = %d, want %d", tc.median, tc.u, got, tc.want)
		}
	}
}
