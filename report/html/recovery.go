package html

import (
	"html/template"
	"math"
	"strconv"

	"firstbell/report"
	"firstbell/report/svg"
)

// recovery is S10: what happened after too many had come.
func (b *builder) recovery() Section {
	r := &b.s.Recovery
	if r.Status == report.Unmeasured || len(r.Trials) == 0 {
		return b.section("recovery", Part{Figure: b.unmeasured("f11", r.Command)})
	}
	parts := []Part{{Text: plain(b.c.Text("html.recovery_intro"))}}
	if r.Vulnerable.Known() && r.VulnerR > 0 {
		parts = append(parts, Part{Text: b.f.say("html.vulnerable", "share", b.f.percent("recovery.vulnerable_above_share"),
			"n", b.f.count("recovery.vulnerable_refreshes"))})
	}
	parts = append(parts, Part{Table: b.recoveries()})
	for i := range r.Trials[:min(len(r.Trials), mostRecoveries)] {
		parts = append(parts, Part{Figure: b.recoveryFigure(i)})
	}
	return b.section("recovery", parts...)
}

// mostRecoveries bounds the figures; all trials stand in the table.
const mostRecoveries = 6

// refreshes names how often people came back.
func (b *builder) refreshes(i int) Words {
	switch n := b.s.Recovery.Trials[i].Refreshes; {
	case n < 0:
		return plain(b.c.Text("html.refreshes_patience"))
	case n == 0:
		return plain(b.c.Text("html.refreshes_none"))
	}
	return b.f.say("html.refreshes", "n", b.f.count(path("recovery.trials", i, "refreshes")))
}

// recoveries is T9, a question a row and a trial a column.
func (b *builder) recoveries() *Table {
	c := b.c
	list := b.s.Recovery.Trials[:min(len(b.s.Recovery.Trials), mostRecoveries)]
	t := &Table{Caption: c.Text("html.t9"), Stack: true, Head: []Column{{Name: c.Text("html.refreshing")}}}
	for i := range list {
		t.Head = append(t.Head, Column{Name: b.refreshes(i).String()})
	}
	row := func(name string, cell func(key string, r *report.RecoveryRow) Cell) {
		cells := []Cell{text(c.Text("html." + name))}
		for i := range list {
			cells = append(cells, cell(path("recovery.trials", i), &list[i]))
		}
		t.Rows = append(t.Rows, cells)
	}
	row("state", func(_ string, r *report.RecoveryRow) Cell { return b.state(r) })
	row("base_trigger", func(key string, _ *report.RecoveryRow) Cell {
		return Cell{Words: Words{b.f.rate(key + ".base_per_s"), {Text: " → "}, b.f.rate(key + ".trigger_per_s")}}
	})
	row("back_after", b.backAfter)
	row("drain_predicted", func(key string, r *report.RecoveryRow) Cell {
		return Cell{Words: Words{b.measuredDuration(key+".predicted_drain_s", r.Predicted)}}
	})
	row("slope", b.slope)
	row("eta", func(key string, r *report.RecoveryRow) Cell {
		return Cell{Words: Words{b.measuredDuration(key+".eta_s", r.ETA)}}
	})
	row("backlog", func(key string, _ *report.RecoveryRow) Cell {
		return Cell{Words: Words{b.f.count(key + ".backlog_at_end")}}
	})
	row("amplified", func(key string, _ *report.RecoveryRow) Cell {
		return Cell{Words: Words{b.f.times(key + ".attempts_per_person")}}
	})
	row("p50_before_after", func(key string, _ *report.RecoveryRow) Cell {
		return Cell{Words: Words{b.f.duration(key + ".p50_before_s"), {Text: " → "}, b.f.duration(key + ".p50_after_s")}}
	})
	return t
}

func (b *builder) state(r *report.RecoveryRow) Cell {
	words := plain(stateMark(r.State) + "\u00a0" + b.c.Word("state", r.State))
	if r.Shed != "" {
		words = append(words, Num{Text: " (" + b.c.Word("shed", r.Shed) + ")"})
	}
	return Cell{Words: words, Class: stateClass(r.State)}
}

