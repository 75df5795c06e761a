package bus

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"firstbell/runner/fleet"
	"firstbell/runner/fleet/keys"
)

// link is a relay in front of a server that a test can cut.
type link struct {
	l  net.Listener
	to string

	mu    sync.Mutex
	down  bool
	conns []net.Conn
	wg    sync.WaitGroup
}

func newLink(t testing.TB, to string) *link {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &link{l: l, to: to}
	r.wg.Go(r.accept)
	t.Cleanup(func() {
		_ = l.Close()
		r.cut()
		r.wg.Wait()
	})
	return r
}

func (r *link) url() string { return "nats://" + r.l.Addr().String() }

func (r *link) accept() {
	for {
		a, err := r.l.Accept()
		if err != nil {
			return
		}
		b, err := net.Dial("tcp", r.to)
		r.mu.Lock()
		if err != nil || r.down {
			r.mu.Unlock()
			_ = a.Close()
			if b != nil {
				_ = b.Close()
			}
			continue
		}
		r.conns = append(r.conns, a, b)
		r.mu.Unlock()
		for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
			r.wg.Go(func() {
				_, _ = io.Copy(way[0], way[1])
				_, _ = way[0].Close(), way[1].Close()
			})
		}
	}
}

// cut closes every connection and lets none through.
func (r *link) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = true
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.conns = nil
}

func (r *link) mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = false
}

func TestLostLink(t *testing.T) {
	h := newHouse(t, 1)
	boss := h.boss(t)
	f := h.roster.Fleet
	r := newLink(t, h.Addr())
	states := make(chan bool, 10)
	w := connect(t, Config{URL: r.url(), Credentials: &h.workers[0], OnState: func(up bool) { states <- up }})
	ticks := listen(t, w, "fb."+f+".down.w000.tick")
	beats := listen(t, boss, "fb."+f+".up.w000.beat")
	subject := resultsSubject(f, "w000")
	if err := w.Append(soon(t), subject, "1", []byte("1")); err != nil {
		t.Fatal(err)
	}

	r.cut()
	if up := <-states; up || w.Connected() {
		t.Error("the worker did not notice")
	}
	// What is published now is refused, not kept: neither side hears it later.
	if err := w.Publish("fb."+f+".up.w000.beat", []byte("stale")); !errors.Is(err, ErrDisconnected) {
		t.Errorf("publishing without a link: %v", err)
	}
	if err := boss.Publish("fb."+f+".down.w000.tick", []byte("stale")); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := w.Append(ctx, subject, "2", []byte("2")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("storing without a link: %v", err)
	}
	if _, err := w.Request(soon(t), "fb."+f+".up.w000.hello", nil); err == nil {
		t.Error("a request without a link was answered")
	}
	stored := make(chan error, 1)
	go func() { stored <- w.Append(soon(t), subject, "2", []byte("2")) }()

	r.mend()
	if up := <-states; !up {
		t.Error("the worker did not come back")
	}
	if err := <-stored; err != nil {
		t.Errorf("storing across the gap: %v", err)
	}
	if err := errors.Join(boss.Publish("fb."+f+".down.w000.tick", []byte("fresh")), w.Publish("fb."+f+".up.w000.beat", []byte("fresh"))); err != nil {
		t.Error(err)
	}
	for _, b := range []inbox{ticks, beats} {
		if m := b.take(t); string(m.Data) != "fresh" {
			t.Errorf("after the gap %q came", m.Data)
		}
	}
	if got := strings.Join(collect(t, boss, 2), " "); got != "1 2" {
		t.Errorf("stored %s", got)
	}
}

