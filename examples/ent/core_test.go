package ent

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func plantOf(c Capacity) *plant {
	def(&c.Queue, 1<<20)
	return newPlant(c, 1)
}

// do waits for the service of one unit, as a request does.
func (p *plant) do(ctx context.Context) error {
	done := make(chan struct{})
	j := &job{over: func() { close(done) }}
	if waits, err := p.enter(j, ClassLogin, 1, time.Time{}); !waits {
		return err
	}
	select {
	case <-done:
		return j.err
	case <-ctx.Done():
		p.abandon(j)
		return ctx.Err()
	}
}

// add puts a job in without waiting for it.
func (p *plant) add() error {
	_, err := p.enter(&job{over: func() {}}, ClassLogin, 1, time.Time{})
	return err
}

// gaps draws the gaps of a Poisson stream.
func gaps(rate float64, seed uint64) work { return newWork(span(1/rate), 1, seed, 0) }

func TestThroughputIsExact(t *testing.T) {
	for _, c := range []Capacity{
		{Workers: 1, Service: 2 * time.Millisecond},
		{Workers: 7, Service: 35 * time.Millisecond},
		{Workers: 64, Service: 50 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, start := plantOf(c), time.Now()
			const n = 5000
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() {
					if err := w.do(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			want := time.Duration((n+c.Workers-1)/c.Workers) * c.Service
			if got := time.Since(start); got != want {
				t.Errorf("%d requests on %d workers of %v took %v, want %v", n, c.Workers, c.Service, got, want)
			}
		})
	}
}

func TestServiceTimesHaveTheirMeanAndVariance(t *testing.T) {
	for _, cv2 := range []float64{0, 1, 4, 25} {
		w := newWork(time.Second, cv2, 1, 0)
		const n = 400_000
		var sum, squares float64
		for range n {
			s := w.draw(2).Seconds()
			sum, squares = sum+s, squares+s*s
		}
		mean := sum / n
		got := squares/n/mean/mean - 1
		if math.Abs(mean-2) > 0.05 || math.Abs(got-cv2) > 0.05*cv2+1e-9 {
			t.Errorf("CV²=%v: mean %.3f s (want 2), CV² %.3f", cv2, mean, got)
		}
	}
}

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := plantOf(Capacity{Workers: 3, Service: 10 * time.Millisecond})
		var order []int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				w.do(t.Context())
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
			})
		}
		wg.Wait()
		for i := range order {
			if d := order[i] - i; d < -2 || d > 2 { // three end at the same instant
				t.Fatalf("place %d went to request %d", i, order[i])
			}
		}
	})
}

func TestQueueLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := plantOf(Capacity{Workers: 2, Service: time.Second, Queue: 5})
		var full, served atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				switch err := w.do(t.Context()); {
				case err == nil:
					served.Add(1)
				case errors.Is(err, errFull):
					full.Add(1)
				}
			})
		}
		wg.Wait()
		if served.Load() != 7 || full.Load() != 13 {
			t.Errorf("served %d, refused %d; want 2 in service + 5 waiting, 13 refused", served.Load(), full.Load())
		}
	})
}

func TestWorkOfClientsWhoLeft(t *testing.T) {
	for _, tc := range []struct {
		zombie bool
		want   time.Duration // when the one who stays is served
	}{
		{false, 1500 * time.Millisecond}, // the worker is free at 0.5 s
		{true, 11 * time.Second},         // ten seconds of work for nobody first
	} {
		synctest.Test(t, func(t *testing.T) {
			w := plantOf(Capacity{Workers: 1, Service: time.Second, Zombie: tc.zombie})
			start := time.Now()
			ctx, leave := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer leave()
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					if err := w.do(ctx); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("a client who left got %v", err)
					}
				})
			}
			synctest.Wait()
			if n := w.inQueue(); n != 9 {
				t.Errorf("%d waiting, want 9", n)
			}
			wg.Go(func() {
				w.do(t.Context())
				if got := time.Since(start); got != tc.want {
					t.Errorf("zombie=%v: served after %v, want %v", tc.zombie, got, tc.want)
				}
			})
			wg.Wait()
		})
	}
}

