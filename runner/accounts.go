package runner

import (
	"slices"
	"sync"
	"sync/atomic"

	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// accounts hands accounts to people: one person at a time, of the person's
// persona or of none. With enough accounts the pairing depends on the ids only;
// otherwise a settled person's account goes to the next one who comes. It is
// safe for concurrent use.
type accounts struct {
	mu     sync.Mutex
	fixed  map[uint32]int   // by person id; nil when accounts are reused
	free   map[string][]int // by persona, oldest first
	shared []int            // serve any persona
	of     func(i int) string
	proved []atomic.Uint64 // bit set by account: it has worked
	pinned map[string]int  // by persona: the one account of all of them
	// dealt: in turn, whoever else has one. An isolation prepares more people
	// than it may have accounts.
	dealt bool
}

func newAccounts(sc *scenarios.Scenario, list []arrivals.Arrival, pinned map[string]int) *accounts {
	n := sc.Accounts.Len()
	a := &accounts{free: map[string][]int{}, of: sc.Accounts.PersonaOf, proved: make([]atomic.Uint64, n/64+1), pinned: pinned}
	for i := range n {
		if p := a.of(i); p != "" {
			a.free[p] = append(a.free[p], i)
		} else {
			a.shared = append(a.shared, i)
		}
	}
	a.fix(sc, list)
	return a
}

// fix pairs people and accounts by id when every person can have their own.
func (a *accounts) fix(sc *scenarios.Scenario, list []arrivals.Arrival) {
	byID := slices.Clone(list)
	slices.SortFunc(byID, func(x, y arrivals.Arrival) int { return int(int64(x.ID) - int64(y.ID)) })
	fixed := make(map[uint32]int, len(list))
	used := map[string]int{}
	shared := 0
	for _, p := range byID {
		persona := sc.Population[p.Cohort].Persona
		if own := a.free[persona]; used[persona] < len(own) {
			fixed[p.ID] = own[used[persona]]
			used[persona]++
			continue
		}
		if shared == len(a.shared) {
			return // not enough: reuse
		}
		fixed[p.ID] = a.shared[shared]
		shared++
	}
	a.fixed = fixed
}

// take gives a person an account; false when all are in use.
func (a *accounts) take(id uint32, persona string) (int, bool) {
	if i, ok := a.pinned[persona]; ok {
		return i, true
	}
	if a.fixed != nil {
		i, ok := a.fixed[id]
		return i, ok
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	i := -1
	if own := a.free[persona]; len(own) > 0 {
		i, a.free[persona] = own[0], own[1:]
		if a.dealt {
			a.free[persona] = append(a.free[persona], i)
		}
	} else if len(a.shared) > 0 {
		i, a.shared = a.shared[0], a.shared[1:]
		if a.dealt {
			a.shared = append(a.shared, i)
		}
	}
	return i, i >= 0
}

// give hands an account back.
func (a *accounts) give(i int) {
	if a.fixed != nil || i < 0 || a.dealt || a.isPinned(i) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.of(i); p != "" {
		a.free[p] = append(a.free[p], i)
	} else {
		a.shared = append(a.shared, i)
	}
}

// worked remembers that the account has been accepted.
func (a *accounts) worked(i int) {
	if i >= 0 {
		a.proved[i/64].Or(1 << (i % 64))
	}
}

func (a *accounts) hasWorked(i int) bool {
	return i >= 0 && a.proved[i/64].Load()&(1<<(i%64)) != 0
}

func (a *accounts) isPinned(i int) bool {
	for _, pinned := range a.pinned {
		if pinned == i {
			return true
		}
	}
	return false
}
