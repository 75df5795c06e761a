package httpdriver

import (
	"syscall"

	"golang.org/x/sys/unix"
)

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
