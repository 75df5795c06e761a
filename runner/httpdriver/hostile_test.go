package httpdriver

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
)

func reason(t testing.TB, err error) results.Reason {
	t.Helper()
	var te *runner.TransportError
	if !errors.As(err, &te) {
		t.Fatalf("not a TransportError: %v", err)
	}
	return te.Reason
}

func TestHostileAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	many := strings.Repeat("X: y\r\n", maxLines+1)
	for _, tt := range []struct {
		name, answer string
		want         results.Reason // NoReason: a good answer
		body         string
	}{
		{"not http", "SSH-2.0-OpenSSH\r\n", results.ReasonBadResponse, ""},
		{"nul bytes", "\x00\x00\x00\x00\r\n\r\n", results.ReasonBadResponse, ""},
		{"nul in a header", ok + "A: b\x00c\r\nContent-Length: 0\r\n\r\n", results.ReasonBadResponse, ""},
		{"no colon", ok + "secret-token\r\n\r\n", results.ReasonBadResponse, ""},
		{"status 99", "HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n", results.ReasonBadResponse, ""},
		{"status word", "HTTP/1.1 two hundred\r\n\r\n", results.ReasonBadResponse, ""},
		{"HTTP/2 in plain", "HTTP/2.0 200 OK\r\n", results.ReasonClosed, ""},
		{"huge head", ok + "A: " + strings.Repeat("x", 2*maxHead), results.ReasonBadResponse, ""},
		{"many lines", ok + many + "\r\n", results.ReasonBadResponse, ""},
		{"1xx flood", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 50) + ok + "\r\n", results.ReasonBadResponse, ""},
		{"1xx then answer", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nhi", 0, "hi"},
		{"switching protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", results.ReasonBadResponse, ""},
		{"bad chunk", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", results.ReasonBadResponse, ""},
		{"chunk length overflow", ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", results.ReasonBadResponse, ""},
		{"chunked", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 0, "hello"},
		{"two lengths", ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", results.ReasonBadResponse, ""},
		{"negative length", ok + "Content-Length: -5\r\n\r\n", results.ReasonBadResponse, ""},
		{"length too long", ok + "Content-Length: 99\r\n\r\nab", results.ReasonClosed, ""},
		{"no length, until the end", ok + "\r\nall of it", 0, "all of it"},
		{"not gzip", ok + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", results.ReasonBadResponse, ""},
		{"unknown encoding", ok + "Content-Encoding: br\r\nContent-Length: 5\r\n\r\nhello", results.ReasonBadResponse, ""},
		{"half a gzip", ok + "Content-Encoding: gzip\r\nContent-Length: 12\r\n\r\n\x1f\x8b\b\x00\x00\x00\x00\x00\x00\xff\xcb\x48", results.ReasonBadResponse, ""},
		{"gzip twice", ok + "Content-Encoding: gzip, gzip\r\nContent-Length: 5\r\n\r\nhello", results.ReasonBadResponse, ""},
		{"gzip of nothing", ok + "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", 0, ""},
		{"no body by status", "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", 0, ""},
		{"nothing at all", "", results.ReasonClosed, ""},
		{"half a head", ok + "Content-", results.ReasonClosed, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			target := rawServer(t, func(_ int, c net.Conn, r *bufio.Reader) {
				if asked(r) {
					c.Write([]byte(tt.answer))
				}
			})
			d, _ := newDriver(t, target, nil)
			s := d.Open(1)
			defer s.Close()
			resp, err := s.Do(within(t, 5*time.Second), get(address(t, target+"/?ticket=ST-1")))
			switch {
			case tt.want == 0 && err != nil:
				t.Fatal(err)
			case tt.want == 0 && string(resp.Body) != tt.body:
				t.Errorf("body %q", resp.Body)
			case tt.want != 0 && err == nil:
				t.Fatalf("accepted: %d %q", resp.Status, resp.Body)
			case tt.want != 0 && reason(t, err) != tt.want:
				t.Errorf("got %v, want %v", err, tt.want)
			case err != nil && (strings.Contains(err.Error(), "secret-token") || strings.Contains(err.Error(), "ST-1")):
				t.Errorf("the error repeats what it should not: %v", err)
			}
		})
	}
}

func TestEndlessAndSlowBodiesMeetTheDeadline(t *testing.T) {
	for name, body := range map[string]func(c net.Conn){
		"endless": func(c net.Conn) {
			page := bytes.Repeat([]byte("x"), 16<<10)
			for {
				if _, err := c.Write(page); err != nil {
					return
				}
				time.Sleep(time.Millisecond)
			}
		},
		"one byte at a time": func(c net.Conn) {
			for {
				if _, err := c.Write([]byte("x")); err != nil {
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, _ := newDriver(t, "http://127.0.0.1:80", func(c *Config) {
					c.Dial = pipes(func(c net.Conn) {
						if asked(bufio.NewReader(c)) {
							io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
							body(c)
						}
					})
				})
				s := d.Open(1)
				defer s.Close()
				start := time.Now()
				resp, err := s.Do(within(t, 150*time.Millisecond), get(address(t, "http://127.0.0.1/")))
				if got := reason(t, err); got != results.ReasonStepTimeout {
					t.Errorf("%v", err)
				}
				if resp.Status != 200 || resp.Timing.BytesIn == 0 || time.Since(start) != 150*time.Millisecond {
					t.Errorf("status %d, %+v, took %v", resp.Status, resp.Timing, time.Since(start))
				}
				time.Sleep(time.Second) // the server has seen the end
			})
		})
	}
}

func TestBodyLargerThanAnyPage(t *testing.T) {
	target := rawServer(t, func(_ int, c net.Conn, r *bufio.Reader) {
		if asked(r) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
			page := make([]byte, 1<<20)
			for range maxWire/len(page) + 8 {
				if _, err := c.Write(page); err != nil {
					return
				}
			}
		}
	})
	d, _ := newDriver(t, target, nil)
	s := d.Open(1)
	defer s.Close()
	resp, err := s.Do(within(t, 20*time.Second), &runner.Request{Method: "GET", URL: address(t, target), MaxBody: 10})
	if got := reason(t, err); got != results.ReasonBadResponse || len(resp.Body) > 10 {
		t.Errorf("%v, body of %d", err, len(resp.Body))
	}
}

