package stats

import "slices"

// Tried is what one trial says of the load it offered: Met, NotMet, or neither,
// and then LeanMet or LeanNot by its bare reading, or none of them. An Invalid
// one says nothing.
type Tried struct {
	Rate             float64
	Met, NotMet      bool
	LeanMet, LeanNot bool
	Invalid          bool
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
			if t.LeanMet {
				l.LeanMet++
			} else if t.LeanNot {
				l.LeanNot++
			}
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

// Provisional counts undecided trials by what they read, of loads with fewer
// trials than enough: where a search that has no more to go by goes next.
func Provisional(loads []LoadTrials, enough int) []LoadTrials {
	out := slices.Clone(loads)
	for i := range out {
		l := &out[i]
		if l.Met+l.NotMet+l.Undecided < enough {
			l.Met, l.NotMet, l.Undecided = l.Met+l.LeanMet, l.NotMet+l.LeanNot, l.Undecided-l.LeanMet-l.LeanNot
		}
	}
	return out
}
