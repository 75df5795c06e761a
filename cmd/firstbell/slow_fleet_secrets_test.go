//go:build slow && linux

package main

import (
	"bytes"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNoSecretLeavesAFleet kills the coordinator of two workers in the middle of a
// storm against a portal that repeats every secret, and looks for them in all that
// is left: the run's folder, the spools, the server's store with the sealed inputs,
// the workers' lines. Then again when the run has been taken up and closed.
func TestNoSecretLeavesAFleet(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"local", "remote"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(indiscreet())
			defer srv.Close()
			dir := t.TempDir()
			file := plantedScenario(t, dir, srv.URL)
			r := &fleetRig{dir: filepath.Join(dir, "runs")} // spools are looked at as well
			args := []string{"--set", "storm.play=08:59:48-09:00:00", "--workers", "2"}
			if kind == "remote" {
				r.creds, r.listen = credentialsFor(t, 2), "127.0.0.1:"+freePort(t)
				args = append(args, "--listen", r.listen, "--credentials", filepath.Join(r.creds, "roster.json"))
			}
			r.storm = start(t, withPlanted, "run", file, r.dir, args...)
			if kind == "remote" {
				r.join(t, island{}, r.listen)
				r.join(t, island{}, r.listen)
			}
			zero := r.zeroOf(t)
			if kind == "local" {
				localWorkers(t, r.cmd.Process.Pid, 2)
			}
			time.Sleep(time.Until(zero.Add(6 * time.Second)))
			send(t, r.cmd, syscall.SIGKILL)
			_ = r.cmd.Wait()
			time.Sleep(2 * time.Second) // the workers have stopped
			discreetBelow(t, r.dir)
			for _, where := range []string{".spool", "store"} {
				if !heldBelow(t, r.dir, where, "elsewhere.example") {
					t.Errorf("no file of %s holds what it should: it was not looked into", where)
				}
			}
			run := filepath.Base(r.folder())
			resumed := withPlanted(firstbell(t, "run", "--resume", run, "--out", r.dir, "--lang", "en"))
			printed, _ := resumed.CombinedOutput()
			equal(t, "exit code", resumed.ProcessState.ExitCode(), 4)
			discreet(t, "printed", append(append(printed, r.stdout.Bytes()...), r.stderr.Bytes()...))
			discreetBelow(t, r.dir)
			for i, m := range r.members {
				_ = m.cmd.Wait()
				discreet(t, nameOf(i), m.out.Bytes())
			}
		})
	}
}

// withPlanted gives a command the secret of its environment.
func withPlanted(cmd *exec.Cmd) *exec.Cmd {
	cmd.Env = append(cmd.Env, "PLANTED="+planted+"-env")
	return cmd
}

// heldBelow reports whether a file below a folder whose path has a part holds a
// text.
func heldBelow(t *testing.T, dir, part, text string) (held bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, part) {
			return err
		}
		b, err := os.ReadFile(path)
		held = held || bytes.Contains(b, []byte(text))
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return held
}
