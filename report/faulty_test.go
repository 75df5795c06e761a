package report_test

import (
	"testing"
	"time"

	"firstbell/report"
	"firstbell/report/reporttest"
	"firstbell/runner/results"
)

// faults are what can be wrong with a generator, each on a portal that does
// well, and the gates that must see it.
func faults() map[string]func(*reporttest.Spec) {
	health := func(change func(second int, h *results.Health) bool) func(*reporttest.Spec) {
		return func(s *reporttest.Spec) { s.Health = change }
	}
	each := func(change func(second int, p *reporttest.People)) func(*reporttest.Spec) {
		return func(s *reporttest.Spec) {
			mix := s.Mix
			s.Mix = func(second, group int) []reporttest.People {
				out := mix(second, group)
				for i := range out {
					change(second, &out[i])
				}
				return out
			}
		}
	}
	return map[string]func(*reporttest.Spec){
		"stopped for 2 s": health(func(second int, h *results.Health) bool {
			if second == 62 {
				h.Hiccup = 2 * time.Second
			}
			return second != 60 && second != 61
		}),
		"one CPU of many taken away": health(func(second int, h *results.Health) bool {
			if second >= 50 && second < 65 {
				h.CPU = 0.97
			}
			return true
		}),
		"a clock 200 ms off": each(func(_ int, p *reporttest.People) { p.Delay = 200 * time.Millisecond }),
		"one send in a hundred dropped": each(func(second int, p *reporttest.People) {
			if second%10 == 3 && p.N == 1 || second%10 == 3 && p.N == 8 {
				p.Outcome, p.Reason = results.NotSent, results.ReasonGenerator
			}
		}),
		"killed": func(s *reporttest.Spec) { s.Ended = results.Ended{How: results.EndedCut, At: 95 * time.Second} },
	}
}

// TestFaultyGenerator is K13 for whoever judges: with any fault no plateau is
// met, no load is held by it, and a session with it is not ready.
func TestFaultyGenerator(t *testing.T) {
	for name, spoil := range faults() {
		t.Run(name, func(t *testing.T) {
			d := reporttest.NewDossier(t, reporttest.Standard())
			d.Journal.Required = results.Required{People: 8644, PeakRate: 48}
			d.Storm("required", 1, "ready")
			spec := reporttest.SpecOf(t, "ready")
			spoil(&spec)
			d.Play(results.StageStorm, "required", results.Conduct{Kind: results.TrialStorm, Factor: 1, Refreshes: -1}, spec)
			plateau := results.Conduct{Kind: results.TrialPlateau, Warmup: 20 * time.Second, LoginOnly: true,
				Segments: []results.Segment{{Name: "plateau", Rate: 18, Length: 120 * time.Second}}}
			steady := reporttest.Spec{Mix: reporttest.Served(18, 20)}
			spoil(&steady)
			trial := d.Play(results.StageConfirm, "", plateau, steady)

			run, err := d.Open(trial)
			if err != nil {
				t.Fatal(err)
			}
			series := results.SeriesOf(run)
			if series.Gates = report.TrialGates(run, d.Scenario); len(series.Gates) == 0 {
				t.Error("no gate saw it")
			}
			if r := report.JudgeTrial(series, d.Scenario); r.State != results.StateUndecided {
				t.Errorf("plateau %s with %v", r.State, r.Gates)
			}
			s := d.Judge()
			if s.Verdict.Value != report.Inconclusive {
				t.Errorf("session %s", s.Verdict.Value)
			}
			if s.Capacity.Held.Low.Known() || s.Capacity.Loads[0].Held != 0 {
				t.Errorf("held %+v", s.Capacity.Held)
			}
		})
	}
}

// TestSoundGenerator: without a fault the same is ready, or the tests above show
// nothing.
func TestSoundGenerator(t *testing.T) {
	d := reporttest.NewDossier(t, reporttest.Standard())
	d.Journal.Required = results.Required{People: 8644, PeakRate: 48}
	d.Storm("required", 1, "ready")
	d.Plateau(results.StageConfirm, 18, 20)
	s := d.Judge()
	if s.Verdict.Value != report.Ready || s.Capacity.Held.Low != "18" || s.Capacity.Held.Censored != "at_least" {
		t.Errorf("%s %s, held %+v", s.Verdict.Value, s.Verdict.Cause, s.Capacity.Held)
	}
}

// TestGatesOfATrialThatDecided: what was still due when it had decided is not
// missed.
func TestGatesOfATrialThatDecided(t *testing.T) {
	d := reporttest.NewDossier(t, reporttest.Standard())
	c := results.Conduct{Kind: results.TrialPlateau, Warmup: 20 * time.Second, LoginOnly: true,
		Segments: []results.Segment{{Name: "plateau", Rate: 30, Length: 300 * time.Second}}}
	mix := reporttest.Served(30, 20)
	spec := reporttest.Spec{
		Ended: results.Ended{How: results.EndedEnough, LoadEnd: 85 * time.Second, At: 150 * time.Second},
		Mix: func(second, group int) []reporttest.People {
			out := mix(second, group)
			for i := range out {
				if second >= 85 {
					out[i] = reporttest.People{N: out[i].N, Unsent: true}
				}
			}
			return out
		},
	}
	name := d.Play(results.StageConfirm, "", c, spec)
	run, err := d.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if failed := report.TrialGates(run, d.Scenario); len(failed) > 0 {
		t.Errorf("failed %v", failed)
	}
	run.Ended.How = results.EndedInterrupted
	if failed := report.TrialGates(run, d.Scenario); len(failed) == 0 {
		t.Error("an interrupted trial passed")
	}
}
