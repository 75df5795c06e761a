package httpdriver

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"firstbell/runner"
	"firstbell/scenarios"
)

// host is one origin and what the run has learnt about it.
type host struct {
	origin        runner.Origin
	index         int    // into Plan.Hosts
	header        string // value of Host
	authorization string // header line with its line end; "" for none
	trusted       bool   // https or loopback: Secure cookies are kept

	fixed  netip.AddrPort // from resolve: or a literal IP; invalid when looked up
	lookup chan struct{}  // held by the one person who is resolving
	found  atomic.Pointer[answer]
	first  atomic.Int32 // the address that worked last
	worked atomic.Bool  // a connection has been opened
}

// answer is what a name resolved to, or why not.
type answer struct {
	addrs []netip.Addr
	err   error
	until time.Time // a failure is asked again after this
}

// failureLasts keeps a failing resolver from being asked by every person.
const failureLasts = time.Second

func (d *Driver) newHost(o runner.Origin, index int) *host {
	h := &host{origin: o, index: index, header: o.HostHeader(), lookup: make(chan struct{}, 1)}
	h.trusted = o.Scheme == "https" || o.Loopback()
	if ip, ok := o.IP(); ok {
		h.fixed = netip.AddrPortFrom(ip, o.Port)
	}
	for _, r := range d.cfg.Scenario.Resolve {
		if addr, ok := override(r, o); ok {
			h.fixed = addr
		}
	}
	return h
}

// override gives the address a resolve line sends an origin to.
func override(r scenarios.Resolve, o runner.Origin) (netip.AddrPort, bool) {
	name, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		name, port = r.Host, ""
	}
	if !strings.EqualFold(strings.Trim(name, "[]"), o.Host) {
		return netip.AddrPort{}, false
	}
	if port != "" && port != fmt.Sprint(o.Port) {
		return netip.AddrPort{}, false
	}
	if addr, err := netip.ParseAddrPort(r.Address); err == nil {
		return addr, true
	}
	ip, err := netip.ParseAddr(strings.Trim(r.Address, "[]"))
	return netip.AddrPortFrom(ip, o.Port), err == nil
}

// addresses gives the host's addresses, resolved once per run. It waits for a
// person who is already asking.
func (h *host) addresses(ctx context.Context, d *Driver) ([]netip.Addr, error) {
	if a := h.found.Load(); a != nil && (a.err == nil || time.Now().Before(a.until)) {
		return a.addrs, a.err
	}
	select {
	case h.lookup <- struct{}{}:
		defer func() { <-h.lookup }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if a := h.found.Load(); a != nil && (a.err == nil || time.Now().Before(a.until)) {
		return a.addrs, a.err
	}
	a := &answer{}
	a.addrs, a.err = d.resolve(ctx, h.origin)
	if a.err != nil && ctx.Err() != nil {
		return nil, a.err // this person's end, not the resolver's
	}
	a.until = time.Now().Add(failureLasts)
	h.found.Store(a)
	return a.addrs, a.err
}

func (d *Driver) resolve(ctx context.Context, o runner.Origin) ([]netip.Addr, error) {
	if o.Loopback() { // as browsers do: never asked outside
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	addrs, err := d.cfg.Lookup(ctx, o.Host)
	if err != nil {
		return nil, err
	}
	if len(addrs) == 0 {
		return nil, &net.DNSError{Err: "no address", Name: o.Host, IsNotFound: true}
	}
	if len(addrs) > 16 {
		addrs = addrs[:16]
	}
	out := make([]netip.Addr, len(addrs))
	for i, a := range addrs {
		out[i] = a.Unmap()
	}
	return out, nil
}

func systemLookup(ctx context.Context, name string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
}

// order gives the places of addrs in the order one person tries them: people
// are spread over the addresses of the family that works, as a resolver that
// rotates its answers would do; then the others.
func (h *host) order(addrs []netip.Addr, person uint32) []int {
	first := int(h.first.Load()) % len(addrs)
	var same, other []int
	for i, a := range addrs {
		if a.Is4() == addrs[first].Is4() {
			same = append(same, i)
		} else {
			other = append(other, i)
		}
	}
	turn := int(person) % len(same)
	out := append(append(make([]int, 0, len(addrs)), same[turn:]...), same[:turn]...)
	return append(out, other...)
}

// Basic is the value of an Authorization header with a user name and password.
func Basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
