package runner_test

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
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
	"firstbell/scenarios/arrivals"
)

func TestMain(m *testing.M) {
	if os.Getenv(sinkVariable) != "" {
		sink()
		return
	}
	goleak.VerifyTestMain(m)
}

// openGuard lets everything of a scenario pass.
type openGuard struct {
	sc    *scenarios.Scenario
	stop  chan struct{}
	cause results.Ended
	deny  func(*url.URL) error
}

func (g *openGuard) Request(u *url.URL) error {
	if _, ok := g.sc.InScope(u); !ok {
		return &runner.TransportError{Reason: results.ReasonOutOfScope}
	}
	if g.deny != nil {
		return g.deny(u)
	}
	return nil
}
func (g *openGuard) Dial(string, netip.AddrPort) error { return nil }
func (g *openGuard) Stopped() <-chan struct{}          { return g.stop }
func (g *openGuard) Cause() results.Ended              { return g.cause }

// morning is one storm against an ENT, in virtual time.
type morning struct {
	yaml   string
	seed   uint64
	ent    ent.Config
	other  http.Handler // served in the ENT's place
	modes  func(*ent.Modes)
	people []arrivals.Arrival // nil: the scenario's schedule
	// conduct plays a trial in the storm's place.
	conduct *results.Conduct
	drain   time.Duration  // of the trial; 0: the scenario's
	each    func(*ent.ENT) // at the end of each second
	during  func(ctx context.Context, cut context.CancelFunc, g *openGuard)
	guard   func(*openGuard)
	config  func(*runner.Config)
}

// outcome is what a morning left behind.
type outcome struct {
	run    *results.Run
	books  *results.Ledgers
	ended  results.Ended
	people results.Ledger
	tries  results.Ledger
	ent    *ent.ENT
	took   time.Duration
}

