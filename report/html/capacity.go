package html

import (
	"firstbell/report"
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
	parts = append(parts, Part{Facts: b.settings()})
	parts = append(parts, Part{Heading: b.c.Text("html.storms"), Text: b.stormsIntro()}, Part{Table: b.prediction()}, Part{Table: b.replays()})
	if k.Control != nil {
		parts = append(parts, Part{Heading: b.c.Text("html.control"), Text: b.controlFinding()}, Part{Table: b.control()})
	}
	if len(b.s.Sizing) > 0 {
		parts = append(parts, Part{Heading: b.c.Text("html.sizing"), Text: plain(b.c.Text("html.sizing_intro"))}, Part{Table: b.sizing()})
		if len(b.s.Session.Sizes) > 0 {
			parts = append(parts, Part{Table: b.sizes()})
		}
		for i, a := range b.s.Sizing {
			if list := b.answer(i); len(list) > 0 {
				parts = append(parts, Part{Heading: b.c.Word("sizing", a.Key), List: list})
			}
		}
	}
	return b.section("capacity", parts...)
}

// settings are what the search was told.
func (b *builder) settings() []Fact {
	c, k := b.c, &b.s.Capacity
	var out []Fact
	add := func(name string, d report.Decimal, n func(string) Num, key, more string) {
		if !d.Known() || d == "0" {
			return
		}
		words := Words{n("capacity." + key)}
		if more != "" {
			words = append(words, Num{Text: more})
		}
		out = append(out, Fact{c.Text("html.setting_" + name), words, false})
	}
	add("plateau", k.Plateau, b.f.duration, "plateau_s", "")
	add("warmup", k.Warmup, b.f.duration, "warmup_s", "")
	add("limit", k.Limit, b.f.duration, "time_limit_s", "")
	add("quantile", k.P, b.f.percent, "time_quantile", "")
	add("width", k.Width, b.f.percent, "width", "")
	why := ""
	if k.CeilingBy != "" {
		why = " (" + c.Word("ceiling", k.CeilingBy) + ")"
	}
	add("ceiling", k.Ceiling, b.f.rate, "max_offered", " "+c.Text("html.a_second")+why)
	return out
}

// unmeasured is one line in place of a figure: what it takes to have it.
func (b *builder) unmeasured(id, command string) *Figure {
	key := "html.unmeasured"
	switch s := b.s.Session; {
	case command == "":
		key = "html.unmeasured_plain"
	case s != nil && len(s.Unproved) > 0 && "firstbell "+s.Command == command:
		key = "html.unmeasured_tried"
	}
	return &Figure{ID: id, Missing: b.c.Text(key, "command", command)}
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
		row("margin", b.f.words(c.Margin(k)))
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