// A consumer goes on across a lost link, in order, without gaps.
func TestConsumeAcrossALostLink(t *testing.T) {
	h := newHouse(t, 1)
	h.boss(t)
	r := newLink(t, h.Addr())
	reader := connect(t, Config{URL: r.url(), Credentials: &h.roster.Coordinator})
	w := h.worker(t, 0)
	const n = 300
	done := make(chan error, 1)
	go func() {
		for i := range n {
			if err := w.Append(soon(t), resultsSubject(h.roster.Fleet, "w000"), word(i), []byte(word(i))); err != nil {
				done <- err
				return
			}
			if i%100 == 50 {
				r.cut()
				time.AfterFunc(30*time.Millisecond, r.mend)
			}
		}
		done <- nil
	}()
	for i, got := range collect(t, reader, n) {
		if got != word(i) {
			t.Fatalf("record %d is %q", i, got)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func word(i int) string {
	return strings.Repeat("i", i%7) + string(rune('a'+i%26)) + "." + time.Duration(i).String()
}

func TestConnectWaits(t *testing.T) {
	h := newHouse(t, 1)
	r := newLink(t, h.Addr())
	r.cut()
	time.AfterFunc(100*time.Millisecond, r.mend)
	connect(t, Config{URL: r.url(), Credentials: &h.workers[0]}) // once the server is there
	r.cut()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Connect(ctx, Config{URL: r.url(), Credentials: &h.workers[0]}); !errors.Is(err, ErrDisconnected) {
		t.Errorf("Connect to nobody: %v", err)
	}
}

func TestClosed(t *testing.T) {
	h := newHouse(t, 1)
	w := h.worker(t, 0)
	w.Close()
	for what, err := range map[string]error{
		"Publish": w.Publish("fb.x.up.w000.beat", nil),
		"Append":  w.Append(soon(t), resultsSubject(h.roster.Fleet, "w000"), "1", nil),
		"Consume": w.Consume(soon(t), func(string, []byte) error { return nil }),
		"Get":     second(w.Get(soon(t), "w000", "x")),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
}

func TestTLSOnTheBus(t *testing.T) {
	h := newHouse(t, 1, "127.0.0.1")
	if !strings.HasPrefix(h.URL(), "tls://127.0.0.1:") {
		t.Errorf("URL = %s", h.URL())
	}
	h.boss(t) // inside the process, without
	conn := h.worker(t, 0)
	if state, err := conn.nc.TLSConnectionState(); err != nil || state.Version != 0x0304 {
		t.Errorf("TLS %x, %v; want 1.3", state.Version, err)
	}
	// The scheme does not matter: the credentials know that there is TLS.
	connect(t, Config{URL: "nats://" + h.Addr(), Credentials: &h.workers[0]})

	plain := h.workers[0]
	plain.Authority = ""
	if _, err := Connect(soon(t), Config{URL: "nats://" + h.Addr(), Credentials: &plain}); err == nil || errors.Is(err, ErrDisconnected) {
		t.Errorf("without TLS: %v", err)
	}
	other := newHouse(t, 1, "127.0.0.1")
	wrong := h.workers[0]
	wrong.Authority = other.workers[0].Authority
	if _, err := Connect(soon(t), Config{URL: h.URL(), Credentials: &wrong}); err == nil || !strings.Contains(err.Error(), "not vouched for") {
		t.Errorf("another authority: %v", err)
	}
	named := newHouse(t, 1, "coordinator.example")
	if _, err := Connect(soon(t), Config{URL: named.URL(), Credentials: &named.workers[0]}); err == nil || !strings.Contains(err.Error(), "--host") {
		t.Errorf("another name: %v", err)
	}
	// A server that speaks no TLS is not spoken to when the credentials want it.
	bare := newHouse(t, 1)
	if _, err := Connect(soon(t), Config{URL: bare.URL(), Credentials: &h.workers[0]}); err == nil || !strings.Contains(err.Error(), "TLS") {
		t.Errorf("a server without TLS: %v", err)
	}
}

func TestServeRefuses(t *testing.T) {
	open, _, _, err := keys.Generate(keys.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, listen := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:4222", "example.org:0"} {
		if s, err := Serve(ServerConfig{Listen: listen, Roster: open, Store: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "--host") {
			t.Errorf("listening at %s without a certificate: %v, %v", listen, s, err)
		}
	}
	for _, c := range []ServerConfig{
		{Listen: "127.0.0.1", Roster: open, Store: t.TempDir()},
		{Listen: "127.0.0.1:99999", Roster: open, Store: t.TempDir()},
		{Listen: "127.0.0.1:x", Roster: open, Store: t.TempDir()},
		{Store: t.TempDir()},
		{Roster: open},
	} {
		if _, err := Serve(c); err == nil {
			t.Errorf("Serve(%+v) did", c)
		}
	}
	h := newHouse(t, 1)
	if _, err := Serve(ServerConfig{Roster: h.roster, Store: h.store}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("two servers on one store: %v", err)
	}
	if _, err := Serve(ServerConfig{Listen: h.Addr(), Roster: h.roster, Store: filepath.Join(t.TempDir(), "x")}); err == nil {
		t.Error("two servers on one port")
	}
}

func TestListenBeyondLoopback(t *testing.T) {
	roster, workers, _, err := keys.Generate(keys.Options{Workers: 1, Hosts: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Serve(ServerConfig{Listen: "0.0.0.0:0", Roster: roster, Store: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Addr())
	connect(t, Config{URL: "tls://127.0.0.1:" + port, Credentials: &workers[0]})
	if nc, err := nats.Connect("tls://127.0.0.1:"+port, nats.RootCAs()); err == nil {
		nc.Close()
		t.Error("nobody came in")
	}
}

func TestAddresses(t *testing.T) {
	h := newHouse(t, 1)
	for _, url := range []string{"", "127.0.0.1:4222", "http://127.0.0.1:1", "nats://", "nats://user:secret@127.0.0.1:1", "nats://127.0.0.1:1,ws://x", "nats://[::1"} {
		if _, err := Connect(soon(t), Config{URL: url, Credentials: &h.workers[0]}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("Connect to %q: %v", url, err)
		}
	}
	for list, want := range map[string]bool{
		"nats://127.0.0.1:1": true, "nats://localhost:1": true, "nats://[::1]:1": true, "nats://127.0.0.1:1,tls://127.8.8.8:2": true,
		"nats://localhost.example:1": false, "nats://127.0.0.1:1,nats://10.0.0.1:1": false, "nats://0.0.0.0:1": false, "": false,
	} {
		if got := allLoopback(list); got != want {
			t.Errorf("allLoopback(%s) = %v", list, got)
		}
	}
}

// A backlog that is full drops what is new and keeps the connection.
func TestBacklogIsBounded(t *testing.T) {
	h := newHouse(t, 1)
	boss := h.boss(t)
	w := h.worker(t, 0)
	subject := "fb." + h.roster.Fleet + ".down.w000.tick"
	gate := make(chan struct{})
	heard := make(chan struct{}, 4*backlog)
	cancel, err := w.Subscribe(subject, func(fleet.Message) { <-gate; heard <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	for range 2 * backlog {
		if err := boss.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(boss.Flush(soon(t)), w.Flush(soon(t))); err != nil {
		t.Error(err)
	}
	close(gate)
	if err := errors.Join(boss.Publish(subject, nil), boss.Flush(soon(t)), w.Flush(soon(t))); err != nil {
		t.Error(err)
	}
	for deadline := time.After(5 * time.Second); ; {
		select {
		case <-heard:
			continue
		case <-time.After(300 * time.Millisecond):
		case <-deadline:
		}
		break
	}
	if !w.Connected() {
		t.Error("the connection was given up")
	}
}
