package html

import (
	"html/template"
	"math"
	"slices"
	"strings"

	"firstbell/report"
	"firstbell/report/catalog"
	"firstbell/report/svg"
)

// capacity is S11: how much the portal holds.
func (b *builder) capacity() Section {
	k := &b.s.Capacity
	if k.Status == report.Unmeasured {
		return b.section("capacity", Part{Figure: b.unmeasured("f12", k.Command)})
	}
	parts := []Part{{Text: plain(b.c.Text("html.capacity_intro"))}}
	if k.Why != "" {
		parts = append(parts, Part{Text: b.f.say("html.capacity_why", "why", b.why0(k.Why))})
	}
	if q := b.c.QuotaSentence(b.s); len(q) > 0 {
		parts = append(parts, Part{Text: b.f.words(q)})
	}
	parts = append(parts, Part{Table: b.figures()}, Part{Figure: b.loadFigure()})
	parts = append(parts, Part{Heading: b.c.Text("html.storms"), Text: b.stormsIntro()}, Part{Table: b.prediction()}, Part{Table: b.replays()})
	if k.Control != nil {
		parts = append(parts, Part{Heading: b.c.Text("html.control"), Text: b.controlFinding()}, Part{Table: b.control()})
	}
	if len(b.s.Sizing) > 0 {
		parts = append(parts, Part{Heading: b.c.Text("html.sizing"), Text: plain(b.c.Text("html.sizing_intro"))}, Part{Table: b.sizing()})
		for i, a := range b.s.Sizing {
			parts = append(parts, Part{Heading: b.c.Word("sizing", a.Key), List: b.answer(i)})
		}
	}
	return b.section("capacity", parts...)
}

// unmeasured is one line in place of a figure: what it takes to have it.
func (b *builder) unmeasured(id, command string) *Figure {
	if command == "" {
		return &Figure{ID: id, Missing: b.c.Text("html.unmeasured_plain")}
	}
	return &Figure{ID: id, Missing: b.c.Text("html.unmeasured", "command", command)}
}

// rate and ends of rates, as facts.
func (f *facts) rate(key string) Num { return f.num(key, f.c.Rate) }

func (f *facts) end(key string, up bool) Num {
	return f.num(key, func(d report.Decimal) string { return f.c.RateEnd(d, up) })
}

func (f *facts) times(key string) Num { return f.num(key, f.c.Times) }

// figures is the three capacity figures, with their horizon.
func (b *builder) figures() *Table {
	c, k := b.c, &b.s.Capacity
	t := &Table{Caption: c.Text("html.figures"), Stack: true, Head: []Column{
		{Name: c.Text("html.figure")}, {Name: c.Text("html.value")}, {Name: c.Text("html.meaning")},
	}}
	row := func(key string, value Words) {
		t.Rows = append(t.Rows, []Cell{text(c.Text("html.figure_" + key)), {Words: value}, text(c.Text("html.figure_" + key + "_means"))})
	}
	row("storm", b.f.words(c.Range(k.Storm.Range, "capacity.storm.held", c.People)))
	held := b.f.words(c.Range(k.Held, "capacity.held", c.RateEnd))
	if k.Horizon.Known() && len(held) > 0 && held[0].Text != c.Text("not_measured") {
		held = append(append(held, Num{Text: " "}), b.f.say("html.per_second_for", "horizon", b.f.duration("capacity.horizon_s"))...)
	}
	row("held", held)
	row("saturation", b.aSecond(b.f.words(c.Range(k.Saturation, "capacity.saturation", c.RateEnd))))
	if k.Overload.Low.Known() || k.Overload.High.Known() {
		row("overload", b.aSecond(b.f.words(c.Range(k.Overload, "capacity.overload_goodput", c.RateEnd))))
	}
	row("required", Words{b.f.count("capacity.storm.required"), {Text: " (" + c.Text("html.at_peak") + " "}, b.f.rate("capacity.required"), {Text: " " + c.Text("html.a_second") + ")"}})
	if k.Headroom.Known() {
		row("margin", Words{b.f.times("capacity.headroom")})
	}
	return t
}

// aSecond adds the unit to a rate that was measured.
func (b *builder) aSecond(w Words) Words {
	if len(w) == 1 && w[0].Key == "" {
		return w
	}
	return append(w, Num{Text: " " + b.c.Text("html.a_second")})
}

