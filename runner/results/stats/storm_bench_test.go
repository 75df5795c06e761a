package stats

import "testing"

func BenchmarkLargestStorm(b *testing.B) {
	curve := bellCurve(1800, 45)
	for b.Loop() {
		LargestStorm(Storm{Arrivals: curve, Capacity: 400, Scatter: 2}, func(p *Passage) bool { return p.Within(3, 0, 1800) >= 0.95 })
	}
}
