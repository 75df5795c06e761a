package nulltarget

import (
	"context"
	"sync"

	"firstbell/runner"
)

// meter counts what passes through a driver, per browser.
type meter struct {
	inner runner.Driver
	mu    sync.Mutex
	walks []*counts
}

type counts struct {
	exchanges, in, out, cookies, dials int
	kept                               int // bytes of decoded bodies
	lines                              int // bytes of our own header line
}

func (m *meter) Open(person uint32) runner.Session {
	c := &counts{}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.walks = append(m.walks, c)
	return &metered{m.inner.Open(person), m, c}
}

type metered struct {
	runner.Session
	m *meter
	c *counts
}

func (s *metered) Do(ctx context.Context, req *runner.Request) (*runner.Response, error) {
	resp, err := s.Session.Do(ctx, req)
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.c.exchanges++
	s.c.in += resp.Timing.BytesIn
	s.c.out += resp.Timing.BytesOut
	s.c.kept += len(resp.Body)
	s.c.cookies += len(resp.Header["Set-Cookie"])
	for _, h := range req.Header {
		if h.Name == header {
			s.c.lines += len(h.Name) + len(": ") + len(h.Value) + len("\r\n")
		}
	}
	if !resp.Timing.Reused {
		s.c.dials++
	}
	return resp, err
}
