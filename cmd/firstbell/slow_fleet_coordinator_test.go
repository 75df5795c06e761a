//go:build slow && linux

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"firstbell/runner/results"
)

// TestFleetCoordinatorKilled kills the coordinator, with the server inside it, in
// the middle of a storm, and starts it again.
func TestFleetCoordinatorKilled(t *testing.T) {
	for _, kind := range []string{"local", "remote"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			target := newStampedTarget(t, 0)
			storm := fleetStorm{target: target.url(), people: 900, play: 15}.String()
			r := &fleetRig{}
			var again []string
			if kind == "local" {
				r.storm = startStorm(t, storm, "--workers", "3")
			} else {
				r = coordinate(t, storm, 3)
				for range 3 {
					r.join(t, island{}, r.listen)
				}
				again = []string{"--listen", r.listen, "--credentials", filepath.Join(r.creds, "roster.json")}
			}
			zero := r.zeroOf(t)
			if kind == "local" {
				localWorkers(t, r.cmd.Process.Pid, 3)
			}
			time.Sleep(time.Until(zero.Add(5 * time.Second)))
			killed := time.Now()
			send(t, r.cmd, syscall.SIGKILL)
			_ = r.cmd.Wait()
			time.Sleep(2 * time.Second)
			promptly(t, "the coordinator dead, the last request came", killed, last(target.after(zero)), time.Second)
			dir := r.folder()
			resumed := firstbell(t, append([]string{"run", "--resume", dir, "--lang", "en", "--progress", "lines"}, again...)...)
			out, err := resumed.CombinedOutput()
			t.Logf("%s", out)
			equal(t, "exit code", resumed.ProcessState.ExitCode(), 4)
			if err == nil {
				t.Error("a storm that was cut is ready")
			}
			s := readStory(t, dir, target)
			t.Log(s.tell())
			equal(t, "unobserved", s.reason(results.ReasonUnobserved), 0)
			equal(t, "ended as", s.sum.Run.EndedAs, string(results.EndedAlone))
			equal(t, "outages", len(s.fleet.Outages), 1)
			s.knows(t, target, killed.Add(-2*time.Second))
			told := false
			for _, e := range s.run.Events {
				told = told || e.Kind == "coordinator_resumed"
			}
			if !told {
				t.Error("no event tells that the coordinator was started again")
			}
		})
	}
}

// knows: whoever the target had let in before an instant is in class in the
// ledger.
func (s *story) knows(t *testing.T, target *stampedTarget, before time.Time) {
	t.Helper()
	n := 0
	for _, h := range s.hits {
		if h.login != "" && h.at.Before(before) {
			n++
		}
	}
	if in := int(s.ledgers.People.Total.InClass()); in < n {
		t.Errorf("%d in class, and the target had let %d in two seconds before", in, n)
	}
	atLeast(t, "people let in before", uint64(n), 20)
}

// natsServer is one node of a cluster, a process.
type natsServer struct {
	cmd *exec.Cmd
	url string
}

// natsCluster starts three nodes on loopback, as an operator would.
func natsCluster(t *testing.T) []*natsServer {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "natsd")
	if out, err := exec.Command("go", "build", "-o", binary, "./testdata/natsd").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ports := []string{freePort(t), freePort(t), freePort(t)}
	var routes []string
	for _, p := range ports {
		routes = append(routes, "nats://127.0.0.1:"+p)
	}
	nodes := make([]*natsServer, 3)
	for i := range nodes {
		cmd := exec.Command(binary, "n"+strconv.Itoa(i), t.TempDir(), ports[i], strings.Join(routes, ","))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		n := &natsServer{cmd: cmd}
		t.Cleanup(func() { _ = n.cmd.Process.Kill(); _ = n.cmd.Wait() })
		lines := bufio.NewReader(out)
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		n.url = strings.TrimSpace(line)
		nodes[i] = n
		if i == 2 {
			if line, err = lines.ReadString('\n'); err != nil || strings.TrimSpace(line) != "ready" {
				t.Fatalf("the cluster: %q %v", line, err)
			}
		}
	}
	return nodes
}

// TestFleetClusterLosesNode runs a storm over three nodes and kills one.
func TestFleetClusterLosesNode(t *testing.T) {
	for victim := range 2 {
		t.Run(fmt.Sprint("node ", victim), func(t *testing.T) {
			t.Parallel()
			nodes := natsCluster(t)
			var urls []string
			for _, n := range nodes {
				urls = append(urls, n.url)
			}
			all := strings.Join(urls, ",")
			creds := credentialsFor(t, 3)
			target := newStampedTarget(t, 0)
			r := &fleetRig{creds: creds, dir: t.TempDir()}
			r.storm = startStorm(t, fleetStorm{target: target.url(), people: 900, play: 15}.String(),
				"--nats", all, "--workers", "3", "--credentials", filepath.Join(creds, "roster.json"))
			for range 3 {
				r.join(t, island{}, strings.TrimPrefix(all, "nats://"))
			}
			zero := r.zeroOf(t)
			time.Sleep(time.Until(zero.Add(5 * time.Second)))
			killed := time.Now()
			send(t, nodes[victim].cmd, syscall.SIGKILL)
			code := r.wait(t)
			s := readStory(t, r.folder(), target)
			t.Logf("exit %d, %s", code, s.tell())
			s.knows(t, target, killed.Add(-time.Second))
			equal(t, "unobserved", s.reason(results.ReasonUnobserved), 0)
		})
	}
}
