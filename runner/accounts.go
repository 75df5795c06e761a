package runner

import (
	"cmp"
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
	// paired are the pairings by person id, each never changed: the first ones and
	// those lent later. Nearly always one.
	paired atomic.Pointer[[]map[uint32]int]
	mu     sync.Mutex
	free   map[string][]int // by persona, oldest first: those handed on
	shared []int            // likewise, serve any persona
	of     func(i int) string
	proved []atomic.Uint64 // bit set by account: it has worked
	pinned map[string]int  // by persona: the one account of all of them
	// dealt: in turn, whoever else has one. An isolation prepares more people
	// than it may have accounts.
	dealt bool
}

func newAccounts(sc *scenarios.Scenario, list []arrivals.Arrival, pinned map[string]int, lent *Lent) *accounts {
	n := sc.Accounts.Len()
	a := &accounts{free: map[string][]int{}, of: sc.Accounts.PersonaOf, proved: make([]atomic.Uint64, n/64+1), pinned: pinned}
	a.paired.Store(new([]map[uint32]int))
	if lent == nil {
		lent = &Lent{}
		if paired, ok := PairAccounts(sc, list); ok {
			lent.Paired = paired
		} else {
			lent.Pool = make([]int, n)
			for i := range lent.Pool {
				lent.Pool[i] = i
			}
		}
	}
	a.lend(lent)
	return a
}

// lend adds accounts. One goroutine at a time.
func (a *accounts) lend(l *Lent) {
	if l == nil {
		return
	}
	if len(l.Paired) > 0 {
		all := append(slices.Clone(*a.paired.Load()), l.Paired)
		a.paired.Store(&all)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, i := range l.Pool {
		a.back(i)
	}
}

// back puts an account where the next person finds it; a.mu is held.
func (a *accounts) back(i int) {
	if p := a.of(i); p != "" {
		a.free[p] = append(a.free[p], i)
	} else {
		a.shared = append(a.shared, i)
	}
}

// PairAccounts gives everybody of a list an account of their own, by person id:
// the first of the person's persona in ascending order of ids, then the first
// that serves anybody. It needs the whole scenario and the arrivals of the whole
// storm: [Run] with no Lent does the same, so that a person has the same account
// however many workers share the storm. False: there are not enough accounts for
// that, and they are to be handed on (Lent.Pool).
func PairAccounts(sc *scenarios.Scenario, list []arrivals.Arrival) (paired map[uint32]int, ok bool) {
	own, shared := map[string][]int{}, []int(nil)
	for i := range sc.Accounts.Len() {
		if p := sc.Accounts.PersonaOf(i); p != "" {
			own[p] = append(own[p], i)
		} else {
			shared = append(shared, i)
		}
	}
	byID := slices.Clone(list)
	slices.SortFunc(byID, func(x, y arrivals.Arrival) int { return cmp.Compare(x.ID, y.ID) })
	paired = make(map[uint32]int, len(list))
	for _, p := range byID {
		persona := sc.Population[p.Cohort].Persona
		if mine := own[persona]; len(mine) > 0 {
			paired[p.ID], own[persona] = mine[0], mine[1:]
			continue
		}
		if len(shared) == 0 {
			return nil, false
		}
		paired[p.ID], shared = shared[0], shared[1:]
	}
	return paired, true
}

// own is the account paired with a person.
func (a *accounts) own(id uint32) (int, bool) {
	for _, m := range *a.paired.Load() {
		if i, ok := m[id]; ok {
			return i, true
		}
	}
	return -1, false
}

// take gives a person an account; false when all are in use.
func (a *accounts) take(id uint32, persona string) (int, bool) {
	if i, ok := a.pinned[persona]; ok {
		return i, true
	}
	if i, ok := a.own(id); ok {
		return i, true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	i := -1
	if own := a.free[persona]; len(own) > 0 {
		i, a.free[persona] = own[0], own[1:]
	} else if len(a.shared) > 0 {
		i, a.shared = a.shared[0], a.shared[1:]
	}
	if i >= 0 && a.dealt {
		a.back(i)
	}
	return i, i >= 0
}

// give hands a person's account back.
func (a *accounts) give(id uint32, i int) {
	if i < 0 || a.dealt || a.isPinned(i) {
		return
	}
	if _, ok := a.own(id); ok {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.back(i)
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
