package html

import (
	"slices"

	"firstbell/report"
)

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
		out := b.f.say("html.refused", "why", b.c.Word("refused", a.Refused))
		if a.Bound.Known() {
			out = append(append(out, Num{Text: " "}), b.f.say("html.linear_bound", "n", b.answerNum(key+".linear_bound", a))...)
		}
		return out
	}
	out := Words{b.answerNum(key+".value", a)}
	if a.Unit != "" && a.Format != report.FormatDuration && a.Format != report.FormatPercent {
		out = append(out, Num{Text: " " + b.c.Word("unit", a.Unit)})
	}
	if a.Low.Known() && a.High.Known() {
		out = append(out, Num{Text: " ["}, b.answerNum(key+".low", a), Num{Text: " – "}, b.answerNum(key+".high", a), Num{Text: "]"})
	}
	if a.Low.Known() && !a.High.Known() {
		out = append(append(out, Num{Text: " "}), b.f.say("html.from_low", "n", b.answerNum(key+".low", a))...)
	}
	if a.Bound.Known() {
		out = append(append(out, Num{Text: " "}), b.f.say("html.linear_bound", "n", b.answerNum(key+".linear_bound", a))...)
	}
	return out
}

// sizes are the capacities of the target by its number of servers.
func (b *builder) sizes() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t_sizes"), Stack: true, Head: columns(c.Text("html.size_servers"), c.Text("html.size_rate"), c.Text("html.size_session"))}
	for i, row := range b.s.Session.Sizes {
		key := path("session.sizes", i)
		name := row.RunID
		if row.Own {
			name = c.Text("html.size_own")
		}
		t.Rows = append(t.Rows, []Cell{cell(b.f.count(key + ".servers")), {Words: b.f.words(c.Range(row.Rate, key+".capacity_per_s", c.RateEnd)), Class: "n"}, text(name)})
	}
	return t
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
