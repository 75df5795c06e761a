package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestNothingChanges is known answer K16: a straight line and noise have no
// change point and no knee.
func TestNothingChanges(t *testing.T) {
	r := rand.New(rand.NewPCG(16, 0))
	changes, knees := 0, 0
	for i := range 100 {
		slope := float64(i % 3)
		for _, n := range []int{40, 60, 300} {
			x, y := make([]float64, n), make([]float64, n)
			for j := range y {
				x[j] = float64(j)
				y[j] = slope*x[j]/10 + r.NormFloat64()
			}
			if len(ChangePoints(y)) > 0 {
				changes++
			}
			if _, ok := Knee(x, y); ok {
				knees++
			}
		}
	}
	if changes > 0 || knees > 0 {
		t.Errorf("%d change points and %d knees in 300 straight lines", changes, knees)
	}
	line := make([]float64, 200)
	x := make([]float64, 200)
	for i := range line {
		x[i], line[i] = float64(i), 3+0.1*float64(i)
	}
	if got := ChangePoints(line); got != nil {
		t.Errorf("a line changes at %v", got)
	}
	if i, ok := Knee(x, line); ok {
		t.Errorf("a line has a knee at %d", i)
	}
}

func TestChangePoints(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	// A recovery: level, jump, drain, level.
	var y []float64
	for i := range 400 {
		v := 10.0
		switch {
		case i >= 300:
			v = 12
		case i >= 100:
			v = 210 - float64(i-100)
		}
		y = append(y, v+2*r.NormFloat64())
	}
	got := ChangePoints(y)
	if len(got) != 2 || abs(got[0]-100) > 2 || abs(got[1]-300) > 6 {
		t.Errorf("changes at %v, want about 100 and 300", got)
	}
	if got := ChangePoints([]float64{1, 2, 3}); got != nil {
		t.Errorf("too few: %v", got)
	}
	y[3] = math.NaN()
	if got := ChangePoints(y); got != nil {
		t.Errorf("not a number: %v", got)
	}
	if got := ChangePoints(make([]float64, 100)); got != nil {
		t.Errorf("all 0: %v", got)
	}
	step := append(make([]float64, 50), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	if got := ChangePoints(step); len(got) != 1 || got[0] != 50 {
		t.Errorf("a clean step: %v, want 50", got)
	}
}

func abs(i int) int { return max(i, -i) }

func TestKnee(t *testing.T) {
	var x, y []float64
	for i := range 20 {
		x = append(x, float64(i)*10)
		y = append(y, 1/(1-float64(i)/20.5))
	}
	if i, ok := Knee(x, y); !ok || i < 14 || i > 18 {
		t.Errorf("M/M/1: %d, %v", i, ok)
	}
	x[4] = x[3]
	if _, ok := Knee(x, y); ok {
		t.Error("x does not rise")
	}
	if _, ok := Knee(x[:3], y[:3]); ok {
		t.Error("three points")
	}
}
