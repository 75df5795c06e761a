package consent

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// stopwatch is a Clock for tests.
type stopwatch struct{ start time.Time }

func (s stopwatch) Now() time.Duration                              { return time.Since(s.start) }
func (s stopwatch) SleepUntil(context.Context, time.Duration) error { return nil }

// answer is what a published address gives.
type answer struct {
	status int
	body   []byte
	err    error
	delay  time.Duration
}

// web is a Fetcher over a table that tests change while it is read.
type web struct {
	mu    sync.Mutex
	pages map[string]answer
	asked map[string]int
}

func (w *web) set(at string, a answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[at] = a
}

func (w *web) page(at string) answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pages[at]
}

func (w *web) reads(at string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[at]
}

func (w *web) Fetch(ctx context.Context, at Place) (int, []byte, error) {
	w.mu.Lock()
	a, ok := w.pages[at.URL.String()]
	w.asked[at.URL.String()]++
	w.mu.Unlock()
	if !ok {
		return http.StatusNotFound, nil, nil
	}
	select {
	case <-time.After(a.delay):
		return a.status, a.body, a.err
	case <-ctx.Done():
		return 0, nil, ctx.Err()
	}
}

const (
	ent  = "https://ent.preprod.example"
	well = ent + Path
)

// published is a consent that holds now; change may be nil.
func published(change func(*File)) answer {
	f := File{
		ConsentedBy: "Marie Dupont", Environment: "staging",
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		RequestsPerSecond: 50, ConnectionsPerSecond: 20, Grace: Duration(30 * time.Second),
	}
	if change != nil {
		change(&f)
	}
	b, err := json.Marshal(f)
	return answer{status: 200, body: b, err: err}
}

type setup struct {
	*Guard
	web    *web
	mu     sync.Mutex
	events []results.Event
}

func (s *setup) kinds() (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		out = append(out, e.Kind)
	}
	return out
}

// guarding gives a guard over a scenario with a published consent.
func guarding(t testing.TB, sc *scenarios.Scenario, change func(*Config)) *setup {
	t.Helper()
	s := &setup{web: &web{pages: map[string]answer{well: published(nil)}, asked: map[string]int{}}}
	cfg := Config{
		Scenario: sc, RunID: "x", Clock: stopwatch{time.Now()}, Fetch: s.web,
		Events: func(e results.Event) { s.mu.Lock(); defer s.mu.Unlock(); s.events = append(s.events, e) },
		Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			if host == "ent.preprod.example" {
				return []netip.Addr{netip.MustParseAddr("192.0.2.7")}, nil
			}
			return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
		},
		LookupTXT: func(context.Context, string) ([]string, error) { return nil, errors.New("none") },
	}
	if change != nil {
		change(&cfg)
	}
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.Guard = g
	return s
}

func target(t testing.TB, s string) *scenarios.Scenario {
	return &scenarios.Scenario{Target: address(t, s)}
}

func address(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func reason(err error) results.Reason {
	var te *runner.TransportError
	if errors.As(err, &te) {
		return te.Reason
	}
	return results.NoReason
}

func at(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
