package runner

import (
	"fmt"
	"net/url"
	"strings"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// site is what every person of a run shares and nobody changes.
type site struct {
	sc     *scenarios.Scenario
	seed   uint64
	first  []int    // first Plan.Steps index of each journey
	groups []uint16 // Plan.Groups index of each cohort
	who    []int    // Personas index of each cohort
	memos  *memos
	names  map[string]string // ${target} and the names under hosts
}

func newSite(sc *scenarios.Scenario, plan *results.Plan) (*site, error) {
	s := &site{sc: sc, seed: plan.Seed, names: map[string]string{}, memos: newMemos(sc.Signatures)}
	n := 0
	for _, j := range sc.Journeys {
		s.first = append(s.first, n)
		n += len(j.Steps)
	}
	if n != len(plan.Steps) {
		return nil, fmt.Errorf("the plan has %d steps, the scenario %d: not the same file", len(plan.Steps), n)
	}
	group := groupOf(sc)
	for i, c := range sc.Population {
		s.groups = append(s.groups, uint16(max(0, group(i))))
		who := -1
		for k := range sc.Personas {
			if sc.Personas[k].ID == c.Persona {
				who = k
			}
		}
		if who < 0 || len(sc.Personas[who].Journeys) == 0 {
			return nil, fmt.Errorf("the persona %q of the population has no journey", c.Persona)
		}
		s.who = append(s.who, who)
	}
	s.names["target"] = bare(sc.Target)
	for _, h := range sc.Hosts {
		s.names[h.Name] = bare(h.URL)
	}
	return s, nil
}

// bare is an address to put a path behind.
func bare(u *url.URL) string { return strings.TrimSuffix(u.String(), "/") }
