package httpdriver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

const hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

func do(t testing.TB, s runner.Session, target string) *runner.Response {
	t.Helper()
	resp, err := s.Do(within(t, 5*time.Second), get(address(t, target)))
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// untilDead waits until what the server did to the only kept connection has
// crossed the kernel: how long that takes is up to the machine.
func untilDead(t *testing.T, s runner.Session) {
	t.Helper()
	dead := func() bool {
		b := s.(*session)
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.idle) == 1 && b.idle[0].dead()
	}
	for start := time.Now(); !dead(); time.Sleep(time.Millisecond) {
		if time.Since(start) > 5*time.Second {
			t.Fatal("the kept connection looks alive after 5 s")
		}
	}
}

// A kept connection that the server closes is noticed before it is used.
func TestClosedConnectionIsNoticed(t *testing.T) {
	target := rawServer(t, func(_ int, c net.Conn, r *bufio.Reader) {
		asked(r)
		io.WriteString(c, hello)
	})
	d, _ := newDriver(t, target, nil)
	s := d.Open(1)
	defer s.Close()
	for range 3 {
		if do(t, s, target).Timing.Reused {
			t.Error("a closed connection was used again")
		}
		untilDead(t, s)
	}
	if c := d.Counters(); c.Dialed != 3 || c.Retried != 0 {
		t.Errorf("%+v", c)
	}
}

// What arrives unasked (408 and the like) makes the connection useless.
func TestUnaskedBytesAreNoAnswer(t *testing.T) {
	target := rawServer(t, func(n int, c net.Conn, r *bufio.Reader) {
		for asked(r) {
			io.WriteString(c, hello)
			if n == 0 {
				time.Sleep(5 * time.Millisecond)
				io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
			}
		}
	})
	d, _ := newDriver(t, target, nil)
	s := d.Open(1)
	defer s.Close()
	do(t, s, target)
	untilDead(t, s)
	if resp := do(t, s, target); resp.Status != 200 || resp.Timing.Reused {
		t.Errorf("%d %+v", resp.Status, resp.Timing)
	}
}

// A connection that breaks only when used again is replaced once, whatever the
// method, and the guard counts both.
func TestBrokenKeptConnectionIsRetriedOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		breaks int // connections that break on their second request
		first  int // connections that break on their first
		ok     bool
	}{
		"once":            {1, 0, true},
		"the new one too": {1, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			target := rawServer(t, func(n int, c net.Conn, r *bufio.Reader) {
				if n > 0 && n <= tt.first {
					asked(r)
					return
				}
				for asked(r) {
					io.WriteString(c, hello)
					if n < tt.breaks {
						asked(r)
						return
					}
				}
			})
			d, guard := newDriver(t, target, nil)
			s := d.Open(1)
			defer s.Close()
			do(t, s, target)
			resp, err := s.Do(within(t, 5*time.Second), &runner.Request{Method: "POST", URL: address(t, target), Body: []byte("a=b"), MaxBody: 9})
			if tt.ok && (err != nil || string(resp.Body) != "hello" || resp.Timing.Reused) {
				t.Errorf("%v %q %+v", err, resp.Body, resp.Timing)
			}
			if !tt.ok && reason(t, err) != results.ReasonClosed {
				t.Errorf("%v", err)
			}
			if n := guard.requests.Load(); n != 3 {
				t.Errorf("the guard was asked %d times", n)
			}
		})
	}
}

func TestPageDoneKeepsOnePerHost(t *testing.T) {
	var together sync.WaitGroup
	together.Add(6)
	srv, d := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/asset" {
			together.Done()
			together.Wait()
		}
	})
	s := d.Open(1)
	defer s.Close()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, err := s.Do(within(t, 5*time.Second), get(address(t, srv.URL+"/asset"))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if c := d.Counters(); c.Open != 6 {
		t.Errorf("%d connections while the page loads", c.Open)
	}
	s.PageDone()
	if c := d.Counters(); c.Open != 1 {
		t.Errorf("%d connections once it is loaded", c.Open)
	}
	if !do(t, s, srv.URL+"/").Timing.Reused {
		t.Error("the one left was not used")
	}
}

