package report_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/report/reporttest"
	"firstbell/runner/results"
)

// TestALimitInFrontOfAnIdlePortal: one storm cannot tell a limit of each address,
// which would not meet the pupils, from one of everybody. What a busy portal
// refuses, what one without a rhythm does, and what a quota page says, stands.
func TestALimitInFrontOfAnIdlePortal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	drawn := make([]int, 180)
	for i := range drawn {
		drawn[i] = r.IntN(9)
	}
	for name, tt := range map[string]struct {
		in, out func(second int) int
		took    time.Duration
		reason  results.Reason
		value   report.Value
		cause   report.Cause
	}{
		"idle":      {steady(4), steady(3), 5 * time.Millisecond, results.ReasonBackendDown, report.Inconclusive, report.CauseLimiter},
		"forbidden": {steady(4), steady(3), 5 * time.Millisecond, results.ReasonClientError, report.Inconclusive, report.CauseLimiter},
		"busy":      {steady(4), steady(3), 500 * time.Millisecond, results.ReasonBackendDown, report.NotReady, ""},
		"quota":     {steady(4), steady(3), 5 * time.Millisecond, results.ReasonQuotaPage, report.NotReady, ""},
		"uneven":    {func(s int) int { return drawn[s] }, steady(3), 5 * time.Millisecond, results.ReasonBackendDown, report.NotReady, ""},
	} {
		t.Run(name, func(t *testing.T) {
			run, sc := reporttest.Build(t, reporttest.Spec{Criteria: reporttest.Standard(), Mix: func(second, _ int) []reporttest.People {
				return []reporttest.People{
					{N: tt.in(second), Outcome: results.InTime, Took: tt.took},
					{N: tt.out(second), Outcome: tt.reason.Outcome(), Reason: tt.reason, Took: 2 * time.Millisecond},
				}
			}})
			s, err := report.Judge(run, sc)
			if err != nil {
				t.Fatal(err)
			}
			if s.Verdict.Value != tt.value || s.Verdict.Cause != tt.cause {
				t.Errorf("verdict %+v, want %s %q", s.Verdict, tt.value, tt.cause)
			}
		})
	}
}

func steady(n int) func(int) int { return func(int) int { return n } }
