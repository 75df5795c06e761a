package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/report/catalog"
	"firstbell/runner/capacity"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// morningOf is a scenario of people over so many minutes.
func morningOf(t *testing.T, minutes, people int, criteria string) *scenarios.Scenario {
	t.Helper()
	to := fmt.Sprintf("%02d:%02d", 8+(58+minutes)/60, (58+minutes)%60)
	src := fmt.Sprintf(`
version: 1
target: http://127.0.0.1:1
accounts:
  generate: {count: %d, login: "eleve${n}", password: "p${n}"}
  synthetic: true
population:
  - {persona: eleve, region: Paris, level: lycee, people: %d, show_up: 100%%}
storm:
  play: 08:58-%s
  curve: {"08:58-%s": 100%%}
personas:
  eleve: {role: pupil, device: {desktop: 100%%}, journeys: {connexion: 100%%}}
journeys:
  connexion:
    - get: /auth/login
    - post: /auth/login
      pause: 5s
      form: {email: "${login}", password: "${password}"}
      expect: {text: "Bonjour ${login}"}
      in_class: true
criteria:
%s`, people, people, to, to, criteria)
	sc, err := scenarios.Parse([]byte(src), scenarios.Options{Name: "test.yaml", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func quietEnv(now time.Time) *env {
	return &env{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard,
		getenv: func(string) string { return "" }, now: func() time.Time { return now }}
}

func aSession(t *testing.T, sc *scenarios.Scenario, command, out string, quick bool) *session {
	t.Helper()
	o := sessionOptions{quick: quick}
	o.seed, o.scale, o.out, o.lang, o.progress = "7", "100%", out, "en", "none"
	s, err := newSession(quietEnv(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)), o, sc, command)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

const withTime = "  time_to_class: p(95) < 3s\n  in_class: rate > 99%\n"

// A quick session fits 25 minutes whatever the scenario, and says what it left
// out for that.
func TestQuickFitsItsTime(t *testing.T) {
	for _, minutes := range []int{1, 3, 10, 30, 90} {
		for _, command := range []string{"capacity", "certify"} {
			s := aSession(t, morningOf(t, minutes, 3000, withTime), command, t.TempDir(), true)
			if s.total() > quickTime {
				t.Errorf("%s of %d minutes: %v", command, minutes, s.total())
			}
			for _, st := range s.d.Stages {
				if st.Skipped != "" && st.Name != results.StageRepeat && !strings.Contains(strings.Join(s.d.Unproved, " "), st.Name) {
					t.Errorf("%s of %d minutes: %s is skipped in silence", command, minutes, st.Name)
				}
			}
		}
	}
	full := aSession(t, morningOf(t, 3, 3000, withTime), "certify", t.TempDir(), false)
	if len(full.d.Unproved) > 0 || full.total() <= quickTime {
		t.Errorf("a full session leaves out %v and takes %v", full.d.Unproved, full.total())
	}
}

// A session that was killed is taken up by the same command, and by no other.
func TestSessionIsTakenUpAgain(t *testing.T) {
	out := t.TempDir()
	sc := morningOf(t, 3, 3000, withTime)
	first := aSession(t, sc, "capacity", out, true)
	if again := aSession(t, sc, "capacity", out, true); again.dir == first.dir {
		t.Error("a session that another process is playing was taken up")
	}
	first.d.Trials = []results.Trial{{Name: "000-calibration", Stage: results.StageCalibration}}
	if err := first.save(); err != nil {
		t.Fatal(err)
	}
	first.close() // as the kernel does when the process dies
	for name, other := range map[string]*session{
		"another command":  aSession(t, sc, "certify", out, true),
		"a full one":       aSession(t, sc, "capacity", out, false),
		"another scenario": aSession(t, morningOf(t, 4, 3000, withTime), "capacity", out, true),
	} {
		if other.dir == first.dir {
			t.Errorf("%s took the session up", name)
		}
	}
	again := aSession(t, sc, "capacity", out, true)
	if again.dir != first.dir || len(again.d.Resumed) != 1 || len(again.d.Trials) != 1 {
		t.Errorf("dir %s of %s, resumed %v", again.dir, first.dir, again.d.Resumed)
	}
	for _, how := range []results.EndedAs{results.EndedStopped, results.EndedAlone, results.EndedLoss, results.EndedInterrupted, results.EndedByTarget} {
		again.d.Ended = &results.Ended{How: how}
		if err := again.save(); err != nil {
			t.Fatal(err)
		}
		again.close()
		if again = aSession(t, sc, "capacity", out, true); again.dir != first.dir {
			t.Errorf("a session that ended as %s was not taken up", how)
		}
	}
	again.d.Ended = &results.Ended{How: results.EndedPlanned}
	if err := again.save(); err != nil {
		t.Fatal(err)
	}
	again.close()
	if finished := aSession(t, sc, "capacity", out, true); finished.dir == first.dir {
		t.Error("a finished session was taken up")
	}
}

// What a trial that was cut left behind is kept under another name.
func TestSetAside(t *testing.T) {
	s := &session{dir: t.TempDir()}
	for range 2 {
		if err := os.MkdirAll(results.TrialPath(s.dir, "003-confirm"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := s.setAside("003-confirm"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.setAside("004-bracket"); err != nil {
		t.Errorf("a trial that left nothing: %v", err)
	}
	left, _ := filepath.Glob(filepath.Join(s.dir, results.TrialDir, "*"))
	if len(left) != 2 || !strings.HasSuffix(left[0], "003-confirm.cut-1") {
		t.Errorf("left %v", left)
	}
}

func TestSessionWantsATimeCriterion(t *testing.T) {
	var o sessionOptions
	o.scale = "100%"
	err := o.check(morningOf(t, 3, 100, "  in_class: rate > 99%\n"))
	if err == nil || exitCodeOf(err) != exitUsage {
		t.Errorf("without a time criterion: %v", err)
	}
	if err := o.check(morningOf(t, 3, 100, withTime)); err != nil {
		t.Errorf("with one: %v", err)
	}
	for _, limit := range []time.Duration{0, -time.Second, 24 * time.Hour} {
		o.reset, o.resetTimeout = "true", limit
		if err := o.check(morningOf(t, 3, 100, withTime)); err == nil || exitCodeOf(err) != exitUsage {
			t.Errorf("a reset within %s: %v", limit, err)
		}
	}
}

func TestBusiest(t *testing.T) {
	curve := make([]float64, 60)
	for i := 20; i < 30; i++ {
		curve[i] = 50
	}
	curve[25] = 100
	if got := busiest(curve); got != 55 {
		t.Errorf("busiest 10 s: %g per second, want 55", got)
	}
	if got := busiest([]float64{3, 5}); got != 4 {
		t.Errorf("of two seconds: %g, want 4", got)
	}
}

// Every line a session prints exists in both languages.
func TestConsoleTexts(t *testing.T) {
	for _, lang := range []string{"fr", "en"} {
		c := catalog.For(lang)
		for _, key := range []string{"plan", "stage", "stage_skipped", "folder", "resumed", "stage_begins", "trial", "storm",
			"calibration", "honest", "broke", "no_answer", "held", "held_at_least", "held_less_than", "no_stage",
			"reset", "reset_plan", "reset_exit", "reset_timeout", "reset_silent"} {
			if !c.Has("console." + key) {
				t.Errorf("%s: console.%s is missing", lang, key)
			}
		}
	}
}

// TestWhatCouldNotBePlayed: a session whose search came to no answer says of what was
// to follow that it was left out, and why: in its journal and on every face.
func TestWhatCouldNotBePlayed(t *testing.T) {
	s := aSession(t, morningOf(t, 3, 3000, withTime), "certify", t.TempDir(), false)
	var terminal strings.Builder
	s.e.stdout = &terminal
	found := &capacity.Found{Why: capacity.WhyInvalid}
	s.d.Trials = []results.Trial{{Name: "000-confirm", Stage: results.StageConfirm}}
	for _, name := range []string{results.StageConfirm, results.StageBracket} {
		s.markPlayed(name, leftOut(found))
	}
	for _, part := range []func(context.Context, *capacity.Found, int) (int, error){s.isolate, s.recover} {
		if next, err := part(t.Context(), found, 1); err != nil || next != 1 {
			t.Fatal(next, err)
		}
	}
	s.ended = results.Ended{How: results.EndedPlanned}
	if code := exitCodeOf(s.conclude()); code != exitInconclusive {
		t.Errorf("exit code %d", code)
	}
	kept, err := results.ReadDossier(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	var shown report.Summary
	if b, err := os.ReadFile(filepath.Join(s.dir, "summary.json")); err != nil || json.Unmarshal(b, &shown) != nil {
		t.Fatal(err)
	}
	for _, stages := range [][]results.Stage{kept.Stages, shown.Session.Stages} {
		for name, want := range map[string]results.Stage{
			results.StageConfirm: {Done: true}, results.StageBracket: {Skipped: "not_found"}, results.StageIsolation: {Skipped: "no_capacity"},
			results.StageOnset: {Skipped: "no_capacity"}, results.StageRecovery: {Skipped: "no_capacity"}, results.StageStorm: {},
		} {
			i := slices.IndexFunc(stages, func(st results.Stage) bool { return st.Name == name })
			if got := stages[i]; got.Done != want.Done || got.Skipped != want.Skipped {
				t.Errorf("%s: done %v, skipped %q", name, got.Done, got.Skipped)
			}
		}
	}
	for face, text := range map[string]string{
		"summary.md": "the return to normal: the limit was not found", "report.html": "skipped: the capacity was not found", "terminal": "the return to normal: the limit was not found",
	} {
		page := terminal.String()
		if face != "terminal" {
			b, err := os.ReadFile(filepath.Join(s.dir, face))
			if err != nil {
				t.Fatal(err)
			}
			page = string(b)
		}
		if !strings.Contains(strings.Join(strings.Fields(page), " "), text) {
			t.Errorf("%s does not say %q", face, text)
		}
	}
}

// A quick session that goes without repeats says so, whatever its search found.
func TestMarkPlayed(t *testing.T) {
	s := aSession(t, morningOf(t, 3, 3000, withTime), "capacity", t.TempDir(), true)
	s.markPlayed(results.StageRepeat, leftOut(&capacity.Found{}))
	s.markPlayed(results.StageControl, leftOut(&capacity.Found{Why: capacity.WhyQuota}))
	if got := s.skipReason(results.StageRepeat) + " " + s.skipReason(results.StageControl); got != "quick quota" {
		t.Errorf("left out: %s", got)
	}
	s.d.Trials = []results.Trial{{Name: "000-control", Stage: results.StageControl}}
	if s.markPlayed(results.StageControl, ""); s.skipped(results.StageControl) {
		t.Error("what was played is left out")
	}
}
