package html

import (
	"html/template"
	"strconv"
	"strings"

	"firstbell/report"
	"firstbell/report/svg"
)

// outcomeSection is S5: how people and attempts ended, and what failures looked
// like.
func (b *builder) outcomeSection() Section {
	parts := []Part{{Text: plain(b.c.Text("html.outcomes_intro"))}, {Table: b.ledgers()}, {Figure: b.phaseFigure()}}
	if len(b.s.Reasons) > 0 {
		parts = append(parts, Part{Table: b.reasons(), Folded: b.c.Text("html.t_reasons")})
	}
	parts = append(parts, Part{Heading: b.c.Text("html.signs")})
	if len(b.s.Signs) == 0 {
		parts = append(parts, Part{Text: b.noFailure()})
	} else {
		parts = append(parts, Part{Text: plain(b.c.Text("html.signs_intro"))}, Part{Table: b.signs()})
	}
	return b.section("outcomes", parts...)
}

// noFailure says how sure "no failure" is: the rule of three.
func (b *builder) noFailure() Words {
	l := b.s.People
	switch {
	case l.Started == 0:
		return plain(b.c.Text("html.nobody"))
	case l.InTime+l.Late == l.Started:
		return b.f.say("html.no_failure", "n", b.f.count("people.started"))
	case b.s.Outside.Unobserved > 0 && b.s.Outside.Observed == 0:
		return plain(b.c.Text("html.no_signs_lost"))
	}
	return plain(b.c.Text("html.no_signs"))
}

// ledgers is the two balanced accounts side by side.
func (b *builder) ledgers() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t_ledgers"), Stack: true, Head: []Column{
		{Name: c.Text("html.outcome")}, {Name: c.Text("people"), Number: true}, {Name: c.Text("face.share"), Number: true},
		{Name: c.Text("attempts"), Number: true}, {Name: c.Text("html.meaning")},
	}}
	row := func(key, name, meaning string) []Cell {
		share := Cell{Words: plain("–"), Class: "n"}
		if b.s.PeopleShare.Of(key).Known() {
			share = cell(b.f.percent("people_share." + key))
		}
		return []Cell{text(name), cell(b.f.count("people." + key)), share, cell(b.f.count("attempts." + key)), text(meaning)}
	}
	t.Rows = append(t.Rows, row("intended", c.Text("intended"), c.Text("html.means_intended")), row("started", c.Text("started"), c.Text("html.means_started")))
	for _, o := range report.Outcomes() {
		if b.s.People.Of(o) == 0 && b.s.Attempts.Of(o) == 0 && o != "in_time" {
			continue
		}
		t.Rows = append(t.Rows, row(o, c.Outcome(b.s, o), c.Explained(b.s, o)))
	}
	return t
}

// phaseFigure is F4: the outcomes of each phase as shares of those who set out.
func (b *builder) phaseFigure() *Figure {
	fig := &Figure{ID: "f4", How: b.c.Text("html.f4_how")}
	peak := -1
	for i, p := range b.s.Phases {
		if p.Name == "peak" {
			peak = i
		}
	}
	if b.s.People.Started == 0 || peak < 0 || !b.s.Phases[peak].Share.InTime.Known() {
		fig.Missing = b.c.Text("html.nobody")
		return fig
	}
	fig.Finding = b.f.say("html.f4", "share", b.f.percent(path("phases", peak, "share.in_time")))
	for _, o := range report.Outcomes() {
		if b.s.People.Of(o) > 0 && o != "not_sent" {
			fig.Key = append(fig.Key, KeyItem{Swatch: swatch("o-" + o), Label: b.c.Outcome(b.s, o)})
		}
	}
	fig.Wide = b.drawPhases(fig.Finding.String())
	fig.Tables = []*Table{b.phaseTable()}
	return fig
}

