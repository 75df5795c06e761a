package html

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"firstbell/report"
	"firstbell/report/svg"
)

// stacked lists the outcomes in the order areas stand on each other, with their
// series.
func stacked(t *report.Timeline) []series {
	return []series{
		{"in_time", t.InTime}, {"late", t.Late}, {"waiting_room", t.WaitingRoom}, {"quota", t.Quota}, {"blank", t.Blank},
		{"error", t.Error}, {"timeout", t.Timeout}, {"unreachable", t.Unreachable}, {"invalid", t.Invalid},
		{"unfinished", t.Unfinished}, {"not_sent", t.NotSent},
	}
}

type series struct {
	outcome string
	n       []int
}

// storm is S4, the thread of the storm.
func (b *builder) storm() Section {
	fig := b.stormFigure()
	return b.section("storm", Part{Text: plain(b.c.Text("html.storm_intro"))}, Part{Figure: fig})
}

func (b *builder) stormFigure() *Figure {
	t := &b.s.Timeline
	fig := &Figure{ID: "f3", How: b.c.Text("html.f3_how"), Tables: []*Table{b.windowTable()}}
	if b.s.People.Intended == 0 {
		fig.Missing, fig.Tables = b.c.Text("html.nobody"), nil
		return fig
	}
	fig.Finding = b.stormFinding()
	for _, x := range slices.Backward(stacked(t)) {
		if total(x.n) > 0 {
			fig.Key = append(fig.Key, KeyItem{Swatch: swatch("o-" + x.outcome), Label: b.c.Outcome(b.s, x.outcome)})
		}
	}
	fig.Key = append(fig.Key, KeyItem{Swatch: swatch("intended"), Label: b.c.Text("html.intended")})
	fig.Key = append(fig.Key, b.missingKey()...)
	wide := coarser(t, mostBins)
	fig.Wide = b.drawStorm("f3w", &wide, stormSize{w: 1000, left: 64, upper: 250, lower: 84, ticks: 10, flags: true})
	narrow := coarser(t, 60)
	fig.Narrow = b.drawStorm("f3n", &narrow, stormSize{w: 360, left: 48, upper: 190, lower: 70, ticks: 4, flags: true})
	fig.Legend = b.stripNames()
	fig.Note = b.c.Text("html.flags")
	for i := range b.flags() {
		e := b.s.Events[i]
		words := Words{b.f.clock(path("events", i, "at_s")), {Text: " – " + b.c.Word("event", e.Kind)}}
		if e.Host != "" {
			words = append(words, Num{Text: " (" + e.Host + ")"})
		}
		if e.N > 1 {
			words = append(words, Num{Text: " × "}, b.f.count(path("events", i, "n")))
		}
		fig.Notes = append(fig.Notes, words)
	}
	fig.Cursor = &Cursor{b.c.Text("html.cursor")}
	return fig
}

// mostBins is how many bins a wide chart draws: more than a screen resolves.
const mostBins = 240

// mostFlags is how many events a chart can carry.
const mostFlags = 12

func (b *builder) flags() []report.EventRow { return b.s.Events[:min(len(b.s.Events), mostFlags)] }

func (b *builder) stormFinding() Words {
	s, h := b.s, b.s.Verdict.Hurt
	switch {
	case s.People.Started == 0:
		return b.f.say("html.f3_nobody")
	case s.Outside.InClass == 0:
		return b.f.say("html.f3_down", "n", b.f.count("people.started"))
	case s.Outside.Never == 0:
		return b.f.say("html.f3_all", "n", b.f.count("outside.in_class"))
	case h != nil && s.Outside.Hurt > 0:
		return b.f.say("html.f3_hurt", "from", b.f.clock("verdict.hurt.from_s"), "to", b.f.clock("verdict.hurt.to_s"),
			"n", b.f.count("outside.hurt_never"), "of", b.f.count("outside.hurt_n"))
	}
	switch {
	case s.Outside.Unobserved > 0 && s.Outside.Observed == 0:
		return b.f.say("html.f3_lost_only", "lost", b.f.count("outside.unobserved"), "of", b.f.count("people.started"))
	case s.Outside.Unobserved > 0:
		return b.f.say("html.f3_lost", "n", b.f.count("outside.never_observed"), "lost", b.f.count("outside.unobserved"), "of", b.f.count("people.started"))
	}
	return b.f.say("html.f3_some", "n", b.f.count("outside.never"), "of", b.f.count("people.started"))
}

// stormSize says how large the figure is drawn.
type stormSize struct {
	w, left, upper, lower float64
	ticks                 int
	flags                 bool
}

