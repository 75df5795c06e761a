package httpdriver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"firstbell/runner"
)

// Bounds on what a server may send.
const (
	maxHead    = 64 << 10 // bytes of all heads of one exchange, 1xx included
	maxLines   = 256      // header lines
	maxInterim = 8        // 1xx answers
	maxWire    = 64 << 20 // bytes of one body as sent
	readBuffer = 4 << 10
)

// patienceWithout bounds an exchange whose context has no deadline.
const patienceWithout = time.Minute

// exchange is one request on its way.
type exchange struct {
	ctx     context.Context
	session *session
	host    *host
	req     *runner.Request
	resp    *runner.Response
	hasLeft bool // req.Left has been called
}

// run performs the exchange on a kept connection (if allowed and there is one)
// or on a new one. again means: nothing was answered on a kept connection.
func (x *exchange) run(mayReuse bool) (again bool, _ error) {
	c, err := x.connection(mayReuse)
	if err != nil {
		return false, err
	}
	stop := context.AfterFunc(x.ctx, c.abort)
	reusable, answered, err := x.talk(c)
	if !stop() || !reusable || err != nil {
		c.close()
	} else {
		x.session.keep(c)
	}
	if err == nil {
		return false, nil
	}
	te := classify(x.ctx, exchanging, x.host, err)
	return x.resp.Timing.Reused && !answered && x.ctx.Err() == nil && broken(err), te
}

// broken reports whether err is how a connection that the server had closed
// looks like.
func broken(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, io.ErrClosedPipe)
}

// left tells who asked that the request has left our hands.
func (x *exchange) left() {
	if f := x.req.Left; f != nil && !x.hasLeft {
		x.hasLeft = true
		f(x.resp.Timing.Sent)
	}
}

func (x *exchange) connection(mayReuse bool) (*conn, error) {
	t := &x.resp.Timing
	if mayReuse {
		if c := x.session.kept(x.host); c != nil {
			t.Reused = true
			x.session.driver.reused.Add(1)
			x.left()
			return c, nil
		}
	}
	t.Reused = false
	return x.dial()
}

// talk writes the request and reads the answer. answered: a byte of it came.
func (x *exchange) talk(c *conn) (reusable, answered bool, err error) {
	deadline, ok := x.ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(patienceWithout)
	}
	if err := c.SetDeadline(deadline); err != nil {
		return false, false, err
	}
	if x.ctx.Err() != nil { // the deadline just set must not undo an abort
		return false, false, x.ctx.Err()
	}
	clock := x.session.driver.cfg.Clock
	writeErr := x.send(c)
	sent := clock.Now()
	// A server may refuse a request before it has read it all, and close: its
	// answer counts, the broken write does not.
	if writeErr != nil && !errors.Is(writeErr, syscall.EPIPE) && !errors.Is(writeErr, syscall.ECONNRESET) {
		return false, false, writeErr
	}
	r := newReader(c)
	defer r.free()
	defer func() { x.resp.Timing.BytesIn += r.n }()
	if _, err := r.Peek(1); err != nil {
		if writeErr != nil {
			err = writeErr
		}
		return false, false, err
	}
	first := clock.Now()
	x.resp.Timing.FirstByte = first - sent
	reusable, err = x.receive(r)
	x.resp.Timing.Body = clock.Now() - first
	return reusable && writeErr == nil, true, err
}

// send writes the whole request in one write.
func (x *exchange) send(c *conn) error {
	buf := buffers.Get().(*[]byte)
	defer func() {
		if cap(*buf) <= maxPooled {
			buffers.Put(buf)
		}
	}()
	b, err := x.appendRequest((*buf)[:0])
	if err != nil {
		return err
	}
	*buf = b[:0]
	n, err := c.Write(b)
	x.resp.Timing.BytesOut += n
	return err
}

// receive reads one answer, 1xx skipped, body included.
func (x *exchange) receive(r *reader) (reusable bool, err error) {
	a, err := x.head(r)
	if err != nil {
		return false, err
	}
	defer a.body.Close()
	x.resp.Status, x.resp.Header, x.resp.Closes = a.status, a.header, a.last
	if !x.req.NoCookies {
		x.session.store(x.host, x.req.URL, a.header["Set-Cookie"])
	}
	r.limit, r.over = r.n+maxWire, errTooLarge
	if err := x.body(&a); err != nil {
		return false, err
	}
	// Bytes after the end of the answer belong to nothing we asked for.
	return !a.last && r.Buffered() == 0, nil
}

// head reads the final answer's head.
func (x *exchange) head(r *reader) (reply, error) {
	if b, _ := r.Peek(r.Buffered()); x.req.Method != http.MethodHead {
		if a, n, ok := quickHead(b); ok {
			_, _ = r.Discard(n) // they are there
			r.body = sized{r.Reader, a.length}
			a.body = &r.body
			return a, nil
		}
	}
	hr, err := x.anyHead(r)
	if err != nil {
		return reply{}, err
	}
	return reply{status: hr.StatusCode, header: hr.Header, last: hr.Close, length: -1, body: hr.Body}, nil
}

// anyHead reads the final answer's head, whatever it looks like.
func (x *exchange) anyHead(r *reader) (*http.Response, error) {
	asked := &http.Request{Method: x.req.Method}
	for range maxInterim + 1 {
		hr, err := http.ReadResponse(r.Reader, asked)
		if err != nil {
			if r.failed != nil { // not what the parser makes of the half it got
				err = r.failed
			}
			return nil, unended(err)
		}
		lines := 0
		for _, v := range hr.Header {
			lines += len(v)
		}
		switch {
		case lines > maxLines:
			return nil, errLines
		case hr.StatusCode == http.StatusSwitchingProtocols:
			return nil, errSwitch
		case hr.StatusCode < 100 || hr.StatusCode > 999:
			return nil, errMalform
		case hr.StatusCode >= 200:
			return hr, nil
		}
	}
	return nil, errFlood
}

// unended tells an answer that broke off from a connection that was closed
// without one.
func unended(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// reader is a pooled buffered reader that counts and bounds what comes in.
type reader struct {
	*bufio.Reader
	conn  net.Conn
	n     int
	limit int
	over  error // at the limit
	// failed is how the source ended, if it has.
	failed error
	body   sized // of the answer being read, if its length is known
}

var readers = sync.Pool{New: func() any {
	r := new(reader)
	r.Reader = bufio.NewReaderSize(wire{r}, readBuffer)
	return r
}}

// wire is a reader's own source; bufio and reader cannot both be called Read.
type wire struct{ r *reader }

func (w wire) Read(p []byte) (int, error) {
	r := w.r
	if r.n >= r.limit {
		r.failed = r.over
		return 0, r.over
	}
	if left := r.limit - r.n; len(p) > left {
		p = p[:left]
	}
	n, err := r.conn.Read(p)
	r.n += n
	if err != nil {
		r.failed = err
	}
	return n, err
}

func newReader(c net.Conn) *reader {
	r := readers.Get().(*reader)
	r.conn, r.n, r.limit, r.over, r.failed = c, 0, maxHead, errHead, nil
	r.Reset(wire{r})
	return r
}

func (r *reader) free() {
	r.conn, r.body = nil, sized{}
	readers.Put(r)
}