func parse(t testing.TB, yaml string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse([]byte(yaml), scenarios.Options{Name: "test.yaml", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// play runs the morning and checks what must hold in every run: both ledgers
// balance, and no goroutine is left.
func (m morning) play(t *testing.T) outcome {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	var out outcome
	sc := parse(t, m.yaml)
	synctest.Test(t, func(t *testing.T) {
		out = m.inBubble(t, sc, dir)
	})
	run, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	out.run, out.books = run, results.LedgerOf(run)
	if err := out.books.Check(); err != nil {
		t.Errorf("ledgers: %v", err)
	}
	out.people, out.tries = out.books.People.Total, out.books.Attempts.Total
	if !out.people.Balanced() || !out.tries.Balanced() {
		t.Errorf("unbalanced: people %v, attempts %v", out.people, out.tries)
	}
	var retries uint64
	for _, b := range run.Total.Beside {
		retries += uint64(b.Retries)
	}
	if more := out.tries.Intended - out.people.Intended; retries != more {
		t.Errorf("%d retries beside the people, %d more attempts than people", retries, more)
	}
	noSecrets(t, dir)
	return out
}

func (m morning) inBubble(t *testing.T, sc *scenarios.Scenario, dir string) outcome {
	plan, list := m.plan(t, sc)
	start := time.Now().Add(time.Second + runner.PreparationTime(sc, plan))
	plan.Start = start
	e, err := ent.New(m.ent)
	if err != nil {
		t.Fatal(err)
	}
	if m.modes != nil {
		modes := e.Modes()
		m.modes(&modes)
		if err := e.SetModes(modes); err != nil {
			t.Fatal(err)
		}
	}
	network := memnet.New()
	l, err := network.Listen("127.0.0.1:80")
	if err != nil {
		t.Fatal(err)
	}
	serving, stopServing := context.WithCancel(context.Background())
	served := make(chan error, 1)
	if m.other == nil {
		go func() { served <- e.Serve(serving, l) }()
	} else {
		srv := &http.Server{Handler: m.other}
		go func() { _ = srv.Serve(l) }()
		go func() { <-serving.Done(); served <- srv.Close() }()
	}

	clock := runner.NewTimerClock(start)
	guard := &openGuard{sc: sc, stop: make(chan struct{})}
	if m.guard != nil {
		m.guard(guard)
	}
	driver, err := httpdriver.New(httpdriver.Config{Scenario: sc, RunID: "test", Clock: clock, Guard: guard,
		DialsInFlight: 100_000,
		Dial: func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
			return network.Dial(ctx, "tcp", a.String())
		}})
	if err != nil {
		t.Fatal(err)
	}
	folder, err := results.Create(dir, plan, sc.Source)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cut := context.WithCancel(context.Background())
	defer cut()
	if m.during != nil {
		go m.during(ctx, cut, guard)
	}
	cfg := runner.Config{Scenario: sc, Plan: plan, Arrivals: list, Driver: driver, Guard: guard, Clock: clock, Sink: folder}
	if m.each != nil {
		cfg.Observe = func(runner.Snapshot) { m.each(e) }
	}
	if m.config != nil {
		m.config(&cfg)
	}
	ended, err := runner.Run(ctx, cfg)
	if err != nil {
		t.Errorf("Run: %v", err)
	}
	took := clock.Now()
	if err := folder.Close(ended); err != nil {
		t.Error(err)
	}
	cut()
	driver.Close()
	stopServing()
	if err := <-served; err != nil {
		t.Error(err)
	}
	return outcome{ended: ended, ent: e, took: took}
}

// plan is the scenario's storm, a trial, or a storm of people given.
func (m morning) plan(t *testing.T, sc *scenarios.Scenario) (*results.Plan, []arrivals.Arrival) {
	t.Helper()
	o := runner.PlanOptions{Seed: m.seed, RunID: "test"}
	if m.conduct != nil {
		plan, list, err := runner.NewTrialPlan(sc, o, *m.conduct)
		if err != nil {
			t.Fatal(err)
		}
		if m.drain > 0 {
			plan.Drain, plan.Ends = m.drain, plan.Ends+m.drain
		}
		return plan, list
	}
	plan, schedule, err := runner.NewPlan(sc, o)
	if err != nil {
		t.Fatal(err)
	}
	if m.people == nil {
		return plan, schedule.Arrivals(arrivals.Slice{})
	}
	plan.People = len(m.people)
	plan.Intended = perSecond(sc, m.people)
	return plan, m.people
}

// perSecond is Plan.Intended of a hand-made list of one group.
func perSecond(sc *scenarios.Scenario, list []arrivals.Arrival) [][]uint32 {
	n := int(time.Duration(sc.Storm.Play.To-sc.Storm.Play.From) / time.Second)
	out := make([]uint32, n)
	for _, a := range list {
		out[int(a.At/time.Second)]++
	}
	return [][]uint32{out}
}

// noSecrets looks for planted secrets in a run folder.
func noSecrets(t *testing.T, dir string) {
	t.Helper()
	err := filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || strings.HasSuffix(name, "scenario.yaml") {
			return err
		}
		b, err := os.ReadFile(name)
		for _, secret := range []string{"mdp-eleve", "oneSessionId", "ST-1", "wrong-secret"} {
			if strings.Contains(string(b), secret) {
				t.Errorf("%s holds %q", filepath.Base(name), secret)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// entcore is the smallest login of the entcore family.
const entcore = `
version: 1
target: http://127.0.0.1
accounts:
  generate: {count: 2000, login: "eleve${n}", password: "mdp-eleve${n}"}
  synthetic: true
population:
  - {persona: eleve, region: Paris, level: lycee, people: 1000, show_up: 100%}
storm:
  play: 08:58-09:01
  curve: {"08:58-09:01": 100%}
personas:
  eleve: {role: pupil, device: {desktop: 100%}, think: {median: 8s, p95: 45s}, journeys: {connexion: 100%}}
journeys:
  connexion:
    - get: /
      calls: [/auth/public/template/login-form.html]
    - post: /auth/login
      pause: 7s
      form: {email: "${login}", password: "${password}", callBack: "", details: ""}
      expect: {url: /timeline/timeline}
      calls:
        - get: /auth/oauth2/userinfo
          expect: {json: {login: "${login}"}}
        - /theme
        - /timeline/lastNotifications?page=0
      assets: warm
      in_class: true
    - get: /homeworks/list
      pause: 10s
signatures:
  bad_credentials: {text: L'identifiant ou le mot de passe est incorrect}
patience: morning-2021
`

func TestMorningInTime(t *testing.T) {
	out := morning{yaml: entcore, seed: 1}.play(t)
	if out.people.Of(results.InTime) != 1000 || out.people.Intended != 1000 {
		t.Errorf("people %v, ended %+v", out.people, out.ended)
	}
	if out.tries.Of(results.InTime) != 1000 {
		t.Errorf("attempts %v", out.tries)
	}
	if out.ended.How != results.EndedPlanned {
		t.Errorf("ended %+v", out.ended)
	}
}
