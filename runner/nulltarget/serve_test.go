package nulltarget

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/examples/ent/memnet"
)

// tapeOf makes a tape of finished answers.
func tapeOf(list ...answer) *Tape {
	return &Tape{answers: Answers{key: newKey(), list: list}}
}

func body(s string) []byte {
	return append(endHead([]byte("HTTP/1.1 200 OK\r\n"), itoa(len(s)), false), s...)
}

func itoa(n int) string { return headerLine("", n)[1:] }

// withSink serves a tape on a network of its own, in virtual time.
func withSink(t *testing.T, tape *Tape, f func(t *testing.T, dial func() net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		l, err := network.Listen("127.0.0.1:9")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- Serve(ctx, l, &tape.answers) }()
		f(t, func() net.Conn {
			c, err := network.Dial(ctx, "tcp", "127.0.0.1:9")
			if err != nil {
				t.Fatal(err)
			}
			return c
		})
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestServe(t *testing.T) {
	tape := tapeOf(
		answer{head: body("first")},
		answer{head: append([]byte(nil), "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"...), filler: 200_000},
		answer{head: body("last"), close: true},
		answer{},
		answer{head: body("slow"), wait: 20 * time.Millisecond},
	)
	ask := func(c net.Conn, method, value, body string) (*http.Response, string, error) {
		_, err := io.WriteString(c, method+" /x HTTP/1.1\r\nHost: a\r\nFirstbell-Null: "+value+"\r\nContent-Length: "+itoa(len(body))+"\r\n\r\n"+body)
		if err != nil {
			return nil, "", err
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return nil, "", err
		}
		b, err := io.ReadAll(resp.Body)
		return resp, string(b), err
	}
	n := func(i int) string { return headerLine(tape.answers.key, i) }
	withSink(t, tape, func(t *testing.T, dial func() net.Conn) {
		c := dial()
		if _, got, err := ask(c, "GET", n(0), ""); err != nil || got != "first" {
			t.Errorf("%q, %v", got, err)
		}
		if _, got, err := ask(c, "POST", n(1), strings.Repeat("b", 50_000)); err != nil || len(got) != 200_000 {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if resp, _, err := ask(c, "GET", n(absent), ""); err != nil || resp.StatusCode != 404 {
			t.Errorf("not on the tape: %v, %v", resp, err)
		}
		began := time.Now()
		if _, got, err := ask(c, "GET", n(4), ""); err != nil || got != "slow" || time.Since(began) != 20*time.Millisecond {
			t.Errorf("%q after %v, %v", got, time.Since(began), err)
		}
		if _, got, err := ask(c, "GET", n(2), ""); err != nil || got != "last" {
			t.Errorf("%q, %v", got, err)
		}
		if _, _, err := ask(c, "GET", n(0), ""); err == nil {
			t.Error("answered after the last answer of a connection")
		}
		if _, _, err := ask(dial(), "GET", n(3), ""); err == nil {
			t.Error("an exchange that broke was answered")
		}
		for _, wrong := range []string{"", "0", newKey() + "-0", tape.answers.key, tape.answers.key + "-x"} {
			if _, got, err := ask(dial(), "GET", wrong, ""); err == nil {
				t.Errorf("%q was answered: %q", wrong, got)
			}
		}
	})
}

// TestServePipelined: requests that come together, or in pieces, are told apart.
func TestServePipelined(t *testing.T) {
	tape := tapeOf(answer{head: body("a")}, answer{head: body("b")})
	one := func(i int, s string) string {
		return "POST / HTTP/1.1\r\nFirstbell-Null: " + headerLine(tape.answers.key, i) + "\r\nContent-Length: " + itoa(len(s)) + "\r\n\r\n" + s
	}
	stream := one(0, "xx") + one(1, strings.Repeat("y", 10_000)) + one(0, "") + one(1, "z")
	withSink(t, tape, func(t *testing.T, dial func() net.Conn) {
		for _, piece := range []int{1, 7, 4096, len(stream)} {
			c := dial()
			go func() {
				for rest := stream; rest != ""; {
					k := min(piece, len(rest))
					if _, err := io.WriteString(c, rest[:k]); err != nil {
						return
					}
					rest = rest[k:]
				}
			}()
			r := bufio.NewReader(c)
			for _, want := range "abab" {
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatalf("pieces of %d: %v", piece, err)
				}
				if b, _ := io.ReadAll(resp.Body); string(b) != string(want) {
					t.Errorf("pieces of %d: %q, want %q", piece, b, want)
				}
			}
			_ = c.Close()
		}
	})
}

// TestServeIdle: who says nothing is closed, and so is who never ends a head.
func TestServeIdle(t *testing.T) {
	withSink(t, tapeOf(answer{head: body("a")}), func(t *testing.T, dial func() net.Conn) {
		for _, say := range []string{"", "GET / HTTP/1.1\r\n", strings.Repeat("A", 2*maxRequest)} {
			c := dial()
			go func() { _, _ = io.WriteString(c, say) }()
			if b, err := io.ReadAll(c); len(b) > 0 || (err != nil && err != io.EOF) {
				t.Logf("%d bytes, %v", len(b), err)
				if len(b) > 0 {
					t.Error("an answer to half a request")
				}
			}
			_ = c.Close()
		}
	})
}

// TestServeAllocates: nothing per request.
func TestServeAllocates(t *testing.T) {
	tape := tapeOf(answer{head: body(strings.Repeat("a", 3000))})
	request := []byte("GET /x HTTP/1.1\r\nHost: a\r\nCookie: " + strings.Repeat("c", 300) + "\r\nFirstbell-Null: " + headerLine(tape.answers.key, 0) + "\r\n\r\n")
	s := newSink(&tape.answers, tls.Certificate{})
	c := &endless{request: request}
	r := &requests{conn: c, buf: make([]byte, requestBuffer)}
	got := testing.AllocsPerRun(1000, func() {
		head, _ := r.next()
		n, ok := number(head, s.marker)
		if !ok || !s.write(c, n) || !r.skip(head) {
			t.Fatal("not served")
		}
	})
	if got > 0 {
		t.Errorf("%v allocations a request", got)
	}
}

// endless is a client that asks the same again and again.
type endless struct {
	net.Conn
	request []byte
}

func (e *endless) Read(b []byte) (int, error)    { return copy(b, e.request), nil }
func (e *endless) Write(b []byte) (int, error)   { return len(b), nil }
func (e *endless) SetDeadline(t time.Time) error { return nil }

func BenchmarkServe(b *testing.B) {
	tape := tapeOf(answer{head: body(strings.Repeat("a", 3000))})
	c := &endless{request: []byte("GET /x HTTP/1.1\r\nHost: a\r\nFirstbell-Null: " + headerLine(tape.answers.key, 0) + "\r\n\r\n")}
	s := newSink(&tape.answers, tls.Certificate{})
	r := &requests{conn: c, buf: make([]byte, requestBuffer)}
	for b.Loop() {
		head, _ := r.next()
		n, _ := number(head, s.marker)
		s.write(c, n)
		r.skip(head)
	}
}

// FuzzServe: whatever a client says, the sink neither panics nor answers
// without the key.
func FuzzServe(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nFirstbell-Null: 00-0\r\n\r\n"))
	f.Add([]byte("POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n"))
	f.Add([]byte("\x16\x03\x01\x00\x05hello"))
	f.Add([]byte("\r\n\r\n\r\n\r\n"))
	f.Fuzz(func(t *testing.T, said []byte) {
		tape := tapeOf(answer{head: body("secret")})
		s := newSink(&tape.answers, tls.Certificate{})
		c := &once{in: bytes.NewReader(said)}
		s.serve(c)
		if bytes.Contains(c.out.Bytes(), []byte("secret")) {
			t.Error("an answer without the key")
		}
	})
}

// once is a client that says something and leaves.
type once struct {
	net.Conn
	in  *bytes.Reader
	out bytes.Buffer
}

func (c *once) Read(b []byte) (int, error)       { return c.in.Read(b) }
func (c *once) Write(b []byte) (int, error)      { return c.out.Write(b) }
func (c *once) Close() error                     { return nil }
func (c *once) SetDeadline(time.Time) error      { return nil }
func (c *once) SetReadDeadline(time.Time) error  { return nil }
func (c *once) SetWriteDeadline(time.Time) error { return nil }
