package httpdriver

import (
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// LoopbackSources gives n local addresses (at most 250) for [Config].Sources,
// 127.0.1.1 and following; nil on systems where only 127.0.0.1 exists.
func LoopbackSources(n int) []netip.Addr {
	out := make([]netip.Addr, 0, min(n, 250))
	for i := range min(n, 250) {
		out = append(out, netip.AddrFrom4([4]byte{127, 0, 1, byte(i + 1)}))
	}
	return out
}

// lateBind lets the kernel choose the port when the connection is made, not
// when the address is bound: the same port can then serve several servers.
func lateBind(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	}); e != nil {
		return e
	}
	return err
}
