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
