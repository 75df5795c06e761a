package html

import (
	"strings"
	"testing"

	"firstbell/report"
	"firstbell/runner/results"
)

// TestASessionWithoutAnAnswer: what a session was to do and could not is neither called
// done, nor needless, nor the business of another command.
func TestASessionWithoutAnAnswer(t *testing.T) {
	s := summary(t, "certify_not_ready")
	s.Capacity.Why, s.Capacity.Loads = "invalid", nil
	s.Recovery = report.Recovery{Status: report.Unmeasured, Command: "firstbell certify"}
	s.Attribution = report.Attribution{Status: report.Unmeasured, Command: "firstbell certify"}
	s.Session.Unproved = []string{"recovery_no_capacity"}
	s.Session.Stages = []results.Stage{{Name: results.StageBracket, Skipped: "not_found"}, {Name: results.StageRecovery, Skipped: "no_capacity"}}
	s.Session.Trials = s.Session.Trials[:4]
	text := string(words(t, s, "fr", []string{"recovery", "capacity", "why", "tool"}))
	for _, wrong := range []string{"Pour l’obtenir : firstbell certify", "aucune affluence constante", "la réponse était acquise", "Rien n’a été laissé de côté", "trop-plein et retour | 0 s | ✓"} {
		if strings.Contains(text, wrong) {
			t.Errorf("the page says %q", wrong)
		}
	}
	for _, right := range []string{"resserrement | 0 s | – sautée : la limite n’a pas été trouvée", "trop-plein et retour | 0 s | – sautée : la capacité n’a pas été trouvée", "À refaire : firstbell certify"} {
		if !strings.Contains(text, right) {
			t.Errorf("the page does not say %q", right)
		}
	}
	if s.Session.Trials[3].Kind != string(results.TrialPlateau) || !strings.Contains(text, "mais aucune ne compte") {
		t.Errorf("trial of kind %s; the loads that do not count are not told", s.Session.Trials[3].Kind)
	}
}

// TestColdStartIsTold: the method says how the portal was before the tests that want it
// at rest.
func TestColdStartIsTold(t *testing.T) {
	for text, cold := range map[string]report.ColdStart{
		"it had idle time only":                {Needed: 6},
		"the tester's own command reset":       {Needed: 6, Reset: 6, Longest: "42"},
		"Before 2 of the 6 whole mornings":     {Needed: 6, Reset: 2, Longest: "42"},
		"Before every whole morning and every": {Needed: 1, Reset: 1, Longest: "42"},
		"a full login was checked; 42":         {Needed: 3, Reset: 3, Longest: "42"},
		"a full login was checked (42":         {Needed: 3, Reset: 1, Longest: "42"},
	} {
		s := summary(t, "certify_not_ready")
		s.Session.Cold = cold
		if page := strings.ReplaceAll(string(words(t, s, "en", []string{"proof"})), "\u00a0", " "); !strings.Contains(page, text) {
			t.Errorf("%+v: the page does not say %q", cold, text)
		}
	}
	s := summary(t, "ready")
	if page := string(words(t, s, "en", []string{"proof"})); strings.Contains(page, "idle time") {
		t.Error("a run that had no test before it speaks of resets")
	}
}
