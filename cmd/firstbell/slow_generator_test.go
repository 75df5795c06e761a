//go:build slow

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"firstbell/report"
)

// These storms are held by the portal and spoilt by the machine that plays
// them: the verdict must be inconclusive, with the gate named, never ready.

func spoilt(t *testing.T, s *storm, gates ...string) {
	t.Helper()
	equal(t, "exit code", s.wait(t), 4)
	sum := s.summary(t)
	equal(t, "verdict", sum.Verdict.Value, report.Inconclusive)
	equal(t, "cause", sum.Verdict.Cause, report.CauseGenerator)
	if !failedGate(sum, gates...) {
		t.Errorf("none of the gates %v failed: %+v", gates, sum.Validity)
	}
	named := false
	for _, g := range gates {
		named = named || strings.Contains(s.stdout.String(), "✗ "+g)
	}
	if !named {
		t.Errorf("the terminal names none of %v:\n%s", gates, s.stdout.String())
	}
}

// throttled makes a group of processes that may use a tenth of a processor.
func throttled(t *testing.T) (add func(pid int)) {
	t.Helper()
	name := fmt.Sprintf("firstbell-test-%d", os.Getpid())
	for _, v := range []struct{ root, file, quota string }{
		{"/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "10000"},
		{"/sys/fs/cgroup", "cpu.max", "10000 100000"},
	} {
		dir := filepath.Join(v.root, name)
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		if os.WriteFile(filepath.Join(dir, v.file), []byte(v.quota), 0o644) != nil {
			continue
		}
		return func(pid int) {
			if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644); err != nil {
				t.Skipf("no process can be moved into a control group: %v", err)
			}
		}
	}
	t.Skip("control groups cannot be made here")
	return nil
}

func TestTenthOfACore(t *testing.T) {
	add := throttled(t)
	ent := startEnt(t)
	s := startStorm(t, mini{target: ent.url, people: 1200, play: 12}.String())
	underWay(t, s, ent, 150)
	add(s.cmd.Process.Pid)
	spoilt(t, s, "V1", "V2", "V3")
}

// TestTenthOfACoreFromTheStart is refused or inconclusive.
func TestTenthOfACoreFromTheStart(t *testing.T) {
	add := throttled(t)
	ent := startEnt(t)
	s := startStormAs(t, func(cmd *exec.Cmd) *exec.Cmd {
		sh := exec.Command("sh", append([]string{"-c", `read go; exec "$0" "$@"`}, cmd.Args...)...)
		sh.Env = cmd.Env
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		sh.Stdin = r
		t.Cleanup(func() { r.Close(); w.Close() })
		time.AfterFunc(300*time.Millisecond, func() { fmt.Fprintln(w, "go") })
		return sh
	}, mini{target: ent.url, people: 900, play: 10}.String())
	add(s.cmd.Process.Pid)
	code := s.wait(t)
	if code != 4 && code != 5 {
		t.Errorf("exit code %d; want 4 or 5", code)
	}
	if code == 4 && !failedGate(s.summary(t), "V1", "V2", "V3") {
		t.Error("no gate is named")
	}
}

// TestCrowdedCore shares the one allowed core with spinning processes.
func TestCrowdedCore(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("taskset is Linux's")
	}
	ent := startEnt(t)
	s := startStormAs(t, func(cmd *exec.Cmd) *exec.Cmd {
		pinned := exec.Command("taskset", append([]string{"-c", "0"}, cmd.Args...)...)
		pinned.Env = cmd.Env
		return pinned
	}, mini{target: ent.url, people: 1200, play: 12}.String())
	underWay(t, s, ent, 100)
	for range 12 {
		spin := exec.Command("taskset", "-c", "0", "sh", "-c", "while :; do :; done")
		if err := spin.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = spin.Process.Kill(); _ = spin.Wait() })
	}
	spoilt(t, s, "V1", "V2", "V3")
}

// TestSuspended stops the process for two seconds while people arrive.
func TestSuspended(t *testing.T) {
	t.Parallel()
	ent := startEnt(t)
	s := startStorm(t, mini{target: ent.url, people: 500, play: 12}.String())
	underWay(t, s, ent, 100)
	send(t, s.cmd, syscall.SIGSTOP)
	time.Sleep(2 * time.Second)
	send(t, s.cmd, syscall.SIGCONT)
	spoilt(t, s, "V1", "V2", "V3")
}

