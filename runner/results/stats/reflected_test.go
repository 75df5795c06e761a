package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// walked are the waits of a queue whose work is a random walk of small steps
// that does not fall under 0.
func walked(spare, v float64, seconds int, seed uint64) Waits {
	const steps = 1000
	rng := rand.New(rand.NewPCG(seed, 3))
	w := Waits{Step: 1, Near: 0.1, At: []float64{0}}
	for x := 0.0; len(w.At) < seconds; {
		for range steps {
			x = math.Max(0, x-spare/steps+rng.NormFloat64()*math.Sqrt(v/steps))
		}
		w.At = append(w.At, x)
	}
	return w
}

func TestFitFindsDriftAndVariance(t *testing.T) {
	for _, want := range []struct {
		spare, v float64
		good     bool
	}{{0.15, 0.07, true}, {0.3, 0.2, true}, {0.02, 0.07, false}, {-0.1, 0.07, false}} {
		var spare, v, z float64
		const seeds = 5
		for seed := range uint64(seeds) {
			f := walked(want.spare, want.v, 1200, seed).Fit(2, 0.05, 40, 240)
			spare, v, z = spare+f.Spare/seeds, v+f.Variance/seeds, z+f.Z/seeds
			if f.Jump > 6 {
				t.Errorf("a jump of %.1f standard deviations", f.Jump)
			}
		}
		if math.Abs(spare-want.spare) > 0.02+0.1*math.Abs(want.spare) || math.Abs(v/want.v-1) > 0.2 || math.Abs(z) < 2 || z > 0 != want.good {
			t.Errorf("spare %.3f variance %.3f z %.1f, want %+v", spare, v, z, want)
		}
	}
}

func TestFitOfNoWaitsAndOfAJump(t *testing.T) {
	if f := (Waits{At: make([]float64, 240), Step: 1, Near: 0.1}).Fit(2, 0.05, 40, 240); f != (Fit{}) {
		t.Errorf("nobody waits: %+v", f)
	}
	for _, w := range []Waits{{}, {At: []float64{0, 1}}, {At: []float64{0, 1, 0}, Step: 1}} {
		if f := w.Fit(2, 0.05, 0, 3); f != (Fit{}) {
			t.Errorf("nothing to fit: %+v", f)
		}
	}
	w := walked(0.3, 0.02, 240, 1)
	w.At[100] += 10
	if f := w.Fit(2, 0.05, 40, 240); f.Jump < 6 {
		t.Errorf("a freeze of 10 s is a jump of %.1f standard deviations", f.Jump)
	}
}

// A steady queue's wait is exponential with rate 2·spare ÷ variance.
func TestReflectedTailIsExponentialInTheEnd(t *testing.T) {
	for _, y := range []float64{0.1, 1, 3} {
		if got, want := reflectedTail(y, 0.5, 0.2, 0.1, 1e5), math.Exp(-4*y); math.Abs(got-want) > 1e-9 {
			t.Errorf("P(wait > %v) = %v, want %v", y, got, want)
		}
		const h = 1e-5
		slope := (reflectedTail(y-h, 0.5, 0.2, 0.1, 2) - reflectedTail(y+h, 0.5, 0.2, 0.1, 2)) / (2 * h)
		if got := reflectedDensity(y, 0.5, 0.2, 0.1, 2); math.Abs(got/slope-1) > 1e-5 {
			t.Errorf("density at %v = %v, want %v", y, got, slope)
		}
	}
}
