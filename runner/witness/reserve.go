package witness

import (
	"fmt"

	"firstbell/scenarios"
)

// Reserve sets the last k accounts of each persona aside for the witness: rest
// is the scenario without them, for the load, and own their indexes in sc, by
// persona. Accounts bound to no persona serve all of them; of these k are set
// aside once. The error says who would be left without an account.
func Reserve(sc *scenarios.Scenario, k int) (rest *scenarios.Scenario, own map[string][]int, err error) {
	if k < 1 {
		return nil, nil, fmt.Errorf("witness: %d accounts", k)
	}
	byPersona := map[string][]int{}
	for i := range sc.Accounts.Len() {
		p := sc.Accounts.PersonaOf(i)
		byPersona[p] = append(byPersona[p], i)
	}
	taken := map[int]bool{}
	own = map[string][]int{}
	for i := range sc.Personas {
		id := sc.Personas[i].ID
		of := id
		if len(byPersona[id]) == 0 {
			of = "" // those that serve anybody
		}
		list := byPersona[of]
		if len(list) <= k {
			return nil, nil, fmt.Errorf("witness: of %d accounts for %q none would be left for the load beside the %d of the witness", len(list), id, k)
		}
		own[id] = list[len(list)-k:]
		for _, a := range own[id] {
			taken[a] = true
		}
	}
	copied := *sc
	copied.Accounts = without(sc.Accounts, taken)
	return &copied, own, nil
}

// without is accounts without some of them: of a generator the last ones.
func without(a scenarios.Accounts, taken map[int]bool) scenarios.Accounts {
	if a.Generate != nil {
		g := *a.Generate
		g.Count -= len(taken)
		a.Generate = &g
		return a
	}
	rows := make([][]string, 0, len(a.Rows))
	for i, r := range a.Rows {
		if !taken[i] {
			rows = append(rows, r)
		}
	}
	a.Rows = rows
	return a
}
