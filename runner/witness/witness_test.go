package witness

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"firstbell/examples/ent"
	"firstbell/examples/ent/memnet"
	"firstbell/runner"
	"firstbell/runner/httpdriver"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const yaml = `
version: 1
target: http://127.0.0.1
accounts:
  generate: {count: 500, login: "eleve${n}", password: "mdp-eleve${n}"}
  synthetic: true
  reuse: after_end
population: [{persona: eleve, people: 1000, show_up: 100%}]
storm: {play: 08:58-09:01, curve: {"08:58-09:01": 100%}}
personas: {eleve: {role: pupil, think: {median: 8s, p95: 45s}, journeys: {connexion: 100%}}}
journeys:
  connexion:
    - get: /
    - post: /auth/login
      pause: {median: 7s, p95: 9s}
      form: {email: "${login}", password: "${password}", callBack: "", details: ""}
      expect: {url: /timeline/timeline}
      calls:
        - get: /auth/oauth2/userinfo
          expect: {json: {login: "${login}"}}
      in_class: true
    - get: /homeworks/list
      pause: 10s
signatures:
  bad_credentials: {text: L'identifiant ou le mot de passe est incorrect}
patience: none
criteria: {in_time: 3s, in_class: rate>99%}
`

func parse(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse([]byte(text), scenarios.Options{Name: "test.yaml", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// consent is a guard that a test opens, closes and counts.
type consent struct {
	mu    sync.Mutex
	asked int
	no    error
	stop  chan struct{}
}

func (c *consent) Request(*url.URL) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	return c.no
}
func (c *consent) times() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}
func (c *consent) Dial(string, netip.AddrPort) error { return nil }
func (c *consent) Stopped() <-chan struct{}          { return c.stop }
func (c *consent) Cause() results.Ended              { return results.Ended{How: results.EndedByTarget} }

// bed is a portal in virtual time with a load and a witness before it.
type bed struct {
	t       *testing.T
	ctx     context.Context
	network *memnet.Net
	ent     *ent.ENT
	clock   *runner.TimerClock
	guard   *consent
	sc      *scenarios.Scenario
	rest    *scenarios.Scenario
	own     map[string][]int
	plan    *results.Plan
}

func inBed(t *testing.T, cfg ent.Config, f func(*bed)) {
	sc := parse(t, yaml)
	synctest.Test(t, func(t *testing.T) {
		b := &bed{t: t, sc: sc, network: memnet.New(), guard: &consent{stop: make(chan struct{})}, clock: runner.NewTimerClock(time.Now())}
		var err error
		if b.ent, err = ent.New(cfg); err != nil {
			t.Fatal(err)
		}
		l, err := b.network.Listen("127.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		b.ctx = ctx
		served := make(chan error, 1)
		go func() { served <- b.ent.Serve(ctx, l) }()
		if b.rest, b.own, err = Reserve(sc, 20); err != nil {
			t.Fatal(err)
		}
		if b.plan, _, err = runner.NewPlan(sc, runner.PlanOptions{Seed: 3, RunID: "w", Start: time.Now()}); err != nil {
			t.Fatal(err)
		}
		f(b)
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

func (b *bed) driver() *httpdriver.Driver {
	b.t.Helper()
	d, err := httpdriver.New(httpdriver.Config{Scenario: b.sc, RunID: "w", Clock: b.clock, Guard: b.guard,
		Dial: func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
			return b.network.Dial(ctx, "tcp", a.String())
		}})
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

func (b *bed) logins() (*Logins, func()) {
	b.t.Helper()
	d := b.driver()
	w, err := NewLogins(Config{Scenario: b.sc, Plan: b.plan, Driver: d, Guard: b.guard, Clock: b.clock, Accounts: b.own, Limit: 3 * time.Second})
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.ctx)
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()
	return w, func() {
		cancel()
		<-done
		if err := d.Close(); err != nil {
			b.t.Error(err)
		}
	}
}

// load plays a plateau with the other accounts and gives its p50 and share in
// time.
func (b *bed) load(rate float64) (p50 float64, inTime float64) {
	b.t.Helper()
	d := b.driver()
	defer d.Close()
	dir := filepath.Join(b.t.TempDir(), "run")
	plan, list, err := runner.NewTrialPlan(b.rest, runner.PlanOptions{Seed: 4, RunID: "load", Start: time.Now()}, results.Conduct{
		Kind: results.TrialPlateau, LoginOnly: true, Segments: []results.Segment{{Name: "plateau", Rate: rate, Length: time.Minute}}})
	if err != nil {
		b.t.Fatal(err)
	}
	folder, err := results.Create(dir, plan, b.rest.Source)
	if err != nil {
		b.t.Fatal(err)
	}
	ended, err := runner.Run(b.ctx, runner.Config{Scenario: b.rest, Plan: plan, Arrivals: list, Driver: d, Guard: b.guard, Clock: runner.NewTimerClock(time.Now()), Sink: folder})
	if err := errors.Join(err, folder.Close(ended)); err != nil {
		b.t.Fatal(err)
	}
	run, err := results.Open(dir)
	if err != nil {
		b.t.Fatal(err)
	}
	all := results.NewHist(results.ClassHist)
	for _, h := range run.Total.Class {
		all.Merge(h)
	}
	people := results.LedgerOf(run).People.Total
	if people.Of(results.Invalid) > 0 {
		b.t.Errorf("rejected: %v", people)
	}
	return all.Quantile(1, 2).Seconds(), float64(people.Of(results.InTime)) / float64(people.Started)
}

// TestWitnessSeesTheSame: at base load the witness's median is the load's, with
// pauses drawn, and accounts of its own.
func TestWitnessSeesTheSame(t *testing.T) {
	inBed(t, ent.Config{Capacity: ent.Capacity{Workers: 10, Service: 50 * time.Millisecond}}, func(b *bed) {
		w, stop := b.logins()
		w.Begin("007-confirm")
		p50, _ := b.load(10)
		seen := w.End()
		stop()
		if seen.Trial != "007-confirm" || seen.N < 50 || seen.Failed != 0 || seen.Over != 0 {
			t.Errorf("%+v", seen)
		}
		if atBase(seen, p50) != Agrees || atLimit(seen, 0.95, results.StateMet) != Agrees {
			t.Errorf("the load says %v s, the witness %+v", p50, seen)
		}
		if atBase(seen, p50+0.2) != Differs {
			t.Error("a generator that is 200 ms late is not suspected")
		}
	})
}

// TestWitnessSeesOverload: what does not come any more counts as never in.
func TestWitnessSeesOverload(t *testing.T) {
	inBed(t, ent.Config{Capacity: ent.Capacity{Workers: 2, Service: 100 * time.Millisecond}}, func(b *bed) {
		w, stop := b.logins()
		w.Begin("overload")
		_, inTime := b.load(30)
		seen := w.End()
		stop()
		if inTime > 0.8 || seen.Over == 0 || atLimit(seen, 0.95, results.StateNotMet) != Agrees || atLimit(seen, 0.95, results.StateMet) != Differs {
			t.Errorf("in time %.2f, %+v", inTime, seen)
		}
	})
}

// TestWitnessStops: at once, wherever its people are; and when consent goes.
func TestWitnessStops(t *testing.T) {
	for name, end := range map[string]func(*bed, func()){
		"context": func(_ *bed, cancel func()) { cancel() },
		"consent": func(b *bed, _ func()) { close(b.guard.stop) },
	} {
		t.Run(name, func(t *testing.T) {
			inBed(t, ent.Config{Capacity: ent.Capacity{Workers: 1, Service: time.Minute}}, func(b *bed) {
				d := b.driver()
				defer d.Close()
				w, err := NewLogins(Config{Scenario: b.sc, Plan: b.plan, Driver: d, Guard: b.guard, Clock: b.clock, Accounts: b.own, Limit: 3 * time.Second})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(b.ctx)
				defer cancel()
				done := make(chan struct{})
				go func() { defer close(done); w.Run(ctx) }()
				w.Begin("x")
				time.Sleep(30 * time.Second)
				end(b, cancel)
				began := time.Now()
				<-done
				if took := time.Since(began); took > time.Second {
					t.Errorf("ended after %v", took)
				}
				asked := b.guard.times()
				time.Sleep(time.Minute)
				if b.guard.times() != asked {
					t.Error("asked on after its end")
				}
				if seen := w.End(); seen.N == 0 || seen.Failed != seen.N || seen.P50 != results.Never {
					t.Errorf("%+v", seen)
				}
			})
		})
	}
}

// TestWitnessObeys: nothing leaves without the guard's yes.
func TestWitnessObeys(t *testing.T) {
	inBed(t, ent.Config{}, func(b *bed) {
		b.guard.no = &runner.TransportError{Reason: results.ReasonConsentLimit, Err: errors.New("no")}
		w, stop := b.logins()
		w.Begin("x")
		time.Sleep(30 * time.Second)
		seen := w.End()
		stop()
		if got := b.ent.Counters().Arrivals; got != 0 {
			t.Errorf("%d requests arrived", got)
		}
		if seen.N < 25 || seen.Failed != seen.N {
			t.Errorf("%+v", seen)
		}
	})
}

func TestControl(t *testing.T) {
	inBed(t, ent.Config{}, func(b *bed) {
		d := b.driver()
		defer d.Close()
		u, _ := url.Parse("http://127.0.0.1/theme")
		c, err := NewControl(ControlConfig{URL: u, Driver: d, Guard: b.guard, Clock: b.clock})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.ctx)
		done := make(chan struct{})
		go func() { defer close(done); c.Run(ctx) }()
		c.Begin("base")
		time.Sleep(30*time.Second + time.Millisecond)
		base := c.End()
		time.Sleep(300 * time.Millisecond) // so that no fetch falls on an edge of the freezes
		m := b.ent.Modes()
		m.Freeze = ent.Freeze{Every: 2 * time.Second, Length: time.Second, From: time.Now()}
		if err := b.ent.SetModes(m); err != nil {
			t.Fatal(err)
		}
		c.Begin("001-probe")
		time.Sleep(30*time.Second + time.Millisecond)
		trial := c.End()
		cancel()
		<-done
		if base.N < 30 || base.Failed > 0 {
			t.Errorf("base %+v", base)
		}
		if trial.N < 30 || trial.P95 < 0.2 || base.P95 > 0.01 {
			t.Errorf("base %+v, trial %+v", base, trial)
		}
		b.guard.no = errors.New("no")
		if _, err := NewControl(ControlConfig{URL: u, Driver: d, Guard: b.guard, Clock: b.clock}); err == nil {
			t.Error("a host without consent")
		}
	})
}
