//go:build slow

package runner_test

import (
	"context"
	"math"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firstbell/examples/ent"
	"firstbell/runner"
	"firstbell/runner/httpdriver"
	"firstbell/runner/results"
	"firstbell/scenarios/arrivals"
)

// onSockets plays people at real pace over loopback sockets.
func onSockets(t *testing.T, people []arrivals.Arrival, change func(*ent.Modes)) *results.Run {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sc := parse(t, strings.Replace(onePage, "http://127.0.0.1", "http://"+l.Addr().String(), 1))
	e, err := ent.New(ent.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- e.Serve(ctx, l) }()
	start := time.Now().Add(500 * time.Millisecond)
	modes := e.Modes()
	change(&modes)
	if modes.Freeze.Length > 0 {
		modes.Freeze.From = start
	}
	if err := e.SetModes(modes); err != nil {
		t.Fatal(err)
	}
	clock := runner.NewClock(start)
	guard := &openGuard{sc: sc, stop: make(chan struct{})}
	driver, err := httpdriver.New(httpdriver.Config{Scenario: sc, RunID: "slow", Clock: clock, Guard: guard})
	if err != nil {
		t.Fatal(err)
	}
	plan, _, err := runner.NewPlan(sc, runner.PlanOptions{Seed: 1, RunID: "slow", Start: start})
	if err != nil {
		t.Fatal(err)
	}
	plan.People, plan.Intended = len(people), perSecond(sc, people)
	dir := filepath.Join(t.TempDir(), "run")
	folder, err := results.Create(dir, plan, sc.Source)
	if err != nil {
		t.Fatal(err)
	}
	ended, err := runner.Run(ctx, runner.Config{Scenario: sc, Plan: plan, Arrivals: people, Driver: driver, Guard: guard, Clock: clock, Sink: folder})
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Close(ended); err != nil {
		t.Fatal(err)
	}
	driver.Close()
	stop()
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	run, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := results.LedgerOf(run).Check(); err != nil {
		t.Error(err)
	}
	return run
}

func TestFreezeOverSockets(t *testing.T) {
	const f, every, service = 2 * time.Second, 20 * time.Second, 10 * time.Millisecond
	run := onSockets(t, evenly(4000, 10*time.Millisecond), func(m *ent.Modes) {
		m.Freeze = ent.Freeze{Length: f, Every: every}
		m.Delay = service
	})
	class := results.NewHist(results.ClassHist)
	for _, h := range run.Total.Class {
		class.Merge(h)
	}
	for _, p := range []int64{95, 99} {
		want := ent.FreezeQuantile(f, every, float64(p)/100) + service
		got := class.Quantile(p, 100)
		t.Logf("p%d %v, truth %v, off by %.2f %%", p, got, want, 100*float64(got-want)/float64(want))
		within(t, "time to class", got, want, 0.05)
	}
}

// The bucket is deep: once it is empty, what it gains while the machine stands
// still is there for those who come late, and not lost over its rim.
func TestTokenBucketOverSockets(t *testing.T) {
	const lambda, q, burst, n = 100.0, 40.0, 200.0, 3000
	run := onSockets(t, evenly(n, time.Second/100), func(m *ent.Modes) { m.Bucket = ent.Bucket{Rate: q, Burst: burst} })
	refused := results.LedgerOf(run).People.Total.Of(results.Quota)
	first, _ := ent.FirstRefusal(lambda, q, burst)
	got, want := float64(refused)/n, (1-lambda*first.Seconds()/n)*ent.TokenBucketRefusedShare(lambda, q)
	t.Logf("refused %.4f, truth %.4f", got, want)
	if math.Abs(got-want) > 0.05*want {
		t.Errorf("refused %.4f, truth %.4f", got, want)
	}
}
