package memnet

import (
	"errors"
	"io"
	"net"
	"time"
)

// Conn is one end of a connection. Like a [net.TCPConn] it can be closed in one
// direction, and reset. It is safe for concurrent use.
type Conn struct {
	in, out       *half
	local, remote net.Addr
}

// Pipe returns the two ends of a connection that belongs to no [Net].
func Pipe() (a, b *Conn) {
	return pair(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2})
}

func pair(a, b net.Addr) (*Conn, *Conn) {
	ab, ba := &half{}, &half{}
	return &Conn{in: ba, out: ab, local: a, remote: b}, &Conn{in: ab, out: ba, local: b, remote: a}
}

// Read reads what has arrived, waiting for at least a byte.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.wrap("read", err)
}

// Write hands p to the buffer, waiting while the peer leaves it full.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.wrap("write", err)
}

func (c *Conn) wrap(op string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

// Close closes both directions. The peer still reads what was written before.
func (c *Conn) Close() error {
	c.out.update(func(h *half) { h.wClosed = true })
	c.in.update(func(h *half) { h.rClosed, h.buf = true, nil })
	return nil
}

// CloseWrite tells the peer that nothing more comes; reading goes on.
func (c *Conn) CloseWrite() error {
	c.out.update(func(h *half) { h.wClosed = true })
	return nil
}

// CloseRead refuses whatever the peer still sends.
func (c *Conn) CloseRead() error {
	c.in.update(func(h *half) { h.rClosed, h.buf = true, nil })
	return nil
}

// Reset breaks the connection: what is under way is lost and the peer reads
// "connection reset by peer".
func (c *Conn) Reset() {
	c.in.update(func(h *half) { h.rClosed, h.reset, h.buf = true, true, nil })
	c.out.update(func(h *half) { h.wClosed, h.reset, h.buf = true, true, nil })
}

// LocalAddr is the address of this end.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is the address of the other end.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline also applies to reads already waiting.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.update(func(h *half) { h.rBefore = t })
	return nil
}

// SetWriteDeadline also applies to writes already waiting.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.update(func(h *half) { h.wBefore = t })
	return nil
}
