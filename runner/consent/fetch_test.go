package consent

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"firstbell/scenarios"
)

// real serves consents over sockets; the guard reads them by itself.
func real(t *testing.T, h http.HandlerFunc, change func(*Config)) (*httptest.Server, *Guard) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	sc := target(t, srv.URL)
	sc.Consent = scenarios.ConsentRequired
	cfg := Config{Scenario: sc, RunID: "20210406-085500-test", Version: "1", Clock: stopwatch{time.Now()}}
	if change != nil {
		change(&cfg)
	}
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return srv, g
}

func TestReadOverSockets(t *testing.T) {
	var withdrawn atomic.Bool
	srv, g := real(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != Path || r.Header.Get("Firstbell-Run") != "20210406-085500-test" ||
			r.Header.Get("Authorization") != "Basic eA==":
			w.WriteHeader(http.StatusTeapot)
		case withdrawn.Load():
			w.WriteHeader(http.StatusGone)
		default:
			w.Write(Template(r.Host, TemplateOptions{Now: time.Now(), ConsentedBy: "Marie Dupont"}))
		}
	}, func(c *Config) { c.Authorization = "Basic eA==" })
	if g.Request(address(t, srv.URL)) == nil {
		t.Error("loopback was loaded without the consent required")
	}
	if err := g.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.Request(address(t, srv.URL+"/auth/login")); err != nil {
		t.Error(err)
	}
	grant, err := g.Verify(t.Context(), address(t, srv.URL))
	if err != nil || !grant.Consented || grant.RequestsPerSecond != 300 {
		t.Errorf("%+v %v", grant, err)
	}
	done := make(chan struct{})
	go func() { defer close(done); g.Watch(t.Context()) }()
	withdrawn.Store(true)
	start := time.Now()
	select {
	case <-g.Stopped():
	case <-time.After(5 * time.Second):
		t.Error("not stopped after 5 s")
	}
	<-done
	t.Logf("stopped after %v", time.Since(start))
}

// Asked over TLS, a host that answers without is not told to publish anything.
func TestPlainHTTPIsNamed(t *testing.T) {
	var host string
	srv, g := real(t, func(http.ResponseWriter, *http.Request) {}, func(c *Config) {
		host = c.Scenario.Target.Host
		c.Scenario = target(t, "https://"+host)
		c.Scenario.Consent = scenarios.ConsentRequired
	})
	_, err := g.Verify(t.Context(), address(t, "https://"+host))
	var refused *Refused
	if !errors.As(err, &refused) || !strings.Contains(refused.Fix, "write "+srv.URL) {
		t.Errorf("%+v", err)
	}
}

// A redirect is not followed: consent is given by the host itself.
func TestRedirectsAreNotConsent(t *testing.T) {
	var followed atomic.Bool
	_, g := real(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != Path {
			followed.Store(true)
		}
		http.Redirect(w, r, "/elsewhere.json", http.StatusFound)
	}, nil)
	if err := g.Read(t.Context()); err == nil || followed.Load() {
		t.Errorf("%v, followed %v", err, followed.Load())
	}
}

func TestFileOfAnySizeIsReadWithinBounds(t *testing.T) {
	_, g := real(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"environment":"staging","x":"`)
		chunk := strings.Repeat("x", 1<<16)
		for range 64 {
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
		}
	}, nil)
	if err := g.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "not a firstbell consent file") {
		t.Error(err)
	}
}

// A name sent to loopback asks for consent at that address, under its own name.
func TestResolvedNameIsAskedWhereItWillBeLoaded(t *testing.T) {
	var asked atomic.Value
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Host)
		w.Write(Template(r.Host, TemplateOptions{Now: time.Now(), ConsentedBy: "x"}))
	}))
	defer srv.Close()
	sc := target(t, "http://ent.example")
	sc.Resolve = []scenarios.Resolve{{Host: "ent.example", Address: strings.TrimPrefix(srv.URL, "http://")}}
	g, err := New(Config{Scenario: sc, RunID: "x", Clock: stopwatch{time.Now()}, Lookup: func(context.Context, string) ([]netip.Addr, error) {
		t.Error("looked up")
		return nil, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asked.Load() != "ent.example" {
		t.Errorf("asked for %v", asked.Load())
	}
	if err := g.Dial("ent.example", at(strings.TrimPrefix(srv.URL, "http://"))); err != nil {
		t.Error(err)
	}
	if g.Dial("ent.example", at("127.0.0.1:80")) == nil {
		t.Error("another address was dialled")
	}
	g.fetch.(*httpFetcher).Close()
}

func TestTemplateIsAConsent(t *testing.T) {
	f, err := parseFile(Template("ent.preprod.example", TemplateOptions{Now: time.Now(), ConsentedBy: "Marie"}))
	if err != nil {
		t.Fatal(err)
	}
	o := guarding(t, target(t, ent), nil).order[0].origin
	if why, _ := f.check(o, "", time.Now()); why != "" {
		t.Error(why)
	}
	f.ConsentedBy = ""
	if why, _ := f.check(o, "", time.Now()); why == "" {
		t.Error("a consent by nobody was accepted")
	}
}

// FuzzFile feeds whatever a host may publish: never a panic, and what is
// accepted is a staging.
func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"environment":"staging","grace":"1h","stop":false}`))
	f.Add([]byte(`{"stop":"true","consented_by":"\u0000"}`))
	f.Add(Template("ent.preprod.example", TemplateOptions{Now: time.Now(), ConsentedBy: "Marie"}))
	o := guarding(f, target(f, ent), nil).order[0].origin
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := parseFile(b)
		if err != nil {
			return
		}
		if why, _ := file.check(o, "", time.Now()); why == "" && (file.Environment != "staging" || file.Stop || !(file.RequestsPerSecond > 0)) {
			t.Errorf("accepted %q", b)
		}
		again, err := json.Marshal(file)
		if err != nil {
			return // a year that JSON cannot say
		}
		if back, err := parseFile(again); err == nil && !file.Stop && !back.same(file) {
			t.Errorf("%s is not %s", again, b)
		}
	})
}
