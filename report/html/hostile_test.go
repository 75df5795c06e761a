package html

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"firstbell/report"

	"golang.org/x/net/html"
)

// TestHostileTextIsInert puts what a target or a file could hold everywhere a
// text can stand.
func TestHostileTextIsInert(t *testing.T) {
	evil := "</script></style><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\u2028\x00\x01😈\xff" + strings.Repeat("A", 10_000)
	s := summary(t, "not_ready")
	s.Run.Name, s.Run.Target, s.Run.ID, s.Run.EndedCause, s.Run.Profile, s.Run.HTTP = evil, evil, evil, evil, evil, evil
	s.Run.Hosts, s.Notes = []string{evil}, []string{evil}
	s.About = report.About{RequiredBy: evil, Tester: evil, Staging: evil, StagingBy: evil, Version: evil, ValidUntil: evil}
	s.Signs = slices.Clone(s.Signs)
	for i := range s.Signs {
		s.Signs[i].Text, s.Signs[i].Step, s.Signs[i].Host, s.Signs[i].Reason = evil, evil, evil, evil
	}
	s.Groups = slices.Clone(s.Groups)
	for i := range s.Groups {
		s.Groups[i].Group = report.Group{Region: evil, Level: evil, Persona: evil}
	}
	s.Events = []report.EventRow{{At: s.Run.PlayFrom + 5, Kind: evil, Text: evil, Host: evil, N: 2}}
	s.Consent = []report.Fact{{Key: evil, Value: evil}}
	s.Assumptions = []report.Assumption{{Key: evil, Value: evil, Source: evil}}
	s.Files = []report.File{{Path: evil, SHA256: evil}}
	var scripts int
	for _, n := range elements(t, render(t, s, "fr")) {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "script" {
			scripts++
		}
		if n.Data == "img" || has(n, "onerror") {
			t.Errorf("<%s> came from a text", n.Data)
		}
	}
	if scripts != 2 {
		t.Errorf("%d scripts; want the data and ours", scripts)
	}
}

// TestSizeDoesNotGrow renders the longest morning with the most of everything.
func TestSizeDoesNotGrow(t *testing.T) {
	s := summary(t, "not_ready")
	largest(s)
	var page []byte
	took := time.Hour
	for range 3 { // on a busy machine the quickest tells
		started := time.Now()
		page = render(t, s, "fr")
		took = min(took, time.Since(started))
	}
	if took > 2*time.Second {
		t.Errorf("rendered in %v", took)
	}
	if len(page) > 600_000 {
		t.Errorf("%d bytes", len(page))
	}
	keep(t, "largest.fr.html", page)
}

// largest fills every series and table to its bound, with numbers that never
// repeat.
func largest(s *report.Summary) {
	ints := func(n, top int) []int {
		out := make([]int, n)
		for i := range out {
			out[i] = (i*7919 + 13) % top
		}
		return out
	}
	l := &s.Timeline
	l.Bin = 30
	for _, x := range []*[]int{
		&l.Intended, &l.Started, &l.NotSent, &l.InTime, &l.Late, &l.WaitingRoom, &l.Quota, &l.Blank, &l.Error,
		&l.Timeout, &l.Unreachable, &l.Invalid, &l.Unfinished, &l.InFlight, &l.Waiting, &l.Attempts,
	} {
		*x = ints(400, 99_991)
	}
	s.Run.PlayTo, l.Observed = s.Run.PlayFrom+12_000, s.Run.PlayFrom+12_000
	h := &s.HeatMap
	h.Never, h.Max, h.Bin = ints(400, 99_991), 99_991, 30
	for r := range h.Rows {
		h.Rows[r] = ints(400, 9_973*(r+1)%99_991)
	}
	decimals := func(n int) []report.Decimal {
		out := make([]report.Decimal, n)
		for i := range out {
			out[i] = report.Decimal("1." + strings.Repeat("0", i%3) + string(rune('1'+i%9)) + "37000001")
		}
		return out
	}
	p := &s.Percentiles
	p.Bin, p.N, p.P50, p.P95, p.P99 = 30, ints(400, 9973), decimals(400), decimals(400), decimals(400)
	g := &s.Generator
	g.Bin, g.CPU, g.Hiccup, g.DelayBin, g.DelayP99, g.DelayMax = 30, decimals(400), decimals(400), 30, decimals(400), decimals(400)
	g.Descriptors, g.DescLimit, g.Ports, g.DialsQueued = ints(400, 9973), ints(400, 9973), ints(400, 9973), ints(400, 9973)
	fill(&s.Windows, 60)
	fill(&s.Groups, 256)
	fill(&s.Hops, 200)
	fill(&s.Steps, 200)
	fill(&s.Signs, 10)
	fill(&s.Reasons, 60)
	fill(&s.Files, 200)
	for i := range s.Strip {
		fill(&s.Strip[i].Cells, 400)
		s.Strip[i].Bin = 30
	}
}

