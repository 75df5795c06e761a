//go:build !race

package httpdriver

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dialTCP opens a connection; the local address from may be invalid, for the
// system's choice. left is called once there is a socket: a machine out of
// descriptors has sent nothing. It ends at the context's end or at until, with
// an error that is [os.ErrDeadlineExceeded].
func dialTCP(ctx context.Context, until time.Time, from netip.Addr, to netip.AddrPort, left func()) (net.Conn, error) {
	if to.Addr().Zone() != "" {
		return dialSlowly(ctx, until, from, to, left)
	}
	const tries = 3
	for try := 1; ; try++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := openSocket(ctx, until, from, netip.AddrPortFrom(to.Addr().Unmap(), to.Port()), left)
		// A port chosen by the system may be the very one that is dialled: then
		// the socket has connected to itself. And a port seen as free may be gone.
		if try == tries || err != nil && !errors.Is(err, syscall.EADDRNOTAVAIL) || err == nil && s.local != s.remote {
			if err != nil {
				return nil, err
			}
			return s, nil
		}
		if err == nil {
			_ = s.Close()
		}
	}
}

// openSocket makes one attempt.
func openSocket(ctx context.Context, until time.Time, from netip.Addr, to netip.AddrPort, left func()) (*socket, error) {
	family := uintptr(unix.AF_INET)
	if to.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, _, errno := syscall.RawSyscall(unix.SYS_SOCKET, family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if errno != 0 {
		return nil, os.NewSyscallError("socket", errno)
	}
	left()
	if err := begin(fd, from, to); err != nil {
		_ = unix.Close(int(fd))
		return nil, err
	}
	s := &socket{file: os.NewFile(fd, "socket"), remote: to}
	s.in.try, s.out.try = s.tryRead, s.tryWrite
	err := s.file.SetWriteDeadline(time.Time{})
	if err != nil { // the system gave no place to wait for it
		err = os.NewSyscallError("epoll_ctl", syscall.ENOBUFS)
	} else if s.raw, err = s.file.SyscallConn(); err == nil {
		err = s.finish(ctx, until)
	}
	if err != nil {
		_ = s.file.Close()
		return nil, err
	}
	return s, nil
}

// begin sets a new socket's options and begins to connect.
func begin(fd uintptr, from netip.Addr, to netip.AddrPort) error {
	if errno := setOption(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY); errno != 0 {
		return os.NewSyscallError("setsockopt", errno)
	}
	if from.IsValid() {
		// The kernel chooses the port when the connection is made, not when the
		// address is bound: the same port can then serve several servers.
		if errno := setOption(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT); errno != 0 {
			return os.NewSyscallError("setsockopt", errno)
		}
		sa, size := sockaddr(netip.AddrPortFrom(from, 0))
		if _, _, errno := syscall.RawSyscall(unix.SYS_BIND, fd, uintptr(unsafe.Pointer(&sa)), size); errno != 0 {
			return os.NewSyscallError("bind", errno)
		}
	}
	sa, size := sockaddr(to)
	switch _, _, errno := syscall.RawSyscall(unix.SYS_CONNECT, fd, uintptr(unsafe.Pointer(&sa)), size); errno {
	case 0, unix.EINPROGRESS, unix.EALREADY, unix.EINTR, unix.EISCONN:
		return nil
	default:
		return os.NewSyscallError("connect", errno)
	}
}

// finish waits until the socket is connected. Over loopback it nearly always is
// by now.
func (s *socket) finish(ctx context.Context, until time.Time) error {
	var connected bool
	var err error
	look := func(fd uintptr) bool {
		connected, err = s.connected(fd)
		return connected || err != nil
	}
	if e := s.raw.Control(func(fd uintptr) { look(fd) }); e != nil || connected || err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(until) {
		until = deadline
	}
	if e := s.file.SetWriteDeadline(until); e != nil {
		return e
	}
	stop := context.AfterFunc(ctx, func() { _ = s.file.SetWriteDeadline(time.Unix(1, 0)) })
	waited := s.raw.Write(look)
	switch stopped := stop(); {
	case waited != nil:
		return closing(waited)
	case err != nil:
		return err
	case !stopped: // the deadline set meanwhile would stay
		return ctx.Err()
	}
	return s.file.SetWriteDeadline(time.Time{})
}

// connected reports how connecting has ended, if it has.
func (s *socket) connected(fd uintptr) (bool, error) {
	var code int32
	size := uint32(unsafe.Sizeof(code))
	if _, _, errno := syscall.RawSyscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_ERROR,
		uintptr(unsafe.Pointer(&code)), uintptr(unsafe.Pointer(&size)), 0); errno != 0 {
		return false, os.NewSyscallError("getsockopt", errno)
	}
	switch errno := syscall.Errno(code); errno {
	case 0, unix.EISCONN:
	case unix.EINPROGRESS, unix.EALREADY, unix.EINTR:
		return false, nil
	default:
		return false, os.NewSyscallError("connect", errno)
	}
	if _, ok := name(unix.SYS_GETPEERNAME, fd); !ok {
		return false, nil // woken too early
	}
	s.local, _ = name(unix.SYS_GETSOCKNAME, fd)
	return true, nil
}

// setOption switches an option of a socket on.
func setOption(fd uintptr, level, option uintptr) syscall.Errno {
	on := int32(1)
	_, _, errno := syscall.RawSyscall6(unix.SYS_SETSOCKOPT, fd, level, option, uintptr(unsafe.Pointer(&on)), unsafe.Sizeof(on), 0)
	return errno
}

// sockaddr is an address as the kernel reads it, and how many bytes of it count.
func sockaddr(a netip.AddrPort) (sa unix.RawSockaddrInet6, size uintptr) {
	if a.Addr().Is4() {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(&sa)) // the shorter of the two
		four.Family, four.Addr = unix.AF_INET, a.Addr().As4()
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&four.Port))[:], a.Port())
		return sa, unsafe.Sizeof(*four)
	}
	sa.Family, sa.Addr = unix.AF_INET6, a.Addr().As16()
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&sa.Port))[:], a.Port())
	return sa, unsafe.Sizeof(sa)
}

// name asks for one of a socket's two addresses; false when it has none.
func name(call, fd uintptr) (a netip.AddrPort, ok bool) {
	var sa unix.RawSockaddrInet6
	size := uint32(unsafe.Sizeof(sa))
	if _, _, errno := syscall.RawSyscall(call, fd, uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&size))); errno != 0 {
		return a, false
	}
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&sa.Port))[:]) // at the same place in both
	if sa.Family == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(&sa)).Addr), port), true
	}
	return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), port), true
}
