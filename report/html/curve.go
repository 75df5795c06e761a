package html

import (
	"html/template"
	"math"

	"firstbell/report"
	"firstbell/report/svg"
)

// curveFigure is F6: the percentile curve on both clocks.
func (b *builder) curveFigure() *Figure {
	fig := &Figure{ID: "f6", How: b.c.Text("html.f6_how")}
	if len(b.s.Curve.Usable) < 2 {
		fig.Missing = b.c.Text("html.f6_none")
		return fig
	}
	key := "latency.intended_to_usable_s.p99"
	if b.s.Latency.Usable.P99 == report.Never {
		fig.Finding = b.f.say("html.f6_never", "share", b.f.percent("percentile_curve.never_share"))
	} else {
		fig.Finding = b.f.say("html.f6", "p99", b.f.duration(key))
	}
	fig.Key = []KeyItem{
		{Swatch: swatch("usable"), Label: b.c.Text("html.f6_usable")}, {Swatch: swatch("sent"), Label: b.c.Text("html.f6_sent")},
	}
	if len(b.s.Curve.Criteria) > 0 {
		fig.Key = append(fig.Key, KeyItem{Swatch: crossSwatch(), Label: b.c.Text("html.f6_cross")})
	}
	fig.Wide = b.drawCurve(fig.Finding.String())
	fig.Tables = []*Table{b.curveTable()}
	return fig
}

// curveTable gives both curves at the same shares of people, in at most
// mostBinsTable rows; where fewer than ten people are left there is a dash.
func (b *builder) curveTable() *Table {
	c, v := b.c, &b.s.Curve
	t := &Table{Caption: c.Text("html.t_curve"), Head: columns(c.Text("html.f6_axis"), c.Text("html.f6_usable"), c.Text("html.f6_sent"))}
	n := max(len(v.Usable), len(v.Sent))
	every := max(1, (n+mostBinsTable-1)/mostBinsTable)
	for i := 0; i < n; i += every {
		row := []Cell{text("–"), text("–"), text("–")}
		for k, list := range []struct {
			key    string
			points []report.CurvePoint
		}{{"percentile_curve.intended_to_usable", v.Usable}, {"percentile_curve.sent_to_done", v.Sent}} {
			if i < len(list.points) {
				row[0] = cell(b.f.percent(path(list.key, i, "p")))
				row[k+1] = cell(b.f.duration(path(list.key, i, "t_s")))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func crossSwatch() template.HTML {
	c := svg.New(22, 14)
	svg.Cross(c, "cross", 11, 7, 6)
	return template.HTML(c.Ornament())
}

func (b *builder) drawCurve(desc string) template.HTML {
	c := svg.New(1000, 340)
	f := svg.Frame{X: 70, Y: 30, W: 916, H: 260}
	v := &b.s.Curve
	x := svg.Nines{Most: b.furthest(), A: f.X, B: f.Right()}
	y := svg.Log{From: 0.05, To: 120, A: f.Bottom(), B: f.Y}
	f.Title(c, b.c.Text("html.time_axis"))
	f.Rows(c, b.durationTicks(y))
	var ticks []svg.Tick
	for _, p := range []report.Decimal{"0", "0.5", "0.9", "0.99", "0.999", "0.9999", "0.99999"} {
		if p.Float() <= x.Most+1e-9 {
			ticks = append(ticks, svg.Tick{At: x.At(p.Float()), Label: b.c.Threshold(p, report.FormatPercent)})
		}
	}
	f.Columns(c, ticks, true)
	c.Text("unit", f.Right(), f.Bottom()+40, svg.End, b.c.Text("html.f6_axis"))
	if never := v.NeverShare.Float(); never > 0 {
		wall := x.At(1 - never)
		c.Rect("wall", wall, f.Y, f.Right()-wall, f.H)
		if text := b.c.Text("html.never_in"); c.Width(text)+12 < f.Right()-wall {
			c.Text("strong halo", (wall+f.Right())/2, f.Y+f.H/2, svg.Middle, text)
		}
	}
	svg.Line(c, "sent", curvePoints(v.Sent, x, y))
	svg.Line(c, "usable", curvePoints(v.Usable, x, y))
	for _, p := range v.Criteria {
		c.Circle("cross-back", x.At(p.P.Float()), y.At(p.T.Float()), 13)
		svg.Cross(c, "cross", x.At(p.P.Float()), y.At(p.T.Float()), 9)
	}
	f.Base(c)
	return template.HTML(c.Image("f6w", b.c.Text("html.f6_title"), desc))
}

// furthest is the end of the axis of nines: what both curves and every
// criterion reach.
func (b *builder) furthest() float64 {
	most := 0.99
	for _, list := range [][]report.CurvePoint{b.s.Curve.Usable, b.s.Curve.Sent, b.s.Curve.Criteria} {
		for _, p := range list {
			most = max(most, p.P.Float())
		}
	}
	return min(most, 0.99999)
}

// curvePoints stops where people never got in.
func curvePoints(list []report.CurvePoint, x, y svg.Scale) []svg.Point {
	var out []svg.Point
	for _, p := range list {
		if t := p.T.Float(); !math.IsInf(t, 0) && !math.IsNaN(t) {
			out = append(out, svg.Point{X: x.At(p.P.Float()), Y: y.At(t)})
		}
	}
	return out
}
