package report_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/report/reporttest"
	"firstbell/runner/results"
)

// searched is a session whose search is over: 20 people a second are served.
func searched(t *testing.T) *reporttest.Dossier {
	d := reporttest.NewDossier(t, reporttest.Standard())
	d.Journal.Required = results.Required{People: 8644, PeakRate: 48}
	d.Plateau(results.StageConfirm, 18, 20)
	d.Plateau(results.StageConfirm, 26, 20)
	d.Plateau(results.StageRepeat, 19, 20)
	d.Plateau(results.StageRepeat, 20, 20)
	d.Plateau(results.StageControl, 18, 20)
	return d
}

func TestASessionsCapacity(t *testing.T) {
	d := searched(t)
	s := d.Judge()
	k := s.Capacity
	if k.Held.Low != "20" || k.Held.High != "26" || k.Held.Censored != "" || !k.Monotone {
		t.Errorf("held %+v", k.Held)
	}
	if k.Control == nil || k.Control.Drift {
		t.Errorf("control %+v", k.Control)
	}
	if k.Status != report.Undecided || k.Why != "wide" {
		t.Errorf("%s %q; the bracket is 23 %% wide", k.Status, k.Why)
	}
	if k.FirstCriterion != "time_to_class" || k.FirstStep != "2 post /auth/login" {
		t.Errorf("first %q at %q", k.FirstCriterion, k.FirstStep)
	}
	if len(k.Loads) != 4 || k.Loads[0].Trials != 2 || k.Loads[3].Class != "upper" {
		t.Errorf("loads %+v", k.Loads)
	}
	if v := s.Verdict; v.Value != report.Inconclusive || v.Cause != report.CauseNotReplayed {
		t.Errorf("verdict %+v", v)
	}
	if s.Session.Main != "004-repeat" || s.Run.ID != d.Journal.RunID {
		t.Errorf("main %s of %s", s.Session.Main, s.Run.ID)
	}
}

