package html

import (
	"cmp"
	"slices"
	"strings"

	"firstbell/report"
	"firstbell/report/catalog"
)

const (
	// mostWorkers are shown openly; all of a larger fleet wait in a folded table.
	mostWorkers = 12
	// mostLosses are told in words.
	mostLosses = 12
)

// fleet is what S13 says of a run on several workers, in words: what it means for
// the verdict, who was lost, and how the stop went.
func (b *builder) fleet() []Part {
	f := b.s.Fleet
	if f == nil {
		return nil
	}
	parts := []Part{{Text: b.fleetMeans()}}
	if w := b.clocks(); w != nil {
		parts = append(parts, Part{Text: w})
	}
	if len(f.Losses) > 0 {
		var list []Words
		for _, l := range b.c.FleetLines(b.s, mostLosses) {
			list = append(list, b.f.words(l))
		}
		parts = append(parts, Part{Heading: b.c.Text("html.losses"), List: list},
			Part{Table: b.losses(), Folded: b.c.Text("html.t_losses")})
	}
	if len(f.Outages) > 0 {
		var list []Words
		for i, o := range f.Outages[:min(len(f.Outages), mostLosses)] {
			list = append(list, b.f.say("html.outage", "at", b.f.clock(path("fleet.outages", i, "from_s")), "resumed", b.c.DateTime(o.Resumed)))
		}
		parts = append(parts, Part{Heading: b.c.Text("html.outages"), List: list})
	}
	if f.Stop != nil {
		parts = append(parts, Part{Heading: b.c.Text("html.stop"), Text: b.stopped(f.Stop)})
	}
	return parts
}

// fleetMeans is what a reader outside the trade must know: whether the fleet counts
// as one machine, and if not, why the verdict says what it says.
func (b *builder) fleetMeans() Words {
	f := b.s.Fleet
	if !f.Kept {
		return plain(b.c.Text("html.fleet_unkept"))
	}
	out := b.f.say("html.fleet_kept", "n", b.f.count("run.workers"), "kind", b.c.Word("fleet_kind", f.Kind))
	return append(append(out, Num{Text: " "}), b.lossesMean()...)
}

// clocks is how well the workers' clocks agreed; nil where the record is gone.
func (b *builder) clocks() Words {
	switch f := b.s.Fleet; {
	case !f.Kept:
		return nil
	case f.Clock.Readings == 0:
		return plain(b.c.Text("html.fleet_no_clocks"))
	case f.Clock.Drift == "0" && f.Clock.Spread.Known():
		return b.f.say("html.fleet_clocks_still", "error", b.f.duration("fleet.clock.error_max_s"),
			"spread", b.f.duration("fleet.clock.start_spread_s"), "bound", b.f.duration("fleet.clock.start_spread_error_s"))
	case !f.Clock.Spread.Known():
		return b.f.say("html.fleet_clock", "error", b.f.duration("fleet.clock.error_max_s"), "drift", b.f.duration("fleet.clock.drift_max_s"))
	}
	return b.f.say("html.fleet_clocks", "error", b.f.duration("fleet.clock.error_max_s"), "drift", b.f.duration("fleet.clock.drift_max_s"),
		"spread", b.f.duration("fleet.clock.start_spread_s"), "bound", b.f.duration("fleet.clock.start_spread_error_s"))
}

func (b *builder) lossesMean() Words {
	f := b.s.Fleet
	if len(f.Losses) == 0 {
		return plain(b.c.Text("html.fleet_none_lost"))
	}
	key := "html.fleet_lost_beyond"
	at := slices.IndexFunc(b.s.Validity, func(g report.Gate) bool { return g.ID == "V6" })
	if at < 0 || len(b.s.Validity[at].Measures) == 0 {
		return nil
	}
	if b.s.Validity[at].Status == report.Met {
		key = "html.fleet_lost_outside"
		if b.s.Validity[at].Measures[0].Count > 0 || slices.ContainsFunc(f.Losses, func(l report.Loss) bool { return l.InWindow }) {
			key = "html.fleet_lost_within"
		}
	}
	what := b.c.Text("html.fleet_one_lost")
	if len(f.Losses) > 1 {
		what = b.c.Text("html.fleet_some_lost", "n", b.c.Int(len(f.Losses)))
	}
	out := b.f.say(key, "what", what, "share", b.f.percent(path("validity", at, "measures.0.measured")))
	if key != "html.fleet_lost_beyond" {
		return out
	}
	return append(append(out, b.takenLate(at)...), plain(" "+b.c.Text("html.fleet_beyond_means"))...)
}

