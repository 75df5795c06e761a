package html

import (
	"html/template"
	"math"

	"firstbell/report"
	"firstbell/report/catalog"
	"firstbell/report/svg"
)

// ruler is the figure of page one after a session: what was held against what
// is required, in people, or per second when no whole morning was replayed.
func (b *builder) ruler() *Figure {
	k := &b.s.Capacity
	fig := &Figure{ID: "f1"}
	r := reading{held: k.Storm.Range, required: float64(k.Storm.Required), unit: "html.ruler_people"}
	r.heldText = b.c.Short(r.held, "capacity.storm.held", b.c.People).String()
	r.requiredText = b.c.Uint(k.Storm.Required)
	if !catalog.InPeople(b.s) {
		r = reading{held: k.Held, required: k.Required.Float(), unit: "html.ruler_rate"}
		r.heldText = b.c.Short(r.held, "capacity.held", b.c.RateEnd).String()
		r.requiredText = b.c.Rate(k.Required)
	}
	if !r.held.Low.Known() && !r.held.High.Known() || r.held.Censored == "none" {
		return nil // the headline says that nothing was found
	}
	fig.Finding = plain(b.c.Text(r.unit))
	desc := b.c.Headline(b.s).String() + " " + b.c.Rates(b.s).String()
	fig.Wide = b.drawRuler("f1w", r, svg.New(1000, 112), 8, desc)
	fig.Narrow = b.drawRuler("f1n", r, svg.New(360, 112), 3, desc)
	return fig
}

// why0 says why a search could not say, in words.
func (b *builder) why0(key string) string {
	if key == "" {
		return b.c.Text("cause.unfinished")
	}
	return b.c.Word("cause", key)
}

// reading is what a ruler shows.
type reading struct {
	held                   report.Range
	required               float64
	heldText, requiredText string
	unit                   string
}

// top is the end of the axis: room beyond the required number and the interval.
func (r reading) top() float64 {
	high := 0.0
	for _, v := range []float64{r.required * 1.5, r.held.Low.Float() * 1.2, r.held.High.Float() * 1.2} {
		if v > high && !math.IsInf(v, 0) { // NaN is never greater
			high = v
		}
	}
	return max(high, 1)
}

func (b *builder) drawRuler(id string, r reading, c *svg.Canvas, ticks int, desc string) template.HTML {
	f := svg.Frame{X: 10, Y: 46, W: c.W - 30, H: 26}
	step := svg.Nice(r.top() / float64(ticks))
	x := svg.Linear{From: 0, To: step * math.Ceil(r.top()/step), A: f.X, B: f.Right()}
	f.Columns(c, b.rulerTicks(x, ticks), true)
	low, high := x.At(0), x.At(0)
	if r.held.Low.Known() {
		low = x.At(r.held.Low.Float())
		high = low
		c.Rect("held", f.X, f.Y, low-f.X, f.H)
	}
	if r.held.High.Known() {
		high = x.At(r.held.High.Float())
	}
	mid := b.heldEdge(c, f, r, low, high)
	at := x.At(r.required)
	c.Rect("required", at-1.5, f.Y-26, 3, f.H+32)
	c.Text("strong", at+7, f.Y-16, svg.Start, b.c.Text("html.ruler_required", "n", r.requiredText))
	c.Text("halo strong", mid, f.Y-32, svg.Middle, b.c.Text("html.ruler_held", "n", r.heldText))
	f.Base(c)
	return template.HTML(c.Image(id, b.c.Text("html.f1_session"), desc))
}

// heldEdge draws where the answer lies: a block for an interval, an arrow for
// one side of one. It returns the middle of what was drawn.
func (b *builder) heldEdge(c *svg.Canvas, f svg.Frame, r reading, low, high float64) float64 {
	y := f.Y + f.H/2
	switch r.held.Censored {
	case "at_least":
		c.Path("beyond", "M"+svg.Pair(low+3, f.Y+2)+"h26v-5l18 16-18 16v-5h-26z")
		return low
	case "less_than":
		c.Rect("unplayed", f.X, f.Y, high-f.X, f.H)
		c.Path("beyond", "M"+svg.Pair(high, y-4)+"h-12v-6l-16 10 16 10v-6h12z")
		return high
	}
	c.Rect("edge", low, f.Y-3, max(high-low, 4), f.H+6)
	return (low + high) / 2
}

func (b *builder) rulerTicks(x svg.Linear, n int) []svg.Tick {
	return b.countTicks(x, n)
}
