package html

import (
	"encoding/base64"
	"html/template"
	"strconv"
	"strings"

	"firstbell/report"
)

// proof is S14: method, evidence, limits, signature.
func (b *builder) proof() Section {
	c := b.c
	var parts []Part
	if len(b.s.Criteria) > mostCriteria {
		parts = append(parts, Part{Heading: c.Text("html.all_criteria"), Table: b.criteria(len(b.s.Criteria))})
	}
	parts = append(parts, []Part{
		{Heading: c.Text("html.parameters"), Facts: b.parameters()},
		{Heading: c.Text("html.method"), List: append(b.list("html.method.", 7), b.coldStart()...)},
		{Heading: c.Text("html.limits"), List: b.limitsOf()},
	}...)
	if t := b.assumptions(); t != nil {
		parts = append(parts, Part{Table: t, Folded: t.Caption})
	}
	parts = append(parts, Part{Heading: c.Text("html.consent"), Text: b.consentIntro(), Facts: b.consent()})
	parts = append(parts, b.evidence()...)
	return b.section("proof", append(parts,
		Part{Heading: c.Text("html.glossary"), Facts: b.glossary()},
		Part{Sign: b.sign()},
	)...)
}

// list is the numbered texts of a prefix, from 1 to n.
func (b *builder) list(prefix string, n int) []Words {
	var out []Words
	for i := range n {
		out = append(out, plain(b.c.Text(prefix+strconv.Itoa(i+1))))
	}
	return out
}

// coldStart says how the portal was before the tests that want it at rest.
func (b *builder) coldStart() []Words {
	if b.s.Session == nil || b.s.Session.Cold.Needed == 0 {
		return nil
	}
	key := "html.method_cold"
	switch cold := b.s.Session.Cold; cold.Reset {
	case 0:
		key = "html.method_idle"
	case cold.Needed:
	default:
		key = "html.method_cold_some"
	}
	return []Words{b.f.say(key, "n", b.f.count("session.cold_start.reset"), "of", b.f.count("session.cold_start.trials"),
		"longest", b.f.duration("session.cold_start.longest_s"))}
}

// limitsOf is what the test does not say; a session has searched for the limit,
// and says what it left out.
func (b *builder) limitsOf() []Words {
	out := b.list("html.limit.", 6)
	if b.s.Fleet != nil {
		out[2] = plain(b.c.Text("html.limit.3_fleet", "n", b.c.Int(b.s.Run.Workers)))
	}
	if b.s.Session != nil {
		out[0] = plain(b.c.Text("html.limit_session"))
		for _, u := range b.c.Unproved(b.s) {
			out = append(out, plain(b.c.Text("html.limit_unproved", "what", u)))
		}
	}
	return out
}

