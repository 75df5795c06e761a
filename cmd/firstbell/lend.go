package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// loan is the accounts of the people of some slices: either each person's own, or
// those that are handed on within these slices.
type loan struct {
	Version int        `json:"version"`
	Paired  bool       `json:"paired"`
	People  []uint32   `json:"people,omitempty"` // ids, when paired
	Index   []int      `json:"index"`            // of the accounts, as many as People when paired
	Rows    [][]string `json:"rows,omitempty"`   // of these accounts; none when they are generated
	Proved  []int      `json:"proved,omitempty"` // of these accounts, those that got in before the storm
}

const (
	loanVersion = 1
	maxLoan     = 512 << 20
)

// lender deals the accounts of a storm to its slices.
type lender struct {
	sc     *scenarios.Scenario
	list   []arrivals.Arrival // the whole storm's
	paired map[uint32]int     // nil: accounts are handed on
	rank   []uint32           // of each account among those for the same persona, when they are handed on
	proved map[int]bool
}

func newLender(sc *scenarios.Scenario, list []arrivals.Arrival, proved []int) *lender {
	l := &lender{sc: sc, list: list, proved: map[int]bool{}}
	for _, i := range proved {
		l.proved[i] = true
	}
	if paired, ok := runner.PairAccounts(sc, list); ok {
		l.paired = paired
		return l
	}
	next := map[string]uint32{}
	l.rank = make([]uint32, sc.Accounts.Len())
	for i := range l.rank {
		p := sc.Accounts.PersonaOf(i)
		l.rank[i] = next[p]
		next[p]++
	}
	return l
}

// short names a persona whose accounts are handed on and are fewer than the
// workers: some of them would have none. "" when there is none.
func (l *lender) short(workers int) string {
	if l.paired != nil {
		return ""
	}
	n := map[string]int{}
	for i := range l.rank {
		n[l.sc.Accounts.PersonaOf(i)]++
	}
	for _, c := range l.sc.Population {
		if have := n[c.Persona] + n[""]; c.People > 0 && max(n[c.Persona], n[""]) < workers && have > 0 {
			return c.Persona
		}
	}
	return ""
}

// lend encodes the accounts of some slices.
func (l *lender) lend(parts []results.Slice) ([]byte, error) {
	out := loan{Version: loanVersion, Paired: l.paired != nil, Index: []int{}}
	if out.Paired {
		for _, a := range l.list {
			if i, ok := l.paired[a.ID]; ok && inSlices(parts, a.ID) {
				out.People, out.Index = append(out.People, a.ID), append(out.Index, i)
			}
		}
	} else {
		for i, rank := range l.rank {
			if inSlices(parts, rank) {
				out.Index = append(out.Index, i)
			}
		}
	}
	for _, i := range out.Index {
		if l.sc.Accounts.Generate == nil {
			out.Rows = append(out.Rows, l.sc.Accounts.Rows[i])
		}
		if l.proved[i] {
			out.Proved = append(out.Proved, i)
		}
	}
	data, err := json.Marshal(out)
	if err == nil && len(data) > maxLoan {
		err = fmt.Errorf("%d MiB, more than %d", len(data)>>20, maxLoan>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("packing a worker's accounts: %w", err)
	}
	return data, nil
}

// people counts the arrivals of some slices, intended from an offset on; from
// below 0 counts all.
func (l *lender) people(parts []results.Slice, from time.Duration) int {
	n := 0
	for _, a := range l.list {
		if a.At >= from && inSlices(parts, a.ID) {
			n++
		}
	}
	return n
}

func inSlices(parts []results.Slice, id uint32) bool {
	for _, s := range parts {
		if s.Has(id) {
			return true
		}
	}
	return false
}

// arrivalsOf are those of some slices, intended from an offset on, in order.
func arrivalsOf(list []arrivals.Arrival, parts []results.Slice, from time.Duration) []arrivals.Arrival {
	out := []arrivals.Arrival{}
	for _, a := range list {
		if a.At >= from && inSlices(parts, a.ID) {
			out = append(out, a)
		}
	}
	return out
}

// borrow reads a loan into the scenario's accounts, and says which they are. A
// row that is there already is not replaced: somebody may be using it.
func borrow(sc *scenarios.Scenario, data []byte) (*runner.Lent, []int, error) {
	var in loan
	if len(data) > maxLoan {
		return nil, nil, fmt.Errorf("the accounts: larger than %d MiB", maxLoan>>20)
	}
	if err := strictJSON(data, &in); err != nil {
		return nil, nil, fmt.Errorf("the accounts: %w", err)
	}
	if err := in.check(sc.Accounts); err != nil {
		return nil, nil, fmt.Errorf("the accounts: %w", err)
	}
	for k := range in.Rows {
		if i := in.Index[k]; sc.Accounts.Rows[i][loginColumn(sc.Accounts)] == "" {
			sc.Accounts.Rows[i] = in.Rows[k]
		}
	}
	if !in.Paired {
		return &runner.Lent{Pool: in.Index}, in.Proved, nil
	}
	lent := &runner.Lent{Paired: make(map[uint32]int, len(in.People))}
	for k, id := range in.People {
		lent.Paired[id] = in.Index[k]
	}
	return lent, in.Proved, nil
}

func loginColumn(a scenarios.Accounts) int { return max(0, slices.Index(a.Columns, "login")) }

// check refuses a loan that does not fit the scenario.
func (l *loan) check(a scenarios.Accounts) error {
	switch {
	case l.Version != loanVersion:
		return fmt.Errorf("version %d, this firstbell reads %d", l.Version, loanVersion)
	case l.Paired && len(l.People) != len(l.Index), !l.Paired && len(l.People) > 0:
		return errors.New("not one account for each person")
	case a.Generate == nil && len(l.Rows) != len(l.Index), a.Generate != nil && len(l.Rows) > 0:
		return errors.New("not one row for each account")
	}
	for _, i := range append(slices.Clone(l.Index), l.Proved...) {
		if i < 0 || i >= a.Len() {
			return fmt.Errorf("there is no account %d of %d", i, a.Len())
		}
	}
	for _, row := range l.Rows {
		if len(row) != len(a.Columns) {
			return errors.New("a row of another number of columns")
		}
	}
	return nil
}
