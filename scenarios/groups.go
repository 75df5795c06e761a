package scenarios

import (
	"fmt"
	"slices"
)

// Group is region × level × persona, the unit of breakdown.
type Group struct{ Region, Level, Persona string }

// GroupList lists the groups in the order the population first names them.
func (s *Scenario) GroupList() []Group {
	var list []Group
	seen := map[Group]bool{}
	for _, c := range s.Population {
		if g := c.group(); !seen[g] {
			seen[g] = true
			list = append(list, g)
		}
	}
	return list
}

// GroupOf is the index in GroupList of the group of Population[cohort], -1
// when there is no such cohort. It walks the list: keep the answers where
// speed matters.
func (s *Scenario) GroupOf(cohort int) int {
	if cohort < 0 || cohort >= len(s.Population) {
		return -1
	}
	return slices.Index(s.GroupList(), s.Population[cohort].group())
}

func (c Cohort) group() Group { return Group{c.Region, c.Level, c.Persona} }

// checkGroups refuses a breakdown that the results could not keep apart.
func (d *decoder) checkGroups() {
	if n := len(d.sc.GroupList()); n > maxGroups && len(d.sc.Criteria.Worst) > 0 {
		d.fail(d.worstNode, codeGroups, fmt.Sprintf("criteria: worst cannot be judged over %d groups", n),
			fmt.Sprintf("at most %d groups are kept apart, more are folded together", maxGroups), "use fewer regions or levels, or leave worst out")
	}
}
