package markdown

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"firstbell/report"
	"firstbell/report/catalog"
)

// Limit is the most bytes Write gives: what job summaries and comments take.
const Limit = 60_000

// Write writes the Summary as Markdown.
func Write(w io.Writer, s *report.Summary, lang string) error {
	d := &document{s: s, c: catalog.For(lang)}
	d.lead()
	d.criteria()
	d.gates()
	d.outcomes()
	_, err := io.WriteString(w, bounded(d.b.String(), "\n\n"+d.c.Text("face.cut_markdown")+"\n"))
	return err
}

// mostLosses are told here; all are in the report.
const mostLosses = 10

type document struct {
	b strings.Builder
	s *report.Summary
	c *catalog.Catalog
}

func (d *document) printf(format string, args ...any) { fmt.Fprintf(&d.b, format, args...) }

func (d *document) lead() {
	p := d.c.PageOne(d.s)
	d.printf("## %s %s\n\n", p.Symbol, plain(p.Verdict))
	d.printf("%s · %s `%s`\n\n", plain(d.s.Run.Name), d.c.Text("face.run"), strings.ReplaceAll(d.s.Run.ID, "`", ""))
	for _, l := range p.Lead {
		d.printf("%s\n", plain(l.String()))
	}
	if held := d.c.HeldLine(d.s); len(held) > 0 {
		d.printf("\n**%s**\n", held.String())
	}
	for _, l := range []catalog.Sentence{p.Outside, p.Rates} {
		if len(l) > 0 {
			d.printf("%s\n", plain(l.String()))
		}
	}
	d.printf("\n")
	for _, n := range p.Numbers {
		d.printf("- **%s** %s\n", n.Value.String(), n.Label)
	}
	d.printf("\n")
	for _, a := range p.Actions {
		d.printf("- **%s**%s%s\n", a.Who, d.c.Colon(), plain(a.Text))
	}
	for _, l := range p.Limits {
		d.printf("\n%s\n", plain(l.String()))
	}
	if line := d.c.Servers(d.s); line != "" {
		d.printf("\n%s\n", plain(line))
	}
}

func (d *document) criteria() {
	if len(d.s.Criteria) == 0 {
		return
	}
	d.printf("\n| %s | %s | %s | %s | %s |\n| --- | --- | --- | --- | --- |\n", d.c.Text("face.criterion"),
		d.c.Text("face.result"), d.c.Text("face.required"), d.c.Text("face.measured"), d.c.Text("face.severity"))
	for _, x := range catalog.CriteriaByResult(d.s.Criteria) {
		measured := d.c.Measured(x)
		if ci := d.c.Interval(x.CI95, x.Threshold, x.Format); ci != "" && ci != measured {
			measured += " (" + ci + ")"
		}
		d.printf("| %s | %s %s | %s | %s | %s |\n", plain(d.c.CriterionName(x)), catalog.Mark(x.Status),
			d.c.Text("status."+string(x.Status)), plain(d.c.Required(x)), measured, d.c.Text("severity."+x.Severity))
	}
}

func (d *document) gates() {
	d.printf("\n%s\n\n", plain(d.c.PageOne(d.s).Validity.String()))
	for _, g := range d.s.Validity {
		d.printf("- %s %s %s – %s\n", catalog.Mark(g.Status), g.ID, d.c.Text("gate."+g.ID), plain(d.c.GateFinding(g)))
	}
	for _, l := range d.c.FleetLines(d.s, mostLosses) {
		d.printf("- %s\n", plain(l.String()))
	}
	if d.s.Session == nil {
		d.printf("\n%s\n", d.c.Text("face.capacity"))
	}
}

func (d *document) outcomes() {
	d.printf("\n<details><summary>%s</summary>\n\n| %s | %s | %s | %s |\n| --- | ---: | ---: | ---: |\n", d.c.Text("face.outcomes"),
		d.c.Text("face.outcomes"), d.c.Text("people"), d.c.Text("face.share"), d.c.Text("attempts"))
	for _, o := range report.Outcomes() {
		share := "–"
		if x := d.s.PeopleShare.Of(o); x.Known() {
			share = d.c.Percent(x)
		}
		d.printf("| %s | %s | %s | %s |\n", d.c.Outcome(d.s, o), d.c.Uint(d.s.People.Of(o)), share, d.c.Uint(d.s.Attempts.Of(o)))
	}
	d.printf("\n</details>\n")
}

// plain keeps a text from outside (names, targets, groups) from being read as
// Markdown or HTML.
func plain(s string) string {
	return strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "\\|", "\n", " ", "\r", " ", "`", "\\`", "[", "\\[", "]", "\\]",
		"*", "\\*", "!", "\\!", "@", "@\u200b",
	).Replace(s)
}

// bounded cuts a document at a line, and says so.
func bounded(s, tail string) string {
	if len(s) <= Limit {
		return s
	}
	s = s[:Limit-len(tail)]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	if i := strings.LastIndexByte(s, '\n'); i > 0 {
		s = s[:i]
	}
	return s + tail
}
