package report

import (
	"math"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// A uniform storm of N people over D seconds before a capacity C makes the last
// one wait N/C - D: with a limit T on the p-th percentile the largest one is
// known to the fluid model, N = C(D + T/p) where chance is small.
func TestPredictUniformStorm(t *testing.T) {
	const capacity, seconds, limit, p = 2000.0, 300, 9.0, 0.95
	curve := make([]float64, seconds)
	for i := range curve {
		curve[i] = 1000
	}
	got := PredictStorm(Prediction{
		Arrivals: curve, PeakTo: seconds, Settings: results.Settings{Limit: limit * time.Second, Quantile: p},
		Saturation: stats.Estimate{Value: capacity, Interval: stats.Interval{Lo: 0.99 * capacity, Hi: 1.01 * capacity}, Sure: true},
	})
	// wait of who comes at t is (f-1)t, f = N/(CD): the p-quantile is (f-1)pD = T
	want := capacity * (1 + limit/(p*seconds)) / 1000
	if math.Abs(got.Value/want-1) > 0.02 {
		t.Errorf("factor %.4f, want %.4f", got.Value, want)
	}
	if !(got.Lo < got.Value && got.Value < got.Hi) || got.Hi/got.Lo > 1.03 {
		t.Errorf("interval %v around %.4f", got.Interval, got.Value)
	}
}

// Steps that queue for the same servers wait longer in a growing backlog, so a
// smaller storm is the largest that holds.
func TestPredictSharedServers(t *testing.T) {
	curve := make([]float64, 300)
	for i := range curve {
		curve[i] = 1000
	}
	p := Prediction{
		Arrivals: curve, PeakTo: 300, Settings: results.Settings{Limit: 9 * time.Second, Quantile: 0.95},
		Saturation: stats.Estimate{Value: 2000, Interval: stats.Interval{Lo: 1990, Hi: 2010}, Sure: true},
		Overload:   stats.Estimate{Value: 1990, Interval: stats.Interval{Lo: 1980, Hi: 2000}, Sure: true},
		Rest:       results.Rest{Time: 0.1, Weights: []float64{1, 1, 1}},
	}
	own := PredictStorm(p)
	p.Overload.Value = 1700
	if shared := PredictStorm(p); shared.Value >= own.Value {
		t.Errorf("with shared servers %.4f, with own ones %.4f", shared.Value, own.Value)
	}
}
