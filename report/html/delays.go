package html

import (
	"html/template"
	"math"

	"firstbell/report"
	"firstbell/report/svg"
)

// delayFigure is F14: planned against really sent, and how late the tool was.
func (b *builder) delayFigure() *Figure {
	fig := &Figure{ID: "f14", How: b.c.Text("html.f14_how"), Tables: []*Table{b.delayTable()}}
	w, latest := b.s.Generator.Workers, b.latest()
	if len(w) == 0 || !w[latest].DelayP99.Known() {
		fig.Missing, fig.Tables = b.c.Text("html.nobody"), nil
		return fig
	}
	key, name := "html.f14", ""
	if w[latest].Member != nil {
		key, name = "html.f14_fleet", w[latest].Name
	}
	said := []any{"worker", name, "delay", b.f.duration(path("generator.workers", latest, "delay_p99_s")),
		"started", b.f.count("people.started"), "intended", b.f.count("people.intended")}
	if b.s.Fleet != nil && b.s.Fleet.Unobserved > 0 { // the ledger counts them as started; nobody saw them leave
		key, said = "html.f14_unseen", append(said, "unseen", b.f.count("fleet.unobserved"))
	}
	fig.Finding = b.f.say(key, said...)
	fig.Key = []KeyItem{
		{Swatch: swatch("intended"), Label: b.c.Text("html.intended")}, {Swatch: swatch("l-1"), Label: b.c.Text("html.sent")},
		{Swatch: swatch("l-2"), Label: b.c.Text("html.delay_p99")}, {Swatch: swatch("l-3"), Label: b.c.Text("html.delay_max")},
	}
	fig.Key = append(fig.Key, b.missingKey()...)
	fig.Wide = b.drawDelays(fig.Finding.String())
	return fig
}

// latest is the index of the worker with the longest delay.
func (b *builder) latest() int {
	at := 0
	for i, w := range b.s.Generator.Workers {
		if w.DelayP99.Known() && !(w.DelayP99.Float() <= b.s.Generator.Workers[at].DelayP99.Float()) {
			at = i
		}
	}
	return at
}

func (b *builder) drawDelays(desc string) template.HTML {
	c := svg.New(1000, 400)
	drawn, g := coarser(&b.s.Timeline, mostBins), &b.s.Generator
	t := &drawn
	a := svg.Frame{X: 64, Y: 30, W: 922, H: 140}
	low := svg.Frame{X: 64, Y: 214, W: 922, H: 150}
	clock := svg.Clock{From: t.From, To: b.s.Run.PlayTo, A: a.X, B: a.Right()}
	ticks := b.clockTicks(clock, 10)

	y := upTo(float64(highest(t.Intended))/float64(t.Bin), a, 4)
	a.Title(c, b.c.Text("html.per_second"))
	a.Rows(c, b.countTicks(y, 4))
	a.Columns(c, ticks, false)
	xs := edges(clock, t.From, t.Bin, len(t.Intended))
	b.perSecond(c, "l-1", xs, y, t, t.Started)
	b.perSecond(c, "intended", xs, y, t, t.Intended)
	b.unplayed(c, a, clock, true)
	a.Base(c)

	delay := svg.Log{From: 0.0001, To: b.slowest(g.DelayMax), A: low.Bottom(), B: low.Y}
	low.Title(c, b.c.Text("html.delay_axis"))
	low.Rows(c, b.durationTicks(delay))
	low.Columns(c, ticks, true)
	xs = edges(clock, g.From, g.DelayBin, len(g.DelayP99))
	steps(c, "l-2", xs, delay, g.DelayP99)
	steps(c, "l-3", xs, delay, g.DelayMax)
	b.unplayed(c, low, clock, false)
	low.Base(c)
	b.missingWorkers(c, clock, a.Y, low.Bottom())
	return template.HTML(c.Image("f14w", b.c.Text("html.f14_title"), desc))
}

func (b *builder) perSecond(c *svg.Canvas, class string, xs []float64, y svg.Scale, t *report.Timeline, n []int) {
	ys := make([]float64, len(n))
	for i, v := range n {
		ys[i] = y.At(float64(v) / float64(t.Bin))
	}
	svg.Steps(c, class, xs, ys, func(i int) bool { return t.From+i*t.Bin < b.s.Run.PlayTo })
}

// steps draws a series of durations; where none was measured there is a gap.
func steps(c *svg.Canvas, class string, xs []float64, y svg.Scale, values []report.Decimal) {
	ys := make([]float64, len(values))
	for i, v := range values {
		ys[i] = y.At(v.Float())
	}
	svg.Steps(c, class, xs, ys, func(i int) bool { return values[i].Known() })
}

// slowest is the power of ten that holds every value, at least a second.
func (b *builder) slowest(values []report.Decimal) float64 {
	high := 1.0
	for _, v := range values {
		if x := v.Float(); x > high && !math.IsInf(x, 0) {
			high = x
		}
	}
	return math.Pow(10, math.Ceil(math.Log10(high)))
}

func (b *builder) durationTicks(s svg.Log) []svg.Tick {
	var out []svg.Tick
	ticks := s.Ticks()
	for _, v := range ticks {
		if len(ticks) > 7 && math.Abs(math.Log10(v)-math.Round(math.Log10(v))) > 0.01 {
			continue // powers of ten alone
		}
		out = append(out, svg.Tick{At: s.At(v), Label: b.shortDuration(v)})
	}
	return out
}

// shortDuration writes an axis label: 0,1 ms, 30 s, 2 min.
func (b *builder) shortDuration(v float64) string {
	switch {
	case v < 0.00999:
		return b.decimalOf(math.Round(v*1e4)/10) + "\u00a0ms"
	case v >= 120:
		return b.decimalOf(math.Round(v/60)) + "\u00a0min"
	}
	return b.decimalOf(math.Round(v*100)/100) + "\u00a0s"
}

func (b *builder) delayTable() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t_delay"), Head: columns(c.Text("html.from"), c.Text("intended"), c.Text("started"),
		c.Text("html.delay_p99"), c.Text("html.delay_max"))}
	for i := range b.s.Windows {
		key := path("windows", i)
		t.Rows = append(t.Rows, []Cell{
			cell(b.f.clock(key + ".window.from_s")), cell(b.f.count(key + ".people.intended")), cell(b.f.count(key + ".people.started")),
			cell(b.f.duration(key + ".delay_p99_s")), cell(b.f.duration(key + ".delay_max_s")),
		})
	}
	return t
}
