package html

import (
	"slices"

	"firstbell/report"
	"firstbell/report/catalog"
)

// One is page one.
type One struct {
	Kicker   string
	Name     string
	Symbol   string
	Verdict  string
	Class    string // ready, not_ready, inconclusive
	Banner   string // a state the reader must not miss
	Lead     []Words
	Outside  Words
	Rates    Words // of a session, for engineers
	Numbers  []Big
	Bar      *Figure
	Criteria *Table
	More     string // criteria that page one has no room for
	By       string
	Sign     string // of a session: where to sign
	Dense    bool   // much to say on one sheet: print it smaller
	Actions  []catalog.Action
	Validity Words
	Limits   []Words
	Rows     []catalog.Row
}

// Big is one of the three numbers.
type Big struct {
	Words Words
	Label string
	Class string
}

func (b *builder) one() One {
	p := b.c.PageOne(b.s)
	o := One{
		Kicker: b.c.Text("html.kicker"), Name: b.s.Run.Name, Symbol: p.Symbol, Verdict: p.Verdict,
		Class: string(b.s.Verdict.Value), Banner: b.banner(), Outside: b.f.words(p.Outside), Rates: b.f.words(p.Rates),
		Bar: b.bar(), Criteria: b.criteria(mostCriteria), Actions: p.Actions, Validity: b.f.words(p.Validity), Rows: p.Rows,
	}
	for _, l := range p.Lead {
		o.Lead = append(o.Lead, b.f.words(l))
	}
	for _, l := range p.Limits {
		o.Limits = append(o.Limits, b.f.words(l))
	}
	for i, n := range p.Numbers {
		o.Numbers = append(o.Numbers, Big{b.f.words(n.Value), n.Label, b.numberClass(i)})
	}
	if left := len(b.s.Criteria) - mostCriteria; left > 0 {
		o.More = b.c.Text("html.more_criteria", "n", b.c.Int(left))
	}
	o.By = b.c.Text("html.criteria_by_nobody")
	if by := b.s.About.RequiredBy; by != "" {
		o.By = b.c.Text("html.criteria_by", "by", by)
	}
	if b.s.Session != nil {
		key := "html.criteria_main"
		if catalog.RequiredReplayed(b.s) {
			key = "html.criteria_main_required"
		}
		o.By += " " + b.c.Text(key, "trial", orDash(b.s.Session.Main))
	}
	o.Dense = b.dense(&o)
	if b.s.Session != nil {
		o.Sign = b.c.Text("html.sign_here")
	}
	return o
}

// dense reports whether page one has much to say on one sheet.
func (b *builder) dense(o *One) bool {
	if b.s.Session == nil {
		return len(b.s.Criteria) > 4 || len(o.Actions) > 4 || len(o.Lead) > 2 || o.Banner != ""
	}
	weight := 2*len(o.Lead) + 3*len(o.Actions) + 3*len(o.Limits) + 2*len(b.s.Criteria)
	return weight > 24 || o.Banner != ""
}

// bar is the figure of page one: a hundred pupils after a run, the ruler after
// a session.
func (b *builder) bar() *Figure {
	if b.s.Session != nil {
		return b.ruler()
	}
	return b.hundred("f1")
}

func (b *builder) numberClass(i int) string {
	if b.s.Session != nil {
		return []string{"expected", "in", "margin"}[i]
	}
	return []string{"expected", "in", "never"}[i]
}

// banner says what a hurried reader must know before anything else.
func (b *builder) banner() string {
	switch {
	case b.s.Run.EndedAs == "cut":
		return b.c.Text("html.banner_cut", "at", b.c.Clock(b.s.Run.EndedAt))
	case b.s.Run.Short && b.s.Run.EndedAs == "planned":
		return b.c.Text("html.banner_short")
	}
	return ""
}

// mostCriteria fit page one; what is left out is said, and all of them stand
// in the method.
const mostCriteria = 9

// criteria is the table of page one, not met first, cut after most rows.
func (b *builder) criteria(most int) *Table {
	if len(b.s.Criteria) == 0 {
		return nil
	}
	c := b.c
	t := &Table{
		Caption: c.Text("html.criteria"), Stack: true, Class: "criteria",
		Head: []Column{
			{Name: c.Text("face.criterion")}, {Name: c.Text("face.result")}, {Name: c.Text("face.required")},
			{Name: c.Text("face.measured")}, {Name: c.Text("face.severity")},
		},
	}
	ordered := catalog.CriteriaByResult(b.s.Criteria)
	for _, x := range ordered[:min(len(ordered), most)] {
		t.Rows = append(t.Rows, b.criterion(x))
	}
	return t
}

// ends are the two ends of a criterion's interval, rounded outwards as on every
// other face.
func (b *builder) ends(key string, x report.Criterion) (lo, hi Num) {
	low, high := b.c.Ends(x)
	lo = b.f.num(key+".ci95.0", func(report.Decimal) string { return low })
	return lo, b.f.num(key+".ci95.1", func(report.Decimal) string { return high })
}

func (b *builder) criterion(x report.Criterion) []Cell {
	key := path("criteria", slices.IndexFunc(b.s.Criteria, func(y report.Criterion) bool { return y.ID == x.ID }))
	measured := Words{b.f.against(key+".measured", x.Threshold, x.Format)}
	if x.CI95[0].Known() && x.CI95[1].Known() {
		lo, hi := b.ends(key, x)
		if lo.Text != hi.Text {
			measured = append(measured, Num{Text: " ("})
			measured = append(measured, b.f.say("interval", "lo", lo, "hi", hi)...)
			measured = append(measured, Num{Text: ")"})
		}
	}
	return []Cell{
		{Words: append(plain(b.c.CriterionName(x)), b.remarks(key, x)...)},
		{Words: plain(catalog.Mark(x.Status) + "\u00a0" + b.c.Text("status."+string(x.Status))), Class: "status " + string(x.Status)},
		{Words: Words{b.f.limit(key+".threshold", x.Relation, x.Format)}},
		{Words: measured},
		{Words: plain(b.c.Text("severity." + x.Severity))},
	}
}

// remarks are what a criterion's row leaves out, as every other face writes
// them: [catalog.Catalog.Remarks].
func (b *builder) remarks(key string, x report.Criterion) Words {
	var out Words
	add := func(w Words) {
		out = append(append(append(out, Num{Text: " ("}), w...), Num{Text: ")"})
	}
	if x.N < x.Needed { // what to do now refers to it
		add(b.f.say("face.people_needed", "needed", b.f.count(key+".needed"), "n", b.f.count(key+".n")))
	}
	if x.Format == report.FormatPercent && x.N > 0 && x.Count == 0 && x.CI95[1].Known() && x.Measured == "0" {
		add(b.f.say("zero_failures", "n", b.f.count(key+".n"), "limit", b.f.num(key+".ci95.1", b.c.AtMost)))
	}
	if x.NotJudged > 0 {
		add(b.f.say("groups.not_judged", "n", b.f.count(key+".groups_not_judged"), "needed", b.f.count(key+".needed")))
	}
	return out
}
