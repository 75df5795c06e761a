package stats

import (
	"math"
	"slices"
)

// Class is what all trials of a load say about it, in the vocabulary of
// MLRsearch (IETF BMWG, "Multiple Loss Ratio Search").
type Class string

const (
	Lower     Class = "lower"     // the target holds it
	Upper     Class = "upper"     // it does not
	Unsettled Class = "undecided" // its trials disagree, or none counts
)

// Exceed ratios: shares of a load's trials that failed.
const (
	ExceedLow  = 0.2 // up to it the load is Lower
	ExceedHigh = 0.8 // from it on Upper
)

// leastLeaning is how many trials of a load must agree for those that decided
// nothing by themselves to count by their reading. They are independent of each
// other, which the batches within one are not.
const leastLeaning = 3

// LoadTrials is how the trials of one load came out.
type LoadTrials struct {
	Rate                   float64 // offered, any unit
	Met, NotMet, Undecided int
	// LeanMet and LeanNot are those of Undecided whose reading itself, without
	// its interval, lies within the limits or beyond them.
	LeanMet, LeanNot int
	// Invalid trials say nothing: their own measurement is at fault. They are no
	// trials here, neither held nor failed.
	Invalid int
}

// Classify says what a load is by all of its trials: Lower when at most 0.2 of
// them failed even if all undecided ones had, Upper when at least 0.8 did even
// if no undecided one had, else Unsettled. From three trials on, undecided ones
// count by what they read. Negative counts are taken as 0.
func Classify(l LoadTrials) Class {
	met, not, open := max(0, l.Met), max(0, l.NotMet), max(0, l.Undecided)
	if met+not+open >= leastLeaning {
		met, not, open = met+max(0, l.LeanMet), not+max(0, l.LeanNot), max(0, open-max(0, l.LeanMet)-max(0, l.LeanNot))
	}
	n := float64(met) + float64(not) + float64(open)
	switch {
	case n == 0:
		return Unsettled
	case float64(not)+float64(open) <= ExceedLow*n:
		return Lower
	case float64(not) >= ExceedHigh*n:
		return Upper
	}
	return Unsettled
}

// Censoring of a [Bracket].
const (
	Censored         = ""          // both bounds stand
	CensoredAtLeast  = "at_least"  // only Low: nothing failed
	CensoredLessThan = "less_than" // only High: nothing held
	CensoredNone     = "none"      // neither
)

// Bracket is where a target breaks: it held Low and did not hold High. A bound
// that does not stand is 0.
type Bracket struct {
	Low, High float64
	Censored  string
	// Monotone is false when a load held above one that did not. Low is then the
	// highest that held below every failure, High the lowest failure above
	// everything that held: the interval contains the contradiction.
	Monotone bool
	// Width is (High-Low) ÷ High; 1 with one bound or none.
	Width float64
	// Undecided loads inside the bracket, rising.
	Undecided []float64
}

// BracketOf classifies loads, in any order, each rate once, and gives the
// bracket they leave. Rates that are not positive and finite are left out.
func BracketOf(loads []LoadTrials) Bracket {
	var lower, upper, open []float64
	for _, l := range loads {
		if !(l.Rate > 0) || !finite(l.Rate) {
			continue
		}
		switch Classify(l) {
		case Lower:
			lower = append(lower, l.Rate)
		case Upper:
			upper = append(upper, l.Rate)
		default:
			open = append(open, l.Rate)
		}
	}
	slices.Sort(lower)
	slices.Sort(upper)
	slices.Sort(open)
	b := bounds(lower, upper)
	for _, rate := range open {
		if rate > b.Low && (b.High == 0 || rate < b.High) {
			b.Undecided = append(b.Undecided, rate)
		}
	}
	return b
}

// bounds are the bracket of the rates that held and those that did not, sorted.
func bounds(lower, upper []float64) Bracket {
	b := Bracket{Monotone: true, Width: 1}
	if len(lower) > 0 && len(upper) > 0 {
		b.Monotone = lower[len(lower)-1] < upper[0]
	}
	for _, rate := range lower {
		if len(upper) == 0 || rate < upper[0] {
			b.Low = rate
		}
	}
	for _, rate := range slices.Backward(upper) {
		if len(lower) == 0 || rate > lower[len(lower)-1] {
			b.High = rate
		}
	}
	switch {
	case b.Low > 0 && b.High > 0:
		b.Width = (b.High - b.Low) / b.High
	case b.Low > 0:
		b.Censored = CensoredAtLeast
	case b.High > 0:
		b.Censored = CensoredLessThan
	default:
		b.Censored = CensoredNone
	}
	b.Width = math.Min(1, b.Width)
	return b
}
