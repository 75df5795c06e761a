package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// Bounds on the forms of one page.
const (
	maxForms    = 100
	maxControls = 2000
)

// form is a form with the controls that belong to it, in document order.
type form struct {
	node     *html.Node
	controls []*html.Node
}

// allForms finds the forms of the page and the owner of every control: the
// form around it, the one its form attribute names, or, inside a table, the
// form whose tags the parser had to move (a browser keeps that link).
func (p *Page) allForms() []*form {
	r := p.reading()
	r.forming.Do(func() { r.forms = formsOf(r.document()) })
	return r.forms
}

func formsOf(doc *html.Node) (forms []*form) {
	if doc == nil {
		return nil
	}
	byNode, byID := map[*html.Node]*form{}, map[string]*form{}
	for n := range elements(doc) {
		if n.Data != "form" || len(forms) == maxForms || inTemplate(n) {
			continue
		}
		f := &form{node: n}
		forms = append(forms, f)
		byNode[n] = f
		if id := attr(n, "id"); id != "" && byID[id] == nil {
			byID[id] = f
		}
	}
	if len(forms) == 0 {
		return nil
	}
	var moved *form
	total := 0
	for n := range elements(doc) {
		if f := byNode[n]; f != nil && n.FirstChild == nil && inTable(n) {
			moved = f
		}
		if !isControl(n) || total == maxControls || inTemplate(n) {
			continue
		}
		if f := owner(n, byNode, byID, moved); f != nil {
			f.controls = append(f.controls, n)
			total++
		}
	}
	return forms
}

func owner(n *html.Node, byNode map[*html.Node]*form, byID map[string]*form, moved *form) *form {
	if id, ok := attrOK(n, "form"); ok {
		return byID[id]
	}
	for up := n.Parent; up != nil; up = up.Parent {
		if f := byNode[up]; f != nil {
			return f
		}
	}
	if moved != nil {
		for up := n.Parent; up != nil; up = up.Parent {
			if up == tableOf(moved.node) {
				return moved
			}
		}
	}
	return nil
}

func tableOf(n *html.Node) *html.Node {
	for n = n.Parent; n != nil && n.Data != "table"; n = n.Parent {
	}
	return n
}

func inTable(n *html.Node) bool { return tableOf(n) != nil }

func inTemplate(n *html.Node) bool {
	for n = n.Parent; n != nil; n = n.Parent {
		if n.Data == "template" {
			return true
		}
	}
	return false
}

func isControl(n *html.Node) bool {
	switch n.Data {
	case "input", "select", "textarea", "button":
		return n.Namespace == ""
	}
	return false
}

// kind is the type of a control, lower case.
func kind(n *html.Node) string {
	switch n.Data {
	case "input":
		if t := strings.ToLower(strings.TrimSpace(attr(n, "type"))); t != "" {
			return t
		}
		return "text"
	case "button":
		if t := strings.ToLower(strings.TrimSpace(attr(n, "type"))); t == "button" || t == "reset" {
			return t
		}
		return "submit"
	}
	return n.Data
}

func isButton(n *html.Node) bool {
	switch kind(n) {
	case "submit", "image", "button", "reset":
		return true
	}
	return false
}

func disabled(n *html.Node) bool {
	if _, ok := attrOK(n, "disabled"); ok {
		return true
	}
	for up, below := n.Parent, n; up != nil; below, up = up, up.Parent {
		if up.Data != "fieldset" {
			continue
		}
		if _, ok := attrOK(up, "disabled"); ok && below.Data != "legend" {
			return true
		}
	}
	return false
}

// holds gives the control a person would type this field into: the first one
// that can be typed in, else the first of that name; nil for none.
func (p *Page) holds(f *form, name string) *html.Node {
	var any *html.Node
	for _, c := range f.controls {
		if attr(c, "name") != name || kind(c) == "button" || kind(c) == "reset" {
			continue
		}
		if p.typable(c) {
			return c
		}
		if any == nil && !disabled(c) {
			any = c
		}
	}
	return any
}

