package httpdriver

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// peek looks at what has arrived without taking it or waiting for it.
func peek(fd uintptr, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
