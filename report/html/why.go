package html

import (
	"html/template"
	"maps"
	"math"
	"slices"

	"firstbell/report"
	"firstbell/report/svg"
)

// why is S12: what is proved, what fits, what was not measured.
func (b *builder) why() Section {
	a := &b.s.Attribution
	if a.Status == report.Unmeasured && len(a.Proved)+len(a.Compatible) == 0 {
		return b.section("why", Part{Figure: b.unmeasured("f13", a.Command)}, Part{Boxes: b.boxes()})
	}
	parts := []Part{{Text: plain(b.c.Text("html.why_intro"))}, {Text: b.level()}}
	if text := b.levelBefore(); text != nil {
		parts = append(parts, Part{Text: text})
	}
	parts = append(parts, Part{Boxes: b.boxes()})
	if len(a.Isolation) > 0 {
		parts = append(parts, Part{Figure: b.isolationFigure()})
	}
	if len(a.Onset) > 0 {
		parts = append(parts, Part{Table: b.onsets()})
	}
	if t := b.resources(); t != nil {
		parts = append(parts, Part{Text: plain(b.c.Text("html.resources_note"))}, Part{Table: t})
	}
	if t := b.signatures(); t != nil {
		parts = append(parts, Part{Table: t})
	}
	if len(a.Little) > 0 {
		parts = append(parts, Part{Table: b.little(), Folded: b.c.Text("html.t_little")})
	}
	return b.section("why", parts...)
}

// level says how far the evidence goes, in the words of the claim ladder.
func (b *builder) level() Words {
	a := &b.s.Attribution
	switch {
	case a.Step != "" && a.Level == "L0" && b.inVain(a.Step):
		return plain(b.c.Text("html.level_unmoved", "step", a.Step))
	case a.Step != "" && a.Level != "":
		return plain(b.c.Text("html.level_"+a.Level, "step", a.Step))
	case a.Step != "":
		return plain(b.c.Text("html.level_alone", "step", a.Step))
	case !a.Separable && len(a.Isolation) > 0:
		return plain(b.c.Text("html.level_together"))
	}
	return plain(b.c.Text("html.level_none"))
}

// Box is one of the three of S12, never left out.
type Box struct {
	Class, Title string
	Claims       []Words
	None         string
}

func (b *builder) boxes() []Box {
	a := &b.s.Attribution
	out := []Box{
		{Class: "proved", Title: b.c.Text("html.box_proved"), None: b.c.Text("html.box_proved_none")},
		{Class: "compatible", Title: b.c.Text("html.box_compatible"), None: b.c.Text("html.box_compatible_none")},
		{Class: "unknown", Title: b.c.Text("html.box_unmeasured"), None: b.c.Text("html.box_unmeasured_none")},
	}
	if a.Status == report.Unmeasured {
		out[2].None = b.c.Text("html.box_unmeasured_all")
	}
	for i, list := range []struct {
		key    string
		claims []report.Claim
	}{{"attribution.proved", a.Proved}, {"attribution.compatible", a.Compatible}, {"attribution.not_measured", a.Unmeasured}} {
		for j, x := range list.claims {
			out[i].Claims = append(out[i].Claims, b.claim(path(list.key, j), x))
		}
	}
	return out
}

// claim writes a claim; its numbers are marked.
func (b *builder) claim(key string, x report.Claim) Words {
	if !b.c.Has("claim." + x.Key) {
		return plain(x.Key)
	}
	var pairs []any
	for _, name := range b.c.Names("claim." + x.Key) {
		value, ok := x.Args[name]
		if !ok {
			pairs = append(pairs, name, b.c.Text("not_measured"))
			continue
		}
		pairs = append(pairs, name, b.argument(key+".args."+name, name, value))
	}
	return b.f.say("claim."+x.Key, pairs...)
}

