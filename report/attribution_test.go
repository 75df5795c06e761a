package report

import (
	"fmt"
	"math"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// certified is a session against a world: a calm plateau, an overload, the
// isolation of every step with some seeds, and the onset.
func (w *world) certified(capacity float64, seeds int, seed uint64) ([]played, stats.Estimate) {
	sc := asked(3)
	calm := w.trial("001-confirm", results.StageConfirm, steadily(results.TrialPlateau, 0.6*capacity, 40), sc, seed)
	over := w.trial("002-confirm", results.StageConfirm, steadily(results.TrialPlateau, 1.3*capacity, 70), sc, seed+1)
	whole := stats.Estimate{Value: over.Reading.Goodput, Interval: stats.Interval{Lo: over.Reading.GoodputCI[0], Hi: over.Reading.GoodputCI[1]}, Sure: true}
	trials := []played{calm, over}
	for i := range seeds {
		for k := range w.station {
			c := steadily(results.TrialIsolation, 1.5*whole.Value, 70)
			c.Step = k
			trials = append(trials, w.trial(fmt.Sprintf("%03d-isolation", len(trials)+1), results.StageIsolation, c, sc, seed+10+uint64(i)))
		}
	}
	onset := results.Conduct{Kind: results.TrialPlateau, LoginOnly: true, Warmup: 20 * time.Second, Segments: []results.Segment{
		{Name: "base", Rate: 0.5 * whole.Value, Length: 20 * time.Second}, {Name: "plateau", Rate: 1.04 * whole.Value, Length: 70 * time.Second}}}
	trials = append(trials, w.trial("090-onset", results.StageOnset, onset, sc, seed+20))
	return trials, whole
}

func attributed(w *world, capacity float64, seeds int, seed uint64) Attribution {
	trials, whole := w.certified(capacity, seeds, seed)
	return attributionOf(trials, nil, whole)
}

// TestWeakestOfAChain: the weakest of four steps, 10 % below the next, is named
// in at least nine of ten sessions and another one never, wherever it stands.
func TestWeakestOfAChain(t *testing.T) {
	named := 0
	for seed := range sessions {
		weakest := int(seed % 4)
		rates := []float64{220, 250, 230, 300}
		rates[weakest] = 100
		rates[(weakest+1)%4] = 110
		a := attributed(chainOf(8, rates...), 100, 3, 100*seed)
		switch want := string(rune('a' + weakest)); a.Step {
		case want:
			named++
			if a.Level != levelLowest && a.Level != levelFirst && a.Level != "" {
				t.Errorf("level %q", a.Level)
			}
		case "":
			t.Logf("seed %d: none named: %v %v", seed, a.Compatible, a.Onset)
		default:
			t.Errorf("seed %d: %s named, %s is the weakest", seed, a.Step, want)
		}
	}
	if 10*named < 9*int(sessions) {
		t.Errorf("named in %d of %d sessions", named, sessions)
	}
	t.Logf("named %d of %d", named, sessions)
}

// TestTwoJourneysOneLogin: people of two journeys who log in through the same pages
// make those pages no two steps: the weakest is named as if all took one journey.
func TestTwoJourneysOneLogin(t *testing.T) {
	trials, whole := chainOf(8, 100, 130, 150).certified(100, 3, 7)
	for _, p := range trials {
		if p.Conduct.Kind != results.TrialIsolation {
			p.Series.Steps = append(p.Series.Steps, halved(p.Series.Steps)...)
		}
	}
	a := attributionOf(trials, nil, whole)
	if a.Step != "a" || a.Level != levelLowest || len(a.Onset) != 3 || a.Isolation[0].Visits.Float() < 0.99 {
		t.Errorf("%q at %q, %v, %v", a.Step, a.Level, a.Isolation, a.Onset)
	}
}

// halved takes every second person out of the steps, and gives them to those of
// another journey.
func halved(steps []results.StepSeries) []results.StepSeries {
	out := make([]results.StepSeries, len(steps))
	for k := range steps {
		s := &steps[k]
		out[k] = results.StepSeries{Step: results.Step{Journey: "other", Name: s.Name, InClass: s.InClass}}
		for i := range s.InFlight {
			out[k].InFlight = append(out[k].InFlight, s.InFlight[i]/2)
			out[k].Inside = append(out[k].Inside, s.Inside[i]/2)
			s.InFlight[i] -= s.InFlight[i] / 2
			s.Inside[i] -= s.Inside[i] / 2
		}
		for i := range s.Ends {
			half := s.Ends[i]
			for o := range half {
				half[o] /= 2
				s.Ends[i][o] -= half[o]
			}
			out[k].Ends, out[k].Spent = append(out[k].Ends, half), append(out[k].Spent, s.Spent[i]/2)
			s.Spent[i] -= s.Spent[i] / 2
		}
	}
	return out
}

// TestSharedPoolIsNotSeparable: steps that draw on one pool have no weakest.
func TestSharedPoolIsNotSeparable(t *testing.T) {
	for seed := range sessions {
		weights := [][]float64{{1, 1, 1, 1}, {0.1, 1, 0.3}, {3, 1, 1, 1}, {1, 5, 1, 1}}[seed%4]
		if a := attributed(poolOf(16, 100, weights...), 100, 3, 100*seed); a.Step != "" || a.Separable {
			t.Errorf("seed %d %v: %s named, onset %v, isolation %v", seed, weights, a.Step, a.Onset, a.Isolation)
		}
	}
}

// TestOneSeedIsNotLowestCapacity: without three seeds the claim is the weaker one.
func TestOneSeedIsNotLowestCapacity(t *testing.T) {
	a := attributed(chainOf(8, 100, 130, 150), 100, 1, 7)
	if a.Step != "a" || a.Level != levelFirst {
		t.Errorf("step %q at %q; want a at L0: %+v", a.Step, a.Level, a)
	}
	three := attributed(chainOf(8, 100, 130, 150), 100, 3, 7)
	if three.Step != "a" || three.Level != levelLowest {
		t.Errorf("step %q at %q; want a at L1", three.Step, three.Level)
	}
	for _, x := range [][]Claim{a.Proved, a.Compatible, a.Unmeasured} {
		if len(x) == 0 {
			t.Error("an empty box")
		}
	}
}

// TestGeneratorLimitedTrialsNameNothing: trials in which we were the limit count
// for no step and show the generator's sign only.
func TestGeneratorLimitedTrialsNameNothing(t *testing.T) {
	trials, whole := chainOf(8, 100, 130, 150).certified(100, 3, 7)
	for i := range trials {
		trials[i].Reading.Gates = []string{"V2"}
	}
	a := attributionOf(trials, nil, whole)
	if a.Step != "" || a.Level != "" || len(a.Isolation) > 0 {
		t.Errorf("named %q (%s) from trials of a slow generator", a.Step, a.Level)
	}
	for _, s := range a.Signatures {
		if s.Seen != (s.Name == "generator") {
			t.Errorf("signature %s: seen %v", s.Name, s.Seen)
		}
	}
}

// TestLittleFindsABookkeepingBug: people who leave without being counted out.
func TestLittleFindsABookkeepingBug(t *testing.T) {
	trials, whole := chainOf(8, 100, 130, 150).certified(100, 3, 7)
	onset := trials[len(trials)-1].Series
	for k := range onset.Steps {
		for i := range onset.Steps[k].Spent {
			onset.Steps[k].Spent[i] -= onset.Steps[k].Spent[i] / 100
		}
	}
	a := attributionOf(trials, nil, whole)
	if a.Status != Undecided || a.Step != "" {
		t.Errorf("status %s, step %q with books 1 %% apart", a.Status, a.Step)
	}
}

// TestNamedOnlyTogether: a step is named when isolation, the whole login and the
// onset agree, and each of them alone can forbid it.
func TestNamedOnlyTogether(t *testing.T) {
	about := func(v float64) stats.Estimate {
		return stats.Estimate{Value: v, Interval: stats.Interval{Lo: 0.98 * v, Hi: 1.02 * v}, Sure: true}
	}
	steps := func(rates ...float64) (out []isolated) {
		for k, r := range rates {
			out = append(out, isolated{step: results.Step{Name: string(rune('a' + k))}, index: k, visits: 1, rate: about(r), seeds: enoughSeeds})
		}
		return out
	}
	left := func(order string, at ...float64) (out []onset) {
		for i, c := range order {
			out = append(out, onset{step: results.Step{Name: string(c)}, at: at[i]})
		}
		return out
	}
	never := math.Inf(1)
	for _, row := range []struct {
		name        string
		whole       float64
		steps       []isolated
		onsets      []onset
		step, level string
		claim       string // among the compatible ones
	}{
		{"all agree", 100, steps(100, 110, 150), left("abc", 20, never, never), "a", levelLowest, ""},
		{"no onset", 100, steps(100, 110, 150), left("abc", never, never, never), "a", "", ""},
		{"another gives way first", 100, steps(100, 110, 150), left("bac", 20, 40, never), "", "", "contradiction"},
		{"two give way together", 100, steps(100, 110, 150), left("abc", 20, 24, never), "", "", "together"},
		{"intervals overlap", 100, steps(100, 103, 150), left("abc", 20, never, never), "", "", "not_separable"},
		{"the whole does less", 70, steps(100, 110, 150), left("abc", 20, never, never), "", "", "not_explained"},
		{"the whole does more", 130, steps(100, 140, 150), left("abc", 20, never, never), "", "", "not_explained"},
	} {
		a := attributing{whole: about(row.whole), steps: row.steps, onset: &played{}, onsets: row.onsets}
		out := unmeasuredAttribution()
		a.conclude(&out)
		found := row.claim == ""
		for _, c := range out.Compatible {
			found = found || c.Key == row.claim
		}
		if out.Step != row.step || out.Level != row.level || !found || out.Separable != (row.step != "") {
			t.Errorf("%s: %q at %q, %v", row.name, out.Step, out.Level, out.Compatible)
		}
	}
}