func (b *builder) drawPhases(desc string) template.HTML {
	const row, bar = 44.0, 30.0
	c := svg.New(1000, row*float64(len(b.s.Phases))+34)
	f := svg.Frame{X: 210, Y: 4, W: 770, H: row * float64(len(b.s.Phases))}
	x := svg.Linear{From: 0, To: 1, A: f.X, B: f.Right()}
	var ticks []svg.Tick
	for _, v := range []float64{0, 0.25, 0.5, 0.75, 1} {
		ticks = append(ticks, svg.Tick{At: x.At(v), Label: b.c.Threshold(report.Decimal(strconv.FormatFloat(v, 'f', -1, 64)), report.FormatPercent)})
	}
	f.Columns(c, ticks, true)
	for i, p := range b.s.Phases {
		y := f.Y + float64(i)*row + (row-bar)/2
		c.Text("", f.X-10, y+bar/2-2, svg.End, b.c.Text("html.phase_"+p.Name))
		c.Text("tick", f.X-10, y+bar/2+13, svg.End, b.c.Clock(p.Window.From)+" – "+b.c.Clock(p.Window.To))
		var pieces []svg.Piece
		for _, o := range report.Outcomes() {
			share := p.Share.Of(o)
			v := share.Float()
			if o == "not_sent" || !(v > 0) {
				continue
			}
			piece := svg.Piece{Class: "area o-" + o, Value: v}
			if v >= 0.04 {
				piece.Label = b.c.Percent(share)
			}
			pieces = append(pieces, piece)
		}
		svg.Bar(c, x, y, bar, pieces)
	}
	return template.HTML(c.Image("f4w", b.c.Text("html.f4_title"), desc))
}

// phaseTable is T4: one row per phase and outcome.
func (b *builder) phaseTable() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t4"), Head: []Column{
		{Name: c.Text("html.phase")}, {Name: c.Text("html.outcome")}, {Name: c.Text("people"), Number: true}, {Name: c.Text("face.share"), Number: true},
	}}
	for i, p := range b.s.Phases {
		name := c.Text("html.phase_" + p.Name)
		for _, o := range report.Outcomes() {
			if p.People.Of(o) == 0 {
				continue
			}
			key := path("phases", i)
			t.Rows = append(t.Rows, []Cell{
				text(name), text(c.Outcome(b.s, o)), cell(b.f.count(key + ".people." + o)), cell(b.f.percent(key + ".share." + o)),
			})
		}
	}
	return t
}

func (b *builder) reasons() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t_reasons"), Stack: true, Head: []Column{
		{Name: c.Text("html.outcome")}, {Name: c.Text("html.reason")}, {Name: c.Text("people"), Number: true}, {Name: c.Text("attempts"), Number: true},
	}}
	for i, r := range b.s.Reasons {
		key := path("reasons", i)
		t.Rows = append(t.Rows, []Cell{
			text(c.Word("outcome", r.Outcome)), text(c.Word("reason", r.Reason)), cell(b.f.count(key + ".people")), cell(b.f.count(key + ".attempts")),
		})
	}
	return t
}

// mostSample is how much of a failing page is shown.
const mostSample = 160

// signs is T5: failures as they looked. Their text comes from the target and
// stays text.
func (b *builder) signs() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t5"), Stack: true, Head: []Column{
		{Name: c.Text("html.outcome")}, {Name: c.Text("html.times"), Number: true}, {Name: c.Text("html.first_last")},
		{Name: c.Text("html.step")}, {Name: c.Text("html.status"), Number: true}, {Name: c.Text("html.sample")},
	}}
	for i, x := range b.s.Signs {
		key := path("signs", i)
		status := text("–")
		if x.Status > 0 {
			status = Cell{Words: plain(strconv.Itoa(x.Status)), Class: "n"}
			if strings.HasPrefix(x.Reason, "shell_calls") { // the page came; what it called did not
				status = Cell{Words: plain(c.Text("html.status_page", "status", strconv.Itoa(x.Status))), Class: "n"}
			}
		}
		t.Rows = append(t.Rows, []Cell{
			text(c.Word("outcome", x.Outcome) + " · " + c.Word("reason", x.Reason)), cell(b.f.count(key + ".n")),
			{Words: Words{b.f.clock(key + ".first_s"), {Text: " – "}, b.f.clock(key + ".last_s")}},
			text(join3(x.Journey, x.Step, x.Host)), status, {Words: plain(clip(x.Text, mostSample)), Class: "sample"},
		})
	}
	return t
}

func join3(parts ...string) string {
	out := ""
	for _, p := range parts {
		if p == "" {
			continue
		}
		if out != "" {
			out += " · "
		}
		out += p
	}
	return orDash(out)
}

// clip shortens a text of the target's.
func clip(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return orDash(s)
	}
	return string(r[:most]) + "…"
}
