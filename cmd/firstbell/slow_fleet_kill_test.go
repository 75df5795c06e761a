//go:build slow && linux

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/runner/results"
)

// seedOf is printed, so that a failure can be played again: FIRSTBELL_SEED=….
func seedOf(t *testing.T) uint64 {
	seed, err := strconv.ParseUint(os.Getenv("FIRSTBELL_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("FIRSTBELL_SEED=%d", seed)
	return seed
}

// killing is a SIGKILL of one worker.
type killing struct {
	worker int
	after  time.Duration // planned, from the first instant
	at     time.Time     // done
}

// TestFleetWorkerKilled kills 21 workers at random moments of seven storms, three
// of six each: the beginning, the rush, the last people, the end. Half of them are
// noticed within a second even by a machine that is too busy to judge each.
func TestFleetWorkerKilled(t *testing.T) {
	const storms = 7
	seed := seedOf(t)
	var mu sync.Mutex
	var noticed []time.Duration
	t.Run("storms", func(t *testing.T) {
		for i := range storms {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				took := killThree(t, rand.New(rand.NewPCG(seed, uint64(i))))
				mu.Lock()
				defer mu.Unlock()
				noticed = append(noticed, took...)
			})
		}
	})
	slices.Sort(noticed)
	if n := len(noticed); n == 0 {
		t.Error("nobody was noticed")
	} else if t.Logf("noticed after: median %s, worst %s", noticed[n/2], noticed[n-1]); noticed[n/2] > time.Second {
		t.Error("the median is over a second")
	}
}

// killThree plays a storm and kills three of six workers; it gives after what time the
// coordinator noticed those that it did.
func killThree(t *testing.T, rng *rand.Rand) (noticed []time.Duration) {
	const workers, killed, play = 6, 3, 8
	target := newStampedTarget(t, 0)
	r := coordinate(t, fleetStorm{target: target.url(), people: 600, play: play}.String(), workers)
	for range workers {
		r.join(t, island{}, r.listen)
	}
	zero := r.zeroOf(t)
	var order []*killing
	for _, w := range rng.Perm(workers)[:killed] {
		order = append(order, &killing{worker: w, after: time.Duration(rng.Int64N(int64((play + 1) * time.Second)))})
	}
	slices.SortFunc(order, func(a, b *killing) int { return int(a.after - b.after) })
	for _, k := range order {
		time.Sleep(time.Until(zero.Add(k.after)))
		k.at = time.Now()
		send(t, r.members[k.worker].cmd, syscall.SIGKILL)
	}
	code := r.wait(t)
	s := readStory(t, r.folder(), target)
	equal(t, "exit code", code, report.ExitCode(s.sum.Verdict, results.EndedAs(s.sum.Run.EndedAs)))
	for _, k := range order {
		s.survives(t, k)
		if loss := s.loss(k.worker); loss != nil {
			noticed = append(noticed, s.at(loss.Noticed).Sub(k.at))
		}
	}
	s.gapsNamed(t, order)
	t.Log(s.tell())
	return noticed
}

// survives checks what a killed worker's loss must look like.
func (s *story) survives(t *testing.T, k *killing) {
	t.Helper()
	loss := s.loss(k.worker)
	if loss == nil {
		// It had ended and delivered everything, or the fleet had.
		if after := s.since(k.at); after < time.Duration(s.run.Plan.PlayTo-s.run.Plan.PlayFrom)*time.Second {
			t.Errorf("w%03d was killed %s into the play and nobody noticed", k.worker, after)
		}
		return
	}
	if took := s.at(loss.Noticed).Sub(k.at); took < 0 {
		said := fmt.Sprintf("w%03d was lost %s before it was killed", k.worker, -took)
		if _, longest := machine().stood(s.run.Plan.Start, k.at); longest < endsLeases {
			t.Error(said)
		} else {
			t.Logf("not judged: %s; the machine stood still for %s at once", said, longest)
		}
		return
	}
	promptly(t, fmt.Sprintf("w%03d was noticed", k.worker), k.at, s.at(loss.Noticed), time.Second)
	if loss.TakenFrom >= 0 {
		promptly(t, fmt.Sprintf("w%03d was taken over", k.worker), k.at, s.at(loss.TakenFrom), 2*time.Second)
	} else if loss.Untaken == "" {
		t.Errorf("w%03d: neither taken over nor why not", k.worker)
	}
	if loss.TakenFrom < 0 && loss.Due > 0 && loss.Untaken == "no_room" {
		t.Errorf("w%03d: no room for %d people on idle workers", k.worker, loss.Due)
	}
}

