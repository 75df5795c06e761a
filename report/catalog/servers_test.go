package catalog

import (
	"testing"

	"firstbell/report"
)

// TestServersLine: one line for every kind of answer, none without one.
func TestServersLine(t *testing.T) {
	some := []report.Claim{{Key: "assume_scaling_law"}}
	for _, row := range []struct {
		a    report.Answer
		want string
	}{
		{report.Answer{Value: "7", Low: "6", High: "8", Bound: "6", Assumptions: some}, "7, from 6 to 8 (at least 6 if they added up; 4 today)"},
		{report.Answer{Value: "7", Low: "6", Bound: "6", Assumptions: some}, "7, at least 6 (at least 6 if they added up; 4 today)"},
		{report.Answer{Value: "6", Assumptions: some}, "at least 6, if they added up (4 today)"},
		{report.Answer{Value: "4"}, "those there are: 4"},
		{report.Answer{Value: "4", Assumptions: []report.Claim{{Key: "assume_predicted"}}}, "those there are by the model, not replayed: 4"},
		{report.Answer{Refused: "never_enough", Bound: "6", Assumptions: some}, "no answer, by the law measured, no number of servers is enough (4 today)"},
	} {
		row.a.Key, row.a.Format = "servers", report.FormatCount
		s := &report.Summary{Sizing: []report.Answer{{Key: "slots"}, row.a}, Session: &report.Session{Sizes: []report.SizeRow{{Servers: 2}, {Servers: 4, Own: true}}}}
		if got := For("en").Servers(s); got != "Servers for the required people: "+row.want {
			t.Errorf("%+v: %s", row.a, got)
		}
	}
	if got := For("en").Servers(&report.Summary{Session: &report.Session{}, Sizing: []report.Answer{{Key: "nodes"}}}); got != "" {
		t.Errorf("nobody said how many: %q", got)
	}
}
