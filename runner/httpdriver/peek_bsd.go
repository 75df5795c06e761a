//go:build unix && !linux

package httpdriver

import "syscall"

// peek looks at what has arrived without taking it or waiting for it.
func peek(fd uintptr, p []byte) (int, error) {
	n, _, err := syscall.Recvfrom(int(fd), p, syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return n, err
}
