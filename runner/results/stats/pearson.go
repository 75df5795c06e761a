package stats

import "math"

// Pearson is the product-moment correlation of two series of equal length, from -1
// to 1: Σ(x−x̄)(y−ȳ) ÷ √(Σ(x−x̄)²·Σ(y−ȳ)²). NaN with fewer than three pairs, with
// lengths that differ, or where one of the two does not change in its first nine digits:
// what is left then is rounding.
func Pearson(x, y []float64) float64 {
	if len(x) != len(y) || len(x) < 3 {
		return math.NaN()
	}
	mx, my := 0.0, 0.0
	for i := range x {
		mx, my = mx+x[i]/float64(len(x)), my+y[i]/float64(len(y))
	}
	xy, xx, yy := 0.0, 0.0, 0.0
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xy, xx, yy = xy+float64(dx*dy), xx+float64(dx*dx), yy+float64(dy*dy)
	}
	n := float64(len(x))
	if !(math.Sqrt(xx/n) > 1e-9*math.Abs(mx) && math.Sqrt(yy/n) > 1e-9*math.Abs(my)) {
		return math.NaN()
	}
	return max(-1, min(1, xy/math.Sqrt(xx*yy)))
}
