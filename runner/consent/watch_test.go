package consent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner/results"
)

// watching runs f while consent is watched, in virtual time.
func watching(t *testing.T, change func(*Config), consent answer, f func(t *testing.T, g *setup)) {
	synctest.Test(t, func(t *testing.T) {
		g := guarding(t, target(t, ent), change)
		if consent.body != nil {
			g.web.set(well, consent)
		}
		if err := g.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); g.Watch(ctx) }()
		f(t, g)
		cancel()
		<-done
	})
}

// stopsWithin reports how long it took until everything was stopped.
func stopsWithin(g *setup, limit time.Duration) (time.Duration, bool) {
	start := time.Now()
	select {
	case <-g.Stopped():
		return time.Since(start), true
	case <-time.After(limit):
		return limit, false
	}
}

func TestWithdrawnStopsWithinFiveSeconds(t *testing.T) {
	for name, a := range map[string]func(before answer) answer{
		"404":  func(answer) answer { return answer{status: 404} },
		"410":  func(answer) answer { return answer{status: 410} },
		"slow": func(answer) answer { return answer{status: 404, delay: 1900 * time.Millisecond} },
		"stop": func(answer) answer { return answer{status: 200, body: []byte(`{"stop": true}`)} },
		"fewer": func(b answer) answer {
			return answer{status: 200, body: []byte(strings.Replace(string(b.body), `"requests_per_second":50`, `"requests_per_second":49`, 1))}
		},
		"production": func(b answer) answer {
			return answer{status: 200, body: []byte(strings.Replace(string(b.body), "staging", "production", 1))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			watching(t, nil, answer{}, func(t *testing.T, g *setup) {
				time.Sleep(7300 * time.Millisecond)
				g.web.set(well, a(g.web.page(well)))
				took, ok := stopsWithin(g, time.Minute)
				if !ok || took >= 5*time.Second {
					t.Errorf("stopped: %v after %v", ok, took)
				}
				if c := g.Cause(); c.How != results.EndedByTarget || !strings.Contains(c.Cause, ent) || c.At == 0 {
					t.Errorf("%+v", c)
				}
				if g.Request(address(t, ent)) == nil || g.Dial("ent.preprod.example", at("192.0.2.7:443")) == nil {
					t.Error("still loaded")
				}
				if k := g.kinds(); !slices.Contains(k, "consent_withdrawn") {
					t.Errorf("%v", k)
				}
			})
		})
	}
}

func TestUnreadableIsNotWithdrawal(t *testing.T) {
	for name, a := range map[string]answer{
		"503":       {status: 503},
		"429":       {status: 429},
		"401":       {status: 401},
		"403":       {status: 403},
		"redirect":  {status: 302},
		"a page":    {status: 200, body: []byte("<html>trop de monde</html>")},
		"refused":   {err: errors.New("refused")},
		"no answer": {status: 200, delay: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			watching(t, nil, answer{}, func(t *testing.T, g *setup) {
				before := g.web.page(well)
				g.web.set(well, a)
				if took, ok := stopsWithin(g, 25*time.Second); ok {
					t.Fatalf("stopped after %v", took)
				}
				g.web.set(well, before)
				time.Sleep(5 * time.Second)
				g.web.set(well, a) // the grace starts anew
				took, ok := stopsWithin(g, time.Minute)
				if !ok || took < 28*time.Second || took > 35*time.Second {
					t.Errorf("stopped %v after %v", ok, took)
				}
				if k := g.kinds(); len(k) != 4 || k[1] != "consent_unreadable" || k[2] != "consent_unreadable" {
					t.Errorf("%v", k)
				}
			})
		})
	}
}

func TestReformattedFileIsNoChange(t *testing.T) {
	watching(t, nil, answer{}, func(t *testing.T, g *setup) {
		b := g.web.page(well).body
		g.web.set(well, answer{status: 200, body: []byte(strings.ReplaceAll(string(b), ",", ",\n  "))})
		if _, ok := stopsWithin(g, time.Minute); ok {
			t.Error(g.Cause())
		}
		if n := g.web.reads(well); n < 29 || n > 32 {
			t.Errorf("read %d times in a minute", n)
		}
	})
}

func TestEndOfTheWindowStops(t *testing.T) {
	watching(t, nil, answer{}, func(t *testing.T, g *setup) {
		left := time.Until(g.Grants()[0].NotAfter)
		if took, ok := stopsWithin(g, 2*time.Hour); !ok || took != left {
			t.Errorf("stopped %v after %v, window %v", ok, took, left)
		}
	})
}

// The control address says stop when the loaded host cannot, and a good reading
// of it keeps the grace from running out.
func TestControlAddress(t *testing.T) {
	const control = "https://ops.example/firstbell.json"
	synctest.Test(t, func(t *testing.T) {
		g := guarding(t, target(t, ent), nil)
		g.web.set(well, published(func(f *File) { f.Control = control }))
		g.web.set(control, answer{status: 200, body: []byte(`{"stop": false}`)})
		if err := g.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { defer close(done); g.Watch(t.Context()) }()
		g.web.set(well, answer{status: 200, delay: time.Hour})
		if took, ok := stopsWithin(g, 10*time.Minute); ok {
			t.Fatalf("stopped after %v: %s", took, g.Cause().Cause)
		}
		g.web.set(control, answer{status: 200, body: []byte(`{"stop": true}`)})
		if took, ok := stopsWithin(g, time.Minute); !ok || took >= 5*time.Second {
			t.Errorf("stopped %v after %v", ok, took)
		}
		<-done
	})
}

