package terminal

import (
	"strings"
	"testing"

	"firstbell/report"
)

func TestComparison(t *testing.T) {
	x := report.Comparison{
		Now: "20210406-085500-b", Before: "20210406-085500-a", Reading: report.Worse, Regression: true, Effect: "0.1",
		Differences: []report.Difference{{What: "tool", Before: "0.1.0", Now: "0.2.0"}, {What: "seed", Before: "1", Now: "2", Blocking: true}},
		Metrics: []report.Compared{
			{Key: "in_class", Format: report.FormatPercent, Before: "0.999", Now: "0.871", Diff: "-0.128", CI95: [2]report.Decimal{"-0.14", "-0.11"}, Relative: "0.128", Reading: report.Worse, Regression: true},
			{Key: "time_p95", Format: report.FormatDuration, Before: "2.1", Now: "2.2", Diff: "0.1", CI95: [2]report.Decimal{"-0.2", "0.4"}, Relative: "0.05", Reading: report.Same},
			{Key: "saturation", Format: report.FormatCount, Before: "1021.4", Now: "1221.4", Diff: "200", CI95: [2]report.Decimal{"180", "220"}, Relative: "0.2", Reading: report.Better},
			{Key: "time_p99", Format: report.FormatDuration, Before: "2.1", Now: "never", Reading: report.NotComparable},
		},
	}
	for _, o := range []Options{{Lang: "fr", Width: 100}, {Lang: "en", Width: 60}} {
		var b strings.Builder
		if err := WriteComparison(&b, x, o); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := visible(strings.TrimRight(line, " \n")); n > o.Width {
				t.Errorf("%d columns: %q", n, line)
			}
		}
		if !strings.Contains(b.String(), "↓") || !strings.Contains(b.String(), "10") {
			t.Errorf("no regression of 10 %% in %q", b.String())
		}
		golden(t, "compare."+o.Lang+".txt", b.String())
	}
}
