package html

import (
	"firstbell/report"
	"firstbell/report/catalog"
)

// plainly is S2: what happened, in sentences.
func (b *builder) plainly() Section {
	c := b.c
	first := []Part{{List: b.story()}}
	if b.s.Session != nil {
		first = []Part{{Text: b.described()}, {Figure: b.hundred("f0")}, {List: b.story()}}
	}
	return b.section("plain", append(first,
		Part{Heading: c.Text("html.how_to_read"), List: b.list("html.how_to_read.", 3)},
		Part{Heading: c.Text("html.verdicts"), List: []Words{
			plain(c.Text("verdict.explained.ready")), plain(c.Text("verdict.explained.not_ready")),
			plain(c.Text("verdict.explained.inconclusive")),
		}},
	)...)
}

// described says which trial of a session the next sections are about.
func (b *builder) described() Words {
	s := b.s.Session
	key := "html.described"
	if catalog.RequiredReplayed(b.s) {
		key = "html.described_required"
	}
	return plain(b.c.Text(key, "trial", orDash(s.Main)))
}

func (b *builder) story() []Words {
	f, s := b.f, b.s
	out := []Words{f.say("html.plain_tested", "n", f.count("people.intended"), "rate", f.count("run.peak_arrivals_per_s"))}
	if s.People.Started == 0 {
		return append(out, plain(b.c.Text("html.nobody")))
	}
	out = append(out, b.outcomeSentence())
	if w, ok := b.worstGroup(); ok {
		out = append(out, w)
	}
	if s.Latency.Usable.P95.Known() {
		key := "html.plain_time"
		if s.Latency.Usable.P95 == report.Never {
			key = "html.plain_time_never"
		}
		out = append(out, f.say(key, "p50", f.duration("latency.intended_to_usable_s.p50"),
			"p95", f.duration("latency.intended_to_usable_s.p95")))
	}
	if s.Beside.Retries > 0 {
		out = append(out, f.say("html.plain_retries", "n", f.count("beside.retries"), "of", f.count("attempts.intended")))
	}
	if s.LostPeople > 0 {
		out = append(out, f.say("html.plain_lost", "n", f.count("lost_people")))
	}
	if s.ClassMinutes > 0 {
		out = append(out, f.say("html.plain_minutes", "minutes", f.count("class_minutes_lost"), "n", f.count("beside.class_minutes_people")))
	}
	if s.Beside.Waited > 0 {
		out = append(out, f.say("html.plain_waited", "n", f.count("beside.waited_people"), "mean", f.duration("beside.waited_mean_s")))
	}
	if s.Beside.MidWork > 0 {
		out = append(out, f.say("html.plain_midwork", "n", f.count("beside.mid_work_lost"), "share", f.percent("beside.mid_work_share")))
	}
	if s.StillTrying > 0 {
		out = append(out, f.say("html.plain_trying", "n", f.count("still_trying")))
	}
	return append(out, f.say("html.plain_ended", "how", b.c.Word("ended", s.Run.EndedAs), "at", f.clock("run.ended_at_s")))
}

// outcomeSentence lists what became of those who set out, nobody left out. Who
// never set out is the tool's, and is said apart.
func (b *builder) outcomeSentence() Words {
	out := b.f.say("html.plain_started", "n", b.f.count("people.started"))
	out = append(out, Num{Text: " "})
	first := true
	for _, o := range report.Outcomes() {
		if b.s.People.Of(o) == 0 || o == "not_sent" {
			continue
		}
		if !first {
			out = append(out, Num{Text: ", "})
		}
		first = false
		out = append(out, Num{Text: b.c.Outcome(b.s, o) + "\u00a0"}, b.f.count("people."+o))
	}
	out = append(out, Num{Text: "."})
	if b.s.People.NotSent > 0 {
		out = append(out, Num{Text: " "})
		out = append(out, b.f.say("html.plain_not_sent", "n", b.f.count("people.not_sent"))...)
	}
	return out
}

// worstGroup names the group hit most, when there are several.
func (b *builder) worstGroup() (Words, bool) {
	g := b.s.Groups
	if len(g) < 2 || !g[0].Judged || !g[0].InClass.Known() || g[0].Never == 0 {
		return nil, false
	}
	return b.f.say("html.plain_worst", "group", b.c.GroupName(g[0].Group), "share", b.f.percent("groups.0.in_class"),
		"never", b.f.count("groups.0.never"), "of", b.f.count("groups.0.expected")), true
}

// criterionOf finds the criterion on a metric for everybody.
func (b *builder) criterionOf(metric string) (report.Criterion, bool) {
	for _, x := range b.s.Criteria {
		if x.Metric == metric && x.Group == nil {
			return x, true
		}
	}
	return report.Criterion{}, false
}

// stripNames explains the rows of the strip.
func (b *builder) stripNames() []Words {
	var out []Words
	for i, row := range b.s.Strip {
		name := row.ID
		for _, x := range b.s.Criteria {
			if x.ID == row.ID {
				name = b.c.CriterionName(x) + " (" + b.c.Required(x) + ")"
			}
		}
		out = append(out, plain(b.c.Text("html.strip_row", "n", b.c.Int(i+1), "name", name)))
	}
	return out
}