const (
	stripRow  = 20.0
	panelGap  = 34.0
	stormTop  = 46.0
	rightEdge = 14.0
)

// drawStorm draws three panels on one time axis: outcomes of the people due in
// each second, the criteria every 10 s, and how many were in progress.
func (b *builder) drawStorm(id string, t *report.Timeline, z stormSize) template.HTML {
	strip := stripRow * float64(len(b.s.Strip))
	stripGap := 0.0
	if strip > 0 {
		stripGap = panelGap
	}
	c := svg.New(z.w, stormTop+z.upper+stripGap+strip+panelGap+z.lower+26)
	a := svg.Frame{X: z.left, Y: stormTop, W: z.w - z.left - rightEdge, H: z.upper}
	clock := svg.Clock{From: t.From, To: b.until(t), A: a.X, B: a.Right()}
	ticks := b.clockTicks(clock, z.ticks)

	b.outcomes(c, a, clock, t, ticks)
	mid := svg.Frame{X: a.X, Y: a.Bottom() + stripGap, W: a.W, H: strip}
	b.strips(c, mid, clock, ticks)
	low := svg.Frame{X: a.X, Y: mid.Bottom() + panelGap, W: a.W, H: z.lower}
	b.inProgress(c, low, clock, t, ticks)
	b.missingWorkers(c, clock, a.Y, low.Bottom())
	b.bells(c, a.Y, low.Bottom(), clock)
	if z.flags {
		b.pins(c, a, clock)
	}
	return template.HTML(c.Image(id, b.c.Text("html.f3_title"), b.stormFinding().String()+" "+b.c.Text("html.f3_desc")))
}

// until is the end of the time axis: the planned end, or later when people were
// still being settled.
func (b *builder) until(t *report.Timeline) int { return max(b.s.Run.PlayTo, t.Observed) }

func (b *builder) outcomes(c *svg.Canvas, f svg.Frame, clock svg.Clock, t *report.Timeline, ticks []svg.Tick) {
	xs := edges(clock, t.From, t.Bin, len(t.Intended))
	per := 1 / float64(t.Bin)
	y := upTo(per*float64(highest(t.Intended)), f, 4)
	f.Title(c, b.c.Text("html.per_second"))
	f.Rows(c, b.countTicks(y, 4))
	f.Columns(c, ticks, false)
	low, sum := make([]float64, len(t.Intended)), make([]int, len(t.Intended))
	for i := range low {
		low[i] = y.At(0)
	}
	for _, x := range stacked(t) {
		if total(x.n) == 0 {
			continue
		}
		high := make([]float64, len(low))
		for i, n := range x.n {
			sum[i] += n
			high[i] = y.At(per * float64(sum[i]))
		}
		svg.Area(c, "area o-"+x.outcome, xs, low, high)
		low = high
	}
	top := make([]float64, len(t.Intended))
	for i, n := range t.Intended {
		top[i] = y.At(per * float64(n))
	}
	svg.Steps(c, "intended", xs, top, func(i int) bool { return t.From+i*t.Bin < b.s.Run.PlayTo })
	b.unplayed(c, f, clock, true)
	f.Base(c)
}

func (b *builder) strips(c *svg.Canvas, f svg.Frame, clock svg.Clock, ticks []svg.Tick) {
	if len(b.s.Strip) == 0 {
		return
	}
	every := report.Decimal(strconv.Itoa(b.s.Strip[0].Bin))
	f.Title(c, b.fitting(c, f, "html.strip", "bin", b.c.Threshold(every, report.FormatDuration)))
	f.Columns(c, ticks, false)
	for i, row := range b.s.Strip {
		xs := edges(clock, row.From, row.Bin, len(row.Cells))
		cells := make([]svg.Cell, len(row.Cells))
		for k, cell := range row.Cells {
			cells[k] = svg.Cell{Class: "cell-" + string(cell.Status), Glyph: glyphOf(cell.Status)}
		}
		y := f.Y + float64(i)*stripRow
		svg.Strip(c, xs, y+1, stripRow-2, cells)
		c.Text("tick", f.X-6, y+stripRow*0.7, svg.End, fmt.Sprint(i+1))
	}
}

// fitting is a text, or its short form where the frame is too narrow for it.
func (b *builder) fitting(c *svg.Canvas, f svg.Frame, key string, pairs ...string) string {
	if long := b.c.Text(key, slices.Clone(pairs)...); c.Width(long) <= f.W {
		return long
	}
	return b.c.Text(key+"_short", pairs...)
}

