package html

import (
	"html/template"
	"math"
	"strconv"

	"firstbell/report"
	"firstbell/report/svg"
)

// mostGroups bounds the dot plot and its table.
const mostGroups = 40

// groups is S7: who was hit.
func (b *builder) groups() Section {
	fig := b.groupFigure()
	parts := []Part{{Text: plain(b.c.Text("html.groups_intro"))}, {Figure: fig}}
	for i, d := range b.s.Dimensions {
		caption := b.c.Text("html.t7_" + d.Name)
		parts = append(parts, Part{Table: b.groupTable(caption, path("dimensions", i, "groups"), d.Groups), Folded: caption})
	}
	return b.section("groups", parts...)
}

func (b *builder) groupFigure() *Figure {
	fig := &Figure{ID: "f8"}
	rows := b.s.Groups[:min(len(b.s.Groups), mostGroups)]
	if b.s.People.Started == 0 || len(rows) == 0 {
		fig.Missing = b.c.Text("html.nobody")
		return fig
	}
	fig.Tables = []*Table{b.groupTable(b.c.Text("html.t7"), "groups", rows)}
	drawn := 0
	for _, g := range rows {
		if g.Judged && g.InClass.Known() {
			drawn++
		}
	}
	if drawn == 0 {
		fig.Missing = b.c.Text("html.f8_none")
		return fig
	}
	fig.Finding = b.f.say("html.f8", "group", b.c.GroupName(rows[0].Group), "share", b.f.percent("groups.0.in_class"))
	if drawn == 1 {
		fig.Finding = b.f.say("html.f8_one", "share", b.f.percent("groups.0.in_class"))
	}
	fig.How = b.c.Text("html.f8_how")
	fig.Wide = b.drawGroups(rows[:drawn], fig.Finding.String())
	return fig
}

// drawGroups draws a row per judged group, worst first.
func (b *builder) drawGroups(rows []report.GroupRow, desc string) template.HTML {
	const high, left = 28.0, 330.0
	c := svg.New(1000, high*float64(len(rows))+86)
	f := svg.Frame{X: left, Y: 50, W: 1000 - left - 90, H: high * float64(len(rows))}
	x := b.shareScale(rows, f)
	c.Text("unit", f.X, 14, svg.Start, b.c.Text("html.f8_axis"))
	var ticks []svg.Tick
	for _, v := range x.Ticks(5) {
		ticks = append(ticks, svg.Tick{At: x.At(v), Label: b.c.Threshold(decimalShare(v), report.FormatPercent)})
	}
	f.Columns(c, ticks, true)
	if limit, ok := b.criterionOf("in_class"); ok {
		at := x.At(limit.Threshold.Float())
		c.Segment("limit", at, f.Y-4, at, f.Bottom())
		c.Text("strong", at, f.Y-9, svg.End, b.c.Text("html.required")+b.c.Colon()+b.c.Threshold(limit.Threshold, limit.Format))
	}
	var dots []svg.Dot
	for i, g := range rows {
		y := f.Y + high*(float64(i)+0.5)
		dots = append(dots, svg.Dot{X: x.At(g.InClass.Float()), Lo: x.At(g.CI95[0].Float()), Hi: x.At(g.CI95[1].Float()), Y: y})
		c.Text("", f.X-14, y+c.Font*0.35, svg.End, c.Shorten(b.c.GroupName(g.Group), left-20))
		c.Text("strong", f.Right()+10, y+c.Font*0.35, svg.Start, b.c.Percent(g.InClass))
	}
	svg.Dots(c, "dot", dots)
	return template.HTML(c.Image("f8w", b.c.Text("html.f8_title"), desc))
}

// decimalShare is a share for an axis label.
func decimalShare(v float64) report.Decimal {
	return report.Decimal(strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64))
}

// shareScale starts at a round share below every interval and the criterion.
func (b *builder) shareScale(rows []report.GroupRow, f svg.Frame) svg.Linear {
	low := 0.9
	for _, g := range rows {
		if v := g.CI95[0].Float(); v < low {
			low = v
		}
	}
	if limit, ok := b.criterionOf("in_class"); ok {
		low = min(low, limit.Threshold.Float())
	}
	return svg.Linear{From: math.Max(0, math.Floor(low*10)/10), To: 1, A: f.X, B: f.Right()}
}

// groupTable is T7.
func (b *builder) groupTable(caption, prefix string, rows []report.GroupRow) *Table {
	c := b.c
	t := &Table{Caption: caption, Head: columns(c.Text("html.group"), c.Text("html.expected"), c.Text("html.judged_people"),
		c.Text("html.in_class"), c.Text("html.never_in"), c.Text("html.p50"), c.Text("html.p95"), c.Text("outcome.blank"), c.Text("outcome.quota"))}
	for i, g := range rows {
		key := path(prefix, i)
		row := []Cell{{Words: plain(c.GroupName(g.Group))}, cell(b.f.count(key + ".expected")), cell(b.f.count(key + ".n"))}
		if !g.Judged {
			row[2].Words = append(row[2].Words, Num{Text: " (" + c.Text("html.too_few") + ")"})
		}
		t.Rows = append(t.Rows, append(row, cell(b.f.percent(key+".in_class")), cell(b.f.count(key+".never")), cell(b.f.duration(key+".p50_s")),
			cell(b.f.duration(key+".p95_s")), cell(b.f.percent(key+".blank")), cell(b.f.percent(key+".quota"))))
	}
	return t
}