// isolationFigure shows each step's capacity alone, weakest first.
func (b *builder) isolationFigure() *Figure {
	fig := &Figure{ID: "f16", Tables: []*Table{b.isolation()}}
	rows := b.weakestFirst()
	drawn := 0
	for _, i := range rows {
		if l := b.s.Attribution.Isolation[i].Logins; l.Low.Known() || l.High.Known() {
			drawn++
		}
	}
	if drawn == 0 {
		fig.Missing = b.c.Text("html.f16_none")
		return fig
	}
	w := b.s.Attribution.Isolation[rows[0]]
	fig.Finding = append(b.f.say("html.f16", "step", join3(w.Journey, w.Step)), Num{Text: b.c.Colon()})
	fig.Finding = append(fig.Finding, b.aSecond(b.f.words(b.c.Range(w.Logins, path("attribution.isolation", rows[0], "logins"), b.c.RateEnd)))...)
	fig.Finding = append(fig.Finding, Num{Text: "."})
	fig.How = b.c.Text("html.f16_how")
	rows = rows[:min(drawn, mostSteps)]
	fig.Wide = b.drawIsolation("f16w", svg.New(1000, 28*float64(len(rows))+86), 330, 6, rows, fig.Finding.String())
	fig.Narrow = b.drawIsolation("f16n", svg.New(360, 46*float64(len(rows))+86), 10, 3, rows, fig.Finding.String())
	return fig
}

// weakestFirst orders the steps by the middle of what they hold; those without
// a figure come last.
func (b *builder) weakestFirst() []int {
	list := b.s.Attribution.Isolation
	out := make([]int, len(list))
	for i := range out {
		out[i] = i
	}
	middle := func(i int) float64 {
		l := list[i].Logins
		switch {
		case l.Low.Known() && l.High.Known():
			return (l.Low.Float() + l.High.Float()) / 2
		case l.Low.Known():
			return l.Low.Float()
		case l.High.Known():
			return l.High.Float()
		}
		return math.Inf(1)
	}
	slices.SortStableFunc(out, func(x, y int) int {
		switch a, b := middle(x), middle(y); {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
	return out
}

func (b *builder) drawIsolation(id string, c *svg.Canvas, left float64, ticks int, rows []int, desc string) template.HTML {
	high := (c.H - 86) / float64(len(rows))
	f := svg.Frame{X: left, Y: 40, W: c.W - left - 24, H: high * float64(len(rows))}
	k := &b.s.Capacity
	top := 0.0
	for _, i := range rows {
		l := b.s.Attribution.Isolation[i].Logins
		for _, d := range []report.Decimal{l.Low, l.High, k.Required} {
			if v := d.Float(); v > top && !math.IsInf(v, 0) {
				top = v
			}
		}
	}
	step := svg.Nice(max(top*1.08, 0.1) / float64(ticks))
	x := svg.Linear{From: 0, To: step * math.Ceil(max(top*1.08, 0.1)/step), A: f.X, B: f.Right()}
	c.Text("unit", f.X, 14, svg.Start, b.c.Text("html.f16_axis"))
	f.Columns(c, b.countTicks(x, ticks), true)
	if k.Required.Known() {
		at := x.At(k.Required.Float())
		c.Segment("required", at, f.Y-4, at, f.Bottom())
		c.Text("strong", at, f.Y-9, svg.End, b.c.Text("html.required")+b.c.Colon()+b.c.Rate(k.Required))
	}
	for n, i := range rows {
		s := b.s.Attribution.Isolation[i]
		y := f.Y + high*(float64(n)+0.5)
		name := join3(s.Journey, s.Step)
		if left > 100 {
			c.Text("", f.X-14, y+c.Font*0.35, svg.End, c.Shorten(name, left-20))
		} else {
			y += 10
			c.Text("halo", f.X, y-14, svg.Start, c.Shorten(name, f.W))
		}
		b.span(c, s.Logins, x, y)
	}
	return template.HTML(c.Image(id, b.c.Text("html.f16_title"), desc))
}

// span draws an interval as a bar with ends, or an arrow for one side of one.
func (b *builder) span(c *svg.Canvas, r report.Range, x svg.Linear, y float64) {
	switch {
	case r.Low.Known() && r.High.Known():
		lo, hi := x.At(r.Low.Float()), x.At(r.High.Float())
		svg.Dots(c, "dot", []svg.Dot{{X: (lo + hi) / 2, Lo: lo, Hi: hi, Y: y}})
	case r.Low.Known():
		lo := x.At(r.Low.Float())
		c.Path("whisker", "M"+svg.Pair(lo, y-4)+"v8M"+svg.Pair(lo, y)+"h16m-5 -4l5 4l-5 4")
	case r.High.Known():
		hi := x.At(r.High.Float())
		c.Path("whisker", "M"+svg.Pair(hi, y-4)+"v8M"+svg.Pair(hi, y)+"h-16m5 -4l-5 4l5 4")
	}
}

func (b *builder) isolation() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t_isolation"), Stack: true, Head: []Column{
		{Name: c.Text("html.step")}, {Name: c.Text("html.step_rate"), Number: true}, {Name: c.Text("html.visits"), Number: true},
		{Name: c.Text("html.logins_rate"), Number: true}, {Name: c.Text("html.trial")},
	}}
	for _, i := range b.weakestFirst() {
		s, key := b.s.Attribution.Isolation[i], path("attribution.isolation", i)
		t.Rows = append(t.Rows, []Cell{
			text(join3(s.Journey, s.Step)), {Words: b.f.words(c.Range(s.Rate, key+".rate", c.RateEnd)), Class: "n"},
			cell(b.f.rate(key + ".visits_per_login")), {Words: b.f.words(c.Range(s.Logins, key+".logins", c.RateEnd)), Class: "n"},
			{Words: plain(orDash(s.Trial)), Class: "code"},
		})
	}
	return t
}

