//go:build slow

package main

import (
	"testing"
	"time"
)

// TestPlanMillion plans a million arrivals by the command line, on whatever
// this machine gives: the best of three counts.
func TestPlanMillion(t *testing.T) {
	file := scenarioFile(t, `version: 1
target: http://127.0.0.1:9
accounts: {generate: {count: 1100000, login: "e${n}", password: "p${n}"}, synthetic: true, reuse: after_end}
population: [{persona: eleve, people: 1000500, show_up: 100%}]
storm: {profile: 2021-04-06, curve: {08:00-10:00: 100%}, play: 08:00-10:00}
journeys: {j: [{get: /, expect: {text: "${login}"}, in_class: true}]}
`)
	best := time.Hour
	for range 3 {
		cmd := firstbell(t, "plan", file, "--slice", "0/1000000")
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		best = min(best, time.Since(began))
	}
	t.Logf("a million arrivals in %s", best)
	if best > 2*time.Second {
		t.Errorf("a million arrivals took %s", best)
	}
}