// typable reports whether a person can change the control.
func (p *Page) typable(n *html.Node) bool {
	if isButton(n) || kind(n) == "hidden" || disabled(n) || within(n, p.unseen()) {
		return false
	}
	_, readonly := attrOK(n, "readonly")
	return !readonly
}

// HasForm reports whether a form of the page can be typed these fields in: the
// form just submitted came back.
func (p *Page) HasForm(fields []string) bool {
	if len(fields) == 0 {
		return false
	}
	return slices.ContainsFunc(p.allForms(), func(f *form) bool { return p.allTypable(f, fields) })
}

// AsksPassword reports whether a password can be typed into a form of the page.
func (p *Page) AsksPassword() bool {
	return slices.ContainsFunc(p.allForms(), func(f *form) bool {
		return slices.ContainsFunc(f.controls, func(n *html.Node) bool { return kind(n) == "password" && p.typable(n) })
	})
}

func (p *Page) allTypable(f *form, fields []string) bool {
	for _, name := range fields {
		if c := p.holds(f, name); c == nil || !p.typable(c) {
			return false
		}
	}
	return true
}

func (p *Page) holdsAll(f *form, fields []string) bool {
	for _, name := range fields {
		if p.holds(f, name) == nil {
			return false
		}
	}
	return true
}

// find picks the form to submit: the forms that hold every field named; among
// several, those where these fields can be typed in; among several still, those
// that can be seen.
func (p *Page) find(in string, fields []string) (*form, error) {
	all := p.allForms()
	if in != "" {
		return p.findIn(in)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("the page holds no form%s", p.scriptHint())
	}
	left := slices.DeleteFunc(slices.Clone(all), func(f *form) bool { return !p.holdsAll(f, fields) })
	if len(left) == 0 {
		return nil, fmt.Errorf("no form holds the fields %s; the page has %s", strings.Join(fields, ", "), describe(all))
	}
	narrow := func(keep func(*form) bool) {
		if len(left) < 2 {
			return
		}
		left = slices.DeleteFunc(left, func(f *form) bool { return !keep(f) })
	}
	several := len(left)
	narrow(func(f *form) bool { return p.allTypable(f, fields) })
	narrow(func(f *form) bool { return !within(f.node, p.unseen()) })
	if len(left) == 1 {
		return left[0], nil
	}
	return nil, fmt.Errorf(`%d forms would do; the page has %s; name one: in: "#css"`, several, describe(all))
}

func (p *Page) scriptHint() string {
	if _, scripts := p.Blank(); scripts {
		return " (a script may draw it: write the request as post with form)"
	}
	return ""
}

// findIn picks a form by CSS: the form selected, or the one around or below
// the node selected.
func (p *Page) findIn(in string) (*form, error) {
	sel, err := cascadia.ParseGroup(in)
	if err != nil {
		return nil, fmt.Errorf("in: %q is no CSS selector", in)
	}
	doc := p.document()
	if doc == nil {
		return nil, fmt.Errorf("the answer is not an HTML page")
	}
	for _, n := range cascadia.QueryAll(doc, sel) {
		for _, f := range p.allForms() {
			if related(f.node, n) {
				return f, nil
			}
		}
	}
	return nil, fmt.Errorf("in: %q selects no form; the page has %s", in, describe(p.allForms()))
}

// related: the same node, or one around the other.
func related(a, b *html.Node) bool {
	for n := a; n != nil; n = n.Parent {
		if n == b {
			return true
		}
	}
	for n := b; n != nil; n = n.Parent {
		if n == a {
			return true
		}
	}
	return false
}

// describe lists forms and the names of their fields, bounded, no values.
func describe(all []*form) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d form(s):", len(all))
	for i, f := range all[:min(len(all), 5)] {
		fmt.Fprintf(&b, " %d", i+1)
		if id := attr(f.node, "id"); id != "" {
			fmt.Fprintf(&b, " #%s", clip(id, 40))
		}
		b.WriteString(" (")
		n := 0
		for _, c := range f.controls {
			name := attr(c, "name")
			if name == "" || n == 12 {
				continue
			}
			if n++; n > 1 {
				b.WriteString(", ")
			}
			b.WriteString(clip(name, 40))
		}
		b.WriteString(")")
	}
	return b.String()
}

func clip(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