// onsets is T11: the order in which steps left their own baseline.
func (b *builder) onsets() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t11"), Stack: true, Head: []Column{
		{Name: c.Text("html.step")}, {Name: c.Text("html.onset_at"), Number: true}, {Name: c.Text("html.onset_sign")},
		{Name: c.Text("html.onset_lead"), Number: true}, {Name: c.Text("html.trial")},
	}}
	for i, o := range b.s.Attribution.Onset {
		key := path("attribution.onset", i)
		at := Cell{Words: plain(c.Text("html.onset_never")), Class: "n"}
		if o.At.Known() {
			at = cell(b.f.duration(key + ".at_s"))
		}
		t.Rows = append(t.Rows, []Cell{
			text(join3(o.Journey, o.Step)), at, text(orDash(b.onsetSign(o.Sign))),
			cell(b.measuredDuration(key+".lead_s", o.Lead)), {Words: plain(orDash(o.Trial)), Class: "code"},
		})
	}
	return t
}

// onsetSign is how a step left the ordinary: in words of its own, or those of
// the signature.
func (b *builder) onsetSign(sign string) string {
	if b.c.Has("onset." + sign) {
		return b.c.Text("onset." + sign)
	}
	return b.c.Word("signature", sign)
}

// little checks the books, step by step.
func (b *builder) little() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t_little"), Stack: true, Head: columns(c.Text("html.step"), c.Text("html.little_area"), c.Text("html.little_sum"),
		c.Text("html.little_gap"), c.Text("html.little_growth"))}
	for i, l := range b.s.Attribution.Little {
		key := path("attribution.little", i)
		t.Rows = append(t.Rows, []Cell{
			text(join3(l.Journey, l.Step)), cell(b.f.rate(key + ".in_flight_integral_s")), cell(b.f.rate(key + ".sum_of_times_s")),
			cell(b.f.percent(key + ".relative_gap")), cell(b.f.rate(key + ".growth_people_per_s")),
		})
	}
	return t
}

// signatures lists the ways a portal can break, and which were seen.
func (b *builder) signatures() *Table {
	c := b.c
	if len(b.s.Attribution.Signatures) == 0 {
		return nil
	}
	t := &Table{Caption: c.Text("html.t_signatures"), Stack: true, Head: []Column{
		{Name: c.Text("html.signature")}, {Name: c.Text("html.seen")}, {Name: c.Text("html.signature_means")}, {Name: c.Text("html.facts")},
	}}
	for i, s := range b.s.Attribution.Signatures {
		seen := plain("– " + c.Text("html.seen_no"))
		if s.Seen {
			seen = plain("● " + c.Text("html.seen_yes"))
		}
		if s.Trial != "" {
			seen = append(seen, Num{Text: " (" + s.Trial + ")"})
		}
		facts := Words{}
		for _, name := range slices.Sorted(maps.Keys(s.Facts)) {
			if len(facts) > 0 {
				facts = append(facts, Num{Text: " ; "})
			}
			facts = append(facts, Num{Text: c.Word("fact", name) + c.Colon()}, b.argument(path("attribution.signatures", i, "facts", name), name, s.Facts[name]))
		}
		if len(facts) == 0 {
			facts = plain("–")
		}
		t.Rows = append(t.Rows, []Cell{text(c.Word("signature", s.Name)), {Words: seen}, text(c.Word("signature_means", s.Name)), {Words: facts}})
	}
	return t
}
