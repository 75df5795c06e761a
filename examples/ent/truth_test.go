package ent

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestClosedForms(t *testing.T) {
	const s = time.Second
	for _, tc := range []struct {
		name      string
		got, want float64
	}{
		{"freeze p95", FreezeQuantile(2*s, 20*s, 0.95).Seconds(), 1.00},
		{"freeze p99", FreezeQuantile(2*s, 20*s, 0.99).Seconds(), 1.80},
		{"freeze p50", FreezeQuantile(2*s, 20*s, 0.50).Seconds(), 0},
		{"bucket share", TokenBucketRefusedShare(100, 60), 0.4},
		{"bucket share below", TokenBucketRefusedShare(50, 60), 0},
		{"fifo wait", WaitFIFO(100, 5, 4*s).Seconds(), 16},
		{"fifo no wait", WaitFIFO(10, 5, 4*s).Seconds(), 0},
		{"everyone in", EveryoneIn(500_000, 1000).Seconds(), 500}, // methods: 8 min 20 s
		{"M/D/c", MDcCapacity(16, 40*time.Millisecond), 400},
		{"storm", StormWait(160_000, 400, 352*s).Seconds(), 48},
		{"Erlang B", ErlangB(1, 1), 0.5},
		{"Erlang C of one worker is rho", ErlangC(1, 0.7), 0.7},
		{"M/M/1 tail", MMcWaitExceeds(1, s, 0.5, 2*s), 0.5 * math.Exp(-1)},
		{"retry threshold", RetryThreshold(400, 3), 100},
		{"abandonment", AbandonShare(500, 400), 0.2},
	} {
		if math.Abs(tc.got-tc.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", tc.name, tc.got, tc.want)
		}
	}
	if d, ok := FirstRefusal(100, 60, 80); !ok || d != 2*s {
		t.Errorf("first refusal after %v, %v", d, ok)
	}
	if _, ok := FirstRefusal(60, 60, 80); ok {
		t.Error("a bucket that fills as fast as it empties never refuses")
	}
}

// K3: a freeze of 2 s every 20 s, anchored away from the start.
func TestFreezeHasItsQuantiles(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		b.ent.SetModes(Modes{Freeze: Freeze{Length: 2 * time.Second, Every: 20 * time.Second, From: time.Now().Add(7 * time.Second)}})
		time.Sleep(7 * time.Second)
		const n = 4000 // 40 per second during five periods
		waits := make([]time.Duration, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				time.Sleep(time.Duration(i)*25*time.Millisecond + time.Duration(i%7)*time.Millisecond)
				start := time.Now()
				b.browser().get("/auth/login")
				waits[i] = time.Since(start)
			})
		}
		wg.Wait()
		slices.Sort(waits)
		for _, p := range []float64{0.5, 0.95, 0.99} {
			got, want := waits[int(p*n)], FreezeQuantile(2*time.Second, 20*time.Second, p)
			if d := (got - want).Abs(); d > want/50 {
				t.Errorf("p%v: %v, want %v", 100*p, got, want)
			}
		}
	})
}

// K4: both refusals, share and first refusal.
func TestTokenBucketRefusesItsShare(t *testing.T) {
	for _, refusal := range []Refusal{RefuseQuota, RefuseUnavailable} {
		const lambda, q, burst, n = 100, 60, 80, 6000
		inBubble(t, Config{Modes: Modes{Bucket: Bucket{Rate: q, Burst: burst, Refusal: refusal}}}, func(b *bench) {
			br, start := b.browser(), time.Now()
			var first time.Duration
			after, refused := 0, 0
			for i := range n {
				if d := time.Until(start.Add(time.Duration(i) * time.Second / lambda)); d > 0 {
					time.Sleep(d)
				}
				a := br.get("/auth/login")
				no := strings.Contains(a.body, "tooload")
				if refusal == RefuseUnavailable {
					no = a.status == 503
				}
				if no && refused == 0 {
					first = time.Since(start)
				}
				if first > 0 {
					after++
				}
				if no {
					refused++
				}
			}
			want := TokenBucketRefusedShare(lambda, q)
			if got := float64(refused) / float64(after); math.Abs(got-want) > 0.01 {
				t.Errorf("%s: %.4f refused, want %.4f", refusal, got, want)
			}
			if want, _ := FirstRefusal(lambda, q, burst); (first - want).Abs() > want/50 {
				t.Errorf("%s: first refusal after %v, want %v", refusal, first, want)
			}
		})
	}
}