// Against the closed forms: the mean wait of one worker with Poisson arrivals,
// and the probability of waiting with several.
func TestQueueingFormulas(t *testing.T) {
	const n = 200_000
	run := func(c Capacity, lambda float64) (mean time.Duration, waited float64) {
		synctest.Test(t, func(t *testing.T) {
			w, rnd := plantOf(c), gaps(lambda, 99)
			jobs, now := make([]*job, n), time.Duration(0)
			for i := range jobs { // the schedule alone, without a goroutine for each request
				now += rnd.draw(1)
				w.advance(now)
				jobs[i] = &job{}
				if err := w.put(jobs[i], w.stations[ClassLogin], 1, now); err != nil {
					t.Fatal(err)
				}
			}
			w.advance(now + time.Hour)
			var total time.Duration
			count := 0
			for _, j := range jobs {
				if wait := j.end - j.service - j.arrived; wait > 0 {
					count++
					total += wait
				}
			}
			mean, waited = total/n, float64(count)/n
		})
		return mean, waited
	}
	for _, cv2 := range []float64{0, 1, 4} {
		got, _ := run(Capacity{Workers: 1, Service: 10 * time.Millisecond, CV2: cv2}, 70)
		want, _ := MeanWaitMG1(10*time.Millisecond, 70, cv2)
		if r := got.Seconds() / want.Seconds(); math.Abs(r-1) > 0.06 {
			t.Errorf("M/G/1, CV²=%v: mean wait %v, want %v", cv2, got, want)
		}
	}
	_, got := run(Capacity{Workers: 8, Service: 100 * time.Millisecond, CV2: 1}, 64)
	if want := ErlangC(8, 6.4); math.Abs(got-want) > 0.02 {
		t.Errorf("M/M/8: %.3f wait, want %.3f", got, want)
	}
}

// K5: workers without a queue refuse what Erlang's first formula says, whatever
// the distribution of the service time.
func TestNoQueueIsErlangB(t *testing.T) {
	for _, cv2 := range []float64{0, 4} {
		synctest.Test(t, func(t *testing.T) {
			w := plantOf(Capacity{Workers: 10, Service: time.Second, CV2: cv2, Queue: -1})
			gaps := gaps(9, 5)
			const n = 60_000
			refused := 0
			for range n {
				time.Sleep(gaps.draw(1))
				if w.add() != nil {
					refused++
				}
			}
			if got, want := float64(refused)/n, ErlangB(10, 9); math.Abs(got-want) > 0.01 {
				t.Errorf("CV²=%v: %.3f refused, want %.3f", cv2, got, want)
			}
		})
	}
}

// K7: with zombie work and clients who refresh once, a backlog drains below
// C/(1+R) and grows above it, by λ(1+R)-C requests per second.
func TestZombieWorkHasAThreshold(t *testing.T) {
	const capacity, patience = 100.0, time.Second
	for _, tc := range []struct {
		x         float64
		refreshes int
	}{{0.8, 1}, {1.2, 1}, {0.9, 3}, {1.1, 3}} {
		x, refreshes := tc.x, tc.refreshes
		lambda := x * RetryThreshold(capacity, float64(refreshes))
		synctest.Test(t, func(t *testing.T) {
			w := plantOf(Capacity{Workers: 1, Service: time.Second / capacity, Zombie: true})
			for range 3000 { // the trigger
				w.add()
			}
			var wg sync.WaitGroup
			for i := range int(lambda * 30) {
				wg.Go(func() {
					time.Sleep(time.Duration(float64(i) / lambda * float64(time.Second)))
					for range 1 + refreshes {
						ctx, leave := context.WithTimeout(t.Context(), patience)
						err := w.do(ctx)
						leave()
						if err == nil {
							return
						}
					}
				})
			}
			time.Sleep(5 * time.Second)
			before := w.inQueue()
			time.Sleep(20 * time.Second)
			slope := float64(w.inQueue()-before) / 20 / capacity
			if want := RetrySlope(lambda, capacity, float64(refreshes)); math.Abs(slope-want) > 0.01 {
				t.Errorf("R=%d, at %.1f of the threshold: %.3f s/s, want %.3f", refreshes, x, slope, want)
			}
			wg.Wait()
		})
	}
}
