package ent

import (
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// rawConn reads and writes a TCP connection by system calls that the runtime is
// not told of. They never block, since the socket does not, and an ENT that waits
// most of the time is spared half of its cost: each call the runtime is told of
// wakes the thread with which it watches them.
//
// One goroutine may read while another writes.
type rawConn struct {
	*net.TCPConn
	raw  syscall.RawConn
	r, w half
}

// half is one direction: what its function, made once, is to move and what came
// of it.
type half struct {
	p    []byte
	n    int
	err  error
	call func(fd uintptr) bool
}

func lean(nc net.Conn) net.Conn {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return nc
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nc
	}
	c := &rawConn{TCPConn: tcp, raw: raw}
	c.r.call = func(fd uintptr) bool { return c.r.move(syscall.SYS_READ, fd) }
	c.w.call = func(fd uintptr) bool { return c.w.move(syscall.SYS_WRITE, fd) }
	return c
}

// move tries once, and says whether there is nothing to wait for.
func (h *half) move(call, fd uintptr) bool {
	for {
		n, _, errno := syscall.RawSyscall(call, fd, uintptr(unsafe.Pointer(unsafe.SliceData(h.p))), uintptr(len(h.p)))
		switch errno {
		case 0:
			h.n, h.err = int(n), nil
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return false
		default:
			h.n, h.err = 0, errno
		}
		return true
	}
}

func (c *rawConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	h := &c.r
	h.p = p
	err := c.raw.Read(h.call)
	h.p = nil
	switch {
	case err != nil:
		return 0, err
	case h.err != nil:
		return 0, c.failed("read", h.err)
	case h.n == 0:
		return 0, io.EOF
	}
	return h.n, nil
}

func (c *rawConn) Write(p []byte) (done int, err error) {
	h := &c.w
	for len(p) > 0 {
		h.p = p
		err := c.raw.Write(h.call)
		h.p = nil
		if err != nil {
			return done, err
		}
		if h.err != nil {
			return done, c.failed("write", h.err)
		}
		done += h.n
		p = p[h.n:]
	}
	return done, nil
}

func (c *rawConn) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError(op, err)}
}
