//go:build slow && linux

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"firstbell/runner/results"
)

// TestStopAlone: `firstbell stop` ends a run that one process plays, and a session
// wherever it is.
func TestStopAlone(t *testing.T) {
	t.Parallel()
	t.Run("run", func(t *testing.T) {
		t.Parallel()
		ent := startEnt(t)
		s := startStorm(t, mini{target: ent.url, people: 1200, play: 40}.String())
		underWay(t, s, ent, 60)
		stopIt(t, s, filepath.Base(s.folder()))
		equal(t, "exit code", s.wait(t), 6)
		sum := s.summary(t)
		equal(t, "ended as", sum.Run.EndedAs, string(results.EndedStopped))
		if !strings.Contains(sum.Run.EndedCause, "the roof leaks") {
			t.Errorf("cause %q", sum.Run.EndedCause)
		}
		again := firstbell(t, "stop", s.folder())
		out, _ := again.CombinedOutput()
		if again.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "FB0608") {
			t.Errorf("stopping it again: exit %d\n%s", again.ProcessState.ExitCode(), out)
		}
	})
	t.Run("session", func(t *testing.T) {
		t.Parallel()
		ent := startEnt(t)
		dir := t.TempDir()
		file := filepath.Join(dir, "scenario.yaml")
		if err := os.WriteFile(file, []byte(mini{target: ent.url, people: 300, play: 10}.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		text, _ := os.ReadFile(file)
		text = bytes.Replace(text, []byte("in_class: rate>95%"), []byte("time_to_class: p(95)<3s"), 1)
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		s := start(t, func(c *exec.Cmd) *exec.Cmd { return c }, "capacity", file, filepath.Join(dir, "runs"), "--quick", "--max", "20")
		until(t, "a session", time.Minute, func() bool {
			found, _ := filepath.Glob(filepath.Join(s.out, "*", "trials", "*"))
			return len(found) > 0
		})
		stopIt(t, s, "latest")
		equal(t, "exit code", s.wait(t), 6)
		if found, _ := filepath.Glob(filepath.Join(s.out, "*", "dossier.json")); len(found) == 0 {
			t.Error("the session left no journal")
		}
	})
}

func stopIt(t *testing.T, s *storm, run string) {
	t.Helper()
	out, err := firstbell(t, "stop", run, "--out", s.out, "--why", "the roof leaks").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "stopped after") {
		t.Errorf("stop: %v\n%s", err, out)
	}
}

// TestFleetKeepsNoSecret looks for the planted secrets in what a fleet's killed
// coordinator leaves behind, in its processes, and in its run folder.
func TestFleetKeepsNoSecret(t *testing.T) {
	t.Parallel()
	ent := startEnt(t)
	dir := t.TempDir()
	rows := []string{"login,password"}
	for i := range 3000 {
		rows = append(rows, fmt.Sprintf("eleve%d,mdp-eleve%[1]d", i+1))
	}
	if err := os.WriteFile(filepath.Join(dir, "accounts.csv"), []byte(strings.Join(rows, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	m := mini{target: ent.url, people: 600, play: 30, accounts: "{csv: accounts.csv, synthetic: true, reuse: after_end}", top: "basic_auth: {user: staging, password: \"${env.PLANTED}\"}\n"}
	file := filepath.Join(dir, "scenario.yaml")
	if err := os.WriteFile(file, []byte(m.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	s := start(t, func(c *exec.Cmd) *exec.Cmd { c.Env = append(c.Env, "PLANTED="+planted+"-env"); return c }, "run", file, filepath.Join(dir, "runs"), "--workers", "2")
	s.begun(t)
	pids := localWorkers(t, s.cmd.Process.Pid, 2)
	for _, pid := range pids {
		for _, part := range []string{"cmdline", "environ"} {
			b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, part))
			if err != nil || bytes.Contains(b, []byte(planted)) || bytes.Contains(b, []byte("SU")) && part == "cmdline" {
				t.Errorf("%s of a worker: %q, %v", part, b, err)
			}
		}
	}
	time.Sleep(4 * time.Second)
	send(t, s.cmd, syscall.SIGKILL)
	s.wait(t)
	state := filepath.Join(s.out, fleetDir)
	if n := noneHolds(t, state, rosterFile, operatorFile); n < 5 {
		t.Errorf("only %d files of the fleet's state were looked at", n)
	}
	resume := firstbell(t, "run", "--resume", s.folder(), "--lang", "en")
	out, _ := resume.CombinedOutput()
	if resume.ProcessState.ExitCode() != 4 || bytes.Contains(out, []byte(planted)) {
		t.Errorf("resume: exit %d\n%s", resume.ProcessState.ExitCode(), out)
	}
	if folderExists(state) {
		t.Error("the fleet's state is still there after a clean end")
	}
	if n := noneHolds(t, s.folder()); n < 10 {
		t.Errorf("only %d files of the run were looked at", n)
	}
	if strings.Contains(s.stderr.String(), planted) {
		t.Error("a secret was printed")
	}
}

// noneHolds looks for secrets in every file but those that are for secrets, which
// nobody else may read.
func noneHolds(t *testing.T, dir string, keys ...string) (files int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		for _, k := range keys {
			if d.Name() == k {
				equal(t, "mode of "+k, info.Mode().Perm(), 0o600)
				return nil
			}
		}
		files++
		b, err := os.ReadFile(path)
		for _, s := range []string{planted, "mdp-eleve", "eleve12"} {
			if bytes.Contains(b, []byte(s)) {
				t.Errorf("%s holds %q", path, s)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return files
}

// TestListenWithoutRoster: on loopback credentials are made, and their files are
// said; a worker that joins with them plays.
func TestListenWithoutRoster(t *testing.T) {
	t.Parallel()
	ent := startEnt(t)
	addr := "127.0.0.1:" + freePort(t)
	s := startStorm(t, mini{target: ent.url, people: 300, play: 5}.String(), "--listen", addr, "--workers", "1")
	var keys string
	until(t, "the fleet's folder", time.Minute, func() bool {
		found, _ := filepath.Glob(filepath.Join(s.out, fleetDir, "*", stateFile))
		if len(found) == 1 {
			keys = filepath.Dir(found[0])
		}
		return len(found) == 1
	})
	w := startMember(t, island{}, "--join", "nats://"+addr, "--credentials", keys, "--index", "0", "--spool", t.TempDir())
	if code := s.wait(t); code > 4 || code == 2 || code == 1 {
		t.Errorf("exit %d", code)
	}
	if err := w.cmd.Wait(); err != nil {
		t.Errorf("the worker: %v\n%s", err, w.out.String())
	}
	equal(t, "workers", s.summary(t).Run.Workers, 1)
	if !strings.Contains(s.stderr.String(), "their credentials: ") {
		t.Errorf("it does not say where the credentials are:\n%s", s.stderr.String())
	}
}
