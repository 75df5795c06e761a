package runner_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"firstbell/examples/ent"
	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// plateau is a steady load of whole logins, one attempt each.
func plateau(rate float64, length time.Duration) *results.Conduct {
	return &results.Conduct{Kind: results.TrialPlateau, LoginOnly: true, Warmup: 10 * time.Second,
		Segments: []results.Segment{{Name: "plateau", Rate: rate, Length: length}}}
}

// bookkeeping checks Little's identity step by step: the integral of who was
// inside and the sum of their times are kept apart, and are equal.
func bookkeeping(t *testing.T, s *results.Series) {
	t.Helper()
	for _, st := range s.Steps {
		var inside, spent time.Duration
		for _, x := range st.Inside {
			inside += x
		}
		for _, x := range st.Spent {
			spent += x
		}
		if inside != spent {
			t.Errorf("%s: integral %v, sum %v", st.Name, inside, spent)
		}
	}
}

// TestPlateauOfLogins: more people than accounts, each leaves when in class, and
// the series says what the ledgers say.
func TestPlateauOfLogins(t *testing.T) {
	c := plateau(30, 40*time.Second)
	out := morning{yaml: strings.ReplaceAll(entcore, "count: 2000", "count: 900"), seed: 1, conduct: c, ent: ent.Config{Capacity: ent.ForLogins(50, 3)}}.play(t)
	s := results.SeriesOf(out.run)
	n := out.people.Intended
	if n <= 900 || out.people.InClass() != n || out.ended.How != results.EndedPlanned {
		t.Fatalf("people %v, ended %+v", reasons(out.books.People), out.ended)
	}
	if out.took > 65*time.Second {
		t.Errorf("took %v: people did not leave when they were in class", out.took)
	}
	for i, st := range s.Steps {
		ends := uint64(0)
		for _, e := range st.Ends {
			ends += uint64(e[results.InTime])
		}
		if want := n; st.Name == "3 get /homeworks/list" && ends != 0 || i < 2 && ends != want {
			t.Errorf("%s: %d ends of %d people", st.Name, ends, want)
		}
	}
	if p := out.run.Plan; len(p.Notes) == 0 || !strings.Contains(strings.Join(p.Notes, " "), "900 comptes") ||
		p.PeakFrom != p.PlayFrom+10 || p.PlayTo != p.PlayFrom+40 {
		t.Errorf("plan %+v", p)
	}
	bookkeeping(t, s)
}

// TestEnoughEndsTheLoad: whoever had not left by then was never due; whoever had
// is brought to an end.
func TestEnoughEndsTheLoad(t *testing.T) {
	asked := 0
	out := morning{yaml: entcore, seed: 2, conduct: plateau(40, time.Minute), ent: ent.Config{Capacity: ent.ForLogins(20, 3)},
		config: func(cfg *runner.Config) {
			cfg.Open = func() int { return 7 }
			cfg.Enough = func(s runner.Snapshot) bool {
				asked++
				if s.Done != s.People[results.InTime]+s.People[results.Late] || s.Open != 7 || s.Failed != 0 {
					t.Errorf("snapshot %+v", s)
				}
				return s.InFlight+s.Between > 300
			}
		}}.play(t)
	end := out.ended
	if end.How != results.EndedEnough || end.LoadEnd == 0 || end.LoadEnd > 50*time.Second || int64(asked) != int64(end.LoadEnd/time.Second) {
		t.Fatalf("ended %+v after %d questions", end, asked)
	}
	s := results.SeriesOf(out.run)
	var due, started, notSent, done uint32
	for i, x := range s.Seconds {
		if time.Duration(i)*time.Second >= end.LoadEnd && x.Intended > 0 {
			t.Errorf("second %d: %d due after the load had ended at %v", i, x.Intended, end.LoadEnd)
		}
		due, started, notSent, done = due+x.Intended, started+x.Started, notSent+x.NotSent, done+x.Done
	}
	if due != started || notSent != 0 || done != started || uint64(started) != out.people.Started {
		t.Errorf("due %d, started %d, not sent %d, done %d; %v", due, started, notSent, done, reasons(out.books.People))
	}
	if left := out.people.Intended - out.people.Started; out.people.NotSent != left || left == 0 {
		t.Errorf("people %v", out.people)
	}
	if out.took < end.LoadEnd+2*time.Second || out.took > end.LoadEnd+45*time.Second {
		t.Errorf("load ended at %v, run at %v", end.LoadEnd, out.took)
	}
	bookkeeping(t, s)
}

