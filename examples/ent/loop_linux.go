package ent

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// loop serves all plain sockets of a server from one goroutine that waits for an
// epoll of its own. Its system calls never block, so the runtime is not told of
// them: an ENT that waits most of the time is spared the threads that the runtime
// wakes to watch system calls. Together that is half of its cost.
type loop struct {
	server *server
	file   *os.File // the epoll
	wait   syscall.RawConn
	fd     int

	mu      sync.Mutex
	sockets []*socket // by descriptor
}

// newLoop returns nil when the system has no epoll to give: then every connection
// has a goroutine of its own.
func newLoop(s *server) *loop {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		syscall.Close(fd)
		return nil
	}
	l := &loop{server: s, fd: fd, file: os.NewFile(uintptr(fd), "epoll")}
	if l.wait, err = l.file.SyscallConn(); err != nil || l.file.SetReadDeadline(time.Time{}) != nil {
		l.file.Close()
		return nil
	}
	s.wg.Go(l.run)
	go l.sweep()
	return l
}

// door is a listening socket of the loop's own.
type door struct {
	file *os.File
	raw  syscall.RawConn
	addr net.Addr
}

// own takes a listening socket over, if there is a loop for it.
func (l *loop) own(from net.Listener) net.Listener {
	t, ok := from.(*net.TCPListener)
	if !ok || l == nil {
		return from
	}
	f, err := t.File() // a second descriptor of the same socket
	if err != nil {
		return from
	}
	raw, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return from
	}
	t.Close()
	return &door{file: f, raw: raw, addr: t.Addr()}
}

func (d *door) Addr() net.Addr                        { return d.addr }
func (d *door) Close() error                          { return d.file.Close() }
func (d *door) SyscallConn() (syscall.RawConn, error) { return d.raw, nil }

// Accept is there for the interface.
func (d *door) Accept() (net.Conn, error) { return nil, errors.ErrUnsupported }

// take accepts one connection.
func (s *server) take(l net.Listener) error {
	if d, ok := l.(*door); ok {
		return s.loop.accept(d)
	}
	nc, err := l.Accept()
	if err == nil {
		s.open(nc)
	}
	return err
}

func (l *loop) accept(d *door) error {
	var fd uintptr
	var errno syscall.Errno
	var from syscall.RawSockaddrAny
	err := d.raw.Read(func(listener uintptr) bool {
		size := uint32(unsafe.Sizeof(from))
		fd, _, errno = syscall.RawSyscall6(syscall.SYS_ACCEPT4, listener, uintptr(unsafe.Pointer(&from)),
			uintptr(unsafe.Pointer(&size)), syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0, 0)
		return errno != syscall.EAGAIN
	})
	switch {
	case err != nil:
		return err
	case errno == syscall.ECONNABORTED || errno == syscall.EINTR:
		return nil
	case errno != 0:
		return errno
	}
	l.open(int(fd), address(&from))
	return nil
}

func address(from *syscall.RawSockaddrAny) string {
	port := func(p *uint16) uint16 { b := (*[2]byte)(unsafe.Pointer(p)); return uint16(b[0])<<8 | uint16(b[1]) }
	switch from.Addr.Family {
	case syscall.AF_INET:
		a := (*syscall.RawSockaddrInet4)(unsafe.Pointer(from))
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), port(&a.Port)).String()
	case syscall.AF_INET6:
		a := (*syscall.RawSockaddrInet6)(unsafe.Pointer(from))
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), port(&a.Port)).String()
	}
	return ""
}

func (l *loop) open(fd int, remote string) {
	k := &socket{loop: l, fd: fd}
	k.client = client{server: l.server, wire: k, remote: remote}
	if !l.server.opened(&k.client) {
		k.linger()
		sysClose(fd)
		return
	}
	syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	k.client.start()
	l.mu.Lock()
	for len(l.sockets) <= fd {
		l.sockets = append(l.sockets, nil)
	}
	l.sockets[fd] = k
	l.mu.Unlock()
	event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | edge, Fd: int32(fd)}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_CTL, uintptr(l.fd), syscall.EPOLL_CTL_ADD, uintptr(fd), uintptr(unsafe.Pointer(&event)), 0, 0); errno != 0 {
		k.client.stop(true, true)
	}
}

const edge = 1 << 31 // EPOLLET, which package syscall has as a negative number

