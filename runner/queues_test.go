package runner_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"firstbell/examples/ent"
	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// Known answers of queues, over the whole engine and a real HTTP client in
// virtual time.

// server is an ENT whose login page is all the work there is.
func server(workers int, service time.Duration, cv2 float64, queue int) ent.Config {
	return ent.Config{Seed: 11, Capacity: ent.Capacity{Workers: workers, Service: service, CV2: cv2, Queue: queue, Costs: ent.Costs{LoginPage: 1}}}
}

// overBlocks counts, ten by ten from a second on, who took longer than t.
func overBlocks(s *results.Series, from int, t time.Duration) []stats.Block {
	var out []stats.Block
	for ten := from / 10; ten < s.Played/10; ten++ {
		h := s.Tens[ten]
		out = append(out, stats.Block{K: h.Count() - h.CountAtMost(t), N: h.Count()})
	}
	return out
}

// sojournOver simulates a queue of c workers in order of arrival and gives the
// share that takes longer than t (Kiefer and Wolfowitz's recursion): a
// reference that shares no line with the ENT.
func sojournOver(c int, lambda float64, draw func(*rand.Rand) float64, t float64) float64 {
	const people = 2_000_000
	rng := rand.New(rand.NewPCG(77, 1))
	free := make([]float64, c) // instants at which workers are free
	now, over := 0.0, 0
	for range people {
		now += rng.ExpFloat64() / lambda
		w := 0
		for i := range free {
			if free[i] < free[w] {
				w = i
			}
		}
		free[w] = max(now, free[w]) + draw(rng)
		if free[w]-now > t {
			over++
		}
	}
	return float64(over) / people
}

// drawOf is the service time of mean s with a squared coefficient of variation
// of 0, 1 or more (two balanced phases).
func drawOf(s, cv2 float64) func(*rand.Rand) float64 {
	switch {
	case cv2 == 0:
		return func(*rand.Rand) float64 { return s }
	case cv2 == 1:
		return func(r *rand.Rand) float64 { return s * r.ExpFloat64() }
	}
	p := (1 + math.Sqrt((cv2-1)/(cv2+1))) / 2
	return func(r *rand.Rand) float64 {
		if r.Float64() < p {
			return s * r.ExpFloat64() / (2 * p)
		}
		return s * r.ExpFloat64() / (2 * (1 - p))
	}
}

// sojourn is one plateau of K1: the share over t with its interval by batches.
func sojourn(t *testing.T, seed uint64, workers int, service time.Duration, cv2, lambda float64, length, limit time.Duration, batch int) stats.Estimate {
	t.Helper()
	out := morning{yaml: onePage, seed: seed, conduct: plateau(lambda, length), ent: server(workers, service, cv2, 0)}.play(t)
	s := results.SeriesOf(out.run)
	if out.people.InClass() != out.people.Intended {
		t.Fatalf("people %v", reasons(out.books.People))
	}
	bookkeeping(t, s)
	return stats.ShareOver(stats.FoldBlocks(overBlocks(s, 20, limit), batch), 1)
}

// TestSojournKnownAnswer is K1 at 0.7 of the capacity: the share of people that
// take longer than t is the queue's, within its interval.
func TestSojournKnownAnswer(t *testing.T) {
	for _, cv2 := range []float64{0, 1} {
		sojournOf(t, cv2, 110*time.Second)
	}
}

func sojournOf(t *testing.T, cv2 float64, length time.Duration) {
	t.Helper()
	const c, service = 4, 40 * time.Millisecond // 100 a second, relaxation 0.4 s
	const lambda, limit = 70, 100 * time.Millisecond
	truth := sojournOver(c, lambda, drawOf(service.Seconds(), cv2), limit.Seconds())
	if exact := ent.MMcSojournExceeds(c, service, lambda, limit); cv2 == 1 && math.Abs(truth/exact-1) > 0.02 {
		t.Fatalf("the reference says %.4f, the formula %.4f", truth, exact)
	}
	got := sojourn(t, 1, c, service, cv2, lambda, length, limit, 1)
	// 95 % intervals widened to 99.9 %: a seed is chosen once, and for all.
	half := 1.8 * (got.Hi - got.Lo) / 2
	t.Logf("CV² %v: %.4f in [%.4f, %.4f], truth %.4f", cv2, got.Value, got.Lo, got.Hi, truth)
	if math.Abs(got.Value-truth) > half || half > 0.1 {
		t.Errorf("CV² %v: %.4f ± %.4f over %v, truth %.4f", cv2, got.Value, half, limit, truth)
	}
}