func (b *builder) backAfter(key string, r *report.RecoveryRow) Cell {
	if !r.Recovered.Known() || r.Recovered == report.Never {
		return Cell{Words: b.f.say("html.not_within", "t", b.f.duration(key+".observed_s"))}
	}
	return Cell{Words: Words{b.f.duration(key + ".recovered_s")}}
}

// slope is how the number of people in progress moved at the end, with its
// interval.
func (b *builder) slope(key string, _ *report.RecoveryRow) Cell {
	out := Words{b.f.rate(key + ".slope_people_per_s")}
	if lo, hi := b.f.end(key+".slope_ci95.0", false), b.f.end(key+".slope_ci95.1", true); lo.Key != "" && hi.Key != "" {
		out = append(out, Num{Text: " ["}, lo, Num{Text: " – "}, hi, Num{Text: "]"})
	}
	return Cell{Words: out}
}

// measuredDuration is a duration, or a dash where the question does not arise.
func (b *builder) measuredDuration(key string, d report.Decimal) Num {
	if !d.Known() {
		return Num{Text: "–"}
	}
	return b.f.duration(key)
}

func stateMark(state string) string {
	switch state {
	case "recovered":
		return "✓"
	case "metastable", "degraded":
		return "✗"
	case "draining":
		return "?"
	}
	return "–"
}

func stateClass(state string) string {
	switch state {
	case "recovered":
		return "good"
	case "metastable", "degraded":
		return "bad"
	}
	return "unsure"
}

// recoveryFigure is F11 for one trial: success and people in flight, from
// before the trigger to the end.
func (b *builder) recoveryFigure(i int) *Figure {
	r := &b.s.Recovery.Trials[i]
	fig := &Figure{ID: "f11-" + strconv.Itoa(i)}
	if r.Bin <= 0 || len(r.Success) == 0 && len(r.InFlight) == 0 {
		fig.Missing = b.c.Text("html.f11_none", "trial", r.Trial)
		return fig
	}
	fig.Finding = b.recoveryFinding(i)
	fig.How = b.c.Text("html.f11_how")
	fig.Key = []KeyItem{
		{Swatch: swatch("l-1"), Label: b.c.Text("html.f11_success")}, {Swatch: swatch("inside"), Label: b.c.Text("html.f11_inside")},
		{Swatch: swatch("after"), Label: b.c.Text("html.f11_after")},
	}
	fig.Wide = b.drawRecovery(fig.ID+"w", svg.New(1000, 330), 64, 10, r, fig.Finding.String())
	fig.Narrow = b.drawRecovery(fig.ID+"n", svg.New(360, 300), 52, 4, r, fig.Finding.String())
	fig.Tables = []*Table{b.recoveryTable(i)}
	return fig
}

func (b *builder) recoveryFinding(i int) Words {
	r, key := &b.s.Recovery.Trials[i], path("recovery.trials", i)
	out := append(b.refreshes(i), Num{Text: b.c.Colon()})
	switch {
	case r.State == "recovered" && r.Recovered.Known():
		return append(out, b.f.say("html.f11_recovered", "t", b.f.duration(key+".recovered_s"))...)
	case r.State == "draining" && r.ETA.Known():
		return append(out, b.f.say("html.f11_draining", "t", b.f.duration(key+".observed_s"), "eta", b.f.duration(key+".eta_s"))...)
	case r.State == "degraded":
		return append(out, b.f.say("html.f11_degraded", "before", b.f.duration(key+".p50_before_s"), "after", b.f.duration(key+".p50_after_s"))...)
	case r.State == "metastable":
		return append(out, b.f.say("html.f11_metastable", "t", b.f.duration(key+".observed_s"))...)
	}
	return append(out, b.f.say("html.f11_other", "t", b.f.duration(key+".observed_s"))...)
}

