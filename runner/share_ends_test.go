package runner_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios/arrivals"
)

// frozenClock is that of a process that is stopped: its time jumps.
type frozenClock struct {
	runner.Clock
	by atomic.Int64
}

func (c *frozenClock) Now() time.Duration { return c.Clock.Now() + time.Duration(c.by.Load()) }

func (c *frozenClock) SleepUntil(ctx context.Context, at time.Duration) error {
	return c.Clock.SleepUntil(ctx, at-time.Duration(c.by.Load()))
}

// single plays a list on one worker whose config a test changes.
func single(t *testing.T, list []arrivals.Arrival, change func(*runner.Config, *worker, *visits)) (*worker, *visits) {
	t.Helper()
	return singleOf(t, shared, list, change)
}

func singleOf(t *testing.T, yaml string, list []arrivals.Arrival, change func(*runner.Config, *worker, *visits)) (*worker, *visits) {
	t.Helper()
	sc := parse(t, yaml)
	log := newVisits()
	var x *worker
	synctest.Test(t, func(t *testing.T) {
		plan, all := planned(t, sc, 1)
		if list != nil {
			all = list
		}
		var cfg runner.Config
		x, cfg = part(t, sc, plan, all, 0, 1, log, runner.NewTimerClock(time.Now().Add(time.Second)))
		change(&cfg, x, log)
		x.run(t.Context(), cfg)
		time.Sleep(time.Hour) // whoever helped has ended
	})
	if x.err != nil {
		t.Error(x.err)
	}
	x.sink.balanced(t)
	return x, log
}

// every gives n people, one each d.
func every(n int, d time.Duration) []arrivals.Arrival {
	out := make([]arrivals.Arrival, n)
	for i := range out {
		out[i] = arrivals.Arrival{At: time.Duration(i) * d, ID: uint32(i)}
	}
	return out
}

// TestFrozenWakesLate: a process that was stopped at 10 s and wakes 3 s later has
// lost its lease meanwhile. It releases nobody, nobody who was thinking or between
// two tries sends anything, everybody who had clicked is settled, and the others
// are left to the fleet: whatever its timers and its guard do first.
func TestFrozenWakesLate(t *testing.T) {
	list := every(200, 100*time.Millisecond)
	for name, stops := range map[string]time.Duration{"the guard stops at once": 0, "a moment later": 300 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			var clock *frozenClock
			x, log := single(t, list, func(cfg *runner.Config, _ *worker, log *visits) {
				clock = &frozenClock{Clock: cfg.Clock}
				cfg.Clock = clock
				d := cfg.Driver.(*portalDriver)
				d.clock = clock
				// Some are between two tries, some on a waiting page.
				d.answer = func(path, login string, at time.Duration) string {
					switch {
					case path == "/" && len(log.by)%5 == 0:
						return "Trop de monde"
					case path == "/" && len(log.by)%7 == 0:
						return "Salle d'attente"
					}
					return ""
				}
				stop := leaseUntil(cfg, 10600*time.Millisecond)
				go func() {
					time.Sleep(10*time.Second + time.Second + 5*time.Millisecond)
					clock.by.Store(int64(3 * time.Second))
					time.Sleep(stops)
					stop()
				}()
			})
			for _, at := range log.at {
				if at > 10100*time.Millisecond {
					t.Errorf("a request left at %v", at)
				}
			}
			n, by := x.sink.recorded()
			if x.ended.How != results.EndedAlone || n != 101 || len(log.by) != 101 || by[results.NotSent] != 0 {
				t.Errorf("ended %+v; %d came, %d recorded: %v", x.ended, len(log.by), n, by)
			}
			if by[results.Unfinished] == 0 || by[results.InTime] == 0 {
				t.Errorf("recorded %v", by)
			}
		})
	}
}

// TestRefusedBeforeTheStop: a guard refuses everything a moment before it stops the
// run. First clicks that were refused never left; a try that was refused is none;
// who was in the middle is unfinished.
func TestRefusedBeforeTheStop(t *testing.T) {
	yaml := strings.Replace(shared, "patience: none", "patience:\n  after_error: {median: 3s, p95: 3s}\n  tries: 1000", 1)
	x, log := singleOf(t, yaml, every(100, 100*time.Millisecond), func(cfg *runner.Config, _ *worker, _ *visits) {
		stop := leaseUntil(cfg, 5*time.Second+1)
		cfg.Held = nil // the pacer does not know
		cfg.Guard.(*openGuard).cause = results.Ended{How: results.EndedStopped}
		d := cfg.Driver.(*portalDriver)
		d.answer = func(path, _ string, _ time.Duration) string {
			if path == "/" && d.log.roots%3 == 0 {
				return "Trop de monde"
			}
			return ""
		}
		go func() {
			time.Sleep(6*time.Second + 350*time.Millisecond)
			stop()
		}()
	})
	n, by := x.sink.recorded()
	tries, still := 0, 0
	for _, k := range x.sink.sum.Tries {
		tries += int(k)
	}
	for _, b := range x.sink.sum.Beside {
		still += int(b.StillTrying)
	}
	if n != 100 || len(log.by) != 51 || by[results.NotSent] != 49 || tries != log.roots {
		t.Errorf("%d came, %d asked for the first page, %d tries: %v", len(log.by), log.roots, tries, by)
	}
	if by[results.Unfinished] == 0 || by[results.Error] == 0 || by[results.Error] != still {
		t.Errorf("%v, %d still trying", by, still)
	}
}

