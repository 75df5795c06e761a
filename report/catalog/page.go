package catalog

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"firstbell/report"
)

// Page is page one: for a project lead who buys school portals, not software.
type Page struct {
	Symbol   string // ✓ ✗ ?
	Verdict  string
	Lead     []Sentence // which morning, on what, for how many, what happened and when
	Outside  Sentence   // how many stayed outside, also when ready; empty when no morning was replayed at its size
	Rates    Sentence   // of a session: the same answer per second, for engineers
	Numbers  [3]Number
	Actions  []Action
	Validity Sentence
	Limits   []Sentence
	Rows     []Row // who chose, staging against production, who tested, version, when
}

// Number is one of the three numbers of page one: two ends when it is an
// interval.
type Number struct {
	Value Sentence
	Label string
}

// Action is one thing to do, and whose move it is.
type Action struct{ Who, Text string }

// Row is a declared fact.
type Row struct{ Label, Text string }

// PageOne puts page one of a run together.
func (c *Catalog) PageOne(s *report.Summary) Page {
	p := Page{
		Symbol: Symbol(s.Verdict.Value), Verdict: c.Verdict(s.Verdict), Outside: c.outside(s),
		Validity: c.validity(s), Rows: c.rows(s),
		Numbers: [3]Number{
			{Sentence{{c.Uint(s.Outside.Expected), "outside.expected"}}, c.Text("page.expected")},
			{Sentence{{c.Uint(s.Outside.InTime), "outside.in_time"}}, c.Text("page.in_time")},
			{Sentence{{c.Uint(s.Outside.Never), "outside.never"}}, c.Text("page.never")},
		},
	}
	if s.Outside.Unobserved > 0 {
		p.Numbers[2].Label = c.Text("page.never_or_lost")
		if s.Outside.Observed == 0 {
			p.Numbers[2].Label = c.Text("page.lost_only")
		}
	}
	p.Actions = c.actions(s)
	if s.Session != nil {
		return c.sessionPage(s, p)
	}
	p.Lead = append([]Sentence{c.replayed(s)}, c.finding(s)...)
	p.Limits = []Sentence{
		c.Sentence("page.storm_only", Arg{"seed", strconv.FormatUint(s.Run.Seed, 10), ""}),
		c.Sentence("page.limits"),
	}
	return p
}

// Symbol goes with a verdict's words wherever they stand.
func Symbol(v report.Value) string {
	switch v {
	case report.Ready:
		return "✓"
	case report.NotReady:
		return "✗"
	}
	return "?"
}

// Mark goes with a status's word.
func Mark(s report.Status) string {
	switch s {
	case report.Met:
		return "✓"
	case report.NotMet:
		return "✗"
	case report.Undecided:
		return "?"
	}
	return "–"
}

// Verdict is the verdict in words.
func (c *Catalog) Verdict(v report.Verdict) string {
	switch {
	case v.Value == report.Ready && v.Reservations == 1:
		return c.Text("verdict.ready_one_reservation")
	case v.Value == report.Ready && v.Reservations > 1:
		return c.Text("verdict.ready_reservations", "n", c.Int(v.Reservations))
	}
	return c.Text("verdict." + string(v.Value))
}

func (c *Catalog) replayed(s *report.Summary) Sentence {
	key := "page.replayed"
	if s.Run.Date == "" {
		key = "page.replayed_undated"
	}
	return c.Sentence(key,
		Arg{"date", c.Date(s.Run.Date), ""}, Arg{"from", c.Prose(s.Run.PlayFrom), ""}, Arg{"to", c.Prose(s.Run.PlayTo), ""},
		Arg{"target", s.Run.Target, ""}, Arg{"n", c.Uint(s.People.Intended), "people.intended"})
}

// finding says what happened, and where a run stopped that did not end.
func (c *Catalog) finding(s *report.Summary) []Sentence {
	var out []Sentence
	switch s.Verdict.Value {
	case report.Ready:
		out = append(out, c.readySentence(s))
	case report.NotReady:
		out = append(out, c.hurtSentence(s))
		if s.Verdict.Recounted {
			out = append(out, c.Sentence("page.not_ready_despite"))
		}
	default:
		cause, ok := c.lostSentence(s)
		if !ok {
			cause = c.Sentence("page.inconclusive", Arg{"cause", c.Text("cause." + string(s.Verdict.Cause)), ""})
		}
		out = append(out, cause)
		if slow, ok := c.slowSentence(s); ok {
			out = append(out, slow)
		}
	}
	if s.Run.EndedAs != "planned" {
		out = append(out, c.Sentence("page.stopped_at",
			Arg{"at", c.Clock(s.Run.EndedAt), "run.ended_at_s"}, Arg{"how", c.Word("ended", s.Run.EndedAs), ""}))
	}
	return out
}