// pipes is a Dial over net.Pipe, each served by f.
func pipes(f func(net.Conn)) func(context.Context, netip.AddrPort) (net.Conn, error) {
	return func(context.Context, netip.AddrPort) (net.Conn, error) {
		here, there := net.Pipe()
		go func() { defer there.Close(); f(there) }()
		return here, nil
	}
}

func TestIdleConnectionsAreClosedAfterFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDriver(t, "http://127.0.0.1:80", func(c *Config) {
			c.Dial = pipes(func(c net.Conn) { answering(hello)(0, c, bufio.NewReader(c)) })
		})
		s := d.Open(1)
		do(t, s, "http://127.0.0.1/")
		time.Sleep(4900 * time.Millisecond)
		if !do(t, s, "http://127.0.0.1/").Timing.Reused {
			t.Error("closed before its time")
		}
		time.Sleep(4900 * time.Millisecond)
		if c := d.Counters(); c.Open != 1 {
			t.Errorf("%d open after 4.9 s", c.Open)
		}
		time.Sleep(1200 * time.Millisecond)
		if c := d.Counters(); c.Open != 0 {
			t.Errorf("%d open after 6.1 s", c.Open)
		}
		if do(t, s, "http://127.0.0.1/").Timing.Reused {
			t.Error("used after it was closed")
		}
		s.Close()
	})
}

var errImpatient = &runner.TransportError{Reason: results.ReasonImpatient, Err: errors.New("refreshed")}

func TestWhoGaveUp(t *testing.T) {
	silent := pipes(func(c net.Conn) { io.Copy(io.Discard, c) })
	never := func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
	for _, tt := range []struct {
		name string
		dial func(context.Context, netip.AddrPort) (net.Conn, error)
		ctx  func(context.Context) (context.Context, context.CancelFunc)
		want results.Reason
		took time.Duration
	}{
		{"deadline", silent, func(c context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(c, 3*time.Second)
		}, results.ReasonStepTimeout, 3 * time.Second},
		{"impatient", silent, func(c context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(c, 3*time.Second, errImpatient)
		}, results.ReasonImpatient, 3 * time.Second},
		{"cancelled by the run", silent, func(c context.Context) (context.Context, context.CancelFunc) {
			c, cancel := context.WithCancel(c)
			time.AfterFunc(time.Second, cancel)
			return c, cancel
		}, results.ReasonInFlight, time.Second},
		{"no deadline", silent, context.WithCancel, results.ReasonStepTimeout, time.Minute},
		{"connect timeout", never, context.WithCancel, results.ReasonConnectTimeout, DefaultConnectTimeout},
		{"deadline while connecting", never, func(c context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(c, 3*time.Second)
		}, results.ReasonConnectTimeout, 3 * time.Second},
		{"impatient while connecting", never, func(c context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(c, 3*time.Second, errImpatient)
		}, results.ReasonImpatient, 3 * time.Second},
		{"over before it began", silent, func(c context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(c, 0)
		}, results.ReasonStepTimeout, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, _ := newDriver(t, "http://127.0.0.1:80", func(c *Config) { c.Dial = tt.dial })
				s := d.Open(1)
				ctx, cancel := tt.ctx(t.Context())
				defer cancel()
				start := time.Now()
				resp, err := s.Do(ctx, get(address(t, "http://127.0.0.1/")))
				if got := reason(t, err); got != tt.want {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if took := time.Since(start); took != tt.took || resp.Timing.Done-resp.Timing.Sent != tt.took {
					t.Errorf("took %v, timing %+v", took, resp.Timing)
				}
				if c := d.Counters(); c.Open != 0 {
					t.Errorf("%d connections left open", c.Open)
				}
			})
		})
	}
}

