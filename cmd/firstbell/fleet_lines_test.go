package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"firstbell/report/catalog"
	"firstbell/runner/fleet"
)

// Every notice has words in both languages, for the values that it has.
func TestNoticesHaveWords(t *testing.T) {
	keys := fleet.NoticeKeys()
	if len(keys) < 40 {
		t.Fatalf("only %d notices", len(keys))
	}
	for _, lang := range catalog.Languages() {
		c := catalog.For(lang)
		for _, key := range keys {
			if !c.Has("console.fleet." + key) {
				t.Errorf("%s: no words for %s", lang, key)
				continue
			}
			for _, name := range c.Names("console.fleet." + key) {
				if !strings.Contains(fleet.NoticeText(key), "{"+name+"}") {
					t.Errorf("%s: %s says {%s}, which the notice does not have", lang, key, name)
				}
			}
			for _, name := range []string{"worker", "why", "people", "n", "time", "play", "how", "error", "place", "version"} {
				if strings.Contains(fleet.NoticeText(key), "{"+name+"}") && !slices.Contains(c.Names("console.fleet."+key), name) {
					t.Errorf("%s: %s keeps {%s} to itself", lang, key, name)
				}
			}
		}
	}
}

func TestNoticeIn(t *testing.T) {
	lost := fleet.Notice{Key: "untaken", Worker: "w001", Args: []fleet.NoticeArg{{Name: "people", Value: 12345}, {Name: "why", Value: fleet.NoticeWord{Of: "untaken", Value: "no_room"}}}}
	ready := fleet.Notice{Key: "ready", Worker: "w002", Args: []fleet.NoticeArg{{Name: "people", Value: 7}, {Name: "error", Value: 1500 * time.Microsecond}}}
	joined := fleet.Notice{Key: "joined", Worker: "w000", Args: []fleet.NoticeArg{{Name: "os", Value: "linux\x1b[2J"}, {Name: "cpus", Value: 1.5}}}
	for _, c := range []struct {
		lang string
		n    fleet.Notice
		want string
	}{
		{"fr", lost, "12 345 personnes de w001 ne sont jouées par personne : les autres n’avaient plus de place"},
		{"en", lost, "12,345 people of w001 are played by nobody: the others had no room left"},
		{"fr", ready, "w002 est prêt : 7 personnes, horloge à ± 1,5 ms"},
		{"en", ready, "w002 is ready: 7 people, clock ± 1.5 ms"},
		{"fr", fleet.Notice{Key: "of a newer version", Text: "as it came"}, "as it came"},
	} {
		if got := spaces.Replace(noticeIn(catalog.For(c.lang), c.n)); got != c.want {
			t.Errorf("%s: %q, want %q", c.lang, got, c.want)
		}
	}
	if got := noticeIn(catalog.For("fr"), joined); strings.Contains(got, "\x1b") || !strings.Contains(got, "1,5") {
		t.Errorf("%q", got)
	}
}

// spaces makes those of French typography ordinary.
var spaces = strings.NewReplacer("\u00a0", " ", "\u202f", " ")
