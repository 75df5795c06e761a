package report

import (
	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// Prediction is what the size of the largest storm held is predicted from.
type Prediction struct {
	// Arrivals are the people of the scenario's own storm due in each second of
	// the played window; PeakFrom and PeakTo bound the judged seconds in it.
	Arrivals         []float64
	PeakFrom, PeakTo int
	// Saturation is the capacity the search read, Overload the goodput in the
	// deepest overload it saw.
	Saturation, Overload stats.Estimate
	// Rest is the target without a queue.
	Rest     results.Rest
	Settings results.Settings
}

// collapses is the share of the saturation below which the goodput of an
// overload shows that the steps of a login wait for the same servers.
const collapses = 0.97

// StormFormula names the model, for the report.
const StormFormula = "B(t+dt) = max(0, B + N·dF − C·dt); wait = B ÷ C"

// PredictStorm is the largest storm that should hold, as a factor of the
// scenario's own, with the interval that the capacity's gives: the fluid model
// of [stats.Storm] over the scenario's arrival curve, judged by the time
// criterion in the peak window. People are patient in it, nobody refreshes.
// Where the goodput falls in overload all steps queue for the same servers, and
// somebody on the way to class queues once for each of them.
func PredictStorm(p Prediction) stats.Estimate {
	s := p.storm()
	limit := p.Settings.Limit.Seconds()
	return stats.LargestStormOf(s, p.Saturation, func(m *stats.Passage) bool {
		return m.Within(limit, p.PeakFrom, p.PeakTo) >= p.Settings.Quantile
	})
}

// storm is the scenario's own storm before the capacity measured.
func (p Prediction) storm() stats.Storm {
	s := stats.Storm{Arrivals: p.Arrivals, Capacity: p.Saturation.Value, Base: p.Rest.Time, Scatter: 2, Seed: 1}
	if p.Overload.Sure && p.Overload.Value < collapses*p.Saturation.Value {
		s.Visits = p.Rest.Weights
	}
	return s
}
