//go:build unix

package ent

import (
	"net"
	"os"
	"syscall"
	"time"
)

func canReopen(l net.Listener) bool {
	_, memory := l.(reopener)
	_, socket := l.(syscall.Conn)
	return memory || socket
}

// reserve keeps the address of a closed listener without listening, so that
// connections are refused and nobody else takes it. The function it gives listens
// again, or gives the address up.
func reserve(l net.Listener) (reopen func(wanted bool) (net.Listener, error), err error) {
	if m, ok := l.(reopener); ok {
		return func(wanted bool) (net.Listener, error) {
			if !wanted {
				return nil, nil
			}
			return m.Reopen()
		}, nil
	}
	var fd int
	for try := 0; ; try++ {
		if fd, err = bind(l.Addr().(*net.TCPAddr)); err == nil || try == 100 {
			break
		}
		time.Sleep(time.Millisecond) // the old socket is about to be closed
	}
	if err != nil {
		return nil, err
	}
	return func(wanted bool) (net.Listener, error) {
		f := os.NewFile(uintptr(fd), "listener")
		defer f.Close() // the listener has a copy
		if !wanted {
			return nil, nil
		}
		if err := syscall.Listen(fd, syscall.SOMAXCONN); err != nil {
			return nil, os.NewSyscallError("listen", err)
		}
		return net.FileListener(f)
	}, nil
}

// bind makes a TCP socket at an address, not listening.
func bind(a *net.TCPAddr) (int, error) {
	family := syscall.AF_INET6
	var sa syscall.Sockaddr
	if ip := a.IP.To4(); ip != nil {
		family, sa = syscall.AF_INET, &syscall.SockaddrInet4{Port: a.Port, Addr: [4]byte(ip)}
	} else {
		six := &syscall.SockaddrInet6{Port: a.Port}
		copy(six.Addr[:], a.IP)
		sa = six
	}
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	if err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err == nil {
		err = syscall.Bind(fd, sa)
	}
	if err != nil {
		syscall.Close(fd)
		return 0, os.NewSyscallError("bind", err)
	}
	return fd, nil
}

// setBacklog changes the length of the listen queue, 0 for the system's.
func (s *server) setBacklog(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.listener.(syscall.Conn)
	if !ok || n == 0 && !s.short {
		return
	}
	s.short = n > 0
	if n == 0 {
		n = syscall.SOMAXCONN
	}
	raw, err := l.SyscallConn()
	if err != nil {
		return // being closed
	}
	_ = raw.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), n) }) // the queue stays as it was
}
