package page

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Bounds on what is looked at in one page.
const (
	MaxBody  = 2 << 20 // bytes
	maxTags  = 60_000  // HTML is cut at this many '<'
	maxDepth = 256     // nesting of JSON
)

// Page is the end of an exchange and its redirects.
type Page struct {
	Final  *url.URL // address of the page shown
	Hops   []string // every address visited, in order, the Location of a redirect not followed included
	Status int
	Header http.Header
	Body   []byte // decoded, at most MaxBody is looked at
	// Cookie gives a cookie the person now holds; nil: none.
	Cookie func(name string) (string, bool)

	read *Reading // what the bytes say; nil: not looked at yet
}

// IsHTML reports whether a browser would show the body as a document.
func (p *Page) IsHTML() bool { return p.reading().html }

func (p *Page) reading() *Reading {
	if p.read == nil {
		p.read = NewReading(p.Header.Get("Content-Type"), p.Body)
	}
	return p.read
}

// Share gives the page a reading of the same content type and bytes, so that
// pages that are alike for everybody are read once. It must be called before
// anything else.
func (p *Page) Share(r *Reading) { p.read = r }

func (p *Page) body() []byte                { return p.reading().body() }
func (p *Page) document() *html.Node        { return p.reading().document() }
func (p *Page) unseen() map[*html.Node]bool { return p.reading().unseen() }
func (p *Page) visible(title bool) string   { return p.reading().visible(title) }

// parse never panics: the parser gives up by panicking on a tree that is too
// deep, and such a page has no document.
func parse(b []byte) (doc *html.Node) {
	defer func() {
		if recover() != nil {
			doc = nil
		}
	}()
	doc, err := html.Parse(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	return doc
}

// cutTags bounds the number of nodes a page can make.
func cutTags(b []byte) []byte {
	rest, n := b, 0
	for {
		i := bytes.IndexByte(rest, '<')
		if i < 0 {
			return b
		}
		if n++; n > maxTags {
			return b[:len(b)-len(rest)+i]
		}
		rest = rest[i+1:]
	}
}

// Title is the page's title, or the first words of its text; at most 160
// characters. It comes from the target: take secrets out before keeping it.
func (p *Page) Title() string {
	title := ""
	if doc := p.document(); doc != nil {
		if n := first(doc, "title"); n != nil {
			title = normalise(rawText(n))
		}
	}
	if title == "" {
		title = p.Text()
	}
	if r := []rune(title); len(r) > 160 {
		title = string(r[:159]) + "…"
	}
	return title
}

// Compact drops what was computed for this page alone, so that a page kept while
// its person thinks is no larger than its bytes.
func (p *Page) Compact() {
	if p.read != nil && !p.read.shared.Load() {
		p.read = nil
	}
	if cap(p.Body) > len(p.Body)+len(p.Body)/4 {
		p.Body = bytes.Clone(p.Body)
	}
}

// Drop leaves the address and the status.
func (p *Page) Drop() {
	p.read, p.Body, p.Header, p.Hops = nil, nil, nil, nil
}

// base is what relative addresses of the page start from.
func (p *Page) base() *url.URL {
	doc := p.document()
	if doc == nil || p.Final == nil {
		return p.Final
	}
	if n := first(doc, "base"); n != nil {
		if u, err := p.Final.Parse(strings.TrimSpace(attr(n, "href"))); err == nil && web(u) {
			return u
		}
	}
	return p.Final
}

// resolve gives an absolute http(s) address named by the page, without its
// fragment.
func (p *Page) resolve(ref string) (*url.URL, bool) {
	base := p.base()
	if base == nil {
		return nil, false
	}
	u, err := base.Parse(cleanRef(ref))
	if err != nil || !web(u) {
		return nil, false
	}
	u.Fragment, u.RawFragment = "", ""
	return u, true
}

// cleanRef does what browsers do to an address before reading it.
func cleanRef(ref string) string {
	ref = strings.TrimSpace(ref)
	if strings.ContainsAny(ref, "\t\r\n") {
		ref = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(ref)
	}
	return strings.ReplaceAll(ref, " ", "%20")
}

func web(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