// TestRefreshes: a portal that never answers; each person tries 1 + R times.
func TestRefreshes(t *testing.T) {
	for _, r := range []int{0, 1, 3} {
		c := plateau(5, 20*time.Second)
		c.Refreshes = r
		out := morning{yaml: onePage, seed: 3, conduct: c, drain: 5 * time.Minute, modes: func(m *ent.Modes) {
			m.Delay = time.Hour
		}}.play(t)
		n := out.people.Started
		if out.people.Of(results.Timeout) != n || out.tries.Started != n*uint64(1+r) {
			t.Errorf("R=%d: %d people, %d attempts: %v", r, n, out.tries.Started, reasons(out.books.Attempts))
		}
		bookkeeping(t, results.SeriesOf(out.run))
	}
}

// TestCutInsideAStep: the time of those who were inside when the run stopped
// counts on both sides of Little's identity.
func TestCutInsideAStep(t *testing.T) {
	out := morning{yaml: onePage, seed: 3, conduct: plateau(5, 20*time.Second), drain: 10 * time.Second, modes: func(m *ent.Modes) {
		m.Delay = time.Hour
	}}.play(t)
	if out.people.Of(results.Unfinished) != out.people.Started || out.people.Started < 50 {
		t.Errorf("people %v", reasons(out.books.People))
	}
	s := results.SeriesOf(out.run)
	bookkeeping(t, s)
	if sum := s.Steps[0].Spent[0] + s.Steps[0].Spent[1]; sum < time.Duration(out.people.Started)*15*time.Second {
		t.Errorf("%v spent by %d people", sum, out.people.Started)
	}
}

// TestIsolationNeedsItsPreparation: a run that begins too late for it is
// refused.
func TestIsolationNeedsItsPreparation(t *testing.T) {
	sc := parse(t, entcore)
	c := results.Conduct{Kind: results.TrialIsolation, Step: 2, Segments: []results.Segment{{Rate: 40, Length: 30 * time.Second}}}
	plan, list, err := runner.NewTrialPlan(sc, runner.PlanOptions{Seed: 1}, c)
	if err != nil {
		t.Fatal(err)
	}
	// Half as many browsers as people, at a quarter of the load.
	lead := runner.PreparationTime(sc, plan)
	if want := time.Duration(float64((len(list)+1)/2) / 10 * float64(time.Second)); lead != want+10*time.Second {
		t.Errorf("preparing takes %v, want %v and 10 s", lead, want)
	}
	_, err = runner.Run(t.Context(), runner.Config{Scenario: sc, Plan: plan, Arrivals: list, Driver: noDriver{}, Guard: &openGuard{},
		Sink: noSink{}, Clock: runner.NewTimerClock(time.Now().Add(lead - time.Second))})
	if err == nil || !strings.Contains(err.Error(), "preparing takes") {
		t.Errorf("Run: %v", err)
	}
}

type noDriver struct{ runner.Driver }

type noSink struct{ runner.Sink }

// TestPinned: everybody is the one account, at the same time.
func TestPinned(t *testing.T) {
	yaml := strings.ReplaceAll(entcore, "count: 2000", "count: 3")
	c := plateau(30, 20*time.Second)
	c.Kind = results.TrialCalibration
	out := morning{yaml: yaml, seed: 4, conduct: c, config: func(cfg *runner.Config) {
		cfg.Pinned = map[string]int{"eleve": 1}
	}}.play(t)
	if out.people.InClass() != out.people.Intended || out.people.Intended < 400 {
		t.Errorf("people %v", reasons(out.books.People))
	}
}

