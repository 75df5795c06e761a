//go:build slow && linux

package main

import (
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// relay carries TCP connections to somewhere else, late, and can be cut: what
// netem would do, without it.
type relay struct {
	to string
	l  net.Listener
	// delay and jitter, in nanoseconds, of each piece of each direction: order
	// is kept, as TCP would.
	delay, jitter atomic.Int64
	deaf          atomic.Bool // swallows what comes, closes nothing
	done          chan struct{}

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// newRelay serves a listener until the test ends.
func newRelay(t *testing.T, l net.Listener, to string) *relay {
	r := &relay{to: to, l: l, done: make(chan struct{}), conns: map[net.Conn]bool{}}
	go r.accept()
	t.Cleanup(func() { close(r.done); _ = l.Close(); r.hangUp() })
	return r
}

func (r *relay) accept() {
	for {
		near, err := r.l.Accept()
		if err != nil {
			return
		}
		go func() {
			far, err := net.DialTimeout("tcp", r.to, 5*time.Second)
			if err != nil {
				_ = near.Close()
				return
			}
			r.keep(near, true)
			r.keep(far, true)
			go r.carry(near, far)
			r.carry(far, near)
			r.keep(near, false)
			r.keep(far, false)
		}()
	}
}

func (r *relay) keep(c net.Conn, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if open {
		r.conns[c] = true
	} else {
		delete(r.conns, c)
	}
}

// hangUp closes every connection that is open.
func (r *relay) hangUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		_ = c.Close()
	}
}

type piece struct {
	due  time.Time
	data []byte
}

// carry copies one direction, each piece after its delay, until either side
// closes.
func (r *relay) carry(from, to net.Conn) {
	pieces := make(chan piece, 4096)
	go func() {
		defer func() { _ = to.Close(); _ = from.Close() }()
		for p := range pieces {
			select {
			case <-time.After(time.Until(p.due)):
			case <-r.done:
				return
			}
			if _, err := to.Write(p.data); err != nil {
				return
			}
		}
	}()
	defer close(pieces)
	var latest time.Time
	for buf := make([]byte, 32<<10); ; {
		n, err := from.Read(buf)
		if n > 0 && !r.deaf.Load() {
			due := time.Now().Add(time.Duration(r.delay.Load()))
			if j := r.jitter.Load(); j > 0 {
				due = due.Add(time.Duration(rand.Int64N(j)))
			}
			if due.Before(latest) {
				due = latest
			}
			latest = due
			select {
			case pieces <- piece{due, append([]byte(nil), buf[:n]...)}:
			case <-r.done:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// TestRelayDelays proves the rig itself.
func TestRelayDelays(t *testing.T) {
	far, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	go func() {
		for {
			c, err := far.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); _ = c.Close() }()
		}
	}()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := newRelay(t, l, far.Addr().String())
	r.delay.Store(int64(60 * time.Millisecond))
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	round := func() (time.Duration, error) {
		sent := time.Now()
		_, _ = c.Write([]byte("x"))
		_ = c.SetReadDeadline(sent.Add(time.Second))
		_, err := io.ReadFull(c, make([]byte, 1))
		return time.Since(sent), err
	}
	if took, err := round(); err != nil || took < 120*time.Millisecond {
		t.Errorf("there and back in %s: %v", took, err)
	}
	r.deaf.Store(true)
	if _, err := round(); err == nil {
		t.Error("a deaf relay answers")
	}
}
