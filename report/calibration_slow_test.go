//go:build slow

package report

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// TestVerdictsAreCalibratedOnMoreQueues finds what each queue holds, then judges
// it with seeds of its own.
func TestVerdictsAreCalibratedOnMoreQueues(t *testing.T) {
	for i, c := range []calibration{
		calibrate("M/M/4, 40/s, 2 s", queue{servers: 4, mean: 0.1}, 2),
		calibrate("M/M/3, 30/s, 3 s", queue{servers: 3, mean: 0.1}, 3),
		calibrate("M/M/8, 100/s, 3 s", queue{servers: 8, mean: 0.08}, 3),
		calibrate("M/M/4, 100/s, 1 s", queue{servers: 4, mean: 0.04}, 1),
		calibrate("M/M/16, 400/s, 3 s", queue{servers: 16, mean: 0.04}, 3),
		calibrate("M/D/10, 100/s, 2 s", queue{servers: 10, mean: 0.1, draw: service(0)}, 2),
		calibrate("H2/10, 100/s, 2 s", queue{servers: 10, mean: 0.1, draw: service(4)}, 2),
		calibrate("H2/4, 100/s, 0.8 s", queue{servers: 4, mean: 0.04, draw: service(4)}, 0.8),
	} {
		c.held = c.rateHeld(100)
		c.check(t, uint64(1+1000*i))
	}
}

// TestVerdictsAreCalibratedOnDrawnQueues draws queues nobody tuned the judge to.
// FIRSTBELL_SEED draws others.
func TestVerdictsAreCalibratedOnDrawnQueues(t *testing.T) {
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("FIRSTBELL_SEED"), "1"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("FIRSTBELL_SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 9))
	for i := range 6 {
		c := drawn(r)
		c.held = c.rateHeld(int(min(100, max(12, 1e6/(c.q.capacity()*float64(c.length))))))
		c.check(t, 1000*seed+uint64(100*i))
	}
}

// drawn is a queue of 1 to 64 servers that serves 30 to 2,000 a second, of a
// squared variation v from 0 to 4, and a limit of 20 services and more, of which
// a plateau can tell 0.90 from 1.03 of what it holds. It cannot of a queue whose
//
//   - limit is too short for its scatter: it then keeps 1.5·(1+v) ÷ (C·T) of
//     its capacity free (the steady wait of heavy traffic), over a tenth where
//     C·T < 15·(1+v), so that its waits change slowly with the load: one server
//     of v = 4 at 100/s for 0.2 s is met at 0.90 and not at 1.10 by about half of
//     its plateaus, and by none wrongly;
//   - services are too few: the capacity is known to √((1+v) ÷ (C·L)), and the
//     13 % between the two must be eight times that, C·L ≥ 4,400·(1+v). With five
//     times (4 servers of v = 4 at 30/s) about five in a hundred at 1.03 have an
//     idle four minutes.
func drawn(r *rand.Rand) calibration {
	for {
		capacity, servers := 30*math.Pow(2000/30., r.Float64()), int(math.Pow(64.99, r.Float64()))
		v := []float64{0, 1, 4, r.Float64(), 4 * r.Float64()}[r.IntN(5)]
		mean := float64(servers) / capacity
		limit := 20 * mean * (1 + 3*r.Float64())
		name := fmt.Sprintf("%d servers, squared variation %.2f, %.2f s", servers, v, limit)
		c := calibrate(name, queue{servers: servers, mean: mean, draw: service(v)}, limit)
		if limit > 0.3 && limit < 12 && capacity*limit >= 15*(1+v) && capacity*float64(c.length) >= 4400*(1+v) {
			return c
		}
	}
}

// service draws services of mean 1 and squared variation v: a constant and an
// exponential part up to 1, hyperexponential with balanced means above.
func service(v float64) func(*rand.Rand) float64 {
	if v <= 1 {
		part := math.Sqrt(v)
		return func(r *rand.Rand) float64 { return 1 - part + part*r.ExpFloat64() }
	}
	p := (1 + math.Sqrt((v-1)/(v+1))) / 2
	return func(r *rand.Rand) float64 {
		if r.Float64() < p {
			return r.ExpFloat64() / (2 * p)
		}
		return r.ExpFloat64() / (2 * (1 - p))
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
