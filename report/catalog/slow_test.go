package catalog

import (
	"testing"

	"firstbell/report"
)

// TestSlowWorkersAreNamed: page one says which machine of a fleet did not keep up.
func TestSlowWorkersAreNamed(t *testing.T) {
	measure := func(status report.Status, worker string) report.Measure {
		return report.Measure{Status: status, Worker: worker}
	}
	for name, x := range map[string]struct {
		cause    report.Cause
		alone    bool
		v2, v3   report.Measure
		fr, want string
	}{
		"one":        {report.CauseGenerator, false, measure(report.Met, "w001"), measure(report.NotMet, "w007"), "Parmi les machines qui imitent les élèves, w007 n’a pas suivi.", "Of the machines that imitate the pupils, w007 did not keep up."},
		"several":    {report.CauseGenerator, false, measure(report.NotMet, "w001"), measure(report.NotMet, "w007"), "Parmi les machines qui imitent les élèves, w001, w007 n’ont pas suivi.", "Of the machines that imitate the pupils, w001, w007 did not keep up."},
		"failed":     {report.CauseGenerator, false, measure(report.Unmeasured, "w001"), measure(report.NotMet, "w007"), "Parmi les machines qui imitent les élèves, w007 n’a pas suivi.", "Of the machines that imitate the pupils, w007 did not keep up."},
		"unmeasured": {report.CauseGenerator, false, measure(report.Unmeasured, "w001"), measure(report.Met, "w007"), "Parmi les machines qui imitent les élèves, w001 n’a pas suivi.", "Of the machines that imitate the pupils, w001 did not keep up."},
		"other":      {report.CauseClock, false, measure(report.NotMet, "w001"), measure(report.NotMet, "w007"), "", ""},
		"alone":      {report.CauseGenerator, true, measure(report.NotMet, ""), measure(report.NotMet, ""), "", ""},
	} {
		s := &report.Summary{Verdict: report.Verdict{Cause: x.cause}, Fleet: &report.Fleet{},
			Validity: []report.Gate{{ID: "V2", Measures: []report.Measure{x.v2}}, {ID: "V3", Measures: []report.Measure{x.v3}}}}
		if x.alone {
			s.Fleet = nil
		}
		for lang, want := range map[string]string{"fr": x.fr, "en": x.want} {
			got, ok := For(lang).slowSentence(s)
			if got.String() != want || ok != (want != "") {
				t.Errorf("%s, %s: %q", name, lang, got)
			}
		}
	}
}