func (c *Catalog) readySentence(s *report.Summary) Sentence {
	met := 0
	for _, x := range s.Criteria {
		if x.Status == report.Met {
			met++
		}
	}
	k := Arg{"k", c.Int(len(s.Criteria)), ""}
	switch {
	case met < len(s.Criteria):
		return c.Sentence("page.ready_reservations", Arg{"met", c.Int(met), ""}, k)
	case met == 1:
		return c.Sentence("page.ready_one")
	}
	return c.Sentence("page.ready", k)
}

func (c *Catalog) hurtSentence(s *report.Summary) Sentence {
	h := s.Verdict.Hurt
	if h == nil {
		return c.Sentence("page.not_ready_other")
	}
	from, to := Arg{"from", c.Prose(h.From), "verdict.hurt.from_s"}, Arg{"to", c.Prose(h.To), "verdict.hurt.to_s"}
	if s.Outside.Hurt == 0 {
		return c.Sentence("page.not_ready_slow", from, to)
	}
	if s.Outside.Hurt == s.Outside.HurtN {
		return c.Sentence("page.not_ready_nobody", from, to)
	}
	key := "page.not_ready_outside"
	if c.singular(s.Outside.HurtPart) {
		key = "page.not_ready_outside_one"
	}
	return c.Sentence(key, from, to, Arg{"fraction", c.Fraction(s.Outside.HurtPart), "outside.hurt_never_share"})
}

// singular reports whether a fraction's words take a singular verb.
func (c *Catalog) singular(d report.Decimal) bool {
	r, ok := d.Rat()
	if !ok || r.Sign() == 0 || r.Cmp(big.NewRat(1, 2000)) < 0 {
		return true
	}
	return slices.Contains([]string{"quarter", "third", "ten.1", "hundred.1", "thousand.1"}, nearest(r).key)
}

func (c *Catalog) outside(s *report.Summary) Sentence {
	of := Arg{"of", c.Uint(s.People.Started), "people.started"}
	switch n := s.Outside.Never; {
	case s.People.Started == 0:
		return c.Sentence("page.outside_nobody")
	case n == 0:
		return c.Sentence("page.outside_none")
	case s.Run.EndedAs != "planned":
		return c.Sentence("page.outside_stopped", Arg{"n", c.Uint(n), "outside.never"}, of)
	case s.Outside.Unobserved > 0:
		return c.outsideOrLost(s, of)
	case n == 1:
		return c.Sentence("page.outside_one", of)
	default:
		return c.Sentence("page.outside", Arg{"n", c.Uint(n), "outside.never"}, of)
	}
}

func (c *Catalog) validity(s *report.Summary) Sentence {
	failed := []string{}
	for _, g := range s.Validity {
		if g.Status != report.Met {
			failed = append(failed, g.ID)
		}
	}
	if len(failed) == 0 {
		return c.Sentence("page.valid_all", Arg{"n", c.Int(len(s.Validity)), ""})
	}
	return c.Sentence("page.valid_not", Arg{"n", c.Int(len(failed)), ""}, Arg{"of", c.Int(len(s.Validity)), ""},
		Arg{"list", strings.Join(failed, ", "), ""})
}

