package svg

import "math"

// Scale turns a value into a coordinate.
type Scale interface{ At(v float64) float64 }

// Linear maps the values From…To onto the coordinates A…B.
type Linear struct{ From, To, A, B float64 }

// At never leaves A…B; NaN is A.
func (s Linear) At(v float64) float64 { return between(s.A, s.B, part(v, s.From, s.To)) }

// Ticks are about n round values from From to To.
func (s Linear) Ticks(n int) []float64 {
	if n < 1 || s.To <= s.From {
		return nil
	}
	step := Nice((s.To - s.From) / float64(n))
	var out []float64
	for k := math.Ceil(s.From / step); k*step <= s.To*(1+1e-12); k++ {
		out = append(out, k*step)
	}
	return out
}

// Nice is the smallest of 1, 2, 5 × a power of ten that is at least v.
func Nice(v float64) float64 {
	if v <= 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 1
	}
	ten := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*ten >= v*(1-1e-9) {
			return m * ten
		}
	}
	return 10 * ten
}

// Log maps From…To, both above 0, onto A…B by their logarithm.
type Log struct{ From, To, A, B float64 }

// At puts 0 and below at A and +Inf at B.
func (s Log) At(v float64) float64 {
	if !(v > 0) {
		return s.A
	}
	return between(s.A, s.B, part(math.Log(v), math.Log(s.From), math.Log(s.To)))
}

// Ticks are 1 and 3 × the powers of ten of the domain.
func (s Log) Ticks() []float64 {
	var out []float64
	for e := math.Floor(math.Log10(s.From)); e <= math.Ceil(math.Log10(s.To)); e++ {
		for _, m := range []float64{1, 3} {
			if v := m * math.Pow(10, e); v >= s.From*(1-1e-9) && v <= s.To*(1+1e-9) {
				out = append(out, v)
			}
		}
	}
	return out
}

// Clock maps seconds since midnight onto A…B.
type Clock struct {
	From, To int
	A, B     float64
}

func (s Clock) At(v float64) float64 {
	return between(s.A, s.B, part(v, float64(s.From), float64(s.To)))
}

// Ticks are at most n round instants of the domain.
func (s Clock) Ticks(n int) []int {
	steps := []int{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400}
	for _, step := range steps {
		first := ceilTo(s.From, step)
		if count := (s.To-first)/step + 1; count > n && step != steps[len(steps)-1] {
			continue
		}
		var out []int
		for t := first; t <= s.To && len(out) < n; t += step {
			out = append(out, t)
		}
		return out
	}
	return nil
}

func ceilTo(v, step int) int {
	r := ((v % step) + step) % step
	if r == 0 {
		return v
	}
	return v + step - r
}

// Nines maps shares 0…1 by log10(1/(1−p)), so that 90, 99 and 99.9 % lie one
// step apart; Most is the greatest share of the domain.
type Nines struct{ Most, A, B float64 }

func (s Nines) At(p float64) float64 {
	return between(s.A, s.B, part(nines(p), 0, nines(s.Most)))
}

func nines(p float64) float64 {
	if p <= 0 {
		return 0
	}
	return -math.Log10(1 - p)
}

// part is where v lies between from and to, 0…1; NaN is 0.
func part(v, from, to float64) float64 {
	if to == from {
		return 0
	}
	p := (v - from) / (to - from)
	if !(p > 0) {
		return 0
	}
	return min(p, 1)
}

func between(a, b, p float64) float64 { return a + (b-a)*p }
