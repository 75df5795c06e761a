package nulltarget

import (
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/examples/ent"
	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// TestReplayIsTheJourney: what a person does against the sink is what the
// recorded person did against the portal, exchange by exchange and byte by byte.
func TestReplayIsTheJourney(t *testing.T) {
	for name, c := range map[string]struct {
		yaml string
		cfg  ent.Config
	}{
		"entcore":     {entcore, ent.Config{}},
		"entcore tls": {secure(entcore), ent.Config{}},
		"cas":         {cas, ent.Config{Entry: ent.EntryCAS}},
		"cas tls":     {secure(cas), ent.Config{Entry: ent.EntryCAS}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, c.yaml)
				defer w.close()
				w.portal(c.cfg)
				recorded, real := w.record()
				tape := shipped(t, recorded) // as on another machine
				w.sink(tape)
				calm, err := Calm(w.sc, sinkAddr)
				if err != nil {
					t.Fatal(err)
				}
				clear(w.dialled)
				again := w.smokeAgain(calm, tape)
				if len(again.walks) != len(real.walks) {
					t.Fatalf("%d walks, recorded %d", len(again.walks), len(real.walks))
				}
				for i, got := range again.walks {
					want := real.walks[i]
					if got.exchanges != want.exchanges || got.cookies != want.cookies || got.kept != want.kept {
						t.Errorf("walk %d: %+v, recorded %+v", i, *got, *want)
					}
					if got.dials < want.dials { // a portal without latency lets some be shared
						t.Errorf("walk %d: %d connections, recorded %d", i, got.dials, want.dials)
					}
					if r := float64(got.in) / float64(want.in); math.Abs(r-1) > 0.02 {
						t.Errorf("walk %d: %d bytes in, recorded %d", i, got.in, want.in)
					}
					if got.out-got.lines != want.out {
						t.Errorf("walk %d: %d bytes out, recorded %d", i, got.out-got.lines, want.out)
					}
				}
				if len(w.dialled) != 1 || w.dialled[sinkAddr] == 0 {
					t.Errorf("dialled %v, the sink is %v", w.dialled, sinkAddr)
				}
			})
		})
	}
}

// smokeAgain walks everybody through the sink.
func (w *world) smokeAgain(calm *scenarios.Scenario, tape *Tape) *meter {
	w.t.Helper()
	start := time.Now()
	clock := runner.NewTimerClock(start)
	g, err := Guard(calm, sinkAddr)
	if err != nil {
		w.t.Fatal(err)
	}
	d := w.driver(calm, clock, g)
	w.done = append(w.done, func() { _ = d.Close() })
	m := &meter{inner: d}
	c := &calibration{cfg: Config{Scenario: w.sc, Tape: tape}, calm: calm}
	order, next := c.order(), 0
	r := newReplayer(m, tape, func(uint32) runner.Part {
		next++
		return order[next-1]
	})
	plan, _, err := runner.NewPlan(calm, runner.PlanOptions{Seed: tape.Seed, RunID: "again", Start: start})
	if err != nil {
		w.t.Fatal(err)
	}
	traces, err := runner.Smoke(w.ctx, runner.SmokeConfig{Scenario: calm, Plan: plan, Driver: r, Guard: g, Clock: clock})
	if err != nil || runner.Problems(traces) != "" || r.Missed() > 0 {
		w.t.Fatalf("replay: %v, %s, %d missed", err, runner.Problems(traces), r.Missed())
	}
	return m
}

// TestCalibrate: a calibration in virtual time, where nothing costs anything:
// everybody completes, up to the ceiling.
func TestCalibrate(t *testing.T) {
	for name, yaml := range map[string]string{"entcore": entcore, "cas": secure(cas)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, yaml)
				defer w.close()
				cfg := ent.Config{}
				if strings.HasPrefix(name, "cas") {
					cfg.Entry = ent.EntryCAS
				}
				w.portal(cfg)
				tape, _ := w.record()
				w.sink(tape)
				got, err := Calibrate(w.ctx, w.config(tape, dir, func(*results.Run) []string { return nil }))
				if err != nil {
					t.Fatal(err)
				}
				if got.Rate != 4 || got.Stopped != "" || got.Completed != 1 || got.P99 > 0.05 || len(got.Trials) != 3 || got.Why != "" {
					t.Errorf("%+v", got)
				}
				if !got.Allows(4/1.5) || got.Allows(2.7) {
					t.Error("the margin is not 1.5")
				}
				for _, tr := range got.Trials {
					run, err := results.Open(dir + "/" + tr.Name)
					if err != nil {
						t.Fatal(err)
					}
					if err := results.LedgerOf(run).Check(); err != nil {
						t.Error(err)
					}
					if run.Plan.Conduct == nil || run.Plan.Conduct.Kind != results.TrialCalibration || run.Plan.People == 0 {
						t.Errorf("plan %+v", run.Plan.Conduct)
					}
				}
			})
		})
	}
}

