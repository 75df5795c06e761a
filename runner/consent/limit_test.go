package consent

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLimitUnderContention(t *testing.T) {
	for _, n := range []float64{1, 2, 3, 64, 1000} {
		l := newLimit(n, 1)
		for round := range 5 {
			now := time.Duration(round) * 2 * time.Second
			var granted atomic.Int64
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 500 {
						if l.take(now) {
							granted.Add(1)
						}
					}
				})
			}
			wg.Wait()
			if granted.Load() != int64(n) {
				t.Errorf("rate %v, round %d: %d granted", n, round, granted.Load())
			}
		}
	}
}

func TestLimitRates(t *testing.T) {
	for _, rate := range []float64{0.5, 1, 1.5, 7, 99.9, 5000, 50000} {
		l := newLimit(rate, 1)
		n, step := 0, 10*time.Microsecond
		if rate < 100 {
			step = time.Millisecond
		}
		span := 4 * time.Second
		for at := -2 * time.Second; at < 2*time.Second; at += step {
			for l.take(at) {
				n++
			}
		}
		want := rate * span.Seconds()
		if rate > 1 {
			want = math.Floor(rate) * span.Seconds() // whole grants in any second
		}
		if got := float64(n); got < want*0.98-1 || got > want+math.Ceil(rate) {
			t.Errorf("rate %v: %v in %v, want %v", rate, got, span, want)
		}
	}
	for _, none := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if newLimit(none, 1) != nil {
			t.Errorf("%v is a limit", none)
		}
	}
}

// TestWorkersTogether: whatever the number of workers, their clocks and the
// pattern of their wishes, no second sees more grants than the rate; and what
// equal shares give away is less than one grant a worker.
func TestWorkersTogether(t *testing.T) {
	const span, step = 7 * time.Second, 250 * time.Microsecond
	for _, rate := range []float64{0.4, 1, 1.5, 2, 7, 10.9, 15.99, 16, 17, 31, 99.9, 300, 1001.5} {
		for _, workers := range []int{1, 2, 3, 5, 7, 11, 16} {
			limits := make([]*limit, workers)
			for w := range limits {
				limits[w] = newLimit(rate, workers)
			}
			var granted []time.Duration
			for at := time.Duration(0); at < span; at += step {
				if at/(300*time.Millisecond)%2 == 1 && at/time.Second%2 == 1 {
					continue // wishes come in bursts
				}
				for w := range limits {
					skewed := at + time.Duration(w)*7777777*time.Nanosecond - time.Duration(w%3)*time.Second
					for limits[w].take(skewed) {
						granted = append(granted, at)
					}
				}
			}
			most := max(1, int(rate))
			for i := most; i < len(granted); i++ {
				if d := granted[i] - granted[i-most]; d < time.Second || rate < 1 && d < time.Duration(float64(time.Second)/rate) {
					t.Fatalf("rate %v, %d workers: %d grants within %v", rate, workers, most+1, d)
				}
			}
			if least := (most - (workers - 1)) * 5; int(rate) >= workers && len(granted) < least {
				t.Errorf("rate %v, %d workers: %d grants in %v, want %d at least", rate, workers, len(granted), span, least)
			}
			if why, _ := tooFew(rate, 0, workers); (why != "") != (workers > 1 && len(granted) == 0) {
				t.Errorf("rate %v, %d workers: %d granted, said %q", rate, workers, len(granted), why)
			}
		}
	}
}

func BenchmarkTake(b *testing.B) {
	l := newLimit(1e6, 1)
	var now atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			l.take(time.Duration(now.Add(5000)))
		}
	})
}
