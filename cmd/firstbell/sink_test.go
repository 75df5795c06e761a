package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"firstbell/examples/ent"
	"firstbell/report"
	"firstbell/runner"
	"firstbell/runner/httpdriver"
	"firstbell/runner/nulltarget"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// calibrated is an entcore login with calls in parallel; its accounts are far
// fewer than the people of a calibration.
const calibrated = `
version: 1
target: http://127.0.0.1
accounts:
  generate: {count: 50, login: "eleve${n}", password: "mdp-eleve${n}"}
  synthetic: true
  reuse: after_end
population: [{persona: eleve, people: 1000, show_up: 100%}]
storm: {play: 08:58-09:01, curve: {"08:58-09:01": 100%}}
personas: {eleve: {role: pupil, think: {median: 1s, p95: 1s}, journeys: {connexion: 100%}}}
journeys:
  connexion:
    - get: /
    - post: /auth/login
      pause: 500ms
      form: {email: "${login}", password: "${password}", callBack: "", details: ""}
      expect: {url: /timeline/timeline}
      calls:
        - get: /auth/oauth2/userinfo
          expect: {json: {login: "${login}"}}
        - /theme
        - /locale
        - /skin
        - /timeline/lastNotifications?page=0
      in_class: true
signatures:
  bad_credentials: {text: L'identifiant ou le mot de passe est incorrect}
patience: none
criteria: {in_time: 3s, in_class: rate>99%, time_to_class: p(95)<3s}
`

// calibrating starts a portal on sockets, records it and ends it.
func calibrating(t testing.TB, secure bool) (*scenarios.Scenario, *nulltarget.Tape) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := ent.Config{}
	target := "http://" + l.Addr().String()
	if secure {
		target = "https://" + l.Addr().String()
		cfg.TLS = &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}
	}
	sc := parsed(t, strings.Replace(calibrated, "target: http://127.0.0.1", "target: "+target+"\ntls: {insecure: true}", 1))
	portal, err := ent.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- portal.Serve(ctx, l) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	plan, _, err := runner.NewPlan(sc, runner.PlanOptions{Seed: 5, RunID: "rec", Start: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	rig, err := newRig(ctx, sc, plan, func(results.Event) {})
	if err != nil {
		t.Fatal(err)
	}
	defer rig.close()
	tape, traces, err := nulltarget.Record(ctx, rig.smoke(sc, plan, false))
	if err != nil || tape == nil {
		t.Fatalf("%v, %s", err, runner.Problems(traces))
	}
	return sc, tape
}

func parsed(t testing.TB, yaml string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse([]byte(yaml), scenarios.Options{Name: "test.yaml", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func selfSigned(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{{127, 0, 0, 1}}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// calibrationConfig wires a calibration as the command does.
func calibrationConfig(t testing.TB, sc *scenarios.Scenario, tape *nulltarget.Tape, sink netip.AddrPort, dir string) nulltarget.Config {
	return nulltarget.Config{
		Scenario: sc, Tape: tape, Sink: sink, Dir: dir,
		Plan:  runner.PlanOptions{RunID: "null", Machine: runner.ThisMachine()},
		Name:  func(n int) string { return "00" + string(rune('0'+n)) + "-calibration" },
		Gates: func(run *results.Run) []string { return report.TrialGates(run, sc) },
		Limit: 3 * time.Second, First: 20, Ceiling: 20, Window: time.Second,
		Rig: func(sc *scenarios.Scenario, plan *results.Plan, clock runner.Clock, g runner.Guard) (*nulltarget.Rig, error) {
			d, err := httpdriver.New(httpdriver.Config{Scenario: sc, RunID: plan.RunID, Clock: clock, Guard: g, DialsInFlight: plan.Needs.DialsInFlight})
			if err != nil {
				return nil, err
			}
			h := runner.NewHealth(runner.HealthOptions{Loopback: true, Open: func() int { return d.Counters().Open },
				Bytes: func() (int64, int64) { c := d.Counters(); return c.BytesIn, c.BytesOut }})
			return &nulltarget.Rig{Driver: d, Health: h.Sample, Probe: h.Probe, Open: func() int { return d.Counters().Open }, Close: d.Close}, nil
		},
	}
}

// TestSinkProcess: the sink is a process of its own, gets its tape through a
// pipe, replays the journey, and ends when its input closes.
func TestSinkProcess(t *testing.T) {
	for name, secure := range map[string]bool{"http": false, "https": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc, tape := calibrating(t, secure)
			e := systemEnv()
			var said bytes.Buffer
			e.stderr = &said
			sink, err := startSink(e, tape)
			if err != nil {
				t.Fatal(err)
			}
			cfg := calibrationConfig(t, sc, tape, sink.addr, t.TempDir())
			// A busy machine is no reason to fail here: one trial, whatever it costs.
			cfg.Gates, cfg.Limit = func(*results.Run) []string { return nil }, time.Hour
			got, err := nulltarget.Calibrate(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if !sink.addr.Addr().IsLoopback() || got.Why != "" || len(got.Trials) != 1 || got.Trials[0].Completed < 0.99 {
				t.Errorf("%v: %+v", sink.addr, got)
			}
			sink.stop()
			if !sink.cmd.ProcessState.Success() || said.Len() > 0 {
				t.Errorf("%v: %s", sink.cmd.ProcessState, said.String())
			}
		})
	}
}

// TestSinkRefuses: half a tape, or none, is no reason to serve.
func TestSinkRefuses(t *testing.T) {
	e := systemEnv()
	for _, in := range []string{"", "GET / HTTP/1.1\r\n\r\n", "fbtape\x00\x01short"} {
		e.stdin, e.stdout, e.stderr = strings.NewReader(in), io.Discard, io.Discard
		if err := runSink(t.Context(), e); err == nil {
			t.Errorf("%q was served", in)
		}
	}
}

// TestCalibrationRefuses: a plan above the calibrated rate ÷ 1.5 is exit 5, and
// so is a recording that does not stand for the journey.
func TestCalibrationRefuses(t *testing.T) {
	s := &session{d: &results.Dossier{Required: results.Required{PeakRate: 100}}}
	for _, c := range []struct {
		rate float64
		why  string
		want int
	}{{150, "", exitReady}, {149, "", exitRefused}, {0, "", exitRefused}, {1000, "it does not replay", exitRefused}} {
		got := &nulltarget.Result{Calibration: results.Calibration{Rate: c.rate, Stopped: "V3"}, Why: c.why}
		if code := exitCodeOf(s.allowed(got)); code != c.want {
			t.Errorf("%v: exit code %d", c, code)
		}
	}
}
