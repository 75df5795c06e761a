//go:build slow && linux

package main

import (
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/runner/results"
)

// TestFleetFrozenWorker: a worker that was stopped for three seconds wakes up
// without a lease: not one request more, and nobody twice.
func TestFleetFrozenWorker(t *testing.T) {
	target := newStampedTarget(t, 0)
	r, _ := islandFleet(t, target, fleetStorm{people: 900, play: 12}, 3)
	zero := r.zeroOf(t)
	time.Sleep(time.Until(zero.Add(3 * time.Second)))
	frozen := time.Now()
	send(t, r.members[1].cmd, syscall.SIGSTOP)
	time.Sleep(3 * time.Second)
	send(t, r.members[1].cmd, syscall.SIGCONT)
	r.wait(t)
	s := readStory(t, r.folder(), target)
	t.Log(s.tell())
	loss := s.loss(1)
	if loss == nil {
		t.Fatal("nobody noticed that it was frozen")
	}
	promptly(t, "the last request of the frozen worker came", frozen, last(s.hits, nameOf(1)), 50*time.Millisecond)
	promptly(t, "the frozen worker was noticed", frozen, s.at(loss.Noticed), time.Second)
	if loss.TakenFrom < 0 {
		t.Errorf("nobody took over: %s", loss.Untaken)
	}
	promptly(t, "the frozen worker was taken over", frozen, s.at(loss.TakenFrom), 2*time.Second)
	if loss.Returned == nil {
		t.Error("it never came back")
	}
	equal(t, "unobserved", s.reason(results.ReasonUnobserved), 0)
	atLeast(t, "people taken over", uint64(len(loss.Takers)), 1)
}

// cabledFleet is a fleet of which worker 1 reaches its coordinator over a cable
// and TLS, and the others through relays.
func cabledFleet(t *testing.T, target *stampedTarget, storm fleetStorm, workers int) (*fleetRig, *link) {
	t.Helper()
	places := newIslands(t, workers)
	cable := places[1].link(t)
	storm.target = target.url()
	r := coordinateAt(t, net.JoinHostPort(cable.here, freePort(t)), credentialsFor(t, workers, cable.here, "127.0.0.1"), storm.String(), workers)
	for i, n := range places {
		target.serve(n.listen(t, "127.0.0.1:"+strconv.Itoa(target.port)), nameOf(i))
		through := r.listen
		if i != 1 {
			l := n.listen(t, "127.0.0.1:0")
			newRelay(t, l, r.listen)
			through = l.Addr().String()
		}
		r.join(t, n, through)
	}
	return r, cable
}

// TestFleetPartition: a worker whose cable is pulled for ten seconds stops by
// itself; what it had recorded comes when the cable is back.
func TestFleetPartition(t *testing.T) {
	target := newStampedTarget(t, 0)
	r, cable := cabledFleet(t, target, fleetStorm{people: 1200, play: 20}, 3)
	zero := r.zeroOf(t)
	time.Sleep(time.Until(zero.Add(4 * time.Second)))
	pulled := time.Now()
	cable.down()
	time.Sleep(10 * time.Second)
	cable.up()
	r.wait(t)
	s := readStory(t, r.folder(), target)
	t.Log(s.tell())
	loss := s.loss(1)
	if loss == nil {
		t.Fatal("nobody noticed the partition")
	}
	over := last(s.hits, nameOf(1))
	t.Logf("last request of the partitioned worker: %s after the cable was pulled", over.Sub(pulled))
	promptly(t, "the last request of the partitioned worker came", pulled, over, time.Second)
	// A request that left at the lease's last instant is stamped a little later.
	promptly(t, "beyond the lease a request came", s.at(loss.Expired), over, 5*time.Millisecond)
	if loss.Returned == nil {
		t.Error("it never came back")
	}
	equal(t, "unobserved", s.reason(results.ReasonUnobserved), 0)
}

// TestFleetSlowLink: a worker far away, by 50 to 150 ms each way, plays; its
// clock is known less well, and V5 says so.
func TestFleetSlowLink(t *testing.T) {
	t.Parallel()
	calmly(t, endsLeases, func() string { return slowLink(t) })
}

func slowLink(t *testing.T) (lost string) {
	target := newStampedTarget(t, 0)
	places := newIslands(t, 3)
	r := coordinate(t, fleetStorm{target: target.url(), people: 600, play: 12}.String(), 3)
	for i, n := range places {
		target.serve(n.listen(t, "127.0.0.1:"+strconv.Itoa(target.port)), nameOf(i))
		l := n.listen(t, "127.0.0.1:0")
		far := newRelay(t, l, r.listen)
		if i == 1 {
			far.delay.Store(int64(50 * time.Millisecond))
			far.jitter.Store(int64(100 * time.Millisecond))
		}
		r.join(t, n, l.Addr().String())
	}
	r.wait(t)
	s := readStory(t, r.folder(), target)
	t.Log(s.tell())
	if lost := s.lost(); lost != "" {
		return lost
	}
	s.exact(t)
	for _, w := range s.fleet.Workers {
		far := w.ID == 1
		for _, c := range w.Clock {
			t.Logf("%s at %s: offset %s ± %s", w.Name, c.At, c.Offset, c.Error)
			if off := c.Offset; off < -c.Error-time.Millisecond || off > c.Error+time.Millisecond {
				t.Errorf("%s: offset %s ± %s on one machine", w.Name, off, c.Error)
			}
			if far && c.Error < 50*time.Millisecond {
				t.Errorf("%s: error %s over a link of 50 ms each way", w.Name, c.Error)
			}
		}
	}
	if !failedGate(s.sum, "V5") {
		t.Errorf("V5 holds over such a link: %+v", s.sum.Validity)
	}
	equal(t, "verdict", s.sum.Verdict.Value, report.Inconclusive)
	return ""
}

// TestFleetLossyLink: a link that drops packets. The lease may end there; the
// numbers stay true.
func TestFleetLossyLink(t *testing.T) {
	for _, percent := range []int{1, 5} {
		t.Run(strconv.Itoa(percent), func(t *testing.T) {
			t.Parallel()
			target := newStampedTarget(t, 0)
			r, cable := cabledFleet(t, target, fleetStorm{people: 600, play: 12}, 3)
			dropped := cable.lossy(t, percent)
			r.wait(t)
			s := readStory(t, r.folder(), target)
			t.Logf("dropped %s packets; %s", dropped(), s.tell())
			if dropped() == "0+0" {
				t.Error("nothing was dropped")
			}
			equal(t, "unobserved", s.reason(results.ReasonUnobserved), 0)
			equal(t, "ended as", s.sum.Run.EndedAs, string(results.EndedPlanned))
		})
	}
}
