package scenarios

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/andybalholm/cascadia"
	"github.com/tidwall/gjson"
)

const maxExpression = 4096

// matcher reads a page matcher; nil when n is absent.
func (d *decoder) matcher(n *node, what string) *Matcher {
	if n == nil {
		return nil
	}
	m := &Matcher{Line: n.Line}
	f := d.open(n, matcherTable)
	m.Text = d.patterns(f.get("text"), what+": text")
	for _, c := range list(f.get("css")) {
		if s := d.css(c, what+": css", false); s != nil {
			m.CSS = append(m.CSS, *s)
		}
	}
	m.JSON = d.jsonChecks(f.get("json"), what+": json")
	m.URL = d.patterns(f.get("url"), what+": url")
	m.Via = d.patterns(f.get("via"), what+": via")
	for _, c := range list(f.get("status")) {
		m.Status = append(m.Status, d.status(c, what+": status")...)
	}
	for _, c := range list(f.get("cookie")) {
		if s, ok := d.text(c, what+": cookie"); ok {
			m.Cookie = append(m.Cookie, s)
		}
	}
	m.Header = d.headerChecks(f.get("header"), what+": header")
	if v := f.get("smaller"); v != nil {
		m.Smaller = d.size(v, what+": smaller")
	}
	m.Not = d.matcher(f.get("not"), what+": not")
	if (n.Kind == mappingNode || isNull(n)) && len(n.Content) == 0 {
		d.fail(n, codeMissing, what+" is empty", "it would match every page", "add text, css, json, url, via, status, cookie or header")
	}
	return m
}

func (d *decoder) patterns(n *node, what string) []Pattern {
	var out []Pattern
	for _, c := range list(n) {
		if p, ok := d.pattern(c, what); ok {
			out = append(out, p)
		}
	}
	return out
}

func (d *decoder) pattern(n *node, what string) (Pattern, bool) {
	if n.Kind == mappingNode {
		f := d.open(n, patternTable)
		re := f.get("regex")
		if re == nil {
			return Pattern{}, false
		}
		r := d.regex(re, what)
		return Pattern{Regex: r}, r != nil
	}
	s, ok := d.text(n, what)
	if !ok {
		return Pattern{}, false
	}
	if strings.TrimSpace(s) == "" {
		d.fail(n, codeKind, what+" is empty", "every page holds the empty text", "")
		return Pattern{}, false
	}
	return Pattern{Literal: d.template(n, what)}, true
}

func (d *decoder) regex(n *node, what string) *regexp.Regexp {
	s, ok := d.text(n, what)
	if !ok {
		return nil
	}
	if len(s) > maxExpression {
		d.fail(n, codeRegex, what+": the expression is longer than 4096 bytes", "", "")
		return nil
	}
	if v := variableInText.FindString(s); v != "" {
		d.fail(n, codeRegex, fmt.Sprintf("%s: a regular expression takes no variable, here %s", what, quoted(v)),
			"it would be looked for letter by letter, and never be found", "use a literal text for the part with the variable: matchers in a list must all match")
		return nil
	}
	re, err := regexp.Compile(s)
	if err != nil {
		reason, _ := strings.CutPrefix(err.Error(), "error parsing regexp: ")
		d.fail(n, codeRegex, fmt.Sprintf("%s: %s is not a regular expression: %s", what, quoted(s), quoted(reason)), "", "RE2 syntax: no look-ahead, no back-references")
		return nil
	}
	return re
}

var cssWithAttr = regexp.MustCompile(`^(.*\S)\s*@([A-Za-z_:][\w:.-]*)$`)

func (d *decoder) css(n *node, what string, attr bool) *CSS {
	s, ok := d.text(n, what)
	if !ok {
		return nil
	}
	c := &CSS{Source: s}
	sel := s
	if m := cssWithAttr.FindStringSubmatch(s); m != nil && attr {
		sel, c.Attr = m[1], m[2]
	}
	if len(s) > maxExpression {
		d.fail(n, codeCSS, what+": the selector is longer than 4096 bytes", "", "")
		return nil
	}
	g, err := compileCSS(sel)
	if err != nil {
		d.fail(n, codeCSS, fmt.Sprintf("%s: %s is not a selector: %s", what, quoted(sel), err), "", `like form#login, input[name="token"]`)
		return nil
	}
	c.Sel = g
	return c
}

// compileCSS turns a panic of the library, should a selector cause one, into
// an error.
func compileCSS(sel string) (g cascadia.SelectorGroup, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not supported")
		}
	}()
	return cascadia.ParseGroup(sel)
}

func (d *decoder) jsonChecks(n *node, what string) []JSONCheck {
	var out []JSONCheck
	switch {
	case n == nil:
	case n.Kind == mappingNode:
		for k, v := range d.pairs(n) {
			if !d.jsonPath(k, what) {
				continue
			}
			c := JSONCheck{Path: k.Value}
			if !isNull(v) {
				t := d.template(v, what+": "+k.Value)
				c.Want = &t
			}
			out = append(out, c)
		}
	default:
		for _, c := range list(n) {
			if d.jsonPath(c, what) {
				out = append(out, JSONCheck{Path: c.Value})
			}
		}
	}
	return out
}

func (d *decoder) jsonPath(n *node, what string) bool {
	s, ok := d.text(n, what)
	if !ok {
		return false
	}
	if strings.TrimSpace(s) == "" || len(s) > maxExpression || !tryPath(s) {
		d.fail(n, codeJSONPath, what+": "+quoted(s)+" is not a path", "", "gjson paths: a.b.0.c")
		return false
	}
	return true
}

