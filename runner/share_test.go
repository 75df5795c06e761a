package runner_test

import (
	"cmp"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// union is what several workers gave together.
type union struct {
	log     *visits
	sum     *addSink
	workers []*worker
	list    []arrivals.Arrival // everybody of all workers
}

// loss is one worker lost and its people dealt to the others.
type loss struct {
	worker  int
	expired time.Duration // its lease is over
	from    time.Duration // the others play its people from here on
	told    time.Duration // when they are told
}

func planned(t *testing.T, sc *scenarios.Scenario, of int) (*results.Plan, []arrivals.Arrival) {
	t.Helper()
	plan, schedule, err := runner.NewPlan(sc, runner.PlanOptions{Seed: 11, RunID: "test", Workers: of})
	if err != nil {
		t.Fatal(err)
	}
	return plan, schedule.Arrivals(arrivals.Slice{})
}

// playShared plays the storm on several workers that share one clock. With no
// accounts lent each worker has the whole file.
func playShared(t *testing.T, sc *scenarios.Scenario, of int, losses ...loss) union {
	t.Helper()
	plan, all := planned(t, sc, of)
	paired, ok := runner.PairAccounts(sc, all)
	if !ok {
		t.Fatal("not enough accounts")
	}
	u := union{log: newVisits(), sum: newAddSink()}
	synctest.Test(t, func(t *testing.T) {
		clock := runner.NewTimerClock(time.Now().Add(time.Second))
		var wg sync.WaitGroup
		parts := make([]*scenarios.Scenario, of)
		over := make(chan struct{})
		for w := range of {
			x, cfg := part(t, sc, plan, all, w, of, u.log, clock)
			parts[w], cfg.Lent = lentTo(sc, x.list, paired)
			cfg.Scenario, cfg.More, cfg.Last = parts[w], x.more, all[len(all)-1].At
			i := slices.IndexFunc(losses, func(l loss) bool { return l.worker == w })
			if i >= 0 {
				loseAt(&cfg, losses[i].expired)
			}
			u.workers, u.list = append(u.workers, x), append(u.list, x.list...)
			wg.Go(func() { x.run(t.Context(), cfg) })
		}
		dealing := make(chan struct{})
		go func() { defer close(dealing); u.deal(sc, paired, losses, parts, clock, over) }()
		wg.Wait()
		close(over)
		<-dealing
	})
	for _, x := range u.workers {
		if x.err != nil {
			t.Error(x.err)
		}
		x.sink.balanced(t)
		u.sum.sum.Merge(x.sink.sum)
	}
	slices.SortFunc(u.list, func(a, b arrivals.Arrival) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID)) })
	return u
}

// loseAt ends a worker's lease at an instant: its guard refuses from there on, and
// stops the run a moment later.
func loseAt(cfg *runner.Config, at time.Duration) {
	stop, clock := leaseUntil(cfg, at), cfg.Clock
	go func() {
		time.Sleep(at - clock.Now() + 50*time.Millisecond)
		stop()
	}()
}

// leaseUntil gives a worker a lease; stop is its dead man's switch.
func leaseUntil(cfg *runner.Config, at time.Duration) (stop func()) {
	l := &lease{clock: cfg.Clock, until: at}
	cfg.Held = l.held
	g := cfg.Guard.(*openGuard)
	g.cause = results.Ended{How: results.EndedAlone, Cause: "nothing heard"}
	g.deny = refuseWhen(l.held)
	return func() { close(g.stop) }
}

// deal hands a lost worker's people, those it had taken over included, to all who
// are left, in turn by id.
func (u *union) deal(sc *scenarios.Scenario, paired map[uint32]int, losses []loss, parts []*scenarios.Scenario, clock runner.Clock, over chan struct{}) {
	has := make([][]arrivals.Arrival, len(parts))
	for w, x := range u.workers {
		has[w] = x.list
	}
	left := make([]int, len(parts))
	for w := range left {
		left[w] = w
	}
	for _, l := range losses {
		time.Sleep(l.told - clock.Now())
		left = slices.DeleteFunc(left, func(w int) bool { return w == l.worker })
		for k, w := range left {
			m := runner.More{Lent: &runner.Lent{Paired: map[uint32]int{}}}
			for _, a := range has[l.worker] {
				if a.At >= l.from && int(a.ID)/len(parts)%len(left) == k {
					m.Arrivals = append(m.Arrivals, a)
					i := paired[a.ID]
					m.Lent.Paired[a.ID] = i
					parts[w].Accounts.Rows[i] = sc.Accounts.Rows[i] // the row comes with them
				}
			}
			has[w] = append(slices.Clip(has[w]), m.Arrivals...)
			select {
			case u.workers[w].more <- m:
			case <-over:
				return
			}
		}
	}
}

