package runner

import "firstbell/scenarios/arrivals"

// More is people handed to a run that goes on already: those of a lost worker.
type More struct {
	Arrivals []arrivals.Arrival // sorted by At; those already due leave at once, delayed
	Lent     *Lent              // their accounts
}

// Lent is the accounts a part of the people may use when others use the rest:
// indices into Scenario.Accounts.
type Lent struct {
	// Paired is the account of each person by id, when every person has their own;
	// see PairAccounts.
	Paired map[uint32]int
	// Pool is, where accounts are handed on, those that may be handed on here.
	Pool []int
}
