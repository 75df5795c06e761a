package report_test

import (
	"testing"
	"time"

	"firstbell/report"
	"firstbell/report/reporttest"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

func criterion(t *testing.T, s *report.Summary, id string) report.Criterion {
	t.Helper()
	for _, c := range s.Criteria {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no criterion %s", id)
	return report.Criterion{}
}

func good(n int) reporttest.People {
	return reporttest.People{N: n, Outcome: results.InTime, Took: time.Second}
}

func quota(n int) reporttest.People {
	return reporttest.People{N: n, Outcome: results.Quota, Reason: results.ReasonQuotaPage, Took: time.Second}
}

// TestWhoIsCounted: rates are over the people of the judged window who came,
// without the test's own rejected accounts, and each criterion asks for as many
// as it takes.
func TestWhoIsCounted(t *testing.T) {
	always := func(people ...reporttest.People) func(int, int) []reporttest.People {
		return func(int, int) []reporttest.People { return people }
	}
	for name, row := range map[string]struct {
		change   func(*reporttest.Spec)
		n        uint64
		measured report.Decimal
		status   report.Status
	}{
		"rejected accounts are the test's own": {func(s *reporttest.Spec) {
			s.Mix = func(second, _ int) []reporttest.People {
				if second%30 == 0 {
					return []reporttest.People{good(10), {N: 1, Outcome: results.Invalid, Reason: results.ReasonBadCredentials}}
				}
				return []reporttest.People{good(10)}
			}
		}, 1800, "1", report.Met},
		"only the judged window": {func(s *reporttest.Spec) {
			s.PeakFrom, s.PeakTo = 60, 120
			s.Mix = func(second, _ int) []reporttest.People {
				if second < 60 || second >= 120 {
					return []reporttest.People{quota(20)}
				}
				return []reporttest.People{good(20)}
			}
		}, 1200, "1", report.Met},
		"all of the judged window": {func(s *reporttest.Spec) {
			s.PeakFrom, s.PeakTo = 60, 120
			s.Mix = func(second, _ int) []reporttest.People {
				if second == 60 || second == 119 {
					return []reporttest.People{quota(60)}
				}
				return []reporttest.People{good(10)}
			}
		}, 700, "0.828571", report.Unmeasured}, // and 765 would have been needed
		"764 people are one too few":       {func(s *reporttest.Spec) { s.Play, s.PeakTo, s.Mix = 4, 4, always(good(191)) }, 764, "1", report.Unmeasured},
		"768 people are enough":            {func(s *reporttest.Spec) { s.Play, s.PeakTo, s.Mix = 4, 4, always(good(192)) }, 768, "1", report.Met},
		"exactly the limit is not over it": {func(s *reporttest.Spec) { s.Mix = always(good(199), quota(1)) }, 36000, "0.995", report.Undecided},
	} {
		t.Run(name, func(t *testing.T) {
			s := judgeSpec(t, "ready", func(s *reporttest.Spec) {
				s.Groups = []results.Group{{Persona: "eleve"}}
				row.change(s)
			})
			c := criterion(t, s, "in_class")
			if c.N != row.n || c.Measured != row.measured || c.Status != row.status {
				t.Errorf("n %d, measured %s, %s; want %d, %s, %s", c.N, c.Measured, c.Status, row.n, row.measured, row.status)
			}
		})
	}
}

// TestWorstIsTheWorst: of groups with the same status, the one that did worst.
func TestWorstIsTheWorst(t *testing.T) {
	s := judgeSpec(t, "ready", func(s *reporttest.Spec) {
		s.Groups = []results.Group{{Region: "Paris", Persona: "eleve"}, {Region: "Lyon", Persona: "eleve"}, {Region: "Brest", Persona: "eleve"}}
		s.Criteria = scenarios.Criteria{InTime: 10 * time.Second, Worst: []scenarios.Dimension{scenarios.ByRegion},
			List: []scenarios.Criterion{reporttest.Rate(scenarios.MetricInClass, ">", 500, scenarios.Blocking), reporttest.Rate(scenarios.MetricQuota, "<", 500, scenarios.Blocking)}}
		s.Mix = func(_, group int) []reporttest.People {
			return []reporttest.People{good(20), quota([]int{1, 5, 2}[group])}
		}
	})
	for id, want := range map[string]report.Decimal{"in_class@region": "0.8", "quota@region": "0.2"} {
		if c := criterion(t, s, id); c.Measured != want || c.Group == nil || c.Group.Region != "Lyon" || c.Status != report.Met {
			t.Errorf("%s: %s of %+v, %s; want %s of Lyon", id, c.Measured, c.Group, c.Status, want)
		}
	}
}

// Everybody may be settled before the window ends: all of it was played then,
// and nothing of it in a run that was cut at the same instant.
func TestPlayedToTheEnd(t *testing.T) {
	for how, want := range map[results.EndedAs]int{results.EndedPlanned: 8*3600 + 61*60, results.EndedInterrupted: 8*3600 + 58*60 + 100} {
		s := judgeSpec(t, "ready", func(spec *reporttest.Spec) {
			spec.Ended = results.Ended{How: how, At: 100 * time.Second}
			spec.Mix = func(second, _ int) []reporttest.People {
				if second >= 90 {
					return nil
				}
				return []reporttest.People{{N: 10, Outcome: results.InTime, Took: time.Second}}
			}
		})
		if s.Timeline.Observed != want {
			t.Errorf("%s: observed to %d, want %d", how, s.Timeline.Observed, want)
		}
	}
}
