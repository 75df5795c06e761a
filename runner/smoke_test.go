package runner_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/examples/ent"
	"firstbell/examples/ent/memnet"
	"firstbell/runner"
	"firstbell/runner/httpdriver"
	"firstbell/runner/results"
)

// trySmoke runs f with what smoke needs, in virtual time.
func trySmoke(t *testing.T, yaml string, cfg ent.Config, modes ent.Modes, f func(context.Context, runner.SmokeConfig)) {
	t.Helper()
	sc := parse(t, yaml)
	synctest.Test(t, func(t *testing.T) {
		e, err := ent.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.SetModes(modes); err != nil {
			t.Fatal(err)
		}
		network := memnet.New()
		l, err := network.Listen("127.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- e.Serve(ctx, l) }()
		clock := runner.NewTimerClock(time.Now())
		guard := &openGuard{sc: sc, stop: make(chan struct{})}
		driver, err := httpdriver.New(httpdriver.Config{Scenario: sc, RunID: "smoke", Clock: clock, Guard: guard,
			Dial: func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
				return network.Dial(ctx, "tcp", a.String())
			}})
		if err != nil {
			t.Fatal(err)
		}
		plan, _, err := runner.NewPlan(sc, runner.PlanOptions{Seed: 1, RunID: "smoke", Start: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		f(ctx, runner.SmokeConfig{Scenario: sc, Plan: plan, Driver: driver, Guard: guard, Clock: clock})
		driver.Close()
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

func TestSmokeProves(t *testing.T) {
	trySmoke(t, entcore, ent.Config{}, ent.Modes{}, func(ctx context.Context, cfg runner.SmokeConfig) {
		cfg.Prove = true
		traces, err := runner.Smoke(ctx, cfg)
		if err != nil || runner.Problems(traces) != "" || len(traces) != 2 {
			t.Fatalf("%v, %q, %+v", err, runner.Problems(traces), traces)
		}
		wrong, right := traces[0], traces[1]
		if !wrong.Wrong || wrong.Outcome != results.Invalid || right.Outcome != results.InTime {
			t.Errorf("%+v\n%+v", wrong, right)
		}
		if len(right.Steps) != 3 || len(right.Steps[0].Hops) < 3 {
			t.Errorf("steps %+v", right.Steps)
		}
		for _, st := range right.Steps {
			for _, h := range st.Hops {
				if strings.Contains(h.Path, "?") || strings.Contains(h.Path, "eleve1") || h.Host != "127.0.0.1:80" {
					t.Errorf("hop %+v", h)
				}
			}
		}
	})
}

// TestSmokeCannotTell: without the signature a wrong password looks like any
// other failure, and smoke says so.
func TestSmokeCannotTell(t *testing.T) {
	blind := variant("signatures:\n  bad_credentials: {text: L'identifiant ou le mot de passe est incorrect}\n", "",
		"- get: /auth/oauth2/userinfo\n          expect: {json: {login: \"${login}\"}}", "- /auth/oauth2/userinfo")
	blind = strings.Replace(blind, "expect: {url: /timeline/timeline}", "expect: {css: \"body\"}", 1)
	trySmoke(t, blind, ent.Config{}, ent.Modes{}, func(ctx context.Context, cfg runner.SmokeConfig) {
		cfg.Prove = true
		traces, err := runner.Smoke(ctx, cfg)
		if err != nil || runner.Problems(traces) == "" {
			t.Fatalf("%v, %+v", err, traces)
		}
	})
}

func TestSampleAccounts(t *testing.T) {
	trySmoke(t, entcore, ent.Config{}, ent.Modes{}, func(ctx context.Context, cfg runner.SmokeConfig) {
		smoke, proved, err := runner.SampleAccounts(ctx, cfg)
		if err != nil || smoke != (results.Smoke{Tried: 20, Accepted: 20}) || len(proved) != 20 {
			t.Errorf("%+v, %v, %v", smoke, proved, err)
		}
	})
	trySmoke(t, variant(`password: "mdp-eleve${n}"`, `password: "no"`), ent.Config{}, ent.Modes{}, func(ctx context.Context, cfg runner.SmokeConfig) {
		smoke, proved, err := runner.SampleAccounts(ctx, cfg)
		if err != nil || smoke != (results.Smoke{Tried: 20, Rejected: 20}) || len(proved) != 0 {
			t.Errorf("%+v, %v, %v", smoke, proved, err)
		}
	})
	trySmoke(t, entcore, ent.Config{}, ent.Modes{Reset: 1}, func(ctx context.Context, cfg runner.SmokeConfig) {
		smoke, _, err := runner.SampleAccounts(ctx, cfg)
		if err != nil || smoke.Tried != 0 {
			t.Errorf("%+v, %v", smoke, err)
		}
	})
}

// oddDriver gives every request one answer.
type oddDriver struct {
	runner.Session
	body string
	err  error
}

func (d *oddDriver) Open(uint32) runner.Session           { return d }
func (*oddDriver) Cookie(*url.URL, string) (string, bool) { return "", false }
func (*oddDriver) PageDone()                              {}
func (*oddDriver) Forget()                                {}

func (d *oddDriver) Do(_ context.Context, req *runner.Request) (*runner.Response, error) {
	return &runner.Response{URL: req.URL, Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(d.body)}, d.err
}

// TestSmokeSaysWhy: what an operator cannot see in a browser is put into words.
func TestSmokeSaysWhy(t *testing.T) {
	proof := variant("- get: /\n", "- get: /\n      expect: {text: Bienvenue}\n")
	for want, driver := range map[string]*oddDriver{
		"an encoding":                {err: &runner.TransportError{Reason: results.ReasonBadResponse, Err: errors.New("an encoding")}},
		"only the first 2 MiB of th": {body: strings.Repeat("<p>lorem ipsum</p>", 200_000) + "Bienvenue"},
	} {
		trySmoke(t, proof, ent.Config{}, ent.Modes{}, func(ctx context.Context, cfg runner.SmokeConfig) {
			driver.body = driver.body[:min(len(driver.body), 2<<20)]
			cfg.Driver = driver
			traces, err := runner.Smoke(ctx, cfg)
			if err != nil || len(traces) == 0 || len(traces[0].Steps) == 0 {
				t.Fatalf("%v, %+v", err, traces)
			}
			if why := traces[0].Steps[len(traces[0].Steps)-1].Why; !strings.Contains(why, want) {
				t.Errorf("%s because %q, want %q", traces[0].Reason, why, want)
			}
		})
	}
}
