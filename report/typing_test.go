package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// typists is a scenario of two kinds of people: most type their password after a
// log-normal pause, the others click twice after fixed ones.
func typists(median, p95 time.Duration) *scenarios.Scenario {
	fixed := &scenarios.Think{Median: 3 * time.Second, P95: 3 * time.Second}
	return &scenarios.Scenario{
		Population: []scenarios.Cohort{{Persona: "slow", People: 900, ShowUp: 1}, {Persona: "steady", People: 200, ShowUp: 0.5}},
		Personas: []scenarios.Persona{
			{ID: "slow", Think: scenarios.Think{Median: median, P95: p95}, Journeys: []scenarios.Share{{Index: 0, Part: 1}}},
			{ID: "steady", Journeys: []scenarios.Share{{Index: 1, Part: 1}}},
		},
		Journeys: []scenarios.Journey{
			{Steps: []scenarios.Step{{}, {InClass: true}}},
			{Steps: []scenarios.Step{{}, {Pause: fixed}, {Pause: fixed, InClass: true}}},
		},
	}
}

// lastOf draws when the last of a morning has typed, the last of them hurried.
func lastOf(rnd *rand.Rand, curve []float64, median, p95 time.Duration, p *results.Plan) float64 {
	end := float64(len(curve))
	from, to := p.LastClicks(time.Duration(end) * time.Second)
	sigma, last := math.Log(p95.Seconds()/median.Seconds())/1.645, 0.0
	for second, n := range curve {
		for range int(n) {
			at, own := float64(second)+rnd.Float64(), 6.0
			if rnd.Float64() < 0.9 {
				own = median.Seconds() * math.Exp(sigma*rnd.NormFloat64())
			}
			hurry := from.Seconds() + rnd.Float64()*(to-from).Seconds()
			last = math.Max(last, math.Min(at+own, math.Max(hurry, at)))
		}
	}
	return last
}

// TestLastClick: when the last one has typed, against the median of mornings drawn
// one by one, for people who are hurried and for people who need not be.
func TestLastClick(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 8))
	for _, row := range []struct{ median, p95, drain time.Duration }{
		{8 * time.Second, 30 * time.Second, time.Minute},
		{8 * time.Second, 45 * time.Second, 5 * time.Minute},
		{2 * time.Second, 4 * time.Second, time.Minute},
		{time.Second, 2 * time.Minute, time.Hour},
	} {
		curve, p := make([]float64, 150), &results.Plan{Drain: row.drain}
		for i := range curve {
			curve[i] = 40
		}
		x := newSession(&results.Dossier{}, typists(row.median, row.p95))
		from, to := p.LastClicks(0)
		x.curve, x.typing = curve, span{int(from / time.Second), int(to / time.Second)}
		var drawn []float64
		for range 101 {
			drawn = append(drawn, lastOf(rnd, curve, row.median, row.p95, p))
		}
		slices.Sort(drawn)
		if got, want := x.lastClick(), drawn[50]; math.Abs(got-want) > 1+0.02*want {
			t.Errorf("%v, %v, drain %v: %v s, drawn %v s", row.median, row.p95, row.drain, got, want)
		}
	}
}
