package ent

import (
	"net"
	"time"
)

// down is called when the process crashes: every connection is reset, and until
// the given instant new ones are refused.
func (e *ENT) down(until time.Time) {
	e.counters.crashes.Add(1)
	e.servers.each(func(s *server) { s.crash(until) })
}

func (s *server) crash(until time.Time) {
	s.mu.Lock()
	s.until = until
	if canReopen(s.listener) { // otherwise what comes is accepted and reset
		s.listener.Close()
	}
	s.mu.Unlock()
	for _, c := range s.all() {
		c.stop(true, true)
	}
}

// outage waits for the end of a crash and listens again where l did. The listener
// is nil when the server is to stop or nothing crashed.
func (s *server) outage(l net.Listener) (again net.Listener, waited bool) {
	s.mu.Lock()
	d := time.Until(s.until)
	s.mu.Unlock()
	if d <= 0 {
		return nil, false
	}
	reopen, err := reserve(l)
	if err != nil || !s.sleep(d) {
		if err == nil {
			reopen(false)
		}
		return nil, true
	}
	if again, err = reopen(true); err != nil {
		return nil, true
	}
	return again, true
}

// reset breaks a connection so that the peer is told at once.
func reset(nc net.Conn) {
	switch c := nc.(type) {
	case *net.TCPConn:
		c.SetLinger(0)
	case interface{ Reset() }: // a connection in memory
		c.Reset()
	}
	nc.Close()
}

// reopener is a listener in memory that can be closed and opened again.
type reopener interface{ Reopen() (net.Listener, error) }

// Accept makes the ENT slow to take connections, as a process does that has no
// time for its listen queue. When the queue of the kernel is full, it drops what
// comes, and clients wait for their next try, seconds later.
type Accept struct {
	// Backlog is the length of the kernel's queue, on real sockets: it holds one
	// more. 0: the system's.
	Backlog int
	Rate    float64 // connections per second, at most; 0: no limit
	// For Pause, every Every, nothing is accepted, the first time at the creation.
	Pause, Every time.Duration
}

// pace says when the next connection may be taken.
type pace struct{ at time.Time }

// next gives how long to wait from now on.
func (p *pace) next(a Accept, now, created time.Time) time.Duration {
	if a.Rate == 0 && a.Pause == 0 {
		return 0
	}
	at := now
	if a.Rate > 0 {
		if p.at.After(at) {
			at = p.at
		}
		p.at = at.Add(span(1 / a.Rate))
	}
	return Freeze{Length: a.Pause, Every: a.Every}.end(at, created).Sub(now)
}
