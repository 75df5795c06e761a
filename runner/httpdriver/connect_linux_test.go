package httpdriver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"
)

func nothing() {}

// soon is far enough for loopback.
func soon() time.Time { return time.Now().Add(10 * time.Second) }

func TestDialTCP(t *testing.T) {
	for _, tt := range []struct {
		name, listen string
		from         netip.Addr
	}{
		{"IPv4", "127.0.0.1:0", netip.Addr{}},
		{"IPv6", "[::1]:0", netip.Addr{}},
		{"from an address of its own", "127.0.0.1:0", netip.MustParseAddr("127.0.1.7")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", tt.listen)
			if err != nil {
				t.Skip(err) // no IPv6 here
			}
			defer l.Close()
			to := l.Addr().(*net.TCPAddr).AddrPort()
			left := 0
			c, err := dialTCP(t.Context(), soon(), tt.from, to, func() { left++ })
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			s, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if left != 1 || c.RemoteAddr().String() != l.Addr().String() || c.LocalAddr().String() != s.RemoteAddr().String() {
				t.Errorf("left %d times, from %v to %v; the server sees %v", left, c.LocalAddr(), c.RemoteAddr(), s.RemoteAddr())
			}
			if local := c.LocalAddr().(*net.TCPAddr).AddrPort().Addr(); tt.from.IsValid() && local != tt.from {
				t.Errorf("from %v", local)
			}
			talks(t, c, s)
		})
	}
}

// talks proves that a connection carries more than fits into its buffers, ends,
// and meets its deadline.
func talks(t *testing.T, c, s net.Conn) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("silence: %v", err)
	}
	c.SetDeadline(soon())
	long := make([]byte, 16<<20)
	long[len(long)-1] = 1
	go c.Write(long)
	if got, err := io.ReadAll(io.LimitReader(s, int64(len(long)))); err != nil || len(got) != len(long) || got[len(got)-1] != 1 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	s.Write([]byte("bye"))
	s.Close()
	if got, err := io.ReadAll(c); err != nil || string(got) != "bye" {
		t.Errorf("%q, %v", got, err)
	}
	c.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

func TestDialTCPRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to := l.Addr().(*net.TCPAddr).AddrPort()
	l.Close()
	left := 0
	if _, err := dialTCP(t.Context(), soon(), netip.Addr{}, to, func() { left++ }); !errors.Is(err, syscall.ECONNREFUSED) || left == 0 {
		t.Errorf("%v, left %d", err, left)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := dialTCP(ended, soon(), netip.Addr{}, to, func() { t.Error("left after the end") }); err == nil {
		t.Error("dialled after the end")
	}
}

// TestDialTCPWaits: a server that takes no connection is waited for until the
// time is up or the context ends, and no longer.
func TestDialTCPWaits(t *testing.T) {
	to := crowded(t)
	start := time.Now()
	_, err := dialTCP(t.Context(), start.Add(50*time.Millisecond), netip.Addr{}, to, nothing)
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(start) < 50*time.Millisecond {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start = time.Now()
	if _, err = dialTCP(ctx, start.Add(time.Minute), netip.Addr{}, to, nothing); err == nil || time.Since(start) > 10*time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
	short, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err = dialTCP(short, time.Now().Add(time.Minute), netip.Addr{}, to, nothing); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%v", err)
	}
}

// crowded is the address of a listener whose queue is full.
func crowded(t *testing.T) netip.AddrPort {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	to := loopback(uint16(sa.(*syscall.SockaddrInet4).Port))
	for range 8 {
		c, err := dialTCP(t.Context(), time.Now().Add(100*time.Millisecond), netip.Addr{}, to, nothing)
		if err != nil {
			return to
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Fatal("the queue is never full")
	return to
}
