package terminal

import (
	"io"
	"strings"

	"firstbell/report"
	"firstbell/report/catalog"

	"github.com/olekukonko/tablewriter/tw"
)

// WriteComparison prints a run against its baseline: what differed, each metric
// with the interval of its difference, and what it comes to, last.
func WriteComparison(w io.Writer, x report.Comparison, o Options) error {
	p := newPrinter(nil, o)
	p.line(p.c.Text("compare.title", "now", x.Now, "before", x.Before))
	p.line("")
	if err := p.compared(x); err != nil {
		return err
	}
	p.differences(x)
	p.line("")
	p.wrap("", p.conclusion(x))
	if o.Report != "" {
		p.line("  " + p.c.Text("face.report") + "  " + o.Report)
	}
	return p.flush(w)
}

func (p *printer) compared(x report.Comparison) error {
	if len(x.Metrics) == 0 {
		return nil
	}
	t := p.table(tw.AlignLeft, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignLeft)
	header := "compare.difference"
	if p.width < 80 {
		header = "compare.difference_alone"
	}
	rows := [][5]string{{p.c.Text("compare.metric"), p.c.Text("compare.before"), p.c.Text("compare.now"), p.c.Text(header), p.c.Text("compare.reading")}}
	shown := x.Metrics[:0:0]
	for _, m := range x.Metrics {
		if m.Before == "" && m.Now == "" {
			continue // measured by neither
		}
		shown = append(shown, m)
		difference := p.c.ChangeInterval(m)
		if p.width < 80 {
			difference = p.c.Change(m.Diff, m.Format)
		}
		rows = append(rows, [5]string{p.c.Word("compared", m.Key), p.c.Value(m.Before, m.Format), p.c.Value(m.Now, m.Format), difference,
			catalog.ChangeMark(m.Reading) + " " + p.c.Word("change", string(m.Reading))})
	}
	room := p.nameRoom(rows)
	if room < readableName { // the mark alone says the reading
		for i := range rows {
			rows[i][4], _, _ = strings.Cut(rows[i][4], " ")
		}
		rows[0][4] = ""
		room = p.nameRoom(rows)
	}
	for i, r := range rows {
		name := middle(r[0], max(8, room))
		if i == 0 {
			t.Header(name, r[1], r[2], r[3], r[4])
			continue
		}
		if err := t.Append(name, r[1], r[2], r[3], p.change(shown[i-1], r[4])); err != nil {
			return err
		}
	}
	return t.Render()
}

// readableName is what a metric's name needs to be read.
const readableName = 28

// nameRoom is the width that the other columns leave for the names.
func (p *printer) nameRoom(rows [][5]string) int {
	room := p.width - 5*2
	for column := 1; column < 5; column++ {
		widest := 0
		for _, r := range rows {
			widest = max(widest, visible(r[column]))
		}
		room -= widest
	}
	return room
}

func (p *printer) differences(x report.Comparison) {
	if len(x.Differences) == 0 {
		return
	}
	p.line("")
	p.line(p.c.Text("compare.differences"))
	for _, d := range x.Differences {
		text := p.c.Word("different", d.What) + p.c.Colon() + d.Before + " → " + d.Now
		if d.Blocking {
			text += " (" + p.c.Text("compare.blocking") + ")"
		}
		p.wrap("  ", text)
	}
}

func (p *printer) conclusion(x report.Comparison) string {
	text := catalog.ChangeMark(x.Reading) + " " + p.c.Conclusion(x)
	switch {
	case x.Regression:
		return p.colour("1;"+red, text)
	case x.Reading == report.NotComparable:
		return p.colour("1;"+yellow, text)
	}
	return p.colour("1;"+green, text)
}

func (p *printer) change(m report.Compared, text string) string {
	switch {
	case m.Regression:
		return p.colour(red, text)
	case m.Reading == report.Better:
		return p.colour(green, text)
	}
	return text
}
