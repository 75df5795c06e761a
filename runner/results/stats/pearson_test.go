package stats

import (
	"math"
	"testing"
)

func TestPearson(t *testing.T) {
	for _, row := range []struct {
		name string
		x, y []float64
		want float64
	}{
		{"together", []float64{1, 2, 3}, []float64{10, 20, 30}, 1},
		{"against", []float64{1, 2, 3}, []float64{3, 2, 1}, -1},
		{"by hand", []float64{1, 2, 3, 4}, []float64{1, 3, 2, 4}, 0.8},
		{"two pairs", []float64{1, 2}, []float64{1, 2}, math.NaN()},
		{"not alike", []float64{1, 2, 3}, []float64{1, 2}, math.NaN()},
		{"changes by rounding", []float64{1, 2, 3, 5}, []float64{0.4, 0.4, 0.4 + 1e-16, 0.4}, math.NaN()},
		{"never changes", []float64{1, 2, 3}, []float64{5, 5, 5}, math.NaN()},
	} {
		got := Pearson(row.x, row.y)
		if math.IsNaN(got) != math.IsNaN(row.want) || math.Abs(got-row.want) > 1e-12 {
			t.Errorf("%s: %g; want %g", row.name, got, row.want)
		}
	}
}
