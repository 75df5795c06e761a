package stats

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"
)

// Size is the capacity measured with so many nodes.
type Size struct {
	Nodes float64
	Rate  Estimate
}

// Scaling is the universal scalability law fitted to capacities of several sizes
// (Gunther, "Guerrilla Capacity Planning", 2007):
//
//	X(N) = λN ÷ (1 + σ(N-1) + κN(N-1))
type Scaling struct {
	Lambda float64 // rate of one node
	Sigma  float64 // share of the work that waits for others
	Kappa  float64 // cost of nodes agreeing, per pair
	sizes  []Size
	noise  float64 // relative standard deviation of one capacity
	seed   uint64
}

// LeastSizes is how many different sizes [FitUSL] needs.
const LeastSizes = 4

// Limits of [FitUSL].
const (
	mostSizes   = 1000
	mostStretch = 2 // times the largest size measured
	uslDraws    = 500
	// leastScatter is how well a capacity can be measured again, relatively.
	leastScatter = 0.01
)

// FitUSL fits the law to at least 4 different sizes by least squares of relative
// deviations, σ and κ not under 0; N÷X is a linear function of 1÷λ, σ÷λ and κ÷λ,
// so that nothing has to be searched. seed is that of the intervals. ok is false
// with fewer sizes, or where no λ above 0 fits.
func FitUSL(sizes []Size, seed uint64) (law Scaling, ok bool) {
	var used []Size
	var nodes []float64
	for _, s := range sizes {
		if s.Nodes > 0 && s.Rate.Value > 0 && finite(s.Nodes) && finite(s.Rate.Value) && len(used) < mostSizes {
			used = append(used, s)
			nodes = append(nodes, s.Nodes)
		}
	}
	slices.Sort(nodes)
	if len(slices.Compact(nodes)) < LeastSizes {
		return Scaling{}, false
	}
	rates := make([]float64, len(used))
	for i, s := range used {
		rates[i] = s.Rate.Value
	}
	law, ok = fitUSL(used, rates)
	if !ok {
		return Scaling{}, false
	}
	law.sizes, law.seed = used, seed
	law.noise = law.scatter()
	return law, true
}

// At is the law's rate with so many nodes.
func (l Scaling) At(nodes float64) float64 {
	return float64(l.Lambda*nodes) / (1 + float64(l.Sigma*(nodes-1)) + float64(l.Kappa*float64(nodes*(nodes-1))))
}

// scatter is the relative standard deviation of one measured capacity: what the
// intervals of the capacities say and what the law leaves over, on 3 degrees of
// freedom less than there are capacities, as if the one came on top of the other;
// with four sizes what is left over is too little by chance too often to be alone.
func (l Scaling) scatter() float64 {
	var own, left float64
	for _, s := range l.sizes {
		if s.Rate.Sure {
			half := float64((s.Rate.Hi - s.Rate.Lo) / (2 * Z95 * s.Rate.Value))
			own += float64(half * half)
		}
		r := s.Rate.Value/l.At(s.Nodes) - 1
		left += float64(r * r)
	}
	n := float64(len(l.sizes))
	sum := own/n + left/math.Max(1, n-3)
	if !finite(sum) {
		return leastScatter
	}
	return math.Max(leastScatter, math.Sqrt(sum))
}

// Farthest is the most nodes the law speaks of: twice the largest size measured.
// With 1 % of noise the error of a prediction is 15 % there and 44 % at twice that.
func (l Scaling) Farthest() float64 {
	_, largest := l.extent()
	return mostStretch * largest
}

// Predict is the rate with so many nodes, and its 95 % interval by parametric
// bootstrap: the law fitted again to 500 draws of the capacities with their own
// scatter. It is refused, ok false, beyond [Scaling.Farthest] or under the
// smallest size measured.
func (l Scaling) Predict(nodes float64) (rate Estimate, ok bool) {
	smallest, _ := l.extent()
	if !(nodes >= smallest && nodes <= l.Farthest()) {
		return unsure(0), false
	}
	value := l.At(nodes)
	drawn := make([]float64, 0, uslDraws)
	for again := range l.draws() {
		drawn = append(drawn, again.At(nodes))
	}
	if 2*len(drawn) < uslDraws {
		return unsure(value), true
	}
	slices.Sort(drawn)
	outside := max(1, len(drawn)/40)
	return Estimate{value, Interval{math.Min(value, drawn[outside-1]), math.Max(value, drawn[len(drawn)-outside])}, true}, true
}

