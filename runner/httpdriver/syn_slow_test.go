//go:build slow && linux

package httpdriver

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"firstbell/runner"
	"firstbell/runner/results/stats"
)

// TestFullAcceptQueue is K11: a listener whose queue is full drops SYNs. While
// nothing is accepted somebody comes every 20 ms; once it is, everyone gets in when
// their kernel sends the SYN again, so the times to connect gather at all rungs.
func TestFullAcceptQueue(t *testing.T) {
	ladder, _ := runner.SynLadder()
	last := slices.IndexFunc(ladder, func(at float64) bool { return at > 7.5 })
	if last < 1 {
		t.Fatalf("ladder %v", ladder)
	}
	ladder = ladder[:last]
	fd, port := listenRaw(t, 1)
	target := fmt.Sprintf("http://127.0.0.1:%d/", port)
	driver, _ := newDriver(t, target, nil)
	const every = 20 * time.Millisecond
	stuck := time.Duration((ladder[last-1] - 0.1) * float64(time.Second)) // the first to wait gets in at the last rung
	ctx, cancel := context.WithTimeout(t.Context(), stuck+3*time.Second)
	defer cancel()
	times := make([]float64, int(stuck/every))
	var people sync.WaitGroup
	began := time.Now()
	for i := range times {
		time.Sleep(time.Until(began.Add(time.Duration(i) * every)))
		people.Go(func() {
			s := driver.Open(uint32(i))
			defer s.Close()
			resp, _ := s.Do(ctx, get(address(t, target))) // nobody answers: only the connection counts
			times[i] = resp.Timing.Connect.Seconds()
		})
	}
	time.Sleep(time.Until(began.Add(stuck)))
	accepting, stop := context.WithCancel(ctx)
	var server sync.WaitGroup
	server.Go(func() { acceptAll(accepting, fd) })
	people.Wait()
	stop()
	server.Wait()
	count := func(lo, hi float64) (n uint64) {
		for _, s := range times {
			if s >= lo && s < hi {
				n++
			}
		}
		return n
	}
	for _, r := range stats.SynRungs(ladder, 0, count) {
		t.Logf("rung %v s: %d near, %d beside", r.At, r.Near, r.Beside)
		if !r.Seen {
			t.Errorf("the rung at %v s was not found: %+v", r.At, r)
		}
	}
	for at := 0.5; at < ladder[last-1]; at++ {
		if r := stats.SynRungs([]float64{at}, 0, count)[0]; r.Seen {
			t.Errorf("a rung where none is: %+v", r)
		}
	}
}

// listenRaw listens with a queue of so many connections, and accepts none.
func listenRaw(t *testing.T, backlog int) (fd, port int) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, backlog); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fd, name.(*syscall.SockaddrInet4).Port
}

// acceptAll accepts whoever comes, and hangs up.
func acceptAll(ctx context.Context, fd int) {
	for ctx.Err() == nil {
		c, _, err := syscall.Accept(fd)
		if err != nil { // nobody yet
			time.Sleep(time.Millisecond)
			continue
		}
		_ = syscall.Close(c)
	}
}
