package report

import (
	"fmt"
	"math"
	"math/big"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// onTime is the one criterion of these tests: p(q) of time to class.
func onTime(q *big.Rat, limit float64) *scenarios.Scenario {
	sc := &scenarios.Scenario{}
	sc.Criteria.InTime = time.Duration(limit * float64(time.Second))
	sc.Criteria.List = []scenarios.Criterion{{
		ID: "time_to_class", Metric: scenarios.MetricTimeToClass, Quantile: q, Op: "<",
		Time: sc.Criteria.InTime, Severity: scenarios.Blocking,
	}}
	return sc
}

// calibration is a queue and the plateaus that a search plays on it.
type calibration struct {
	name           string
	q              queue
	limit          float64
	warmup, length int
	held           float64 // what it really holds, of rateHeld
}

// calibrate asks p95 < limit seconds of a queue, on plateaus of the search's own
// lengths: they follow from the limit and from what the queue serves.
func calibrate(name string, q queue, limit float64) calibration {
	length := min(stats.PlateauLength(limit, 0.95, q.capacity()), stats.LongestPlateau)
	return calibration{name: name, q: q, limit: limit,
		warmup: int(stats.WarmupWithin(q.capacity(), length, 0)), length: int(math.Round(length/10) * 10)}
}

// read plays 100 plateaus at a share of the rate held and counts the readings.
func (c calibration) read(share float64, first uint64) (met, undecided, not int) {
	sc := onTime(big.NewRat(95, 100), c.limit)
	for seed := range uint64(100) {
		s := c.q.plateauOf(share*c.held, c.warmup, c.length, c.limit, 60, first+seed)
		switch JudgeTrial(s, sc).State {
		case results.StateMet:
			met++
		case results.StateNotMet:
			not++
		default:
			undecided++
		}
	}
	return met, undecided, not
}

// check is K14: at 0.90 of the rate held at least 95 of 100 plateaus are met, at
// 1.10 at least 95 are not, and at most one at any load is on the wrong side.
func (c calibration) check(t *testing.T, first uint64) {
	t.Helper()
	const least, wrong = 95, 1
	table := fmt.Sprintf("%s: holds %.1f/s for %d s, serves %.1f/s\n", c.name, c.held, c.length, c.q.capacity())
	for _, share := range []float64{0.9, 0.97, 1, 1.03, 1.1} {
		met, undecided, not := c.read(share, first)
		table += fmt.Sprintf("  %.2f: met %3d, undecided %3d, not met %3d\n", share, met, undecided, not)
		switch {
		case share < 1 && not > wrong, share > 1 && met > wrong:
			t.Errorf("%s: %d met and %d not met at %.2f of the rate held", c.name, met, not, share)
		case share == 0.9 && met < least:
			t.Errorf("%s: only %d met at 0.90", c.name, met)
		case share == 1.1 && not < least:
			t.Errorf("%s: only %d not met at 1.10", c.name, not)
		}
	}
	t.Log(table)
}

// TestVerdictsAreCalibrated plays small queues, which scatter most. The rates
// held are rateHeld's of 1,000 seeds; the slow suite finds them anew, for more
// queues.
func TestVerdictsAreCalibrated(t *testing.T) {
	four := calibrate("M/M/4, 40/s, 2 s", queue{servers: 4, mean: 0.1}, 2)
	four.held = 38.48
	four.check(t, 1)
	three := calibrate("M/M/3, 30/s, 3 s", queue{servers: 3, mean: 0.1}, 3)
	three.held = 29.03
	three.check(t, 1)
}