// TestErlangBKnownAnswer is K5: workers without a queue refuse Erlang's share,
// whatever the service time's distribution.
func TestErlangBKnownAnswer(t *testing.T) {
	for _, cv2 := range []float64{0, 1} {
		refusedBy(t, cv2, 2*time.Minute)
	}
}

func refusedBy(t *testing.T, cv2 float64, length time.Duration) {
	t.Helper()
	const c, service, lambda = 20, 200 * time.Millisecond, 80.0
	want := ent.ErlangB(c, lambda*service.Seconds())
	out := morning{yaml: onePage, seed: 2, conduct: plateau(lambda, length), ent: server(c, service, cv2, -1)}.play(t)
	got := float64(out.people.Of(results.Error)) / float64(out.people.Started)
	t.Logf("CV² %v: refused %.4f, truth %.4f", cv2, got, want)
	if math.Abs(got-want) > 0.005 {
		t.Errorf("CV² %v: refused %.4f, truth %.4f", cv2, got, want)
	}
}

// TestErlangAKnownAnswer is K8: people who leave an overloaded queue. Their
// patience here is log-normal; the share that leaves an M/M/c+G queue follows
// from the density of the wait offered, proportional to
// exp(λ∫₀ˣ(1-G) − cμx) (Baccelli and Hébuterne 1981).
func TestErlangAKnownAnswer(t *testing.T) {
	const c, service = 2, 20 * time.Millisecond // 100 a second
	yaml := strings.Replace(onePage, "patience: none", `patience:
  wait: {median: 2s, p95: 5s}
  impatient: {share: 0%, wait: 3s}
  tries: 1`, 1)
	exponential := func(mean float64) func(float64) float64 {
		return func(x float64) float64 { return math.Exp(-x / mean) }
	}
	if got, want := leaves(c, service, 125, exponential(2)), ent.ErlangA(c, service, 125, 2*time.Second).Share; math.Abs(got-want) > 1e-3 {
		t.Fatalf("the reference says %.5f, Erlang-A %.5f", got, want)
	}
	sigma := math.Log(5.0/2) / 1.6448536269514722
	stays := func(x float64) float64 { return math.Erfc(math.Log(x/2)/sigma/math.Sqrt2) / 2 }
	for _, lambda := range []float64{100, 150} {
		conduct := plateau(lambda, 70*time.Second)
		conduct.Refreshes = -1
		conduct.Warmup = 20 * time.Second
		out := morning{yaml: yaml, seed: 3, conduct: conduct, ent: server(c, service, 1, 0)}.play(t)
		s := results.SeriesOf(out.run)
		var left, all float64
		for _, x := range s.Seconds[20:70] {
			left += float64(x.By[results.Timeout])
			all += float64(x.Started)
		}
		got, want := left/all, leaves(c, service, lambda, stays)
		t.Logf("λ %v: %.4f left, truth %.4f, fluid %.4f", lambda, got, want, ent.AbandonShare(lambda, 100))
		if math.Abs(got-want) > 0.01 {
			t.Errorf("λ %v: %.4f left, truth %.4f", lambda, got, want)
		}
	}
}

// leaves is the share of M/M/c+G arrivals that leave, by numeric integration.
// stays is the probability to be still there after x seconds.
func leaves(c int, service time.Duration, lambda float64, stays func(float64) float64) float64 {
	mu := 1 / service.Seconds()
	// Probabilities relative to p(0), for n < c; the density of the wait offered
	// is λ p(c-1) exp(…).
	p, sum := 1.0, 1.0
	for n := 1; n < c; n++ {
		p *= lambda / (float64(n) * mu)
		sum += p
	}
	const dx = 1e-3
	exponent, waits, lost := 0.0, 0.0, 0.0
	for x := dx / 2; x < 60; x += dx {
		g := stays(x)
		exponent += (lambda*g - float64(c)*mu) * dx / 2
		v := lambda * p * math.Exp(exponent) * dx
		exponent += (lambda*g - float64(c)*mu) * dx / 2
		waits += v
		lost += v * (1 - g)
	}
	return lost / (sum + waits)
}

