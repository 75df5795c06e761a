package html

import (
	"time"

	"firstbell/report"
	"firstbell/report/catalog"
	"firstbell/runner/results"
)

// session is what S13 adds after capacity and certify: the calibration, what
// was planned and played, the trials, and the two observers.
func (b *builder) session() []Part {
	s := b.s.Session
	if s == nil {
		return nil
	}
	c := b.c
	parts := []Part{
		{Heading: c.Text("html.calibration"), Text: b.calibration()},
		{Heading: c.Text("html.session"), Text: b.sessionIntro(), List: b.resumptions()},
		{Table: b.stages()},
		{Table: b.trials(), Folded: c.Text("html.t_trials")},
	}
	parts = append(parts, b.sessionFleet()...)
	if len(c.Unproved(b.s)) > 0 {
		var list []Words
		for _, u := range c.Unproved(b.s) {
			list = append(list, plain(u))
		}
		parts = append(parts, Part{Heading: c.Text("html.unproved"), List: list})
	}
	return append(parts, b.observers()...)
}

func (b *builder) calibration() Words {
	k := b.s.Session.Calibration
	if k == nil {
		return plain(b.c.Text("html.calibration_none"))
	}
	key := "session.calibration."
	why := b.c.Text("html.calibration_ceiling")
	if k.Stopped != "" {
		why = b.c.Word("calibration_stop", k.Stopped)
	}
	out := b.f.say("html.calibration_text", "rate", b.f.rate(key+"rate_per_s"), "p99", b.f.duration(key+"p99_s"), "why", why)
	if b.s.Capacity.Required.Known() && b.s.Capacity.Required.Float() > 0 {
		out = append(out, Num{Text: " "})
		out = append(out, b.f.say("html.calibration_required", "required", b.f.rate("capacity.required"))...)
	}
	return out
}

func (b *builder) sessionIntro() Words {
	key := "html.session_intro"
	if b.s.Session.Quick {
		key = "html.session_quick"
	}
	return plain(b.c.Text(key, "command", "firstbell "+b.s.Session.Command, "n", b.c.Int(len(b.s.Session.Trials))))
}

func (b *builder) resumptions() []Words {
	var out []Words
	for _, r := range b.s.Session.Resumed {
		after := r.Trial
		if after == "" {
			after = b.c.Word("stage", r.After)
		}
		out = append(out, plain(b.c.Text("html.resumed_at", "at", b.c.DateTime(r.At.Format(time.RFC3339)), "after", orDash(after))))
	}
	return out
}

// stages is the plan, and what became of it.
func (b *builder) stages() *Table {
	c := b.c
	if len(b.s.Session.Stages) == 0 {
		return nil
	}
	t := &Table{Caption: c.Text("html.t_stages"), Stack: true, Head: []Column{
		{Name: c.Text("html.stage")}, {Name: c.Text("html.planned"), Number: true}, {Name: c.Text("html.stage_state")},
	}}
	for _, s := range b.s.Session.Stages {
		t.Rows = append(t.Rows, []Cell{text(c.Word("stage", s.Name)), {Words: plain(b.elapsed(int(s.Planned.Seconds()))), Class: "planned"}, b.stageState(s)})
	}
	return t
}

func (b *builder) stageState(s results.Stage) Cell {
	switch {
	case s.Skipped != "":
		return Cell{Words: plain("– " + b.c.Text("html.stage_skipped") + b.c.Colon() + b.c.Word("skipped", s.Skipped)), Class: "unsure"}
	case s.Done:
		return Cell{Words: plain("✓ " + b.c.Text("html.stage_done")), Class: "good"}
	}
	return Cell{Words: plain("– " + b.c.Text("html.stage_open")), Class: "unsure"}
}

// mostTrials bounds the table of trials; all are in summary.json.
const mostTrials = 120

