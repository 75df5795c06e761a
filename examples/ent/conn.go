package ent

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	idleTime    = 75 * time.Second
	requestTime = 30 * time.Second // from the first byte of a request to its last
	maxHeader   = 64 << 10
)

// conn is one client's connection. Its goroutine reads requests, one after the
// other; while one of them waits, it already reads what comes next, which is how
// it learns that the client left. The answer is written by whoever ends the wait.
// So a request costs no goroutine, timer or channel of its own.
type conn struct {
	server  *server
	ent     *ENT
	raw, nc net.Conn // nc is raw or TLS over it
	io      *buffers
	current *exchange
	turn    chan struct{} // holds a value when no request is being answered
	before  time.Time     // the deadline of reading
	last    bool          // the connection ends with this answer
	linger  bool          // there may be more to read than was read
}

// buffers are what a connection needs while it lasts, used again by the next.
type buffers struct {
	in    *bufio.Reader
	limit limited
	out   response
}

var bufferPool = sync.Pool{New: func() any {
	b := &buffers{out: response{header: http.Header{}}}
	b.in = bufio.NewReaderSize(&b.limit, 4096)
	return b
}}

// limited reads until its budget is spent.
type limited struct {
	from io.Reader
	left int
}

var errTooMuch = errors.New("ent: header too large")

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooMuch
	}
	n, err := l.from.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// idle says that no request is being answered.
func (c *conn) idle() bool { return len(c.turn) == 1 }

func (c *conn) serve() {
	c.io = bufferPool.Get().(*buffers)
	c.io.limit.from, c.io.limit.left = c.nc, maxHeader
	c.io.in.Reset(&c.io.limit)
	c.readBefore(time.Now().Add(requestTime))
	for c.await() && c.one() {
	}
	c.close()
}

// close ends the connection. Nobody else uses it any more but to close it.
func (c *conn) close() {
	if c.linger { // closing with bytes unread would reset, and lose the answer
		c.hangUp()
		_, _ = io.CopyN(io.Discard, c.nc, maxBody)
	}
	c.nc.Close()
	c.server.closed(c)
	c.io.limit.from = nil
	c.io.out.shrink()
	bufferPool.Put(c.io)
	c.io = nil
}

// hangUp tells the client that nothing more comes, and gives it a moment to close.
func (c *conn) hangUp() {
	if w, ok := c.nc.(interface{ CloseWrite() error }); ok && w.CloseWrite() == nil {
		c.raw.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	} else {
		c.raw.Close()
	}
}

// await waits for the first byte of the next request, and for the end of the
// answer before it. It returns false when the connection is over.
func (c *conn) await() bool {
	for {
		_, err := c.io.in.Peek(1)
		if err == nil {
			break
		}
		if errors.Is(err, os.ErrDeadlineExceeded) && !c.idle() {
			c.readBefore(time.Now().Add(idleTime)) // waiting for an answer is not being idle
			continue
		}
		if !c.idle() && c.ent.leave(c.current) {
			return false
		}
		<-c.turn
		return false
	}
	<-c.turn
	return !c.last
}

// one reads a request and answers it, or leaves it to wait. It returns false when
// the connection is over.
func (c *conn) one() bool {
	if in := c.io.in; !bytes.Contains(must(in.Peek(in.Buffered())), endOfHeader) {
		c.readBefore(time.Now().Add(requestTime))
	}
	r, status := c.read()
	if status == 0 {
		return false
	}
	out := &c.io.out
	out.begin(c)
	if status != http.StatusOK {
		c.last, c.linger = true, true
		sendString(out, nil, status, typeText, http.StatusText(status))
		out.flush()
		return false
	}
	if c.before.Before(time.Now().Add(idleTime - 5*time.Second)) {
		c.readBefore(time.Now().Add(idleTime))
	}
	c.last = r.Close || !r.ProtoAtLeast(1, 1)
	out.head = r.Method == http.MethodHead
	c.current = &exchange{w: out, r: r, wake: c.resume}
	c.resume()
	return true
}

var endOfHeader = []byte("\r\n\r\n")

func must(p []byte, err error) []byte {
	if err != nil {
		panic(err) // as many bytes are buffered
	}
	return p
}

// resume goes on with the current exchange, at its start and after each wait.
func (c *conn) resume() {
	x := c.current
	if !c.ent.proceed(x) {
		return
	}
	switch out := &c.io.out; {
	case x.answer == Crashed:
		c.last = true
		reset(c.raw)
	case x.answer.cuts() || !out.flush():
		c.last = true
		c.raw.Close()
	case c.last || c.server.stopping.Load():
		c.last = true
		c.hangUp()
	}
	c.turn <- struct{}{}
}

// read reads a whole request, body included. The status is 200, or that of a
// request that cannot be read, or 0 when the client is gone.
func (c *conn) read() (*http.Request, int) {
	limit := &c.io.limit
	limit.left = maxHeader
	r, err := http.ReadRequest(c.io.in)
	limit.left = maxBody + maxHeader
	switch {
	case errors.Is(err, errTooMuch):
		return nil, http.StatusRequestHeaderFieldsTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, http.StatusRequestTimeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return nil, 0
	case err != nil:
		var ne *net.OpError
		if errors.As(err, &ne) {
			return nil, 0
		}
		return nil, http.StatusBadRequest
	case r.Host == "" && r.ProtoAtLeast(1, 1) || strings.ContainsAny(r.Host, " \t/\\\"<>"):
		return nil, http.StatusBadRequest
	}
	r.RemoteAddr = c.raw.RemoteAddr().String()
	if c.server.tls != nil {
		r.TLS = &overTLS
	}
	return r, c.readBody(r)
}

func (c *conn) readBody(r *http.Request) int {
	if expect := r.Header.Get("Expect"); expect != "" {
		if !strings.EqualFold(expect, "100-continue") {
			return http.StatusExpectationFailed
		}
		if _, err := io.WriteString(c.nc, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return 0
		}
	}
	if r.Body == http.NoBody {
		return http.StatusOK
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, os.ErrDeadlineExceeded) {
			return 0
		}
		return http.StatusBadRequest
	}
	if len(body) > maxBody {
		return http.StatusRequestEntityTooLarge
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return http.StatusOK
}

func (c *conn) readBefore(t time.Time) {
	c.before = t
	c.raw.SetReadDeadline(t)
}
