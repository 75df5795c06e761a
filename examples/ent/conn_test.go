package ent

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/examples/ent/memnet"
)

// talk sends bytes over a connection of its own and gives everything that comes
// back until the ENT closes, and how long that took.
func (b *bench) talk(bytes string) (string, time.Duration) {
	b.t.Helper()
	c, err := b.net.Dial(b.t.Context(), "tcp", "127.0.0.1:80")
	if err != nil {
		b.t.Fatal(err)
	}
	defer c.Close()
	start := time.Now()
	if _, err := io.WriteString(c, bytes); err != nil {
		b.t.Errorf("write: %v", err)
	}
	got, err := io.ReadAll(c)
	if err != nil {
		b.t.Errorf("%.40q: %v", bytes, err)
	}
	return string(got), time.Since(start)
}

func TestHostileRequests(t *testing.T) {
	form := "email=eleve1&password=mdp-eleve1&callBack=/x%0d%0aSet-Cookie:%20a=b"
	const host = "\r\nHost: ent\r\n"
	for _, tc := range []struct {
		name, bytes string
		statuses    []int
		after       time.Duration
	}{
		{"not HTTP", "\x16\x03\x01\x02\x00\x01\r\n\r\n", []int{400}, 0},
		{"no host", "GET / HTTP/1.1\r\n\r\n", []int{400}, 0},
		{"header without end", "GET / HTTP/1.1" + host + "X: " + strings.Repeat("x", 100_000), []int{431}, 500 * time.Millisecond},
		{"body too large", "POST /auth/login HTTP/1.1" + host + "Content-Length: 2000000\r\n\r\n" + strings.Repeat("x", 1_900_000), []int{413}, 500 * time.Millisecond},
		{"two lengths", "POST /auth/login HTTP/1.1" + host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", []int{400}, 500 * time.Millisecond},
		{"bad chunks", "POST /auth/login HTTP/1.1" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", []int{400}, 500 * time.Millisecond},
		{"unknown expectation", "POST /auth/login HTTP/1.1" + host + "Expect: more\r\nContent-Length: 0\r\n\r\n", []int{417}, 0},
		{"expectation", "POST /auth/login HTTP/1.1" + host + "Expect: 100-continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\na=b", []int{100, 200}, 0},
		{"HTTP/1.0", "GET /auth/login HTTP/1.0\r\n\r\n", []int{200}, 0},
		{"pipelined", "GET /auth/login HTTP/1.1" + host + "\r\nGET / HTTP/1.1" + host + "Connection: close\r\n\r\n", []int{200, 302}, 0},
		{"a new line in a header", "POST /auth/login HTTP/1.1" + host + "Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " + itoa(len(form)) + "\r\n\r\n" + form, []int{302}, 0},
		{"chunks", "POST /auth/login HTTP/1.1" + host + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\na=b\r\n0\r\n\r\n", []int{200}, 0},
		{"a request never ended", "GET / HTTP/1.1\r\nHost: ent\r\n", []int{408}, 30 * time.Second},
		{"a body never ended", "POST /auth/login HTTP/1.1" + host + "Content-Length: 5\r\n\r\nhe", []int{408}, 30 * time.Second},
		{"nothing", "", nil, 30 * time.Second},
		{"nothing more", "GET /auth/login HTTP/1.1" + host + "\r\n", []int{200}, 75 * time.Second},
	} {
		inBubble(t, Config{}, func(b *bench) {
			got, took := b.talk(tc.bytes)
			in := bufio.NewReader(strings.NewReader(got))
			for _, want := range tc.statuses {
				resp, err := http.ReadResponse(in, nil)
				if err != nil || resp.StatusCode != want {
					t.Errorf("%s: got %.200q, want status %d", tc.name, got, want)
					return
				}
				io.Copy(io.Discard, resp.Body)
				if len(resp.Cookies()) > 3 {
					t.Errorf("%s: cookies %v", tc.name, resp.Cookies())
				}
			}
			if rest, _ := io.ReadAll(in); len(rest) > 0 {
				t.Errorf("%s: more than asked for: %.100q", tc.name, rest)
			}
			if took != tc.after && !(took < tc.after+time.Second && tc.after == 500*time.Millisecond) {
				t.Errorf("%s: closed after %v, want %v", tc.name, took, tc.after)
			}
		})
	}
}

// Waiting for a worker is not idleness, and what is pipelined meanwhile waits.
func TestLongWaitsKeepTheConnection(t *testing.T) {
	cfg := Config{Capacity: Capacity{Workers: 1, Service: 10 * time.Minute, Costs: Costs{LoginPage: 1}}}
	inBubble(t, cfg, func(b *bench) {
		got, took := b.talk("GET /auth/login HTTP/1.1\r\nHost: ent\r\n\r\nGET / HTTP/1.1\r\nHost: ent\r\nConnection: close\r\n\r\n")
		if took != 10*time.Minute || !strings.HasPrefix(got, "HTTP/1.1 200") || !strings.Contains(got, "HTTP/1.1 302") {
			t.Errorf("after %v: %.100q", took, got)
		}
		accounted(t, b.ent)
	})
}

func TestHeadHasNoBody(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		got, _ := b.talk("HEAD /auth/login HTTP/1.1\r\nHost: ent\r\nConnection: close\r\n\r\n")
		if !strings.HasSuffix(got, "\r\n\r\n") || !strings.Contains(got, "Content-Length: ") || !strings.Contains(got, "Date: ") {
			t.Errorf("%q", got)
		}
	})
}

// A crash refuses connections, cuts those there are, and ends.
func TestCrashRefusesConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l, err := n.Listen("127.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		crashAndRestart(t, l, 20*time.Second, func() (net.Conn, error) { return n.Dial(t.Context(), "tcp", "127.0.0.1:80") })
	})
}