// draws are the laws fitted to other capacities of the same sizes, as another
// measurement of them might have given.
func (l Scaling) draws() iter.Seq[Scaling] {
	return func(yield func(Scaling) bool) {
		rng := rand.New(rand.NewPCG(l.seed, uint64(len(l.sizes))))
		rates := make([]float64, len(l.sizes))
		for range uslDraws {
			for i, s := range l.sizes {
				rates[i] = float64(l.At(s.Nodes) * math.Max(0.01, 1+float64(l.noise*chance{rng}.normal())))
			}
			if again, fits := fitUSL(l.sizes, rates); fits && !yield(again) {
				return
			}
		}
	}
}

func (l Scaling) extent() (smallest, largest float64) {
	for i, s := range l.sizes {
		if i == 0 || s.Nodes < smallest {
			smallest = s.Nodes
		}
		largest = math.Max(largest, s.Nodes)
	}
	return smallest, largest
}

// fitUSL solves the least squares with σ and κ not under 0, by trying which of
// them are 0.
func fitUSL(sizes []Size, rates []float64) (Scaling, bool) {
	best, found := Scaling{}, false
	least := math.Inf(1)
	for _, free := range [][]int{{0, 1, 2}, {0, 1}, {0, 2}, {0}} {
		x, rest, ok := leastSquares(sizes, rates, free)
		if ok && x[0] > 0 && x[1] >= 0 && x[2] >= 0 && rest < least {
			best, least, found = Scaling{Lambda: 1 / x[0], Sigma: x[1] / x[0], Kappa: x[2] / x[0]}, rest, true
		}
	}
	return best, found
}

// leastSquares fits N÷X = x₀ + x₁(N-1) + x₂N(N-1), with relative weights and only
// the free coefficients, by the normal equations.
func leastSquares(sizes []Size, rates []float64, free []int) (x [3]float64, rest float64, ok bool) {
	var m [3][4]float64
	row := func(i int) (r [3]float64) {
		n := sizes[i].Nodes
		w := rates[i] / n
		basis := [3]float64{w, float64(w * (n - 1)), float64(w * float64(n*(n-1)))}
		for k, c := range free {
			r[k] = basis[c]
		}
		return r
	}
	k := len(free)
	for i := range sizes {
		r := row(i)
		for a := range k {
			for b := range k {
				m[a][b] += float64(r[a] * r[b])
			}
			m[a][3] += r[a]
		}
	}
	if !eliminate(&m, k) {
		return x, 0, false
	}
	for i := range sizes {
		r := row(i)
		left := 1.0
		for a := range k {
			left -= float64(r[a] * m[a][3])
		}
		rest += float64(left * left)
	}
	for a, c := range free {
		x[c] = m[a][3]
	}
	return x, rest, true
}

// eliminate solves the first k rows and columns of m for its last column, which
// then holds the answer (Gauss and Jordan, largest pivot first).
func eliminate(m *[3][4]float64, k int) bool {
	for a := range k {
		pivot := a
		for b := a + 1; b < k; b++ {
			if math.Abs(m[b][a]) > math.Abs(m[pivot][a]) {
				pivot = b
			}
		}
		m[a], m[pivot] = m[pivot], m[a]
		if !(math.Abs(m[a][a]) > 0) {
			return false
		}
		for b := range k {
			if b == a {
				continue
			}
			by := m[b][a] / m[a][a]
			for c := range m[b] {
				m[b][c] -= float64(by * m[a][c])
			}
		}
	}
	for a := range k {
		m[a][3] /= m[a][a]
		if !finite(m[a][3]) {
			return false
		}
	}
	return true
}
