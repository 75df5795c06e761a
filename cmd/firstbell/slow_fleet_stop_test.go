//go:build slow && linux

package main

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"firstbell/runner/results"
)

// TestFleetStop orders 50 fleets of eight to stop, at random moments: no request
// comes a second after the order. The same plays say how far apart eight
// processes begin.
func TestFleetStop(t *testing.T) {
	const plays, workers = 50, 8
	seed := seedOf(t)
	var mu sync.Mutex
	var over, starts []time.Duration
	t.Run("plays", func(t *testing.T) {
		for i := range plays {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				target := newStampedTarget(t, 0)
				s := startStorm(t, fleetStorm{target: target.url(), people: 4000, play: 40}.String(), "--workers", strconv.Itoa(workers))
				zero := s.zeroOf(t)
				time.Sleep(time.Until(zero.Add(500*time.Millisecond + time.Duration(rng.Int64N(int64(time.Second))))))
				ordered := time.Now()
				if out, err := firstbell(t, "stop", s.folder()).CombinedOutput(); err != nil {
					t.Errorf("stop: %v\n%s", err, out)
				}
				equal(t, "exit code", s.wait(t), 6)
				st := readStory(t, s.folder(), target)
				equal(t, "ended as", st.sum.Run.EndedAs, string(results.EndedStopped))
				late := last(st.hits).Sub(ordered)
				if late > time.Second {
					t.Errorf("a request came %s after the order", late)
				}
				if f := st.fleet.Stop; f == nil || len(f.Missing) > 0 {
					t.Errorf("the stop of fleet.json: %+v", f)
				}
				mu.Lock()
				defer mu.Unlock()
				over = append(over, late)
				for _, w := range st.fleet.Workers {
					starts = append(starts, w.StartedAt.Abs())
				}
			})
		}
	})
	if len(starts) == 0 {
		t.Fatal("nobody started")
	}
	slices.Sort(over)
	slices.Sort(starts)
	p99 := starts[len(starts)*99/100]
	t.Logf("last request after the order: median %s, worst %s; starts of %d: median %s, p99 %s, worst %s", over[len(over)/2], over[len(over)-1],
		len(starts), starts[len(starts)/2], p99, starts[len(starts)-1])
	if len(over) < plays || len(starts) < plays*workers {
		t.Errorf("%d plays, %d starts", len(over), len(starts))
	}
	if p99 > 20*time.Millisecond {
		t.Errorf("99 of 100 workers start within %s of the agreed instant", p99)
	}
}

// TestFleetInterrupt: Ctrl-C on the coordinator stops the workers too, and again
// nothing comes a second later.
func TestFleetInterrupt(t *testing.T) {
	t.Parallel()
	target := newStampedTarget(t, 200*time.Millisecond)
	s := startStorm(t, fleetStorm{target: target.url(), people: 1500, play: 30}.String(), "--workers", "4")
	zero := s.zeroOf(t)
	pids := localWorkers(t, s.cmd.Process.Pid, 4)
	time.Sleep(time.Until(zero.Add(2 * time.Second)))
	pressed := time.Now()
	send(t, s.cmd, syscall.SIGINT)
	equal(t, "exit code", s.wait(t), 130)
	st := readStory(t, s.folder(), target)
	equal(t, "ended as", st.sum.Run.EndedAs, string(results.EndedInterrupted))
	if late := last(st.hits).Sub(pressed); late > time.Second {
		t.Errorf("a request came %s after Ctrl-C", late)
	}
	for _, pid := range pids {
		if args := commandOf(pid); len(args) > 1 && args[1] == "worker" {
			t.Errorf("worker %d is still there", pid)
		}
	}
}

// TestFleetConsentWithdrawn: the target's stop reaches all workers within the
// five seconds that it is promised.
func TestFleetConsentWithdrawn(t *testing.T) {
	t.Parallel()
	addr := "127.0.0.1:" + freePort(t)
	ent := startEntAs(t, firstbell(t, "ent", "--listen", addr, "--admin", "127.0.0.1:0",
		"--consent", consentFile(t, "http://"+addr, "2m0s", 5000)))
	s := startStorm(t, mini{target: ent.url, people: 1200, play: 40, top: "consent: required\n"}.String(), "--workers", "4")
	underWay(t, s, ent, 100)
	ent.mode(t, "consent", "stop")
	withdrawn, last, seen := time.Now(), time.Now(), int64(0)
	for time.Since(withdrawn) < 9*time.Second {
		if n := ent.counters(t)["logins"]; n != seen {
			seen, last = n, time.Now()
		}
		time.Sleep(20 * time.Millisecond)
	}
	if late := last.Sub(withdrawn); late > 5*time.Second {
		t.Errorf("a login came %s after the withdrawal", late)
	}
	equal(t, "exit code", s.wait(t), 6)
	st := readStory(t, s.folder(), nil)
	equal(t, "ended as", st.sum.Run.EndedAs, string(results.EndedByTarget))
}

// TestFleetConsentLimit: what the target consents to holds over the sum of the
// workers.
func TestFleetConsentLimit(t *testing.T) {
	t.Parallel()
	addr := "127.0.0.1:" + freePort(t)
	ent := startEntAs(t, firstbell(t, "ent", "--listen", addr, "--admin", "127.0.0.1:0",
		"--consent", consentFile(t, "http://"+addr, "2m0s", 100)))
	s := startStorm(t, mini{target: ent.url, people: 600, play: 10, top: "consent: required\npatience: none\n"}.String(), "--workers", "4")
	zero := s.zeroOf(t)
	time.Sleep(time.Until(zero))
	var peak int64
	counted := ent.counters(t)["arrivals"]
	for range 11 {
		time.Sleep(time.Second)
		now := ent.counters(t)
		n := now["arrivals"] - counted
		peak, counted = max(peak, n), now["arrivals"]
	}
	s.wait(t)
	st := readStory(t, s.folder(), nil)
	t.Logf("at most %d requests in a second where 100 are allowed; %d people not sent", peak, st.ledgers.People.Total.NotSent)
	if peak > 120 { // a second of ours is not a second of its
		t.Errorf("%d requests in one second, 100 are allowed", peak)
	}
	atLeast(t, "over the limit", st.reason(results.ReasonConsentLimit), 100)
}
