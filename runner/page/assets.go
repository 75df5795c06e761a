package page

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxAssets bounds the files of one page.
const maxAssets = 100

// Assets lists the files a browser would load with the page, in document
// order, each once, at most 100: style sheets, icons, preloads, scripts,
// pictures. Hosts are not filtered.
func (p *Page) Assets() []*url.URL {
	doc := p.document()
	if doc == nil {
		return nil
	}
	var out []*url.URL
	seen := map[string]bool{}
	add := func(ref string) {
		if ref == "" || len(out) >= maxAssets {
			return
		}
		if u, ok := p.resolve(ref); ok && !seen[u.String()] {
			seen[u.String()] = true
			out = append(out, u)
		}
	}
	for n := range elements(doc) {
		if len(out) == maxAssets {
			break
		}
		if inTemplate(n) {
			continue
		}
		switch n.Data {
		case "link":
			if loads(attr(n, "rel")) {
				add(attr(n, "href"))
			}
		case "script", "iframe", "embed":
			add(attr(n, "src"))
		case "img":
			if set := attr(n, "srcset"); set != "" {
				add(firstCandidate(set))
			} else {
				add(attr(n, "src"))
			}
		case "input":
			if kind(n) == "image" {
				add(attr(n, "src"))
			}
		}
	}
	return out
}

// loads reports whether a link of this rel is fetched by a browser.
func loads(rel string) bool {
	for _, r := range strings.Fields(strings.ToLower(rel)) {
		switch r {
		case "stylesheet", "icon", "preload", "modulepreload", "manifest", "apple-touch-icon":
			return true
		}
	}
	return false
}

// firstCandidate is the first address of a srcset.
func firstCandidate(set string) string {
	fields := strings.Fields(set)
	if len(fields) == 0 {
		return ""
	}
	return strings.TrimRight(fields[0], ",")
}

// Refresh is what a page says about loading itself again.
type Refresh struct {
	After time.Duration // 0 to an hour
	URL   *url.URL      // where to; the page's own address when it names none
}

// maxRefresh bounds how long a page can make a person wait before asking again.
const maxRefresh = time.Hour

// Refresh gives the page's own refresh: a meta element, a Refresh header, or
// Retry-After. now is the wall clock, for a Retry-After written as a date.
func (p *Page) Refresh(now time.Time) (Refresh, bool) {
	if v := p.Header.Get("Refresh"); v != "" {
		if r, ok := p.parseRefresh(v); ok {
			return r, true
		}
	}
	if doc := p.document(); doc != nil {
		for n := range elements(doc) {
			if n.Data == "meta" && strings.EqualFold(attr(n, "http-equiv"), "refresh") {
				if r, ok := p.parseRefresh(attr(n, "content")); ok {
					return r, true
				}
			}
		}
	}
	if after, ok := RetryAfter(p.Header, now); ok {
		return Refresh{After: after, URL: p.Final}, true
	}
	return Refresh{}, false
}

// parseRefresh reads "5", "5; url=/next", "0;URL='/next'".
func (p *Page) parseRefresh(v string) (Refresh, bool) {
	v = strings.TrimSpace(v)
	end := strings.IndexFunc(v, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	number, rest := v, ""
	if end >= 0 {
		number, rest = v[:end], strings.TrimLeft(v[end:], " \t\r\n;,")
	}
	seconds, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return Refresh{}, false
	}
	r := Refresh{After: bounded(seconds), URL: p.Final}
	if len(rest) >= 3 && strings.EqualFold(rest[:3], "url") {
		if after, ok := strings.CutPrefix(strings.TrimLeft(rest[3:], " \t"), "="); ok {
			rest = strings.TrimSpace(after)
		}
	}
	if rest = unquote(rest); rest != "" {
		u, ok := p.resolve(rest)
		if !ok {
			return Refresh{}, false
		}
		r.URL = u
	}
	return r, r.URL != nil
}

// unquote drops quotes around an address and what follows the closing one.
func unquote(s string) string {
	if s == "" || (s[0] != '\'' && s[0] != '"') {
		return s
	}
	if i := strings.IndexByte(s[1:], s[0]); i >= 0 {
		return s[1 : 1+i]
	}
	return s[1:]
}

// RetryAfter reads a Retry-After header: seconds or an HTTP date.
func RetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0, false
	}
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		return bounded(s), s >= 0
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), maxRefresh), true
}

func bounded(seconds float64) time.Duration {
	if !(seconds > 0) {
		return 0
	}
	if seconds >= maxRefresh.Seconds() {
		return maxRefresh
	}
	return time.Duration(seconds * float64(time.Second))
}
