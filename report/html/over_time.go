package html

// windowTable is T3: the storm in at most sixty rows, six columns.
func (b *builder) windowTable() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t3"), Head: columns(
		c.Text("html.from"), c.Text("intended"), c.Text("started"), c.Text("outcome.in_time"), c.Text("outcome.late"),
		c.Text("html.waiting_quota"), c.Text("html.failures"), c.Text("html.time_p95"))}
	for i := range b.s.Windows {
		p := path("windows", i, "people")
		t.Rows = append(t.Rows, []Cell{
			cell(b.f.clock(path("windows", i, "window.from_s"))), cell(b.f.count(p + ".intended")), cell(b.f.count(p + ".started")),
			cell(b.f.count(p + ".in_time")), cell(b.f.count(p + ".late")),
			cell(b.f.count(path("windows", i, "waiting_or_refused"))), cell(b.f.count(path("windows", i, "failed"))),
			cell(b.f.duration(path("windows", i, "p95_s"))),
		})
	}
	return t
}