func TestConsentNamedByDNS(t *testing.T) {
	const elsewhere = "https://collectivite.example/consent.json"
	txt := func(c *Config) {
		c.LookupTXT = func(_ context.Context, name string) ([]string, error) {
			if name != "_firstbell.ent.preprod.example" {
				t.Errorf("asked for %s", name)
			}
			return []string{"v=spf1", "firstbell-consent=" + elsewhere}, nil
		}
	}
	synctest.Test(t, func(t *testing.T) {
		g := guarding(t, target(t, ent), txt)
		g.web.set(well, answer{status: 404})
		g.web.set(elsewhere, published(nil))
		if err := g.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "for which host") {
			t.Errorf("a file without host: %v", err)
		}
		g.web.set(elsewhere, published(func(f *File) { f.Host = "ent.preprod.example" }))
		if err := g.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { defer close(done); g.Watch(t.Context()) }()
		time.Sleep(10 * time.Second)
		g.web.set(elsewhere, answer{status: 410})
		if took, ok := stopsWithin(g, time.Minute); !ok || took >= 5*time.Second {
			t.Errorf("stopped %v after %v", ok, took)
		}
		<-done
	})
}

func TestLimitsArePerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := target(t, ent)
		sc.Limits.ConnectionsPerSecond = 5 // lower than the consent's 20
		g := guarding(t, sc, func(c *Config) { c.Workers = 2 })
		if err := g.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		var granted []time.Duration
		for range 3000 { // 3 s of 1,000 requests a second
			switch err := g.Request(address(t, ent)); reason(err) {
			case results.NoReason:
				granted = append(granted, g.cfg.Clock.Now())
			case results.ReasonConsentLimit:
			default:
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		if len(granted) != 75 { // half of 50 a second, for this worker
			t.Errorf("%d granted in 3 s", len(granted))
		}
		for i := 25; i < len(granted); i++ {
			if granted[i]-granted[i-25] < time.Second {
				t.Fatalf("26 requests within %v", granted[i]-granted[i-25])
			}
		}
		n := 0
		for range 100 {
			if g.Dial("ent.preprod.example", at("192.0.2.7:443")) == nil {
				n++
			}
		}
		if n != 2 { // 5 a second over two workers: 2 in 0.8 s
			t.Errorf("%d connections at once", n)
		}
	})
}

// TestGuardsTogether: the guards of a fleet, requests and connections, limits of
// the consent and of the scenario.
func TestGuardsTogether(t *testing.T) {
	for _, workers := range []int{1, 3, 5, 16} {
		synctest.Test(t, func(t *testing.T) {
			var guards []*setup
			for range workers {
				sc := target(t, ent)
				sc.Limits.RequestsPerSecond = 37.5 // lower than the consent's 50; connections are its 20
				g := guarding(t, sc, func(c *Config) { c.Workers = workers })
				if err := g.Read(t.Context()); err != nil {
					t.Fatal(err)
				}
				guards = append(guards, g)
			}
			var requests, connections []time.Duration
			started := time.Now()
			for range 4000 {
				for _, g := range guards {
					if g.Request(address(t, ent)) == nil {
						requests = append(requests, time.Since(started))
					}
					if g.Dial("ent.preprod.example", at("192.0.2.7:443")) == nil {
						connections = append(connections, time.Since(started))
					}
				}
				time.Sleep(time.Millisecond)
			}
			for most, list := range map[int][]time.Duration{37: requests, 20: connections} {
				for i := most; i < len(list); i++ {
					if list[i]-list[i-most] < time.Second {
						t.Fatalf("%d workers: %d within %v", workers, most+1, list[i]-list[i-most])
					}
				}
				if want := most / workers * workers * 4; len(list) != want {
					t.Errorf("%d workers: %d in 4 s, want %d", workers, len(list), want)
				}
			}
		})
	}
}

// TestTooFewToShare: a consent that is smaller than the fleet is refused before
// the start, and says for how many it is enough.
func TestTooFewToShare(t *testing.T) {
	g := guarding(t, target(t, ent), func(c *Config) { c.Workers = 21 })
	if err := g.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "20 connections per second cannot be shared by 21 workers; play with 20 at most") {
		t.Errorf("Read: %v", err)
	}
	if reason(g.Request(address(t, ent))) != results.ReasonOutOfScope {
		t.Error("loaded all the same")
	}
	sc := target(t, ent)
	sc.Limits.RequestsPerSecond = 3
	if _, err := New(Config{Scenario: sc, RunID: "x", Clock: stopwatch{}, Workers: 4}); err == nil {
		t.Error("3 requests a second for 4 workers")
	}
}
