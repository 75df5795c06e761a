package report_test

import (
	"strings"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/report/reporttest"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

func gateOf(t *testing.T, s *report.Summary, id string) report.Gate {
	t.Helper()
	for _, g := range s.Validity {
		if g.ID == id {
			return g
		}
	}
	t.Fatalf("no gate %s", id)
	return report.Gate{}
}

func measureOf(t *testing.T, s *report.Summary, id, name string) report.Measure {
	t.Helper()
	for _, m := range gateOf(t, s, id).Measures {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("gate %s does not measure %s", id, name)
	return report.Measure{}
}

// TestOneWorkerOfSixteen: what is wrong with a single worker fails its gate and
// names it, however well the fifteen others do.
func TestOneWorkerOfSixteen(t *testing.T) {
	const bad = 11
	health := func(change func(second int, h *results.Health) bool) func(*reporttest.FleetSpec) {
		return func(f *reporttest.FleetSpec) {
			f.Health = func(w, second int, h *results.Health) bool { return w != bad || change(second, h) }
		}
	}
	delay := func(from, to int, by time.Duration) func(*reporttest.FleetSpec) {
		return func(f *reporttest.FleetSpec) {
			f.Delay = func(w, second int) time.Duration {
				if w == bad && second >= from && second < to {
					return by
				}
				return 0
			}
		}
	}
	for name, row := range map[string]struct {
		change         func(*reporttest.FleetSpec)
		gates, measure string
	}{
		"busy": {health(func(second int, h *results.Health) bool { h.CPU = 0.71; return true }), "V3 ", "cpu"},
		"frozen": {health(func(second int, h *results.Health) bool {
			h.Hiccup += time.Duration(second/100) * time.Second
			return true
		}), "V3 ", "stopped"},
		"one second":   {health(func(second int, _ *results.Health) bool { return second != 90 }), "V3 ", "seconds_missing"},
		"descriptors":  {health(func(_ int, h *results.Health) bool { h.DescLimit = 210; return true }), "V3 ", "descriptors"},
		"late for 10s": {delay(70, 80, 150*time.Millisecond), "V2 ", "delay_p99"},
		"a second off": {delay(70, 71, 1100*time.Millisecond), "V1 V2 ", "sent_share_worker"},
	} {
		t.Run(name, func(t *testing.T) {
			s := judgeSpec(t, "ready", func(s *reporttest.Spec) {
				s.Play, s.Fleet = 110, &reporttest.FleetSpec{Workers: 16}
				row.change(s.Fleet)
			})
			if got := failed(s); got != row.gates || s.Verdict.Value != report.Inconclusive {
				t.Fatalf("gates failed: %q, verdict %s; want %q", got, s.Verdict.Value, row.gates)
			}
			if m := measureOf(t, s, strings.Fields(row.gates)[0], row.measure); m.Worker != "w011" || m.Status != report.NotMet {
				t.Errorf("%+v; want it not met by w011", m)
			}
			if w := s.Generator.Workers[bad]; w.State != "warned" || s.Generator.Workers[0].State != "ok" {
				t.Errorf("w011 is %q, w000 %q", w.State, s.Generator.Workers[0].State)
			}
		})
	}
}

// TestTheFleetIsOneMachine: sixteen sound workers give the ledgers, the criteria and
// the verdict of one.
func TestTheFleetIsOneMachine(t *testing.T) {
	for _, name := range []string{"ready", "not_ready"} {
		one := judgeSpec(t, name, func(*reporttest.Spec) {})
		for _, workers := range []int{1, 2, 16} {
			many := judgeSpec(t, name, func(s *reporttest.Spec) { s.Fleet = &reporttest.FleetSpec{Workers: workers} })
			if many.People != one.People || many.Attempts != one.Attempts || many.Latency != one.Latency || many.Verdict.Value != one.Verdict.Value {
				t.Errorf("%s on %d workers: %+v, %+v, %s; on one %+v, %+v, %s", name, workers,
					many.People, many.Latency, many.Verdict.Value, one.People, one.Latency, one.Verdict.Value)
			}
			for i, c := range many.Criteria {
				if c.CI95 != one.Criteria[i].CI95 || c.Status != one.Criteria[i].Status {
					t.Errorf("%s on %d workers: %+v; on one %+v", name, workers, c, one.Criteria[i])
				}
			}
			if got := failed(many); got != "" || len(many.Generator.Workers) != workers || len(many.Validity) != 9 {
				t.Errorf("%s on %d workers: gates failed %q of %d, %d workers", name, workers, got, len(many.Validity), len(many.Generator.Workers))
			}
		}
		if one.Fleet != nil || len(one.Validity) != 7 || one.Generator.Workers[0].Member != nil {
			t.Errorf("%s on one machine speaks of a fleet", name)
		}
	}
}

// lossless criteria leave room for what a loss takes.
func roomy(s *reporttest.Spec) {
	s.Criteria.List[0] = reporttest.Rate(scenarios.MetricInClass, ">", 900, scenarios.Blocking)
}

// TestV6: the judged window is 60 s to 150 s of 180.
func TestV6(t *testing.T) {
	sec := func(x float64) time.Duration { return time.Duration(x * float64(time.Second)) }
	for name, row := range map[string]struct {
		workers int
		lost    []reporttest.Lost
		status  report.Status
		window  bool // the loss is in it
	}{
		"none":                         {16, nil, report.Met, false},
		"taken over in 1.9 s":          {16, []reporttest.Lost{{Worker: 3, Heard: sec(80), TakenFrom: sec(81.9)}}, report.Met, true},
		"taken over in 2 s":            {16, []reporttest.Lost{{Worker: 3, Heard: sec(80), TakenFrom: sec(82)}}, report.NotMet, true},
		"too many people":              {2, []reporttest.Lost{{Worker: 1, Heard: sec(80), TakenFrom: sec(81.5)}}, report.NotMet, true},
		"nobody took over":             {16, []reporttest.Lost{{Worker: 3, Heard: sec(149), TakenFrom: -1, Untaken: "no_room"}}, report.NotMet, true},
		"before, taken over before":    {16, []reporttest.Lost{{Worker: 3, Heard: sec(30), TakenFrom: sec(35)}}, report.Met, false},
		"before, taken over within":    {16, []reporttest.Lost{{Worker: 3, Heard: sec(57), TakenFrom: sec(61)}}, report.NotMet, true},
		"before, never taken over":     {16, []reporttest.Lost{{Worker: 3, Heard: sec(30), TakenFrom: -1, Untaken: "no_room"}}, report.NotMet, true},
		"after":                        {16, []reporttest.Lost{{Worker: 3, Heard: sec(160), TakenFrom: sec(165)}}, report.Met, false},
		"after, many still on the way": {2, []reporttest.Lost{{Worker: 1, Heard: sec(150), TakenFrom: sec(151)}}, report.NotMet, false},
		"back again, its lease over":   {16, []reporttest.Lost{{Worker: 3, Heard: sec(80), TakenFrom: sec(81.5), Returned: sec(90)}}, report.Met, true},
		"two of them, each in time": {16, []reporttest.Lost{{Worker: 3, Heard: sec(80), TakenFrom: sec(81.5)},
			{Worker: 9, Heard: sec(100), TakenFrom: sec(101.5)}}, report.Met, true},
		"two of them, one late": {16, []reporttest.Lost{{Worker: 3, Heard: sec(80), TakenFrom: sec(81.5)},
			{Worker: 9, Heard: sec(100), TakenFrom: sec(102.5)}}, report.NotMet, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := judgeSpec(t, "ready", func(s *reporttest.Spec) {
				roomy(s)
				s.PeakFrom, s.PeakTo = 60, 150
				s.Fleet = &reporttest.FleetSpec{Workers: row.workers, Lost: row.lost}
			})
			g := gateOf(t, s, "V6")
			want := ""
			if row.status != report.Met {
				want = "V6 "
			}
			if g.Status != row.status || failed(s) != want {
				t.Errorf("V6 is %s, gates failed %q; want %s: %+v", g.Status, failed(s), row.status, g.Measures)
			}
			if ready := s.Verdict.Value == report.Ready; ready != (row.status == report.Met) {
				t.Errorf("verdict %s %q with V6 %s", s.Verdict.Value, s.Verdict.Cause, g.Status)
			}
			if row.status != report.Met && s.Verdict.Cause != report.CauseWorkerLost {
				t.Errorf("cause %q", s.Verdict.Cause)
			}
			if len(s.Fleet.Losses) != len(row.lost) {
				t.Fatalf("%d losses told of %d", len(s.Fleet.Losses), len(row.lost))
			}
			for i, l := range s.Fleet.Losses {
				if l.InWindow != row.window {
					t.Errorf("loss %d in the window: %v", i, l.InWindow)
				}
			}
			if p := s.People; p.Intended != p.Started+p.NotSent {
				t.Errorf("the ledger does not balance: %+v", p)
			}
		})
	}
}

// TestALossIsToldToTheSecond: who, when, whom it took with it, and who went on.
func TestALossIsToldToTheSecond(t *testing.T) {
	s := reporttest.Summary(t, "fleet_taken_over")
	l := s.Fleet.Losses[0]
	at := s.Run.PlayFrom + 72
	if l.Worker != "w003" || l.Heard != at || l.Noticed != "0.8" || l.Taken != at+1 || l.TakenAfter != "1.5" || l.Returned != -1 {
		t.Errorf("%+v", l)
	}
	if l.Unobserved == 0 || l.Unobserved != s.People.Unfinished || l.Unobserved != s.Fleet.Unobserved || l.Unobserved != s.Outside.Unobserved {
		t.Errorf("unobserved: %d of the loss, %d of the fleet, %d unfinished, %d outside", l.Unobserved, s.Fleet.Unobserved, s.People.Unfinished, s.Outside.Unobserved)
	}
	if l.From >= l.To || l.From < at-5 || l.To != at+2 {
		t.Errorf("people missing from %d to %d; lost at %d", l.From, l.To, at)
	}
	taken := 0
	for _, x := range l.Takers {
		taken += x.People
	}
	if taken != l.Due || len(l.Takers) != 15 {
		t.Errorf("%d takers of %d people; %d were due", len(l.Takers), taken, l.Due)
	}
}

// TestALossSpeaksForNobody: people left unobserved neither make a portal ready nor
// not ready; refusals it sent itself do.
func TestALossSpeaksForNobody(t *testing.T) {
	lose := func(taken time.Duration) *reporttest.FleetSpec {
		return &reporttest.FleetSpec{Workers: 16, Lost: []reporttest.Lost{{Worker: 3, Heard: 80 * time.Second, TakenFrom: 80*time.Second + taken}}}
	}
	refusing := func(int, int) []reporttest.People {
		return []reporttest.People{{N: 4, Outcome: results.Quota, Reason: results.ReasonQuotaPage, Took: time.Second}, {N: 8, Outcome: results.InTime, Took: time.Second}}
	}
	slowly := func(int, int) []reporttest.People {
		return []reporttest.People{{N: 4, Outcome: results.Late, Took: 20 * time.Second}, {N: 8, Outcome: results.InTime, Took: time.Second}}
	}
	for name, row := range map[string]struct {
		change    func(*reporttest.Spec)
		value     report.Value
		cause     report.Cause
		recounted bool
	}{
		"all must get in, and only our own loss says no": {func(s *reporttest.Spec) {
			s.Criteria.List = []scenarios.Criterion{reporttest.Rate(scenarios.MetricInClass, ">=", 1000, scenarios.Blocking)}
			s.Fleet = lose(1500 * time.Millisecond)
		}, report.Inconclusive, report.CauseWorkerLost, false},
		"refused by the portal, lost beyond the limit": {func(s *reporttest.Spec) {
			s.Mix, s.Fleet = refusing, lose(5*time.Second)
		}, report.NotReady, "", true},
		"refused by the portal, lost within the limit": {func(s *reporttest.Spec) {
			s.Mix, s.Fleet = refusing, lose(1500*time.Millisecond)
		}, report.NotReady, "", false},
		"slow, lost beyond the limit": {func(s *reporttest.Spec) {
			s.Mix, s.Fleet = slowly, lose(5*time.Second)
		}, report.Inconclusive, report.CauseWorkerLost, false},
		"half of the fleet gone": {func(s *reporttest.Spec) {
			s.Fleet = &reporttest.FleetSpec{Workers: 2, Lost: []reporttest.Lost{{Worker: 1, Heard: 20 * time.Second, TakenFrom: -1, Untaken: "no_room"}}}
		}, report.Inconclusive, report.CauseWorkerLost, false},
		"stopped at the loss": {func(s *reporttest.Spec) {
			s.Ended = results.Ended{How: results.EndedLoss, At: 95 * time.Second}
			s.Fleet = lose(-100 * time.Second)
			s.Fleet.Lost[0].Untaken = "on_loss_stop"
		}, report.Inconclusive, report.CauseWorkerLost, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := judgeSpec(t, "ready", func(s *reporttest.Spec) { s.Play = 110; row.change(s) })
			if v := s.Verdict; v.Value != row.value || v.Cause != row.cause || v.Recounted != row.recounted {
				t.Errorf("verdict %s %q, recounted %v, gates failed %q; want %s %q", v.Value, v.Cause, v.Recounted, failed(s), row.value, row.cause)
			}
		})
	}
}

