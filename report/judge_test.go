package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/report/reporttest"
	"firstbell/runner/results"
)

func judge(t *testing.T, name string) *report.Summary {
	t.Helper()
	run, sc := reporttest.Load(t, name)
	s, err := report.Judge(run, sc)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVerdictOfEachFixture(t *testing.T) {
	rows := map[string]struct {
		value   report.Value
		cause   report.Cause
		reasons string
	}{
		"ready":                            {report.Ready, "", ""},
		"ready_with_reservation":           {report.Ready, "", ""},
		"not_ready":                        {report.NotReady, "", "in_class time_to_class blank"},
		"worst_group":                      {report.NotReady, "", "in_class in_class@region in_class@level time_to_class@region time_to_class@level"},
		"inconclusive_no_criteria":         {report.Inconclusive, report.CauseNoCriteria, ""},
		"inconclusive_generator_saturated": {report.Inconclusive, report.CauseGenerator, "V3"},
		"inconclusive_storm_not_delivered": {report.Inconclusive, report.CauseStormNotDelivered, "V1"},
		"inconclusive_interval_straddles":  {report.Inconclusive, report.CauseStraddles, "in_class"},
		"inconclusive_too_few_samples":     {report.Inconclusive, report.CauseTooFew, "V8"},
		"inconclusive_accounts_rejected":   {report.Inconclusive, report.CauseAccountsRejected, ""},
		"inconclusive_blocked_as_attacker": {report.Inconclusive, report.CauseBlocked, "V10"},
		"inconclusive_target_changed":      {report.Inconclusive, report.CauseTargetChanged, "V7"},
		"interrupted":                      {report.Inconclusive, report.CauseInterrupted, "V9"},
		"stopped_by_target":                {report.Inconclusive, report.CauseStoppedByTarget, "V9"},
		"ends_after":                       {report.Inconclusive, report.CauseEndsAfter, "V9"},
		"cut":                              {report.Inconclusive, report.CauseCut, "V9"},
		"target_down":                      {report.NotReady, "", "in_class time_to_class"},
		"fleet_ready":                      {report.Ready, "", ""},
		"fleet_taken_over":                 {report.Ready, "", ""},
		"fleet_worker_lost":                {report.Inconclusive, report.CauseWorkerLost, "V6"},
		"fleet_clock":                      {report.Inconclusive, report.CauseClock, "V5"},
		"fleet_frozen":                     {report.Inconclusive, report.CauseGenerator, "V1 V2 V3"},
		"fleet_resumed":                    {report.Inconclusive, report.CauseAlone, "V9"},
		"fleet_stopped":                    {report.Inconclusive, report.CauseStopped, "V9"},
		"fleet_large":                      {report.Inconclusive, report.CauseWorkerLost, "V6"},
		"empty":                            {report.Inconclusive, report.CauseTooFew, "V1 V2 V8 V10"},
	}
	for _, name := range reporttest.Names() {
		want, known := rows[name]
		if !known {
			t.Errorf("nothing is expected of fixture %s", name)
		}
		t.Run(name, func(t *testing.T) {
			s := judge(t, name)
			checkLedgers(t, name, s)
			v := s.Verdict
			if v.Value != want.value || v.Cause != want.cause || strings.Join(v.Reasons, " ") != want.reasons {
				t.Errorf("verdict = %s %q %v; want %s %q [%s]", v.Value, v.Cause, v.Reasons, want.value, want.cause, want.reasons)
			}
		})
	}
}

// checkLedgers: both balance to the unit, and reasons and timeline add up to
// them.
func checkLedgers(t *testing.T, name string, s *report.Summary) {
	t.Helper()
	for what, l := range map[string]report.Ledger{"people": s.People, "attempts": s.Attempts} {
		sum := uint64(0)
		for _, o := range report.Outcomes() {
			if o != "not_sent" {
				sum += l.Of(o)
			}
		}
		if l.Intended != l.Started+l.NotSent || sum != l.Started {
			t.Errorf("%s: %s do not balance: %+v", name, what, l)
		}
	}
	checkReasons(t, name, s)
	checkTimeline(t, name, s)
}

func checkReasons(t *testing.T, name string, s *report.Summary) {
	t.Helper()
	people, attempts := map[string]uint64{}, map[string]uint64{}
	for _, r := range s.Reasons {
		people[r.Outcome] += r.People
		attempts[r.Outcome] += r.Attempts
	}
	for _, o := range report.Outcomes() {
		if people[o] != s.People.Of(o) || attempts[o] != s.Attempts.Of(o) {
			t.Errorf("%s: reasons of %s give %d people, %d attempts; the ledgers %d, %d",
				name, o, people[o], attempts[o], s.People.Of(o), s.Attempts.Of(o))
		}
	}
}

func checkTimeline(t *testing.T, name string, s *report.Summary) {
	t.Helper()
	l := s.Timeline
	sum := func(xs []int) (n uint64) {
		for _, x := range xs {
			n += uint64(x)
		}
		return n
	}
	for what, pair := range map[string][2]uint64{
		"intended": {sum(l.Intended), s.People.Intended}, "started": {sum(l.Started), s.People.Started},
		"not_sent": {sum(l.NotSent), s.People.NotSent}, "quota": {sum(l.Quota), s.People.Quota},
		"unfinished": {sum(l.Unfinished), s.People.Unfinished}, "in_time": {sum(l.InTime), s.People.InTime},
		"attempts": {sum(l.Attempts), s.Attempts.Started},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: the timeline's %s add up to %d; the ledger says %d", name, what, pair[0], pair[1])
		}
	}
	for _, x := range [][]int{l.InFlight, l.Waiting, l.Attempts} {
		if len(x) != len(l.Intended) || len(x) > 400 {
			t.Errorf("%s: series of %d bins beside %d", name, len(x), len(l.Intended))
		}
	}
}

