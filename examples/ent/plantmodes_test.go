package ent

import (
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// served gives how many jobs of one unit a plant that is never idle serves between
// two instants of virtual time.
func served(t *testing.T, c Capacity, m Modes, from, to time.Duration) (n int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := plantOf(c)
		p.set(&m, time.Now())
		var mu sync.Mutex
		var again func()
		start := time.Now()
		again = func() {
			mu.Lock()
			defer mu.Unlock()
			if d := time.Since(start); d >= from && d < to {
				n++
			} else if d >= to {
				return
			}
			p.enter(&job{over: again}, ClassLogin, 1, time.Time{})
		}
		for range 2 * c.Workers {
			p.enter(&job{over: again}, ClassLogin, 1, time.Time{})
		}
		time.Sleep(to + time.Second)
	})
	return n
}

func TestDipsHaveTheirMean(t *testing.T) {
	dips := Dips{Share: 0.3, Length: 5 * time.Second, Every: 25 * time.Second}
	if m := dips.Mean(); math.Abs(m-0.94) > 1e-12 {
		t.Errorf("mean %v, want 0.94", m)
	}
	c := Capacity{Workers: 4, Service: 40 * time.Millisecond} // 100/s
	for _, tc := range []struct {
		from, to int
		want     float64
	}{{0, 250, 94 * 250}, {25, 30, 70 * 5}, {30, 50, 100 * 20}} {
		got := served(t, c, Modes{Dips: dips}, time.Duration(tc.from)*time.Second, time.Duration(tc.to)*time.Second)
		if math.Abs(float64(got)-tc.want) > 4 {
			t.Errorf("from %d to %d s: %d served, want %v", tc.from, tc.to, got, tc.want)
		}
	}
}

// The end of a job is where the integral of the speed says, wherever it begins.
func TestDipsAreIntegrated(t *testing.T) {
	s := speed{dips: Dips{Share: 0.4, Length: 3 * time.Second, Every: 10 * time.Second}, dip0: 7 * time.Second}
	done := func(t float64) float64 { // work done since 0
		if t -= 7; t < 0 {
			return t + 7
		}
		whole, in := math.Floor(t/10), math.Mod(t, 10)
		return 7 + whole*(10-1.2) + in - 0.4*math.Min(in, 3)
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		begin, work := rnd.Float64()*40, rnd.ExpFloat64()*8
		end := s.finish(span(begin), span(work)).Seconds()
		if got := done(end) - done(begin); math.Abs(got-work) > 1e-6 {
			t.Fatalf("from %v, %v s of work end at %v: %v s done", begin, work, end, got)
		}
	}
}

func TestDriftTakesItsShare(t *testing.T) {
	c := Capacity{Workers: 4, Service: 40 * time.Millisecond}
	for _, tc := range []struct {
		name  string
		drift Drift
		want  float64 // per second, between 100 and 200 s
	}{
		{"linear", Drift{Share: 0.1, Over: 200 * time.Second}, 92.5},
		{"step", Drift{Share: 0.1}, 90},
		{"over", Drift{Share: 0.1, Over: 50 * time.Second}, 90},
	} {
		got := float64(served(t, c, Modes{Drift: tc.drift}, 100*time.Second, 200*time.Second)) / 100
		if math.Abs(got-tc.want) > 0.05 {
			t.Errorf("%s: %.2f/s, want %.2f", tc.name, got, tc.want)
		}
	}
}

// K18: after a queue too long, or a wait too long, only a share comes back.
func TestSlowHealer(t *testing.T) {
	for name, h := range map[string]Healer{
		"queue": {Queue: 50, Share: 0.7}, "delay": {Delay: 500 * time.Millisecond, Share: 0.7},
		"for a time": {Queue: 50, Share: 0.7, For: time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := plantOf(Capacity{Workers: 1, Service: 10 * time.Millisecond})
			m := Modes{Healer: h}
			p.set(&m, time.Now())
			one := func() time.Duration {
				start := time.Now()
				p.do(t.Context())
				return time.Since(start)
			}
			for range 51 { // one in service, 50 waiting: not yet
				p.add()
			}
			time.Sleep(10 * time.Second)
			if d := one(); d != 10*time.Millisecond && name != "delay" {
				t.Errorf("%s: hurt by a queue of 50: %v", name, d)
			}
			for range 60 {
				p.add()
			}
			time.Sleep(10 * time.Second)
			if d := one(); math.Abs(d.Seconds()-0.01/0.7) > 1e-6 {
				t.Errorf("%s: %v after the collapse, want %v", name, d, span(0.01/0.7))
			}
			time.Sleep(time.Hour)
			if d := one(); (d == 10*time.Millisecond) != (h.For > 0) {
				t.Errorf("%s: %v an hour later", name, d)
			}
			p.set(&Modes{}, time.Now())
			if d := one(); d != 10*time.Millisecond {
				t.Errorf("%s: %v when the mode is off", name, d)
			}
		})
	}
}

