package report

import (
	"testing"

	"firstbell/runner/results"
)

// storm is a replay of so many people that came out so.
func storm(factor float64, people int, state results.State) played {
	s := &results.Series{Played: 10, Seconds: make([]results.SeriesSecond, 20)}
	s.Seconds[3].Intended, s.Seconds[3].Started = uint32(people), uint32(people)
	s.Seconds[3].By[results.InTime] = uint32(people - 1)
	s.Seconds[3].By[results.Timeout] = 1
	s.Seconds[15].Done = uint32(people - 1)
	return played{Trial: results.Trial{Stage: results.StageStorm, Conduct: results.Conduct{Kind: results.TrialStorm, Factor: factor}},
		Series: s, Reading: results.Reading{State: state, P95: results.Never}}
}

func TestStormHeld(t *testing.T) {
	met, not, open := results.StateMet, results.StateNotMet, results.StateUndecided
	predicted := Range{Low: "950", High: "1050"}
	for _, row := range []struct {
		name            string
		trials          []played
		low, high       Decimal
		censored, ratio string
	}{
		{"as predicted", []played{storm(0.9, 900, met), storm(1.1, 1100, not), storm(0.9, 900, met), storm(1.1, 1100, not), storm(1, 1000, met)}, "1000", "1100", "", "1.05"},
		{"nothing failed", []played{storm(0.9, 900, met), storm(1.1, 1100, met)}, "1100", "", "at_least", ""},
		{"nothing held", []played{storm(0.9, 900, not), storm(1.1, 1100, not)}, "", "900", "less_than", ""},
		{"one in three fails: neither", []played{storm(0.9, 900, met), storm(0.9, 900, met), storm(0.9, 900, not), storm(0.5, 500, met), storm(1.1, 1100, not)}, "500", "1100", "", "0.8"},
		{"ours to blame", []played{storm(0.9, 900, open), storm(1.1, 1100, open)}, "", "", "none", ""},
		{"larger held, smaller did not", []played{storm(0.8, 800, met), storm(0.9, 900, not), storm(1.1, 1100, met), storm(1.3, 1300, not)}, "800", "1300", "", "1.05"},
	} {
		got := stormHeldOf(row.trials, predicted, 1000, 0)
		if got.Range.Low != row.low || got.Range.High != row.high || got.Range.Censored != row.censored || string(got.Ratio) != row.ratio {
			t.Errorf("%s: %+v ratio %s", row.name, got.Range, got.Ratio)
		}
	}
	r := stormHeldOf([]played{storm(1, 1000, met)}, predicted, 1000, 6).Replays[0]
	if r.People != 1000 || r.InTime != "0.999" || r.InClass != "0.999" || r.EveryoneIn != "10" || r.P95 != Never || r.Verdict != Ready {
		t.Errorf("%+v", r)
	}
}
