//go:build slow

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Some promises are of real time: noticed within a second, begun within 20 ms. A
// machine shared with others stands still now and then, and then nobody keeps them.
// What the machine took is measured by a sleeper of this process, which does nothing
// else, and is not laid to the tool; what is not judged for it is said in the log.

const (
	// A nap of napFor that ends napSlack late or more is a pause. On a calm machine
	// it ends 0.1 to 1 ms late.
	napFor   = 5 * time.Millisecond
	napSlack = 10 * time.Millisecond
	// A coordinator that was held up for so long gives the workers' messages some
	// time to be read before it calls anybody lost (package fleet: heldUp, catchUp).
	coordinatorHeldUp = 200 * time.Millisecond
	coordinatorWaits  = 300 * time.Millisecond
	// Less of the processors idle than this is none.
	noneLeft = 0.1
	// A pause from which a lease of 800 ms, renewed every 200 ms, may have ended.
	endsLeases = 300 * time.Millisecond
	// The hiccups that gate V3 allows.
	spoilsGates = 50 * time.Millisecond
)

type standstill struct{ from, to time.Time }

type reading struct {
	at time.Time
	usedCPU
}

// sleeper notes when it was not woken, and each few naps who has the processors.
type sleeper struct {
	mu       sync.Mutex
	pauses   []standstill
	readings []reading
}

// machine is the sleeper of this process, which sleeps from the first call on.
var machine = sync.OnceValue(func() *sleeper {
	s := &sleeper{}
	go s.sleep()
	return s
})

func (s *sleeper) sleep() {
	for n := 0; ; n++ {
		if n%10 == 0 {
			r := reading{time.Now(), processors()}
			s.mu.Lock()
			s.readings = append(s.readings, r)
			s.mu.Unlock()
		}
		due := time.Now().Add(napFor)
		time.Sleep(napFor)
		if now := time.Now(); now.Sub(due) >= napSlack {
			s.mu.Lock()
			s.pauses = append(s.pauses, standstill{due, now})
			s.mu.Unlock()
		}
	}
}

// stood is how long the machine stood still between two instants: in all, and at
// once.
func (s *sleeper) stood(from, to time.Time) (all, longest time.Duration) {
	time.Sleep(2 * napFor) // a pause under way is noted when it ends
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pauses {
		if p.from.Before(to) && from.Before(p.to) {
			d := p.to.Sub(p.from)
			all, longest = all+d, max(longest, d)
		}
	}
	return all, longest
}

// idle is the share of the processors that nobody used between two instants.
func (s *sleeper) idle(from, to time.Time) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first, last reading
	for _, r := range s.readings {
		if first.at.IsZero() || r.at.Before(from) {
			first = r
		}
		if last = r; r.at.After(to) {
			break
		}
	}
	if last.all <= first.all {
		return 1 // not known
	}
	return (last.idle - first.idle) / (last.all - first.all)
}

// promptly fails when something took longer than it may, and by more than the machine
// explains: it stood still for some of it, or had no processor left, which may take
// a process half as long again. False: it took too long.
func promptly(t *testing.T, what string, from, to time.Time, limit time.Duration) bool {
	t.Helper()
	took := to.Sub(from)
	if took <= limit {
		return true
	}
	// What the promise rests on had begun before: the last beat, the last tick.
	begun := from.Add(-200 * time.Millisecond)
	all, longest := machine().stood(begun, to)
	idle := machine().idle(begun, to)
	excuse := all
	if longest >= coordinatorHeldUp {
		excuse += coordinatorWaits
	}
	if idle < noneLeft {
		excuse += limit / 2
	}
	said := fmt.Sprintf("%s after %s; the machine stood still for %s of it, %s at once, and was idle for %.0f %%", what, took, all, longest, 100*idle)
	if took > limit+excuse {
		t.Error(said)
	} else {
		t.Log("not judged: " + said)
	}
	return false
}

// calmly tries up to three times what only a calm machine can show. A try gives ""
// when it has shown it, else what was in the way; a try that finds the tool wrong
// fails the test itself. The machine is not calm when it stands still for as long as
// pauses, or when others take a fifth of it.
func calmly(t *testing.T, pauses time.Duration, try func() string) {
	t.Helper()
	for n := 1; n <= 3; n++ {
		from, before := time.Now(), processors().withOurs()
		why := try()
		if why == "" || t.Failed() {
			return
		}
		_, longest := machine().stood(from, time.Now())
		others := processors().withOurs().others(before)
		t.Logf("try %d of 3: %s; the machine stood still for %s at once, others took %.0f %% of it", n, why, longest, 100*others)
		if longest < pauses && others < 0.2 {
			t.Errorf("%s on a calm machine", why)
			return
		}
	}
	t.Skip("not shown in three tries: the machine is not calm")
}

// usedCPU is processor time, in seconds: all there was, what nobody used, and what
// this process and its descendants did.
type usedCPU struct{ all, idle, ours float64 }

// others is the share of all processors that other processes took, and other guests
// of the same host, since before.
func (u usedCPU) others(before usedCPU) float64 {
	all := u.all - before.all
	if all <= 0 {
		return 0
	}
	return (all - (u.idle - before.idle) - (u.ours - before.ours)) / all
}

// processors reads the kernel's count, without ours; zero where there is none.
func processors() (u usedCPU) {
	b, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(b), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return u
	}
	for i, f := range fields[1:9] { // user nice system idle iowait irq softirq steal
		n, _ := strconv.ParseFloat(f, 64)
		u.all += n / 100
		if i == 3 || i == 4 {
			u.idle += n / 100
		}
	}
	return u
}

// withOurs adds what the processes of this test have used, and those they have waited
// for.
func (u usedCPU) withOurs() usedCPU {
	type process struct {
		parent int
		cpu    float64
	}
	all := map[int]process{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		b, _ := os.ReadFile(path)
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])) // state ppid … utime stime cutime cstime
		if len(fields) < 15 {
			continue // it has ended
		}
		var p process
		p.parent, _ = strconv.Atoi(fields[1])
		for _, f := range fields[11:15] {
			n, _ := strconv.ParseFloat(f, 64)
			p.cpu += n / 100
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		all[pid] = p
	}
	for pid, p := range all {
		up := pid
		for up > 1 && up != os.Getpid() {
			up = all[up].parent
		}
		if up == os.Getpid() {
			u.ours += p.cpu
		}
	}
	return u
}
