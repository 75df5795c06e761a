package capacity

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// scripted plays nothing: a trial's answer is its own conduct, and a judge says
// what it means.
type scripted struct {
	specs []Spec
	fail  int // from this trial on; 0: never
}

var errStopped = errors.New("stopped")

func (p *scripted) Play(_ context.Context, spec Spec, _ func(Moment) bool) (*results.Series, error) {
	p.specs = append(p.specs, spec)
	if p.fail > 0 && len(p.specs) >= p.fail {
		return nil, errStopped
	}
	return &results.Series{Conduct: spec.Conduct}, nil
}

func told(p Player, judge Judge, max float64, quick bool) Config {
	return Config{Player: p, Judge: judge, Seed: 9, First: 40, Quick: quick,
		Settings: results.Settings{MaxRate: max, Plateau: 2 * time.Minute, Limit: 3 * time.Second}}
}

func always(s results.State) Judge {
	return func(*results.Series) results.Reading { return results.Reading{State: s} }
}

func TestIsolate(t *testing.T) {
	p := &scripted{}
	steps := []Alone{{Step: 0}, {Step: 1, Visits: 2}, {Step: 2}}
	got, err := Isolate(context.Background(), told(p, always(results.StateNotMet), 0, false), steps, 100)
	if err != nil || len(p.specs) != 10 || got.Next != 50 || got.Skipped != "" {
		t.Fatalf("%d trials, next %d, %q, %v", len(p.specs), got.Next, got.Skipped, err)
	}
	for i, s := range p.specs[:9] {
		want := []float64{150, 300, 150}[i%3]
		if s.Conduct.Kind != results.TrialIsolation || s.Conduct.Step != i%3 || s.Conduct.Segments[0].Rate != want || !s.Conduct.LoginOnly {
			t.Errorf("trial %d: %+v", i, s.Conduct)
		}
	}
	if s := p.specs; s[0].Seed == s[3].Seed || s[0].Seed != s[1].Seed {
		t.Error("three seeds, the steps in turn")
	}
	last := p.specs[9]
	if last.Stage != results.StageOnset || last.Conduct.Segments[0].Rate != 50 || math.Abs(last.Conduct.Segments[1].Rate-104) > 1e-9 {
		t.Errorf("onset %+v", last.Conduct)
	}
	if last.Name != "049-onset" {
		t.Errorf("named %s", last.Name)
	}
}

func TestIsolateBounded(t *testing.T) {
	p := &scripted{}
	got, err := Isolate(context.Background(), told(p, always(results.StateMet), 102, true), []Alone{{Step: 0}}, 100)
	if err != nil || len(p.specs) != 1 || p.specs[0].Conduct.Segments[0].Rate != 102 || got.Skipped != SkippedCeiling {
		t.Errorf("%d trials, %q, %v", len(p.specs), got.Skipped, err)
	}
	if got, _ := Isolate(context.Background(), told(p, always(results.StateMet), 0, true), nil, 0); got.Skipped != SkippedCapacity || len(got.Trials) != 0 {
		t.Errorf("without a capacity: %+v", got)
	}
}

// holdsUpTo judges a storm by its factor.
func holdsUpTo(n float64) Judge {
	return func(s *results.Series) results.Reading {
		if s.Conduct.Factor <= n {
			return results.Reading{State: results.StateMet}
		}
		return results.Reading{State: results.StateNotMet}
	}
}

