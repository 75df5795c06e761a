//go:build unix

package httpdriver

import "syscall"

// dead looks at an idle connection without waiting: an end, an error, or bytes
// nobody asked for mean that the server is done with it. A TLS server may have
// sent session tickets meanwhile, so there only an alert counts (type 21, or in
// TLS 1.3 an encrypted record as short as an alert).
func (c *conn) dead() bool {
	if c.raw == nil {
		return false
	}
	var (
		b   [5]byte
		n   int
		err error
	)
	if c.raw.Control(func(fd uintptr) {
		n, _, err = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	}) != nil {
		return true
	}
	switch {
	case err == syscall.EAGAIN || err == syscall.EWOULDBLOCK || err == syscall.EINTR:
		return false
	case err != nil || n == 0 || !c.secure:
		return true
	}
	const alert, data, alertLength = 21, 23, 2 + 1 + 16
	return b[0] == alert || n == 5 && b[0] == data && b[3] == 0 && b[4] == alertLength
}
