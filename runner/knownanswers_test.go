package runner_test

import (
	"math"
	"testing"
	"time"

	"firstbell/examples/ent"
	"firstbell/runner/results"
)

// TestFreezeKnownAnswer is K3: a server that freezes 2 s every 20 s, people who come
// evenly, one page each. The truth is FreezeQuantile + the service time.
func TestFreezeKnownAnswer(t *testing.T) {
	const f, every, service = 2 * time.Second, 20 * time.Second, 10 * time.Millisecond
	out := morning{yaml: onePage, seed: 1, people: evenly(4000, 20*time.Millisecond), modes: func(m *ent.Modes) {
		m.Freeze = ent.Freeze{Length: f, Every: every}
		m.Delay = service
	}}.play(t)
	if out.people.InClass() != 4000 {
		t.Fatalf("people %v", reasons(out.books.People))
	}
	class, step := results.NewHist(results.ClassHist), results.NewHist(results.StepHist)
	for _, h := range out.run.Total.Class {
		class.Merge(h)
	}
	for k, h := range out.run.Total.Steps {
		if k.Clock == results.FromIntended {
			step.Merge(h)
		}
	}
	for _, p := range []int64{95, 99} {
		want := ent.FreezeQuantile(f, every, float64(p)/100) + service
		within(t, "time to class", class.Quantile(p, 100), want, 0.02)
		within(t, "step", step.Quantile(p, 100), want, 0.02)
	}
}

func within(t *testing.T, what string, got, want time.Duration, tolerance float64) {
	t.Helper()
	if off := float64(got-want) / float64(want); math.Abs(off) > tolerance {
		t.Errorf("%s: %v, truth %v, off by %.2f %%", what, got, want, 100*off)
	}
}

// onePage proves a person in class with the first page: what a step alone takes.
const onePage = `
version: 1
target: http://127.0.0.1
accounts:
  generate: {count: 100000, login: "eleve${n}", password: "mdp-eleve${n}"}
  synthetic: true
population: [{persona: eleve, people: 100000, show_up: 100%}]
storm:
  play: 08:55-09:05
  curve: {"08:55-09:05": 100%}
personas:
  eleve: {role: pupil, device: {desktop: 100%}, think: {median: 8s, p95: 45s}, journeys: {page: 100%}}
journeys:
  page:
    - get: /auth/login
      expect: {css: "#login"}
      in_class: true
patience: none
limits: {drain: 5m}
`

// TestTokenBucketKnownAnswer is K4: a bucket of q logins a second under λ refuses 1 − q/λ.
func TestTokenBucketKnownAnswer(t *testing.T) {
	const lambda, q, n = 50.0, 20.0, 3000
	for _, refusal := range []ent.Refusal{ent.RefuseQuota, ent.RefuseUnavailable} {
		out := morning{yaml: onePage, seed: 1, people: evenly(n, time.Second/50), modes: func(m *ent.Modes) {
			m.Bucket = ent.Bucket{Rate: q, Burst: 5, Refusal: refusal}
		}}.play(t)
		refused := out.people.Of(results.Quota) + out.people.Of(results.Error)
		got, want := float64(refused)/n, ent.TokenBucketRefusedShare(lambda, q)
		if math.Abs(got-want) > 0.01*want {
			t.Errorf("%s: refused %.4f, truth %.4f", refusal, got, want)
		}
	}
}

// TestWaitingRoomKnownAnswer is K6: a room that lets in q people a second, in order. Person
// i comes at t and waits max(0, i/q − t), up to one poll; all are in at N/q.
func TestWaitingRoomKnownAnswer(t *testing.T) {
	const n, q, poll = 300, 5.0, 2 * time.Second
	for _, redirect := range []bool{false, true} {
		out := morning{yaml: onePage, seed: 1, people: evenly(n, 50*time.Millisecond), modes: func(m *ent.Modes) {
			m.WaitingRoom = ent.WaitingRoom{Rate: q, Poll: poll, Redirect: redirect}
		}}.play(t)
		if out.people.InClass() != n {
			t.Fatalf("people %v", reasons(out.books.People))
		}
		last := ent.EveryoneIn(n, q)
		if out.took < last-poll || out.took > last+poll+time.Second {
			t.Errorf("all in after %v, truth %v", out.took, last)
		}
		var truth, got time.Duration
		for i := range n {
			truth += ent.WaitFIFO(i, q, time.Duration(i)*50*time.Millisecond)
		}
		for _, b := range out.run.Total.Beside {
			got += b.Waited
		}
		if d := got - truth; d < -n*time.Second/10 || d > n*poll {
			t.Errorf("redirect %v: waited %v in all, truth %v, at most one poll more each", redirect, got, truth)
		}
	}
}
