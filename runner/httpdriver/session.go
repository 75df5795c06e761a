package httpdriver

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
)

// session is one person's browser: cookies, and the connections that no
// exchange is using. It holds no buffer and no goroutine.
type session struct {
	driver  *Driver
	mu      sync.Mutex
	jar     jar
	idle    []*conn
	tickets []*ticket // TLS, one per host
	person  uint32
}

var _ runner.Session = (*session)(nil)

// Do performs one exchange; see [runner.Session].
func (s *session) Do(ctx context.Context, req *runner.Request) (*runner.Response, error) {
	d := s.driver
	resp := &runner.Response{URL: req.URL}
	resp.Timing.Sent = d.cfg.Clock.Now()
	err := s.do(ctx, req, resp)
	resp.Timing.Done = d.cfg.Clock.Now()
	d.exchanges.Add(1)
	d.bytesIn.Add(int64(resp.Timing.BytesIn))
	d.bytesOut.Add(int64(resp.Timing.BytesOut))
	if err != nil {
		return resp, err
	}
	return resp, nil
}

func (s *session) do(ctx context.Context, req *runner.Request, resp *runner.Response) error {
	d := s.driver
	o, err := runner.OriginOf(req.URL)
	if err != nil {
		return fault(results.ReasonOutOfScope, err)
	}
	if err := d.allowed(req.URL); err != nil {
		return err
	}
	h, err := d.hostFor(o)
	if err != nil {
		return fault(results.ReasonOutOfScope, err)
	}
	resp.Host = h.index
	if ctx.Err() != nil {
		return fault(reasonOf(ctx, results.ReasonStepTimeout), errEnded)
	}
	x := exchange{ctx: ctx, session: s, host: h, req: req, resp: resp}
	again, err := x.run(true)
	if !again {
		return err
	}
	// A kept connection was dead: once more on a new one, which the guard
	// counts like any other request.
	if d.allowed(req.URL) != nil {
		return err
	}
	d.retried.Add(1)
	_, err = x.run(false)
	return err
}

// allowed asks the guard about an address.
func (d *Driver) allowed(u *url.URL) error { return refusal(d.cfg.Guard.Request(u)) }

// refusal makes a guard's answer a *TransportError.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	var te *runner.TransportError
	if errors.As(err, &te) {
		return te
	}
	return fault(results.ReasonOutOfScope, err)
}

// kept takes a live idle connection to h, nil when there is none.
func (s *session) kept(h *host) *conn {
	for {
		c := s.takeIdle(h)
		if c == nil {
			return nil
		}
		if !c.idleFor(0) || c.idleFor(s.driver.cfg.IdleTimeout) || c.dead() {
			c.close()
			continue
		}
		c.idle.Store(busy)
		return c
	}
}

// takeIdle takes the connection to h used last out of the idle list.
func (s *session) takeIdle(h *host) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.idle) - 1; i >= 0; i-- {
		if c := s.idle[i]; c.host == h {
			s.idle = append(s.idle[:i], s.idle[i+1:]...)
			return c
		}
	}
	return nil
}

// keep gives a connection back after a complete exchange.
func (s *session) keep(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.idle.Store(int64(s.driver.cfg.Clock.Now()))
	s.idle = append(s.idle, c)
}

// dropIdle closes c if it is still idle and for long enough.
func (s *session) dropIdle(c *conn, limit time.Duration) {
	s.mu.Lock()
	found := false
	for i, k := range s.idle {
		if k == c && c.idleFor(limit) {
			s.idle = append(s.idle[:i], s.idle[i+1:]...)
			found = true
			break
		}
	}
	if len(s.idle) == 0 {
		s.idle = nil
	}
	s.mu.Unlock()
	if found {
		c.close()
	}
}

// PageDone keeps the connection used last to each host and closes the others.
func (s *session) PageDone() {
	var extra []*conn
	s.mu.Lock()
	kept := s.idle[:0]
	for i, c := range s.idle {
		if usedLater(s.idle[i+1:], c.host) {
			extra = append(extra, c)
		} else {
			kept = append(kept, c)
		}
	}
	for i := len(kept); i < len(s.idle); i++ {
		s.idle[i] = nil
	}
	s.idle = kept
	s.mu.Unlock()
	for _, c := range extra {
		c.close()
	}
}

func usedLater(later []*conn, h *host) bool {
	for _, c := range later {
		if c.host == h {
			return true
		}
	}
	return false
}

// Close closes the person's connections; cookies stay.
func (s *session) Close() {
	s.mu.Lock()
	idle := s.idle
	s.idle = nil
	s.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
}

// Forget closes the connections and drops cookies and TLS tickets.
func (s *session) Forget() {
	s.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jar = jar{}
	s.tickets = nil
}

// Cookie gives the first cookie of that name the person would send to u.
func (s *session) Cookie(u *url.URL, name string) (string, bool) {
	o, err := runner.OriginOf(u)
	if err != nil {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.jar.value(o, u.EscapedPath(), name, time.Now())
}
