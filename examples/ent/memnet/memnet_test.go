package memnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHTTPInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		l, err := n.Listen("ent.example:80")
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(90 * time.Second)
			io.WriteString(w, "bonjour")
		})}
		go srv.Serve(l)
		tr := &http.Transport{DialContext: n.Dial}
		start := time.Now()
		resp, err := (&http.Client{Transport: tr}).Get("http://ent.example/")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if d := time.Since(start); d != 90*time.Second || string(body) != "bonjour" {
			t.Errorf("got %q after %v, want bonjour after 1m30s", body, d)
		}
		tr.CloseIdleConnections()
		srv.Close()
	})
}

// A server that answers before reading a large body must not hang the client.
func TestAnswerBeforeReadingTheBody(t *testing.T) {
	a, b := Pipe()
	big := bytes.Repeat([]byte("x"), bufferSize)
	if _, err := a.Write(big); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Write([]byte("non")); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 3)
	if _, err := io.ReadFull(a, p); err != nil || string(p) != "non" {
		t.Fatalf("got %q, %v", p, err)
	}
	a.Close()
	got, err := io.ReadAll(b)
	if err != nil || !bytes.Equal(got, big) {
		t.Fatalf("the peer read %d bytes, %v; want all %d written before the close", len(got), err, len(big))
	}
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		start := time.Now()
		a.SetReadDeadline(start.Add(3 * time.Second))
		_, err := a.Read(make([]byte, 1))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("read: %v after %v", err, time.Since(start))
		}
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Timeout() {
			t.Errorf("%v is not a timeout", err)
		}
		b.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := b.Write(make([]byte, bufferSize+1))
		if n != bufferSize || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write into a full buffer: %d, %v", n, err)
		}
		// A deadline moved while a read waits.
		a.SetReadDeadline(time.Time{})
		a, _ = Pipe()
		go func() { time.Sleep(time.Second); a.SetReadDeadline(time.Unix(1, 0)) }()
		start = time.Now()
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("moved deadline: %v after %v", err, time.Since(start))
		}
	})
}

func TestClosing(t *testing.T) {
	a, b := Pipe()
	a.Write([]byte("x"))
	a.CloseWrite()
	if got, err := io.ReadAll(b); err != nil || string(got) != "x" {
		t.Errorf("after CloseWrite the peer reads %q, %v", got, err)
	}
	if _, err := b.Write([]byte("y")); err != nil {
		t.Errorf("the other direction is still open, got %v", err)
	}
	if _, err := a.Write(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write on a closed end: %v", err)
	}
	a.CloseRead()
	if _, err := b.Write([]byte("y")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("write to a peer that reads no more: %v", err)
	}
	a, b = Pipe()
	b.Reset()
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read after a reset: %v", err)
	}
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read on the end that reset: %v", err)
	}
}

func TestDialFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		if _, err := n.Dial(t.Context(), "tcp", "127.0.0.1:1"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("nobody listens: %v", err)
		}
		n.Silent("127.0.0.1:2")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := n.Dial(ctx, "tcp", "127.0.0.1:2"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("silent address: %v", err)
		}
		l, _ := n.Listen("127.0.0.1:0")
		if strings.HasSuffix(l.Addr().String(), ":0") {
			t.Errorf("port 0 was kept: %v", l.Addr())
		}
		if _, err := n.Listen(l.Addr().String()); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("second listener: %v", err)
		}
		c, err := n.Dial(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("never accepted: %v", err)
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accept after close: %v", err)
		}
	})
}
