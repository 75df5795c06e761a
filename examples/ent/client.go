package ent

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	idleTime    = 75 * time.Second
	requestTime = 30 * time.Second // from the first byte of a request to its last
	partingTime = 500 * time.Millisecond
	maxHeader   = 64 << 10
)

// client is one connection. It is fed what arrives, by a loop that serves all
// sockets or by a goroutine of its own, and answers from whatever goroutine ends a
// wait: so a request costs no goroutine, timer or channel, and the ENT learns from
// the same reading that a client left.
type client struct {
	server *server
	wire   wire
	remote string

	mu      sync.Mutex
	bytes   *buffers
	in      []byte        // received and not consumed
	request *http.Request // whose body is awaited: need bytes
	need    int
	current *exchange // being answered
	before  time.Time // when a client that does nothing is let go
	partial bool      // the first bytes of a request are there
	last    bool      // nothing more is answered
	closed  bool
}

// wire is how a client is answered. Its methods are called with client.mu held.
type wire interface {
	// Write sends all of p, or keeps what cannot be sent yet.
	Write(p []byte) (int, error)
	// full says that something was kept.
	full() bool
	// hangUp tells the client that nothing more comes.
	hangUp()
	// close ends the connection, by a reset if it is to be rude.
	close(rude bool)
	// wait says when the client is to be let go.
	wait(until time.Time)
}

// buffers are what a connection needs while it lasts, used again by the next.
type buffers struct {
	in     []byte
	out    response
	source bytes.Reader
	reader *bufio.Reader
}

var bufferPool = sync.Pool{New: func() any {
	return &buffers{out: response{header: http.Header{}}, reader: bufio.NewReaderSize(nil, 4096)}
}}

// start makes a client ready to be fed.
func (c *client) start() {
	c.bytes = bufferPool.Get().(*buffers)
	c.in = c.bytes.in[:0]
	c.until(time.Now().Add(requestTime))
}

func (c *client) until(t time.Time) {
	c.before = t
	c.wire.wait(t)
}

// feed takes what arrived and whether it was the last. It returns false when the
// connection is closed.
func (c *client) feed(p []byte, end bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	if !c.last {
		c.in = append(c.in, p...)
		c.answer()
	}
	if end && !c.closed || len(c.in) > maxBody+2*maxHeader { // too much behind a request that waits
		c.close(false)
	}
	return !c.closed
}

// tired lets go of a client that did nothing for too long. It returns false when
// the connection is closed.
func (c *client) tired(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed || now.Before(c.before):
	case c.current != nil:
		c.until(now.Add(idleTime)) // waiting for an answer is not being idle
	case c.partial && !c.last:
		c.refuse(http.StatusRequestTimeout)
	default:
		c.close(false)
	}
	return !c.closed
}

// answer answers what can be answered of the requests that arrived.
func (c *client) answer() {
	for c.current == nil && !c.last && !c.closed && !c.wire.full() {
		r, status := c.parse()
		if status == 0 {
			if len(c.in) > 0 && !c.partial {
				c.partial = true
				c.until(time.Now().Add(requestTime))
			}
			return
		}
		if now := time.Now(); c.partial || c.before.Before(now.Add(idleTime-5*time.Second)) {
			c.until(now.Add(idleTime))
		}
		c.partial = false
		if status != http.StatusOK {
			c.refuse(status)
			return
		}
		out := &c.bytes.out
		out.begin(c, r.Method == http.MethodHead, r.Close || !r.ProtoAtLeast(1, 1))
		c.current = &exchange{w: out, r: r, wake: c.resume}
		c.proceed()
	}
}

// refuse answers a request that cannot be read, after which nothing can.
func (c *client) refuse(status int) {
	out := &c.bytes.out
	out.begin(c, false, true)
	sendString(out, nil, status, typeText, http.StatusText(status))
	out.flush()
	c.part()
}

// part ends the connection when the client has read the last answer, or does not.
func (c *client) part() {
	c.last, c.in = true, c.in[:0]
	c.wire.hangUp()
	c.until(time.Now().Add(partingTime))
}

// resume goes on with the current exchange after a wait.
func (c *client) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.proceed()
	c.answer()
}

func (c *client) proceed() {
	x := c.current
	if !c.server.ent.proceed(x) {
		return
	}
	c.current = nil
	out := &c.bytes.out
	switch {
	case c.closed: // while it could not be called back any more
		c.release()
	case x.answer.cuts():
		c.close(x.answer == Crashed)
	case !out.flush():
		c.close(false)
	case out.last || c.server.stopping.Load():
		c.part()
	}
}