// run hands what arrives to the clients until the epoll is closed.
func (l *loop) run() {
	events := make([]syscall.EpollEvent, 256)
	buf := make([]byte, 64<<10)
	for {
		var n uintptr
		var errno syscall.Errno
		err := l.wait.Read(func(fd uintptr) bool {
			n, _, errno = syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, fd, uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
			return errno != 0 || n > 0
		})
		if err != nil || errno != 0 && errno != syscall.EINTR {
			return
		}
		if errno != 0 {
			continue
		}
		for _, v := range events[:n] {
			l.mu.Lock()
			k := l.sockets[v.Fd]
			l.mu.Unlock()
			if k != nil {
				k.ready(buf, v.Events)
			}
		}
	}
}

// sweep lets go of clients that do nothing, until the server stops.
func (l *loop) sweep() {
	var all []*socket
	for l.server.sleep(250 * time.Millisecond) {
		l.mu.Lock()
		all = append(all[:0], l.sockets...)
		l.mu.Unlock()
		now := time.Now()
		for _, k := range all {
			if k != nil {
				k.client.tired(now)
			}
		}
		clear(all)
	}
}

// socket feeds a client and is its wire.
type socket struct {
	loop    *loop
	fd      int // -1 when closed
	client  client
	kept    []byte // to be sent when there is room
	hanging bool   // and then nothing more
}

// ready reads and writes what can be. The descriptor may have been closed and
// given to another connection since the event: then nothing is there, or what is.
func (k *socket) ready(buf []byte, events uint32) {
	if events&syscall.EPOLLOUT != 0 {
		k.room()
	}
	if events&^syscall.EPOLLOUT == 0 {
		return
	}
	for {
		n, errno := k.read(buf)
		if errno == syscall.EINTR {
			continue
		}
		if errno == syscall.EAGAIN {
			return
		}
		end := errno != 0 || n == 0
		if !k.client.feed(buf[:n], end) || end || n < len(buf) && events&(syscall.EPOLLRDHUP|syscall.EPOLLHUP|syscall.EPOLLERR) == 0 {
			return
		}
	}
}

// read is called by the loop only; others may close the socket meanwhile.
func (k *socket) read(p []byte) (int, syscall.Errno) {
	k.client.mu.Lock()
	defer k.client.mu.Unlock()
	if k.fd < 0 {
		return 0, syscall.EAGAIN
	}
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(k.fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	if errno != 0 {
		n = 0
	}
	return int(n), errno
}

// room sends what was kept, and answers what was asked meanwhile.
func (k *socket) room() {
	c := &k.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(k.kept) == 0 {
		return
	}
	kept := k.kept
	k.kept = nil
	if _, err := k.Write(kept); err != nil {
		c.close(false)
		return
	}
	if len(k.kept) > 0 {
		return
	}
	if k.hanging {
		k.hangUp()
	}
	c.answer()
}

func (k *socket) Write(p []byte) (int, error) {
	if k.fd < 0 {
		return 0, net.ErrClosed
	}
	rest := p
	for len(rest) > 0 && len(k.kept) == 0 {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(k.fd), uintptr(unsafe.Pointer(&rest[0])), uintptr(len(rest)))
		switch {
		case errno == 0:
			rest = rest[n:]
		case errno == syscall.EAGAIN:
			k.kept = append(k.kept, rest...)
			return len(p), nil
		case errno != syscall.EINTR:
			return 0, errno
		}
	}
	k.kept = append(k.kept, rest...)
	return len(p), nil
}

func (k *socket) full() bool { return len(k.kept) > 0 }

func (k *socket) hangUp() {
	if k.hanging = len(k.kept) > 0; !k.hanging && k.fd >= 0 {
		syscall.RawSyscall(syscall.SYS_SHUTDOWN, uintptr(k.fd), syscall.SHUT_WR, 0)
	}
}

func (k *socket) close(rude bool) {
	if rude {
		k.linger()
	}
	k.loop.mu.Lock()
	k.loop.sockets[k.fd] = nil
	k.loop.mu.Unlock()
	sysClose(k.fd)
	k.fd, k.kept = -1, nil
}

// wait does nothing: the sweep looks at the client.
func (k *socket) wait(time.Time) {}

// linger makes the close a reset.
func (k *socket) linger() {
	_ = syscall.SetsockoptLinger(k.fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
}

// sysClose also takes the descriptor out of the epoll.
func sysClose(fd int) { syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(fd), 0, 0) }

// close ends the loop. The sockets have been closed before.
func (l *loop) close() { l.file.Close() }