// K10: the process goes down when the rate is passed, to the request, and comes
// back empty.
func TestCrashAtARate(t *testing.T) {
	cfg := Config{Modes: Modes{Crash: Crash{Logins: 10, Window: 2 * time.Second, Restart: 20 * time.Second}}}
	inBubble(t, cfg, func(b *bench) {
		br := b.browser()
		br.stay = true
		post := func(gap time.Duration, n int) (ok int) {
			for range n {
				req, _ := http.NewRequest("POST", b.url+"/auth/login", nil)
				if resp, err := br.http.Do(req); err == nil {
					resp.Body.Close()
					ok++
				}
				time.Sleep(gap)
			}
			return ok
		}
		if ok := post(100*time.Millisecond, 200); ok != 200 {
			t.Errorf("%d of 200 passwords answered at exactly the rate", ok)
		}
		time.Sleep(2 * time.Second)
		// The 21st within two seconds is one too many.
		if ok := post(90*time.Millisecond, 21); ok != 20 || b.ent.Counters().Crashes != 1 {
			t.Errorf("%d answered above the rate, %d crashes", ok, b.ent.Counters().Crashes)
		}
		time.Sleep(20*time.Second - 100*time.Millisecond)
		if post(0, 1) != 0 {
			t.Error("answered before the restart")
		}
		time.Sleep(100 * time.Millisecond)
		if post(0, 1) != 1 {
			t.Error("not answered after the restart")
		}
		accounted(t, b.ent)
	})
}

func TestCrashOnALongQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plantOf(Capacity{Workers: 1, Service: time.Second})
		m := Modes{Crash: Crash{Queue: 5, Restart: 3 * time.Second}}
		p.set(&m, time.Now())
		var cut, refused int
		var mu sync.Mutex
		for range 6 { // one in service, five waiting
			j := &job{}
			j.over = func() {
				mu.Lock()
				defer mu.Unlock()
				if j.err == errCrashed {
					cut++
				}
			}
			if _, err := p.enter(j, ClassLogin, 1, time.Time{}); err != nil {
				t.Error(err)
			}
		}
		if p.add() == errCrashed {
			refused++
		}
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if cut != 6 || refused != 1 || p.inQueue() != 0 {
			t.Errorf("%d cut, %d refused, %d waiting; want 6, 1, 0", cut, refused, p.inQueue())
		}
		if p.arrive(&m, false) {
			t.Error("up at once")
		}
		time.Sleep(3 * time.Second)
		start := time.Now()
		if !p.arrive(&m, false) || p.do(t.Context()) != nil || time.Since(start) != time.Second {
			t.Errorf("after the restart a service took %v", time.Since(start))
		}
	})
}

// A proxy's timeout comes at exactly its time, whatever it waited for.
func TestGatewayTimeout(t *testing.T) {
	for name, cfg := range map[string]Config{
		"queue":  {Capacity: Capacity{Workers: 1, Service: time.Hour, Costs: Costs{LoginPage: 1}}},
		"zombie": {Capacity: Capacity{Workers: 1, Service: time.Hour, Costs: Costs{LoginPage: 1}, Zombie: true}},
		"delay":  {Modes: Modes{Delay: time.Hour}},
		"freeze": {Modes: Modes{Freeze: Freeze{Length: time.Hour, Every: 2 * time.Hour}}},
	} {
		cfg.Modes.GatewayTimeout = 30 * time.Second
		inBubble(t, cfg, func(b *bench) {
			start := time.Now()
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					if a := b.browser().get("/auth/login"); a.status != 504 || time.Since(start) != 30*time.Second {
						t.Errorf("%s: %d after %v", name, a.status, time.Since(start))
					}
				})
			}
			wg.Wait()
			if c := b.ent.Counters(); c.Answers[GatewayTimeout] != 3 {
				t.Errorf("%s: %v", name, c.ByName)
			}
			accounted(t, b.ent)
			p := b.ent.plant
			busy := cfg.Capacity.Zombie
			p.mu.Lock()
			defer p.mu.Unlock()
			if s := p.stations[ClassLoginPage]; s != nil && (s.busy != 0) != busy {
				t.Errorf("%s: %d workers busy", name, s.busy)
			}
		})
	}
}
