package runner

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Origin is where an address goes: scheme, host and port in one spelling, so
// that whoever decides about a host and whoever connects to it can never mean
// two different machines.
type Origin struct {
	Scheme string // "http" or "https"
	Host   string // lower-case ASCII name without trailing dot, or a canonical IP (IPv6 without brackets)
	Port   uint16
}

// OriginOf gives the origin of an absolute http or https address. Spellings
// that browsers, resolvers and proxies read differently (user information,
// trailing dots, decimal or octal IPs, zones, odd bytes) are errors. The error
// never repeats the address, which may hold a ticket.
func OriginOf(u *url.URL) (Origin, error) {
	var o Origin
	switch {
	case u == nil:
		return o, errors.New("no address")
	case u.Opaque != "" || u.Host == "":
		return o, errors.New("address without a host")
	case u.User != nil:
		return o, errors.New("address with a user name in it")
	}
	switch {
	case strings.EqualFold(u.Scheme, "https"):
		o.Scheme, o.Port = "https", 443
	case strings.EqualFold(u.Scheme, "http"):
		o.Scheme, o.Port = "http", 80
	default:
		return o, errors.New("address is neither http nor https")
	}
	host, port := u.Hostname(), u.Port()
	// What lies between host and port must be nothing: "a:b:80" is no name.
	if rest := strings.TrimSuffix(u.Host, ":"+port); rest != host && rest != "["+host+"]" {
		return o, errors.New("address with a malformed host")
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return o, errors.New("address with a port that is none")
		}
		o.Port = uint16(n)
	}
	var err error
	o.Host, err = canonicalHost(host)
	return o, err
}

// canonicalHost gives the one spelling of a name or IP.
func canonicalHost(host string) (string, error) {
	if strings.IndexByte(host, ':') >= 0 {
		return canonicalIP(host)
	}
	if !plainHost(host) {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			// Names with an underscore are common on stagings and fail the
			// strict profile; they need no mapping beyond the case.
			ascii = strings.ToLower(host)
		}
		host = ascii
	}
	if !plainHost(host) || len(host) > 253 {
		return "", errors.New("host with characters that no host name has")
	}
	if host[0] == '.' || host[len(host)-1] == '.' || strings.Contains(host, "..") {
		return "", errors.New("host with an empty label")
	}
	if numericHost(host) {
		return canonicalIP(host)
	}
	return host, nil
}

func canonicalIP(host string) (string, error) {
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Zone() != "" {
		return "", errors.New("host that looks like an IP address and is none")
	}
	var b [46]byte // the longest IPv6 text
	if canon := ip.Unmap().AppendTo(b[:0]); string(canon) != host {
		return string(canon), nil
	}
	return host, nil
}

// numericHost reports whether browsers would read the host as an IPv4 address:
// its last label is a number, decimal or hexadecimal.
func numericHost(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if strings.HasPrefix(last, "0x") {
		_, err := strconv.ParseUint("0"+last[2:], 16, 64)
		return err == nil
	}
	for i := 0; i < len(last); i++ {
		if last[i] < '0' || last[i] > '9' {
			return false
		}
	}
	return true
}

// plainHost reports whether a name is already spelled the one way.
func plainHost(host string) bool {
	if host == "" || strings.HasPrefix(host, "xn--") || strings.Contains(host, ".xn--") {
		// Punycode is checked once more by the caller's mapping, which leaves
		// a good one as it is.
		return host != "" && goodPunycode(host)
	}
	for i := 0; i < len(host); i++ {
		c := host[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return true
}

func goodPunycode(host string) bool {
	ascii, err := idna.Lookup.ToASCII(host)
	return err == nil && ascii == host
}

// String is the origin as an address, default port left out.
func (o Origin) String() string { return o.Scheme + "://" + o.HostHeader() }

// HostHeader is what the Host header says: the port only when it is not the
// scheme's own.
func (o Origin) HostHeader() string {
	host := o.Host
	if strings.IndexByte(host, ':') >= 0 {
		host = "[" + host + "]"
	}
	if (o.Scheme == "https" && o.Port == 443) || (o.Scheme == "http" && o.Port == 80) {
		return host
	}
	return host + ":" + strconv.Itoa(int(o.Port))
}

// IP is the host when it is a literal address.
func (o Origin) IP() (netip.Addr, bool) {
	ip, err := netip.ParseAddr(o.Host)
	return ip, err == nil
}

// Loopback reports whether the name itself means this machine: a loopback
// literal, localhost, or a name under it. A name that merely resolves to
// loopback does not.
func (o Origin) Loopback() bool {
	if ip, ok := o.IP(); ok {
		return ip.IsLoopback()
	}
	return o.Host == "localhost" || strings.HasSuffix(o.Host, ".localhost")
}
