package ent

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// onSockets serves an ENT on loopback.
func onSockets(t *testing.T, cfg Config) (e *ENT, addr string) {
	t.Helper()
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return e, l.Addr().String()
}

// soon waits a little for something to become true.
func soon(t *testing.T, what string, f func() bool) {
	t.Helper()
	for start := time.Now(); !f(); time.Sleep(time.Millisecond) {
		if time.Since(start) > 5*time.Second {
			t.Fatalf("not within 5 s: %s", what)
		}
	}
}

// stoodStill is the longest by which somebody who only sleeps woke late while f ran:
// what the machine did to everybody.
func stoodStill(f func()) (worst time.Duration) {
	over := make(chan struct{})
	var sleeper sync.WaitGroup
	sleeper.Go(func() {
		const nap = 5 * time.Millisecond
		for before := time.Now(); ; before = time.Now() {
			select {
			case <-over:
				return
			case <-time.After(nap):
				worst = max(worst, time.Since(before)-nap)
			}
		}
	})
	f()
	close(over)
	sleeper.Wait()
	return worst
}

// A client that reads slowly gets everything it asked for, in order, and holds up
// nobody else.
func TestSlowReadersOnSockets(t *testing.T) {
	_, addr := onSockets(t, Config{})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const n, path = 60, "/assets/js/entcore/ng-app.js" // 12 MB: more than the kernel keeps
	go io.WriteString(c, strings.Repeat("GET "+path+" HTTP/1.1\r\nHost: ent\r\n\r\n", n-1)+
		"GET "+path+" HTTP/1.1\r\nHost: ent\r\nConnection: close\r\n\r\n")
	time.Sleep(50 * time.Millisecond) // the socket is full by now
	if err := oneLogin(addr, 1); err != nil {
		t.Errorf("beside a slow reader: %v", err)
	}
	in, want := bufio.NewReader(c), string(assets()[path].body)
	for i := range n {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != want {
			t.Fatalf("answer %d: %d bytes of %d, %v", i, len(body), len(want), err)
		}
	}
	if _, err := in.ReadByte(); err != io.EOF {
		t.Errorf("after the last answer: %v", err)
	}
}

// A client that closes or resets its connection frees its worker.
func TestClientsWhoLeaveOnSockets(t *testing.T) {
	e, addr := onSockets(t, Config{Capacity: Capacity{Workers: 1, Service: time.Hour, Costs: Costs{LoginPage: 1}}})
	for i, leave := range []func(*net.TCPConn){
		func(c *net.TCPConn) { c.Close() },
		func(c *net.TCPConn) { c.SetLinger(0); c.Close() },
	} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, "GET /auth/login HTTP/1.1\r\nHost: ent\r\n\r\n")
		soon(t, "the request is in service", func() bool { return e.Counters().InFlight == 1 })
		leave(c.(*net.TCPConn))
		soon(t, "the client is missed", func() bool { return e.Counters().Answers[Abandoned] == int64(i+1) })
	}
	e.plant.mu.Lock()
	defer e.plant.mu.Unlock()
	if n := e.plant.stations[ClassLoginPage].busy; n != 0 {
		t.Errorf("%d workers busy", n)
	}
}

// The address of a client is seen, so that it can be throttled.
func TestPerIPOnSockets(t *testing.T) {
	e, addr := onSockets(t, Config{Modes: Modes{PerIP: PerIP{Rate: 1e-6, Burst: 2}}})
	for _, from := range []string{"127.0.0.2", "127.0.0.3"} {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		for i := range 3 {
			c, err := d.Dial("tcp", addr)
			if err != nil {
				t.Skip("only one loopback address here:", err)
			}
			io.WriteString(c, "GET /auth/login HTTP/1.1\r\nHost: ent\r\n\r\n")
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || (resp.StatusCode == 429) != (i == 2) {
				t.Errorf("request %d from %s: %v, %v", i, from, resp, err)
			}
			c.Close()
		}
	}
	if n := e.Counters().Answers[Throttled]; n != 2 {
		t.Errorf("%d throttled", n)
	}
}