func (b *builder) drawRecovery(id string, c *svg.Canvas, left float64, ticks int, r *report.RecoveryRow, desc string) template.HTML {
	n := max(len(r.Success), len(r.InFlight))
	end := n * r.Bin
	upper := svg.Frame{X: left, Y: 30, W: c.W - left - 14, H: (c.H - 120) * 0.5}
	lower := svg.Frame{X: left, Y: upper.Bottom() + 42, W: upper.W, H: (c.H - 120) * 0.5}
	x := svg.Clock{From: 0, To: end, A: upper.X, B: upper.Right()}
	b.shade(c, upper, lower, x, r, end)
	share := svg.Linear{From: 0, To: 1, A: upper.Bottom(), B: upper.Y}
	upper.Title(c, b.c.Text("html.f11_success"))
	upper.Rows(c, b.shareTicks(share, 2))
	xs := edges(x, 0, r.Bin, len(r.Success))
	ys := make([]float64, len(r.Success))
	for i, v := range r.Success {
		ys[i] = share.At(v.Float())
	}
	svg.Steps(c, "l-1", xs, ys, func(i int) bool { return r.Success[i].Known() })
	upper.Base(c)
	y := upTo(float64(highest(r.InFlight)), lower, 3)
	lower.Title(c, b.c.Text("html.f11_inside"))
	lower.Rows(c, b.countTicks(y, 3))
	lower.Columns(c, b.elapsedTicks(x, ticks), true)
	xs = edges(x, 0, r.Bin, len(r.InFlight))
	lo, hi := make([]float64, len(r.InFlight)), make([]float64, len(r.InFlight))
	for i, v := range r.InFlight {
		lo[i], hi[i] = y.At(0), y.At(float64(v))
	}
	svg.Area(c, "inside", xs, lo, hi)
	lower.Base(c)
	c.Text("unit", lower.Right(), lower.Bottom()+38, svg.End, b.c.Text("html.f11_axis"))
	return template.HTML(c.Image(id, b.c.Text("html.f11_title"), desc))
}

// shade marks the time from the end of the excess to recovery, or to the end.
func (b *builder) shade(c *svg.Canvas, upper, lower svg.Frame, x svg.Clock, r *report.RecoveryRow, end int) {
	if r.Excess <= 0 || r.Excess >= end {
		return
	}
	from, to := x.At(float64(r.Excess)), upper.Right()
	if v := r.Recovered.Float(); r.Recovered.Known() && !math.IsInf(v, 0) && !math.IsNaN(v) {
		to = x.At(float64(r.Excess) + v)
	}
	c.Rect("after", from, upper.Y, max(to-from, 2), lower.Bottom()-upper.Y)
	c.Segment("bell", from, upper.Y-6, from, lower.Bottom())
}

// elapsedTicks are instants from the start of a trial.
func (b *builder) elapsedTicks(s svg.Clock, n int) []svg.Tick {
	var out []svg.Tick
	for _, t := range s.Ticks(n) {
		out = append(out, svg.Tick{At: s.At(float64(t)), Label: b.elapsed(t)})
	}
	return out
}

// elapsed writes 45 s, 2 min, 2 min 30.
func (b *builder) elapsed(t int) string {
	switch {
	case t < 60:
		return strconv.Itoa(t) + "\u00a0s"
	case t%60 == 0:
		return strconv.Itoa(t/60) + "\u00a0min"
	}
	return strconv.Itoa(t/60) + "\u00a0min\u00a0" + strconv.Itoa(t%60)
}

// mostBinsTable bounds the rows of a table of a series.
const mostBinsTable = 48

func (b *builder) recoveryTable(i int) *Table {
	c, r := b.c, &b.s.Recovery.Trials[i]
	t := &Table{Caption: c.Text("html.t_recovery", "trial", r.Trial), Head: columns(c.Text("html.since_start"), c.Text("html.f11_success"), c.Text("html.f11_inside"))}
	n := max(len(r.Success), len(r.InFlight))
	every := (n + mostBinsTable - 1) / mostBinsTable
	for k := 0; k < n; k += max(every, 1) {
		row := []Cell{text(b.elapsed(k * r.Bin)), text("–"), text("–")}
		if k < len(r.Success) && r.Success[k].Known() {
			row[1] = cell(b.f.percent(path("recovery.trials", i, "success", k)))
		}
		if k < len(r.InFlight) {
			row[2] = cell(b.f.count(path("recovery.trials", i, "in_flight", k)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
