package html

import (
	"html/template"
	"math"
	"slices"
	"strings"

	"firstbell/report"
	"firstbell/report/svg"
	"firstbell/runner/results"
)

// loadFigure is F12: what became of people at each load tried.
func (b *builder) loadFigure() *Figure {
	fig := &Figure{ID: "f12"}
	k := &b.s.Capacity
	if len(k.Loads) == 0 {
		fig.Missing = b.c.Text("html.f12_none")
		if s := b.s.Session; s != nil && slices.ContainsFunc(s.Trials, func(t report.TrialRow) bool { return t.Kind == string(results.TrialPlateau) }) {
			fig.Missing = b.c.Text("html.f12_unusable")
		}
		return fig
	}
	fig.Finding = b.loadFinding()
	fig.How = b.c.Text("html.f12_how")
	fig.Key = []KeyItem{
		{Swatch: dotSwatch(loadHeld), Label: b.c.Text("html.load_held")}, {Swatch: dotSwatch(loadMixed), Label: b.c.Text("html.load_mixed")},
		{Swatch: dotSwatch(loadBroken), Label: b.c.Text("html.load_broken")},
		{Swatch: swatch("band"), Label: b.c.Text("html.load_band")}, {Swatch: swatch("required"), Label: b.c.Text("html.ruler_required_key")},
	}
	fig.Wide = b.drawLoads("f12w", svg.New(1000, 450), 64, 9, fig.Finding.String())
	fig.Narrow = b.drawLoads("f12n", svg.New(360, 430), 52, 3, fig.Finding.String())
	fig.Tables = []*Table{b.loadTable()}
	return fig
}

func (b *builder) loadFinding() Words {
	k := &b.s.Capacity
	out := b.aSecond(b.f.words(b.c.Range(k.Held, "capacity.held", b.c.RateEnd)))
	words := b.f.say("html.f12")
	words = append(words, Num{Text: " "})
	words = append(words, out...)
	words = append(words, Num{Text: "."})
	switch {
	case k.Held.Censored == "none":
		return b.f.say("html.f12_unfound")
	case k.FirstStep != "" && k.FirstCriterion != "":
		words = append(words, Num{Text: " " + b.c.Text("html.f12_first_step", "criterion", b.criterionByID(k.FirstCriterion), "step", k.FirstStep)})
	case k.FirstCriterion != "":
		words = append(words, Num{Text: " " + b.c.Text("html.f12_first", "criterion", b.criterionByID(k.FirstCriterion))})
	}
	return words
}

// criterionByID names a criterion in words.
func (b *builder) criterionByID(id string) string {
	for _, x := range b.s.Criteria {
		if x.ID == id {
			return b.c.CriterionName(x)
		}
	}
	return b.c.Word("criterion.short", id)
}

const (
	loadHeld   = "load-held"
	loadMixed  = "load-mixed"
	loadBroken = "load-broken"
)

// look says how a load is drawn: held every time, some of the time, never.
func look(r report.LoadRow) string {
	switch {
	case r.Held == 0:
		return loadBroken
	case r.Held == r.Trials:
		return loadHeld
	}
	return loadMixed
}

func dotSwatch(class string) template.HTML {
	c := svg.New(22, 14)
	mark(c, class, 11, 7)
	return template.HTML(c.Ornament())
}

// mark draws a load: full, half or empty, so that shape tells as much as
// colour.
func mark(c *svg.Canvas, class string, x, y float64) {
	c.Circle(class, x, y, 5)
	if class == loadMixed {
		c.Path("load-half", "M"+svg.Pair(x, y-5)+"a5 5 0 0 0 0 10z")
	}
}

