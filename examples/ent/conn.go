package ent

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"
)

// conn feeds a client from a goroutine of its own: over TLS, on connections in
// memory, and where there is no loop for sockets.
type conn struct {
	raw, nc net.Conn // nc is raw or TLS over it
	client  *client
}

// open serves a connection.
func (s *server) open(nc net.Conn) {
	k := &conn{raw: nc, nc: nc}
	if s.tls != nil {
		k.nc = tls.Server(nc, s.tls)
	}
	k.client = &client{server: s, wire: k, remote: nc.RemoteAddr().String()}
	if !s.opened(k.client) {
		reset(nc)
		return
	}
	k.client.start()
	s.wg.Go(k.serve)
}

func (k *conn) serve() {
	p := make([]byte, 4096)
	for {
		n, err := k.nc.Read(p)
		if errors.Is(err, os.ErrDeadlineExceeded) && n == 0 {
			if !k.client.tired(time.Now()) {
				return
			}
			continue
		}
		if !k.client.feed(p[:n], err != nil) {
			return
		}
	}
}

// Write waits until the client has read enough: its own goroutine is the one that
// waits, or that of a tick.
func (k *conn) Write(p []byte) (int, error) { return k.nc.Write(p) }

func (k *conn) full() bool { return false }

func (k *conn) hangUp() {
	if w, ok := k.nc.(interface{ CloseWrite() error }); ok {
		_ = w.CloseWrite() // what cannot be told, the deadline tells
	}
}

func (k *conn) close(rude bool) {
	if rude {
		reset(k.raw)
	}
	k.nc.Close()
}

func (k *conn) wait(until time.Time) { k.raw.SetReadDeadline(until) }
