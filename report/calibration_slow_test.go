//go:build slow

package report

import (
	"math/rand/v2"
	"testing"
)

// TestVerdictsAreCalibratedOnMoreQueues finds what each queue holds, then judges
// it with seeds of its own.
func TestVerdictsAreCalibratedOnMoreQueues(t *testing.T) {
	always := func(*rand.Rand) float64 { return 1 }
	for i, c := range []calibration{
		calibrate("M/M/4, 40/s, 2 s", queue{servers: 4, mean: 0.1}, 2),
		calibrate("M/M/3, 30/s, 3 s", queue{servers: 3, mean: 0.1}, 3),
		calibrate("M/M/8, 100/s, 3 s", queue{servers: 8, mean: 0.08}, 3),
		calibrate("M/M/4, 100/s, 1 s", queue{servers: 4, mean: 0.04}, 1),
		calibrate("M/M/16, 400/s, 3 s", queue{servers: 16, mean: 0.04}, 3),
		calibrate("M/D/10, 100/s, 2 s", queue{servers: 10, mean: 0.1, draw: always}, 2),
		calibrate("H2/10, 100/s, 2 s", queue{servers: 10, mean: 0.1, draw: hyper}, 2),
	} {
		c.held = c.rateHeld(100)
		c.check(t, uint64(1+1000*i))
	}
}

// rateHeld finds the true rate a queue holds for a plateau's length: the one at
// which 5 % of its people need longer than the limit, over many seeds.
func (c calibration) rateHeld(seeds int) float64 {
	over := func(rate float64) float64 {
		k, n := 0, 0
		for seed := range seeds {
			came, left := c.q.play(rate, float64(c.warmup+c.length), uint64(1000+seed))
			for i := range came {
				if came[i] >= float64(c.warmup) {
					n++
					if left[i]-came[i] > c.limit {
						k++
					}
				}
			}
		}
		return float64(k) / float64(n)
	}
	lo, hi := 0.5*c.q.capacity(), 1.5*c.q.capacity()
	for range 9 {
		if mid := (lo + hi) / 2; over(mid) > 0.05 {
			hi = mid
		} else {
			lo = mid
		}
	}
	return (lo + hi) / 2
}

// hyper is a hyperexponential draw of mean 1 and squared variation 4.
func hyper(r *rand.Rand) float64 {
	const p = 0.1127 // balanced means
	if r.Float64() < p {
		return r.ExpFloat64() / (2 * p)
	}
	return r.ExpFloat64() / (2 * (1 - p))
}
