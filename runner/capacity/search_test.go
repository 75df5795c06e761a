package capacity

import (
	"context"
	"math"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

func simConfig(target *simTarget, limit time.Duration, seed uint64) (Config, *simPlayer) {
	p := &simPlayer{target: target, limit: limit}
	set := SettingsFor(0.95, limit, false)
	set.MaxRate = 20_000
	return Config{Player: p, Judge: simJudge(0.95), Settings: set, Start: target.capacity() / 37, Seed: seed, First: 1}, p
}

// describe tells a search, trial after trial.
func describe(t *testing.T, f *Found) {
	t.Helper()
	for _, tr := range f.Trials {
		bad := -1.0
		if len(tr.Reading.Criteria) > 0 {
			bad = tr.Reading.Criteria[0].Bad
		}
		t.Logf("%s %.1f/s %s bad %.3f good %.1f work %d: %s %v", tr.Spec.Name, tr.Rate, tr.Reading.State, bad, tr.Reading.Goodput, len(tr.Flow.Work), tr.Time, tr.Reading.Gates)
	}
	t.Logf("held %+v saturation %+v overload %.1f why %q search %s total %s", f.Held, f.Saturation, f.Overload.Value, f.Why, f.Search, f.Total)
}

// TestK1KnownCapacity: the saturation goodput within 3 % of c ÷ s, the bracket
// around the rate that the plateau's own horizon lets pass and within 5 % of it,
// in a quarter of an hour before the repeats.
func TestK1KnownCapacity(t *testing.T) {
	const limit = 3 * time.Second
	for name, target := range map[string]*simTarget{
		"M/M/16": shared(250, 16, 1, 1), "one pool": shared(200, 16, 3, 1), "chain": chain(250, 16, 3, 1), "D, 4 steps": shared(300, 30, 4, 0),
	} {
		t.Run(name, func(t *testing.T) {
			cfg, _ := simConfig(target, limit, 5)
			f, err := Search(context.Background(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			c, want := target.capacity(), truth(target, limit, 0.95, f.Settings.Warmup, f.Settings.Plateau, 4)
			if math.Abs(f.Saturation.Value/c-1) > 0.03 {
				t.Errorf("saturation %v, want %v within 3 %%", f.Saturation, c)
			}
			// Half a per cent: the truth is itself a mean of four plateaus.
			if !(f.Held.Low >= 0.95*want && f.Held.High <= 1.05*want && f.Held.Low <= 1.005*want && f.Held.High >= 0.995*want) {
				t.Errorf("held %+v, want around %.1f within 5 %%", f.Held, want)
			}
			if f.Search > searchTime || f.Why != "" {
				t.Errorf("took %s, why %q", f.Search, f.Why)
			}
			if t.Failed() {
				describe(t, f)
			}
		})
	}
}

// Where all steps share one pool, what comes out in overload is far less than
// what the target could sustain; the work done in it is not.
func TestWorkReadsWhatGoodputCannot(t *testing.T) {
	for name, target := range map[string]*simTarget{"pool": shared(400, 16, 3, 1), "chain": chain(400, 16, 3, 1)} {
		p := &simPlayer{target: target, limit: 3 * time.Second}
		s, err := p.Play(context.Background(), Spec{Seed: 4, Conduct: results.Conduct{Segments: []results.Segment{
			{Rate: 40, Length: 20 * time.Second}, {Rate: 512, Length: 80 * time.Second}}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		rest, ok := s.AtRest()
		from, to := s.Busy(rest)
		work := stats.Mean(s.Work(rest, from, to)).Value / 400
		goodput := doneIn(s, 50).Value / 400
		if !ok || to != 100 || from > 30 || math.Abs(work-1) > 0.03 {
			t.Errorf("%s: work of %.3f of the capacity from second %d to %d (rest %+v)", name, work, from, to, rest)
		}
		if name == "pool" && goodput > 0.92 {
			t.Errorf("goodput of %.3f of the capacity: the pool shows nothing", goodput)
		}
	}
}

// A pool a few per cent past its limit: what waits before its steps scatters from
// second to second, and the reading must not follow the least of them.
func TestWorkOfASmallBacklog(t *testing.T) {
	var all []float64
	for seed := range uint64(40) {
		p := &simPlayer{target: shared(100, 10, 3, 1), limit: 3 * time.Second}
		s, err := p.Play(context.Background(), Spec{Seed: seed, Conduct: results.Conduct{Segments: []results.Segment{
			{Rate: 20, Length: 20 * time.Second}, {Rate: 104, Length: time.Minute}}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		rest, _ := s.AtRest()
		from, to := s.Busy(rest)
		if work := stats.Mean(s.Work(rest, from, to)); work.Sure {
			all = append(all, work.Value)
		}
	}
	if got := stats.Mean(all).Value; len(all) < 30 || math.Abs(got/100-1) > 0.003 {
		t.Errorf("work of %.2f over %d trials, want 100", got, len(all))
	}
}
