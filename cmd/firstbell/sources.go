package main

import (
	"net"
	"net/netip"
	"net/url"
	"slices"

	"firstbell/runner/consent"
	"firstbell/runner/httpdriver"
)

// sourcesTowards are the addresses of this machine from which the load reaches
// the granted hosts: what an operator puts on the allow-list of whatever takes a
// load test for an attack. No byte is sent: a UDP socket that is connected
// chooses its local address and nothing else.
func sourcesTowards(grants []consent.Grant) []string {
	out := []string{}
	for _, g := range grants {
		for _, address := range addressesOf(g) {
			c, err := net.Dial("udp", net.JoinHostPort(address, "9"))
			if err != nil {
				continue
			}
			host, _, err := net.SplitHostPort(c.LocalAddr().String())
			_ = c.Close()
			if err == nil && !slices.Contains(out, host) {
				out = append(out, host)
			}
		}
	}
	slices.Sort(out)
	return out
}

// addressesOf are where a grant's host is: those its consent was read from, or
// the name itself for a host that needed none.
func addressesOf(g consent.Grant) []string {
	if !g.Exempt {
		return g.Addresses
	}
	u, err := url.Parse(g.Origin)
	if err != nil {
		return nil
	}
	return []string{u.Hostname()}
}

// addressesTowards is how many addresses of this machine load may leave from:
// many towards targets that are all reached over loopback, else one.
func addressesTowards(sources []string) int {
	if len(sources) == 0 {
		return 1
	}
	for _, s := range sources {
		ip, err := netip.ParseAddr(s)
		if err != nil || !ip.IsLoopback() || !ip.Is4() {
			return 1
		}
	}
	return max(1, len(httpdriver.LoopbackSources(250)))
}