// TestVerdictOfASession: what the storms of the required size say, and what
// forbids to believe it.
func TestVerdictOfASession(t *testing.T) {
	const required = "required"
	storms := func(fixtures ...string) func(*reporttest.Dossier) {
		return func(d *reporttest.Dossier) {
			for _, f := range fixtures {
				d.Storm(required, 1, f)
			}
		}
	}
	with := func(f func(*reporttest.Dossier), change func(*reporttest.Dossier)) func(*reporttest.Dossier) {
		return func(d *reporttest.Dossier) { f(d); change(d) }
	}
	isReady := storms("ready")
	first := reporttest.NewDossier(t, reporttest.Standard())
	storms("ready", "not_ready", "target_down", "inconclusive_interval_straddles", "inconclusive_generator_saturated", "inconclusive_blocked_as_attacker")(first)
	for name, row := range map[string]struct {
		play  func(*reporttest.Dossier)
		value report.Value
		cause report.Cause
	}{
		"all ready":                    {storms("ready", "ready", "ready"), report.Ready, ""},
		"all not ready":                {storms("not_ready", "not_ready", "not_ready"), report.NotReady, ""},
		"the seeds disagree":           {storms("ready", "not_ready", "not_ready"), report.Inconclusive, report.CauseSeeds},
		"one undecided":                {storms("ready", "ready", "inconclusive_interval_straddles"), report.Inconclusive, report.CauseStraddles},
		"not ready, one undecided":     {storms("not_ready", "not_ready", "inconclusive_interval_straddles"), report.NotReady, ""},
		"one not ready, two undecided": {storms("not_ready", "inconclusive_generator_saturated", "inconclusive_generator_saturated"), report.Inconclusive, report.CauseGenerator},
		"one generator was sick":       {storms("ready", "ready", "inconclusive_generator_saturated"), report.Inconclusive, report.CauseGenerator},
		"one was blocked":              {storms("not_ready", "not_ready", "inconclusive_blocked_as_attacker"), report.Inconclusive, report.CauseBlocked},
		"a smaller one failed":         {func(d *reporttest.Dossier) { d.Storm("low", 0.9, "not_ready") }, report.Inconclusive, report.CauseNotReplayed},
		"a larger one held":            {func(d *reporttest.Dossier) { d.Storm("high", 1.5, "ready") }, report.Inconclusive, report.CauseNotReplayed},
		"calibrated too low": {with(isReady, func(d *reporttest.Dossier) { d.Journal.Calibration.Rate = 71 }),
			report.Inconclusive, report.CauseCalibration},
		"calibrated just enough": {with(isReady, func(d *reporttest.Dossier) { d.Journal.Calibration.Rate = 73 }), report.Ready, ""},
		"not calibrated":         {with(isReady, func(d *reporttest.Dossier) { d.Journal.Calibration = nil }), report.Inconclusive, report.CauseCalibration},
		"not calibrated, refused": {with(storms("not_ready", "not_ready"), func(d *reporttest.Dossier) { d.Journal.Calibration = nil }),
			report.NotReady, ""},
		"not calibrated, no answer": {with(storms("target_down", "target_down"), func(d *reporttest.Dossier) { d.Journal.Calibration = nil }),
			report.Inconclusive, report.CauseCalibration},
		"killed":                        {with(isReady, func(d *reporttest.Dossier) { d.Journal.Ended = nil }), report.Inconclusive, report.CauseUnfinished},
		"killed after it failed":        {with(storms("not_ready"), func(d *reporttest.Dossier) { d.Journal.Ended = nil }), report.NotReady, ""},
		"interrupted":                   {with(isReady, func(d *reporttest.Dossier) { d.Journal.Ended.How = results.EndedInterrupted }), report.Inconclusive, report.CauseInterrupted},
		"not reset":                     {with(isReady, func(d *reporttest.Dossier) { d.Journal.Ended.How = results.EndedReset }), report.Inconclusive, report.CauseReset},
		"stopped by the target":         {with(isReady, func(d *reporttest.Dossier) { d.Journal.Ended.How = results.EndedByTarget }), report.Inconclusive, report.CauseStoppedByTarget},
		"a trial's folder is not there": {with(isReady, func(d *reporttest.Dossier) { d.Lose("001-storm") }), report.Inconclusive, report.CauseCut},
		"the control address slowed down": {with(isReady, func(d *reporttest.Dossier) {
			d.Journal.Control = &results.Control{Base: results.Beheld{N: 60, P95: 0.1}, Trials: []results.Beheld{{Trial: "001-storm", N: 60, P95: 0.4}}}
		}), report.Inconclusive, report.CauseExternal},
		"the control address is as it was": {with(isReady, func(d *reporttest.Dossier) {
			d.Journal.Control = &results.Control{Base: results.Beheld{N: 60, P95: 0.1}, Trials: []results.Beheld{{Trial: "001-storm", N: 60, P95: 0.11}}}
		}), report.Ready, ""},
		"the witness disagrees": {with(isReady, func(d *reporttest.Dossier) {
			name := d.Plateau(results.StageConfirm, 18, 20)
			d.Journal.Witness = &results.Witness{Trials: []results.Beheld{{Trial: name, N: 60, P50: 0.1, P95: 0.1}}}
		}), report.Inconclusive, report.CauseWitness},
		"the witness agrees": {with(isReady, func(d *reporttest.Dossier) {
			name := d.Plateau(results.StageConfirm, 18, 20)
			d.Journal.Witness = &results.Witness{Trials: []results.Beheld{{Trial: name, N: 60, P50: 0.31, P95: 0.4}}}
		}), report.Ready, ""},
		"drift": {with(isReady, func(d *reporttest.Dossier) {
			d.Plateau(results.StageConfirm, 18, 20)
			d.Plateau(results.StageControl, 18, 14)
		}), report.Inconclusive, report.CauseDrift},
		"another certificate between two trials": {with(isReady, func(d *reporttest.Dossier) {
			d.Shown(d.Plateau(results.StageConfirm, 18, 20), "aa")
			d.Shown(d.Plateau(results.StageConfirm, 18, 20), "bb")
		}), report.Inconclusive, report.CauseTargetChanged},
		"another certificate within a plateau": {with(isReady, func(d *reporttest.Dossier) {
			d.Changed(d.Plateau(results.StageConfirm, 18, 20))
		}), report.Inconclusive, report.CauseTargetChanged},
		"two machines, each with its certificate": {with(isReady, func(d *reporttest.Dossier) {
			d.Shown(d.Plateau(results.StageConfirm, 18, 20), "aa", "bb")
			d.Shown(d.Plateau(results.StageConfirm, 18, 20), "bb")
		}), report.Ready, ""},
		"nothing was played": {func(*reporttest.Dossier) {}, report.Inconclusive, report.CauseNotReplayed},
	} {
		t.Run(name, func(t *testing.T) {
			d := first.Fresh()
			d.Journal.Required = results.Required{People: 8644, PeakRate: 48}
			row.play(d)
			s := d.Judge()
			if s.Verdict.Value != row.value || s.Verdict.Cause != row.cause {
				t.Errorf("verdict %s %q %v; want %s %q", s.Verdict.Value, s.Verdict.Cause, s.Verdict.Reasons, row.value, row.cause)
			}
			if len(s.Verdict.Actions) == 0 {
				t.Error("nothing to do")
			}
		})
	}
}

// TestJudgingASessionIsPure: twice the same, also when nothing was played.
func TestJudgingASessionIsPure(t *testing.T) {
	for _, d := range []*reporttest.Dossier{searched(t), reporttest.NewDossier(t, reporttest.Standard())} {
		one, err := json.Marshal(d.Judge())
		if err != nil {
			t.Fatal(err)
		}
		two, _ := json.Marshal(d.Judge())
		if string(one) != string(two) {
			t.Error("judged twice, the summaries differ")
		}
	}
}

