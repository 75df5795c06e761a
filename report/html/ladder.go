package html

import "firstbell/report"

// inVain reports whether a step is the one that was strengthened, and the limit did
// not rise.
func (b *builder) inVain(step string) bool {
	i := b.s.Attribution.Intervention
	return i != nil && !i.Moved && i.After.Censored == "" && i.Step == step
}

// levelBefore says how far it is proved what the limit of an earlier session was;
// nil when the second session proves nothing of it.
func (b *builder) levelBefore() Words {
	if i := b.s.Attribution.Intervention; i != nil && i.Level == "L3" {
		return plain(b.c.Text("html.level_L3", "step", i.Step, "run", i.RunID))
	}
	return nil
}

// resources is what the operator's readings of the servers say, step by step; nil
// without any.
func (b *builder) resources() *Table {
	c := b.c
	if len(b.s.Attribution.Resources) == 0 {
		return nil
	}
	t := &Table{Caption: c.Text("html.t_resources"), Stack: true, Head: []Column{
		{Name: c.Text("html.resource")}, {Name: c.Text("html.step")}, {Name: c.Text("html.resource_state")},
		{Name: c.Text("html.resource_calm"), Number: true}, {Name: c.Text("html.resource_highest"), Number: true},
		{Name: c.Text("html.resource_reached"), Number: true}, {Name: c.Text("html.resource_lag"), Number: true},
		{Name: c.Text("html.resource_correlation"), Number: true}, {Name: c.Text("html.resource_bins"), Number: true},
	}}
	for i, r := range b.s.Attribution.Resources {
		key := path("attribution.resources", i)
		t.Rows = append(t.Rows, []Cell{
			text(r.Resource), text(join3(r.Journey, r.Step)), text(c.Word("resource", r.State)),
			cell(b.orDash(r.Calm, b.f.percent, key+".share_before")), cell(b.orDash(r.Highest, b.f.percent, key+".highest_share")),
			cell(b.measuredDuration(key+".reached_at_s", r.Reached)), cell(b.orDash(r.Lag, b.f.signed, key+".lag_s")),
			cell(b.orDash(r.Correlation, b.f.number, key+".correlation")), cell(b.f.count(key + ".bins")),
		})
	}
	return t
}

// orDash writes a number that may be missing.
func (b *builder) orDash(d report.Decimal, write func(key string) Num, key string) Num {
	if !d.Known() {
		return Num{Text: "–"}
	}
	return write(key)
}