func TestDecodedBodies(t *testing.T) {
	huge := bytes.Repeat([]byte("0"), 32<<20)
	pack := func(encoding string, b []byte) string {
		var buf bytes.Buffer
		var w io.WriteCloser
		switch encoding {
		case "gzip":
			w = gzip.NewWriter(&buf)
		case "zlib":
			w = zlib.NewWriter(&buf)
		default:
			w, _ = flate.NewWriter(&buf, 6)
		}
		w.Write(b)
		w.Close()
		return buf.String()
	}
	for _, tt := range []struct {
		name, header, body, want string
		truncated                bool
	}{
		{"gzip", "gzip", pack("gzip", []byte("bonjour")), "bonjour", false},
		{"x-gzip", "X-GZIP", pack("gzip", []byte("bonjour")), "bonjour", false},
		{"zlib", "deflate", pack("zlib", []byte("bonjour")), "bonjour", false},
		{"raw deflate", "deflate", pack("raw", []byte("bonjour")), "bonjour", false},
		{"two members", "gzip", pack("gzip", []byte("bon")) + pack("gzip", []byte("jour")), "bonjour", false},
		{"a line break after gzip", "gzip", pack("gzip", []byte("bonjour")) + "\r\n", "bonjour", false},
		{"padding after gzip", "gzip", pack("gzip", []byte("bonjour")) + strings.Repeat("\x00", 512), "bonjour", false},
		{"no coding", "none", "bonjour", "bonjour", false},
		{"a charset for a coding", "UTF-8", "bonjour", "bonjour", false},
		{"identity, gzip", "identity, gzip", pack("gzip", []byte("bonjour")), "bonjour", false},
		{"bomb", "gzip", pack("gzip", huge), strings.Repeat("0", 1000), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			target := rawServer(t, answering(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", tt.header, len(tt.body), tt.body)))
			d, _ := newDriver(t, target, nil)
			s := d.Open(1)
			defer s.Close()
			for range 2 { // pooled decoders start anew
				resp, err := s.Do(within(t, 5*time.Second), &runner.Request{Method: "GET", URL: address(t, target), MaxBody: 1000})
				if err != nil {
					t.Fatal(err)
				}
				if string(resp.Body) != tt.want || resp.Truncated != tt.truncated {
					t.Errorf("got %.20q… (%d), truncated %v", resp.Body, len(resp.Body), resp.Truncated)
				}
			}
			if c := d.Counters(); c.Dialed != 1 {
				t.Errorf("the connection was not kept: %+v", c)
			}
		})
	}
}

func TestRequestsCannotBeBroken(t *testing.T) {
	d, guard := newDriver(t, "http://127.0.0.1:1", func(c *Config) {
		c.Dial = nil
	})
	target := rawServer(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	s := d.Open(1)
	defer s.Close()
	for name, req := range map[string]*runner.Request{
		"method":       {Method: "GET / HTTP/1.1\r\nX:", URL: address(t, target)},
		"header value": {Method: "GET", URL: address(t, target), Header: []runner.Header{{Name: "A", Value: "b\r\nC: d"}}},
		"header name":  {Method: "GET", URL: address(t, target), Header: []runner.Header{{Name: "A b:", Value: "c"}}},
	} {
		if _, err := s.Do(within(t, 5*time.Second), req); reason(t, err) != results.ReasonBadResponse {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, raw := range map[string]string{
		"user":       "http://a:b@127.0.0.1/",
		"scheme":     "ftp://127.0.0.1/",
		"decimal IP": "http://2130706433/",
	} {
		before := guard.requests.Load()
		if _, err := s.Do(within(t, time.Second), get(address(t, raw))); reason(t, err) != results.ReasonOutOfScope {
			t.Errorf("%s: %v", name, err)
		}
		if guard.requests.Load() != before {
			t.Errorf("%s: reached the guard", name)
		}
	}
}

// FuzzAnswer feeds whatever to the reader of answers: it may fail, never panic,
// hang, or keep more than it was asked to.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 103 X\r\n\r\nHTTP/1.0 302 X\r\nSet-Cookie: a=b; Domain=x\r\nLocation: //\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, _ := newDriver(t, "http://127.0.0.1:80", nil)
		s := d.Open(1).(*session)
		x := exchange{session: s, host: (*d.hosts.Load())[origin(t, "http://127.0.0.1:80")],
			req: &runner.Request{Method: "GET", URL: address(t, "http://127.0.0.1/"), MaxBody: 100}, resp: &runner.Response{}}
		r := newReader(&scripted{Reader: bytes.NewReader(b)})
		defer r.free()
		_, err := x.receive(r)
		if len(x.resp.Body) > 100 || err == nil && x.resp.Status < 200 {
			t.Errorf("%d bytes kept, status %d", len(x.resp.Body), x.resp.Status)
		}
	})
}

// scripted is a connection whose other end has said all it will say.
type scripted struct {
	net.Conn
	*bytes.Reader
}

func (s *scripted) Read(p []byte) (int, error) { return s.Reader.Read(p) }