func (b *builder) trials() *Table {
	c := b.c
	if len(b.s.Session.Trials) == 0 {
		return nil
	}
	t := &Table{Caption: c.Text("html.t_trials"), Stack: true, Class: "tight", Head: []Column{
		{Name: c.Text("html.trial")}, {Name: c.Text("html.stage")}, {Name: c.Text("html.kind")}, {Name: c.Text("html.load_rate"), Number: true},
		{Name: c.Text("html.length"), Number: true}, {Name: c.Text("people"), Number: true}, {Name: c.Text("face.result")}, {Name: c.Text("html.gates_failed")},
	}}
	list := b.s.Session.Trials
	for i, x := range list[:min(len(list), mostTrials)] {
		key := path("session.trials", i)
		kind := c.Word("kind", x.Kind)
		if x.Role != "" {
			kind += " · " + c.Word("role", x.Role)
		}
		gates := ""
		for _, g := range x.Gates {
			gates = join3(gates, g)
		}
		if x.EndedAs != "" && x.EndedAs != "planned" && x.EndedAs != "enough" {
			gates = join3(gates, c.Word("ended", x.EndedAs))
		}
		t.Rows = append(t.Rows, []Cell{
			{Words: plain(x.Name), Class: "code"}, text(c.Word("stage", x.Stage)), text(kind), {Words: Words{b.known(key+".rate_per_s", x.Rate, b.f.rate)}, Class: "n"},
			cell(b.f.duration(key + ".seconds")), cell(b.f.count(key + ".people")), b.trialState(x.State), text(orDash(gates)),
		})
	}
	return t
}

// known is a number, or a dash where there is none to give.
func (b *builder) known(key string, d report.Decimal, write func(string) Num) Num {
	if !d.Known() {
		return Num{Text: "–"}
	}
	return write(key)
}

func (b *builder) trialState(s results.State) Cell {
	if s == "" {
		return text("–")
	}
	status := report.Status(s)
	return Cell{Words: plain(catalog.Mark(status) + "\u00a0" + b.c.Text("trial_state."+string(s))), Class: "status " + string(s)}
}

// observers are the witness and the control address.
func (b *builder) observers() []Part {
	c, s := b.c, b.s.Session
	parts := []Part{{Heading: c.Text("html.observers")}}
	if len(s.Checks) > 0 {
		parts = append(parts, Part{Table: b.checks()})
	}
	if s.Witness == nil {
		parts[0].Text = plain(c.Text("html.witness_none"))
	} else {
		parts = append(parts, Part{Text: plain(c.Text("html.witness_intro"))},
			Part{Table: b.beheld(c.Text("html.t_witness"), "session.witness.trials", s.Witness.Trials, nil)})
	}
	if s.Control == nil {
		return append(parts, Part{Text: plain(c.Text("html.neutral_none"))})
	}
	return append(parts, Part{Text: plain(c.Text("html.neutral_intro", "url", s.Control.URL))},
		Part{Table: b.beheld(c.Text("html.t_neutral"), "session.control.trials", s.Control.Trials, &s.Control.Base)})
}

// checks are what the two observers' numbers say.
func (b *builder) checks() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t_checks"), Stack: true, Head: []Column{
		{Name: c.Text("html.measure")}, {Name: c.Text("face.result")}, {Name: c.Text("face.required")}, {Name: c.Text("face.measured")},
	}}
	for i, m := range b.s.Session.Checks {
		key := path("session.checks", i)
		t.Rows = append(t.Rows, []Cell{
			text(c.Word("measure", m.Name)), b.status(m.Status, "gate_status."),
			{Words: Words{b.f.limit(key+".threshold", m.Relation, m.Format)}}, {Words: Words{b.f.against(key+".measured", m.Threshold, m.Format)}},
		})
	}
	return t
}

func (b *builder) beheld(caption, key string, list []results.Beheld, base *results.Beheld) *Table {
	c := b.c
	t := &Table{Caption: caption, Stack: true, Head: columns(c.Text("html.trial"), c.Text("html.times"), c.Text("html.failures"), c.Text("html.p50"), c.Text("html.p95"))}
	row := func(name, key string) {
		t.Rows = append(t.Rows, []Cell{
			{Words: plain(name)}, cell(b.f.count(key + ".n")), cell(b.f.count(key + ".failed")), cell(b.seen(key + ".p50_s")), cell(b.seen(key + ".p95_s")),
		})
	}
	if base != nil {
		row(c.Text("html.before_load"), "session.control.base")
	}
	for i, x := range list[:min(len(list), mostTrials)] {
		row(x.Trial, path(key, i))
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

// seen is a time a prober saw, where -1 says that none was reached.
func (b *builder) seen(key string) Num {
	n := b.f.duration(key)
	if n.Value == "-1" {
		n.Text = b.c.Text("never")
	}
	return n
}
