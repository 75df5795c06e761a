package runner

import (
	"cmp"
	"fmt"

	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// More is people handed to a run that goes on already: those of a lost worker.
// Nobody may be handed over who is in the run already.
type More struct {
	Arrivals []arrivals.Arrival // sorted by At; those already due leave at once, delayed
	Lent     *Lent              // their accounts
}

// Lent is the accounts a part of the people may use when others use the rest:
// indices into Scenario.Accounts. The rows of the others' accounts may be nil
// there, or empty: nothing looks at them.
type Lent struct {
	// Paired is the account of each person by id, when every person has their own;
	// see PairAccounts. It is not changed any more.
	Paired map[uint32]int
	// Pool is, where accounts are handed on, those that may be handed on here.
	Pool []int
}

// here reports whether this process knows an account: the rows of those lent to
// others are nil, or say no more than a persona.
func here(sc *scenarios.Scenario, i int) bool {
	a := &sc.Accounts
	if i < 0 || i >= a.Len() || a.Generate != nil {
		return i >= 0 && i < a.Len()
	}
	for c, cell := range a.Rows[i] {
		if cell != "" && (c >= len(a.Columns) || a.Columns[c] != "persona") {
			return true
		}
	}
	return false
}

// check refuses accounts that are not here.
func (l *Lent) check(sc *scenarios.Scenario) error {
	if l == nil {
		return nil
	}
	for _, i := range l.Pool {
		if !here(sc, i) {
			return fmt.Errorf("account %d was lent and is not there", i)
		}
	}
	for id, i := range l.Paired {
		if !here(sc, i) {
			return fmt.Errorf("account %d was lent to person %d and is not there", i, id)
		}
	}
	return nil
}

// present is what of it is here.
func (l *Lent) present(sc *scenarios.Scenario) *Lent {
	if l == nil || l.check(sc) == nil {
		return l
	}
	out := &Lent{Paired: map[uint32]int{}}
	for _, i := range l.Pool {
		if here(sc, i) {
			out.Pool = append(out.Pool, i)
		}
	}
	for id, i := range l.Paired {
		if here(sc, i) {
			out.Paired[id] = i
		}
	}
	return out
}

// byInstant is the order people are released in.
func byInstant(a, b arrivals.Arrival) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID))
}
