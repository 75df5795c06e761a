package stats

import "math"

// Slope is how much a series of values, one every width seconds, rises per
// second: ordinary least squares on time, with Student's interval on two degrees
// of freedom less than there are values. Values should be means of batches long
// enough to be nearly independent; the interval knows nothing of their memory.
// Values that are not finite are left out. It is not sure with fewer than three.
func Slope(values []float64, width float64) Estimate {
	var n, meanT, meanV float64
	for i, v := range values {
		if finite(v) {
			n++
			meanT += (float64(i) - meanT) / n
			meanV += (v - meanV) / n
		}
	}
	if n < 2 || !(width > 0) {
		return unsure(math.NaN())
	}
	var tt, tv, vv float64
	for i, v := range values {
		if !finite(v) {
			continue
		}
		dt, dv := (float64(i)-meanT)*width, v-meanV
		tt += float64(dt * dt)
		tv += float64(dt * dv)
		vv += float64(dv * dv)
	}
	slope := tv / tt
	if n < 3 {
		return unsure(slope)
	}
	left := math.Max(0, vv-float64(slope*tv)) // squares that the line leaves
	half := float64(StudentQuantile(0.975, n-2) * math.Sqrt(left/(n-2)/tt))
	return Estimate{slope, Interval{slope - half, slope + half}, true}
}

// Together is one estimate from several independent measurements of the same
// thing (seeds): their mean and its interval from theirs. Where they differ by
// more than their intervals explain (Cochran's Q beyond its 95 % point, by the
// normal approximation) the interval is at least what they differ by, [Mean]'s.
// With one it is that one. Estimates that are not finite are left out; it is not
// sure with none.
func Together(all []Estimate) Estimate {
	var kept []Estimate
	var values []float64
	var squares float64
	for _, e := range all {
		if finite(e.Value) && finite(e.Lo) && finite(e.Hi) {
			half := (e.Hi - e.Lo) / 2
			kept, values, squares = append(kept, e), append(values, e.Value), squares+float64(half*half)
		}
	}
	n, mean, spread := moments(values)
	switch n {
	case 0:
		return unsure(math.NaN())
	case 1:
		kept[0].Sure = true
		return kept[0]
	}
	half := math.Sqrt(squares) / float64(n)
	expected := squares / float64(n) / (Z95 * Z95) // variance of one of them
	freedom := float64(n - 1)
	if spread > expected*(freedom+2*math.Sqrt(2*freedom)) {
		m := Mean(values)
		half = math.Max(half, (m.Hi-m.Lo)/2)
	}
	return Estimate{mean, Interval{mean - half, mean + half}, true}
}
