package httpdriver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"

	"firstbell/runner"
	"firstbell/runner/results"
)

// dial opens a connection to the exchange's host: resolve, wait for a place to
// dial, connect, handshake. Its times go into the response's Timing; our own
// waiting moves Sent, so that Done − Sent holds only what the network and the
// server took.
func (x *exchange) dial() (*conn, error) {
	d, h, t := x.session.driver, x.host, &x.resp.Timing
	clock := d.cfg.Clock
	start := clock.Now()
	if err := d.place(x.ctx); err != nil {
		t.Queued += clock.Now() - start
		return nil, err
	}
	t.Queued += clock.Now() - start
	if t.BytesOut == 0 {
		t.Sent = clock.Now()
	}
	nc, err := x.reach()
	<-d.places
	d.dialing.Add(-1)
	if err != nil {
		return nil, err
	}
	h.worked.Store(true)
	d.dialed.Add(1)
	c := &conn{Conn: nc, owner: x.session, host: h}
	c.idle.Store(busy)
	if sc, ok := nc.(syscall.Conn); ok {
		c.raw, _ = sc.SyscallConn()
	}
	if !d.conns.add(c) {
		_ = nc.Close()
		return nil, fault(results.ReasonInFlight, errors.New("the driver is closed"))
	}
	if err := x.secure(c); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// place waits for a place to dial.
func (d *Driver) place(ctx context.Context) error {
	select {
	case d.places <- struct{}{}:
		d.dialing.Add(1)
		return nil
	default:
	}
	d.queued.Add(1)
	defer d.queued.Add(-1)
	select {
	case d.places <- struct{}{}:
		d.dialing.Add(1)
		return nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) && reasonOf(ctx, results.NoReason) == results.ReasonInFlight {
			return fault(results.ReasonInFlight, errEnded)
		}
		return fault(results.ReasonGenerator, errors.New("no place to dial before the deadline"))
	}
}

// reach connects to the host, or to the proxy in front of it.
func (x *exchange) reach() (net.Conn, error) {
	d, h, t := x.session.driver, x.host, &x.resp.Timing
	via := h
	if d.proxy != nil {
		via = d.proxy.host
	}
	addrs, port := []netip.Addr{via.fixed.Addr()}, via.fixed.Port()
	if !via.fixed.IsValid() {
		start := d.cfg.Clock.Now()
		found, err := via.addresses(x.ctx, d)
		t.DNS += d.cfg.Clock.Now() - start
		if err != nil {
			return nil, classify(x.ctx, resolving, h, err)
		}
		addrs, port = found, via.origin.Port
	}
	start := d.cfg.Clock.Now()
	defer func() { t.Connect += d.cfg.Clock.Now() - start }()
	nc, err := x.tryAll(via, addrs, port)
	if err != nil {
		return nil, classify(x.ctx, connecting, h, err)
	}
	return nc, nil
}

// tryAll tries the addresses one after the other.
func (x *exchange) tryAll(via *host, addrs []netip.Addr, port uint16) (net.Conn, error) {
	if len(addrs) == 1 {
		return x.connect(netip.AddrPortFrom(addrs[0], port))
	}
	var last error
	for _, i := range via.order(addrs, x.session.person) {
		nc, err := x.connect(netip.AddrPortFrom(addrs[i], port))
		if err == nil {
			if int32(i) != via.first.Load() && last != nil {
				via.first.Store(int32(i))
			}
			return nc, nil
		}
		last = err
		var te *runner.TransportError
		if errors.As(err, &te) || x.ctx.Err() != nil {
			break // the guard's no, or the end
		}
	}
	return nil, last
}

// connect asks the guard about the very address, then connects to it.
func (x *exchange) connect(addr netip.AddrPort) (net.Conn, error) {
	d := x.session.driver
	if err := refusal(d.cfg.Guard.Dial(x.host.origin.Host, addr)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(x.ctx, d.cfg.ConnectTimeout)
	defer cancel()
	if d.cfg.Dial != nil {
		x.left()
		return d.cfg.Dial(ctx, addr)
	}
	// Control runs once there is a socket: a machine out of descriptors or
	// ports has sent nothing.
	var prepare func(network, address string, c syscall.RawConn) error
	dialer := net.Dialer{KeepAlive: -1, Control: func(network, address string, c syscall.RawConn) error {
		x.left()
		if prepare == nil {
			return nil
		}
		return prepare(network, address, c)
	}}
	if n := uint32(len(d.cfg.Sources)); n > 0 && addr.Addr().IsLoopback() && addr.Addr().Is4() {
		prepare = lateBind
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(d.cfg.Sources[x.session.person%n], 0))
	}
	// Not Dialer.DialTCP: without a local address it still binds the socket,
	// and the kernel then searches all its ports for one that is free.
	return dialer.DialContext(ctx, "tcp", addr.String())
}
