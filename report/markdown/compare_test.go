package markdown

import (
	"bytes"
	"strings"
	"testing"

	"firstbell/report"
)

func TestComparison(t *testing.T) {
	x := report.Comparison{
		Now: "b", Before: "a", Reading: report.Worse, Regression: true, Effect: "0.1",
		Differences: []report.Difference{{What: "target", Before: "<img src=x>", Now: "@everyone", Blocking: true}},
		Metrics: []report.Compared{{
			Key: "in_class", Format: report.FormatPercent, Before: "0.999", Now: "0.871", Diff: "-0.128",
			CI95: [2]report.Decimal{"-0.14", "-0.11"}, Reading: report.Worse, Regression: true,
		}},
	}
	var b bytes.Buffer
	if err := WriteComparison(&b, x, "en"); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Contains(got, "<img") || strings.Contains(got, "@everyone") {
		t.Errorf("a text from outside is not inert: %s", got)
	}
	golden(t, "compare.en.md", b.String())
}
