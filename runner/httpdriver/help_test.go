package httpdriver

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// stopwatch is a Clock for tests.
type stopwatch struct{ start time.Time }

func (s stopwatch) Now() time.Duration { return time.Since(s.start) }

func (s stopwatch) SleepUntil(ctx context.Context, t time.Duration) error {
	select {
	case <-time.After(t - s.Now()):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// yes is a Guard that allows everything and counts.
type yes struct {
	requests, dials atomic.Int64
	refuse          func(u *url.URL) error
	refuseDial      func(host string, addr netip.AddrPort) error
}

func (y *yes) Request(u *url.URL) error {
	y.requests.Add(1)
	if y.refuse != nil {
		return y.refuse(u)
	}
	return nil
}

func (y *yes) Dial(host string, addr netip.AddrPort) error {
	y.dials.Add(1)
	if y.refuseDial != nil {
		return y.refuseDial(host, addr)
	}
	return nil
}

func (y *yes) Stopped() <-chan struct{} { return nil }
func (y *yes) Cause() results.Ended     { return results.Ended{} }

func address(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// newDriver gives a driver for a target; change may be nil.
func newDriver(t testing.TB, target string, change func(*Config)) (*Driver, *yes) {
	t.Helper()
	guard := &yes{}
	cfg := Config{
		Scenario: &scenarios.Scenario{Target: address(t, target)},
		RunID:    "20210406-085500-test", Version: "1.2.3",
		Clock: stopwatch{time.Now()}, Guard: guard,
	}
	if change != nil {
		change(&cfg)
	}
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d, guard
}

// serve starts a server and a driver for it.
func serve(t testing.TB, h http.HandlerFunc) (*httptest.Server, *Driver) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	d, _ := newDriver(t, srv.URL, nil)
	return srv, d
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func get(u *url.URL) *runner.Request {
	return &runner.Request{Method: "GET", URL: u, MaxBody: 1 << 20}
}
