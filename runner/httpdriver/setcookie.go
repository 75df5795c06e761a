package httpdriver

import (
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"firstbell/runner"
)

// attributes are those of one Set-Cookie line that matter here.
type attributes struct {
	domain, path, expires string
	maxAge                string
	secure, hasMaxAge     bool
}

// parseCookie reads one Set-Cookie line as browsers do (RFC 6265bis 5.6, 5.7).
// dead: it deletes what it names. ok is false for a line to be ignored.
func parseCookie(o runner.Origin, trusted bool, requestPath, line string, now time.Time) (c cookie, dead, ok bool) {
	first, rest, _ := strings.Cut(line, ";")
	name, value, found := strings.Cut(first, "=")
	if !found {
		name, value = "", first
	}
	name, value = trimBlank(name), trimBlank(value)
	if name == "" && value == "" || len(name)+len(value) > maxPair || hasControl(line) {
		return c, false, false
	}
	a := parseAttributes(rest)
	c.nameLen = uint16(len(name))
	if name == "" {
		c.pair, c.flags = strings.Clone(value), nameless
	} else {
		c.pair = name + "=" + value
	}
	if a.secure {
		if !trusted {
			return c, false, false
		}
		c.flags |= secureOnly
	}
	if !c.setDomain(o, a.domain) {
		return c, false, false
	}
	c.setPath(a.path, requestPath)
	if !c.prefixHolds(name, value, a) {
		return c, false, false
	}
	c.expires, dead = expiry(a, now)
	return c, dead, true
}

func parseAttributes(rest string) (a attributes) {
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, ";")
		key, value, _ := strings.Cut(part, "=")
		key, value = trimBlank(key), trimBlank(value)
		if len(value) > 1024 {
			continue
		}
		switch strings.ToLower(key) {
		case "domain":
			a.domain = value
		case "path":
			a.path = value
		case "expires":
			a.expires = value
		case "max-age":
			if validMaxAge(value) {
				a.maxAge, a.hasMaxAge = value, true
			}
		case "secure":
			a.secure = true
		}
	}
	return a
}

// setDomain decides which hosts the cookie goes to.
func (c *cookie) setDomain(o runner.Origin, domain string) bool {
	domain = strings.ToLower(strings.TrimPrefix(domain, "."))
	if _, isIP := o.IP(); domain == "" || isIP {
		// An IP has no domain above it: "Domain=.127.0.0.1" means the host.
		c.domain, c.flags = o.Host, c.flags|hostOnly
		return domain == "" || domain == o.Host || domain == "["+o.Host+"]"
	}
	if !ascii(domain) {
		var err error
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return false
		}
	}
	if !domainMatch(o.Host, domain) {
		return false
	}
	if suffix, _ := publicsuffix.PublicSuffix(domain); suffix == domain {
		// Nobody may set cookies for all of .fr; a host that is itself a public
		// suffix may for itself.
		c.domain, c.flags = o.Host, c.flags|hostOnly
		return domain == o.Host
	}
	if domain == o.Host {
		domain = o.Host // shares the host's memory
	}
	c.domain = strings.Clone(domain)
	return true
}

// setPath is RFC 6265 5.1.4: the default path is the folder of the request.
func (c *cookie) setPath(path, requestPath string) {
	if strings.HasPrefix(path, "/") {
		if path == "/" {
			c.path = "/"
		} else {
			c.path = strings.Clone(path)
		}
		return
	}
	if last := strings.LastIndexByte(requestPath, '/'); last > 0 && requestPath[0] == '/' {
		c.path = strings.Clone(requestPath[:last])
		return
	}
	c.path = "/"
}

// prefixHolds checks what the names __Secure- and __Host- promise.
func (c *cookie) prefixHolds(name, value string, a attributes) bool {
	if name == "" { // a value may not pretend to be a prefixed name
		name = value
		if foldPrefix(name, "__secure-") || foldPrefix(name, "__host-") {
			return false
		}
	}
	if foldPrefix(name, "__secure-") {
		return c.flags&secureOnly != 0
	}
	if foldPrefix(name, "__host-") {
		return c.flags&secureOnly != 0 && c.flags&hostOnly != 0 && a.domain == "" && a.path == "/"
	}
	return true
}

// expiry gives the cookie's end, Max-Age before Expires.
func expiry(a attributes, now time.Time) (at int64, dead bool) {
	if a.hasMaxAge {
		n, err := strconv.ParseInt(a.maxAge, 10, 64)
		if strings.HasPrefix(a.maxAge, "-") || n <= 0 && err == nil {
			return 0, true
		}
		const century = 100 * 365 * 24 * 3600
		if err != nil || n > century {
			n = century
		}
		return now.UnixMilli() + n*1000, false
	}
	if a.expires == "" {
		return 0, false
	}
	t, ok := parseCookieDate(a.expires)
	if !ok {
		return 0, false
	}
	if !t.After(now) {
		return 0, true
	}
	return min(t.UnixMilli(), math.MaxInt64/2), false
}

func validMaxAge(v string) bool {
	digits := strings.TrimPrefix(v, "-")
	for i := 0; i < len(digits); i++ {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return digits != ""
}

func trimBlank(s string) string { return strings.Trim(s, " \t") }

func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func foldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