func (b *builder) parameters() []Fact {
	c, r := b.c, b.s.Run
	out := []Fact{
		{c.Text("html.run_id"), plain(r.ID), true},
		{c.Text("html.target"), plain(r.Target), true},
		{c.Text("html.hosts"), plain(strings.Join(r.Hosts, ", ")), true},
		{c.Text("html.profile"), plain(orDash(r.Profile)), false},
		{c.Text("html.played"), plain(c.Clock(r.PlayFrom) + " – " + c.Clock(r.PlayTo)), false},
		{c.Text("html.judged"), plain(c.Clock(r.PeakFrom) + " – " + c.Clock(r.PeakTo)), false},
		{c.Text("html.in_time"), Words{b.f.num("run.in_time_s", func(d report.Decimal) string { return c.Threshold(d, report.FormatDuration) })}, false},
		{c.Text("html.scale"), plain(b.decimalOf(r.Scale)), false},
		{c.Text("html.http"), plain("HTTP/" + r.HTTP), false},
		{c.Text("html.seed"), plain(strconv.FormatUint(r.Seed, 10)), true},
		{c.Text("html.digest"), plain(r.Digest), true},
		{c.Text("html.scenario_hash"), plain(r.ScenarioHash), true},
		{c.Text("html.tool_name"), plain(strings.TrimSpace(b.s.Tool.Name + " " + b.s.Tool.Version + " " + b.s.Tool.Go + " " + b.s.Tool.OS)), true},
		{c.Text("html.ended"), plain(strings.TrimSpace(c.Word("ended", r.EndedAs) + " " + r.EndedCause)), false},
	}
	if r.SmokeTried > 0 {
		out = append(out, Fact{c.Text("html.smoke"), b.f.say("html.smoke_text", "ok", b.f.count("run.smoke_accepted"), "n", b.f.count("run.smoke_tried")), false})
	}
	if r.CalmTried > 0 {
		out = append(out, Fact{c.Text("html.calm"), b.f.say("html.smoke_text", "ok", b.f.count("run.calm_accepted"), "n", b.f.count("run.calm_tried")), false})
	}
	for _, n := range b.s.Notes {
		out = append(out, Fact{c.Text("html.note"), plain(n), false})
	}
	return out
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func (b *builder) decimalOf(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if b.c.Lang() == "fr" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

func (b *builder) assumptions() *Table {
	if len(b.s.Assumptions) == 0 {
		return nil
	}
	t := &Table{Caption: b.c.Text("html.assumptions"), Stack: true, Head: []Column{
		{Name: b.c.Text("html.assumption")}, {Name: b.c.Text("html.value")}, {Name: b.c.Text("html.source")},
	}}
	for _, a := range b.s.Assumptions {
		t.Rows = append(t.Rows, []Cell{{Words: plain(a.Key), Class: "code"}, {Words: plain(a.Value), Class: "code"}, text(orDash(b.source(a.Source)))})
	}
	return t
}

// source is where a default comes from, in the reader's language where the
// catalogue knows it.
func (b *builder) source(s string) string {
	if name, ok := strings.CutSuffix(s, ", an assumption for part of it"); ok {
		return b.c.Text("source.profile", "name", strings.TrimPrefix(name, "profile "))
	}
	return b.c.Word("source", s)
}

func (b *builder) consentIntro() Words {
	if len(b.s.Consent) == 0 {
		return plain(b.c.Text("html.consent_none"))
	}
	return nil
}

func (b *builder) consent() []Fact {
	var out []Fact
	for _, x := range b.s.Consent {
		out = append(out, Fact{b.c.Word("event", x.Key), plain(x.Value), false})
	}
	return out
}

// mostDownload is the largest file held in the page.
const mostDownload = 200_000

// evidence lists the files, and holds the summary itself when it is small.
func (b *builder) evidence() []Part {
	c := b.c
	intro := plain(c.Text("html.files_intro"))
	if len(b.s.Files) == 0 {
		intro = plain(c.Text("html.files_none"))
	}
	out := []Part{{Heading: c.Text("html.files"), Text: intro}}
	if len(b.s.Files) > 0 {
		out = append(out, Part{Table: b.files(), Folded: c.Text("html.t14")})
	}
	data := base64.StdEncoding.EncodeToString(b.f.json)
	if len(data) <= mostDownload {
		kb := strconv.Itoa((len(b.f.json) + 1023) / 1024)
		out = append(out, Part{Links: []Link{{c.Text("html.download", "kb", kb), "summary.json", template.URL("data:application/json;base64," + data)}}})
	}
	return out
}

// mostFiles bounds the table of files.
const mostFiles = 100

func (b *builder) files() *Table {
	t := &Table{Caption: b.c.Text("html.t14"), Stack: true, Head: []Column{
		{Name: b.c.Text("html.file")}, {Name: b.c.Text("html.bytes"), Number: true}, {Name: "SHA-256"},
	}}
	for i, f := range b.s.Files[:min(len(b.s.Files), mostFiles)] {
		t.Rows = append(t.Rows, []Cell{
			{Words: plain(f.Path), Class: "code"}, cell(b.f.count(path("files", i, "bytes"))), {Words: plain(f.SHA256), Class: "code hash"},
		})
	}
	return t
}

func (b *builder) glossary() []Fact {
	var out []Fact
	for i := range 14 {
		key := "html.word." + strconv.Itoa(i+1)
		out = append(out, Fact{b.c.Text(key), plain(b.c.Text(key + ".means")), false})
	}
	return out
}

// Sign is the block people write in.
type Sign struct {
	Title, Observations, Decision string
	Head                          []string
	Who                           []string
	Choices                       []string
}

func (b *builder) sign() *Sign {
	c := b.c
	return &Sign{
		Title: c.Text("html.sign"), Observations: c.Text("html.observations"), Decision: c.Text("html.decision"),
		Head:    []string{c.Text("html.sign_role"), c.Text("html.sign_name"), c.Text("html.sign_date"), c.Text("html.sign_hand")},
		Who:     []string{c.Text("who.client"), c.Text("html.who_holder"), c.Text("html.who_observer")},
		Choices: []string{c.Text("html.choice.1"), c.Text("html.choice.2"), c.Text("html.choice.3"), c.Text("html.choice.4")},
	}
}
