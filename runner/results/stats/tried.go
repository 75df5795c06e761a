package stats

import "slices"

// Tried is what one trial says of the load it offered: Met, NotMet, or neither.
// An Invalid one says nothing.
type Tried struct {
	Rate        float64
	Met, NotMet bool
	Invalid     bool
}

// Loads counts the trials of each load, by exact rate, rising.
func Loads(trials []Tried) []LoadTrials {
	var out []LoadTrials
	for _, t := range trials {
		at := slices.IndexFunc(out, func(l LoadTrials) bool { return l.Rate == t.Rate })
		if at < 0 {
			at = len(out)
			out = append(out, LoadTrials{Rate: t.Rate})
		}
		l := &out[at]
		switch {
		case t.Invalid:
			l.Invalid++
		case t.Met:
			l.Met++
		case t.NotMet:
			l.NotMet++
		default:
			l.Undecided++
		}
	}
	slices.SortFunc(out, func(a, b LoadTrials) int {
		switch {
		case a.Rate < b.Rate:
			return -1
		case a.Rate > b.Rate:
			return 1
		}
		return 0
	})
	return out
}
