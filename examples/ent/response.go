package ent

import (
	"crypto/tls"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// overTLS marks the requests that came over TLS.
var overTLS tls.ConnectionState

// response collects an answer, so that it is sent in one write.
type response struct {
	server *server
	wire   wire
	last   bool // the connection ends with it
	header http.Header
	buf    []byte
	status int // 0: nothing is written yet
	head   bool
	failed bool
}

// direct is the size from which a body is sent without being copied.
const direct = 32 << 10

func (w *response) begin(c *client, head, last bool) {
	clear(w.header)
	w.server, w.wire, w.last = c.server, c.wire, last
	w.buf, w.status, w.head, w.failed = w.buf[:0], 0, head, false
}

// end lets go of the connection, and of a large buffer.
func (w *response) end() {
	w.server, w.wire = nil, nil
	if cap(w.buf) > 2*direct {
		w.buf = nil
	}
}

// Header gives the header to be filled before anything is written.
func (w *response) Header() http.Header { return w.header }

// WriteHeader writes the head of the answer. A second one is ignored.
func (w *response) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	b := append(w.buf, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = append(b, http.StatusText(status)...)
	b = append(b, "\r\nDate: "...)
	b = append(b, w.server.now()...)
	b = append(b, "\r\n"...)
	for name, values := range w.header {
		if name == "Connection" {
			w.last = true // nothing but close is ever said
			continue
		}
		for _, v := range values {
			b = append(b, name...)
			b = append(b, ": "...)
			b = appendValue(b, v)
			b = append(b, "\r\n"...)
		}
	}
	if w.header["Content-Length"] == nil && status != http.StatusNotModified {
		w.last = true // the end of the connection is that of the answer
	}
	if w.last {
		b = append(b, "Connection: close\r\n"...)
	}
	w.buf = append(b, "\r\n"...)
}

// appendValue writes a header's value; what would end the line becomes a space.
func appendValue(b []byte, v string) []byte {
	if strings.IndexByte(v, '\r') < 0 && strings.IndexByte(v, '\n') < 0 {
		return append(b, v...)
	}
	for i := range len(v) {
		if c := v[i]; c == '\r' || c == '\n' {
			b = append(b, ' ')
		} else {
			b = append(b, c)
		}
	}
	return b
}

// Write adds to the body.
func (w *response) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	switch {
	case w.head:
	case len(p) < direct:
		w.buf = append(w.buf, p...)
	default:
		if w.flush(); w.failed {
			break
		}
		_, err := w.wire.Write(p)
		w.failed = err != nil
	}
	return len(p), nil
}

// WriteString adds to the body.
func (w *response) WriteString(s string) (int, error) {
	if len(s) >= direct {
		return w.Write([]byte(s))
	}
	w.WriteHeader(http.StatusOK)
	if !w.head {
		w.buf = append(w.buf, s...)
	}
	return len(s), nil
}

// flush sends what was written, and says whether all could be.
func (w *response) flush() bool {
	if len(w.buf) > 0 && !w.failed {
		_, err := w.wire.Write(w.buf)
		w.failed = err != nil
		w.buf = w.buf[:0]
	}
	return !w.failed
}

// date is the Date header during one second.
type date struct {
	second int64
	text   string
}

func (s *server) now() string {
	t := time.Now()
	d := s.date.Load()
	if d == nil || d.second != t.Unix() {
		d = &date{t.Unix(), t.UTC().Format(http.TimeFormat)}
		s.date.Store(d)
	}
	return d.text
}
