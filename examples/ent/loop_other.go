//go:build !linux

package ent

import "net"

// loop is not there without epoll: every connection has a goroutine of its own.
type loop struct{}

func newLoop(*server) *loop { return nil }

func (*loop) close() {}

func (*loop) own(l net.Listener) net.Listener { return l }

// take accepts one connection.
func (s *server) take(l net.Listener) error {
	nc, err := l.Accept()
	if err == nil {
		s.open(nc)
	}
	return err
}
