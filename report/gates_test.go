package report_test

import (
	"testing"
	"time"

	"firstbell/report"
	"firstbell/report/reporttest"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

func judgeSpec(t *testing.T, name string, change func(*reporttest.Spec)) *report.Summary {
	t.Helper()
	spec := reporttest.SpecOf(t, name)
	change(&spec)
	run, sc := reporttest.Build(t, spec)
	s, err := report.Judge(run, sc)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func failed(s *report.Summary) (ids string) {
	for _, g := range s.Validity {
		if g.Status != report.Met {
			ids += g.ID + " "
		}
	}
	return ids
}

// TestBadGenerators: each fault of the tool is seen by its gate, on a portal
// that did well and on one that refused.
func TestBadGenerators(t *testing.T) {
	health := func(change func(second int, h *results.Health) bool) func(*reporttest.Spec) {
		return func(s *reporttest.Spec) { s.Health = change }
	}
	for name, row := range map[string]struct {
		change func(*reporttest.Spec)
		gates  string
	}{
		"stopped for 2 s": {health(func(second int, h *results.Health) bool {
			if second == 61 {
				h.Hiccup = 2 * time.Second
			}
			return second != 60
		}), "V3 "},
		"a second is missing":              {health(func(second int, _ *results.Health) bool { return second != 60 }), "V3 "},
		"a second is missing in the drain": {health(func(second int, _ *results.Health) bool { return second != 200 }), "V3 "},
		"descriptors cut": {health(func(second int, h *results.Health) bool {
			if second >= 100 {
				h.DescLimit = 220
			}
			return true
		}), "V3 "},
		"no health at all": {health(func(int, *results.Health) bool { return false }), "V3 "},
		"ports not known":  {health(func(_ int, h *results.Health) bool { h.PortLimit = 0; return true }), "V3 "},
		"busy for 10 s": {health(func(second int, h *results.Health) bool {
			if second/10 == 5 {
				h.CPU = 0.8
			}
			return true
		}), "V3 "},
		"busy for one second": {health(func(second int, h *results.Health) bool {
			if second == 50 {
				h.CPU = 1
			}
			return true
		}), ""},
		"one hiccup of 100 ms": {health(func(second int, h *results.Health) bool {
			if second == 50 {
				h.Hiccup = 100 * time.Millisecond
			}
			return true
		}), ""},
		"hiccups everywhere":           {health(func(_ int, h *results.Health) bool { h.Hiccup = 60 * time.Millisecond; return true }), "V3 "},
		"late by 150 ms":               {func(s *reporttest.Spec) { s.Mix = delayed(s.Mix, 150*time.Millisecond) }, "V2 "},
		"in time, then late by 150 ms": {func(s *reporttest.Spec) { s.Mix = starved(s.Mix, 150*time.Millisecond) }, "V2 "},
		"in time, then by 90 ms":       {func(s *reporttest.Spec) { s.Mix = starved(s.Mix, 90*time.Millisecond) }, ""},
		"late by 3 s":                  {func(s *reporttest.Spec) { s.Mix = delayed(s.Mix, 3*time.Second) }, "V1 V2 "},
	} {
		t.Run(name, func(t *testing.T) {
			s := judgeSpec(t, "ready", row.change)
			if got := failed(s); got != row.gates {
				t.Errorf("gates failed: %q; want %q", got, row.gates)
			}
			if (s.Verdict.Value == report.Ready) != (row.gates == "") {
				t.Errorf("verdict %s %q", s.Verdict.Value, s.Verdict.Cause)
			}
		})
	}
}

func delayed(mix func(int, int) []reporttest.People, by time.Duration) func(int, int) []reporttest.People {
	return func(second, group int) []reporttest.People {
		out := mix(second, group)
		if second/10 == 7 {
			for i := range out {
				out[i].Delay = by
			}
		}
		return out
	}
}

// starved leaves first clicks on time and delays the second ones.
func starved(mix func(int, int) []reporttest.People, by time.Duration) func(int, int) []reporttest.People {
	return func(second, group int) []reporttest.People {
		out := mix(second, group)
		for i := range out {
			out[i].Later = by
		}
		return out
	}
}

// TestRefusalsOutliveAFailedGate: quota pages stand, timeouts do not, nor what
// was refused while the load arrived in a heap.
func TestRefusalsOutliveAFailedGate(t *testing.T) {
	busy := func(_ int, h *results.Health) bool { h.CPU = 0.9; return true }
	all := func(o results.Outcome, r results.Reason) func(int, int) []reporttest.People {
		return func(int, int) []reporttest.People {
			return []reporttest.People{{N: 4, Outcome: o, Reason: r, Took: time.Second}, {N: 8, Outcome: results.InTime, Took: time.Second}}
		}
	}
	for name, row := range map[string]struct {
		change func(*reporttest.Spec)
		want   report.Value
	}{
		"quota":      {func(s *reporttest.Spec) { s.Mix, s.Health = all(results.Quota, results.ReasonQuotaPage), busy }, report.NotReady},
		"blank":      {func(s *reporttest.Spec) { s.Mix, s.Health = all(results.Blank, results.ReasonEmptyPage), busy }, report.NotReady},
		"lost calls": {func(s *reporttest.Spec) { s.Mix, s.Health = all(results.Blank, results.ReasonShellCallsLost), busy }, report.Inconclusive},
		"timeouts":   {func(s *reporttest.Spec) { s.Mix, s.Health = all(results.Timeout, results.ReasonStepTimeout), busy }, report.Inconclusive},
		"late":       {func(s *reporttest.Spec) { s.Mix, s.Health = slow, busy }, report.Inconclusive},
		"quota while the load came in heaps": {func(s *reporttest.Spec) {
			mix := all(results.Quota, results.ReasonQuotaPage)
			s.Mix = func(second, group int) []reporttest.People {
				out := mix(second, group)
				for i := range out {
					out[i].Delay = 1500 * time.Millisecond
				}
				return out
			}
		}, report.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			s := judgeSpec(t, "ready", row.change)
			if s.Verdict.Value != row.want || s.Verdict.Recounted != (row.want == report.NotReady) {
				t.Errorf("verdict %s %q, recounted %v; want %s", s.Verdict.Value, s.Verdict.Cause, s.Verdict.Recounted, row.want)
			}
		})
	}
}

func slow(int, int) []reporttest.People {
	return []reporttest.People{{N: 12, Outcome: results.Late, Took: 20 * time.Second}}
}

// TestDelayLimitWithoutTimes: with no time criterion V2 asks for 5 ms.
func TestDelayLimitWithoutTimes(t *testing.T) {
	s := judgeSpec(t, "ready", func(s *reporttest.Spec) {
		s.Criteria.List = []scenarios.Criterion{reporttest.Rate(scenarios.MetricInClass, ">", 990, scenarios.Blocking)}
		s.Mix = delayed(s.Mix, 6*time.Millisecond)
	})
	if got := failed(s); got != "V2 " {
		t.Errorf("gates failed: %q; want V2", got)
	}
}

// TestJourneyBrokenOffIsNotDelivered: people whose journey the tool broke off
// are in no rate; the load they would have made is missing, and no verdict may
// rest on the others alone.
func TestJourneyBrokenOffIsNotDelivered(t *testing.T) {
	for name, one := range map[string]reporttest.People{
		"before class": {Outcome: results.NotSent, Reason: results.ReasonConsentLimit, Pulled: true},
		"after class":  {Outcome: results.InTime, Took: time.Second, MidWork: results.ReasonConsentLimit},
	} {
		t.Run(name, func(t *testing.T) {
			s := judgeSpec(t, "ready", func(s *reporttest.Spec) {
				mix := s.Mix
				s.Mix = func(second, group int) []reporttest.People {
					broken := one
					broken.N = 2
					return append(mix(second, group), broken)
				}
			})
			if got := failed(s); got != "V1 " || s.Verdict.Value != report.Inconclusive {
				t.Errorf("gates failed: %q, verdict %s", got, s.Verdict.Value)
			}
			if s.Beside.MidWork != 0 {
				t.Errorf("%d mid-work losses counted against the portal", s.Beside.MidWork)
			}
		})
	}
}

// TestCutShortIsNoRefusal: who waited, or was between two tries, when a run was
// cut short might still have come in; who was seen for the whole drain had the
// time.
func TestCutShortIsNoRefusal(t *testing.T) {
	for name, row := range map[string]struct {
		end  time.Duration
		want report.Value
	}{
		"5 s after the last arrival": {65 * time.Second, report.Inconclusive},
		"a drain later":              {121 * time.Second, report.NotReady},
	} {
		for _, why := range []results.Reason{results.ReasonWaitingPage, results.ReasonQuotaPage} {
			t.Run(name+", "+why.String(), func(t *testing.T) {
				s := judgeSpec(t, "ready", func(s *reporttest.Spec) {
					s.Play, s.PeakTo = 60, 60
					s.Ended = results.Ended{How: results.EndedInterrupted, At: row.end}
					s.Mix = func(int, int) []reporttest.People {
						return []reporttest.People{{N: 60, Outcome: why.Outcome(), Reason: why, Took: time.Second}}
					}
				})
				if s.Verdict.Value != row.want {
					t.Errorf("verdict %s %q; want %s", s.Verdict.Value, s.Verdict.Cause, row.want)
				}
			})
		}
	}
}

// TestOnePersonTooLate: p99 does not see one click in a thousand; the maximum does.
func TestOnePersonTooLate(t *testing.T) {
	for by, want := range map[time.Duration]string{900 * time.Millisecond: "", 1100 * time.Millisecond: "V2 "} {
		s := judgeSpec(t, "ready", func(s *reporttest.Spec) {
			mix := s.Mix
			s.Mix = func(second, group int) []reporttest.People {
				out := mix(second, group)
				if second == 75 {
					out = append(out, reporttest.People{N: 1, Outcome: results.InTime, Took: time.Second, Later: by})
				}
				for range 5 {
					out = append(out, reporttest.People{N: 60, Outcome: results.InTime, Took: time.Second, Later: time.Millisecond})
				}
				return out
			}
		})
		if got := failed(s); got != want {
			t.Errorf("one click late by %v: gates failed %q; want %q", by, got, want)
		}
	}
}