// K6: everybody enters in the order of the tickets, at exactly q per second; a
// browser that polls learns it within one period.
func TestWaitingRoomIsFIFO(t *testing.T) {
	const people, q = 400, 8
	poll := 2 * time.Second
	for _, redirects := range []bool{false, true} {
		inBubble(t, Config{Modes: Modes{WaitingRoom: WaitingRoom{Rate: q, Poll: poll, Redirect: redirects}}}, func(b *bench) {
			start := time.Now()
			rnd := rand.New(rand.NewPCG(1, 2))
			in := make([]time.Duration, people) // by order of arrival
			var wg sync.WaitGroup
			for i := range people {
				think := time.Duration(rnd.IntN(9)) * time.Millisecond
				wg.Go(func() {
					time.Sleep(time.Duration(i)*10*time.Millisecond + think)
					br := b.browser()
					br.waitForTurn(t, redirects, poll)
					in[i] = time.Since(start)
				})
			}
			wg.Wait()
			for i := range in {
				arrived := time.Duration(i) * 10 * time.Millisecond
				turn := arrived + WaitFIFO(i, q, arrived)
				if d := in[i] - turn; d < -10*time.Millisecond || d > poll+10*time.Millisecond {
					t.Errorf("person %d in after %v, turn at %v", i, in[i], turn)
				}
			}
			if c := b.ent.Counters(); c.Waited != people {
				t.Errorf("%d places given", c.Waited)
			}
		})
	}
}

// waitForTurn waits in the room as a browser does, until the login page comes.
func (br *browser) waitForTurn(t *testing.T, redirects bool, poll time.Duration) {
	path := "/auth/login"
	for {
		a := br.get(path)
		if strings.Contains(a.body, "ng-init") {
			return
		}
		if a.status != 200 || !strings.Contains(a.body, "dans la file d'attente") {
			t.Errorf("neither room nor login: %d %s", a.status, a.body)
			return
		}
		if redirects {
			want := fmt.Sprintf("%d; url=/file-attente?retour=%%2Fauth%%2Flogin", int(poll.Seconds()))
			if got := a.header.Get("Refresh"); got != want {
				t.Errorf("Refresh: %q, want %q", got, want)
				return
			}
			path = "/file-attente?retour=%2Fauth%2Flogin"
		} else if !strings.Contains(a.body, `<meta http-equiv="refresh" content="2">`) {
			t.Errorf("no refresh in %s", a.body)
			return
		}
		time.Sleep(poll)
	}
}

func TestPlacesAreNeverEarly(t *testing.T) {
	var r room
	now := time.Unix(0, 0)
	for i := range 1000 {
		n, turn := r.place(now, 7)
		if want := now.Add(WaitFIFO(i, 7, 0)); n != uint64(i+1) || (turn.Sub(want)).Abs() > time.Microsecond {
			t.Fatalf("place %d: number %d at %v, want %v", i, n, turn, want)
		}
	}
	later := now.Add(time.Hour)
	if _, turn := r.place(later, 7); !turn.Equal(later) {
		t.Errorf("an empty room lets in at once, got %v", turn)
	}
	_, a := r.place(later, 7)
	_, c := r.place(later, 1)
	_, d := r.place(later, 1)
	if !c.After(a) || d.Sub(c) != time.Second {
		t.Errorf("a new rate goes on where the old one stopped: %v %v %v", a, c, d)
	}
}

