//go:build !linux || race

package httpdriver

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// dialTCP opens a connection; the local address from may be invalid, for the
// system's choice. left is called once there is a socket.
func dialTCP(ctx context.Context, until time.Time, from netip.Addr, to netip.AddrPort, left func()) (net.Conn, error) {
	return dialSlowly(ctx, until, from, to, left)
}
