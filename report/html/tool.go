package html

import (
	"firstbell/report"
	"firstbell/report/catalog"
)

// tool is S13: was the generator up to it.
func (b *builder) tool() Section {
	parts := []Part{{Text: b.f.words(b.c.PageOne(b.s).Validity)}}
	parts = append(parts, b.fleet()...)
	parts = append(parts, Part{Text: plain(b.c.Text("html.tool_intro"))}, Part{Table: b.gates()}, Part{Figure: b.delayFigure()})
	if b.s.Fleet != nil {
		parts = append(append(parts, Part{Figure: b.mapFigure()}), b.members()...)
	} else {
		parts = append(parts, Part{Table: b.workers(), Folded: b.c.Text("html.t13")})
	}
	return b.section("tool", append(parts, b.session()...)...)
}

// gates is T12, one row per measure of a gate.
func (b *builder) gates() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t12"), Stack: true, Head: []Column{
		{Name: c.Text("html.gate")}, {Name: c.Text("face.result")}, {Name: c.Text("html.measure")},
		{Name: c.Text("face.required")}, {Name: c.Text("face.measured")}, {Name: c.Text("html.when")},
	}}
	for i, g := range b.s.Validity {
		for j, m := range g.Measures {
			key := path("validity", i, "measures", j)
			t.Rows = append(t.Rows, []Cell{
				{Words: plain(g.ID + " · " + c.Text("gate."+g.ID))}, b.status(m.Status, "gate_status."),
				text(b.measure(m)), {Words: Words{b.f.limit(key+".threshold", m.Relation, m.Format)}},
				{Words: Words{b.f.against(key+".measured", m.Threshold, m.Format)}}, {Words: Words{b.f.clock(key + ".at_s")}},
			})
		}
	}
	return t
}

// measure is what was measured, and on which worker.
func (b *builder) measure(m report.Measure) string {
	name := b.c.Word("measure", m.Name)
	if m.Worker != "" {
		name += " – " + b.c.Text("html.by_worker", "worker", m.Worker)
	}
	return name
}

func (b *builder) status(s report.Status, prefix string) Cell {
	word := b.c.Text(prefix + string(s))
	if !b.c.Has(prefix + string(s)) {
		word = b.c.Text("status." + string(s))
	}
	return Cell{Words: plain(catalog.Mark(s) + "\u00a0" + word), Class: "status " + string(s)}
}

// workers is T13.
func (b *builder) workers() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t13"), Stack: true, Head: columns(
		c.Text("html.worker"), c.Text("started"), c.Text("html.delay_p99"), c.Text("html.delay_max"), c.Text("html.cpu"),
		c.Text("html.descriptors"), c.Text("html.ports"), c.Text("html.hiccup"), c.Text("html.missing_seconds"))}
	for i := range b.s.Generator.Workers {
		key := path("generator.workers", i)
		t.Rows = append(t.Rows, []Cell{
			cell(b.f.count(key + ".id")), cell(b.f.count(key + ".started")), cell(b.f.duration(key + ".delay_p99_s")),
			cell(b.f.duration(key + ".delay_max_s")), cell(b.f.percent(key + ".cpu_10s_max")),
			{Words: Words{b.f.count(key + ".descriptors_max"), {Text: " / "}, b.f.count(key + ".descriptor_limit_min")}, Class: "n"},
			{Words: Words{b.f.count(key + ".ports_max"), {Text: " / "}, b.f.count(key + ".port_limit")}, Class: "n"},
			cell(b.f.duration(key + ".hiccup_p99_9_s")), cell(b.f.gauge(key + ".seconds_missing")),
		})
	}
	return t
}