// TestOrderOfAWaitingRoomKnownAnswer is K6 with people who come at random: each
// waits from the click to the turn, rounded up to a poll, and nobody overtakes.
func TestOrderOfAWaitingRoomKnownAnswer(t *testing.T) {
	const q, poll = 5.0, 20 * time.Second
	c := plateau(20, 40*time.Second)
	out := morning{yaml: onePage, seed: 4, conduct: c, drain: 5 * time.Minute, modes: func(m *ent.Modes) {
		m.WaitingRoom = ent.WaitingRoom{Rate: q, Poll: poll}
	}}.play(t)
	s := results.SeriesOf(out.run)
	n := int(out.people.Intended)
	if int(out.people.InClass()) != n || n < 700 {
		t.Fatalf("people %v", reasons(out.books.People))
	}
	last := ent.EveryoneIn(n, q)
	if out.took < last-time.Second || out.took > last+poll+time.Second {
		t.Errorf("all in after %v, truth %v", out.took, last)
	}
	// The k-th ten of arrivals waits between its truth and one poll more.
	seen := 0
	for ten, h := range s.Tens[:4] {
		first := ent.WaitFIFO(seen, q, time.Duration(ten+1)*10*time.Second)
		seen += int(h.Count())
		longest := ent.WaitFIFO(seen, q, time.Duration(ten)*10*time.Second) + poll
		if h.Min() < first-time.Second || h.Max() > longest+time.Second {
			t.Errorf("ten %d: waited %v to %v, truth between %v and %v", ten, h.Min(), h.Max(), first, longest)
		}
	}
}

// TestRetryStormKnownAnswer is K7: a server that goes on serving those who left,
// and people who each refresh R times when 4 s have brought nothing. After a
// trigger the backlog's delay grows by (λ(1+R) − C)/C seconds a second: below
// C/(1+R) it drains and people get in again, above it never does.
func TestRetryStormKnownAnswer(t *testing.T) { retryStorms(t, 1) }

func retryStorms(t *testing.T, r int) {
	t.Helper()
	for _, x := range []float64{0.9, 1.1} {
		got, want, amplified, done := retryStorm(t, r, x)
		t.Logf("R=%d λ=%.1f λc: slope %+.4f, truth %+.4f, %.3f requests a person, %d in class at the end", r, x, got, want, amplified, done)
		if math.Abs(got-want) > 0.01 || (got > 0) != (x > 1) {
			t.Errorf("R=%d λ=%.1f λc: slope %+.4f, truth %+.4f", r, x, got, want)
		}
		if math.Abs(amplified/float64(1+r)-1) > 0.05 {
			t.Errorf("R=%d: %.3f requests a person", r, amplified)
		}
		if (done > 0) != (x < 1) {
			t.Errorf("R=%d λ=%.1f λc: %d people got in during the last 20 s", r, x, done)
		}
	}
}

// retryStorm plays a load of x times the threshold with a trigger, and compares
// while the delay is above people's patience: the slope of the server's backlog
// with that of what was asked less what it can do, in seconds of delay a second.
func retryStorm(t *testing.T, r int, x float64) (got, want, amplified float64, done int) {
	t.Helper()
	const c, patience, trigger, crowd = 25.0, 4.0, 2.0, 280
	yaml := strings.Replace(onePage, "patience: none", "patience: {wait: {median: 4s, p95: 4s}, impatient: {share: 100%, wait: 4s}, tries: 1}", 1)
	lambda := x * ent.RetryThreshold(c, float64(r))
	conduct := &results.Conduct{Kind: results.TrialRecovery, LoginOnly: true, Refreshes: r, Segments: []results.Segment{
		{Name: "base", Rate: lambda, Length: 10 * time.Second},
		{Name: "trigger", Rate: crowd / trigger, Length: trigger * time.Second},
		{Name: "after", Rate: lambda, Length: 238 * time.Second}}}
	cfg := server(5, 200*time.Millisecond, 0, 1_000_000)
	cfg.Capacity.Zombie = true
	var queue []int
	out := morning{yaml: yaml, seed: 5, conduct: conduct, ent: cfg,
		each: func(e *ent.ENT) { queue = append(queue, e.Counters().InQueue) }}.play(t)
	s := results.SeriesOf(out.run)
	const from = 30 // the trigger's own refreshes are through
	to := from
	for ; to < 250 && float64(queue[to]) > (patience+1)*c; to++ {
	}
	if to-from < 15 {
		t.Fatalf("R=%d x=%v: the delay was above the patience for %d s only: %v", r, x, to-from, queue)
	}
	var expected []float64
	backlog, attempts, people := 0.0, 0, 0
	for i := from; i < to; i++ {
		backlog += float64(s.Seconds[i].Attempts) - c
		expected = append(expected, backlog)
		attempts += int(s.Seconds[i].Attempts)
		people += int(s.Seconds[i].Intended)
	}
	for _, y := range s.Seconds[230:250] {
		done += int(y.Done)
	}
	measured := make([]float64, 0, to-from)
	for _, n := range queue[from:to] {
		measured = append(measured, float64(n))
	}
	return slope(measured) / c, slope(expected) / c, float64(attempts) / float64(people), done
}

