package catalog

import (
	"strings"
	"testing"

	"firstbell/report"
)

// Two tests that asked for the same thing, one of which was not valid, are not
// said to have asked for different things.
func TestConclusionSaysWhyNothingIsCompared(t *testing.T) {
	c := For("en")
	gates := report.Difference{What: "gates", Before: "V3", Now: "V3", Blocking: true}
	plan := report.Difference{What: "plan", Before: "a", Now: "b", Blocking: true}
	tool := report.Difference{What: "tool", Before: "a", Now: "b"}
	for _, tc := range []struct {
		differences []report.Difference
		want        string
	}{
		{[]report.Difference{gates}, "checks failed"},
		{[]report.Difference{gates, tool}, "checks failed"},
		{[]report.Difference{plan}, "same thing"},
		{[]report.Difference{plan, gates}, "same thing"},
	} {
		got := c.Conclusion(report.Comparison{Reading: report.NotComparable, Effect: "0.1", Differences: tc.differences})
		if !strings.Contains(got, tc.want) {
			t.Errorf("%v: %q, want %q in it", tc.differences, got, tc.want)
		}
	}
}

// Whoever is asked to let the test through is told which addresses to let through.
func TestBlockedRunNamesItsAddresses(t *testing.T) {
	s := &report.Summary{Verdict: report.Verdict{Value: report.Inconclusive, Cause: report.CauseBlocked, Actions: []string{"cause_blocked_as_attacker"}}}
	s.Run.Sources = []string{"192.0.2.17", "2001:db8::17"}
	for _, lang := range []string{"en", "fr"} {
		got := For(lang).actions(s)
		if len(got) != 1 || !strings.Contains(got[0].Text, "192.0.2.17, 2001:db8::17") {
			t.Errorf("%s: %+v", lang, got)
		}
	}
	s.Run.Sources = nil
	if got := For("en").actions(s); len(got) != 1 || strings.Contains(got[0].Text, "{") || strings.Contains(got[0].Text, ": ") {
		t.Errorf("unknown addresses: %+v", got)
	}
}
