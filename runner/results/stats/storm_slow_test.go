//go:build slow

package stats

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestLargestStormOfMore is K12 over more curves and seeds.
func TestLargestStormOfMore(t *testing.T) {
	cases := []largestCase{
		{"bell", bellCurve(600, 45), 400, 3, []float64{1}},
		{"flat, tight", slices.Repeat([]float64{1}, 300), 150, 1.5, []float64{1}},
		{"two bells", twoBells(900), 250, 3, []float64{1}},
		{"three visits", bellCurve(300, 15), 250, 5, []float64{0.1, 1, 0.3}},
	}
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(13, seed))
		cases = append(cases, largestCase{"classes", batchCurve(r, 600), 100 + 500*r.Float64(), 1 + 4*r.Float64(), []float64{1}})
	}
	checkLargest(t, cases)
}

func twoBells(seconds int) []float64 {
	out := bellCurve(seconds, 20)
	for i := range out {
		out[i] += 0.4/float64(seconds) + 0.7*out[max(0, i-seconds/2)]
	}
	return out
}
