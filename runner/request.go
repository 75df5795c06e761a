package runner

import (
	"net/url"
	"strings"

	"firstbell/runner/page"
	"firstbell/scenarios"
)

// message is a request before it is sent: what a step or a call asks for.
type message struct {
	method  string
	url     *url.URL
	kind    string // Content-Type; "" without a body
	body    []byte
	headers []Header // the scenario's own
}

// asked is what steps and calls have in common.
type asked struct {
	verb    scenarios.Verb
	url     scenarios.Template
	query   []scenarios.Field
	headers []scenarios.Field
	form    []scenarios.Field
	json    *scenarios.Template
}

// compose writes the request of a step or a call. Relative addresses start
// from base. The error is an *scenarios.UnknownVariable, or says that the
// address cannot be read; it never holds a value.
func (b *browser) compose(s *site, a asked, base *url.URL) (*message, error) {
	text, err := a.url.ExpandURL(b.lookup(s, base))
	if err != nil {
		return nil, err
	}
	u, err := resolve(base, text)
	if err != nil {
		return nil, err
	}
	lookup := b.lookup(s, u)
	m := &message{method: strings.ToUpper(string(a.verb)), url: u}
	if len(a.query) > 0 {
		q, err := scenarios.ExpandFields(a.query, lookup)
		if err != nil {
			return nil, err
		}
		if u.RawQuery != "" {
			q = u.RawQuery + "&" + q
		}
		u.RawQuery = q
	}
	switch {
	case a.json != nil:
		text, err := a.json.ExpandFor(lookup, scenarios.EncodeJSON)
		if err != nil {
			return nil, err
		}
		m.kind, m.body = "application/json", []byte(text)
	case len(a.form) > 0 || m.method == "POST":
		text, err := scenarios.ExpandFields(a.form, lookup)
		if err != nil {
			return nil, err
		}
		m.kind, m.body = "application/x-www-form-urlencoded", []byte(text)
	}
	m.headers, err = expandHeaders(a.headers, lookup)
	return m, err
}

func expandHeaders(fields []scenarios.Field, lookup scenarios.Lookup) ([]Header, error) {
	var out []Header
	for _, f := range fields {
		v, err := f.Value.ExpandFor(lookup, scenarios.EncodeHeader)
		if err != nil {
			return nil, err
		}
		out = append(out, Header{f.Name, v})
	}
	return out, nil
}

// submission writes the request of a form filled on the page shown.
func (b *browser) submission(s *site, st *scenarios.Step, shown *page.Page) (*message, error) {
	lookup := b.lookup(s, shown.Final)
	fill := page.Filling{In: st.In, Button: st.Button}
	for _, f := range st.Form {
		v, err := f.Value.Expand(lookup)
		if err != nil {
			return nil, err
		}
		fill.Fields = append(fill.Fields, page.Field{Name: f.Name, Value: v})
	}
	sub, err := shown.Submit(fill)
	if err != nil {
		return nil, err
	}
	m := &message{method: sub.Method, url: sub.URL, kind: sub.ContentType, body: sub.Body}
	m.headers, err = expandHeaders(st.Headers, b.lookup(s, sub.URL))
	return m, err
}

// resolve reads an address; the error does not repeat it.
func resolve(base *url.URL, ref string) (*url.URL, error) {
	ref = strings.ReplaceAll(strings.TrimSpace(ref), " ", "%20")
	u, err := base.Parse(ref)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, errAddress
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// wire gives the exchange to perform: a browser's own headers, unless the
// scenario says otherwise. from is the page the request starts on.
func (m *message) wire(kind Kind, from *url.URL, noCookies bool, keep int) *Request {
	r := &Request{Kind: kind, Method: m.method, URL: m.url, Body: m.body, NoCookies: noCookies, MaxBody: keep}
	add := func(name, value string) {
		for _, h := range m.headers {
			if strings.EqualFold(h.Name, name) {
				return
			}
		}
		r.Header = append(r.Header, Header{name, value})
	}
	if m.kind != "" {
		add("Content-Type", m.kind)
	}
	if from != nil && !noCookies {
		if m.method != "GET" {
			add("Origin", from.Scheme+"://"+from.Host)
		}
		add("Referer", referer(from, m.url))
	}
	r.Header = append(r.Header, m.headers...)
	return r
}

// referer follows strict-origin-when-cross-origin, the default of browsers.
func referer(from, to *url.URL) string {
	origin := from.Scheme + "://" + from.Host + "/"
	if from.Scheme != to.Scheme || from.Host != to.Host {
		return origin
	}
	u := *from
	u.Fragment, u.RawFragment, u.User = "", "", nil
	return u.String()
}

// redirected gives the request that follows a redirect (RFC 9110 15.4, and
// what browsers do with 301 and 302).
func (m *message) redirected(status int, to *url.URL) *message {
	next := *m
	next.url = to
	toGet := status == 303 && m.method != "HEAD" || (status == 301 || status == 302) && m.method == "POST"
	if toGet && m.method != "GET" {
		next.method, next.kind, next.body = "GET", "", nil
	}
	if to.Host != m.url.Host || to.Scheme != m.url.Scheme {
		next.headers = nil // the scenario's own headers were for the first host
	}
	return &next
}

func isRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}
