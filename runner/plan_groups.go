package runner

import (
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// maxGroups are kept apart; what the file names beyond the first 255 folds
// into one group called other.
const maxGroups = 256

// otherGroup is the persona of the group the rest folds into.
const otherGroup = "other"

// planGroups are Plan.Groups, in the order the population names them.
func planGroups(sc *scenarios.Scenario) []results.Group {
	var out []results.Group
	for _, g := range sc.GroupList() {
		out = append(out, results.Group{Region: g.Region, Level: g.Level, Persona: g.Persona})
	}
	if len(out) > maxGroups {
		out = append(out[:maxGroups-1], results.Group{Persona: otherGroup})
	}
	return out
}

// groupOf gives the Plan.Groups index of a cohort.
func groupOf(sc *scenarios.Scenario) func(cohort int) int {
	index := map[scenarios.Group]int{}
	list := sc.GroupList()
	for i, g := range list {
		if len(list) > maxGroups {
			i = min(i, maxGroups-1)
		}
		index[g] = i
	}
	return func(cohort int) int {
		c := sc.Population[cohort]
		return index[scenarios.Group{Region: c.Region, Level: c.Level, Persona: c.Persona}]
	}
}