func TestJudgeTwiceGivesTheSame(t *testing.T) {
	for _, name := range []string{"worst_group", "cut"} {
		a, b := judge(t, name), judge(t, name)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s: two judgements of the same bytes differ", name)
		}
		x, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if len(x) > 200_000 {
			t.Errorf("%s: summary of %d bytes", name, len(x))
		}
	}
}

func TestJudgeWithoutPlan(t *testing.T) {
	if _, err := report.Judge(nil, nil); err == nil {
		t.Error("judging nothing gave no error")
	}
}

var update = flag.Bool("update", false, "rewrite the golden files")

// TestSummaryOfTheOverloadedMorning pins summary.json as a whole: a change of a
// key or of a number is seen in review.
func TestSummaryOfTheOverloadedMorning(t *testing.T) {
	got, err := json.MarshalIndent(judge(t, "not_ready"), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const path = "testdata/not_ready.json"
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s has changed; look at the difference, then -update", path)
	}
}

// TestLongMorningsStayBounded: 200 groups over an hour.
func TestLongMorningsStayBounded(t *testing.T) {
	spec := reporttest.SpecOf(t, "worst_group")
	spec.Groups, spec.Play, spec.PeakTo = nil, 3600, 3600
	for i := range 200 {
		spec.Groups = append(spec.Groups, results.Group{Region: strconv.Itoa(i % 20), Level: strconv.Itoa(i % 3), Persona: strconv.Itoa(i)})
	}
	spec.Mix = func(second, group int) []reporttest.People {
		if (second+group)%60 > 0 {
			return nil
		}
		return []reporttest.People{{N: 5, Outcome: results.InTime, Took: time.Duration(group+1) * 10 * time.Millisecond}}
	}
	run, sc := reporttest.Build(t, spec)
	start := time.Now()
	s, err := report.Judge(run, sc)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("judged in %v", time.Since(start))
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 250_000 || len(s.Timeline.Intended) > 400 || len(s.Percentiles.N) > 400 {
		t.Errorf("%d bytes, %d bins", len(b), len(s.Timeline.Intended))
	}
}
