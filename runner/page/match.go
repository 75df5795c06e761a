package page

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/andybalholm/cascadia"
	"github.com/tidwall/gjson"

	"firstbell/scenarios"
)

// Match reports whether the page is what m asks for. When it is not, missing
// says what was not found, in the scenario's own words: never a value.
//
// A url written as a path is looked for in the path of the final address only
// (with the query when it holds a ?), so that the address to come back to in
// the query of a login page is no proof. Other urls are looked for in the whole
// address.
func (p *Page) Match(m *scenarios.Matcher, lookup scenarios.Lookup) (ok bool, missing string) {
	if m == nil {
		return true, ""
	}
	for _, ask := range []func(*scenarios.Matcher, scenarios.Lookup) string{
		p.missText, p.missCSS, p.missJSON, p.missAddress, p.missRest,
	} {
		if missing := ask(m, lookup); missing != "" {
			return false, missing
		}
	}
	if m.Not != nil {
		if found, _ := p.Match(m.Not, lookup); found {
			return false, "what `not` excludes is there"
		}
	}
	return true, ""
}

// MatchContent is Match for the keys that look at what the page holds.
func (p *Page) MatchContent(m *scenarios.Matcher, lookup scenarios.Lookup) bool {
	return m.HasContentProof() && p.missText(m, lookup) == "" && p.missCSS(m, lookup) == "" && p.missJSON(m, lookup) == ""
}

func (p *Page) missText(m *scenarios.Matcher, lookup scenarios.Lookup) string {
	for _, want := range m.Text {
		in := p.Text
		if looksAtSource(want) {
			in = p.Source
		}
		if !found(want, in, lookup) {
			return "text " + show(want)
		}
	}
	return ""
}

// looksAtSource: text with a tag in it is no text a reader sees.
func looksAtSource(p scenarios.Pattern) bool {
	if p.Regex == nil {
		return strings.Contains(p.Literal.String(), "<")
	}
	return strings.Contains(strings.ReplaceAll(p.Regex.String(), "(?P<", ""), "<")
}

// found looks for a pattern in normalised text.
func found(want scenarios.Pattern, in func() string, lookup scenarios.Lookup) bool {
	if want.Regex != nil {
		return want.Regex.MatchString(in())
	}
	s, err := want.Literal.Expand(lookup)
	if err != nil {
		return false
	}
	// A variable that is empty proves nothing by being "found".
	if s = normalise(s); s == "" {
		return false
	}
	return strings.Contains(in(), s)
}

// show is a pattern as the scenario wrote it.
func show(p scenarios.Pattern) string {
	if p.Regex != nil {
		return "{regex: " + p.Regex.String() + "}"
	}
	return strconv.Quote(p.Literal.String())
}

func (p *Page) missCSS(m *scenarios.Matcher, _ scenarios.Lookup) string {
	for i := range m.CSS {
		if _, ok := p.css(&m.CSS[i]); !ok {
			return "css " + m.CSS[i].Source
		}
	}
	return ""
}

// css gives the text of the first node selected, or its attribute.
func (p *Page) css(c *scenarios.CSS) (string, bool) {
	doc := p.document()
	if doc == nil || len(c.Sel) == 0 {
		return "", false
	}
	n := cascadia.Query(doc, c.Sel)
	if n == nil {
		return "", false
	}
	if c.Attr != "" {
		return attrOK(n, c.Attr)
	}
	return normalise(rawText(n)), true
}

func (p *Page) missJSON(m *scenarios.Matcher, lookup scenarios.Lookup) string {
	for _, c := range m.JSON {
		got := p.JSON(c.Path)
		if c.Want == nil {
			if !truthy(got) {
				return "json " + c.Path
			}
			continue
		}
		want, err := c.Want.Expand(lookup)
		if err != nil || !got.Exists() || got.String() != want {
			return fmt.Sprintf("json %s equal to %q", c.Path, c.Want.String())
		}
	}
	return ""
}

// truthy: neither null, false nor empty.
func truthy(r gjson.Result) bool {
	switch r.Type {
	case gjson.Null, gjson.False:
		return false
	case gjson.JSON:
		return strings.Trim(r.Raw, "{}[] \t\r\n") != ""
	}
	return r.Exists() && r.String() != ""
}