// TestStormsHeld: N* lies between the largest storm that held and the smallest
// that did not, whatever the order they were played in.
func TestStormsHeld(t *testing.T) {
	d := searched(t)
	d.Storm("low", 0.9, "ready")
	d.Storm("high", 1.1, "not_ready")
	d.Storm("required", 1, "ready")
	s := d.Judge()
	n := s.Capacity.Storm
	if n.Range.Low != "8642" || n.Range.High.Float() < 8000 || n.Range.Censored != "" || len(n.Replays) != 3 {
		t.Errorf("held %+v of %d replays", n.Range, len(n.Replays))
	}
	if s.Capacity.Headroom.Float() < 0.99 || s.Capacity.Headroom.Float() > 1.01 {
		t.Errorf("headroom %s", s.Capacity.Headroom)
	}
	if !n.Predicted.Low.Known() {
		t.Errorf("predicted %+v", n.Predicted)
	}
	if s.Session.Main != "008-storm" {
		t.Errorf("main %s", s.Session.Main)
	}
}

// TestAQuotaIsNoBreakingPoint: two overloads let the same number in, exactly.
func TestAQuotaIsNoBreakingPoint(t *testing.T) {
	d := reporttest.NewDossier(t, reporttest.Standard())
	d.Journal.Required = results.Required{People: 8644, PeakRate: 48}
	let := func(rate, quota int) {
		c := results.Conduct{Kind: results.TrialPlateau, Warmup: 20 * time.Second, Segments: []results.Segment{{Name: "cap", Rate: float64(rate), Length: 80 * time.Second}}}
		d.Play(results.StageProbe, "", c, reporttest.Spec{Mix: func(int, int) []reporttest.People {
			return []reporttest.People{
				{N: quota, Outcome: results.InTime, Took: 300 * time.Millisecond},
				{N: rate - quota, Outcome: results.Quota, Reason: results.ReasonQuotaPage, Took: 100 * time.Millisecond},
			}
		}})
	}
	let(33, 25)
	let(45, 25)
	s := d.Judge()
	q := s.Capacity.Quota
	if q == nil || q.Sign != "quota" || q.Rate.Low.Float() < 24.75 || q.Rate.High.Float() > 25.25 {
		t.Fatalf("quota %+v, want 25 within 1 %%", q)
	}
	if s.Capacity.Why != "quota" || s.Verdict.Cause != report.CauseQuota {
		t.Errorf("why %q, cause %q", s.Capacity.Why, s.Verdict.Cause)
	}
}

// TestALimiterThatDoesNotSaySo: the same number gets in whatever comes, as quick as
// ever, and the rest meets errors: a quota; or a limit of each address, when many
// addresses let more in; or a spacing, when it lets more in the harder it is pressed.
func TestALimiterThatDoesNotSaySo(t *testing.T) {
	let := func(d *reporttest.Dossier, segment string, rate, in int, took time.Duration) {
		c := results.Conduct{Kind: results.TrialPlateau, Warmup: 20 * time.Second, Segments: []results.Segment{{Name: segment, Rate: float64(rate), Length: 80 * time.Second}}}
		d.Play(results.StageProbe, "", c, reporttest.Spec{Mix: func(second, _ int) []reporttest.People {
			if second < 20 {
				return []reporttest.People{{N: in, Outcome: results.InTime, Took: 300 * time.Millisecond}}
			}
			return []reporttest.People{
				{N: in, Outcome: results.InTime, Took: took},
				{N: rate - in, Outcome: results.Error, Reason: results.ReasonBackendDown, Took: 100 * time.Millisecond},
			}
		}})
	}
	for name, tt := range map[string]struct {
		rates, in []int
		many, one int // let in of 45, from many addresses and from one
		took      time.Duration
		sign      string
		spaced    bool
		want      float64
	}{
		"of all":          {[]int{33, 45}, []int{25, 25}, 25, 0, 300 * time.Millisecond, "quota", false, 25},
		"of each address": {nil, nil, 45, 25, 300 * time.Millisecond, "per_ip", false, 25},
		"spaced":          {[]int{50, 75, 300}, []int{33, 43, 75}, 0, 0, 300 * time.Millisecond, "quota", true, 100},
		"a full queue":    {[]int{33, 45}, []int{25, 25}, 25, 0, 2 * time.Second, "", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := reporttest.NewDossier(t, reporttest.Standard())
			for i := range tt.rates {
				let(d, results.SegmentCap, tt.rates[i], tt.in[i], tt.took)
			}
			if tt.many > 0 {
				let(d, results.SegmentAddresses, 45, tt.many, tt.took)
			}
			if tt.one > 0 {
				let(d, results.SegmentAddress, 45, tt.one, tt.took)
			}
			s := d.Judge()
			q := s.Capacity.Quota
			if tt.sign == "" {
				if q != nil {
					t.Errorf("a quota: %+v", q)
				}
				return
			}
			if alone := tt.many == 0; alone != q.Alone || alone != (len(q.Sources) > 0 && !q.PerIP) {
				t.Errorf("one address %v, addresses %v", q.Alone, q.Sources)
			}
			if q == nil || q.Sign != tt.sign || q.PerIP != (tt.sign == "per_ip") || q.Spaced != tt.spaced {
				t.Fatalf("quota %+v", q)
			}
			if q.Rate.Low.Float() >= tt.want || q.Rate.High.Float() <= tt.want {
				t.Errorf("rate %+v, want %v", q.Rate, tt.want)
			}
			why, cause := "quota", report.CauseQuota
			if q.PerIP {
				why, cause = "blocked", report.CauseBlocked
			}
			if s.Capacity.Why != why || s.Verdict.Cause != cause || s.Verdict.Value != report.Inconclusive {
				t.Errorf("why %q, verdict %+v", s.Capacity.Why, s.Verdict)
			}
		})
	}
}