// gapsNamed: whoever was not observed was due shortly before a worker was killed,
// or before others had taken over; the others are all known.
func (s *story) gapsNamed(t *testing.T, order []*killing) {
	t.Helper()
	for _, c := range s.ledgers.People.Cells {
		if c.Reason != results.ReasonUnobserved {
			continue
		}
		near := func(k *killing) bool {
			at := s.since(k.at)
			from, to := at-4*time.Second, at+2*time.Second // a journey of at most two seconds, records of one second
			if loss := s.loss(k.worker); loss != nil && loss.TakenFrom < 0 {
				to = time.Hour
			} else if loss != nil {
				to = max(to, loss.TakenFrom) // how late that may be is judged elsewhere
			}
			sec := time.Duration(c.Second) * time.Second
			return sec+time.Second > from && sec < to
		}
		if !slices.ContainsFunc(order, near) {
			t.Errorf("%d people due in second %d are unobserved, far from any loss", c.N, c.Second)
		}
	}
	if n := s.reason(results.ReasonWorkerLost); n > 0 {
		untaken := 0
		for _, l := range s.fleet.Losses {
			if l.TakenFrom < 0 {
				untaken += l.Due
			}
		}
		if int(n) > untaken {
			t.Errorf("%d people not sent for a lost worker, %d were not taken over", n, untaken)
		}
	}
}

// tell is one line for the log.
func (s *story) tell() string {
	line := fmt.Sprintf("%s %s: people %s, target let in %d, unobserved %d;", s.sum.Verdict.Value, s.sum.Verdict.Cause,
		s.ledgers.People.Total, len(logins(s.hits)), s.reason(results.ReasonUnobserved))
	for _, l := range s.fleet.Losses {
		line += fmt.Sprintf(" w%03d %s heard %s noticed %s expired %s taken %s (%s) due %d;", l.Worker, l.Why,
			l.Heard.Round(time.Millisecond), l.Noticed.Round(time.Millisecond), l.Expired.Round(time.Millisecond), l.TakenFrom.Round(time.Millisecond), l.Untaken, l.Due)
	}
	return line
}

// TestFleetKilledBeforeTheStart: no storm is played by fewer than were agreed,
// and nobody waits for the dead.
func TestFleetKilledBeforeTheStart(t *testing.T) {
	t.Parallel()
	target := newStampedTarget(t, 0)
	r := coordinate(t, fleetStorm{target: target.url(), people: 300, play: 5}.String(), 3)
	for range 2 {
		r.join(t, island{}, r.listen)
	}
	time.Sleep(1500 * time.Millisecond)
	send(t, r.members[1].cmd, syscall.SIGKILL)
	r.join(t, island{}, r.listen)
	done := make(chan int, 1)
	go func() { done <- r.wait(t) }()
	select {
	case code := <-done:
		t.Logf("exit %d\n%s", code, r.stderr.String())
		if code == 0 {
			t.Error("ready with a worker that was dead before the start")
		}
	case <-time.After(40 * time.Second):
		// It may wait for another process with w001's credentials: give it one.
		m := startMember(t, island{}, "--join", joinURL(r.listen), "--credentials", r.creds+"/w001.json", "--spool", r.dir+"/again")
		code := <-done
		t.Logf("with another w001: exit %d; %v", code, m.cmd.Args)
		readStory(t, r.folder(), target).exact(t)
	}
}

// TestFleetOnLossStop: the first loss ends the storm.
func TestFleetOnLossStop(t *testing.T) {
	t.Parallel()
	target := newStampedTarget(t, 0)
	r := coordinate(t, fleetStorm{target: target.url(), people: 600, play: 15}.String(), 3, "--on-loss", "stop")
	for range 3 {
		r.join(t, island{}, r.listen)
	}
	zero := r.zeroOf(t)
	time.Sleep(time.Until(zero.Add(4 * time.Second)))
	k := &killing{worker: 1, at: time.Now()}
	send(t, r.members[1].cmd, syscall.SIGKILL)
	code := r.wait(t)
	s := readStory(t, r.folder(), target)
	equal(t, "exit code", code, 4)
	equal(t, "ended as", s.sum.Run.EndedAs, string(results.EndedLoss))
	equal(t, "verdict", s.sum.Verdict.Value, report.Inconclusive)
	s.survives(t, k)
	promptly(t, "the last request came", k.at, last(s.hits), 2*time.Second)
	t.Log(s.tell())
}
