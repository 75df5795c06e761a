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
		l := newLimit(n)
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
		l := newLimit(rate)
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
		if got := float64(n); got < want*0.98-1 || got > want+math.Ceil(rate) {
			t.Errorf("rate %v: %v in %v, want %v", rate, got, span, want)
		}
	}
	for _, none := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if newLimit(none) != nil {
			t.Errorf("%v is a limit", none)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	l := newLimit(1e6)
	var now atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			l.take(time.Duration(now.Add(5000)))
		}
	})
}