func TestStorms(t *testing.T) {
	for _, row := range []struct {
		name             string
		truth, predicted float64
		max              float64 // of the load, per second; 100 a second at factor 1
		quick            bool
		low, high        float64 // bounds of the answer; 0 for none
		trials           int     // at most
	}{
		{"as predicted", 1.5, 1.5, 0, false, 1.35, 1.65, 9},
		{"as predicted, quick", 1.5, 1.5, 0, true, 1.35, 1.65, 3},
		{"holds twice as much", 3, 1.5, 0, false, 2.5, 3.4, 21},
		{"holds half of it", 0.7, 1.5, 0, false, 0.6, 1, 21},
		{"never fails", 1e9, 1, 0, false, 2.5, 0, 21},
		{"no prediction", 1.5, 0, 0, false, 1, 0, 3},
		{"nothing above the ceiling", 3, 1.5, 140, false, 1.39, 0, 9},
		{"quick looks once more", 3, 1.5, 0, true, 2, 0, 4},
	} {
		p := &scripted{}
		got, err := Storms(context.Background(), told(p, holdsUpTo(row.truth), row.max, row.quick), Storm{Predicted: row.predicted, Peak: 100})
		if err != nil {
			t.Fatal(err)
		}
		byFactor := map[float64]*stats.LoadTrials{}
		for _, s := range p.specs {
			f := s.Conduct.Factor
			if row.max > 0 && f*100 > row.max {
				t.Errorf("%s: a storm of %v", row.name, f)
			}
			if byFactor[f] == nil {
				byFactor[f] = &stats.LoadTrials{Rate: f}
			}
			if f <= row.truth {
				byFactor[f].Met++
			} else {
				byFactor[f].NotMet++
			}
		}
		var loads []stats.LoadTrials
		for _, l := range byFactor {
			loads = append(loads, *l)
		}
		b := stats.BracketOf(loads)
		if b.Low < row.low-1e-9 || (row.high > 0) != (b.High > 0) || b.High > row.high+1e-9 || len(p.specs) > row.trials {
			t.Errorf("%s: [%v, %v] after %d storms", row.name, b.Low, b.High, len(p.specs))
		}
		if (row.max > 0) != (got.Skipped == SkippedCeiling) {
			t.Errorf("%s: skipped %q", row.name, got.Skipped)
		}
		again := &scripted{}
		if _, err := Storms(context.Background(), told(again, holdsUpTo(row.truth), row.max, row.quick), Storm{Predicted: row.predicted, Peak: 100}); err != nil {
			t.Fatal(err)
		}
		same := slices.EqualFunc(p.specs, again.specs, func(a, b Spec) bool {
			return a.Name == b.Name && a.Seed == b.Seed && a.Conduct.Factor == b.Conduct.Factor
		})
		if !same {
			t.Errorf("%s: another order the second time: a session could not go on", row.name)
		}
	}
}

// TestStormsWithoutAnAnswer: storms in which we were the limit end the search.
func TestStormsWithoutAnAnswer(t *testing.T) {
	p := &scripted{}
	if _, err := Storms(context.Background(), told(p, always(results.StateUndecided), 0, false), Storm{Predicted: 2, Peak: 1}); err != nil || len(p.specs) != 9 {
		t.Errorf("%d storms, %v", len(p.specs), err)
	}
	p = &scripted{fail: 2}
	if got, err := Storms(context.Background(), told(p, always(results.StateMet), 0, false), Storm{Predicted: 2, Peak: 1}); !errors.Is(err, errStopped) || len(got.Trials) != 1 {
		t.Errorf("%d trials, %v", len(got.Trials), err)
	}
}

func TestRecover(t *testing.T) {
	p := &scripted{}
	got, err := Recover(context.Background(), told(p, always(results.StateMet), 0, false), 100, []int{0, 2, 5})
	if err != nil || len(p.specs) != 6 || got.Skipped != "" {
		t.Fatalf("%d trials, %v", len(p.specs), err)
	}
	for i, s := range p.specs {
		c := s.Conduct
		if i%2 == 1 {
			if c.Kind != results.TrialPlateau || c.Segments[0].Rate != 130 || c.Refreshes != 0 {
				t.Errorf("after: %+v", c)
			}
			continue
		}
		names := ""
		for _, g := range c.Segments {
			names += g.Name + " "
		}
		if names != "base trigger after shed again " || c.Segments[0].Rate != 30 || c.Segments[1].Rate != 150 ||
			c.Segments[2].Rate != 30 || c.Segments[2].Length != 15*time.Minute || c.Refreshes != []int{0, 2, 5}[i/2] {
			t.Errorf("%+v", c)
		}
		if delay := (150.0/100 - 1) * c.Segments[1].Length.Seconds(); delay < 30 {
			t.Errorf("a trigger that makes people wait %v s", delay)
		}
	}
	p = &scripted{}
	if got, _ := Recover(context.Background(), told(p, always(results.StateMet), 105, true), 100, []int{0}); got.Skipped != SkippedCeiling || len(p.specs) != 0 {
		t.Errorf("a ceiling of 1.05 C: %d trials, %q", len(p.specs), got.Skipped)
	}
	quick := time.Duration(0)
	p = &scripted{}
	if _, err := Recover(context.Background(), told(p, always(results.StateMet), 0, true), 100, []int{0, 2}); err != nil {
		t.Fatal(err)
	}
	for _, s := range p.specs {
		quick += s.Conduct.Length()
	}
	if quick > 13*time.Minute {
		t.Errorf("%v of load when quick", quick)
	}
}

