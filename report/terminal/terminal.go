package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"firstbell/report"
	"firstbell/report/catalog"
)

// Options say how to print.
type Options struct {
	Lang   string // "fr" or "en"
	Width  int    // columns; 0 is 80, less than 40 counts as 40
	Colour bool
	Report string // path of report.html; "" prints none
}

// Write prints the end of a run. Lines fit the width, but for paths, which are
// never cut.
func Write(w io.Writer, s *report.Summary, o Options) error {
	p := newPrinter(s, o)
	if err := p.outcomes(); err != nil {
		return err
	}
	if err := p.criteria(); err != nil {
		return err
	}
	p.gates()
	p.verdict()
	return p.flush(w)
}

func newPrinter(s *report.Summary, o Options) *printer {
	if o.Width == 0 {
		o.Width = 80
	}
	return &printer{s: s, c: catalog.For(o.Lang), o: o, width: max(40, o.Width)}
}

// flush writes all that was printed.
func (p *printer) flush(w io.Writer) error {
	for line := range strings.Lines(p.b.String()) {
		if _, err := io.WriteString(w, trimmed(line)+"\n"); err != nil {
			return err
		}
	}
	return nil
}

const reset = "\x1b[0m"

// trimmed takes the table's padding off the end of a line, also inside colour.
func trimmed(line string) string {
	line = strings.TrimRight(line, " \n")
	if inner, ok := strings.CutSuffix(line, reset); ok {
		return strings.TrimRight(inner, " ") + reset
	}
	return line
}

// printer collects the text; a strings.Builder never fails.
type printer struct {
	b     strings.Builder
	s     *report.Summary
	c     *catalog.Catalog
	o     Options
	width int
}

// table starts a borderless table of plain cells.
func (p *printer) table(align ...tw.Align) *tablewriter.Table {
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
		Alignment:  tw.CellAlignment{PerColumn: align},
		Padding:    tw.CellPadding{Global: tw.Padding{Right: "  ", Overwrite: true}},
	}
	return tablewriter.NewTable(&p.b,
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithConfig(tablewriter.Config{Header: cell, Row: cell}),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
	)
}

func (p *printer) outcomes() error {
	t := p.table(tw.AlignLeft, tw.AlignRight, tw.AlignRight)
	title := p.c.Text("face.outcomes") + " (" + p.c.Clock(p.s.Run.PlayFrom) + "–" + p.c.Clock(p.s.Run.PlayTo) + ")"
	t.Header(title, p.c.Text("face.n"), p.c.Text("face.share"))
	for _, o := range report.Outcomes() {
		n := p.s.People.Of(o)
		if n == 0 && o != "in_time" {
			continue
		}
		if err := t.Append(p.c.Outcome(p.s, o), p.c.Uint(n), p.share(o)); err != nil {
			return err
		}
	}
	return t.Render()
}

func (p *printer) share(outcome string) string {
	if d := p.s.PeopleShare.Of(outcome); d.Known() {
		return p.c.Percent(d)
	}
	return "–"
}

func (p *printer) criteria() error {
	p.line("")
	if len(p.s.Criteria) == 0 {
		p.line(p.c.Text("face.no_criteria"))
		return nil
	}
	t := p.table(tw.AlignLeft, tw.AlignRight, tw.AlignRight, tw.AlignLeft)
	rows := p.rows()
	name := p.width - widest(rows, 1) - widest(rows, 2) - widest(rows, 3) - 4*2
	for i, r := range rows {
		if i == 0 {
			t.Header(r[0], r[1], r[2], r[3])
			continue
		}
		x := catalog.CriteriaByResult(p.s.Criteria)[i-1]
		if utf8.RuneCountInString(r[0]) > max(12, name) {
			r[0] = middle(p.c.ShortName(x), max(12, name))
		}
		r[3] = p.paint(x.Status, r[3])
		if err := t.Append(r[0], r[1], r[2], r[3]); err != nil {
			return err
		}
	}
	return t.Render()
}

// rows is the criteria table with its header, before names are fitted.
func (p *printer) rows() [][4]string {
	rows := [][4]string{{
		p.c.Text("face.criterion"), p.c.Text("face.required"), p.c.Text("face.measured"), p.c.Text("face.result"),
	}}
	for _, x := range catalog.CriteriaByResult(p.s.Criteria) {
		measured := p.c.Measured(x)
		if p.width >= 80 && x.CI95[0].Known() {
			if lo, hi := p.c.Ends(x); lo != hi {
				measured += " [" + lo + " – " + hi + "]"
			}
		}
		rows = append(rows, [4]string{
			p.c.CriterionName(x), sign(x.Relation) + " " + p.c.Threshold(x.Threshold, x.Format), measured,
			catalog.Mark(x.Status) + " " + p.c.Text("status."+string(x.Status)),
		})
	}
	return rows
}

