package html

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"

	"firstbell/report"
	"firstbell/report/catalog"
)

//go:embed page/*
var assets embed.FS

var pages = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(assets, "page/*.gohtml"))
})

// Render writes the report of a run: lang is "fr" or "en", anything else is
// French. The page is complete or nothing is written.
func Render(w io.Writer, s *report.Summary, lang string) error {
	c := catalog.For(lang)
	f, err := newFacts(s, c)
	if err != nil {
		return fmt.Errorf("rendering the report: %w", err)
	}
	p := newBuilder(s, f).page()
	if f.err != nil {
		return fmt.Errorf("rendering the report: %w", f.err)
	}
	var b bytes.Buffer
	if err := pages().ExecuteTemplate(&b, "page.gohtml", p); err != nil {
		return fmt.Errorf("rendering the report: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// builder turns a Summary into the parts of the page.
type builder struct {
	s *report.Summary
	f *facts
	c *catalog.Catalog
}

func newBuilder(s *report.Summary, f *facts) *builder { return &builder{s, f, f.c} }

// Page is what the templates print.
type Page struct {
	c        *catalog.Catalog
	Lang     string
	Title    string
	Policy   string
	Style    template.HTML
	Script   template.HTML
	Patterns template.HTML
	Run      report.RunInfo
	One      One
	Sections []Section
	Island   any
}

// T is a text of the catalogue.
func (p *Page) T(key string) string { return p.c.Text(key) }

// Colon ends a label, with the language's space before it.
func (p *Page) Colon() string { return strings.TrimRight(p.c.Colon(), " ") }

// Section is one part of the evidence after page one.
type Section struct {
	ID    string
	Title string
	Parts []Part
}

// Part is a piece of a section; one of its fields is set.
type Part struct {
	Heading string
	Text    Words
	List    []Words
	Table   *Table
	Folded  string // the table waits behind this summary
	Figure  *Figure
	Facts   []Fact
	Links   []Link
	Sign    *Sign
	Boxes   []Box
	Sample  string
}

// Fact is a label and what it names.
type Fact struct {
	Label string
	Words Words
	Code  bool // written in fixed width
}

// Link is a file held in the page itself.
type Link struct {
	Text, Name string
	Href       template.URL
}

func (b *builder) page() *Page {
	style, styleHash := inline("style", "page/style.css", footer(b.s.Run.ID))
	script, scriptHash := inline("script", "page/script.js", "")
	p := &Page{
		c: b.c, Lang: b.c.Lang(), Style: style, Script: script, Patterns: patterns(), Run: b.s.Run,
		Policy: "default-src 'none'; style-src '" + styleHash + "'; script-src '" + scriptHash +
			"'; img-src data:; base-uri 'none'; form-action 'none'",
		One: b.one(), Sections: b.sections(), Island: b.island(),
	}
	p.Title = p.One.Verdict + " · " + b.s.Run.Name + " · " + b.c.DateTime(b.s.Run.Started)
	return p
}

func (b *builder) sections() []Section {
	out := []Section{b.plainly(), b.load(), b.storm(), b.outcomeSection(), b.durations(), b.groups()}
	if b.s.Session != nil {
		out = append(out, b.recovery(), b.capacity(), b.why())
	}
	return append(out, b.tool(), b.proof())
}

// footer is the foot of each printed page: the run and the page.
func footer(id string) string {
	plain := strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, id)
	plain = plain[:min(len(plain), 40)]
	return "@page{@bottom-left{content:\"firstbell · " + plain + "\"}@bottom-right{content:counter(page) \" / \" counter(pages)}}"
}

// inline is an asset, with more at its end, as an element, and the hash the
// policy allows it by.
func inline(element, name, more string) (template.HTML, string) {
	src, err := assets.ReadFile(name)
	if err != nil {
		panic(err) // embedded: cannot be missing
	}
	src = append(src, more...)
	sum := sha256.Sum256(src)
	return template.HTML("<" + element + ">" + string(src) + "</" + element + ">"),
		"sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// section starts one.
func (b *builder) section(id string, parts ...Part) Section {
	return Section{ID: id, Title: b.c.Text("html." + id), Parts: parts}
}