// slope is the least-squares slope per index.
func slope(y []float64) float64 {
	var sxy, sxx float64
	mid := float64(len(y)-1) / 2
	for i, v := range y {
		sxy += (float64(i) - mid) * v
		sxx += (float64(i) - mid) * (float64(i) - mid)
	}
	return sxy / sxx
}

// TestCrashKnownAnswer is K10: a process that goes down above X a second, and is
// back 20 s later. It stands 5 % below X and falls 5 % above.
func TestCrashKnownAnswer(t *testing.T) {
	const x, window = 200.0, 30 * time.Second
	conduct := &results.Conduct{Kind: results.TrialPlateau, LoginOnly: true, Segments: []results.Segment{
		{Name: "below", Rate: 0.95 * x, Length: 45 * time.Second}, {Name: "above", Rate: 1.05 * x, Length: 50 * time.Second}}}
	out := morning{yaml: onePage, seed: 6, conduct: conduct, modes: func(m *ent.Modes) {
		m.Crash = ent.Crash{Rate: x, Window: window, Restart: 20 * time.Second}
	}}.play(t)
	s := results.SeriesOf(out.run)
	down := slices.IndexFunc(s.Seconds, func(y results.SeriesSecond) bool { return y.Intended > 0 && y.Done == 0 })
	back := down + slices.IndexFunc(s.Seconds[down:], func(y results.SeriesSecond) bool { return y.Done > 0 })
	t.Logf("down from second %d to %d: %v", down, back, reasons(out.books.People))
	if down < 45 || down > 80 || back-down < 19 || back-down > 21 {
		t.Errorf("down from second %d to %d, want 20 s after second 45", down, back)
	}
	if n := out.people.Of(results.Unreachable); n < 3500 || out.people.InClass()+n != out.people.Started {
		t.Errorf("people %v", reasons(out.books.People))
	}
}

// TestIntendedInstantMatters is the mutation check of the rule that latency
// counts from the intended instant: the same freeze (K3) read from when a
// request was really sent by a client that waits for its turn misses it.
func TestIntendedInstantMatters(t *testing.T) {
	const f, every = 2 * time.Second, 20 * time.Second
	out := morning{yaml: onePage, seed: 7, conduct: plateau(50, 80*time.Second), modes: func(m *ent.Modes) {
		m.Freeze = ent.Freeze{Length: f, Every: every}
		m.Delay = 10 * time.Millisecond
	}, config: func(cfg *runner.Config) {
		cfg.Driver = closedLoop{cfg.Driver, make(chan struct{}, 10)}
	}}.play(t)
	s := results.SeriesOf(out.run)
	intended, sent := results.NewHist(results.StepHist), results.NewHist(results.StepHist)
	for i := range s.Steps[0].Tens {
		intended.Merge(s.Steps[0].Intended[i])
		sent.Merge(s.Steps[0].Tens[i])
	}
	truth := ent.FreezeQuantile(f, every, 0.95) + 10*time.Millisecond
	got, missed := intended.Quantile(95, 100), sent.Quantile(95, 100)
	t.Logf("p95 %v from the intended instant, %v from the send, truth %v", got, missed, truth)
	if math.Abs(float64(got-truth)) > 0.1*float64(truth) {
		t.Errorf("p95 %v from the intended instant, truth %v", got, truth)
	}
	if missed > truth/2 {
		t.Errorf("p95 %v from the send: the rule would not matter", missed)
	}
}

// closedLoop is a client of ten connections: whoever comes when all are busy
// waits for one here, and sends late.
type closedLoop struct {
	runner.Driver
	free chan struct{}
}

func (c closedLoop) Open(person uint32) runner.Session {
	return closedSession{c.Driver.Open(person), c.free}
}

type closedSession struct {
	runner.Session
	free chan struct{}
}

func (s closedSession) Do(ctx context.Context, req *runner.Request) (*runner.Response, error) {
	s.free <- struct{}{}
	defer func() { <-s.free }()
	return s.Session.Do(ctx, req)
}
