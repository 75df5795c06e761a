package httpdriver

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"

	"firstbell/runner"
	"firstbell/runner/results"
)

const maxPooled = 64 << 10

var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, 2<<10)
	return &b
}}

// appendRequest appends the whole request. Values captured from a page can
// stand in the method, the address and the headers: what would change the
// request's own shape is an error or is escaped, never sent.
func (x *exchange) appendRequest(b []byte) ([]byte, error) {
	s, req := x.session, x.req
	d := s.driver
	if !httpguts.ValidHeaderFieldName(req.Method) { // a token, too
		return b, fault(results.ReasonBadResponse, errors.New("malformed method"))
	}
	b = append(append(b, req.Method...), ' ')
	if d.proxy != nil && x.host.origin.Scheme == "http" {
		b = append(b, x.host.origin.String()...)
	}
	b = appendTarget(b, req.URL)
	b = append(append(b, " HTTP/1.1\r\nHost: "...), x.host.header...)
	b = append(append(b, "\r\n"...), d.fixed...)
	b = append(b, "Connection: keep-alive\r\nAccept-Encoding: gzip\r\n"...)
	b, own, err := appendHeaders(b, req.Header)
	if err != nil {
		return b, err
	}
	if own&ownAccept == 0 {
		b = append(append(append(b, "Accept: "...), accept(req.Kind)...), "\r\n"...)
	}
	if own&ownLanguage == 0 {
		b = append(b, "Accept-Language: fr\r\n"...)
	}
	if own&ownAuthorization == 0 {
		b = append(b, x.host.authorization...)
	}
	if d.proxy != nil && x.host.origin.Scheme == "http" {
		b = append(b, d.proxy.authorization...)
	}
	if !req.NoCookies {
		b = s.appendCookies(b, x.host, req.URL)
	}
	if len(req.Body) > 0 || req.Method == "POST" || req.Method == "PUT" || req.Method == "PATCH" {
		b = append(b, "Content-Length: "...)
		b = append(strconv.AppendInt(b, int64(len(req.Body)), 10), "\r\n"...)
	}
	b = append(b, "\r\n"...)
	return append(b, req.Body...), nil
}

const (
	ownAccept = 1 << iota
	ownLanguage
	ownAuthorization
)

// appendHeaders appends the caller's headers in order, without those that are
// the driver's; own says which optional ones the caller has set.
func appendHeaders(b []byte, headers []runner.Header) (_ []byte, own int, err error) {
	for _, h := range headers {
		if !httpguts.ValidHeaderFieldName(h.Name) || !headerValue(h.Value) {
			return b, own, fault(results.ReasonBadResponse, errors.New("a header that would break the request"))
		}
		switch strings.ToLower(h.Name) {
		case "host", "content-length", "cookie", "connection", "transfer-encoding", "accept-encoding",
			"user-agent", "firstbell-run", "te", "trailer", "upgrade", "keep-alive", "expect",
			"proxy-connection", "proxy-authorization":
			continue
		case "accept":
			own |= ownAccept
		case "accept-language":
			own |= ownLanguage
		case "authorization":
			own |= ownAuthorization
		}
		b = append(append(b, h.Name...), ": "...)
		b = append(append(b, h.Value...), "\r\n"...)
	}
	return b, own, nil
}

func headerValue(v string) bool { return httpguts.ValidHeaderFieldValue(v) }

// accept is what browsers ask for, by kind.
func accept(k runner.Kind) string {
	if k == runner.KindPage {
		return "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	}
	return "*/*"
}

// appendTarget appends path and query. Bytes that may not stand in a request
// line are escaped as browsers do.
func appendTarget(b []byte, u *url.URL) []byte {
	path := u.EscapedPath()
	if !strings.HasPrefix(path, "/") {
		b = append(b, '/')
	}
	b = appendEscaped(b, path)
	if u.RawQuery != "" || u.ForceQuery {
		b = appendEscaped(append(b, '?'), u.RawQuery)
	}
	return b
}

func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '#':
			b = append(b, '%', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}

// appendCookies appends the Cookie line, if there is one to send.
func (s *session) appendCookies(b []byte, h *host, u *url.URL) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.jar.appendHeader(b, h.origin, h.trusted, u.EscapedPath(), time.Now())
}

// store keeps an answer's cookies, in their order.
func (s *session) store(h *host, u *url.URL, lines []string) {
	if len(lines) == 0 {
		return
	}
	now := time.Now()
	path := u.EscapedPath()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range lines {
		s.jar.set(h.origin, h.trusted, path, line, now)
	}
}
