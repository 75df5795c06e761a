package memnet

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
)

// backlog bounds the connections dialled and not yet accepted.
const backlog = 4096

// Net is a network. It is safe for concurrent use.
type Net struct {
	mu        sync.Mutex
	listeners map[string]*listener
	silent    map[string]bool
	nextPort  int
}

// New returns a network on which nobody listens.
func New() *Net {
	return &Net{listeners: map[string]*listener{}, silent: map[string]bool{}, nextPort: 32768}
}

// Listen listens on addr, "host:port". Port 0 takes a free one. The host may be
// a name: [Net.Dial] compares addresses as they are written.
func (n *Net) Listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("memnet: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if port == "0" {
		n.nextPort++
		addr = net.JoinHostPort(host, fmt.Sprint(n.nextPort))
	}
	if n.listeners[addr] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: address(addr), Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	}
	l := &listener{net: n, key: addr, addr: address(addr), queue: make(chan *Conn, backlog), done: make(chan struct{})}
	n.listeners[addr] = l
	return l, nil
}

// Silent makes addr swallow connection attempts, as a host behind a firewall
// that drops packets: [Net.Dial] waits for its context.
func (n *Net) Silent(addr string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.silent[addr] = true
}

// Dial connects from 127.0.0.1. Its signature is that of
// [net.Dialer.DialContext]; the network's name is ignored. Without a listener
// the connection is refused.
func (n *Net) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return n.DialFrom(ctx, netip.AddrFrom4([4]byte{127, 0, 0, 1}), addr)
}

// DialFrom connects from the given address, for servers that look at it.
func (n *Net) DialFrom(ctx context.Context, from netip.Addr, addr string) (net.Conn, error) {
	n.mu.Lock()
	n.nextPort = 32768 + (n.nextPort-32767)%28000
	local := net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, uint16(n.nextPort)))
	l, silent := n.listeners[addr], n.silent[addr]
	n.mu.Unlock()
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: address(addr), Err: err}
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	if silent {
		<-ctx.Done()
		return fail(ctx.Err())
	}
	refused := os.NewSyscallError("connect", syscall.ECONNREFUSED)
	if l == nil {
		return fail(refused)
	}
	client, server := pair(local, l.addr)
	select {
	case <-l.done:
		return fail(refused)
	case <-ctx.Done():
		return fail(ctx.Err())
	case l.queue <- server:
		return client, nil
	}
}

// name is an address that is not an IP address.
type name string

func (name) Network() string  { return "tcp" }
func (a name) String() string { return string(a) }

func address(s string) net.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return net.TCPAddrFromAddrPort(ap)
	}
	return name(s)
}

type listener struct {
	net   *Net
	key   string
	addr  net.Addr
	queue chan *Conn
	once  sync.Once
	done  chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	closed := &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	select {
	case <-l.done:
		return nil, closed
	default:
	}
	select {
	case <-l.done:
		return nil, closed
	case c := <-l.queue:
		return c, nil
	}
}

func (l *listener) Addr() net.Addr { return l.addr }

// Reopen listens again where a closed listener did.
func (l *listener) Reopen() (net.Listener, error) { return l.net.Listen(l.key) }

// Close stops listening and resets the connections nobody accepted.
func (l *listener) Close() error {
	l.once.Do(func() {
		l.net.mu.Lock()
		delete(l.net.listeners, l.key)
		l.net.mu.Unlock()
		close(l.done)
		for {
			select {
			case c := <-l.queue:
				c.Reset()
			default:
				return
			}
		}
	})
	return nil
}