// TestSuspendedInTheDrain stops it when nobody is due any more; people's times
// are wrong all the same.
func TestSuspendedInTheDrain(t *testing.T) {
	t.Parallel()
	ent := startEnt(t)
	s := startStorm(t, mini{target: ent.url, people: 400, play: 5, drain: "20s", inTime: "9s"}.String())
	s.begun(t)
	ent.mode(t, "delay", "1500ms")
	until(t, "the end of arrivals", 30*time.Second, func() bool { return age(s) > 7500*time.Millisecond })
	send(t, s.cmd, syscall.SIGSTOP)
	time.Sleep(3 * time.Second)
	send(t, s.cmd, syscall.SIGCONT)
	if code := s.wait(t); code == 0 {
		t.Error("ready, though the clock of the test stood still")
	}
	s.summary(t)
}

// TestDescriptorsCut takes the descriptors away in the middle of the storm.
func TestDescriptorsCut(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("prlimit"); err != nil {
		t.Skip("no prlimit here")
	}
	ent := startEnt(t)
	s := startStorm(t, mini{target: ent.url, people: 900, play: 12}.String())
	s.begun(t)
	ent.mode(t, "delay", "400ms")
	underWay(t, s, ent, 100)
	out, err := exec.Command("prlimit", "--pid", strconv.Itoa(s.cmd.Process.Pid), "--nofile=40:40").CombinedOutput()
	if err != nil {
		t.Skipf("prlimit: %s", out)
	}
	spoilt(t, s, "V1", "V2", "V3")
}

// TestDoesNotFit is refused before the first byte, with what to do.
func TestDoesNotFit(t *testing.T) {
	t.Parallel()
	ent := startEnt(t)
	s := startStormAs(t, func(cmd *exec.Cmd) *exec.Cmd {
		small := exec.Command("sh", append([]string{"-c", `ulimit -n 200; exec "$0" "$@"`}, cmd.Args...)...)
		small.Env = cmd.Env
		return small
	}, mini{target: ent.url, people: 2000, play: 10}.String())
	equal(t, "exit code", s.wait(t), 5)
	for _, want := range []string{"FB0302", "descriptors", "fix:", "ulimit", "--scale"} {
		if !strings.Contains(s.stderr.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, s.stderr.String())
		}
	}
	equal(t, "requests at the portal", ent.counters(t)["arrivals"], 0)
	equal(t, "folder", s.folder(), "")
}

// TestNoCriteria is never a success.
func TestNoCriteria(t *testing.T) {
	t.Parallel()
	ent := startEnt(t)
	s := startStorm(t, mini{target: ent.url, people: 100, play: 5, noCriteria: true}.String())
	equal(t, "exit code", s.wait(t), 4)
	sum := s.summary(t)
	equal(t, "cause", sum.Verdict.Cause, report.CauseNoCriteria)
}

// TestDeadTarget: nobody listens, from the first second.
func TestDeadTarget(t *testing.T) {
	t.Parallel()
	s := startStorm(t, mini{target: "http://127.0.0.1:" + freePort(t), people: 400, play: 6, top: "patience: none\n"}.String())
	code := s.wait(t)
	sum := s.summary(t)
	equal(t, "ended as", sum.Run.EndedAs, "planned")
	equal(t, "unreachable", sum.People.Unreachable, sum.People.Started)
	equal(t, "not sent", sum.People.NotSent, 0)
	if code != 3 && code != 4 {
		t.Errorf("exit code %d", code)
	}
}

// TestTargetDies: the storm goes on against a portal killed in its middle.
func TestTargetDies(t *testing.T) {
	t.Parallel()
	ent := startEnt(t)
	s := startStorm(t, mini{target: ent.url, people: 400, play: 10, top: "patience: none\n"}.String())
	underWay(t, s, ent, 100)
	ent.kill()
	code := s.wait(t)
	sum := s.summary(t)
	equal(t, "ended as", sum.Run.EndedAs, "planned")
	equal(t, "not sent", sum.People.NotSent, 0)
	atLeast(t, "unreachable", sum.People.Unreachable, 50)
	if code != 3 && code != 4 {
		t.Errorf("exit code %d", code)
	}
}

// TestDiskFull: a folder that cannot be written ends the run with the reason.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no file system can be mounted here: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", dir).Run() })
	ent := startEnt(t)
	s := startStorm(t, mini{target: ent.url, people: 600, play: 15}.String(), "--out", dir)
	equal(t, "exit code", s.wait(t), 1)
	if !strings.Contains(s.stderr.String(), "no space left") {
		t.Errorf("it does not say why:\n%s", s.stderr.String())
	}
	quiet(t, ent)
}