// TestClocks is V5 through a folder.
func TestClocks(t *testing.T) {
	ms := func(x float64) time.Duration { return time.Duration(x * float64(time.Millisecond)) }
	for name, row := range map[string]struct {
		change func([]results.ClockReading) []results.ClockReading // of worker 2's
		want   report.Status
	}{
		"sound":               {func(r []results.ClockReading) []results.ClockReading { return r }, report.Met},
		"known to 10 ms":      {func(r []results.ClockReading) []results.ClockReading { r[3].Error = ms(10); return r }, report.Met},
		"known to 10.001 ms":  {func(r []results.ClockReading) []results.ClockReading { r[3].Error = ms(10.001); return r }, report.NotMet},
		"an hour off, always": {func(r []results.ClockReading) []results.ClockReading { return shift(r, time.Hour) }, report.Met},
		"moved by 5 ms beyond its errors": {func(r []results.ClockReading) []results.ClockReading {
			r[5].Offset = r[0].Offset + r[0].Error + r[5].Error + ms(5)
			return exact(r)
		}, report.Met},
		"moved by 5.001 ms": {func(r []results.ClockReading) []results.ClockReading {
			r[5].Offset = r[0].Offset + r[0].Error + r[5].Error + ms(5.001)
			return exact(r)
		}, report.NotMet},
		"not read before": {func(r []results.ClockReading) []results.ClockReading { return r[1:] }, report.Unmeasured},
		"not read during": {func(r []results.ClockReading) []results.ClockReading { return append(r[:1:1], r[len(r)-1]) }, report.Unmeasured},
		"not read after":  {func(r []results.ClockReading) []results.ClockReading { return r[:len(r)-1] }, report.Unmeasured},
		"never read":      {func([]results.ClockReading) []results.ClockReading { return nil }, report.Unmeasured},
		"a bound below 0": {func(r []results.ClockReading) []results.ClockReading { r[0].Error = -ms(1); return r }, report.Unmeasured},
	} {
		t.Run(name, func(t *testing.T) {
			s := judgeSpec(t, "ready", func(s *reporttest.Spec) {
				s.Fleet = &reporttest.FleetSpec{Workers: 4, Clock: func(w int) []results.ClockReading {
					r := reporttest.Readings(211*time.Second, ms(1), ms(0.4))
					if w == 2 {
						r = row.change(r)
					}
					return r
				}}
			})
			g := gateOf(t, s, "V5")
			if g.Status != row.want || (s.Verdict.Value == report.Ready) != (row.want == report.Met) {
				t.Fatalf("V5 %s, verdict %s; want %s: %+v", g.Status, s.Verdict.Value, row.want, g.Measures)
			}
			if row.want != report.Met && (g.Worker != "w002" || s.Verdict.Cause != report.CauseClock) {
				t.Errorf("named %q, cause %q", g.Worker, s.Verdict.Cause)
			}
		})
	}
}

