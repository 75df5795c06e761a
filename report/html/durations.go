package html

import (
	"html/template"

	"firstbell/report"
	"firstbell/report/svg"
)

// durations is S6: how long people needed.
func (b *builder) durations() Section {
	if b.s.Outside.InClass == 0 {
		why := "html.nobody_in"
		if b.s.People.Started == 0 {
			why = "html.nobody"
		}
		return b.section("durations", Part{Figure: &Figure{ID: "f5", Missing: b.c.Text(why)}}, Part{Table: b.steps(), Folded: b.c.Text("html.t_steps")})
	}
	return b.section("durations",
		Part{Text: plain(b.c.Text("html.durations_intro"))},
		Part{Table: b.quantiles()},
		Part{Figure: b.heatFigure()},
		Part{Figure: b.curveFigure()},
		Part{Figure: b.percentileFigure()},
		Part{Heading: b.c.Text("html.steps"), Text: plain(b.c.Text("html.steps_intro"))},
		Part{Table: b.steps()},
		Part{Table: b.hops(), Folded: b.c.Text("html.t8")},
	)
}

// quantiles is T6.
func (b *builder) quantiles() *Table {
	c := b.c
	clocks := []string{"intended_to_usable_s", "intended_to_usable_all_s", "sent_to_done_s"}
	t := &Table{Caption: c.Text("html.t6"), Stack: true, Head: []Column{{Name: c.Text("html.share_of_people")}}}
	rows := [][]Cell{{text(c.Text("html.people_n"))}}
	for _, x := range clocks {
		t.Head = append(t.Head, Column{Name: c.Text("html.clock_" + x), Number: true})
		rows[0] = append(rows[0], cell(b.f.count("latency."+x+".n")))
	}
	for i, q := range []string{"p50", "p75", "p90", "p95", "p99", "p99_9"} {
		row := []Cell{text(c.Text("html.row_" + q))}
		for _, x := range clocks {
			key := "latency." + x
			row = append(row, b.withInterval(key+"."+q, path(key, "ci95", i)))
		}
		rows = append(rows, row)
	}
	last := []Cell{text(c.Text("html.max"))}
	for _, x := range clocks {
		last = append(last, cell(b.f.duration("latency."+x+".max")))
	}
	t.Rows = append(rows, last)
	return t
}

// withInterval is a duration and, when it is not the same twice, its interval.
func (b *builder) withInterval(key, interval string) Cell {
	out := cell(b.f.duration(key))
	if out.Words[0].Key == "" {
		return out
	}
	lo, hi := b.f.duration(interval+".0"), b.f.duration(interval+".1")
	if lo.Key != "" && hi.Key != "" && lo.Text != hi.Text {
		out.Words = append(out.Words, Num{Text: " ["}, lo, Num{Text: " – "}, hi, Num{Text: "]"})
	}
	return out
}

// percentileFigure is F7.
func (b *builder) percentileFigure() *Figure {
	fig := &Figure{ID: "f7", How: b.c.Text("html.f7_how"), Tables: []*Table{b.percentileTable()}}
	worst := 0
	for i, w := range b.s.Windows {
		if order(w.P95) > order(b.s.Windows[worst].P95) {
			worst = i
		}
	}
	fig.Finding = b.f.say("html.f7", "from", b.f.clock(path("windows", worst, "window.from_s")), "to", b.f.clock(path("windows", worst, "window.to_s")),
		"p95", b.f.duration(path("windows", worst, "p95_s")))
	if b.s.Windows[worst].P95 == report.Never {
		key := "html.f7_never"
		if b.s.Outside.Unobserved > 0 {
			key = "html.f7_never_or_lost"
		}
		fig.Finding = b.f.say(key, "from", b.f.clock(path("windows", worst, "window.from_s")), "to", b.f.clock(path("windows", worst, "window.to_s")))
	}
	fig.Key = []KeyItem{
		{Swatch: swatch("l-1"), Label: b.c.Text("html.p50")}, {Swatch: swatch("l-2"), Label: b.c.Text("html.p95")},
		{Swatch: swatch("l-3"), Label: b.c.Text("html.p99")}, {Swatch: swatch("limit"), Label: b.c.Text("html.required")},
	}
	fig.Wide = b.drawPercentiles(fig.Finding.String())
	return fig
}

// order ranks decimals for drawing: no value first, never last.
func order(d report.Decimal) float64 {
	if v := d.Float(); v == v {
		return v
	}
	return -1
}