func (b *builder) drawLoads(id string, c *svg.Canvas, left float64, ticks int, desc string) template.HTML {
	k := &b.s.Capacity
	w := c.W - left - 16
	upper := svg.Frame{X: left, Y: 40, W: w, H: (c.H - 150) * 0.45}
	lower := svg.Frame{X: left, Y: upper.Bottom() + 46, W: w, H: (c.H - 150) * 0.55}
	x := b.loadScale(upper, ticks)
	share := svg.Linear{From: 0, To: 1, A: upper.Bottom(), B: upper.Y}
	time := lifted{svg.Log{From: 0.05, To: 120, A: lower.Bottom(), B: lower.Y + 24}, lower.Y + 4}
	b.loadBand(c, upper, lower, x)
	upper.Title(c, b.c.Text("html.f12_success"))
	upper.Rows(c, b.shareTicks(share, 4))
	upper.Columns(c, b.countTicks(x, ticks), false)
	lower.Title(c, b.c.Text("html.f12_time"))
	lower.Rows(c, append(b.durationTicks(time.Log), svg.Tick{At: time.never, Label: b.c.Text("never")}))
	lower.Columns(c, b.countTicks(x, ticks), true)
	c.Text("unit", lower.Right(), lower.Bottom()+38, svg.End, b.c.Text("html.f12_axis"))
	if k.Limit.Known() {
		at := time.At(k.Limit.Float())
		c.Segment("limit", lower.X, at, lower.Right(), at)
		c.Text("strong halo", lower.X+6, at-5, svg.Start, b.c.Text("html.required")+b.c.Colon()+b.c.Threshold(k.Limit, report.FormatDuration))
	}
	if at := x.At(k.Required.Float()); k.Required.Known() {
		c.Segment("required", at, upper.Y-4, at, lower.Bottom())
	}
	for _, r := range k.Loads {
		at := x.At(r.Rate.Float())
		if r.Success.Known() {
			mark(c, look(r), at, share.At(r.Success.Float()))
		}
		if r.P95.Known() {
			mark(c, look(r), at, time.At(r.P95.Float()))
		}
	}
	upper.Base(c)
	lower.Base(c)
	return template.HTML(c.Image(id, b.c.Text("html.f12_title"), desc))
}

// loadScale starts at 0 and holds every load, the interval and the required
// rate.
func (b *builder) loadScale(f svg.Frame, ticks int) svg.Linear {
	k := &b.s.Capacity
	high := 0.0
	for _, d := range append([]report.Decimal{k.Required, k.Held.Low, k.Held.High}, rates(k.Loads)...) {
		if v := d.Float(); v > high && !math.IsInf(v, 0) {
			high = v
		}
	}
	step := svg.Nice(max(high*1.05, 0.1) / float64(ticks))
	return svg.Linear{From: 0, To: step * math.Ceil(max(high*1.05, 0.1)/step), A: f.X, B: f.Right()}
}

func rates(loads []report.LoadRow) []report.Decimal {
	out := make([]report.Decimal, len(loads))
	for i, r := range loads {
		out[i] = r.Rate
	}
	return out
}

// loadBand marks the interval over both panels.
func (b *builder) loadBand(c *svg.Canvas, upper, lower svg.Frame, x svg.Linear) {
	h := b.s.Capacity.Held
	if h.Censored == "none" {
		return
	}
	from, to := upper.X, upper.Right()
	if h.Low.Known() {
		from = x.At(h.Low.Float())
	}
	if h.High.Known() {
		to = x.At(h.High.Float())
	}
	if h.Low.Known() || h.High.Known() {
		c.Rect("band", from, upper.Y, max(to-from, 2), lower.Bottom()-upper.Y)
	}
}

func (b *builder) shareTicks(s svg.Linear, n int) []svg.Tick {
	var out []svg.Tick
	for _, v := range s.Ticks(n) {
		out = append(out, svg.Tick{At: s.At(v), Label: b.c.Threshold(decimalShare(v), report.FormatPercent)})
	}
	return out
}

// loadTable is T10: every load with what was held of it.
func (b *builder) loadTable() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t10"), Head: columns(c.Text("html.load_rate"), c.Text("html.load_of"), c.Text("html.load_class"),
		c.Text("html.load_first"), c.Text("html.load_goodput"), c.Text("html.p50"), c.Text("html.p95"), c.Text("html.in_class"), c.Text("html.load_trials"))}
	t.Head[2].Number, t.Head[3].Number, t.Head[8].Number = false, false, false
	for i, r := range b.s.Capacity.Loads {
		key := path("capacity.loads", i)
		first := "–"
		if r.First != "" {
			first = b.criterionByID(r.First)
			if r.Step != "" {
				first += " (" + r.Step + ")"
			}
		}
		goodput := cell(b.f.rate(key + ".goodput_per_s"))
		if lo, hi := b.f.end(key+".goodput_ci95.0", false), b.f.end(key+".goodput_ci95.1", true); lo.Key != "" && hi.Key != "" {
			goodput.Words = append(goodput.Words, Num{Text: " ["}, lo, Num{Text: " – "}, hi, Num{Text: "]"})
		}
		t.Rows = append(t.Rows, []Cell{
			cell(b.f.rate(key + ".rate_per_s")), {Words: Words{b.f.count(key + ".held"), {Text: " / "}, b.f.count(key + ".trials")}, Class: "n"},
			text(c.Word("load_class", r.Class)), {Words: plain(first), Class: "wrap"}, goodput, cell(b.f.duration(key + ".p50_s")),
			cell(b.f.duration(key + ".p95_s")), cell(b.f.percent(key + ".in_class_share")), {Words: plain(strings.Join(r.Names, ", ")), Class: "wrap code"},
		})
	}
	return t
}