// TestThrottledByAddress: not a breaking point either, and whose addresses.
func TestThrottledByAddress(t *testing.T) {
	d := reporttest.NewDossier(t, reporttest.Standard())
	c := results.Conduct{Kind: results.TrialPlateau, Warmup: 20 * time.Second, Segments: []results.Segment{{Name: "plateau", Rate: 40, Length: 80 * time.Second}}}
	d.Play(results.StageProbe, "", c, reporttest.Spec{Mix: func(int, int) []reporttest.People {
		return []reporttest.People{
			{N: 25, Outcome: results.InTime, Took: 300 * time.Millisecond},
			{N: 15, Outcome: results.Error, Reason: results.ReasonThrottled, Took: 100 * time.Millisecond},
		}
	}})
	s := d.Judge()
	if q := s.Capacity.Quota; q == nil || !q.PerIP || len(q.Sources) != 1 {
		t.Errorf("%+v", q)
	}
	if s.Verdict.Value != report.Inconclusive || s.Verdict.Cause != report.CauseBlocked {
		t.Errorf("verdict %+v", s.Verdict)
	}
}

// A session that was interrupted before its storms describes a plateau, but asks
// for the scenario's morning, and goes on with the same command.
func TestInterruptedBeforeItsStorms(t *testing.T) {
	d := reporttest.NewDossier(t, reporttest.Standard())
	d.Plateau(results.StageConfirm, 18, 20)
	d.Journal.Ended.How = results.EndedInterrupted
	s := d.Judge()
	if s.Run.PlayTo-s.Run.PlayFrom == s.Session.Window.To-s.Session.Window.From {
		t.Fatal("the plateau is as long as the morning: nothing is shown")
	}
	if want := (report.Span{From: 8*3600 + 58*60, To: 8*3600 + 61*60}); s.Session.Window != want {
		t.Errorf("required window %v, want %v", s.Session.Window, want)
	}
	if s.Verdict.Cause != report.CauseInterrupted || !slices.Contains(s.Verdict.Actions, "cause_unfinished") || slices.Contains(s.Verdict.Actions, "cause_interrupted") {
		t.Errorf("cause %q, actions %v", s.Verdict.Cause, s.Verdict.Actions)
	}
}

// TestColdStart counts the trials that the target was to meet at rest, and those before
// which it was reset; a reset that failed counts for none.
func TestColdStart(t *testing.T) {
	d := reporttest.NewDossier(t, reporttest.Standard())
	d.Plateau(results.StageConfirm, 18, 20)
	first, second := d.Storm("required", 1, "ready"), d.Storm("required", 1, "ready")
	if c := d.Judge().Session.Cold; c.Needed != 2 || c.Reset != 0 || c.Longest != "" || len(c.Resets) != 0 || c.Resets == nil {
		t.Errorf("without a reset: %+v", c)
	}
	d.Journal.Resets = []results.Reset{
		{Trial: first, Took: 1500 * time.Millisecond, Answered: 40 * time.Second},
		{Trial: second, Took: time.Second, Answered: 50 * time.Second, Failed: results.ResetSilent},
		{Trial: "001-confirm", Took: time.Second, Answered: 9 * time.Second},
	}
	c := d.Judge().Session.Cold
	if c.Needed != 2 || c.Reset != 1 || c.Longest != "40" || c.Resets[0] != (report.Reset{Trial: first, Took: "1.5", Answered: "40"}) || c.Resets[1].Answered != "" || c.Resets[1].Failed != "silent" {
		t.Errorf("%+v", c)
	}
}
