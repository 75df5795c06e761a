package ent

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

func TestQueueingClosedForms(t *testing.T) {
	const s = time.Second
	// M/M/1: the sojourn is exponential with rate μ-λ.
	for _, x := range []float64{0.1, 1, 5} {
		got, want := MMcSojournExceeds(1, s, 0.5, span(x)), math.Exp(-0.5*x)
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("M/M/1 beyond %v s: %v, want %v", x, got, want)
		}
	}
	// k = μ is a removable singularity: c = 2, λ = μ.
	if a, b := MMcSojournExceeds(2, s, 1, 3*s), MMcSojournExceeds(2, s, 1+1e-5, 3*s); math.Abs(a-b) > 1e-4 {
		t.Errorf("at k = μ: %v, beside it %v", a, b)
	}
	if MMcSojournExceeds(2, s, 2, s) != 1 {
		t.Error("at saturation everybody waits for ever")
	}
	// Patience without end is Erlang C; none at all is Erlang B.
	if got, want := ErlangA(4, s, 3, 1e6*s).Waits, ErlangC(4, 3); math.Abs(got-want) > 1e-3 {
		t.Errorf("patient: %v wait, want %v", got, want)
	}
	if got, want := ErlangA(4, s, 3, time.Microsecond).Share, ErlangB(4, 3); math.Abs(got-want) > 1e-3 {
		t.Errorf("impatient: %v leave, want %v", got, want)
	}
	// Patience as long as a service is M/M/∞: with a = 6, a Poisson number is there.
	p, waits := math.Exp(-6), 1.0
	for n := 1; n <= 4; n++ {
		waits -= p
		p *= 6 / float64(n)
	}
	if got := ErlangA(4, s, 6, s).Waits; math.Abs(got-waits) > 1e-9 {
		t.Errorf("M/M/∞: %v wait, want %v", got, waits)
	}
	if got, want := ErlangA(100, s, 200, 20*s).Share, AbandonShare(200, 100); math.Abs(got-want) > 1e-3 {
		t.Errorf("overload: %v leave, want the fluid %v", got, want)
	}
	if RetrySlope(60, 100, 1) != 0.2 || RetrySlope(40, 100, 1) != -0.2 {
		t.Error("slope")
	}
}

// K1: the sojourn in an M/M/c queue.
func TestSojournOfMMc(t *testing.T) {
	const n, lambda = 100_000, 64.0
	c := Capacity{Workers: 8, Service: 100 * time.Millisecond, CV2: 1}
	synctest.Test(t, func(t *testing.T) {
		p, rnd := plantOf(c), gaps(lambda, 7)
		jobs, now := make([]*job, n), time.Duration(0)
		for i := range jobs {
			now += rnd.draw(1)
			p.advance(now)
			jobs[i] = &job{}
			if err := p.put(jobs[i], p.stations[ClassLogin], 1, now); err != nil {
				t.Fatal(err)
			}
		}
		p.advance(now + time.Hour)
		for _, limit := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond} {
			over := 0
			for _, j := range jobs {
				if j.end-j.arrived > limit {
					over++
				}
			}
			want := MMcSojournExceeds(c.Workers, c.Service, lambda, limit)
			if got := float64(over) / n; math.Abs(got-want) > 0.01 {
				t.Errorf("beyond %v: %.4f, want %.4f", limit, got, want)
			}
		}
	})
}

// K8: clients who leave while they wait, against Erlang A, below and above
// capacity.
func TestAbandonmentIsErlangA(t *testing.T) {
	const n = 30_000
	for _, lambda := range []float64{90, 130} {
		synctest.Test(t, func(t *testing.T) {
			p, rnd, patience := plantOf(Capacity{Workers: 10, Service: 100 * time.Millisecond, CV2: 1}), gaps(lambda, 3), rand.New(rand.NewPCG(8, 8))
			left := 0
			var waited time.Duration
			for range n {
				time.Sleep(rnd.draw(1))
				j := &job{}
				if _, err := p.enter(j, ClassLogin, 1, time.Time{}); err != nil {
					t.Fatal(err)
				}
				p.mu.Lock()
				queued := j.stage == waiting
				p.mu.Unlock()
				if !queued {
					continue
				}
				time.AfterFunc(span(patience.ExpFloat64()*0.3), func() {
					p.mu.Lock()
					p.advance(time.Since(p.origin))
					still := j.stage == waiting
					if !still {
						waited += j.end - j.service - j.arrived
					}
					p.mu.Unlock()
					if still {
						p.abandon(j)
						p.mu.Lock()
						left++
						waited += time.Since(p.origin) - j.arrived
						p.mu.Unlock()
					}
				})
			}
			time.Sleep(time.Minute)
			p.mu.Lock()
			defer p.mu.Unlock()
			want := ErlangA(10, 100*time.Millisecond, lambda, 300*time.Millisecond)
			if got := float64(left) / n; math.Abs(got-want.Share) > 0.01 {
				t.Errorf("λ=%v: %.4f left, want %.4f", lambda, got, want.Share)
			}
			if got := waited / n; (got - want.Wait).Abs() > want.Wait/8 {
				t.Errorf("λ=%v: mean wait %v, want %v", lambda, got, want.Wait)
			}
		})
	}
}

// K4, quota: however they come, a bucket lets in its rate to the percent.
func TestBucketLetsInExactlyItsRate(t *testing.T) {
	for _, refusal := range []Refusal{RefuseQuota, RefuseUnavailable, RefuseThrottled} {
		for _, load := range []float64{1.1, 2} {
			const q = 50.0
			inBubble(t, Config{Modes: Modes{Bucket: Bucket{Rate: q, Refusal: refusal}}}, func(b *bench) {
				br, rnd := b.browser(), gaps(load*q, 4)
				refused := map[int]Answer{200: QuotaPage, 503: UnavailablePage, 429: Throttled}
				status := map[Refusal]int{RefuseQuota: 200, RefuseUnavailable: 503, RefuseThrottled: 429}[refusal]
				ask := func(d time.Duration) (in int64) {
					before := b.ent.Counters().Answers[Served]
					for start := time.Now(); time.Since(start) < d; {
						time.Sleep(rnd.draw(1))
						if a := br.get("/auth/login"); a.status != 200 && a.status != status {
							t.Errorf("%s: status %d", refusal, a.status)
						}
					}
					return b.ent.Counters().Answers[Served] - before
				}
				ask(20 * time.Second) // the bucket's depth is used up
				if got := float64(ask(40*time.Second)) / 40; math.Abs(got/q-1) > 0.01 {
					t.Errorf("%s at %v q: %.2f/s let in, want %v", refusal, load, got, q)
				}
				if c := b.ent.Counters(); c.Answers[refused[status]] == 0 {
					t.Errorf("%s: %v", refusal, c.ByName)
				}
			})
		}
	}
}
