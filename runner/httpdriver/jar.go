package httpdriver

import (
	"sort"
	"strings"
	"time"

	"firstbell/runner"
)

// Bounds of one person's jar. Browsers allow more; a portal uses about ten
// cookies, and what a hostile one can cost is this times the people.
const (
	maxCookies     = 180
	maxCookieBytes = 32 << 10
	maxPair        = 4096 // name and value, as in RFC 6265bis
)

// jar is one person's cookies, in the order they were first set. The zero value
// is empty and owns no memory.
type jar struct {
	cookies []cookie
	bytes   int
}

// cookie is one stored cookie, 64 bytes beside its texts.
type cookie struct {
	pair    string // name=value as it is sent; value alone when it has no name
	domain  string // host, or the domain whose hosts it is sent to
	path    string
	expires int64 // unix milliseconds, 0: when the browser closes
	nameLen uint16
	flags   uint8
}

const (
	hostOnly uint8 = 1 << iota
	secureOnly
	nameless
)

func (c *cookie) name() string {
	if c.flags&nameless != 0 {
		return ""
	}
	return c.pair[:c.nameLen]
}

func (c *cookie) value() string {
	if c.flags&nameless != 0 {
		return c.pair
	}
	return c.pair[c.nameLen+1:]
}

func (c *cookie) size() int { return len(c.pair) + len(c.path) }

func (c *cookie) expired(now time.Time) bool {
	return c.expires != 0 && c.expires <= now.UnixMilli()
}

// set stores one Set-Cookie line of an answer from o (RFC 6265bis 5.7). trusted
// is whether o may hold Secure cookies; path is the escaped path of the request.
func (j *jar) set(o runner.Origin, trusted bool, path, line string, now time.Time) {
	c, dead, ok := parseCookie(o, trusted, path, line, now)
	if !ok {
		return
	}
	for i := range j.cookies {
		old := &j.cookies[i]
		if old.name() != c.name() {
			continue
		}
		if old.domain == c.domain && old.path == c.path && old.flags&hostOnly == c.flags&hostOnly {
			if !trusted && old.flags&secureOnly != 0 {
				return
			}
			j.bytes -= old.size()
			if dead {
				j.cookies = append(j.cookies[:i], j.cookies[i+1:]...)
				return
			}
			*old = c // in place: the creation order stays
			j.bytes += c.size()
			j.shrink(now)
			return
		}
		// A plain connection may not shadow a cookie set over TLS.
		if !trusted && old.flags&secureOnly != 0 && pathMatch(c.path, old.path) &&
			(domainMatch(old.domain, c.domain) || domainMatch(c.domain, old.domain)) {
			return
		}
	}
	if dead {
		return
	}
	j.cookies = append(j.cookies, c)
	j.bytes += c.size()
	j.shrink(now)
}

// shrink keeps the jar within its bounds: expired cookies go first, then the
// oldest.
func (j *jar) shrink(now time.Time) {
	if len(j.cookies) <= maxCookies && j.bytes <= maxCookieBytes {
		return
	}
	kept := j.cookies[:0]
	for _, c := range j.cookies {
		if c.expired(now) {
			j.bytes -= c.size()
			continue
		}
		kept = append(kept, c)
	}
	drop := 0
	for ; len(kept)-drop > maxCookies || j.bytes > maxCookieBytes; drop++ {
		j.bytes -= kept[drop].size()
	}
	left := copy(j.cookies, kept[drop:])
	clear(j.cookies[left:])
	j.cookies = j.cookies[:left]
}

// each calls f with the cookies sent to o and path, longest path first, then
// oldest first.
func (j *jar) each(o runner.Origin, trusted bool, path string, now time.Time, f func(*cookie) bool) {
	if len(j.cookies) == 0 {
		return
	}
	if path == "" {
		path = "/"
	}
	var room [16]int
	send := room[:0]
	sorted := true
	for i := range j.cookies {
		c := &j.cookies[i]
		if !c.sentTo(o, trusted, path) || c.expired(now) {
			continue
		}
		if n := len(send); n > 0 && len(j.cookies[send[n-1]].path) < len(c.path) {
			sorted = false
		}
		send = append(send, i)
	}
	if !sorted {
		sort.SliceStable(send, func(a, b int) bool {
			return len(j.cookies[send[a]].path) > len(j.cookies[send[b]].path)
		})
	}
	for _, i := range send {
		if !f(&j.cookies[i]) {
			return
		}
	}
}

func (c *cookie) sentTo(o runner.Origin, trusted bool, path string) bool {
	if c.flags&secureOnly != 0 && !trusted {
		return false
	}
	if c.flags&hostOnly != 0 {
		return c.domain == o.Host && pathMatch(path, c.path)
	}
	return domainMatch(o.Host, c.domain) && pathMatch(path, c.path)
}

// appendHeader appends the Cookie line with its line end, or nothing.
func (j *jar) appendHeader(b []byte, o runner.Origin, trusted bool, path string, now time.Time) []byte {
	start := len(b)
	j.each(o, trusted, path, now, func(c *cookie) bool {
		if len(b) == start {
			b = append(b, "Cookie: "...)
		} else {
			b = append(b, "; "...)
		}
		b = append(b, c.pair...)
		return true
	})
	if len(b) > start {
		b = append(b, "\r\n"...)
	}
	return b
}

// value gives the first cookie of that name sent to o and path.
func (j *jar) value(o runner.Origin, path, name string, now time.Time) (v string, ok bool) {
	j.each(o, o.Scheme == "https" || o.Loopback(), path, now, func(c *cookie) bool {
		if c.name() == name {
			v, ok = c.value(), true
		}
		return !ok
	})
	return v, ok
}

// pathMatch is RFC 6265 5.1.4.
func pathMatch(path, cookiePath string) bool {
	if !strings.HasPrefix(path, cookiePath) {
		return false
	}
	return len(path) == len(cookiePath) || cookiePath[len(cookiePath)-1] == '/' || path[len(cookiePath)] == '/'
}

// domainMatch is RFC 6265 5.1.3 for names; IPs only ever match themselves,
// because their cookies are host-only.
func domainMatch(host, domain string) bool {
	if host == domain {
		return true
	}
	return len(host) > len(domain) && strings.HasSuffix(host, domain) && host[len(host)-len(domain)-1] == '.'
}
