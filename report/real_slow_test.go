//go:build slow

package report

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/examples/ent"
	"firstbell/examples/ent/memnet"
	"firstbell/runner"
	"firstbell/runner/capacity"
	"firstbell/runner/httpdriver"
	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// threeSteps is a login of three pages without pauses: the form, the password
// and the home page it leads to, and the page of the class.
const threeSteps = `
version: 1
target: http://127.0.0.1
accounts:
  generate: {count: 6000, login: "eleve${n}", password: "mdp-eleve${n}"}
  synthetic: true
population:
  - {persona: eleve, region: Paris, level: lycee, people: 3000, show_up: 100%}
storm:
  play: 08:58-09:01
  curve: {"08:58-09:01": 100%}
personas:
  eleve: {role: pupil, device: {desktop: 100%}, think: {median: 8s, p95: 45s}, journeys: {connexion: 100%}}
journeys:
  connexion:
    - get: /
    - post: /auth/login
      pause: 0s
      form: {email: "${login}", password: "${password}", callBack: "", details: ""}
      expect: {url: /timeline/timeline}
    - get: /homeworks
      pause: 0s
      expect: {css: ".homeworks"}
      in_class: true
signatures:
  bad_credentials: {text: L'identifiant ou le mot de passe est incorrect}
patience: {wait: 5s, impatient: {share: 0%, wait: 3s}, tries: 4, hard_stop: 45m}
criteria:
  in_time: 3s
  time_to_class: p(95)<3s
`

type anyHost struct{}

func (anyHost) Request(*url.URL) error            { return nil }
func (anyHost) Dial(string, netip.AddrPort) error { return nil }
func (anyHost) Stopped() <-chan struct{}          { return nil }
func (anyHost) Cause() results.Ended              { return results.Ended{} }

// lab plays trials with the real runner on one example ENT, in virtual time, and
// keeps what a report would read from their folders.
type lab struct {
	t       *testing.T
	sc      *scenarios.Scenario
	dir     string
	network *memnet.Net
	trials  []played
}

func (l *lab) Play(ctx context.Context, spec capacity.Spec, _ func(capacity.Moment) bool) (*results.Series, error) {
	plan, list, err := runner.NewTrialPlan(l.sc, runner.PlanOptions{Seed: spec.Seed, RunID: "test"}, spec.Conduct)
	if err != nil {
		return nil, err
	}
	plan.Drain, plan.Ends = 2*time.Minute, plan.Ends+2*time.Minute
	plan.Start = time.Now().Add(time.Second + runner.PreparationTime(l.sc, plan))
	clock := runner.NewTimerClock(plan.Start)
	driver, err := httpdriver.New(httpdriver.Config{Scenario: l.sc, RunID: "test", Clock: clock, Guard: anyHost{}, DialsInFlight: 100_000,
		Dial: func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
			return l.network.Dial(ctx, "tcp", a.String())
		}})
	if err != nil {
		return nil, err
	}
	defer driver.Close()
	dir := filepath.Join(l.dir, spec.Name)
	folder, err := results.Create(dir, plan, l.sc.Source)
	if err != nil {
		return nil, err
	}
	ended, err := runner.Run(ctx, runner.Config{Scenario: l.sc, Plan: plan, Arrivals: list, Driver: driver, Guard: anyHost{}, Clock: clock,
		Sink: folder, Health: func(int) results.Health { return results.Health{} }})
	if err != nil {
		return nil, err
	}
	if err := folder.Close(ended); err != nil {
		return nil, err
	}
	run, err := results.Open(dir)
	if err != nil {
		return nil, err
	}
	p := played{Trial: results.Trial{Name: spec.Name, Stage: spec.Stage, Role: spec.Role, Conduct: *run.Plan.Conduct, Seed: spec.Seed},
		Series: results.SeriesOf(run), Traces: tracesOf(run)}
	p.Reading = JudgeTrial(p.Series, l.sc)
	l.trials = append(l.trials, p)
	time.Sleep(5 * time.Second)
	return p.Series, nil
}

