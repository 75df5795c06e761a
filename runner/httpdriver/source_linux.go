package httpdriver

import "net/netip"

// LoopbackSources gives n local addresses (at most 250) for [Config].Sources,
// 127.0.1.1 and following; nil on systems where only 127.0.0.1 exists.
func LoopbackSources(n int) []netip.Addr {
	out := make([]netip.Addr, 0, min(n, 250))
	for i := range min(n, 250) {
		out = append(out, netip.AddrFrom4([4]byte{127, 0, 1, byte(i + 1)}))
	}
	return out
}