// Waiting for our own place to dial is Queued, moves Sent, and is the
// generator's fault when it takes too long.
func TestDialsInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inFlight, most atomic.Int64
		d, _ := newDriver(t, "http://127.0.0.1:80", func(c *Config) {
			c.DialsInFlight = 2
			c.Dial = func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
				if n := inFlight.Add(1); n > most.Load() {
					most.Store(n)
				}
				defer inFlight.Add(-1)
				time.Sleep(time.Second)
				return pipes(func(c net.Conn) { answering(hello)(0, c, bufio.NewReader(c)) })(ctx, a)
			}
		})
		var wg sync.WaitGroup
		timings := make([]runner.Timing, 7)
		errs := make([]error, 7)
		for i := range 7 {
			wg.Go(func() {
				s := d.Open(uint32(i))
				defer s.Close()
				ctx, cancel := context.WithTimeoutCause(t.Context(), 2500*time.Millisecond, errImpatient)
				defer cancel()
				resp, err := s.Do(ctx, get(address(t, "http://127.0.0.1/")))
				timings[i], errs[i] = resp.Timing, err
			})
		}
		wg.Wait()
		count := map[string]int{}
		for i := range 7 {
			switch {
			case errs[i] == nil:
				count[timings[i].Queued.String()]++
				if tm := timings[i]; tm.Done-tm.Sent != time.Second || tm.Connect != time.Second {
					t.Errorf("%+v", tm)
				}
			default:
				count[reason(t, errs[i]).String()]++
			}
		}
		// Two at a time, a second each: two dial at once, two after 1 s, two
		// after 2 s and are cut while connecting, one never.
		if most.Load() != 2 || count["0s"] != 2 || count["1s"] != 2 || count["impatient"]+count["generator"] != 3 || count["generator"] != 1 {
			t.Errorf("at most %d in flight, %v", most.Load(), count)
		}
	})
}

func TestNetworkErrors(t *testing.T) {
	const closed = "http://127.0.0.1:1" // no port that the kernel gives to somebody else meanwhile
	wrap := func(e syscall.Errno) func(c *Config) {
		return func(c *Config) {
			c.Dial = func(context.Context, netip.AddrPort) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: e}
			}
		}
	}
	for _, tt := range []struct {
		name, target string
		change       func(*Config)
		want         results.Reason
	}{
		{"refused", closed, nil, results.ReasonRefused},
		{"descriptors", closed, wrap(syscall.EMFILE), results.ReasonGenerator},
		{"memory", closed, wrap(syscall.ENOBUFS), results.ReasonGenerator},
		{"no IPv6 here", "http://[::1]:9", wrap(syscall.EADDRNOTAVAIL), results.ReasonNoRoute},
		{"host unreachable", closed, wrap(syscall.EHOSTUNREACH), results.ReasonNoRoute},
		{"kernel gave up", closed, wrap(syscall.ETIMEDOUT), results.ReasonConnectTimeout},
		{"no such name", "http://ent.example/", func(c *Config) {
			c.Lookup = func(context.Context, string) ([]netip.Addr, error) {
				return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
			}
		}, results.ReasonDNS},
		{"no address", "http://ent.example/", func(c *Config) {
			c.Lookup = func(context.Context, string) ([]netip.Addr, error) { return nil, nil }
		}, results.ReasonDNS},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, _ := newDriver(t, tt.target, tt.change)
			s := d.Open(1)
			_, err := s.Do(within(t, 5*time.Second), get(address(t, tt.target)))
			if got := reason(t, err); got != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	t.Run("reset", func(t *testing.T) {
		target := rawServer(t, func(_ int, c net.Conn, r *bufio.Reader) {
			asked(r)
			c.(*net.TCPConn).SetLinger(0)
		})
		d, _ := newDriver(t, target, nil)
		_, err := d.Open(1).Do(within(t, 5*time.Second), get(address(t, target)))
		if got := reason(t, err); got != results.ReasonReset {
			t.Error(err)
		}
	})
	t.Run("ports run out", func(t *testing.T) {
		d, _ := newDriver(t, closed, wrap(syscall.EADDRNOTAVAIL))
		for _, h := range *d.hosts.Load() {
			h.worked.Store(true)
		}
		_, err := d.Open(1).Do(within(t, 5*time.Second), get(address(t, closed)))
		if got := reason(t, err); got != results.ReasonGenerator {
			t.Error(err)
		}
	})
}