// Over real sockets the schedule in absolute instants keeps C = c/s at s = 2 ms.
func TestCapacityOverSockets(t *testing.T) {
	const service = 2 * time.Millisecond
	capacity := Capacity{Workers: 1, Service: service, Costs: Costs{LoginPage: 1}}
	for range 3 {
		seen, saturated := completionsOverSockets(t, Config{Capacity: capacity})
		if !saturated {
			continue
		}
		if got := paceOf(seen, service); math.Abs(got.Seconds()/service.Seconds()-1) > 0.01 {
			t.Errorf("a service takes %v, want %v within 1 %%", got, service)
		}
		return
	}
	t.Skip("this machine could not keep a server of 500 requests/s busy: nothing was measured")
}

// paceOf is the time from one completion to the next, by when clients saw them. A
// machine that stops the clients shows completions late and never early: of the
// first and of the last two sevenths those count that came with the least delay, so
// that only a stop of 400 ms, all of one part, changes the figure.
func paceOf(seen []time.Duration, service time.Duration) time.Duration {
	part := len(seen) * 2 / 7
	last := len(seen) - part
	early, late := seen[0], seen[last]-time.Duration(last)*service
	for k := range part {
		early = min(early, seen[k]-time.Duration(k)*service)
		late = min(late, seen[last+k]-time.Duration(last+k)*service)
	}
	return service + (late-early)/time.Duration(last)
}

// completionsOverSockets gives the instants at which a login page, asked for by
// many clients in closed loop, was answered, and whether somebody was always
// waiting.
func completionsOverSockets(t *testing.T, cfg Config) (seen []time.Duration, saturated bool) {
	e, addr := onSockets(t, cfg)
	const requests, clients = 700, 200 // 400 ms of work waiting at any time
	var left, idle atomic.Int64
	left.Store(requests + clients)
	start := time.Now()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for in := bufio.NewReader(c); left.Add(-1) >= 0; {
				if err := roundTrip(c, in); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen = append(seen, time.Since(start))
				n := len(seen)
				mu.Unlock()
				if n <= requests && e.plant.inQueue() == 0 {
					idle.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return seen[:min(requests, len(seen))], idle.Load() == 0
}

// roundTrip asks for the login page over a kept connection.
func roundTrip(c net.Conn, in *bufio.Reader) error {
	if _, err := io.WriteString(c, "GET /auth/login HTTP/1.1\r\nHost: ent\r\n\r\n"); err != nil {
		return err
	}
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// A browser that closes its connection frees its worker, unless the server is
// one that does not notice (zombie work).
func TestClientsWhoLeaveOverHTTP(t *testing.T) {
	for _, zombie := range []bool{false, true} {
		c := Capacity{Workers: 1, Service: time.Second, Zombie: zombie, Costs: Costs{Login: 1}}
		inBubble(t, Config{Capacity: c}, func(b *bench) {
			start := time.Now()
			var wg sync.WaitGroup
			for i := range 10 {
				wg.Go(func() {
					br := b.browser()
					br.http.Timeout = 500 * time.Millisecond
					req, _ := http.NewRequest("POST", b.url+"/auth/login", strings.NewReader(fmt.Sprintf("email=eleve%d", i)))
					if resp, err := br.http.Do(req); err == nil {
						resp.Body.Close()
						t.Error("answered within half a second")
					}
				})
			}
			wg.Wait()
			br := b.browser()
			br.stay = true
			br.login("eleve1", "mdp-eleve1")
			want := 1500 * time.Millisecond
			if zombie {
				want = 11 * time.Second
			}
			if got := time.Since(start); got != want {
				t.Errorf("zombie=%v: served after %v, want %v", zombie, got, want)
			}
			if c := b.ent.Counters(); c.Answers[Abandoned] != 10 || c.InFlight != 0 {
				t.Errorf("counters: %v", c.ByName)
			}
		})
	}
}
