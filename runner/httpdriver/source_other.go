//go:build !linux

package httpdriver

import "syscall"

func lateBind(_, _ string, _ syscall.RawConn) error { return nil }
