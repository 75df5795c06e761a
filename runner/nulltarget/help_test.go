package nulltarget

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"firstbell/examples/ent"
	"firstbell/examples/ent/memnet"
	"firstbell/runner"
	"firstbell/runner/httpdriver"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// asSink makes this test binary a sink.
const asSink = "FIRSTBELL_TEST_SINK"

func TestMain(m *testing.M) {
	if os.Getenv(asSink) != "" {
		serveInput()
		return
	}
	goleak.VerifyTestMain(m)
}

func serveInput() {
	in := bufio.NewReader(os.Stdin)
	tape, err := ReadTape(in)
	if err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, in)
		stop()
	}()
	fmt.Println(l.Addr())
	if err := Serve(ctx, l, tape); err != nil {
		panic(err)
	}
}

// entcore is a login with calls in parallel, cookies, files, a redirect, and a
// proof of identity.
const entcore = `
version: 1
target: http://127.0.0.1
accounts:
  generate: {count: 50, login: "eleve${n}", password: "mdp-eleve${n}"}
  synthetic: true
  reuse: after_end
population:
  - {persona: eleve, people: 1000, show_up: 100%}
  - {persona: prof, people: 200, show_up: 100%}
storm:
  play: 08:58-09:01
  curve: {"08:58-09:01": 100%}
personas:
  eleve: {role: pupil, think: {median: 8s, p95: 45s}, journeys: {connexion: 60%, court: 40%}}
  prof: {role: teacher, think: {median: 8s, p95: 45s}, journeys: {court: 100%}}
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
        - /timeline/i18n
        - /locale
        - /skin
        - /applications-list
      assets: cold
      in_class: true
    - get: /homeworks/list
      pause: 10s
  court:
    - get: /
    - post: /auth/login
      pause: 2s
      form: {email: "${login}", password: "${password}", callBack: "", details: ""}
      expect: {url: /timeline/timeline}
      calls:
        - get: /auth/oauth2/userinfo
          expect: {json: {login: "${login}"}}
      in_class: true
signatures:
  bad_credentials: {text: L'identifiant ou le mot de passe est incorrect}
patience: morning-2021
criteria: {in_time: 3s, in_class: rate>99%}
`

// cas is a login with a one-time token in a form, a ticket and two redirects.
const cas = `
version: 1
target: http://127.0.0.1
accounts:
  generate: {count: 50, login: "prof${n}", password: "mdp-prof${n}"}
  synthetic: true
  reuse: after_end
population:
  - {persona: prof, people: 200, show_up: 100%}
storm:
  play: 08:58-09:01
  curve: {"08:58-09:01": 100%}
personas:
  prof: {role: teacher, think: {median: 1s, p95: 2s}, journeys: {portail: 100%}}
journeys:
  portail:
    - get: /
      expect: {css: "input[name=execution]"}
    - submit: {username: "${login}", password: "${password}"}
      expect: {via: ticket=ST-, text: "${login}"}
      assets: cold
      in_class: true
patience: none
`

func secure(yaml string) string {
	return strings.Replace(yaml, "target: http://127.0.0.1", "target: https://portail.test\nresolve: {portail.test: 127.0.0.1}\ntls: {insecure: true}", 1)
}

func parse(t testing.TB, yaml string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse([]byte(yaml), scenarios.Options{Name: "test.yaml", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// open lets everything in scope through: the real target of these tests.
type open struct{ guard }

func (open) Dial(string, netip.AddrPort) error { return nil }

// world is a portal and a sink on one network.
type world struct {
	t       testing.TB
	ctx     context.Context
	network *memnet.Net // nil: real sockets
	sc      *scenarios.Scenario
	done    []func()
	dialled map[netip.AddrPort]int
	mu      sync.Mutex
}

var sinkAddr = netip.MustParseAddrPort("127.0.0.1:9")

func newWorld(t testing.TB, yaml string) *world {
	w := &world{t: t, network: memnet.New(), sc: parse(t, yaml), dialled: map[netip.AddrPort]int{}}
	ctx, cancel := context.WithCancel(t.Context())
	w.ctx, w.done = ctx, append(w.done, cancel)
	return w
}

func (w *world) close() {
	for i := len(w.done) - 1; i >= 0; i-- {
		w.done[i]()
	}
}

// portal serves the example ENT where the scenario's target is.
func (w *world) portal(cfg ent.Config) {
	w.t.Helper()
	addr := "127.0.0.1:80"
	if w.sc.Target.Scheme == "https" {
		addr = "127.0.0.1:443"
		cert, err := certificate()
		if err != nil {
			w.t.Fatal(err)
		}
		cfg.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	}
	e, err := ent.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.serve(addr, e.Serve)
}

func (w *world) serve(addr string, serve func(context.Context, net.Listener) error) {
	w.t.Helper()
	l, err := w.network.Listen(addr)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, l) }()
	w.done = append(w.done, func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
}

// sink serves the tape, after the way it takes to another process.
func (w *world) sink(tape *Tape) {
	w.t.Helper()
	var pipe bytes.Buffer
	if _, err := tape.WriteTo(&pipe); err != nil {
		w.t.Fatal(err)
	}
	answers, err := ReadTape(&pipe)
	if err != nil {
		w.t.Fatal(err)
	}
	w.serve(sinkAddr.String(), func(ctx context.Context, l net.Listener) error { return Serve(ctx, l, answers) })
}

func (w *world) driver(sc *scenarios.Scenario, clock runner.Clock, g runner.Guard) *httpdriver.Driver {
	w.t.Helper()
	d, err := httpdriver.New(httpdriver.Config{Scenario: sc, RunID: "null", Clock: clock, Guard: g,
		Dial: func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
			w.mu.Lock()
			w.dialled[a]++
			w.mu.Unlock()
			return w.network.Dial(ctx, "tcp", a.String())
		}})
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// record walks the portal.
func (w *world) record() (*Tape, *meter) {
	w.t.Helper()
	start := time.Now()
	clock := runner.NewTimerClock(start)
	g := open{guard{sc: w.sc}}
	d := w.driver(w.sc, clock, g)
	w.done = append(w.done, func() { _ = d.Close() })
	plan, _, err := runner.NewPlan(w.sc, runner.PlanOptions{Seed: 11, RunID: "rec", Start: start})
	if err != nil {
		w.t.Fatal(err)
	}
	m := &meter{inner: d}
	tape, traces, err := Record(w.ctx, runner.SmokeConfig{Scenario: w.sc, Plan: plan, Driver: m, Guard: g, Clock: clock})
	if err != nil || tape == nil {
		w.t.Fatalf("record: %v, %s", err, runner.Problems(traces))
	}
	return tape, m
}

// rig is the generator of a calibration trial.
func (w *world) rig(sc *scenarios.Scenario, _ *results.Plan, clock runner.Clock, g runner.Guard) (*Rig, error) {
	d := w.driver(sc, clock, g)
	return &Rig{Driver: d, Close: d.Close}, nil
}
