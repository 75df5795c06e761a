//go:build slow && linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/runner/results"
)

// member is one worker process that a test has started.
type member struct {
	cmd *exec.Cmd
	at  island
	out bytes.Buffer // to be read once the process has ended
}

func (m *member) kill() {
	_ = m.cmd.Process.Signal(syscall.SIGCONT)
	_ = m.cmd.Process.Kill()
	_ = m.cmd.Wait()
}

// fleetRig is a coordinator and its workers, each a process of its own.
type fleetRig struct {
	*storm
	members []*member
	creds   string // folder of credentials
	listen  string // the coordinator's address
	dir     string
}

// credentialsFor runs `firstbell credentials`.
func credentialsFor(t *testing.T, workers int, hosts ...string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "credentials")
	args := []string{"credentials", "--workers", strconv.Itoa(workers), "--out", dir}
	for _, h := range hosts {
		args = append(args, "--host", h)
	}
	if out, err := firstbell(t, args...).CombinedOutput(); err != nil {
		t.Fatalf("credentials: %v\n%s", err, out)
	}
	return dir
}

// coordinate starts a coordinator that waits for its workers on loopback.
func coordinate(t *testing.T, scenario string, workers int, args ...string) *fleetRig {
	t.Helper()
	return coordinateAt(t, "127.0.0.1:"+freePort(t), credentialsFor(t, workers), scenario, workers, args...)
}

func coordinateAt(t *testing.T, listen, creds, scenario string, workers int, args ...string) *fleetRig {
	t.Helper()
	r := &fleetRig{creds: creds, listen: listen, dir: t.TempDir()}
	args = append([]string{"--listen", listen, "--workers", strconv.Itoa(workers), "--credentials", filepath.Join(creds, "roster.json")}, args...)
	r.storm = startStorm(t, scenario, args...)
	return r
}

func joinURL(address string) string { return "nats://" + address }

// join starts a worker; where is where it runs (the zero island: here), through
// which address it reaches the coordinator.
func (r *fleetRig) join(t *testing.T, where island, through string, args ...string) *member {
	t.Helper()
	name := fmt.Sprintf("w%03d", len(r.members))
	m := startMember(t, where, append([]string{"--join", joinURL(through), "--credentials", filepath.Join(r.creds, name+".json"),
		"--spool", filepath.Join(r.dir, "spool-"+name), "--linger", "30s"}, args...)...)
	r.members = append(r.members, m)
	return m
}

func startMember(t *testing.T, where island, args ...string) *member {
	t.Helper()
	m := &member{at: where}
	m.cmd = firstbell(t, append([]string{"worker"}, args...)...)
	if where.name != "" {
		m.cmd = where.inside(m.cmd)
	}
	m.cmd.Stdout, m.cmd.Stderr = &m.out, &m.out
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.kill()
		if t.Failed() {
			t.Logf("worker %v says:\n%s", args, m.out.String())
		}
	})
	return m
}

// islandFleet starts a coordinator here and each worker on an island, where the
// target and a relay to the coordinator stand on 127.0.0.1.
func islandFleet(t *testing.T, target *stampedTarget, storm fleetStorm, workers int, args ...string) (*fleetRig, []*relay) {
	t.Helper()
	places := newIslands(t, workers)
	storm.target = target.url()
	r := coordinate(t, storm.String(), workers, args...)
	relays := make([]*relay, workers)
	for i, n := range places {
		target.serve(n.listen(t, "127.0.0.1:"+strconv.Itoa(target.port)), nameOf(i))
		l := n.listen(t, "127.0.0.1:0")
		relays[i] = newRelay(t, l, r.listen)
		r.join(t, n, l.Addr().String())
	}
	return r, relays
}

func nameOf(i int) string { return fmt.Sprintf("w%03d", i) }