// stormPlayer replays a storm on M/M/16 by events: who comes is a logistic curve
// of people around the bell.
type stormPlayer struct {
	people   float64
	capacity float64
	limit    float64
}

func (p *stormPlayer) Play(_ context.Context, spec Spec, _ func(Moment) bool) (*results.Series, error) {
	rng := rand.New(rand.NewPCG(spec.Seed, 1))
	n := int(p.people * spec.Conduct.Factor)
	at := make([]float64, n)
	for i := range at {
		u := rng.Float64()
		at[i] = 300 + 45*math.Log(u/(1-u))
	}
	slices.Sort(at)
	free := make([]float64, 16)
	s := &results.Series{Conduct: spec.Conduct, Seconds: make([]results.SeriesSecond, 1)}
	for _, t := range at {
		k := 0
		for i := range free {
			if free[i] < free[k] {
				k = i
			}
		}
		free[k] = max(free[k], t) + rng.ExpFloat64()*16/p.capacity
		s.Seconds[0].Started++
		if free[k]-t <= p.limit {
			s.Seconds[0].By[results.InTime]++
		}
	}
	return s, nil
}

func (p *stormPlayer) judge(s *results.Series) results.Reading {
	x := &s.Seconds[0]
	if float64(x.By[results.InTime]) >= 0.95*float64(x.Started) {
		return results.Reading{State: results.StateMet}
	}
	return results.Reading{State: results.StateNotMet}
}

// TestLargestStorm (K12): the fluid model's N* is the replayed one within 5 %, so
// that 0.9 of it holds and 1.1 does not.
func TestLargestStorm(t *testing.T) {
	p := &stormPlayer{people: 40_000, capacity: 200, limit: 3}
	curve := make([]float64, 900)
	for i := range curve {
		at := func(t float64) float64 { return 1 / (1 + math.Exp(-(t-300)/45)) }
		curve[i] = p.people * (at(float64(i+1)) - at(float64(i)))
	}
	predicted := stats.LargestStorm(stats.Storm{Arrivals: curve, Capacity: p.capacity, Scatter: 2, Base: 16 / p.capacity}, func(x *stats.Passage) bool {
		return x.Within(p.limit, 0, len(curve)) >= 0.95
	})
	held, failed := 0.5*predicted, 1.5*predicted
	for failed-held > 0.005*predicted {
		mid := (held + failed) / 2
		s, _ := p.Play(context.Background(), Spec{Seed: 5, Conduct: results.Conduct{Factor: mid}}, nil)
		if p.judge(s).State == results.StateMet {
			held = mid
		} else {
			failed = mid
		}
	}
	if math.Abs(predicted-held) > 0.05*held {
		t.Errorf("%.0f people predicted, %.0f held", predicted*p.people, held*p.people)
	}
	t.Logf("predicted %.0f people, held %.0f", predicted*p.people, held*p.people)
	got, err := Storms(context.Background(), told(p, p.judge, 0, false), Storm{Predicted: predicted})
	if err != nil || len(got.Trials) != 9 {
		t.Fatalf("%d storms, %v", len(got.Trials), err)
	}
	for _, s := range got.Trials {
		if want := map[string]results.State{RoleLow: results.StateMet, RoleHigh: results.StateNotMet}[s.Spec.Role]; want != "" && s.Reading.State != want {
			t.Errorf("%s: %s", s.Spec.Role, s.Reading.State)
		}
	}
}
