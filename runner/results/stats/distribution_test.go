package stats

import (
	"math"
	"testing"
)

func TestStudentQuantile(t *testing.T) {
	// The table this package also keeps for the design effect of few blocks.
	for freedom := leastFreedom; freedom < len(student); freedom++ {
		near(t, "t at 97.5 %", StudentQuantile(0.975, float64(freedom)), student[freedom], 0.00006)
	}
	near(t, "1 degree", StudentQuantile(0.975, 1), 12.7062, 0.0001)
	near(t, "below the middle", StudentQuantile(0.05, 10), -1.8125, 0.0001)
	near(t, "middle", StudentQuantile(0.5, 7), 0, 1e-7)
	near(t, "many degrees", StudentQuantile(0.975, 1e6), Z95, 1e-5)
	near(t, "endless degrees", StudentQuantile(0.975, math.Inf(1)), Z95, 1e-12)
	for _, bad := range [][2]float64{{0.5, 0}, {0.5, -1}, {1.5, 3}, {math.NaN(), 3}, {0.5, math.NaN()}} {
		if got := StudentQuantile(bad[0], bad[1]); !math.IsNaN(got) {
			t.Errorf("StudentQuantile(%v, %v) = %v, want NaN", bad[0], bad[1], got)
		}
	}
}

func TestNormal(t *testing.T) {
	near(t, "97.5 %", NormalQuantile(0.975), Z95, 1e-12)
	near(t, "1e-6", NormalQuantile(1e-6), -4.753424, 1e-6)
	near(t, "tail", NormalTail(Z95), 0.025, 1e-12)
	near(t, "far tail", NormalTail(6), 9.8659e-10, 1e-13)
}

func TestBinomialTail(t *testing.T) {
	for _, tc := range []struct {
		k, n uint64
		p    float64
	}{{1, 10, 0.1}, {3, 10, 0.5}, {10, 10, 0.9}, {7, 40, 0.05}, {30, 40, 0.8}} {
		var want float64
		for k := tc.k; k <= tc.n; k++ {
			choose := logGamma(float64(tc.n)+1) - logGamma(float64(k)+1) - logGamma(float64(tc.n-k)+1)
			want += math.Exp(choose + float64(k)*math.Log(tc.p) + float64(tc.n-k)*math.Log1p(-tc.p))
		}
		near(t, "tail", BinomialTail(tc.k, tc.n, tc.p), want, 1e-12)
	}
	near(t, "many", BinomialTail(50_500, 1_000_000, 0.05), NormalTail((50_499.5-50_000)/math.Sqrt(47_500)), 1e-3)
	for _, tc := range []struct {
		k, n uint64
		p    float64
		want float64
	}{{0, 5, 0.3, 1}, {6, 5, 0.3, 0}, {3, 5, 0, 0}, {3, 5, 1, 1}, {3, 5, math.NaN(), 0}} {
		near(t, "edge", BinomialTail(tc.k, tc.n, tc.p), tc.want, 0)
	}
}
