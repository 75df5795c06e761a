package stats

import (
	"math"
	"testing"
)

func TestLengthsOfAPlateau(t *testing.T) {
	for _, tc := range []struct {
		what                 string
		got, want, tolerance float64
	}{
		// Bias of M/M/16 with T = 3 s, p95, formula and simulation.
		{"bias at 30 s", PlateauBias(3, 0.95, 30), 0.105, 0.0005},
		{"bias at 300 s", PlateauBias(3, 0.95, 300), 0.0105, 0.0001},
		{"no limit", PlateauBias(0, 0.95, 30), 0, 0},
		{"no length", PlateauBias(3, 0.95, 0), math.Inf(1), 0},
		{"no quantile", PlateauBias(3, math.NaN(), 30), math.Inf(1), 0},
		{"relaxation at 0.9 of 400/s", Relaxation(400, 0.9), 0.949, 0.001},
		{"relaxation at 0.95 of 400/s", Relaxation(400, 0.95), 3.9, 0.01},
		{"relaxation at the limit of p95 ≤ 1 s", Relaxation(400, 396.9/400), 167, 2},
		{"idle", Relaxation(400, 0), 1.0 / 400, 1e-15},
		{"full", Relaxation(400, 1), math.Inf(1), 0},
		{"no capacity", Relaxation(0, 0.5), math.Inf(1), 0},
		{"steady rate", SteadyRate(400, 1, 0.95), 397.0, 0.01},
		{"steady rate that cannot be", SteadyRate(1, 0.1, 0.95), 0, 0},
		{"plateau, T 3 s", PlateauLength(3, 0.95, 400), 127, 0},
		{"plateau, T 1 s", PlateauLength(1, 0.95, 0), 60, 0},
		{"plateau, slow target", PlateauLength(1, 0.95, 100), 380, 0},
		{"plateau, absurd", PlateauLength(1, 0, 100), day, 0},
		{"plateau, no limit", PlateauLength(math.NaN(), 0.95, 0), 60, 0},
		{"warm-up", Warmup(400), 10, 0},
		{"warm-up, slow target", Warmup(100), 38, 0},
		{"warm-up, unknown", Warmup(0), 10, 0},
		{"warm-up, absurd", Warmup(1e-300), day, 0},
	} {
		if tc.got != tc.want && !(math.Abs(tc.got-tc.want) <= tc.tolerance) {
			t.Errorf("%s: %v, want %v ± %v", tc.what, tc.got, tc.want, tc.tolerance)
		}
	}
}

func TestBatches(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, tc := range []struct {
		length, tau float64
		want        Batching
	}{
		{300, 0.3, Batching{30, 10, false}},
		{300, 0.95, Batching{30, 10, false}}, // 31 of 9.5 s would fit
		{300, 2, Batching{15, 20, false}},
		{300, 3.9, Batching{10, 30, true}}, // 7.7 tau
		{60, 0.95, Batching{10, 6, true}},
		{60.9, 0, Batching{30, 2, false}},
		{7, 0.1, Batching{7, 1, true}},
		{0.5, 0.1, Batching{0, 0, true}},
		{60, inf, Batching{10, 6, true}},
		{60, nan, Batching{10, 6, true}},
		{nan, 1, Batching{0, 0, true}},
		{inf, 1, Batching{30, 2880, false}},
	} {
		if got := Batches(tc.length, tc.tau); got != tc.want {
			t.Errorf("Batches(%v, %v) = %+v, want %+v", tc.length, tc.tau, got, tc.want)
		}
	}
}
