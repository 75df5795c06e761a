package page

import (
	"bytes"
	"io"
	"strings"

	"golang.org/x/net/html"
)

// role is what a tag does to the flow of a well-formed page.
type role uint8

const (
	unknownTag role = iota // the tree decides
	outerTag               // html, head, body
	voidTag                // holds nothing
	rawTag                 // its text is not shown
	blockTag               // ends a paragraph before it
	inlineTag
	tableTag // table, or a part of one between table and cell
	cellTag
)

// tags are those the quick reading knows; any other leaves the page to the
// tree.
var tags = map[string]role{
	"html": outerTag, "head": outerTag, "body": outerTag,
	"br": voidTag, "img": voidTag, "input": voidTag, "meta": voidTag, "link": voidTag, "base": voidTag, "wbr": voidTag,
	"script": rawTag, "style": rawTag, "noscript": rawTag,
	"address": blockTag, "article": blockTag, "aside": blockTag, "blockquote": blockTag, "center": blockTag,
	"div": blockTag, "dl": blockTag, "fieldset": blockTag, "figcaption": blockTag, "figure": blockTag,
	"footer": blockTag, "header": blockTag, "main": blockTag, "nav": blockTag, "ol": blockTag, "p": blockTag,
	"section": blockTag, "ul": blockTag, "h1": blockTag, "h2": blockTag, "h3": blockTag, "h4": blockTag,
	"h5": blockTag, "h6": blockTag, "form": blockTag, "li": blockTag, "dd": blockTag, "dt": blockTag,
	"a": inlineTag, "abbr": inlineTag, "b": inlineTag, "cite": inlineTag, "code": inlineTag, "em": inlineTag,
	"i": inlineTag, "kbd": inlineTag, "label": inlineTag, "mark": inlineTag, "q": inlineTag, "s": inlineTag,
	"small": inlineTag, "span": inlineTag, "strong": inlineTag, "sub": inlineTag, "sup": inlineTag,
	"time": inlineTag, "u": inlineTag, "button": inlineTag, "legend": inlineTag, "title": inlineTag, "textarea": inlineTag,
	"table": tableTag, "thead": tableTag, "tbody": tableTag, "tfoot": tableTag, "tr": tableTag, "td": cellTag, "th": cellTag,
}

// known is a tag of [tags], by a name that need not be allocated again.
type known struct {
	name string
	role role
}