// localWorkers lists the worker processes a coordinator has started, in the
// order of their start; they end with the test, whatever becomes of their
// coordinator.
func localWorkers(t *testing.T, coordinator, want int) []int {
	t.Helper()
	var found []int
	until(t, fmt.Sprintf("%d worker processes", want), time.Minute, func() bool {
		found = childrenOf(coordinator, "worker")
		return len(found) >= want
	})
	t.Cleanup(func() {
		for _, pid := range found {
			if command := commandOf(pid); len(command) > 1 && command[1] == "worker" {
				_ = syscall.Kill(pid, syscall.SIGCONT)
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	return found
}

// childrenOf lists the processes of a parent whose first argument is command.
func childrenOf(parent int, command string) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var out []int
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// pid (name) state ppid; the name may hold anything.
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if len(fields) < 2 || fields[1] != strconv.Itoa(parent) || fields[0] == "Z" {
			continue
		}
		if args := commandOf(pid); len(args) > 1 && args[1] == command {
			out = append(out, pid)
		}
	}
	slices.Sort(out)
	return out
}

func commandOf(pid int) []string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.Split(string(b), "\x00")
}

// story is a fleet's run, read back, and what the target saw of it.
type story struct {
	run     *results.Run
	fleet   *results.Fleet
	ledgers *results.Ledgers
	sum     *report.Summary
	hits    []hit // from the first instant of the play on
}

// readStory reads a run folder and checks what must hold whatever happened:
// both ledgers balance, nobody was played twice, and no more people were in
// class, and no fewer, than the target let in.
func readStory(t *testing.T, dir string, target *stampedTarget) *story {
	t.Helper()
	run, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if run.Fleet == nil {
		t.Fatal("no fleet.json in the run folder")
	}
	s := &story{run: run, fleet: run.Fleet, ledgers: results.LedgerOf(run), sum: readSummary(t, dir)}
	if err := s.ledgers.Check(); err != nil {
		t.Errorf("the ledgers: %v", err)
	}
	people := s.ledgers.People.Total
	if !people.Balanced() || !s.ledgers.Attempts.Total.Balanced() {
		t.Errorf("people %s, attempts %s", people, s.ledgers.Attempts.Total)
	}
	equal(t, "intended people of the ledger", int(people.Intended), run.Plan.People)
	equal(t, "gaps in the records", gaps(run), 0)
	if target != nil {
		s.hits = target.after(run.Plan.Start.Add(-time.Second))
		s.agree(t)
	}
	return s
}

func gaps(run *results.Run) (n uint64) {
	for _, w := range run.Workers {
		n += w.Gaps
	}
	return n
}

// agree compares the ledger of people with what the target saw.
func (s *story) agree(t *testing.T) {
	t.Helper()
	people, seen := s.ledgers.People.Total, logins(s.hits)
	for who, n := range seen {
		if n != 1 {
			t.Errorf("%s logged in %d times", who, n)
		}
	}
	unknown := int(people.Of(results.Unfinished))
	if in := int(people.InClass()); len(seen) < in || len(seen) > in+unknown {
		t.Errorf("the target let %d people in; the ledger has %d in class and %d unfinished", len(seen), in, unknown)
	}
	if clicked := len(s.hits) - len(seen); clicked > int(people.Started) || clicked < int(people.Started)-unknown {
		t.Errorf("the target saw %d first clicks; the ledger has %d started, of them %d unfinished", clicked, people.Started, unknown)
	}
	lost := len(s.fleet.Losses) > 0
	if lost && s.sum.Verdict.Value == report.Ready && failedGate(s.sum, "V6") {
		t.Error("ready although V6 is broken")
	}
}

// exact is a story in which nothing is unknown: every number is the target's.
func (s *story) exact(t *testing.T) {
	t.Helper()
	people := s.ledgers.People.Total
	equal(t, "people in class", int(people.InClass()), len(logins(s.hits)))
	equal(t, "unfinished", people.Of(results.Unfinished), 0)
}

// reason counts the people of one reason.
func (s *story) reason(why results.Reason) (n uint64) {
	for _, c := range s.ledgers.People.Reasons() {
		if c.Reason == why {
			n += c.N
		}
	}
	return n
}

// lost says who was lost in a story in which nobody should be, "" nobody: a machine that
// stands still ends leases.
func (s *story) lost() string {
	if n := len(s.fleet.Losses); n > 0 {
		return fmt.Sprintf("%d workers were lost", n)
	}
	return ""
}

// loss is the one of a worker; nil when it was never lost.
func (s *story) loss(worker int) *results.Loss {
	for i := range s.fleet.Losses {
		if s.fleet.Losses[i].Worker == uint32(worker) {
			return &s.fleet.Losses[i]
		}
	}
	return nil
}

// at is the instant of an offset.
func (s *story) at(offset time.Duration) time.Time { return s.run.Plan.Start.Add(offset) }

// since is an instant as an offset.
func (s *story) since(at time.Time) time.Duration { return at.Sub(s.run.Plan.Start) }

// zeroOf waits for the run's folder and gives the first instant of the play,
// which may still be ahead.
func (s *storm) zeroOf(t *testing.T) time.Time {
	t.Helper()
	s.begun(t)
	run, err := results.Open(s.folder())
	if err != nil {
		t.Fatal(err)
	}
	return run.Plan.Start
}