func shift(r []results.ClockReading, by time.Duration) []results.ClockReading {
	for i := range r {
		r[i].Offset += by
	}
	return r
}

// exact keeps the first and the sixth reading as the two furthest apart.
func exact(r []results.ClockReading) []results.ClockReading {
	for i := range r {
		if i != 0 && i != 5 {
			r[i].Offset = r[0].Offset
		}
	}
	return r
}

// TestShortRunsNeedNoReadingInBetween: the clock is read every 10 s.
func TestShortRunsNeedNoReadingInBetween(t *testing.T) {
	s := judgeSpec(t, "ready", func(s *reporttest.Spec) {
		s.Play, s.PeakTo, s.Ended = 10, 10, results.Ended{How: results.EndedPlanned, At: 14 * time.Second}
		s.Fleet = &reporttest.FleetSpec{Workers: 2, Clock: func(int) []results.ClockReading {
			r := reporttest.Readings(15*time.Second, 0, time.Millisecond)
			return append(r[:1:1], r[len(r)-1])
		}}
	})
	if g := gateOf(t, s, "V5"); g.Status != report.Met {
		t.Errorf("V5 %s: %+v", g.Status, g.Measures)
	}
}

// TestARecordThatIsGone: without fleet.json neither clocks nor losses are known.
func TestARecordThatIsGone(t *testing.T) {
	s := judgeSpec(t, "ready", func(s *reporttest.Spec) { s.Fleet = &reporttest.FleetSpec{Workers: 4, Unkept: true} })
	if got := failed(s); got != "V5 V6 " || s.Verdict.Value != report.Inconclusive || s.Fleet.Kept {
		t.Errorf("gates failed: %q, verdict %s, %+v", got, s.Verdict.Value, s.Fleet)
	}
}