func (w *world) config(tape *Tape, dir string, gates func(*results.Run) []string) Config {
	return Config{
		Scenario: w.sc, Tape: tape, Sink: sinkAddr, Plan: runner.PlanOptions{RunID: "null"}, Rig: w.rig,
		Dir: dir, Name: func(n int) string { return "00" + string(rune('0'+n)) + "-calibration" },
		Gates: gates, Limit: 3 * time.Second, First: 1, Ceiling: 4,
		Clock: func(start time.Time) runner.Clock { return runner.NewTimerClock(start) },
	}
}

// TestNotTheJourney: a portal whose pages depend on more than the tape knows
// fails the calibration with a reason, not with a figure.
func TestNotTheJourney(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, cas)
		defer w.close()
		w.portal(ent.Config{Entry: ent.EntryCAS})
		tape, _ := w.record()
		for i := range tape.answers.list { // the ticket's redirect is lost
			if strings.Contains(string(tape.answers.list[i].head), "ticket=ST-") {
				tape.answers.list[i].head = []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")
			}
		}
		w.sink(tape)
		got, err := Calibrate(w.ctx, w.config(tape, dir, func(*results.Run) []string { return nil }))
		if err != nil {
			t.Fatal(err)
		}
		if got.Stopped != "journey" || !strings.Contains(got.Why, "does not replay") || got.Allows(0) {
			t.Errorf("%+v", got)
		}
	})
}

// TestRandomValuesRepeat: a portal that returns the state it was given, as every
// OpenID provider does, replays for everybody.
func TestRandomValuesRepeat(t *testing.T) {
	const yaml = `
version: 1
target: http://127.0.0.1
accounts:
  generate: {count: 5, login: "eleve${n}", password: "x${n}"}
  synthetic: true
  reuse: after_end
population: [{persona: eleve, people: 50, show_up: 100%}]
storm: {play: "08:58-09:01", curve: {"08:58-09:01": 100%}}
personas: {eleve: {role: pupil, think: {median: 1s, p95: 1s}, journeys: {j: 100%}}}
journeys:
  j:
    - get: /authorize
      query: {state: "${random.state}", challenge: "${random.verifier|sha256_base64url}"}
      expect: {via: "state=${random.state}", text: "hello ${random.state}"}
      in_class: true
patience: none
`
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, yaml)
		defer w.close()
		w.serve("127.0.0.1:80", func(ctx context.Context, l net.Listener) error {
			srv := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				state := r.URL.Query().Get("state")
				if r.URL.Path == "/authorize" {
					http.Redirect(rw, r, "/home?state="+url.QueryEscape(state), http.StatusFound)
					return
				}
				_, _ = rw.Write([]byte("<p>hello " + state))
			})}
			stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
			defer stop()
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
		tape, _ := w.record()
		w.sink(tape)
		got, err := Calibrate(w.ctx, w.config(tape, dir, func(*results.Run) []string { return nil }))
		if err != nil || got.Completed != 1 || got.Stopped != "" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// TestGuard: no other host, no other address, whatever the tape says.
func TestGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, entcore)
		defer w.close()
		w.portal(ent.Config{})
		w.serve("127.0.0.2:80", func(ctx context.Context, l net.Listener) error {
			stop := context.AfterFunc(ctx, func() { _ = l.Close() })
			defer stop()
			c, err := l.Accept()
			if err == nil {
				t.Error("somebody came")
				_ = c.Close()
			}
			return nil
		})
		tape, _ := w.record()
		away := []byte("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2/stolen\r\nContent-Length: 0\r\n\r\n")
		for i := range tape.answers.list {
			tape.answers.list[i].head = away
		}
		w.sink(tape)
		clear(w.dialled)
		got, err := Calibrate(w.ctx, w.config(tape, t.TempDir(), func(*results.Run) []string { return nil }))
		if err != nil || got.Stopped != "journey" {
			t.Errorf("%+v, %v", got, err)
		}
		if len(w.dialled) != 1 || w.dialled[sinkAddr] == 0 {
			t.Errorf("dialled %v", w.dialled)
		}
	})
}