// TestSharedStorm is K15: the union of W workers is the single run, to the person:
// the same instants, the same accounts, the same ledgers.
func TestSharedStorm(t *testing.T) {
	sc := parse(t, shared)
	rows(sc, 320)
	plan, _ := planned(t, sc, 1)
	single := playShared(t, sc, 1)
	if n, by := single.sum.recorded(); n != plan.People || n < 250 || by[results.InTime] != n || len(single.log.by) != n {
		t.Fatalf("%d people: %v", n, by)
	}
	for _, of := range []int{1, 2, 5, 16} {
		u := playShared(t, sc, of)
		if got := digestOf(u.list); got != plan.Digest {
			t.Errorf("%d workers: digest %s, the plan's is %s", of, got, plan.Digest)
		}
		same(t, u, single, of)
		for w, x := range u.workers {
			if x.ended.How != results.EndedPlanned {
				t.Errorf("worker %d of %d: %+v", w, of, x.ended)
			}
		}
	}
	// Without Lent, Run pairs by itself as PairAccounts does.
	alone := newVisits()
	synctest.Test(t, func(t *testing.T) {
		plan, all := planned(t, sc, 1)
		x, cfg := part(t, sc, plan, all, 0, 1, alone, runner.NewTimerClock(time.Now().Add(time.Second)))
		x.run(t.Context(), cfg)
	})
	if diff := gocmp.Diff(single.log.by, alone.by, gocmp.AllowUnexported(visit{})); diff != "" {
		t.Error(diff)
	}
}

// same compares everything that must not depend on the number of workers.
func same(t *testing.T, got, want union, of int) {
	t.Helper()
	if diff := gocmp.Diff(want.log.by, got.log.by, gocmp.AllowUnexported(visit{})); diff != "" {
		t.Errorf("%d workers, people: %s", of, diff)
	}
	if len(got.log.twice)+len(got.log.both) > 0 {
		t.Errorf("%d workers: people twice %v, accounts twice %v", of, got.log.twice, got.log.both)
	}
	a, b := want.sum.sum, got.sum.sum
	for what, diff := range map[string]string{
		"settled": gocmp.Diff(a.People, b.People), "attempts": gocmp.Diff(a.Attempts, b.Attempts),
		"starts": gocmp.Diff(a.Starts, b.Starts), "tries": gocmp.Diff(a.Tries, b.Tries), "beside": gocmp.Diff(a.Beside, b.Beside),
		"class": gocmp.Diff(buckets(a.Class), buckets(b.Class)), "steps": gocmp.Diff(buckets(a.Steps), buckets(b.Steps)),
		"delay": gocmp.Diff(buckets(a.Delay), buckets(b.Delay)),
	} {
		if diff != "" {
			t.Errorf("%d workers, %s: %s", of, what, diff)
		}
	}
}

func buckets[K comparable](m map[K]*results.Hist) map[K]map[time.Duration]uint64 {
	out := map[K]map[time.Duration]uint64{}
	for k, h := range m {
		out[k] = map[time.Duration]uint64{}
		h.Each(func(lo, _ time.Duration, n uint64) { out[k][lo] = n })
	}
	return out
}

