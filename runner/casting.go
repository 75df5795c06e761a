package runner

import (
	"fmt"

	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// Part is what one person plays: indexes into Scenario.Personas and
// Scenario.Journeys.
type Part struct{ Persona, Journey int }

// Cast says which journey everybody in the list is going to walk, by person
// id: the same draw that [Run] makes.
func Cast(sc *scenarios.Scenario, plan *results.Plan, list []arrivals.Arrival) (map[uint32]Part, error) {
	s, err := newSite(sc, plan)
	if err != nil {
		return nil, fmt.Errorf("cast: %w", err)
	}
	out := make(map[uint32]Part, len(list))
	for _, a := range list {
		if int(a.Cohort) >= len(s.who) {
			return nil, fmt.Errorf("cast: an arrival of an unknown cohort")
		}
		who := s.who[a.Cohort]
		d := draws{s.seed, uint64(a.ID), &sc.Patience}
		out[a.ID] = Part{Persona: who, Journey: d.journey(sc.Personas[who].Journeys)}
	}
	return out, nil
}
