//go:build slow && linux

package main

import (
	"strconv"
	"testing"

	"firstbell/report"
	"firstbell/runner/results"
)

// TestFleetSameStorm: the same people come at the same instants, however many
// processes play them, and each of them is seen by the target once.
func TestFleetSameStorm(t *testing.T) {
	type played struct {
		digest          string
		people, inClass int
		seen            map[string]int
	}
	got := make([]played, 5)
	t.Run("fleets", func(t *testing.T) {
		for i, workers := range []int{0, 1, 2, 5, 16} { // 0: no fleet
			t.Run(strconv.Itoa(workers), func(t *testing.T) {
				t.Parallel()
				calmly(t, endsLeases, func() string {
					target := newStampedTarget(t, 0)
					s := playedBy(t, fleetStorm{target: target.url(), people: 400, play: 8}.String(), workers)
					run, err := results.Open(s.folder())
					if err != nil {
						t.Fatal(err)
					}
					if workers > 0 {
						st := readStory(t, s.folder(), target)
						if lost := st.lost(); lost != "" {
							return lost
						}
						st.exact(t)
						equal(t, "workers' files", len(run.Workers), workers)
					}
					got[i] = played{digest: run.Plan.Digest, people: run.Plan.People,
						inClass: int(results.LedgerOf(run).People.Total.InClass()), seen: logins(target.after(run.Plan.Start))}
					return ""
				})
			})
		}
	})
	for i, p := range got {
		if p.digest == "" {
			continue // not shown, and said above
		}
		equal(t, "digest", p.digest, got[0].digest)
		equal(t, "people", p.people, got[0].people)
		equal(t, "people in class", p.inClass, got[0].people)
		equal(t, "accounts the target saw", len(p.seen), len(got[0].seen))
		for who := range p.seen {
			if got[0].seen[who] != 1 {
				t.Errorf("storm %d: %s came, and not from one process", i, who)
			}
		}
	}
}

// playedBy plays a storm to its end by so many processes; 0: no fleet.
func playedBy(t *testing.T, scenario string, workers int) (s *storm) {
	t.Helper()
	switch workers {
	case 0:
		s = startStorm(t, scenario)
	case 1: // --workers 1 is no fleet
		r := coordinate(t, scenario, 1)
		r.join(t, island{}, r.listen)
		s = r.storm
	default:
		s = startStorm(t, scenario, "--workers", strconv.Itoa(workers))
	}
	s.wait(t)
	return s
}

// TestFleetSameVerdict plays a portal that takes in so many people and no more,
// a good tenth below and above what it takes in. A machine that stood still spoils
// the gates, on which "ready" rests.
func TestFleetSameVerdict(t *testing.T) {
	for _, tt := range []struct {
		name  string
		quota int // sessions, for 571 people and the sample of 20; the criterion is 95 %
		want  report.Value
	}{
		{"below the limit", 640, report.Ready},
		{"above the limit", 490, report.NotReady},
	} {
		for _, workers := range []int{0, 4} {
			t.Run(tt.name+", "+strconv.Itoa(workers)+" workers", func(t *testing.T) {
				t.Parallel()
				var args []string
				if workers > 0 {
					args = []string{"--workers", strconv.Itoa(workers)}
				}
				calmly(t, spoilsGates, func() string {
					ent := startEnt(t, "--mode", "quota.sessions="+strconv.Itoa(tt.quota))
					s := startStorm(t, mini{target: ent.url, people: 600, play: 10, top: "patience: none\n"}.String(), args...)
					code := s.wait(t)
					sum := s.summary(t)
					if sum.Verdict.Value == report.Inconclusive && failedGate(sum, "V1", "V2", "V3", "V5", "V6") {
						return "the generator did not keep up"
					}
					equal(t, "verdict", sum.Verdict.Value, tt.want)
					equal(t, "exit code", code, report.ExitCode(sum.Verdict, "planned"))
					return ""
				})
			})
		}
	}
}