// tagOf reads the name of a tag, after its < or </; the zero value for one that is
// not in [tags]. The tokenizer would copy the name for every tag.
func tagOf(raw []byte) known {
	var name [longestTag]byte
	for i, c := range raw {
		switch {
		case c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '/' || c == '>':
			return byName[string(name[:i])]
		case i == longestTag:
			return known{}
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		name[i] = c
	}
	return known{}
}

const longestTag = 12

var byName = func() map[string]known {
	m := make(map[string]known, len(tags))
	for name, r := range tags {
		m[name] = known{name, r}
	}
	return m
}()

// mayHide reports whether a tag may hold one of the attributes that
// [quick.attributes] looks for.
func mayHide(raw []byte) bool {
	return holdsFold(raw, "hidden") || holdsFold(raw, "style") || holdsFold(raw, "ng-init")
}

// holdsFold looks for lower-case ASCII letters and signs, in any case.
func holdsFold(b []byte, s string) bool {
	for i := 0; i+len(s) <= len(b); i++ {
		if b[i]|0x20 == s[0]|0x20 && strings.EqualFold(string(b[i:i+len(s)]), s) {
			return true
		}
	}
	return false
}

// omitted are the elements whose end tag a well-formed page may leave out.
var omitted = map[string]bool{"p": true, "li": true, "dd": true, "dt": true}

// maxQuickDepth keeps the quick reading far from the depth at which the tree
// gives up.
const maxQuickDepth = 100

// quick collects the visible text of a page from its tags alone, without a tree.
type quick struct {
	z     *html.Tokenizer
	out   strings.Builder
	open  []string // elements open, outer ones left out
	raw   string   // open element whose text is not shown
	begun bool     // something of the body was seen
}

// quickText is [Reading.visible] for a page that is well-formed and hides nothing,
// several times cheaper than its tree. ok is false for every other page; the tree
// then decides.
func quickText(b []byte) (text string, ok bool) {
	if bytes.IndexByte(b, 0) >= 0 {
		return "", false
	}
	q := quick{z: html.NewTokenizer(bytes.NewReader(b))}
	q.out.Grow(len(b) / 2)
	for {
		switch q.z.Next() {
		case html.ErrorToken:
			return q.out.String(), q.z.Err() == io.EOF
		case html.TextToken:
			ok = q.text(q.z.Text())
		case html.StartTagToken:
			ok = q.start(false)
		case html.SelfClosingTagToken:
			ok = q.start(true)
		case html.EndTagToken:
			ok = q.end()
		default: // comments and the document type
			ok = true
		}
		if !ok {
			return "", false
		}
	}
}

func (q *quick) top() string {
	if len(q.open) == 0 {
		return ""
	}
	return q.open[len(q.open)-1]
}

func (q *quick) text(t []byte) bool {
	if q.raw != "" {
		return q.raw != "style" || !invisible.Match(t)
	}
	if len(bytes.TrimSpace(t)) > 0 {
		if tags[q.top()] == tableTag {
			return false // a browser moves it out of the table
		}
		q.begun = q.begun || q.top() != "title"
	}
	q.out.Write(t)
	return true
}

func (q *quick) start(selfClosing bool) bool {
	raw := q.z.Raw()
	known := tagOf(raw[1:])
	tag, r := known.name, known.role
	if r == unknownTag {
		return false
	}
	label := ""
	if tag == "input" || mayHide(raw) {
		var ok bool
		if label, ok = q.attributes(tag); !ok {
			return false
		}
	}
	switch r {
	case outerTag:
		q.out.WriteByte(' ')
		return !q.begun && len(q.open) == 0 && !selfClosing
	case rawTag:
		if selfClosing || tags[q.top()] == tableTag {
			return false
		}
		q.raw = tag
		return true
	case voidTag:
		if tags[q.top()] == tableTag {
			return false
		}
		q.begun = q.begun || tag == "br" || tag == "img" || tag == "input" || tag == "wbr"
		q.separate(tag)
		q.out.WriteString(label)
		q.separate(tag)
		return true
	}
	if selfClosing || len(q.open) == maxQuickDepth || !q.place(tag, r) {
		return false
	}
	q.begun = q.begun || tag != "title"
	q.separate(tag)
	q.open = append(q.open, tag)
	return true
}

// separate ends the word before a tag that does not join.
func (q *quick) separate(tag string) {
	if !joined[tag] {
		q.out.WriteByte(' ')
	}
}

// attributes looks for what hides an element or shows an attribute as text. It
// gives the label of a button.
func (q *quick) attributes(tag string) (label string, ok bool) {
	var kind, value []byte
	var hasKind, hasValue bool
	for more := true; more; {
		var k, v []byte
		k, v, more = q.z.TagAttr()
		switch string(k) {
		case "hidden", "ng-init", "data-ng-init", "x-ng-init":
			return "", false
		case "style":
			if invisible.Match(v) {
				return "", false
			}
		case "type":
			if !hasKind {
				kind, hasKind = v, true
			}
		case "value":
			if !hasValue {
				value, hasValue = v, true
			}
		}
	}
	if tag != "input" {
		return "", true
	}
	switch strings.ToLower(string(kind)) {
	case "hidden":
		return "", true
	case "submit", "button", "reset":
		return " " + string(value) + " ", true
	}
	return "", true
}

// place makes room for an element as a browser does in well-formed pages; false
// when it would have to mend something.
func (q *quick) place(tag string, r role) bool {
	top := q.top()
	switch r {
	case tableTag, cellTag:
		return q.placeInTable(tag, top)
	case blockTag:
		if top == "p" {
			q.pop()
		} else if q.has("p") {
			return false
		}
	}
	if tags[q.top()] == tableTag {
		return false
	}
	switch tag {
	case "li":
		return q.item("li", "ul", "ol")
	case "dd", "dt":
		return q.item("dd", "dl") && q.item("dt", "dl")
	case "a", "button", "form":
		return !q.has(tag)
	case "h1", "h2", "h3", "h4", "h5", "h6":
		top = q.top()
		return len(top) != 2 || top[0] != 'h'
	}
	return true
}

// item ends the item before a new one of the same list.
func (q *quick) item(name string, lists ...string) bool {
	if q.top() == name {
		q.pop()
		return true
	}
	for i := len(q.open) - 1; i >= 0; i-- {
		for _, l := range lists {
			if q.open[i] == l {
				return true
			}
		}
		if q.open[i] == name {
			return false
		}
	}
	return true
}

func (q *quick) placeInTable(tag, top string) bool {
	switch tag {
	case "table":
		return tags[top] != tableTag && !q.has("p")
	case "thead", "tbody", "tfoot":
		return top == "table"
	case "tr":
		return top == "table" || top == "thead" || top == "tbody" || top == "tfoot"
	}
	return top == "tr"
}

func (q *quick) has(tag string) bool {
	for _, o := range q.open {
		if o == tag {
			return true
		}
	}
	return false
}

func (q *quick) pop() {
	q.separate(q.top())
	q.open = q.open[:len(q.open)-1]
}

func (q *quick) end() bool {
	tag := tagOf(q.z.Raw()[2:]).name
	if q.raw != "" {
		if tag != q.raw {
			return false
		}
		q.raw = ""
		return true
	}
	if tags[tag] == outerTag {
		return true // what follows still goes where it went
	}
	if r := tags[tag]; (r == blockTag || r == tableTag || r == cellTag) && tag != "p" {
		for omitted[q.top()] && q.top() != tag {
			q.pop()
		}
	}
	if tag == "" || q.top() != tag {
		return false
	}
	q.pop()
	return true
}
