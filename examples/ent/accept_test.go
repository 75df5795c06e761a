//go:build linux

package ent

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// K11: when the listen queue is full the kernel drops what comes, and the client's
// kernel tries again after the rungs of its ladder: the first is at one second. What
// was seen while the machine stood still is looked at again.
func TestFullListenQueueDropsConnections(t *testing.T) {
	for range 4 {
		var took []time.Duration
		stopped := stoodStill(func() { took = dialFullQueue(t) })
		why := droppedAtTheRung(took)
		if why == "" {
			return
		}
		if stopped < 50*time.Millisecond {
			t.Fatal(why)
		}
		t.Logf("the machine stood still for %v: %s", stopped, why)
	}
	t.Skip("this machine stands still too often: nothing was measured")
}

// droppedAtTheRung says what is wrong with the times to connect to a queue of two,
// sorted: the kernel keeps one more, and the others come at the first rung, which is
// the same with and without tcp_syn_linear_timeouts, and not at the second.
func droppedAtTheRung(took []time.Duration) string {
	const rung, second = time.Second, 2 * time.Second
	if len(took) != 6 || took[2] > rung/2 {
		return fmt.Sprintf("three fit into a queue of two (the kernel keeps one more): %v", took)
	}
	for _, d := range took[3:] {
		if d < rung-20*time.Millisecond || d > second-20*time.Millisecond {
			return fmt.Sprintf("a dropped connection was made after %v, want the rung at %v (tcp_syn_linear_timeouts=%s)", d, rung, linear())
		}
	}
	return ""
}

// dialFullQueue gives the times to connect of six who come one after the other
// while nobody is accepted, sorted.
func dialFullQueue(t *testing.T) (took []time.Duration) {
	t.Helper()
	e, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// The pause is there before the first accept: one that already waits takes one
	// connection more. It ends half way to the rung, so that a slow machine has as
	// long to dial as it has to accept.
	if err := e.SetModes(Modes{Accept: Accept{Backlog: 2, Pause: 500 * time.Millisecond, Every: time.Hour}}); err != nil {
		t.Fatal(err)
	}
	e.created = time.Now() // the pause begins now, however long the making took
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx, l) }()
	soon(t, "the queue is short", func() bool { return e.servers.shortened() > 0 })
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			start := time.Now()
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			c.Close()
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(start))
		})
		time.Sleep(5 * time.Millisecond)
	}
	wg.Wait()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	slices.Sort(took)
	return took
}

func linear() string {
	b, _ := os.ReadFile("/proc/sys/net/ipv4/tcp_syn_linear_timeouts")
	return strings.TrimSpace(string(b))
}

// shortened counts the servers with a short listen queue.
func (v *servers) shortened() (n int) {
	v.each(func(s *server) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.short {
			n++
		}
	})
	return n
}

func TestAcceptRate(t *testing.T) {
	var p pace
	now := time.Unix(0, 0)
	created := now
	for i := range 5 {
		if got, want := p.next(Accept{Rate: 10}, now, created), time.Duration(i)*100*time.Millisecond; got != want {
			t.Errorf("connection %d after %v, want %v", i, got, want)
		}
	}
	pause := Accept{Pause: 2 * time.Second, Every: 10 * time.Second}
	for at, want := range map[int]time.Duration{0: 2 * time.Second, 1: time.Second, 2: 0, 9: 0, 11: time.Second} {
		if got := p.next(pause, created.Add(time.Duration(at)*time.Second), created); got != want {
			t.Errorf("at %d s: %v, want %v", at, got, want)
		}
	}
}

// The queue can be shortened while it is listened on, and made long again.
func TestBacklogIsSwitched(t *testing.T) {
	e, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx, l) }()
	if got := backlogOf(t, e); got < 100 {
		t.Errorf("backlog %d at first", got)
	}
	if err := e.SetModes(Modes{Accept: Accept{Backlog: 3}}); err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); e.servers.shortened() == 0 && time.Since(start) < 5*time.Second; {
		if err := e.SetModes(e.Modes()); err != nil { // Serve may not have begun
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	if got := backlogOf(t, e); got != 3 {
		t.Errorf("backlog %d, want 3", got)
	}
	_ = e.SetModes(Modes{})
	if got := backlogOf(t, e); got < 100 {
		t.Errorf("backlog %d at last", got)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// backlogOf reads the length of a listen queue: what /proc/net/tcp does not say,
// TCP_INFO does.
func backlogOf(t *testing.T, e *ENT) int {
	t.Helper()
	var raw syscall.RawConn
	var err error
	for raw == nil { // until it is served
		e.servers.each(func(s *server) { raw, err = s.listener.(syscall.Conn).SyscallConn() })
		time.Sleep(time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	n := -1
	if cerr := raw.Control(func(fd uintptr) {
		var info *unix.TCPInfo
		if info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			n = int(info.Sacked) // of a listening socket: its backlog
		}
	}); cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
	return n
}
