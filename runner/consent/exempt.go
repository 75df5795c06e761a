package consent

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"firstbell/runner"
	"firstbell/scenarios"
)

// overridesHost reports whether a step sends a Host header of its own: behind
// loopback it could choose a server that loopback does not name. The driver
// sends none, and still the exemption is gone.
func overridesHost(sc *scenarios.Scenario) bool {
	in := func(fields []scenarios.Field) bool {
		for _, f := range fields {
			if strings.EqualFold(strings.TrimSpace(f.Name), "host") {
				return true
			}
		}
		return false
	}
	for _, j := range sc.Journeys {
		for _, s := range j.Steps {
			if in(s.Headers) {
				return true
			}
			for _, c := range s.Calls {
				if in(c.Headers) {
					return true
				}
			}
		}
	}
	return false
}

// fixedAddress gives the one address of an origin that is not looked up: its
// literal IP, or what a resolve line says. A resolve line wins, as in the
// driver, whatever it names.
func fixedAddress(sc *scenarios.Scenario, o runner.Origin) (fixed netip.AddrPort) {
	if ip, ok := o.IP(); ok {
		fixed = netip.AddrPortFrom(ip, o.Port)
	}
	for _, r := range sc.Resolve {
		name, port, err := net.SplitHostPort(r.Host)
		if err != nil {
			name, port = r.Host, ""
		}
		if !strings.EqualFold(strings.Trim(name, "[]"), o.Host) || port != "" && port != strconv.Itoa(int(o.Port)) {
			continue
		}
		if a, err := netip.ParseAddrPort(r.Address); err == nil {
			fixed = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
		} else if ip, err := netip.ParseAddr(strings.Trim(r.Address, "[]")); err == nil {
			fixed = netip.AddrPortFrom(ip.Unmap(), o.Port)
		}
	}
	return fixed
}

func systemLookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

func systemTXT(ctx context.Context, name string) ([]string, error) {
	return net.DefaultResolver.LookupTXT(ctx, name)
}