// TestEndsOfAFleet: none of them is as planned.
func TestEndsOfAFleet(t *testing.T) {
	for how, row := range map[results.EndedAs]struct {
		cause report.Cause
		code  int
	}{
		results.EndedStopped: {report.CauseStopped, report.ExitStopped},
		results.EndedAlone:   {report.CauseAlone, report.ExitInconclusive},
		results.EndedLoss:    {report.CauseWorkerLost, report.ExitInconclusive},
		results.EndedPlanned: {"", report.ExitReady},
	} {
		s := judgeSpec(t, "ready", func(s *reporttest.Spec) {
			s.Ended = results.Ended{How: how, At: 215 * time.Second}
			s.Fleet = &reporttest.FleetSpec{Workers: 2}
		})
		if got := report.ExitCode(s.Verdict, how); got != row.code || s.Verdict.Cause != row.cause {
			t.Errorf("%s: exit code %d, cause %q, gates failed %q; want %d, %q", how, got, s.Verdict.Cause, failed(s), row.code, row.cause)
		}
	}
}

// TestASessionOnAFleet: the trials' gates include V5 and V6, and S13 tells each loss
// by its trial.
func TestASessionOnAFleet(t *testing.T) {
	for fixture, want := range map[string]struct {
		value report.Value
		gates string
		lost  int
	}{
		"fleet_ready":       {report.Ready, "", 0},
		"fleet_taken_over":  {report.Ready, "", 1},
		"fleet_worker_lost": {report.Inconclusive, "V6", 1},
		"fleet_clock":       {report.Inconclusive, "V5", 0},
	} {
		spec := reporttest.SpecOf(t, fixture)
		d := reporttest.NewDossier(t, spec.Criteria)
		name := d.Storm("required", 1, fixture)
		s := d.Judge()
		if s.Verdict.Value != want.value || s.Session.Main != name {
			t.Errorf("%s: %s %q of %s", fixture, s.Verdict.Value, s.Verdict.Cause, s.Session.Main)
		}
		if got := strings.Join(s.Session.Trials[0].Gates, " "); got != want.gates {
			t.Errorf("%s: gates failed %q; want %q", fixture, got, want.gates)
		}
		f := s.Session.Fleet
		if f == nil || f.Workers != len(s.Generator.Workers) || f.Lost != want.lost || !f.Error.Known() || f.Trials != 1 {
			t.Fatalf("%s: %+v", fixture, f)
		}
		for _, l := range f.Losses {
			if l.Trial != name || l.Worker != "w003" {
				t.Errorf("%s: %+v", fixture, l)
			}
		}
	}
}

// TestMissingRecord: a record that a worker numbered and that never came may have
// told of a change of the target.
func TestMissingRecord(t *testing.T) {
	spec := reporttest.SpecOf(t, "ready")
	roomy(&spec)
	spec.Fleet = &reporttest.FleetSpec{Workers: 4}
	run, sc := reporttest.Build(t, spec)
	run.Fleet.Workers[2].Missing = 1
	s, err := report.Judge(run, sc)
	if err != nil {
		t.Fatal(err)
	}
	if s.Verdict.Value != report.Inconclusive || failed(s) != "V9 " {
		t.Errorf("%s, failed: %s", s.Verdict.Value, failed(s))
	}
}