// takenLate says that the people of a lost worker were taken over too late.
func (b *builder) takenLate(gate int) Words {
	for i, m := range b.s.Validity[gate].Measures {
		if m.Name != "takeover" || m.Status == report.Met {
			continue
		}
		key := "html.fleet_late"
		if m.Measured == report.Never {
			key = "html.fleet_never"
		}
		return append(plain(" "), b.f.say(key, "took", b.f.duration(path("validity", gate, "measures", i, "measured")))...)
	}
	return nil
}

func (b *builder) stopped(s *report.Stop) Words {
	at := b.f.clock("fleet.stop.at_s")
	if s.After.Known() {
		return b.f.say("html.stop_reached", "at", at, "why", s.Why, "after", b.f.duration("fleet.stop.reached_after_s"))
	}
	return b.f.say("html.stop_missing", "at", at, "why", s.Why, "names", b.c.Few(s.Missing))
}

// losses is every loss, one row each.
func (b *builder) losses() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t_losses"), Stack: true, Class: "tight members", Head: columns(c.Text("html.worker"), c.Text("html.lost_at"),
		c.Text("html.noticed_after"), c.Text("html.loss_why"), c.Text("html.unobserved"), c.Text("html.not_sent_lost"),
		c.Text("html.taken_at"), c.Text("html.taken_after"), c.Text("html.taken_by"), c.Text("html.returned_at"))}
	for _, i := range []int{3, 8} {
		t.Head[i].Number = false
	}
	list := b.s.Fleet.Losses
	for i, l := range list[:min(len(list), mostTrials)] {
		key := path("fleet.losses", i)
		by := c.Word("untaken", l.Untaken)
		if l.Taken >= 0 {
			var names []string
			for _, x := range l.Takers {
				names = append(names, x.Worker)
			}
			by = c.Few(names)
		}
		t.Rows = append(t.Rows, []Cell{
			name(l.Worker), cell(b.f.clock(key + ".heard_s")), cell(b.f.duration(key + ".noticed_after_s")), text(c.Word("loss_why", l.Why)),
			cell(b.f.count(key + ".unobserved")), cell(b.f.count(key + ".not_sent")), cell(b.f.clock(key + ".taken_s")),
			cell(b.known(key+".taken_after_s", l.TakenAfter, b.f.duration)), text(orDash(by)), cell(b.f.clock(key + ".returned_s")),
		})
	}
	return t
}

// unhealthiest gives the indexes of the workers, the least healthy first.
func unhealthiest(workers []report.Worker) []int {
	rank := []string{"lost", "returned", "warned", "ok"}
	at := func(w report.Worker) int {
		if w.Member == nil {
			return len(rank)
		}
		return slices.Index(rank, w.State)
	}
	out := make([]int, len(workers))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(i, j int) int {
		a, b := workers[i], workers[j]
		return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(b.CPU.Float(), a.CPU.Float()), cmp.Compare(b.DelayP99.Float(), a.DelayP99.Float()))
	})
	return out
}

// members is T13 of a fleet: two tables, for all workers or the least healthy ones,
// and the whole of a large fleet in one.
func (b *builder) members() []Part {
	c, all := b.c, b.s.Generator.Workers
	order := unhealthiest(all)
	load, machine := c.Text("html.t13_load"), c.Text("html.t13_machine")
	if len(all) <= mostWorkers {
		slices.Sort(order)
		return []Part{{Table: b.memberLoad(load, order, true)}, {Table: b.memberMachine(machine, order)}}
	}
	k, n := c.Int(mostWorkers), c.Int(len(all))
	order = order[:mostWorkers]
	rest := make([]int, len(all))
	for i := range rest {
		rest[i] = i
	}
	whole := c.Text("html.t13_all", "n", n)
	return []Part{
		{Table: b.memberLoad(c.Text("html.t13_worst_load", "k", k, "n", n), order, true)},
		{Table: b.memberMachine(c.Text("html.t13_worst_machine", "k", k, "n", n), order)},
		{Table: b.memberLoad(whole, rest, false), Folded: whole},
	}
}

func (b *builder) memberLoad(caption string, order []int, stack bool) *Table {
	c := b.c
	t := &Table{Caption: caption, Stack: stack, Class: "tight members", Head: []Column{
		{Name: c.Text("html.worker")}, {Name: c.Text("html.place")}, {Name: c.Text("html.worker_state")}, {Name: c.Text("html.assigned"), Number: true},
		{Name: c.Text("html.taken_people"), Number: true}, {Name: c.Text("started"), Number: true}, {Name: c.Text("html.delay_p99"), Number: true},
		{Name: c.Text("html.delay_max"), Number: true}, {Name: c.Text("html.cpu"), Number: true},
	}}
	for _, i := range order {
		w, key := b.s.Generator.Workers[i], path("generator.workers", i)
		if w.Member == nil {
			continue
		}
		t.Rows = append(t.Rows, []Cell{
			name(w.Name), text(orDash(w.Place)), b.workerState(w.State), cell(b.f.count(key + ".assigned")), cell(b.f.count(key + ".taken_over")),
			cell(b.f.count(key + ".started")), cell(b.known(key+".delay_p99_s", w.DelayP99, b.f.duration)),
			cell(b.known(key+".delay_max_s", w.DelayMax, b.f.duration)), cell(b.known(key+".cpu_10s_max", w.CPU, b.f.percent)),
		})
	}
	return t
}

