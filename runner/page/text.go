package page

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	xhtml "golang.org/x/net/html"
)

// Text is what a reader sees, see the package documentation.
func (p *Page) Text() string { return p.reading().seen() }

// Source is the whole body with entities decoded, white space collapsed and ’
// read as '.
func (p *Page) Source() string { return p.reading().decoded() }

func (r *Reading) seen() string {
	r.texting.Do(func() {
		if r.html {
			if text, ok := quickText(cutTags(r.body())); ok {
				r.text = normalise(text)
				return
			}
		}
		if r.document() != nil {
			r.text = normalise(r.visible(true))
		} else {
			r.text = r.decoded()
		}
	})
	return r.text
}

func (r *Reading) decoded() string {
	r.source.Do(func() { r.source.text = normalise(html.UnescapeString(string(r.body()))) })
	return r.source.text
}

// Blank reports whether a reader would see an empty page: HTML without visible
// text, form control or picture. scripts says whether the page holds scripts
// that may still draw something, or send a form as soon as it is loaded
// (<body onload>, as SAML pages do).
func (p *Page) Blank() (blank, scripts bool) {
	if !p.IsHTML() {
		return false, false
	}
	doc := p.document()
	if doc == nil {
		return len(strings.TrimSpace(string(p.Body))) == 0, false
	}
	for n := range elements(doc) {
		switch n.Data {
		case "script":
			scripts = true
		case "body", "frameset":
			scripts = scripts || strings.TrimSpace(attr(n, "onload")) != ""
		case "input", "select", "textarea", "button", "img", "svg", "canvas", "video", "object", "embed", "iframe", "frame":
			if !within(n, p.unseen()) {
				return false, scripts
			}
		}
	}
	return normalise(p.visible(false)) == "", scripts
}

// joined are the elements that do not separate words.
var joined = map[string]bool{
	"a": true, "abbr": true, "b": true, "bdi": true, "bdo": true, "cite": true, "code": true,
	"data": true, "dfn": true, "em": true, "font": true, "i": true, "kbd": true, "label": true,
	"mark": true, "q": true, "s": true, "samp": true, "small": true, "span": true, "strong": true,
	"sub": true, "sup": true, "time": true, "tt": true, "u": true, "var": true, "wbr": true,
}

// visible collects the text a reader sees.
func (r *Reading) visible(title bool) string {
	var b strings.Builder
	hidden := r.unseen()
	var visit func(n *xhtml.Node)
	visit = func(n *xhtml.Node) {
		if n.Type == xhtml.TextNode {
			b.WriteString(n.Data)
			return
		}
		if n.Type == xhtml.ElementNode {
			if hidden[n] || n.Data == "script" || n.Data == "style" || (n.Data == "title" && !title) {
				return
			}
			b.WriteString(drawn(n))
			if !joined[n.Data] {
				b.WriteByte(' ')
				defer b.WriteByte(' ')
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c)
		}
	}
	visit(r.document())
	return b.String()
}

// drawn is text a reader sees that stands in an attribute.
func drawn(n *xhtml.Node) string {
	out := ""
	for i := range n.Attr {
		switch n.Attr[i].Key {
		case "ng-init", "data-ng-init", "x-ng-init":
			out += " " + n.Attr[i].Val + " "
		}
	}
	if n.Data == "input" {
		switch strings.ToLower(attr(n, "type")) {
		case "submit", "button", "reset":
			out += " " + attr(n, "value") + " "
		}
	}
	return out
}

// normalise collapses white space (no-break spaces too) and reads ’ as '.
func normalise(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		switch {
		case r > ' ' && r < utf8.RuneSelf: // nearly all: drawn as it is
		case unicode.IsSpace(r) || r == '\u202f' || r == '\u00a0':
			space = b.Len() > 0
			continue
		case r == '\u200b' || r == '\ufeff' || r == '\u00ad':
			continue // nothing is drawn
		case r == '’' || r == '‘' || r == 'ʼ':
			r = '\''
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