// fill repeats a list up to n entries.
func fill[T any](list *[]T, n int) {
	once := *list
	var out []T
	for len(out) < n && len(once) > 0 {
		out = append(out, once...)
	}
	*list = out[:min(n, len(out))]
}

func TestNothingIsWrittenOnAnError(t *testing.T) {
	s := summary(t, "ready")
	w := &failing{}
	if err := Render(w, s, "fr"); err == nil {
		t.Error("no error from a writer that fails")
	}
	if w.calls != 1 {
		t.Errorf("written in %d pieces", w.calls)
	}
}

type failing struct{ calls int }

func (f *failing) Write([]byte) (int, error) { f.calls++; return 0, bytes.ErrTooLarge }

// TestHostileSessionIsInert does the same to what a session adds.
func TestHostileSessionIsInert(t *testing.T) {
	evil := "</script><img src=x onerror=alert(1)>\u202e\x00😈" + strings.Repeat("B", 5_000)
	s := summary(t, "certify_not_ready")
	k, a, e := &s.Capacity, &s.Attribution, s.Session
	k.Why, k.CeilingBy, k.FirstStep, k.FirstCriterion, k.Storm.Formula = evil, evil, evil, evil, evil
	k.Quota = &report.QuotaFound{Sign: evil, Sources: []string{evil}, Rate: report.Range{Low: "1", High: "2"}}
	for i := range k.Loads {
		k.Loads[i].Class, k.Loads[i].First, k.Loads[i].Step, k.Loads[i].Names = evil, evil, evil, []string{evil}
	}
	k.Loads[0].Rate, k.Loads[0].P95, k.Loads[0].Success = report.Never, "not a number", report.Never
	for i := range s.Recovery.Trials {
		r := &s.Recovery.Trials[i]
		r.Trial, r.State, r.Shed, r.Bin, r.Excess = evil, evil, evil, 1<<40, -5
	}
	a.Step, a.Level = evil, evil
	a.Proved = []report.Claim{{Key: evil}, {Key: "first", Args: map[string]string{"step": evil, evil: evil}}}
	a.Isolation[0].Step, a.Onset[0].Step, a.Onset[0].Sign, a.Little[0].Step = evil, evil, evil, evil
	a.Signatures[0] = report.Signature{Name: evil, Seen: true, Trial: evil, Facts: map[string]string{"sources": evil}}
	a.Resources = []report.ResourceRow{{Resource: evil, Journey: evil, Step: evil, State: evil, Highest: "not a number", Calm: report.Never, Reached: "-1", Lag: "x"}}
	a.Intervention = &report.Intervention{RunID: evil, Journey: evil, Step: evil, Level: "L3", Before: report.Range{Censored: evil}}
	a.Compatible = append(a.Compatible, report.Claim{Key: "server_contradiction", Args: map[string]string{"resource": evil, "other": evil, "after_s": evil}})
	s.Sizing[0].Key, s.Sizing[0].Unit, s.Sizing[0].Formula, s.Sizing[0].Trial, s.Sizing[1].Refused = evil, evil, evil, evil, evil
	e.Command, e.Main, e.Unproved, e.Control.URL = evil, evil, []string{evil}, evil
	e.Stages[0].Name, e.Stages[1].Skipped, e.Calibration.Stopped, e.Witness.Trials[0].Trial = evil, evil, evil, evil
	for i := range e.Trials {
		e.Trials[i].Name, e.Trials[i].Kind, e.Trials[i].State, e.Trials[i].Gates, e.Trials[i].EndedAs = evil, evil, "no state", []string{evil}, evil
	}
	for _, n := range elements(t, render(t, s, "fr")) {
		if n.Type == html.ElementNode && (n.Data == "img" || has(n, "onerror")) {
			t.Errorf("<%s> came from a text", n.Data)
		}
	}
}