// TestSharedStormWithLosses: everybody whom no worker was there for in the gap is
// missing, everybody else comes exactly once, at their own instant and with their
// own account, also when the taker is lost in its turn. People handed over after
// their instant leave at once and count from it.
func TestSharedStormWithLosses(t *testing.T) {
	const sec = time.Second
	sc := parse(t, shared)
	rows(sc, 320)
	single := playShared(t, sc, 1)
	for name, tt := range map[string]struct {
		of     int
		losses []loss
		late   bool // some are handed over too late
	}{
		"2, in the middle":        {2, []loss{{0, 60 * sec, 61 * sec, 60800 * time.Millisecond}}, false},
		"5, told late":            {5, []loss{{3, 40 * sec, 40500 * time.Millisecond, 45 * sec}}, true},
		"5, a taker, too":         {5, []loss{{1, 30 * sec, 31 * sec, 30900 * time.Millisecond}, {4, 50 * sec, 51 * sec, 50900 * time.Millisecond}}, false},
		"5, all but one":          {5, []loss{{0, 20 * sec, 21 * sec, 21 * sec}, {1, 40 * sec, 41 * sec, 41 * sec}, {2, 60 * sec, 61 * sec, 61 * sec}, {4, 80 * sec, 81 * sec, 81 * sec}}, false},
		"16, before anybody came": {16, []loss{{15, 0, 0, time.Millisecond}}, false},
		"16, near the end":        {16, []loss{{2, 114 * sec, 115 * sec, 116 * sec}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			u := playShared(t, sc, tt.of, tt.losses...)
			gap := missing(u, tt.losses)
			n, by := u.sum.recorded()
			if n != len(u.list)-len(gap) || len(u.log.by) != n || len(u.log.twice)+len(u.log.both) > 0 {
				t.Errorf("%d of %d recorded, %d came, %d in the gap; twice %v, accounts %v", n, len(u.list), len(u.log.by), len(gap), u.log.twice, u.log.both)
			}
			if by[results.InTime]+by[results.Unfinished] != n {
				t.Errorf("ended as %v", by)
			}
			for _, a := range u.list {
				v, came := u.log.by[a.ID]
				want := single.log.by[a.ID]
				switch {
				case came == gap[a.ID]:
					t.Errorf("person %d, due at %v: came %v", a.ID, a.At, came)
				case came && v.first < want.first || came && !tt.late && v.first != want.first:
					t.Errorf("person %d came at %v, truth %v", a.ID, v.first, want.first)
				case came && v.login != "" && v.login != want.login:
					t.Errorf("person %d is %s, truth %s", a.ID, v.login, want.login)
				}
			}
			intended(t, u, gap)
		})
	}
}

// missing are the people due between a lease's end and the takeover.
func missing(u union, losses []loss) map[uint32]bool {
	gap, owner := map[uint32]bool{}, map[uint32]int{}
	for w, x := range u.workers {
		for _, a := range x.list {
			owner[a.ID] = w
		}
	}
	left := make([]int, len(u.workers))
	for w := range left {
		left[w] = w
	}
	for _, l := range losses {
		left = slices.DeleteFunc(left, func(w int) bool { return w == l.worker })
		for _, a := range u.list {
			if owner[a.ID] != l.worker || gap[a.ID] || a.At < l.expired {
				continue
			}
			if gap[a.ID] = a.At < l.from; !gap[a.ID] {
				owner[a.ID] = left[int(a.ID)/len(u.workers)%len(left)]
			}
		}
	}
	for id, in := range gap {
		if !in {
			delete(gap, id)
		}
	}
	return gap
}

// intended checks the second that everybody is counted in.
func intended(t *testing.T, u union, gap map[uint32]bool) {
	t.Helper()
	want, got := map[int32]int{}, map[int32]int{}
	for _, a := range u.list {
		if !gap[a.ID] {
			want[results.SecondOf(a.At)]++
		}
	}
	for c, n := range u.sum.sum.People {
		got[c.Second] += int(n)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestSharedPool: fewer accounts than people, each worker hands on its own only,
// and no account is ever two people's at once.
func TestSharedPool(t *testing.T) {
	sc := parse(t, shared)
	rows(sc, 240)
	for _, of := range []int{1, 4} {
		plan, all := planned(t, sc, of)
		if _, ok := runner.PairAccounts(sc, all); ok {
			t.Fatal("240 accounts are enough")
		}
		logs := make([]*visits, of)
		used := map[string]int{}
		synctest.Test(t, func(t *testing.T) {
			clock := runner.NewTimerClock(time.Now().Add(time.Second))
			var wg sync.WaitGroup
			for w := range of {
				logs[w] = newVisits()
				x, cfg := part(t, sc, plan, all, w, of, logs[w], clock)
				own := *sc
				own.Accounts.Rows = make([][]string, 240)
				cfg.Scenario, cfg.Lent = &own, &runner.Lent{}
				for i := range 240 {
					if i/12%of == w {
						own.Accounts.Rows[i] = sc.Accounts.Rows[i]
						cfg.Lent.Pool = append(cfg.Lent.Pool, i)
					}
				}
				wg.Go(func() {
					x.run(t.Context(), cfg)
					if n, by := x.sink.recorded(); by[results.InTime] != n || n != len(x.list) {
						t.Errorf("worker %d of %d: %v", w, of, by)
					}
				})
			}
			wg.Wait()
		})
		for w, l := range logs {
			if len(l.both) > 0 {
				t.Errorf("worker %d of %d: accounts of two at once: %v", w, of, l.both)
			}
			for login := range l.logins {
				if before, other := used[login]; other {
					t.Errorf("%s: of workers %d and %d", login, before, w)
				}
				used[login] = w
			}
		}
	}
}