// glyphOf marks a cell besides its colour.
func glyphOf(s report.Status) string {
	switch s {
	case report.Met:
		return "✓"
	case report.NotMet:
		return "✗"
	}
	return ""
}

func (b *builder) inProgress(c *svg.Canvas, f svg.Frame, clock svg.Clock, t *report.Timeline, ticks []svg.Tick) {
	xs := edges(clock, t.From, t.Bin, len(t.InFlight))
	y := upTo(float64(max(highest(t.InFlight), highest(t.Waiting))), f, 2)
	f.Title(c, b.fitting(c, f, "html.in_progress"))
	f.Rows(c, b.countTicks(y, 2))
	f.Columns(c, ticks, true)
	for _, x := range []struct {
		class string
		n     []int
	}{{"l-1", t.InFlight}, {"l-2", t.Waiting}} {
		ys := make([]float64, len(x.n))
		for i, n := range x.n {
			ys[i] = y.At(float64(n))
		}
		if highest(x.n) > 0 {
			svg.Steps(c, x.class, xs, ys, func(i int) bool { return x.n[i] >= 0 })
		}
	}
	b.unplayed(c, f, clock, false)
	f.Base(c)
}

// unplayed hatches what was planned and never played.
func (b *builder) unplayed(c *svg.Canvas, f svg.Frame, clock svg.Clock, label bool) {
	if b.s.Timeline.Observed >= b.s.Run.PlayTo {
		return
	}
	text := ""
	if label {
		text = b.c.Text("html.unplayed")
	}
	f.Unplayed(c, clock.At(float64(b.s.Timeline.Observed)), text)
}

func (b *builder) bells(c *svg.Canvas, top, bottom float64, clock svg.Clock) {
	for _, at := range b.s.Run.Bells {
		if at < clock.From || at > clock.To {
			continue
		}
		x := clock.At(float64(at))
		c.Segment("bell", x, top-22, x, bottom)
		c.Text("note", x, top-28, svg.Middle, b.c.Text("event.bell"))
	}
}

// pins writes the number of each event at its instant; one that
// would touch another goes down a row, and there are three rows.
func (b *builder) pins(c *svg.Canvas, f svg.Frame, clock svg.Clock) {
	free := [3]float64{}
	for i, e := range b.flags() {
		if e.At < clock.From || e.At > clock.To {
			continue
		}
		x := clock.At(float64(e.At))
		row := slices.IndexFunc(free[:], func(edge float64) bool { return x-9 >= edge })
		if row < 0 {
			continue // listed below the chart all the same
		}
		free[row] = x + 9
		y := f.Y + 12 + 20*float64(row)
		c.Circle("pin", x, y, 8.5)
		c.Text("pin-n", x, y+4.5, svg.Middle, fmt.Sprint(i+1))
	}
}

func (b *builder) clockTicks(s svg.Clock, n int) []svg.Tick {
	var out []svg.Tick
	for _, t := range s.Ticks(n) {
		label := b.c.Clock(t)
		if s.To-s.From >= 600 {
			label = label[:5]
		}
		out = append(out, svg.Tick{At: s.At(float64(t)), Label: label})
	}
	return out
}

func (b *builder) countTicks(s svg.Linear, n int) []svg.Tick {
	var out []svg.Tick
	for _, v := range s.Ticks(n) {
		label := b.c.Uint(uint64(math.Round(v)))
		if s.To < float64(n) {
			label = b.decimal(v)
		}
		out = append(out, svg.Tick{At: s.At(v), Label: label})
	}
	return out
}

// decimal writes an axis label with one digit after the point.
func (b *builder) decimal(v float64) string {
	label := strconv.FormatFloat(v, 'f', 1, 64)
	if b.c.Lang() == "fr" {
		label = strings.Replace(label, ".", ",", 1)
	}
	return label
}

// upTo is a scale from 0 to a round number that holds high.
func upTo(high float64, f svg.Frame, ticks int) svg.Linear {
	step := svg.Nice(max(high, 1) / float64(ticks))
	return svg.Linear{From: 0, To: step * math.Ceil(max(high, 1)/step), A: f.Bottom(), B: f.Y}
}

// edges are the coordinates between n bins.
func edges(s svg.Scale, from, width, n int) []float64 {
	out := make([]float64, n+1)
	for i := range out {
		out[i] = s.At(float64(from + i*width))
	}
	return out
}

func total(n []int) int {
	sum := 0
	for _, v := range n {
		sum += v
	}
	return sum
}

func highest(n []int) int {
	high := 0
	for _, v := range n {
		high = max(high, v)
	}
	return high
}
