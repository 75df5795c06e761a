package ent

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Serve answers on l until ctx is done, then lets the answers under way finish
// for a second. It closes l. The error is nil after a stop that was asked for.
//
// It speaks HTTP/1.1 with a loop of its own, which costs a third of what net/http
// does, so that the machine's time is left to the load tool: see client. Requests
// wait for the ENT's capacity, so there is no limit on the time of an answer; idle
// connections and slow requests have one.
func (e *ENT) Serve(ctx context.Context, l net.Listener) error {
	s := &server{ent: e, tls: e.cfg.TLS, listener: l, clients: map[*client]struct{}{},
		stop: make(chan struct{}), empty: make(chan struct{})}
	if s.tls != nil {
		s.tls = s.tls.Clone()
		s.tls.NextProtos = []string{"http/1.1"}
	} else if _, sockets := l.(*net.TCPListener); sockets {
		s.loop = newLoop(s)
		s.listener = s.loop.own(l)
	}
	e.servers.add(s)
	defer e.servers.remove(s)
	s.setBacklog(e.Modes().Accept.Backlog)
	done := make(chan error, 1)
	go func() { done <- s.accept() }()
	select {
	case err := <-done:
		s.finish(0)
		return fmt.Errorf("ent: serve: %w", err)
	case <-ctx.Done():
	}
	s.finish(time.Second)
	<-done
	return nil
}

// server is one listener being served.
type server struct {
	ent      *ENT
	tls      *tls.Config
	date     atomic.Pointer[date]
	stopping atomic.Bool
	stop     chan struct{} // closed when no more connections are wanted
	empty    chan struct{} // closed when, after that, there are none
	loop     *loop         // nil without one
	wg       sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener
	until    time.Time // out of order until then
	clients  map[*client]struct{}
	short    bool // the listen queue is not the system's
}

// accept takes connections until the server stops.
func (s *server) accept() error {
	var pace pace
	for {
		if !s.sleep(pace.next(s.ent.modes.Load().Accept, time.Now(), s.ent.created)) {
			return nil
		}
		s.mu.Lock()
		l := s.listener
		s.mu.Unlock()
		err := s.take(l)
		if err == nil {
			continue
		}
		again, waited := s.outage(l)
		var temporary interface{ Temporary() bool }
		switch {
		case s.stopping.Load():
			if again != nil {
				again.Close()
			}
			return nil
		case again != nil:
			s.mu.Lock()
			s.listener = s.loop.own(again)
			s.mu.Unlock()
			s.setBacklog(s.ent.Modes().Accept.Backlog)
		case !waited && errors.As(err, &temporary) && temporary.Temporary(): // out of descriptors
			s.sleep(5 * time.Millisecond)
		default:
			return err
		}
	}
}

// sleep waits, and says whether the server is still wanted.
func (s *server) sleep(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.stop:
		return false
	}
}

// opened takes a new client in, unless the server is not to have it.
func (s *server) opened(c *client) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping.Load() || time.Now().Before(s.until) {
		return false
	}
	s.clients[c] = struct{}{}
	return true
}

// closed takes a client out.
func (s *server) closed(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.clients[c]; there {
		delete(s.clients, c)
		if s.stopping.Load() && len(s.clients) == 0 {
			close(s.empty)
		}
	}
}

// all gives the clients there are.
func (s *server) all() []*client {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.clients))
}

// finish stops accepting, lets the answers under way finish for the given time,
// and closes what is left.
func (s *server) finish(grace time.Duration) {
	s.mu.Lock()
	s.stopping.Store(true)
	close(s.stop)
	s.listener.Close()
	if len(s.clients) == 0 {
		close(s.empty)
	}
	s.mu.Unlock()
	for _, c := range s.all() {
		c.stop(false, false)
	}
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-s.empty:
	case <-t.C:
	}
	for _, c := range s.all() {
		c.stop(true, false)
	}
	if s.loop != nil {
		s.loop.close()
	}
	s.wg.Wait()
}

// servers is the listeners an ENT is served on.
type servers struct {
	mu  sync.Mutex
	all map[*server]struct{}
}

func (v *servers) add(s *server) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.all == nil {
		v.all = map[*server]struct{}{}
	}
	v.all[s] = struct{}{}
}

func (v *servers) remove(s *server) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.all, s)
}

// each calls f for every server.
func (v *servers) each(f func(*server)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for s := range v.all {
		f(s)
	}
}

// ServeAdmin answers [ENT.Admin] on l until ctx is done, and closes l.
func (e *ENT) ServeAdmin(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           e.Admin(),
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // one line per client that left
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("ent: serve: %w", err)
	case <-ctx.Done():
	}
	err := srv.Close()
	<-done
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("ent: stop: %w", err)
	}
	return nil
}
