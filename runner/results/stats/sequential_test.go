package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// decided feeds people whose share beyond the limit is p, ten a time, to the test
// of 1 % against 0.5 %.
func decided(r *rand.Rand, p float64) (Decision, uint64) {
	test := NewSequential(0.01, 0.005, 0.01, 0.01, 1)
	for n := uint64(10); ; n += 10 {
		var bad uint64
		for range 10 {
			if r.Float64() < p {
				bad++
			}
		}
		if d := test.Add(bad, 10); d != Continue || n > 1e6 {
			return d, n
		}
	}
}

func TestSequentialErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, tc := range []struct {
		share  float64
		want   Decision
		wrong  float64 // at most
		median float64 // people, about
	}{
		{0.02, Reject, 0.001, 473},
		{0.05, Reject, 0.001, 156},
		{0.01, Reject, 0.0125, 0},
		{0.005, Accept, 0.0125, 2700},
		{0.001, Accept, 0.001, 1100},
	} {
		const runs = 2000
		var wrong float64
		var people []uint64
		for range runs {
			d, n := decided(r, tc.share)
			people = append(people, n)
			wrong += boolean(d != tc.want) / runs
		}
		slices.Sort(people)
		if wrong > tc.wrong {
			t.Errorf("at %v: wrong in %.4f, want at most %.4f", tc.share, wrong, tc.wrong)
		}
		if m := float64(people[runs/2]); tc.median > 0 && math.Abs(m/tc.median-1) > 0.15 {
			t.Errorf("at %v: decided after %v people, want about %v", tc.share, m, tc.median)
		}
	}
}

// TestPeekingErrs is why there is a sequential test: looking each second whether
// a 99 % bound has passed the limit errs many times more often than 1 %.
func TestPeekingErrs(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	const runs, perSecond, seconds = 600, 100, 120
	wrong := 0.0
	for range runs {
		var k, n uint64
		for range seconds {
			for range perSecond {
				n++
				if r.Float64() < 0.01 {
					k++
				}
			}
			if Wilson(k, n, NormalQuantile(0.99)).Hi < 0.01 {
				wrong += 1.0 / runs
				break
			}
		}
	}
	if wrong < 0.04 {
		t.Errorf("peeking is wrong in %.3f only", wrong)
	}
}

func TestSequentialEdges(t *testing.T) {
	for _, bad := range []*Sequential{
		{}, NewSequential(0.01, 0.02, 0.01, 0.01, 1), NewSequential(0, 0, 0.01, 0.01, 1), NewSequential(0.1, 0.05, 0, 0.01, 1),
		NewSequential(math.NaN(), 0.05, 0.01, 0.01, 1), NewSequential(0.1, 0.05, 0.01, 0.01, math.NaN()), NewSequential(0.1, 0.05, 0.01, 0.01, math.Inf(1)),
	} {
		if d := bad.Add(1e6, 1e6); d != Continue || bad.Decided() != Continue {
			t.Errorf("decided %s", d)
		}
	}
	s := NewSequential(0.05, 0.025, 0.01, 0.01, 1)
	if s.Add(0, 0) != Continue || s.Add(900, 100) != Reject || s.Add(0, 1e9) != Reject || s.Decided() != Reject {
		t.Error("a decision is not final")
	}
	// Clustered people say less: the same data decide later.
	alone, clustered := NewSequential(0.05, 0.025, 0.01, 0.01, 1), NewSequential(0.05, 0.025, 0.01, 0.01, 5)
	if alone.Add(0, 300) != Accept || clustered.Add(0, 300) != Continue {
		t.Error("the design effect does not count")
	}
}