// A server that answers before it has read the request is believed.
func TestAnswerBeforeTheRequestWasRead(t *testing.T) {
	target := rawServer(t, func(_ int, c net.Conn, r *bufio.Reader) {
		io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		c.(*net.TCPConn).CloseWrite()
		time.Sleep(20 * time.Millisecond)
	})
	d, _ := newDriver(t, target, nil)
	s := d.Open(1)
	defer s.Close()
	resp, err := s.Do(within(t, 5*time.Second), &runner.Request{Method: "POST", URL: address(t, target), Body: make([]byte, 100<<10)})
	if err != nil || resp.Status != 413 {
		t.Errorf("%d %v", resp.Status, err)
	}
}

func TestNamesAreResolvedOncePerRun(t *testing.T) {
	srv, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host) })
	port := netip.MustParseAddrPort(address(t, srv.URL).Host).Port()
	target := "http://ent.example:" + address(t, srv.URL).Port()
	var lookups atomic.Int64
	var dialed sync.Map
	d, guard := newDriver(t, target, func(c *Config) {
		c.Lookup = func(context.Context, string) ([]netip.Addr, error) {
			lookups.Add(1)
			return []netip.Addr{netip.MustParseAddr("::ffff:127.0.0.1")}, nil
		}
	})
	guard.refuseDial = func(host string, a netip.AddrPort) error { dialed.Store(host+" "+a.String(), true); return nil }
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			s := d.Open(uint32(i))
			defer s.Close()
			if body := do(t, s, target).Body; string(body) != address(t, target).Host {
				t.Errorf("Host %q", body)
			}
		})
	}
	wg.Wait()
	if lookups.Load() != 1 {
		t.Errorf("%d lookups", lookups.Load())
	}
	if _, ok := dialed.Load("ent.example " + loopback(port).String()); !ok {
		t.Error("the guard was not asked about the address dialled")
	}
}

func TestResolveOverride(t *testing.T) {
	srv, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host) })
	to := address(t, srv.URL).Host
	d, guard := newDriver(t, "http://ent.example", func(c *Config) {
		c.Scenario.Resolve = []scenarios.Resolve{{Host: "ENT.example", Address: to}, {Host: "ent.example:81", Address: "192.0.2.1"}}
		c.Lookup = func(context.Context, string) ([]netip.Addr, error) { t.Error("looked up"); return nil, nil }
	})
	guard.refuseDial = func(host string, a netip.AddrPort) error {
		if host != "ent.example" || a.String() != to {
			t.Errorf("asked about %s %s", host, a)
		}
		return nil
	}
	s := d.Open(1)
	defer s.Close()
	if body := do(t, s, "http://ent.example/").Body; string(body) != "ent.example" {
		t.Errorf("Host %q", body)
	}
}

func TestGuardIsObeyed(t *testing.T) {
	d, guard := newDriver(t, "http://127.0.0.1:1", func(c *Config) {
		c.Dial = func(context.Context, netip.AddrPort) (net.Conn, error) {
			t.Error("dialled")
			return nil, io.EOF
		}
	})
	s := d.Open(1)
	guard.refuseDial = func(string, netip.AddrPort) error { return errors.New("no") }
	if _, err := s.Do(within(t, time.Second), get(address(t, "http://127.0.0.1:1/"))); reason(t, err) != results.ReasonOutOfScope {
		t.Error(err)
	}
	guard.refuse = func(*url.URL) error {
		return &runner.TransportError{Reason: results.ReasonConsentLimit, Err: errors.New("too many")}
	}
	if _, err := s.Do(within(t, time.Second), get(address(t, "http://127.0.0.1:1/"))); reason(t, err) != results.ReasonConsentLimit {
		t.Error(err)
	}
}

func TestPeopleAreSpreadOverSources(t *testing.T) {
	sources := LoopbackSources(2)
	if sources == nil {
		t.Skip("only 127.0.0.1 here")
	}
	var mu sync.Mutex
	seen := map[string]int{}
	srv, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		mu.Lock()
		defer mu.Unlock()
		seen[host]++
	})
	d, _ := newDriver(t, srv.URL, func(c *Config) { c.Sources = sources })
	for i := range 4 {
		s := d.Open(uint32(i))
		do(t, s, srv.URL)
		s.Close()
	}
	if seen["127.0.1.1"] != 2 || seen["127.0.1.2"] != 2 {
		t.Errorf("%v", seen)
	}
}