func (b *builder) drawPercentiles(desc string) template.HTML {
	c := svg.New(1000, 320)
	p := &b.s.Percentiles
	f := svg.Frame{X: 64, Y: 30, W: 922, H: 250}
	clock := svg.Clock{From: p.From, To: b.s.Run.PlayTo, A: f.X, B: f.Right()}
	y := svg.Log{From: 0.05, To: 120, A: f.Bottom(), B: f.Y + 26}
	f.Title(c, b.c.Text("html.time_axis"))
	f.Rows(c, append(b.durationTicks(y), svg.Tick{At: f.Y + 4, Label: b.c.Text("never")}))
	f.Columns(c, b.clockTicks(clock, 10), true)
	xs := edges(clock, p.From, p.Bin, len(p.N))
	up := lifted{y, f.Y + 4}
	steps(c, "l-3", xs, up, p.P99)
	steps(c, "l-2", xs, up, p.P95)
	steps(c, "l-1", xs, up, p.P50)
	b.unplayed(c, f, clock, true)
	b.limits(c, f, y) // over what was never played: its label must not be cut
	f.Base(c)
	return template.HTML(c.Image("f7w", b.c.Text("html.f7_title"), desc))
}

// lifted puts what is over the scale, "never", on a line of its own above it.
type lifted struct {
	svg.Log
	never float64
}

func (l lifted) At(v float64) float64 {
	if v > 1e9 {
		return l.never
	}
	return l.Log.At(v)
}

// limits draws the time criteria as lines across a frame.
func (b *builder) limits(c *svg.Canvas, f svg.Frame, y svg.Scale) {
	for _, x := range b.s.Curve.Criteria {
		at := y.At(x.T.Float())
		c.Segment("limit", f.X, at, f.Right(), at)
		c.Text("strong halo", f.Right()-6, at-5, svg.End, b.c.Text("html.required")+b.c.Colon()+b.c.Threshold(x.T, report.FormatDuration))
	}
}

func (b *builder) percentileTable() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t_percentiles"), Head: columns(c.Text("html.from"), c.Text("started"), c.Text("html.p50"), c.Text("html.p95"), c.Text("html.p99"))}
	for i := range b.s.Windows {
		key := path("windows", i)
		t.Rows = append(t.Rows, []Cell{
			cell(b.f.clock(key + ".window.from_s")), cell(b.f.count(key + ".people.started")),
			cell(b.f.duration(key + ".p50_s")), cell(b.f.duration(key + ".p95_s")), cell(b.f.duration(key + ".p99_s")),
		})
	}
	return t
}

// steps says where time is spent, page by page.
func (b *builder) steps() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t_steps"), Stack: true, Head: []Column{
		{Name: c.Text("html.step")}, {Name: c.Text("html.times"), Number: true}, {Name: c.Text("html.failed"), Number: true},
		{Name: c.Text("html.p50_click"), Number: true}, {Name: c.Text("html.p95_click"), Number: true},
		{Name: c.Text("html.p50_sent"), Number: true}, {Name: c.Text("html.p95_sent"), Number: true},
	}}
	for i, x := range b.s.Steps[:min(len(b.s.Steps), mostSteps)] {
		key := path("steps", i)
		t.Rows = append(t.Rows, []Cell{
			text(join3(x.Journey, x.Name)), cell(b.f.count(key + ".n")), cell(b.f.percent(key + ".failed")), cell(b.f.duration(key + ".p50_s")),
			cell(b.f.duration(key + ".p95_s")), cell(b.f.duration(key + ".sent_p50_s")), cell(b.f.duration(key + ".sent_p95_s")),
		})
	}
	return t
}

// mostSteps and mostHops bound the tables of steps and exchanges; all of them
// are in summary.json.
const (
	mostSteps = 40
	mostHops  = 40
)

func (b *builder) hops() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t8"), Head: columns(c.Text("html.hop"), c.Text("html.times"), c.Text("html.errors"), c.Text("html.reused"),
		"DNS", "TCP", "TLS", c.Text("html.first_byte"), c.Text("html.body"))}
	for i, x := range b.s.Hops[:min(len(b.s.Hops), mostHops)] {
		key := path("hops", i)
		number := c.Text("html.others")
		if x.Number > 0 {
			number = "nᵒ\u00a0" + c.Int(x.Number)
		}
		row := []Cell{{Words: plain(join3(x.Step, number, x.Host))}, cell(b.f.count(key + ".n")), cell(b.f.count(key + ".errors")), cell(b.f.percent(key + ".reused"))}
		for _, p := range []string{"dns", "connect", "tls", "first_byte", "body"} {
			row = append(row, cell(b.f.duration(key+"."+p+"_p95_s")))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
