package fleet

import (
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
)

func realNow() func() int64 { return newLocalClock(nil).Mono }

func held(err error) bool {
	var e *runner.TransportError
	return errors.As(err, &e) && e.Reason == results.ReasonInFlight
}

func TestLeaseExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLease(realNow(), int64(time.Second))
		g := l.Guard(&openGuard{})
		time.Sleep(900 * time.Millisecond)
		if !l.Alive() || g.Request(testURL) != nil || !l.renew(int64(2*time.Second)) || l.renew(int64(time.Second)) != true {
			t.Fatal("dead before its time")
		}
		time.Sleep(1099 * time.Millisecond)
		if !l.Alive() {
			t.Fatal("an older renewal made it shorter")
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		select {
		case <-g.Stopped():
		default:
			t.Fatal("the dead man's switch is silent")
		}
		if c := g.Cause(); c.How != results.EndedAlone || !strings.HasPrefix(c.Cause, "nothing heard of the coordinator for 1.1") {
			t.Errorf("cause %+v", c)
		}
		if l.renew(int64(time.Hour)) || l.Alive() || !l.Expired() || !held(g.Request(testURL)) || !held(g.Dial("h", netip.AddrPort{})) {
			t.Error("it came back")
		}
		l.close()
	})
}

// TestFrozen: a process that was frozen for 3 s asks before anything else of it has
// run, and before the tick that waits for it is read.
func TestFrozen(t *testing.T) {
	var jump atomic.Int64
	clock := realNow()
	l := newLease(func() int64 { return clock() + jump.Load() }, int64(time.Hour))
	defer l.close()
	l.until.Store(clock() + int64(LeaseFor))
	g := l.Guard(&openGuard{})
	if err := g.Request(testURL); err != nil {
		t.Fatal(err)
	}
	jump.Store(int64(3 * time.Second))
	if err := g.Request(testURL); !held(err) {
		t.Fatalf("the first request after the freeze: %v", err)
	}
	if l.renew(clock() + jump.Load() + int64(LeaseFor)); !l.Held() || !held(g.Request(testURL)) {
		t.Error("the next tick brought it back")
	}
	<-g.Stopped()
}

// An order to stop that was waiting when the process woke does not hide that the
// lease was over before.
func TestLeaseOrderAfterItsInstant(t *testing.T) {
	var now atomic.Int64
	l := &Lease{now: now.Load, ended: make(chan struct{})}
	l.until.Store(int64(LeaseFor))
	now.Store(int64(LeaseFor))
	l.order(results.Ended{How: results.EndedStopped})
	if !l.Expired() {
		t.Errorf("ended as %s", l.Cause().How)
	}
}

func TestLeaseStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLease(realNow(), int64(time.Hour))
		g := l.Guard(&openGuard{})
		l.stop(results.Ended{How: results.EndedStopped, Cause: "first"})
		l.stop(results.Ended{How: results.EndedInternal, Cause: "second"})
		if !held(g.Request(testURL)) || !l.Held() || l.Expired() {
			t.Error("not held at once")
		}
		<-g.Stopped()
		if c := g.Cause(); c.How != results.EndedStopped || c.Cause != "first" {
			t.Errorf("cause %+v", c)
		}
		l.close()
	})
}

func TestLeaseOutlivesThePlay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLease(realNow(), int64(time.Hour))
		g := l.Guard(&openGuard{})
		l.close() // waits for both goroutines
		if c := g.Cause(); c.How != "" || l.Alive() {
			t.Errorf("after the play: %+v, alive %v", c, l.Alive())
		}
	})
}

// TestGuardOfTheTarget: what the target's own guard says still counts.
func TestGuardOfTheTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLease(realNow(), int64(time.Hour))
		inner := &openGuard{stopped: make(chan struct{})}
		g := l.Guard(inner)
		close(inner.stopped)
		<-g.Stopped()
		if c := g.Cause(); c.How != results.EndedByTarget {
			t.Errorf("cause %+v", c)
		}
		l.close()
	})
}

func BenchmarkLeaseAlive(b *testing.B) {
	l := newLease(realNow(), int64(time.Hour))
	defer l.close()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if !l.Alive() {
				b.Error("dead")
			}
		}
	})
}

func BenchmarkGuardHeld(b *testing.B) {
	l := newLease(realNow(), 0)
	defer l.close()
	g := l.Guard(&openGuard{})
	b.ReportAllocs()
	for b.Loop() {
		if g.Request(testURL) == nil {
			b.Error("let through")
		}
	}
}
