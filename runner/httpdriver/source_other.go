//go:build !linux

package httpdriver

import (
	"net/netip"
	"syscall"
)

// LoopbackSources gives nil: only 127.0.0.1 exists here.
func LoopbackSources(int) []netip.Addr { return nil }

func lateBind(_, _ string, _ syscall.RawConn) error { return nil }