// TestIsolation: the step before is prepared ahead, nothing of that is counted,
// and the step alone is measured by its own proof.
func TestIsolation(t *testing.T) {
	for name, tt := range map[string]struct {
		step int
		cost ent.Costs
		rate float64
		want float64 // per second
	}{
		"the first page":       {0, ent.Costs{LoginPage: 1, Login: 9, Home: 9}, 75, 50},
		"the password":         {1, ent.Costs{LoginPage: 9, Login: 0.5, Home: 0.5}, 75, 50},
		"a page after it, get": {2, ent.Costs{LoginPage: 1, Login: 2, Home: 1, Call: 1}, 75, 50},
	} {
		t.Run(name, func(t *testing.T) {
			c := &results.Conduct{Kind: results.TrialIsolation, Step: tt.step, PrepareRate: 4,
				Segments: []results.Segment{{Name: "plateau", Rate: tt.rate, Length: 20 * time.Second}}}
			out := morning{yaml: entcore, seed: 5, conduct: c, drain: 2 * time.Minute,
				ent: ent.Config{Capacity: ent.Capacity{Workers: 5, Service: 100 * time.Millisecond, Costs: tt.cost}}}.play(t)
			n := out.people.Intended
			if out.people.InClass() != n {
				t.Fatalf("people %v", reasons(out.books.People))
			}
			for i, st := range results.SeriesOf(out.run).Steps {
				ends := uint64(0)
				for _, e := range st.Ends {
					ends += uint64(e[results.InTime])
				}
				if want := map[bool]uint64{true: n}[i == tt.step]; ends != want {
					t.Errorf("%s: %d ends, want %d", st.Name, ends, want)
				}
			}
			if got := float64(n) / out.took.Seconds(); math.Abs(got/tt.want-1) > 0.03 {
				t.Errorf("%d people in %v: %.1f a second, the step can do %.0f", n, out.took, got, tt.want)
			}
			bookkeeping(t, results.SeriesOf(out.run))
		})
	}
}

// TestIsolationUnprepared: people the target would not let prepare are not
// sent, and say so.
func TestIsolationUnprepared(t *testing.T) {
	c := &results.Conduct{Kind: results.TrialIsolation, Step: 1,
		Segments: []results.Segment{{Name: "plateau", Rate: 10, Length: 10 * time.Second}}}
	out := morning{yaml: entcore, seed: 6, conduct: c, modes: func(m *ent.Modes) {
		m.Unavailable = ent.Unavailable{Share: 1}
	}}.play(t)
	for _, cell := range out.books.People.Cells {
		if cell.Reason != results.ReasonUnprepared {
			t.Errorf("%d people %s/%s", cell.N, cell.Outcome, cell.Reason)
		}
	}
	if out.people.NotSent != out.people.Intended || out.people.Intended == 0 {
		t.Errorf("people %v", out.people)
	}
}

func TestNewTrialPlan(t *testing.T) {
	sc := parse(t, entcore)
	steady := []results.Segment{{Name: "base", Rate: 20, Length: 90 * time.Second}}
	for name, c := range map[string]results.Conduct{
		"no kind":           {Segments: steady},
		"nothing":           {Kind: results.TrialPlateau},
		"warm-up too long":  {Kind: results.TrialPlateau, Segments: steady, Warmup: 2 * time.Minute},
		"a step too far":    {Kind: results.TrialIsolation, Segments: steady, Step: 3},
		"refreshes":         {Kind: results.TrialPlateau, Segments: steady, Refreshes: -2},
		"storm of segments": {Kind: results.TrialStorm, Segments: steady},
		"storm of nobody":   {Kind: results.TrialStorm, Factor: -1},
	} {
		if _, _, err := runner.NewTrialPlan(sc, runner.PlanOptions{}, c); err == nil {
			t.Errorf("%s: planned", name)
		}
	}
	storm := func(f float64) *results.Plan {
		p, list, err := runner.NewTrialPlan(sc, runner.PlanOptions{Seed: 3}, results.Conduct{Kind: results.TrialStorm, Factor: f, Refreshes: -1})
		if err != nil || len(list) != p.People {
			t.Fatalf("factor %v: %v", f, err)
		}
		return p
	}
	whole, _, err := runner.NewPlan(sc, runner.PlanOptions{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if one := storm(1); one.Digest != whole.Digest || one.PeakTo != whole.PeakTo || one.Scale != 1 {
		t.Errorf("the storm at factor 1 is another: %+v", one)
	}
	if n := storm(2.5).People; n < 2300 || n > 2700 {
		t.Errorf("%d people at 2.5 × 1000", n)
	}
	sumsOf(t, sc, steady)
}

// sumsOf checks that a plan agrees with its arrivals.
func sumsOf(t *testing.T, sc *scenarios.Scenario, list []results.Segment) {
	t.Helper()
	p, people, err := runner.NewTrialPlan(sc, runner.PlanOptions{Seed: 3}, results.Conduct{Kind: results.TrialRecovery, Segments: list, Refreshes: 2})
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, g := range p.Intended {
		for _, n := range g {
			sum += int(n)
		}
	}
	if sum != len(people) || sum != p.People || len(p.Intended[0]) != 90 || p.Conduct.Refreshes != 2 {
		t.Errorf("%d people in the seconds, %d in the list, plan %+v", sum, len(people), p)
	}
}