func (b *builder) memberMachine(caption string, order []int) *Table {
	c := b.c
	t := &Table{Caption: caption, Stack: true, Class: "tight members", Head: columns(c.Text("html.worker"), c.Text("html.tool_version"), c.Text("html.cpus"),
		c.Text("html.descriptors"), c.Text("html.bytes_max"), c.Text("html.clock_offset"), c.Text("html.clock_drift"),
		c.Text("html.start_after"), c.Text("html.loss_count"))}
	t.Head[1].Number = false
	for _, i := range order {
		w, key := b.s.Generator.Workers[i], path("generator.workers", i)
		if w.Member == nil {
			continue
		}
		t.Rows = append(t.Rows, []Cell{
			name(w.Name), text(orDash(w.Version)), cell(b.known(key+".cpus", w.CPUs, b.f.number)),
			{Words: Words{b.f.count(key + ".descriptors_max"), {Text: " / "}, b.f.count(key + ".descriptor_limit_min")}, Class: "n"},
			{Words: Words{b.f.count(key + ".bytes_in_per_s_max"), {Text: " / "}, b.f.count(key + ".bytes_out_per_s_max")}, Class: "n"},
			{Words: b.clock(w.Member, key), Class: "n"}, cell(b.known(key+".clock_drift_s", w.ClockDrift, b.f.signed)),
			{Words: b.plusMinus(key+".started_at_s", w.StartedAt, key+".start_error_s"), Class: "n"}, cell(b.f.count(key + ".losses")),
		})
	}
	return t
}

// clock is a worker's offset and the worst bound of its readings, or which reading
// is missing.
func (b *builder) clock(w *report.Member, key string) Words {
	out := b.plusMinus(key+".clock_offset_s", w.ClockOffset, key+".clock_error_s")
	if w.ClockGap != "" {
		out = append(out, Num{Text: " (" + b.c.Word("clock_gap", w.ClockGap) + ")"})
	}
	return out
}

func (b *builder) plusMinus(key string, d report.Decimal, bound string) Words {
	if !d.Known() {
		return plain("–")
	}
	return Words{b.f.signed(key), {Text: " ± "}, b.f.signed(bound)}
}

func (b *builder) workerState(state string) Cell {
	class := map[string]string{"ok": "good", "warned": "unsure", "returned": "unsure", "lost": "bad"}[state]
	return Cell{Words: plain(catalog.WorkerMark(state) + "\u00a0" + b.c.Word("worker_state", state)), Class: strings.TrimSpace(class)}
}

// name is a worker's: written as it is.
func name(worker string) Cell { return Cell{Words: plain(worker), Class: "code"} }

// sessionFleet is the fleet of a session's trials: the worst clocks, and every loss
// by the trial it happened in.
func (b *builder) sessionFleet() []Part {
	f := b.s.Session.Fleet
	if f == nil {
		return nil
	}
	c := b.c
	intro := b.f.say("html.session_fleet", "n", b.f.count("session.fleet.workers"), "kind", orDash(c.Word("fleet_kind", f.Kind)),
		"trials", b.f.count("session.fleet.trials"), "main", orDash(b.s.Session.Main))
	add := func(w Words) { intro = append(append(intro, Num{Text: " "}), w...) }
	if f.Error.Known() && f.Drift.Known() {
		add(b.f.say("html.session_clocks", "error", b.f.duration("session.fleet.clock_error_max_s"), "etrial", f.ErrorTrial,
			"drift", b.f.duration("session.fleet.clock_drift_max_s"), "dtrial", f.DriftTrial))
	}
	if f.Lost == 0 {
		add(plain(c.Text("html.session_none_lost")))
	}
	if len(f.Unkept) > 0 {
		add(plain(c.Text("html.session_unkept", "trials", c.Few(f.Unkept))))
	}
	var list []Words
	for i := range f.Losses[:min(len(f.Losses), mostLosses)] {
		l := &f.Losses[i]
		list = append(list, append(plain(l.Trial+c.Colon()), b.f.words(c.Loss(&l.Loss, path("session.fleet.losses", i)))...))
	}
	if left := f.Lost - len(list); left > 0 {
		list = append(list, plain(c.Text("fleet.more_losses_session", "n", c.Int(left))))
	}
	return []Part{{Heading: c.Text("html.session_workers"), Text: intro, List: list}}
}