func (c *Catalog) rows(s *report.Summary) []Row {
	declared := func(text string) string {
		if text == "" {
			return c.Text("not_declared")
		}
		return text
	}
	staging := declared(s.About.Staging)
	if s.About.Staging != "" {
		staging = c.Text("row.staging_by", "text", staging, "by", declared(s.About.StagingBy))
	}
	period := c.Text("row.period_open", "from", c.DateTime(s.Run.Started))
	if s.Run.Ended != "" {
		period = c.Text("row.period_text", "from", c.DateTime(s.Run.Started), "to", c.DateTime(s.Run.Ended))
	}
	until := c.Text("not_declared")
	if s.About.ValidUntil != "" {
		until = c.Date(s.About.ValidUntil)
	}
	return []Row{
		{c.Text("row.required_by"), declared(s.About.RequiredBy)},
		{c.Text("row.staging"), staging},
		{c.Text("row.tester"), declared(s.About.Tester)},
		{c.Text("row.version"), declared(s.About.Version)},
		{c.Text("row.period"), period},
		{c.Text("row.valid_until"), until},
		{c.Text("row.tool"), s.Tool.Name + " " + s.Tool.Version},
	}
}

// CriterionName is a criterion in words, its worst group included.
func (c *Catalog) CriterionName(x report.Criterion) string {
	name := c.Word("metric", x.Metric)
	if x.Quantile != "" {
		n, of := quantileWords(x.Quantile)
		name = c.Text("metric."+x.Metric, "n", c.number(n), "of", c.number(of))
	}
	if x.Group == nil {
		return name
	}
	return c.Text("criterion.worst", "name", name, "group", c.GroupName(*x.Group))
}

// ShortName is a criterion in few words, for narrow tables: the metric, and the
// worst group's name.
func (c *Catalog) ShortName(x report.Criterion) string {
	name := c.Text("criterion.short." + x.Metric)
	if x.Group == nil {
		return name
	}
	return c.Text("criterion.worst_short", "name", name, "group", c.GroupName(*x.Group))
}

// quantileWords turns 0.95 into 95 of 100, 0.999 into 999 of 1000.
func quantileWords(q report.Decimal) (n, of string) {
	r, ok := q.Rat()
	if !ok {
		return string(q), "1"
	}
	den := big.NewRat(100, 1)
	for !new(big.Rat).Mul(r, den).IsInt() && den.Cmp(big.NewRat(1_000_000, 1)) < 0 {
		den.Mul(den, big.NewRat(10, 1))
	}
	return new(big.Rat).Mul(r, den).FloatString(0), den.FloatString(0)
}

// GroupName joins the dimensions a group has.
func (c *Catalog) GroupName(g report.Group) string {
	var parts []string
	for _, p := range []string{g.Region, c.Word("level", g.Level), c.Word("persona", g.Persona)} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return c.Text("group.unnamed")
	}
	return strings.Join(parts, " · ")
}

// Measured is what a criterion measured, written against its threshold.
func (c *Catalog) Measured(x report.Criterion) string {
	return c.Against(x.Measured, x.Threshold, x.Format)
}

// Ends are the two ends of a criterion's 95 % interval, as Interval writes them.
func (c *Catalog) Ends(x report.Criterion) (lo, hi string) {
	return c.end(x.CI95[0], x.Threshold, x.Format, false), c.end(x.CI95[1], x.Threshold, x.Format, true)
}

// Remarks says what a criterion's row leaves out: that nothing was seen at all,
// how many people it would take, which groups were too small.
func (c *Catalog) Remarks(x report.Criterion) []string {
	var out []string
	if x.N < x.Needed {
		out = append(out, c.Text("face.people_needed", "needed", c.Uint(x.Needed), "n", c.Uint(x.N)))
	}
	if x.Format == report.FormatPercent && x.N > 0 && x.Count == 0 {
		out = append(out, c.Text("zero_failures", "n", c.Uint(x.N), "limit", c.AtMost(x.CI95[1])))
	}
	if x.NotJudged > 0 {
		out = append(out, c.Text("groups.not_judged", "n", c.Int(x.NotJudged), "needed", c.Uint(x.Needed)))
	}
	return out
}

// Required is a criterion's requirement in words.
func (c *Catalog) Required(x report.Criterion) string {
	return c.Limit(x.Relation, x.Threshold, x.Format)
}

// CriteriaByResult gives the criteria as page one lists them: failed first,
// then not concluded, then not measured, then met.
func CriteriaByResult(criteria []report.Criterion) []report.Criterion {
	out := slices.Clone(criteria)
	rank := []report.Status{report.NotMet, report.Undecided, report.Unmeasured, report.Met}
	slices.SortStableFunc(out, func(a, b report.Criterion) int {
		return slices.Index(rank, a.Status) - slices.Index(rank, b.Status)
	})
	return out
}
