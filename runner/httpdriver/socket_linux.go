//go:build !race

package httpdriver

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socket is a TCP connection that costs less than the standard library's. Its
// system calls never block, so they are made without telling the runtime, which
// else would keep a thread awake to watch them. Waiting is done in the runtime's
// poller, as with any other connection. One goroutine at a time may read and one
// write; the rest is safe for concurrent use.
//
// Builds for the race detector use the standard library: what a test learns
// over such a socket would look unsynchronised.
type socket struct {
	file          *os.File
	raw           syscall.RawConn
	local, remote netip.AddrPort
	in, out       transfer
}

// transfer is a read or a write in progress.
type transfer struct {
	p     []byte // what is left of it
	n     int
	errno syscall.Errno
	try   func(fd uintptr) bool // made once: a closure per call would be garbage
}

var _ net.Conn = (*socket)(nil)

// Read waits for bytes.
func (s *socket) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	t := &s.in
	t.p, t.n, t.errno = p, 0, 0
	err := s.raw.Read(t.try)
	t.p = nil
	switch {
	case err != nil:
		return 0, closing(err)
	case t.errno != 0:
		return 0, os.NewSyscallError("read", t.errno)
	case t.n == 0:
		return 0, io.EOF
	}
	return t.n, nil
}

func (s *socket) tryRead(fd uintptr) bool {
	t := &s.in
	for {
		n, _, errno := syscall.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&t.p[0])), uintptr(len(t.p)))
		switch errno {
		case 0:
			t.n = int(n)
			return true
		case unix.EAGAIN:
			return false
		case unix.EINTR:
		default:
			t.errno = errno
			return true
		}
	}
}

// Write writes all of p, or says how much.
func (s *socket) Write(p []byte) (int, error) {
	t := &s.out
	t.p, t.n, t.errno = p, 0, 0
	err := s.raw.Write(t.try)
	t.p = nil
	switch {
	case err != nil:
		return t.n, closing(err)
	case t.errno != 0:
		return t.n, os.NewSyscallError("write", t.errno)
	}
	return t.n, nil
}

func (s *socket) tryWrite(fd uintptr) bool {
	t := &s.out
	for len(t.p) > 0 {
		n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(&t.p[0])), uintptr(len(t.p)), unix.MSG_NOSIGNAL, 0, 0)
		switch errno {
		case 0:
			t.n += int(n)
			t.p = t.p[n:]
		case unix.EAGAIN:
			return false
		case unix.EINTR:
		default:
			t.errno = errno
			return true
		}
	}
	return true
}

// closing is how waiting for a socket ended: its deadline, or it was closed.
func closing(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return os.ErrDeadlineExceeded
	}
	return net.ErrClosed
}

// Close closes the connection; reads and writes that wait end with
// [net.ErrClosed].
func (s *socket) Close() error { return s.file.Close() }

func (s *socket) LocalAddr() net.Addr                   { return net.TCPAddrFromAddrPort(s.local) }
func (s *socket) RemoteAddr() net.Addr                  { return net.TCPAddrFromAddrPort(s.remote) }
func (s *socket) SetDeadline(t time.Time) error         { return s.file.SetDeadline(t) }
func (s *socket) SetReadDeadline(t time.Time) error     { return s.file.SetReadDeadline(t) }
func (s *socket) SetWriteDeadline(t time.Time) error    { return s.file.SetWriteDeadline(t) }
func (s *socket) SyscallConn() (syscall.RawConn, error) { return s.raw, nil }
