package runner

import (
	"slices"
	"testing"
)

func TestSynLadder(t *testing.T) {
	for _, c := range []struct {
		linear, retries string
		want            []float64
		said            bool
	}{
		{"4", "6", []float64{1, 2, 3, 4, 5, 7, 11, 19, 35, 67}, true},
		{"0", "6", []float64{1, 3, 7, 15, 31, 63}, true},
		{"", "5", []float64{1, 3, 7, 15, 31}, true}, // before Linux 6.5
		{"", "", []float64{1, 3, 7, 15, 31, 63}, false},
		{"no", "thing", []float64{1, 3, 7, 15, 31, 63}, false},
		{"-3", "-1", nil, true},
	} {
		got, said := synLadder(c.linear, c.retries)
		if !slices.Equal(got, c.want) || said != c.said {
			t.Errorf("%q, %q: %v, %v", c.linear, c.retries, got, said)
		}
	}
}