func sign(relation string) string {
	switch relation {
	case "<=":
		return "≤"
	case ">=":
		return "≥"
	}
	return relation
}

func widest(rows [][4]string, column int) int {
	w := 0
	for _, r := range rows {
		w = max(w, utf8.RuneCountInString(r[column]))
	}
	return w
}

// middle shortens a name in its middle, never a number.
func middle(s string, width int) string {
	r := []rune(s)
	if len(r) <= width {
		return s
	}
	head := (width - 1) / 2
	return string(r[:head]) + "…" + string(r[len(r)-(width-1-head):])
}

// gates prints how many checks passed, and each that did not with what it
// measured.
func (p *printer) gates() {
	met := 0
	for _, g := range p.s.Validity {
		if g.Status == report.Met {
			met++
		}
	}
	p.line("")
	p.line(fmt.Sprintf("%s  %d/%d", p.c.Text("face.gates"), met, len(p.s.Validity)))
	for _, g := range p.s.Validity {
		if g.Status == report.Met {
			continue
		}
		p.wrap("  ", p.paint(g.Status, catalog.Mark(g.Status)+" "+g.ID)+" "+p.c.Text("gate."+g.ID)+" – "+p.c.GateFinding(g))
	}
	for _, l := range p.c.FleetLines(p.s, mostLosses) {
		p.wrap("  ", l.String())
	}
}

// mostLosses are told here; all are in the report.
const mostLosses = 3

func (p *printer) verdict() {
	page := p.c.PageOne(p.s)
	p.line("")
	if p.s.Session == nil {
		p.wrap("", p.c.Text("face.capacity"))
	}
	for _, l := range page.Lead {
		p.wrap("", l.String())
	}
	for _, l := range []catalog.Sentence{page.Outside, page.Rates} {
		if len(l) > 0 {
			p.wrap("", l.String())
		}
	}
	if p.s.Session != nil {
		for _, l := range page.Limits {
			p.wrap("", l.String())
		}
		if line := p.c.Servers(p.s); line != "" {
			p.wrap("", line)
		}
	}
	for _, a := range page.Actions {
		p.wrap("  ", "→ "+a.Who+p.c.Colon()+a.Text)
	}
	p.line("")
	p.last(page)
	if p.o.Report != "" {
		p.line("  " + p.c.Text("face.report") + "  " + p.o.Report)
	}
}

// last is the verdict, with the answer of a session beside it.
func (p *printer) last(page catalog.Page) {
	verdict := page.Symbol + " " + page.Verdict
	held := p.c.HeldLine(p.s).String()
	switch line := p.bold(p.s.Verdict.Value, verdict); {
	case held == "":
		p.line(line)
	case visible(verdict)+3+visible(held) <= p.width:
		p.line(line + "   " + held)
	default:
		p.line(line)
		p.wrap("  ", held)
	}
}

func (p *printer) line(s string) { p.b.WriteString(s + "\n") }

// wrap prints a text on lines of the width; an indented text hangs.
func (p *printer) wrap(indent, text string) {
	line := indent
	for word := range strings.SplitSeq(text, " ") {
		if visible(line)+1+visible(word) > p.width && strings.TrimSpace(line) != "" {
			p.line(strings.TrimRight(line, " "))
			line = indent + indent
		}
		if strings.TrimSpace(line) != "" {
			line += " "
		}
		line += word
	}
	p.line(line)
}

// visible is the width of a text without its colours.
func visible(s string) int {
	n, escape := 0, false
	for _, r := range s {
		switch {
		case r == 0x1b:
			escape = true
		case escape:
			escape = r != 'm'
		default:
			n++
		}
	}
	return n
}

const (
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (p *printer) colour(code, s string) string {
	if !p.o.Colour {
		return s
	}
	return "\x1b[" + code + "m" + s + reset
}

func (p *printer) paint(s report.Status, text string) string {
	switch s {
	case report.Met:
		return p.colour(green, text)
	case report.NotMet:
		return p.colour(red, text)
	}
	return p.colour(yellow, text)
}

func (p *printer) bold(v report.Value, text string) string {
	switch v {
	case report.Ready:
		return p.colour("1;"+green, text)
	case report.NotReady:
		return p.colour("1;"+red, text)
	}
	return p.colour("1;"+yellow, text)
}
