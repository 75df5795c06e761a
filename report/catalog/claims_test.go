package catalog

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// claims are the sentences of S12 and the values report gives each.
var claims = map[string]string{
	"first": "step rate after_s", "lowest": "step low high next other", "lowest_once": "step low high next other",
	"lowest_alone": "step low high", "lowest_alone_once": "step low high", "little": "", "together": "step other apart_s",
	"not_separable": "step other", "none_saturated": "low", "not_explained": "step alone whole", "no_whole": "step alone whole",
	"contradiction": "step first", "shared": "sum whole", "server_metrics": "", "intervention": "", "pupils_alone": "",
	"intervention_whole": "", "servers_moved": "servers more low high more_low more_high", "servers_unmoved": "servers more low high more_low more_high",
	"server_corroborated": "resource step apart_s correlation bins", "server_contradiction": "step resource other after_s",
	"server_apart": "resource step apart_s correlation bins", "server_below": "step", "server_always": "step", "server_no_step": "", "server_no_onset": "",
	"server_other_steps": "step", "server_thin": "step",
	"intervention_cause": "run step low high more_low more_high", "intervention_unnamed": "run step low high more_low more_high",
	"intervention_unmoved": "run step low high more_low more_high", "intervention_unsure": "run step low high",
	"assume_few_sizes": "sizes", "assume_unsure_size": "", "assume_no_law": "", "assume_no_servers": "", "assume_scaling_law": "", "assume_one_size": "",
	"assume_open_high": "servers", "assume_rate_there": "servers low high needed", "assume_peak": "servers rate needed", "assume_asymptote": "rate needed",
	"assume_next_unknown": "", "assume_predicted": "", "assume_ceiling": "step rate needed", "assume_ceiling_low": "step rate needed",
	"onset": "", "no_onset": "", "isolation": "", "books": "step gap",
	"sign_queueing": "offered goodput backlog_growth late_share", "sign_quota": "rate low high refused_share",
	"sign_per_ip": "goodput refused_share", "sign_pool": "refused_share served_s calm_s goodput",
	"sign_accept_queue": "rungs connections refused_share", "sign_proxy_timeout": "after_s answers",
	"sign_crash": "crashes down_s", "sign_crash_between": "crashes down_s above below", "sign_blank": "blank_share",
	"sign_tls": "calm_s loaded_s", "sign_external": "lost_share", "sign_external_control": "calm_s loaded_s lost_share",
	"sign_generator": "gates trials",
}

var blame = regexp.MustCompile(`(?i)\bcauses?\b|\bcaused\b`)

// TestOnlyTheHighestLevelSaysCause: of the sentences of the claim ladder only L3's.
func TestOnlyTheHighestLevelSaysCause(t *testing.T) {
	for _, lang := range Languages() {
		c := For(lang)
		for key := range c.texts {
			level := strings.HasPrefix(key, "html.level_") || strings.HasPrefix(key, "session.weak_") || strings.HasPrefix(key, "resource.")
			if level && blame.MatchString(c.Text(key)) != strings.HasSuffix(key, "_L3") {
				t.Errorf("%s: %s: %s", lang, key, c.Text(key))
			}
		}
	}
}

// TestClaimsHaveWords: every claim reads as a sentence, from the values it has,
// and none says "cause" but that of level L3 and the one that says what it takes.
func TestClaimsHaveWords(t *testing.T) {
	value := regexp.MustCompile(`\{([a-z_]+)\}`)
	for _, lang := range Languages() {
		c := For(lang)
		for key, args := range claims {
			if !c.Has("claim." + key) {
				t.Errorf("%s: no sentence for %s", lang, key)
			}
			text := c.Text("claim." + key)
			for _, m := range value.FindAllStringSubmatch(text, -1) {
				if !slices.Contains(strings.Fields(args), m[1]) {
					t.Errorf("%s: %s speaks of {%s}, which it has not", lang, key, m[1])
				}
			}
			if blame.MatchString(text) != (key == "intervention" || key == "intervention_cause") {
				t.Errorf("%s: %s says cause: %t: %s", lang, key, blame.MatchString(text), text)
			}
		}
	}
	if !strings.Contains(For("en").Text("claim.pupils_alone"), "cannot prove or exclude an attack in production") {
		t.Error("the sentence on attacks is not as fixed")
	}
}
