package stats

import (
	"math"
	"reflect"
	"testing"
)

func TestClassify(t *testing.T) {
	for _, tc := range []struct {
		l    LoadTrials
		want Class
	}{
		{LoadTrials{Met: 1}, Lower},
		{LoadTrials{NotMet: 1}, Upper},
		{LoadTrials{}, Unsettled},
		{LoadTrials{Invalid: 5}, Unsettled}, // no trial at all
		{LoadTrials{Met: 1, Invalid: 5}, Lower},
		{LoadTrials{Met: 1, NotMet: 1}, Unsettled},
		{LoadTrials{Met: 4, NotMet: 1}, Lower},
		{LoadTrials{Met: 1, NotMet: 4}, Upper},
		{LoadTrials{Met: 3, NotMet: 1}, Unsettled},
		{LoadTrials{Undecided: 1}, Unsettled},
		{LoadTrials{Met: 4, Undecided: 1}, Lower},
		{LoadTrials{Met: 3, Undecided: 1}, Unsettled},
		{LoadTrials{NotMet: 4, Undecided: 1}, Upper},
		{LoadTrials{Met: -1, NotMet: 2}, Upper},
		{LoadTrials{Met: math.MaxInt, NotMet: math.MaxInt, Undecided: math.MaxInt}, Unsettled},
	} {
		if got := Classify(tc.l); got != tc.want {
			t.Errorf("Classify(%+v) = %s, want %s", tc.l, got, tc.want)
		}
	}
}

func TestBracket(t *testing.T) {
	held := func(rate float64) LoadTrials { return LoadTrials{Rate: rate, Met: 2} }
	failed := func(rate float64) LoadTrials { return LoadTrials{Rate: rate, NotMet: 2} }
	open := func(rate float64) LoadTrials { return LoadTrials{Rate: rate, Met: 1, NotMet: 1} }
	for _, tc := range []struct {
		name  string
		loads []LoadTrials
		want  Bracket
	}{
		{"clean", []LoadTrials{failed(110), held(100), held(50), failed(200)}, Bracket{Low: 100, High: 110, Monotone: true, Width: 10.0 / 110}},
		{"undecided inside", []LoadTrials{held(100), open(105), failed(110), open(50), open(300)}, Bracket{Low: 100, High: 110, Monotone: true, Width: 10.0 / 110, Undecided: []float64{105}}},
		{"not monotone", []LoadTrials{held(100), failed(110), held(120), failed(150)}, Bracket{Low: 100, High: 150, Width: 1.0 / 3}},
		{"not monotone, open above", []LoadTrials{held(100), failed(110), held(120)}, Bracket{Low: 100, Censored: CensoredAtLeast, Width: 1}},
		{"not monotone, open below", []LoadTrials{failed(110), held(120), failed(130)}, Bracket{High: 130, Censored: CensoredLessThan, Width: 1}},
		{"upside down", []LoadTrials{failed(110), held(120)}, Bracket{Censored: CensoredNone, Width: 1}},
		{"at least", []LoadTrials{held(10), held(20), open(30)}, Bracket{Low: 20, Censored: CensoredAtLeast, Monotone: true, Width: 1, Undecided: []float64{30}}},
		{"less than", []LoadTrials{failed(10), failed(20)}, Bracket{High: 10, Censored: CensoredLessThan, Monotone: true, Width: 1}},
		{"nothing", []LoadTrials{{Rate: 5, Invalid: 1}}, Bracket{Censored: CensoredNone, Monotone: true, Width: 1, Undecided: []float64{5}}},
		{"no rates", []LoadTrials{held(0), held(-1), held(math.NaN()), failed(math.Inf(1))}, Bracket{Censored: CensoredNone, Monotone: true, Width: 1}},
	} {
		if got := BracketOf(tc.loads); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
}
