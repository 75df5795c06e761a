package html

import (
	"firstbell/report"
	"firstbell/report/catalog"
)

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