// TestFrozenPastTheEnd: the planned end and the lost lease are found at the same
// time; the lease wins, or people that others play would be counted here, too.
func TestFrozenPastTheEnd(t *testing.T) {
	x, log := single(t, every(100, 100*time.Millisecond), func(cfg *runner.Config, _ *worker, _ *visits) {
		stop := leaseUntil(cfg, 5*time.Second+1)
		end := 100*100*time.Millisecond + cfg.Plan.Drain
		go func() {
			time.Sleep(end + time.Second + 200*time.Millisecond)
			stop()
		}()
	})
	if n, by := x.sink.recorded(); x.ended.How != results.EndedAlone || n != 51 || len(log.by) != 51 || by[results.NotSent] != 0 {
		t.Errorf("%+v: %d of %v", x.ended, n, by)
	}
}

// TestStoppedByOrder: any other stop records those who never came.
func TestStoppedByOrder(t *testing.T) {
	x, _ := single(t, every(100, 100*time.Millisecond), func(cfg *runner.Config, _ *worker, _ *visits) {
		loseAt(cfg, 5*time.Second+1)
		cfg.Guard.(*openGuard).cause = results.Ended{How: results.EndedStopped}
	})
	if n, by := x.sink.recorded(); x.ended.How != results.EndedStopped || n != 100 || by[results.NotSent] != 49 {
		t.Errorf("%+v: %d of %v", x.ended, n, by)
	}
}

// TestWaitsForMore: a worker with nobody left to play is there for people of
// others as long as some may come, and no longer.
func TestWaitsForMore(t *testing.T) {
	const sec = time.Second
	more := runner.More{Arrivals: []arrivals.Arrival{{At: 90 * sec, ID: 1001}, {At: 60 * sec, ID: 1002}},
		Lent: &runner.Lent{Paired: map[uint32]int{1001: 7, 1002: 8}}}
	for name, tt := range map[string]struct {
		own    []arrivals.Arrival
		last   time.Duration
		at     time.Duration // when more come, or the channel closes
		more   *runner.More
		ends   time.Duration
		people int
	}{
		"nobody else comes":      {every(3, sec), 0, 10 * sec, nil, 10 * sec, 3},
		"never closed":           {every(3, sec), 0, 500 * sec, nil, 122 * sec, 3},
		"nobody at all":          {[]arrivals.Arrival{}, 0, 500 * sec, nil, 122 * sec, 0},
		"the last one is known":  {every(3, sec), 100 * sec, 500 * sec, nil, 102 * sec, 3},
		"two more":               {every(3, sec), 0, 50 * sec, &more, 122 * sec, 5},
		"two more, too late":     {every(3, sec), 0, 119 * sec, &more, 124*sec + 300*time.Millisecond, 5},
		"after all is over here": {every(3, sec), 0, 130 * sec, &more, 122 * sec, 3},
	} {
		t.Run(name, func(t *testing.T) {
			x, log := single(t, tt.own, func(cfg *runner.Config, x *worker, _ *visits) {
				cfg.More, cfg.Last = x.more, tt.last
				cfg.Lent = &runner.Lent{Paired: map[uint32]int{0: 0, 1: 1, 2: 2}}
				last := 0
				cfg.Observe = func(s runner.Snapshot) {
					if s.Intended < last || s.Intended > 5 {
						t.Errorf("%d intended after %d", s.Intended, last)
					}
					last = s.Intended
				}
				go func() {
					time.Sleep(tt.at + time.Second)
					if tt.more == nil {
						close(x.more)
						return
					}
					select {
					case x.more <- *tt.more:
					case <-time.After(10 * time.Minute):
					}
				}()
			})
			// The page in class of the last one, its pauses and its journey's last page.
			if late := x.took - tt.ends; x.ended.How != results.EndedPlanned || late < 0 || late > 6*sec {
				t.Errorf("ended at %v, want %v: %+v", x.took, tt.ends, x.ended)
			}
			if n, by := x.sink.recorded(); n != tt.people || by[results.InTime]+by[results.Late] != n || len(log.by) != n {
				t.Errorf("%d people: %v", n, by)
			}
			if tt.people == 5 {
				if a, b := log.by[1001].login, log.by[1002].login; a != "n8" || b != "n9" {
					t.Errorf("accounts %q and %q", a, b)
				}
			}
		})
	}
}