func tryPath(path string) (ok bool) {
	defer func() { ok = recover() == nil }()
	gjson.Get(`{"a":[{"b":1}]}`, path)
	return true
}

func (d *decoder) status(n *node, what string) []int {
	s, ok := d.text(n, what)
	if !ok {
		return nil
	}
	if len(s) == 3 && s[0] >= '1' && s[0] <= '5' && s[1:] == "xx" {
		out := make([]int, 100)
		for i := range out {
			out[i] = int(s[0]-'0')*100 + i
		}
		return out
	}
	v, err := strconv.Atoi(s)
	if err != nil || v < 100 || v > 599 {
		d.fail(n, codeNumber, what+": "+quoted(s)+" is not a status", "", "200, [200, 302] or 5xx")
		return nil
	}
	return []int{v}
}

func (d *decoder) headerChecks(n *node, what string) []HeaderCheck {
	var out []HeaderCheck
	switch {
	case n == nil:
	case n.Kind == mappingNode:
		for k, v := range d.pairs(n) {
			if !d.headerName(k, what) {
				continue
			}
			if p, ok := d.pattern(v, what+": "+k.Value); ok {
				out = append(out, HeaderCheck{Name: k.Value, Want: &p})
			}
		}
	default:
		for _, c := range list(n) {
			if _, ok := d.text(c, what); ok && d.headerName(c, what) {
				out = append(out, HeaderCheck{Name: c.Value})
			}
		}
	}
	return out
}

var token = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")

func (d *decoder) headerName(n *node, what string) bool {
	if !token.MatchString(n.Value) {
		d.fail(n, codeHeader, what+": "+quoted(n.Value)+" is not a header's name", "", "")
		return false
	}
	return true
}

var sizeForm = regexp.MustCompile(`^([0-9]{1,9}) ?(B|kB|KB|MB)?$`)

func (d *decoder) size(n *node, what string) int {
	s, ok := d.text(n, what)
	if !ok {
		return 0
	}
	m := sizeForm.FindStringSubmatch(s)
	if m == nil {
		d.fail(n, codeNumber, what+": "+quoted(s)+" is not a size", "", "bytes: 500, or 2kB")
		return 0
	}
	v, _ := strconv.Atoi(m[1])
	switch m[2] {
	case "kB", "KB":
		v *= 1000
	case "MB":
		v *= 1000 * 1000
	}
	if v < 1 || v > 1<<30 {
		d.fail(n, codeNumber, what+": "+quoted(s)+" is out of range", "", "from 1 to 1 GiB")
		return 0
	}
	return v
}

// captures reads name → source.
func (d *decoder) captures(n *node) []Capture {
	if n == nil || !d.isMapping(n, "capture") {
		return nil
	}
	var out []Capture
	for k, v := range d.pairs(n) {
		if !d.settable(k, "capture") {
			continue
		}
		if c, ok := d.capture(k, v); ok {
			out = append(out, c)
		}
		if d.events != nil {
			*d.events = append(*d.events, event{name: k.Value, sets: true, node: k})
		}
	}
	return out
}

// settable checks a name that a step gives a value to.
func (d *decoder) settable(k *node, what string) bool {
	if !freeName.MatchString(k.Value) {
		d.fail(k, codeName, what+": "+quoted(k.Value)+" cannot be a name", "", "letters, digits, _ and -")
		return false
	}
	if reservedNames[k.Value] || d.hostNamed(k.Value) {
		d.fail(k, codeName, what+": "+quoted(k.Value)+" is a name already", "it would hide the account's or the host's value", "choose another")
		return false
	}
	return true
}

func (d *decoder) hostNamed(name string) bool {
	for _, h := range d.sc.Hosts {
		if h.Name == name {
			return true
		}
	}
	return false
}

func (d *decoder) capture(k, n *node) (Capture, bool) {
	c := Capture{Name: k.Value, Line: k.Line}
	what := "capture " + k.Value
	f := d.open(n, captureTable)
	if v := f.get("css"); v != nil {
		c.CSS = d.css(v, what+": css", true)
	}
	if v := f.get("regex"); v != nil {
		c.Regex = d.groupRegex(v, what+": regex")
	}
	if v := f.get("json"); v != nil && d.jsonPath(v, what+": json") {
		c.JSON = v.Value
	}
	if v := f.get("header"); v != nil {
		if s, ok := d.text(v, what+": header"); ok && d.headerName(v, what+": header") {
			c.Header = s
		}
	}
	if v := f.get("via"); v != nil {
		c.Via = d.groupRegex(v, what+": via")
	}
	if n.Kind == mappingNode && len(f.vals) != 1 {
		d.fail(n, codeStep, fmt.Sprintf("%s has %d sources", what, len(f.vals)), "", "exactly one of css, regex, json, header, via")
		return c, false
	}
	return c, c.CSS != nil || c.Regex != nil || c.JSON != "" || c.Header != "" || c.Via != nil
}

func (d *decoder) groupRegex(n *node, what string) *regexp.Regexp {
	re := d.regex(n, what)
	if re != nil && re.NumSubexp() == 0 {
		d.fail(n, codeRegex, what+": the expression has no group", "the captured value is the first group", "put parentheses around it: ticket=([^&]+)")
		return nil
	}
	return re
}