func TestCrashRefusesConnectionsOnSockets(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	crashAndRestart(t, l, 300*time.Millisecond, func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) })
}

func crashAndRestart(t *testing.T, l net.Listener, restart time.Duration, dial func() (net.Conn, error)) {
	e, err := New(Config{
		Capacity: Capacity{Workers: 1, Service: time.Hour, Costs: Costs{Login: 1}},
		Modes:    Modes{Crash: Crash{Queue: 1, Restart: restart}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx, l) }()
	post := func() net.Conn {
		c, err := dial()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "POST /auth/login HTTP/1.1\r\nHost: ent\r\nContent-Length: 0\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		return c
	}
	var start time.Time // nothing crashes before
	var cut []net.Conn
	for range 3 { // one in service, one waits, one too many
		start = time.Now()
		cut = append(cut, post())
		time.Sleep(10 * time.Millisecond)
	}
	for i, c := range cut {
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("connection %d: %v, want a reset", i, err)
		}
		c.Close()
	}
	refusedUntil(t, dial, start.Add(restart))
	var back net.Conn
	for back, err = dial(); err != nil && time.Since(start) < restart+5*time.Second; back, err = dial() {
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil || time.Since(start) < restart {
		t.Fatalf("back after %v: %v", time.Since(start), err)
	}
	io.WriteString(back, "GET /auth/login HTTP/1.1\r\nHost: ent\r\nConnection: close\r\n\r\n")
	if got, err := io.ReadAll(back); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 200") {
		t.Errorf("after the restart: %.40q, %v", got, err)
	}
	back.Close()
	if c := e.Counters(); c.Crashes != 1 || c.Answers[Crashed] != 3 || c.InFlight != 0 {
		t.Errorf("%d crashes; %v", c.Crashes, c.ByName)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// refusedUntil dials until it is refused: the connections are cut a moment before
// the door is shut. A machine that stops the test for the whole of a crash shows
// nothing of it.
func refusedUntil(t *testing.T, dial func() (net.Conn, error), back time.Time) {
	t.Helper()
	for n := 1; ; n++ {
		c, err := dial()
		switch {
		case errors.Is(err, syscall.ECONNREFUSED):
			return
		case err == nil:
			c.Close()
		case !errors.Is(err, syscall.ECONNRESET):
			t.Errorf("during the crash: %v", err)
			return
		}
		time.Sleep(10 * time.Millisecond)
		if time.Now().After(back) {
			if n > 3 {
				t.Errorf("%d tries were not refused during the crash", n)
			}
			return
		}
	}
}

// Stopping during a crash does not wait for the restart.
func TestServeStopsDuringACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := New(Config{Modes: Modes{Crash: Crash{Rate: 0.1, Window: time.Second, Restart: time.Hour}}})
		n := memnet.New()
		l, _ := n.Listen("127.0.0.1:80")
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Serve(ctx, l) }()
		c, err := n.Dial(t.Context(), "tcp", "127.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: ent\r\n\r\n")
		io.ReadAll(c)
		c.Close()
		time.Sleep(time.Minute)
		start := time.Now()
		stop()
		if err := <-done; err != nil || time.Since(start) > time.Second {
			t.Errorf("stopped after %v: %v", time.Since(start), err)
		}
		if e.Counters().Crashes != 1 {
			t.Error("did not crash")
		}
	})
}

// FuzzServe throws bytes at the loop: whatever they are, it answers HTTP or
// nothing, and ends.
func FuzzServe(f *testing.F) {
	f.Add("GET / HTTP/1.1\r\nHost: ent\r\n\r\n")
	f.Add("POST /auth/login HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\nHEAD / HTTP/1.0\r\n\r\n")
	f.Add("GET /file-attente?retour=%0d%0a HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close, keep-alive\r\n\r\n")
	f.Add("PUT * HTTP/1.1\r\nHost:\r\nContent-Length: 18446744073709551616\r\n\r\n")
	f.Fuzz(func(t *testing.T, bytes string) {
		e, err := New(Config{Modes: Modes{WaitingRoom: WaitingRoom{Rate: 1e9}}})
		if err != nil {
			t.Fatal(err)
		}
		near, far := memnet.Pipe()
		s := &server{ent: e, clients: map[*client]struct{}{}, stop: make(chan struct{})}
		s.open(far)
		io.WriteString(near, bytes)
		near.CloseWrite()
		answer, err := io.ReadAll(near)
		if err != nil {
			t.Fatal(err)
		}
		if len(answer) > 0 && !strings.HasPrefix(string(answer), "HTTP/1.1 ") {
			t.Errorf("%q", answer)
		}
		s.wg.Wait()
	})
}