// TestDrainIsCommon: whoever is in flight has until the drain after the storm's
// last arrival, not after this worker's.
func TestDrainIsCommon(t *testing.T) {
	for last, want := range map[time.Duration]results.Outcome{0: results.Unfinished, 100 * time.Second: results.Late} {
		x, _ := single(t, every(1, time.Second), func(cfg *runner.Config, x *worker, _ *visits) {
			cfg.Last = last
			cfg.Driver.(*portalDriver).service = 25 * time.Second // two pages; the drain is 20 s
		})
		if _, by := x.sink.recorded(); by[want] != 1 {
			t.Errorf("last arrival at %v: %v", last, by)
		}
	}
}

// TestLoadEnds: nobody leaves who is due at the instant or later, everybody who
// is due before it does, those handed over included; of two instants the earlier
// one counts.
func TestLoadEnds(t *testing.T) {
	const at = 5 * time.Second
	list := every(100, 100*time.Millisecond)
	for name, tell := range map[string]func(ends chan<- time.Duration, more chan<- runner.More){
		"ahead":       func(ends chan<- time.Duration, _ chan<- runner.More) { time.Sleep(4 * time.Second); ends <- at },
		"long before": func(ends chan<- time.Duration, _ chan<- runner.More) { ends <- at },
		"two instants": func(ends chan<- time.Duration, _ chan<- runner.More) {
			ends <- 7 * time.Second
			ends <- at
			ends <- 6 * time.Second
		},
		"people handed over": func(ends chan<- time.Duration, more chan<- runner.More) {
			ends <- at
			more <- runner.More{Arrivals: []arrivals.Arrival{{At: at - 1, ID: 500}, {At: at, ID: 501}, {At: at + time.Second, ID: 502}},
				Lent: &runner.Lent{Paired: map[uint32]int{500: 500, 501: 501, 502: 502}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			x, log := single(t, list, func(cfg *runner.Config, x *worker, _ *visits) {
				ends := make(chan time.Duration)
				cfg.LoadEnds, cfg.More = ends, x.more
				go tell(ends, x.more)
			})
			given, left := 0, 50
			if name == "people handed over" {
				given, left = 3, 51
			}
			n, by := x.sink.recorded()
			if n != 100+given || len(log.by) != left || by[results.InTime] != left || by[results.NotSent] != n-left {
				t.Errorf("%d recorded, %d left: %v", n, len(log.by), by)
			}
			for c, k := range x.sink.sum.People {
				if c.Outcome == results.NotSent && c.Reason != results.ReasonCut {
					t.Errorf("%d people %v", k, c)
				}
			}
			if x.ended.How != results.EndedEnough || x.ended.LoadEnd != at || x.took < at || x.took > at+8*time.Second {
				t.Errorf("at %v: %+v", x.took, x.ended)
			}
		})
	}
}

// TestLoadEndNotReached: a run that is stopped before the instant knows nothing of
// it.
func TestLoadEndNotReached(t *testing.T) {
	x, _ := single(t, every(100, 100*time.Millisecond), func(cfg *runner.Config, _ *worker, _ *visits) {
		ends := make(chan time.Duration, 1)
		ends <- 8 * time.Second
		cfg.LoadEnds = ends
		loseAt(cfg, 5*time.Second+1)
		cfg.Guard.(*openGuard).cause = results.Ended{How: results.EndedStopped}
	})
	if n, by := x.sink.recorded(); n != 100 || by[results.NotSent] != 49 || x.ended.LoadEnd != 0 || x.ended.How != results.EndedStopped {
		t.Errorf("%v, %+v", by, x.ended)
	}
	for c, k := range x.sink.sum.People {
		if c.Outcome == results.NotSent && c.Reason != results.ReasonCut {
			t.Errorf("%d people %v", k, c)
		}
	}
}

// TestLentIsChecked: what was not lent here is not touched.
func TestLentIsChecked(t *testing.T) {
	sc := parse(t, shared)
	rows(sc, 10)
	sc.Accounts.Rows[3] = nil
	plan, _ := planned(t, sc, 2)
	for name, l := range map[string]*runner.Lent{
		"pool": {Pool: []int{1, 3}}, "paired": {Paired: map[uint32]int{4: 3}}, "beyond": {Pool: []int{10}}, "negative": {Pool: []int{-1}},
	} {
		_, err := runner.Run(t.Context(), runner.Config{Scenario: sc, Plan: plan, Driver: noDriver{}, Guard: &openGuard{}, Sink: noSink{},
			Clock: runner.NewTimerClock(time.Now()), Lent: l})
		if err == nil {
			t.Errorf("%s: played", name)
		}
	}
	if i, ok := runner.FirstAccount(sc, "prof"); !ok || i != 7 {
		t.Errorf("the first account here of a teacher: %d, %v", i, ok)
	}
}

// TestHandedOverWithoutAccount: an account that did not come, and a cohort that is
// none, harm nobody else.
func TestHandedOverWithoutAccount(t *testing.T) {
	x, log := single(t, every(3, time.Second), func(cfg *runner.Config, x *worker, _ *visits) {
		cfg.More, cfg.Lent = x.more, &runner.Lent{Paired: map[uint32]int{0: 0, 1: 1, 2: 2}}
		go func() {
			x.more <- runner.More{Arrivals: []arrivals.Arrival{{At: 5 * time.Second, ID: 9}, {At: 6 * time.Second, ID: 10, Cohort: 99}},
				Lent: &runner.Lent{Paired: map[uint32]int{9: 100_000}}}
			close(x.more)
		}()
	})
	if n, by := x.sink.recorded(); n != 4 || by[results.NotSent] != 1 || by[results.InTime] != 3 || len(log.by) != 3 {
		t.Errorf("%v", by)
	}
}

// TestFewLogins: of 200 answered logins of the storm a worker of ten decides about
// 20, and three refusals among them are needed: one or two are an accident.
func TestFewLogins(t *testing.T) {
	for refused, stops := range map[int]bool{2: false, 3: true} {
		n := 0
		x, _ := single(t, every(100, time.Second/10), func(cfg *runner.Config, _ *worker, log *visits) {
			cfg.Plan.Workers = 10
			cfg.Driver.(*portalDriver).answer = func(path, _ string, _ time.Duration) string {
				if path == "/login" {
					if n++; n <= refused {
						return "Mot de passe refusé"
					}
				}
				return ""
			}
		})
		if got := x.ended.How == results.EndedCredentials; got != stops {
			t.Errorf("%d refusals: %+v", refused, x.ended)
		}
	}
}

// TestCalmIsBounded: workers share the calm tries.
func TestCalmIsBounded(t *testing.T) {
	for calm, want := range map[int]int{-1: 0, 0: 60, 5: 5, 55: 55} {
		x, _ := single(t, every(60, time.Second/10), func(cfg *runner.Config, _ *worker, _ *visits) {
			cfg.Calm = calm
			cfg.Driver.(*portalDriver).answer = func(path, _ string, at time.Duration) string {
				if path == "/login" && at < 9050*time.Millisecond {
					return "Mot de passe refusé" // under load
				}
				return ""
			}
		})
		accepted := want
		if want == 55 {
			accepted = 60 // the sample speaks for the rest
		}
		if _, by := x.sink.recorded(); x.ended.CalmTried != want || x.ended.CalmAccepted != want || by[results.Error] != accepted || by[results.Invalid] != 60-accepted {
			t.Errorf("calm %d: %+v, %v", calm, x.ended, by)
		}
	}
}

// TestHandedOverTooLate: whoever was accepted while the run came to its end is
// recorded, also when who hands over needs a moment.
func TestHandedOverTooLate(t *testing.T) {
	for name, took := range map[string]time.Duration{"at once": 0, "in two seconds": 2 * time.Second} {
		t.Run(name, func(t *testing.T) {
			x, log := single(t, every(3, time.Second), func(cfg *runner.Config, x *worker, _ *visits) {
				cfg.More, cfg.Last = x.more, 3*time.Second
				cfg.Lent = &runner.Lent{Paired: map[uint32]int{0: 0, 1: 1, 2: 2, 9: 9}}
				told := make(chan struct{})
				cfg.NoMore = func() { close(told) }
				go func() {
					<-told
					time.Sleep(took)
					x.more <- runner.More{Arrivals: []arrivals.Arrival{{At: 2 * time.Second, ID: 9}}}
					close(x.more)
				}()
			})
			for c := range x.sink.sum.People {
				if c.Outcome == results.NotSent && c.Reason != results.ReasonWorkerLost {
					t.Errorf("%+v", c)
				}
			}
			if n, by := x.sink.recorded(); n != 4 || by[results.NotSent] != 1 || len(log.by) != 3 || x.ended.How != results.EndedPlanned {
				t.Errorf("%+v: %v", x.ended, by)
			}
		})
	}
}
