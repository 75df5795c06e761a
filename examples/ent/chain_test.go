package ent

import (
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestParseChain(t *testing.T) {
	got, err := ParseChain("login_page=600/s, login=400/s:8,home=12.5/s")
	want := Chain{LoginPage: Station{Rate: 600}, Login: Station{Rate: 400, Workers: 8}, Home: Station{Rate: 12.5}}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if s := want.Login.Service(); s != 20*time.Millisecond {
		t.Errorf("8 workers of 400/s take %v", s)
	}
	if s := want.LoginPage; s.workers() != 24 || s.Service() != 40*time.Millisecond {
		t.Errorf("600/s: %d workers of %v", s.workers(), s.Service())
	}
	if s := want.Home; s.workers() != 1 || s.Service() != 80*time.Millisecond {
		t.Errorf("12.5/s: %d workers of %v", s.workers(), s.Service())
	}
	for _, bad := range []string{"", "login", "login=400", "logins=400/s", "login=400/s:x", "login=-1/s", "login=NaN/s", "login=1/s:-2", "login=1e9/s:1,"} {
		if c, err := ParseChain(bad); err == nil {
			t.Errorf("%q: %+v", bad, c)
		}
	}
}

func TestLoginsPerSecond(t *testing.T) {
	chain := Chain{LoginPage: Station{Rate: 600}, Login: Station{Rate: 400}, Home: Station{Rate: 440, Workers: 20}, Call: Station{Rate: 2000}}
	for _, tc := range []struct {
		name  string
		c     Capacity
		v     Visits
		want  float64
		limit string
	}{
		{"weakest station", Capacity{Chain: chain}, WholeLogin(0), 400, "login"},
		{"many calls", Capacity{Chain: chain}, WholeLogin(8), 250, "call"},
		{"a class nobody asks for", Capacity{Chain: chain}, Visits{Home: 1}, 440, "home"},
		{"workers in common", ForLogins(150, 3), WholeLogin(3), 150, "workers"},
		{"no limit", Capacity{}, WholeLogin(3), inf, ""},
		{"pool", Capacity{Chain: chain, SharedPool: 30}, WholeLogin(0), 30 / (0.08 + 20.0/440), "shared_pool"},
	} {
		got, limit := tc.c.LoginsPerSecond(tc.v)
		if math.Abs(got-tc.want) > 0.005*tc.want && got != tc.want || limit != tc.limit {
			t.Errorf("%s: %v (%s), want %v (%s)", tc.name, got, limit, tc.want, tc.limit)
		}
	}
}

// saturate keeps so many people busy without end, each visit to a class drawn at
// random, and gives the visits to each class per second, measured over the second
// half of d. (People who all walk the same way would come in waves.) People who
// act in the same instant do so in any order, so that the count scatters from run
// to run even with fixed seeds: by at most the root of it, as the services of the
// limiting station scatter. scatter is four and a half of these standard
// deviations and a thousandth, relative to the rate.
func saturate(t *testing.T, c Capacity, people int, d time.Duration, classes ...Class) (rate, scatter float64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := plantOf(c)
		var visits atomic.Int64
		start := time.Now()
		var wg sync.WaitGroup
		for i := range people {
			rnd := rand.New(rand.NewPCG(1, uint64(i)))
			wg.Go(func() {
				done := make(chan struct{}, 1)
				for time.Since(start) < d {
					k := classes[rnd.IntN(len(classes))]
					if waits, err := p.enter(&job{over: func() { done <- struct{}{} }}, k, 1, time.Time{}); err != nil || !waits {
						t.Error(waits, err)
					}
					<-done
					visits.Add(1)
				}
			})
		}
		time.Sleep(d / 2)
		before := visits.Load()
		time.Sleep(d/2 - time.Nanosecond)
		logins := float64(visits.Load()-before) / float64(len(classes))
		rate, scatter = logins/(d/2).Seconds(), 4.5/math.Sqrt(logins)+0.001
		wg.Wait()
	})
	return rate, scatter
}

// K9: the weakest station of a chain gives its capacity.
func TestChainHasTheCapacityOfItsWeakestStation(t *testing.T) {
	for _, cv2 := range []float64{0, 1} {
		c := Capacity{CV2: cv2, Chain: Chain{LoginPage: Station{Rate: 600}, Login: Station{Rate: 400}, Home: Station{Rate: 440}}}
		want, _ := c.LoginsPerSecond(WholeLogin(0))
		if got, scatter := saturate(t, c, 400, 100*time.Second, ClassLoginPage, ClassLogin, ClassHome); math.Abs(got/want-1) > scatter {
			t.Errorf("CV²=%v: %.1f logins/s, want %.1f", cv2, got, want)
		}
	}
}

// A pool in front that is the limit gives the throughput of a closed network.
func TestSharedPoolHasItsCapacity(t *testing.T) {
	chain := Chain{LoginPage: Station{Rate: 600}, Login: Station{Rate: 400}, Home: Station{Rate: 440}}
	for _, k := range []int{10, 40, 80} {
		c := Capacity{CV2: 1, Chain: chain, SharedPool: k}
		want := SharedPoolPerSecond(k, chain, WholeLogin(0))
		bound, _ := c.LoginsPerSecond(WholeLogin(0))
		if want > bound {
			t.Errorf("pool of %d: %.1f logins/s is above the bound %.1f", k, want, bound)
		}
		if got, scatter := saturate(t, c, 400, 100*time.Second, ClassLoginPage, ClassLogin, ClassHome); math.Abs(got/want-1) > scatter {
			t.Errorf("pool of %d: %.1f logins/s, want %.1f", k, got, want)
		}
	}
	if got := SharedPoolPerSecond(5000, chain, WholeLogin(0)); math.Abs(got/400-1) > 0.001 {
		t.Errorf("a pool without end has the capacity of the chain, not %v", got)
	}
}

// The threads of a pool are given back by those who leave, and a slow class takes
// them all.
func TestSharedPoolIsHeldDuringTheWholeService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plantOf(Capacity{SharedPool: 2, Chain: Chain{Login: Station{Rate: 1, Workers: 1}, Call: Station{Rate: 1000, Workers: 1}}})
		slow := [2]*job{{}, {}}
		for _, j := range slow {
			p.enter(j, ClassLogin, 1, time.Time{})
		}
		start := time.Now()
		served := make(chan time.Duration, 2)
		p.enter(&job{over: func() { served <- time.Since(start) }}, ClassCall, 1, time.Time{})
		if got := <-served; got != time.Second+time.Millisecond {
			t.Errorf("a call of 1 ms behind two logins of 1 s was served after %v", got)
		}
		p.enter(&job{}, ClassLogin, 1, time.Time{}) // waits inside for the second login's worker
		p.enter(&job{over: func() { served <- time.Since(start) }}, ClassCall, 1, time.Time{})
		if !p.abandon(slow[1]) {
			t.Error("the second login was over")
		}
		if got := <-served; got != time.Second+2*time.Millisecond {
			t.Errorf("the thread of one who left was given away after %v", got)
		}
	})
}