// loadFigure is F12: what became of people at each load tried.
func (b *builder) loadFigure() *Figure {
	fig := &Figure{ID: "f12"}
	k := &b.s.Capacity
	if len(k.Loads) == 0 {
		fig.Missing = b.c.Text("html.f12_none")
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

func (b *builder) stormsIntro() Words {
	st := &b.s.Capacity.Storm
	if len(st.Replays) == 0 {
		return plain(b.c.Text("html.storms_none"))
	}
	return plain(b.c.Text("html.storms_intro"))
}

// prediction sets the model's storm beside the replayed one.
func (b *builder) prediction() *Table {
	c, st := b.c, &b.s.Capacity.Storm
	t := &Table{Caption: c.Text("html.t_prediction"), Stack: true, Head: []Column{
		{Name: c.Text("html.predicted")}, {Name: c.Text("html.replayed")}, {Name: c.Text("html.ratio")}, {Name: c.Text("html.formula")},
	}}
	t.Rows = [][]Cell{{
		{Words: b.f.words(c.Range(st.Predicted, "capacity.storm.predicted", c.People))},
		{Words: b.f.words(c.Range(st.Range, "capacity.storm.held", c.People))},
		{Words: Words{b.f.times("capacity.storm.measured_to_predicted")}}, {Words: plain(orDash(st.Formula)), Class: "code"},
	}}
	return t
}

// replays lists the whole mornings played.
func (b *builder) replays() *Table {
	c := b.c
	if len(b.s.Capacity.Storm.Replays) == 0 {
		return nil
	}
	t := &Table{Caption: c.Text("html.t_replays"), Stack: true, Head: []Column{
		{Name: c.Text("html.trial")}, {Name: c.Text("html.role")}, {Name: c.Text("html.result")}, {Name: c.Text("html.size"), Number: true},
		{Name: c.Text("outcome.in_time"), Number: true}, {Name: c.Text("html.in_class"), Number: true},
		{Name: c.Text("html.p95"), Number: true}, {Name: c.Text("html.everyone_in"), Number: true},
	}}
	for i, r := range b.s.Capacity.Storm.Replays {
		key := path("capacity.storm.replays", i)
		t.Rows = append(t.Rows, []Cell{
			{Words: plain(r.Trial), Class: "code"}, text(c.Word("role", r.Role)),
			{Words: plain(catalog.Symbol(r.Verdict) + "\u00a0" + c.Text("replay."+string(r.Verdict))), Class: "status " + statusOf(r.Verdict)},
			{Words: Words{b.f.count(key + ".people"), {Text: " ("}, b.f.times(key + ".factor"), {Text: ")"}}, Class: "n"},
			cell(b.f.percent(key + ".in_time_share")), cell(b.f.percent(key + ".in_class_share")), cell(b.f.duration(key + ".p95_s")),
			cell(b.f.duration(key + ".everyone_in_s")),
		})
	}
	return t
}

func statusOf(v report.Value) string {
	switch v {
	case report.Ready:
		return string(report.Met)
	case report.NotReady:
		return string(report.NotMet)
	}
	return string(report.Undecided)
}

func (b *builder) controlFinding() Words {
	if b.s.Capacity.Control.Drift {
		return plain(b.c.Text("html.control_drift"))
	}
	return plain(b.c.Text("html.control_same"))
}

// control compares the first held plateau with its repetition at the end.
func (b *builder) control() *Table {
	c := b.c
	key := "capacity.control."
	t := &Table{Caption: c.Text("html.t_control"), Stack: true, Head: columns(c.Text("html.load_rate"), c.Text("html.p50_before"), c.Text("html.p50_after"),
		c.Text("html.goodput_before"), c.Text("html.goodput_after"))}
	t.Rows = [][]Cell{{
		cell(b.f.rate(key + "rate_per_s")), cell(b.f.duration(key + "p50_before_s")), cell(b.f.duration(key + "p50_after_s")),
		cell(b.f.rate(key + "goodput_before")), cell(b.f.rate(key + "goodput_after")),
	}}
	return t
}

// sizing lists the questions a model answers, with the replay beside.
func (b *builder) sizing() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t_sizing"), Stack: true, Head: []Column{
		{Name: c.Text("html.question")}, {Name: c.Text("html.by_model")}, {Name: c.Text("html.replayed")}, {Name: c.Text("html.cost")},
	}}
	for i, a := range b.s.Sizing {
		key := path("sizing", i)
		replayed := plain(c.Text("html.not_replayed"))
		if a.Replayed.Known() {
			replayed = Words{b.answerNum(key+".replayed", a)}
			if a.Trial != "" {
				replayed = append(replayed, Num{Text: " (" + a.Trial + ")"})
			}
		}
		cost := plain("–")
		if a.Cost.Known() {
			cost = b.f.say("html.everyone_in_at", "t", b.f.duration(key+".cost_s"))
		}
		t.Rows = append(t.Rows, []Cell{text(c.Word("sizing", a.Key)), {Words: b.modelled(i)}, {Words: replayed}, {Words: cost}})
	}
	return t
}

// modelled is the model's answer with its interval, or why there is none.
func (b *builder) modelled(i int) Words {
	a, key := b.s.Sizing[i], path("sizing", i)
	if a.Refused != "" {
		return b.f.say("html.refused", "why", b.c.Word("refused", a.Refused))
	}
	out := Words{b.answerNum(key+".value", a)}
	if a.Unit != "" && a.Format != report.FormatDuration && a.Format != report.FormatPercent {
		out = append(out, Num{Text: " " + b.c.Word("unit", a.Unit)})
	}
	if a.Low.Known() && a.High.Known() {
		out = append(out, Num{Text: " ["}, b.answerNum(key+".low", a), Num{Text: " – "}, b.answerNum(key+".high", a), Num{Text: "]"})
	}
	return out
}

func (b *builder) answerNum(key string, a report.Answer) Num {
	if slices.Contains([]string{"quota", "rate"}, a.Key) || a.Unit == "per_s" || a.Unit == "logins/s" || a.Unit == "people/s" {
		return b.f.rate(key)
	}
	return b.f.num(key, func(d report.Decimal) string { return b.c.Value(d, a.Format) })
}

// answer is what a modelled answer rests on.
func (b *builder) answer(i int) []Words {
	a := b.s.Sizing[i]
	var out []Words
	if a.Formula != "" {
		out = append(out, plain(b.c.Text("html.formula")+b.c.Colon()+a.Formula))
	}
	for j, x := range a.Assumptions {
		out = append(out, append(plain(b.c.Text("html.assumption")+b.c.Colon()), b.claim(path("sizing", i, "assumptions", j), x)...))
	}
	return out
}
