package runner_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// isolationOf plays the step after class alone, on some workers; lost people are
// handed to worker 0.
func isolationOf(t *testing.T, sc *scenarios.Scenario, of int, step int, handed []arrivals.Arrival) (*visits, *addSink, time.Duration) {
	t.Helper()
	c := results.Conduct{Kind: results.TrialIsolation, Step: step, Segments: []results.Segment{{Name: "plateau", Rate: 20, Length: 30 * time.Second}}}
	plan, all, err := runner.NewTrialPlan(sc, runner.PlanOptions{Seed: 3, Workers: of}, c)
	if err != nil {
		t.Fatal(err)
	}
	lead := runner.PreparationTime(sc, plan)
	paired, ok := runner.PairAccounts(sc, all)
	if !ok {
		t.Fatal("not enough accounts")
	}
	log, sum := newVisits(), newAddSink()
	synctest.Test(t, func(t *testing.T) {
		clock := runner.NewTimerClock(time.Now().Add(lead + time.Second))
		var wg sync.WaitGroup
		for w := range of {
			x, cfg := part(t, sc, plan, all, w, of, log, clock)
			cfg.Scenario, cfg.Lent = lentTo(sc, x.list, paired)
			cfg.More = x.more
			wg.Go(func() {
				x.run(t.Context(), cfg)
				if x.err != nil {
					t.Error(x.err)
				}
				x.sink.balanced(t)
			})
			go func() {
				if w == 0 && handed != nil {
					time.Sleep(lead / 2) // while the browsers are being prepared
					x.more <- runner.More{Arrivals: handed, Lent: &runner.Lent{}}
				}
				close(x.more)
			}()
			defer func() { sum.sum.Merge(x.sink.sum) }()
		}
		wg.Wait()
	})
	return log, sum, lead
}

// TestSharedIsolation: workers prepare their own people at the pace of the whole,
// out of step with each other, in a time that does not depend on their number, and
// all of them find a browser: also a rare persona of a small part.
func TestSharedIsolation(t *testing.T) {
	sc := parse(t, shared)
	for name, step := range map[string]int{"get, browsers given back": 2, "post, each its own": 1} {
		t.Run(name, func(t *testing.T) {
			_, _, want := isolationOf(t, sc, 1, step, nil)
			for _, of := range []int{1, 2, 5, 16} {
				log, sum, lead := isolationOf(t, sc, of, step, nil)
				n, by := sum.recorded()
				if by[results.InTime] != n || n < 500 || lead != want {
					t.Errorf("%d workers: %v; prepared in %v, one alone in %v", of, by, lead, want)
				}
				// One click of preparation each at step 1, two at step 2.
				var before []time.Duration
				for _, at := range log.at {
					if at < 0 {
						before = append(before, at)
					}
				}
				slices.Sort(before)
				wanted := n // half of them, twice
				if got := len(before); got < wanted || got > wanted+4*of {
					t.Errorf("%d workers: %d requests before the start, want %d", of, got, wanted)
				}
				if last := before[len(before)-1]; last > -9*time.Second {
					t.Errorf("%d workers: still preparing at %v", of, last)
				}
				// 5 a second, in any second (a click or two each, and the seams).
				most := 5*step + 2*step
				for i := most; i < len(before); i++ {
					if before[i]-before[i-most] < time.Second {
						t.Errorf("%d workers: %d requests of preparation within %v", of, most+1, before[i]-before[i-most])
						break
					}
				}
			}
		})
	}
}

// TestIsolationHandedOver: people handed over find a browser only when there is
// one to spare, say so otherwise, and do not stop the others' preparation.
func TestIsolationHandedOver(t *testing.T) {
	sc := parse(t, shared)
	handed := []arrivals.Arrival{{At: 29 * time.Second, ID: 9001}, {At: 29500 * time.Millisecond, ID: 9002}}
	for step, unprepared := range map[int]int{1: 2, 2: 0} {
		_, sum, _ := isolationOf(t, sc, 2, step, handed)
		n, by := sum.recorded()
		for c, k := range sum.sum.People {
			if c.Outcome == results.NotSent && c.Reason != results.ReasonUnprepared {
				t.Errorf("step %d: %d people %v", step, k, c)
			}
		}
		if by[results.NotSent] != unprepared || by[results.InTime] != n-unprepared {
			t.Errorf("step %d: %v", step, by)
		}
	}
}