func TestGuardSays(t *testing.T) {
	sc := parse(t, secure(entcore))
	calm, err := Calm(sc, sinkAddr)
	if err != nil {
		t.Fatal(err)
	}
	g, err := Guard(calm, sinkAddr)
	if err != nil {
		t.Fatal(err)
	}
	for text, ok := range map[string]bool{
		"https://portail.test/x":          true,
		"http://portail.test/":            false,
		"https://portail.test:8443/":      false,
		"http://127.0.0.1:9/":             false, // the sink under its own name is no host of the scenario
		"https://evil.example/":           false,
		"https://portail.test.evil.test/": false,
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Request(u) == nil; got != ok {
			t.Errorf("%s: %v", text, got)
		}
	}
	for text, ok := range map[string]bool{"127.0.0.1:9": true, "127.0.0.1:10": false, "192.0.2.1:9": false, "[::1]:9": false} {
		if got := g.Dial("portail.test", netip.MustParseAddrPort(text)) == nil; got != ok {
			t.Errorf("dial %s: %v", text, got)
		}
	}
	if _, err := Guard(calm, netip.MustParseAddrPort("192.0.2.1:80")); err == nil {
		t.Error("a sink on another machine")
	}
}

func TestCalmPauses(t *testing.T) {
	slow := strings.Replace(entcore, "pause: 7s", "pause: {median: 50s, p95: 70s}", 1)
	calm, err := Calm(parse(t, slow), sinkAddr)
	if err != nil {
		t.Fatal(err)
	}
	if got := calm.OwnTime(); got != longestPause {
		t.Errorf("pauses of %v", got)
	}
	if p := *calm.Journeys[1].Steps[1].Pause; p.Median != 1200*time.Millisecond || p.P95 != p.Median {
		t.Errorf("a pause of 2s became %+v", p)
	}
	if got := parse(t, entcore).OwnTime(); got != 7*time.Second {
		t.Errorf("pauses of %v", got)
	}
}

func TestClimb(t *testing.T) {
	for _, c := range []struct {
		name           string
		first, ceiling float64
		honest         float64
		best           float64
		stopped        string
		tried          int
	}{
		{"to the ceiling", 10, 80, 1000, 80, "", 4},
		{"the ceiling is no power", 10, 50, 1000, 50, "", 4},
		{"refined up", 10, 1000, 130, 120, "V2", 6},
		{"refined down", 10, 1000, 100, 80, "V2", 6},
		{"halved", 100, 1000, 30, 25, "V2", 4},
		{"halved and refined up", 100, 1000, 40, 37.5, "V2", 4},
		{"nothing", 4, 1000, 0, 0, "V2", 4},
	} {
		tried := 0
		best, stopped, err := climb(c.first, c.ceiling, func(rate float64) ([]string, error) {
			tried++
			if rate > c.honest {
				return []string{"V2", "V3"}, nil
			}
			return nil, nil
		})
		if err != nil || best != c.best || stopped != c.stopped || tried != c.tried {
			t.Errorf("%s: %v, %q, %d tried, %v", c.name, best, stopped, tried, err)
		}
	}
	tried := 0
	best, stopped, _ := climb(100, 1000, func(float64) ([]string, error) { tried++; return []string{"journey"}, nil })
	if best != 0 || stopped != "journey" || tried != 1 {
		t.Errorf("a journey that does not replay is no matter of load: %v %q %d", best, stopped, tried)
	}
}

// TestBroke: the generator's gates come first, then who did not get in, then how
// long it took.
func TestBroke(t *testing.T) {
	for _, c := range []struct {
		name      string
		gates     []string
		pulled    bool
		completed float64
		p99       time.Duration
		want      string
	}{
		{"honest", nil, false, 0.99, time.Second, ""},
		{"gates first", []string{"V2", "V3"}, true, 0, -1, "V2"},
		{"given up", nil, true, 1, 0, "V2"},
		{"not the journey", nil, false, 0.9899, 0, "journey"},
		{"slow", nil, false, 1, time.Second + 1, "p99"},
		{"never", nil, false, 1, -1, "p99"},
	} {
		k := calibration{cfg: Config{Gates: func(*results.Run) []string { return c.gates }}}
		k.out.Limit = time.Second
		got := k.broke(nil, &Trial{Completed: c.completed, P99: c.p99}, c.pulled)
		if first := strings.Join(got[:min(1, len(got))], ""); first != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