// JSON gives a gjson path of the body; the zero Result when the body is not
// JSON or is nested too deeply.
func (p *Page) JSON(path string) gjson.Result {
	if !p.reading().isJSON() {
		return gjson.Result{}
	}
	return gjson.GetBytes(p.Body[:min(len(p.Body), MaxBody)], path)
}

// shallow reports whether brackets nest less than maxDepth: the JSON reader
// recurses.
func shallow(b []byte) bool {
	depth, inText := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return false
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return true
}

// WrongIdentity reports whether a JSON check on ${login} found somebody else:
// another value, not an absent one.
func (p *Page) WrongIdentity(m *scenarios.Matcher, lookup scenarios.Lookup) bool {
	if m == nil {
		return false
	}
	for _, c := range m.JSON {
		if c.Want == nil || c.Want.String() != "${login}" {
			continue
		}
		want, err := c.Want.Expand(lookup)
		got := p.JSON(c.Path)
		if err == nil && want != "" && got.Type == gjson.String && got.Str != "" && got.Str != want {
			return true
		}
	}
	return false
}

func (p *Page) missAddress(m *scenarios.Matcher, lookup scenarios.Lookup) string {
	for _, want := range m.URL {
		if p.Final == nil || !matchURL(want, p.Final, lookup) {
			return "url " + show(want)
		}
	}
	for _, want := range m.Via {
		match := func(hop string) bool { return matchAddress(want, hop, lookup) }
		if !slices.ContainsFunc(p.Hops, match) {
			return "via " + show(want)
		}
	}
	return ""
}

func matchURL(want scenarios.Pattern, u *url.URL, lookup scenarios.Lookup) bool {
	if want.Regex != nil {
		return want.Regex.MatchString(u.String())
	}
	s, err := want.Literal.Expand(lookup)
	if err != nil || s == "" {
		return false
	}
	if !strings.HasPrefix(s, "/") {
		return strings.Contains(u.String(), s)
	}
	if strings.Contains(s, "?") {
		return strings.Contains(u.RequestURI(), s)
	}
	return strings.Contains(u.EscapedPath(), s) || strings.Contains(u.Path, s)
}

func matchAddress(want scenarios.Pattern, address string, lookup scenarios.Lookup) bool {
	if want.Regex != nil {
		return want.Regex.MatchString(address)
	}
	s, err := want.Literal.Expand(lookup)
	return err == nil && s != "" && strings.Contains(address, s)
}

func (p *Page) missRest(m *scenarios.Matcher, lookup scenarios.Lookup) string {
	if len(m.Status) > 0 && !slices.Contains(m.Status, p.Status) {
		return fmt.Sprintf("status %v, it is %d", m.Status, p.Status)
	}
	for _, name := range m.Cookie {
		if p.Cookie == nil {
			return "cookie " + name
		}
		if _, ok := p.Cookie(name); !ok {
			return "cookie " + name
		}
	}
	for _, h := range m.Header {
		if !p.hasHeader(h, lookup) {
			return "header " + h.Name
		}
	}
	if m.Smaller > 0 && len(p.Body) >= m.Smaller {
		return fmt.Sprintf("smaller than %d bytes, it is %d", m.Smaller, len(p.Body))
	}
	return ""
}

func (p *Page) hasHeader(h scenarios.HeaderCheck, lookup scenarios.Lookup) bool {
	values := p.Header.Values(h.Name)
	if h.Want == nil {
		return len(values) > 0
	}
	return slices.ContainsFunc(values, func(v string) bool { return matchAddress(*h.Want, v, lookup) })
}

// Capture takes a value out of the page; false when it is not there.
func (p *Page) Capture(c *scenarios.Capture) (string, bool) {
	switch {
	case c.CSS != nil:
		v, ok := p.css(c.CSS)
		return v, ok && v != ""
	case c.Regex != nil:
		return group(c.Regex, string(p.body()))
	case c.JSON != "":
		r := p.JSON(c.JSON)
		return r.String(), r.Exists() && r.String() != ""
	case c.Header != "":
		v := p.Header.Get(c.Header)
		return v, v != ""
	case c.Via != nil:
		for _, hop := range p.Hops {
			if v, ok := group(c.Via, hop); ok {
				return v, true
			}
		}
	}
	return "", false
}

// group is the first group of a match, or the match when there is none.
func group(re *regexp.Regexp, s string) (string, bool) {
	m := re.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	return m[min(1, len(m)-1)], true
}