// close ends the connection, and the exchange under way if it waits.
func (c *client) close(rude bool) {
	if c.closed {
		return
	}
	c.closed = true
	c.wire.close(rude)
	if c.current != nil && c.server.ent.leave(c.current) {
		c.current = nil
	}
	if c.current == nil {
		c.release()
	}
	c.server.closed(c)
}

func (c *client) release() {
	b := c.bytes
	if c.bytes = nil; cap(c.in) <= 2*direct {
		b.in = c.in[:0]
	}
	c.in = nil
	b.out.end()
	bufferPool.Put(b)
}

// stop closes the connection from outside: at once, or when it is idle.
func (c *client) stop(evenBusy, rude bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if evenBusy || c.current == nil && !c.wire.full() {
		c.close(rude)
	}
}

// parse takes a whole request, body included, from what arrived. The status is 200,
// or that of a request that cannot be read, or 0 when there is more to come.
func (c *client) parse() (*http.Request, int) {
	if c.request == nil {
		end := endOfHeader(c.in)
		switch {
		case end == 0 && len(c.in) > maxHeader, end > maxHeader:
			return nil, http.StatusRequestHeaderFieldsTooLarge
		case end == 0:
			return nil, 0
		}
		r, err := c.readRequest(c.in[:end])
		if err != nil || r.Host == "" && r.ProtoAtLeast(1, 1) || strings.ContainsAny(r.Host, " \t/\\\"<>") {
			return nil, http.StatusBadRequest
		}
		if r.ContentLength > maxBody {
			return nil, http.StatusRequestEntityTooLarge
		}
		if status := c.expect(r); status != http.StatusOK {
			return nil, status
		}
		if r.ContentLength >= 0 {
			c.in = c.in[:copy(c.in, c.in[end:])]
		}
		c.request, c.need = r, int(r.ContentLength)
	}
	r := c.request
	if c.need < 0 {
		return c.chunked()
	}
	if len(c.in) < c.need {
		return nil, 0
	}
	c.request = nil
	if c.need > 0 {
		r.Body = io.NopCloser(bytes.NewReader(bytes.Clone(c.in[:c.need])))
		c.in = c.in[:copy(c.in, c.in[c.need:])]
	}
	return r, http.StatusOK
}

// readRequest reads the head of a request.
func (c *client) readRequest(head []byte) (*http.Request, error) {
	c.bytes.source.Reset(head)
	c.bytes.reader.Reset(&c.bytes.source)
	r, err := http.ReadRequest(c.bytes.reader)
	if err == nil {
		r.RemoteAddr = c.remote
		if c.server.tls != nil {
			r.TLS = &overTLS
		}
	}
	return r, err
}

// expect answers a client that asks whether to send its body.
func (c *client) expect(r *http.Request) int {
	switch expect := r.Header.Get("Expect"); {
	case expect == "":
	case !strings.EqualFold(expect, "100-continue"):
		return http.StatusExpectationFailed
	default:
		if _, err := io.WriteString(c.wire, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return http.StatusBadRequest
		}
	}
	return http.StatusOK
}

// chunked reads a request whose body comes in chunks, from its head on, when all
// of it is there. Browsers do not send any, so it need not be quick.
func (c *client) chunked() (*http.Request, int) {
	if len(c.in) > 2*maxHeader {
		return nil, http.StatusRequestEntityTooLarge
	}
	r, err := c.readRequest(c.in)
	if err != nil {
		return nil, http.StatusBadRequest
	}
	body, err := io.ReadAll(r.Body)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil, 0
	} else if err != nil {
		return nil, http.StatusBadRequest
	}
	rest := c.bytes.reader.Buffered() + c.bytes.source.Len()
	c.in = c.in[:copy(c.in, c.in[len(c.in)-rest:])]
	c.request = nil
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r, http.StatusOK
}

// endOfHeader gives the length of the head of a request, 0 when it has no end yet.
func endOfHeader(p []byte) int {
	for i := 0; ; {
		k := bytes.IndexByte(p[i:], '\n')
		if k < 0 {
			return 0
		}
		i += k + 1
		switch rest := p[i:]; {
		case len(rest) > 0 && rest[0] == '\n':
			return i + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return i + 2
		}
	}
}
