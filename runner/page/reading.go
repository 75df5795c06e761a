package page

import (
	"bytes"
	"mime"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/tidwall/gjson"
	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// Reading is what the bytes of an answer say, whoever received them: the tree,
// the text, the forms, each computed when first asked for and never changed
// afterwards. It is safe for concurrent use; see [Page.Share].
type Reading struct {
	raw    []byte // at most MaxBody is looked at
	kind   string // Content-Type
	html   bool
	shared atomic.Bool // several pages have it

	parsing sync.Once
	doc     *html.Node
	hiding  sync.Once
	hidden  map[*html.Node]bool
	texting sync.Once
	text    string
	source  struct {
		sync.Once
		text string
	}
	forming sync.Once
	forms   []*form
	checked sync.Once
	jsonOK  bool
}

// NewReading reads an answer of the content type. It keeps the bytes, which must
// not change any more.
func NewReading(contentType string, body []byte) *Reading {
	r := &Reading{raw: body[:min(len(body), MaxBody)], kind: contentType}
	r.html = isHTML(contentType, body)
	return r
}

// Shared notes that several pages have the reading, which [Page.Compact] then
// leaves alone.
func (r *Reading) Shared() *Reading {
	r.shared.Store(true)
	return r
}

func isHTML(contentType string, body []byte) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	switch kind {
	case "text/html", "application/xhtml+xml":
		return true
	case "":
		start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 512)]))
		return len(start) == 0 || bytes.HasPrefix(start, []byte("<!doctype html")) ||
			bytes.HasPrefix(start, []byte("<html")) || bytes.HasPrefix(start, []byte("<head")) ||
			bytes.HasPrefix(start, []byte("<body"))
	}
	return false
}

// body is the part of the body that is looked at, in UTF-8.
func (r *Reading) body() []byte {
	if utf8.Valid(r.raw) {
		return r.raw
	}
	enc, _, _ := charset.DetermineEncoding(r.raw, r.kind)
	out, err := enc.NewDecoder().Bytes(r.raw)
	if err != nil {
		return bytes.ToValidUTF8(r.raw, []byte("\uFFFD"))
	}
	return out[:min(len(out), MaxBody)]
}

// document parses the page; nil when it is not HTML or cannot be parsed.
func (r *Reading) document() *html.Node {
	r.parsing.Do(func() {
		if r.html {
			r.doc = parse(cutTags(r.body()))
		}
	})
	return r.doc
}

// unseen are the roots of what a reader does not see.
func (r *Reading) unseen() map[*html.Node]bool {
	r.hiding.Do(func() { r.hidden = hiddenNodes(r.document()) })
	return r.hidden
}

// isJSON reports whether the body is JSON, and not nested too deeply.
func (r *Reading) isJSON() bool {
	r.checked.Do(func() { r.jsonOK = len(r.raw) > 0 && shallow(r.raw) && gjson.ValidBytes(r.raw) })
	return r.jsonOK
}