// experiment runs work against an ENT in a bubble and gives the trials.
func experiment(t *testing.T, c ent.Config, modes func(*ent.Modes), work func(capacity.Config) error) []played {
	t.Helper()
	sc, err := scenarios.Parse([]byte(threeSteps), scenarios.Options{Name: "test.yaml", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, sc: sc, dir: t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		e, err := ent.New(c)
		if err != nil {
			t.Fatal(err)
		}
		if modes != nil {
			m := e.Modes()
			modes(&m)
			if err := e.SetModes(m); err != nil {
				t.Fatal(err)
			}
		}
		l.network = memnet.New()
		listener, err := l.network.Listen("127.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		served := make(chan error, 1)
		go func() { served <- e.Serve(ctx, listener) }()
		config := capacity.Config{Player: l, Seed: 11, First: 1, Settings: results.Settings{Limit: 3 * time.Second, Plateau: time.Minute},
			Judge: func(s *results.Series) results.Reading { return JudgeTrial(s, sc) }}
		if err := work(config); err != nil {
			t.Error(err)
		}
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.trials
}

// wholeLogin is the end-to-end saturation: one overload after a calm start.
func wholeLogin(c capacity.Config, rate float64) (stats.Estimate, error) {
	conduct := results.Conduct{Kind: results.TrialPlateau, LoginOnly: true, Warmup: 30 * time.Second, Segments: []results.Segment{
		{Name: "base", Rate: rate / 6, Length: 20 * time.Second}, {Name: "plateau", Rate: rate, Length: 70 * time.Second}}}
	s, err := c.Player.Play(context.Background(), capacity.Spec{Name: "000-confirm", Stage: results.StageConfirm, Seed: 3, Conduct: conduct}, nil)
	if err != nil {
		return stats.Estimate{}, err
	}
	rest, _ := s.AtRest()
	from, to := s.Busy(rest)
	return stats.Mean(s.Work(rest, from, to)), nil
}

func isolatedENT(t *testing.T, c ent.Config, rate float64) Attribution {
	t.Helper()
	var whole stats.Estimate
	trials := experiment(t, c, nil, func(c capacity.Config) (err error) {
		if whole, err = wholeLogin(c, rate); err != nil {
			return err
		}
		_, err = capacity.Isolate(context.Background(), c, []capacity.Alone{{Step: 0}, {Step: 1}, {Step: 2}}, whole.Value)
		return err
	})
	a := attributionOf(trials, nil, whole)
	t.Logf("whole %.1f/s [%.1f, %.1f]", whole.Value, whole.Lo, whole.Hi)
	for _, s := range a.Isolation {
		t.Logf("%s: %+v", s.Step, s.Logins)
	}
	t.Logf("%s %q: onset %+v, compatible %v, little %+v", a.Level, a.Step, a.Onset, a.Compatible, a.Little)
	return a
}

// TestRealChain: the password 10 % below the next step, found over the real
// runner and the real portal.
func TestRealChain(t *testing.T) {
	chain, err := ent.ParseChain("login_page=60/s:4,login=30/s:4,home=55/s:4,page=33/s:4")
	if err != nil {
		t.Fatal(err)
	}
	a := isolatedENT(t, ent.Config{Capacity: ent.Capacity{Chain: chain, CV2: 1}}, 45)
	if a.Step != "2 post /auth/login" || a.Level != levelLowest {
		t.Errorf("%q at %q", a.Step, a.Level)
	}
	for _, l := range a.Little {
		if l.Gap.Float() > littleLimit {
			t.Errorf("%+v", l)
		}
	}
}

// TestRealPool: workers for all, and a gateway in front of a chain, are not
// separable.
func TestRealPool(t *testing.T) {
	costs := ent.Costs{LoginPage: 1, Login: 1, Home: 0.5, Page: 1}
	if a := isolatedENT(t, ent.Config{Capacity: ent.Capacity{Workers: 7, Service: 66 * time.Millisecond, CV2: 1, Costs: costs}}, 45); a.Step != "" {
		t.Errorf("one pool of workers: %q named", a.Step)
	}
	chain, err := ent.ParseChain("login_page=60/s:8,login=50/s:8,home=70/s:8,page=55/s:8")
	if err != nil {
		t.Fatal(err)
	}
	if a := isolatedENT(t, ent.Config{Capacity: ent.Capacity{Chain: chain, SharedPool: 14, CV2: 1}}, 45); a.Step != "" {
		t.Errorf("a gateway before the chain: %q named", a.Step)
	}
}

func recoveredENT(t *testing.T, c ent.Config, modes func(*ent.Modes), rate float64, refreshes ...int) []RecoveryRow {
	t.Helper()
	var whole stats.Estimate
	trials := experiment(t, c, modes, func(c capacity.Config) (err error) {
		if whole, err = wholeLogin(c, rate); err != nil {
			return err
		}
		c.Quick = true
		_, err = capacity.Recover(context.Background(), c, 30, refreshes)
		return err
	})
	sc, err := scenarios.Parse([]byte(threeSteps), scenarios.Options{Name: "test.yaml", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	rows := recoveryOf(trials, knownFrom(trials, whole), sc).Trials
	for _, r := range rows {
		r.InFlight, r.Success = nil, nil
		t.Logf("%+v", r)
	}
	return rows
}

// TestRealRecovery: a portal that drops what nobody waits for recovers; one that
// does the work all the same stays down with five refreshes at 0.3 of its
// capacity; one that heals to 70 % is degraded.
func TestRealRecovery(t *testing.T) {
	login := ent.Capacity{Workers: 4, Service: 4 * time.Second / 30, CV2: 1, Costs: ent.Costs{LoginPage: 1}}
	t.Run("recovers", func(t *testing.T) {
		for _, r := range recoveredENT(t, ent.Config{Capacity: login}, nil, 45, 0, 2) {
			if r.State != stateRecovered {
				t.Errorf("R=%d: %s", r.Refreshes, r.State)
			}
		}
	})
	t.Run("metastable", func(t *testing.T) {
		zombie := login
		zombie.Zombie = true
		r := recoveredENT(t, ent.Config{Capacity: zombie}, nil, 45, 5)
		if r[0].State != stateMetastable {
			t.Errorf("R=5: %s", r[0].State)
		}
	})
	t.Run("degraded", func(t *testing.T) {
		heal := func(m *ent.Modes) { m.Healer = ent.Healer{Queue: 600, Share: 0.7} }
		r := recoveredENT(t, ent.Config{Capacity: login}, heal, 36, 0)
		if r[0].State != stateDegraded {
			t.Errorf("%s", r[0].State)
		}
	})
}
