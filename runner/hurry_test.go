package runner_test

import (
	"strings"
	"testing"
	"time"

	"firstbell/examples/ent"
	"firstbell/runner/results"
)

// TestNobodyTypesPastATrial: a portal that answers at once keeps nobody out of a
// trial, however slowly people type, and the last of them do not click together.
func TestNobodyTypesPastATrial(t *testing.T) {
	slow := strings.ReplaceAll(strings.ReplaceAll(entcore, "      pause: 7s\n", ""), "think: {median: 8s, p95: 45s}", "think: {median: 15s, p95: 3m}")
	if len(slow) >= len(entcore) {
		t.Fatal("the scenario thinks otherwise now")
	}
	for _, c := range []*results.Conduct{plateau(30, 40*time.Second), {Kind: results.TrialStorm, LoginOnly: true}} {
		out := morning{yaml: slow, seed: 4, conduct: c, ent: ent.Config{Capacity: ent.ForLogins(5000, 3)}}.play(t)
		if n := out.people.Intended; n < 500 || out.people.InClass() != n {
			t.Errorf("%s: people %v, ended %+v", c.Kind, reasons(out.books.People), out.ended)
		}
		s := results.SeriesOf(out.run)
		end, most := int(out.run.Plan.PlayTo-out.run.Plan.PlayFrom), uint32(0)
		for i := end; i < len(s.Seconds); i++ {
			most = max(most, uint32(s.Seconds[i].Done))
		}
		if whole := out.people.Intended; uint64(most)*10 > whole {
			t.Errorf("%s: %d of %d in class in one second after the load", c.Kind, most, whole)
		}
	}
}
