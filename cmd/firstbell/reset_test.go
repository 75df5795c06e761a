package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"firstbell/runner/capacity"
	"firstbell/runner/results"
)

func TestWhatNeedsAColdTarget(t *testing.T) {
	for kind, want := range map[results.TrialKind]bool{
		results.TrialStorm: true, results.TrialRecovery: true,
		results.TrialPlateau: false, results.TrialIsolation: false, results.TrialCalibration: false,
	} {
		if needsCold(kind) != want {
			t.Errorf("%s: %v", kind, !want)
		}
	}
}

// wholeMorning is a storm to play.
func wholeMorning(name string) capacity.Spec {
	return capacity.Spec{Name: name, Stage: results.StageStorm, Conduct: results.Conduct{Kind: results.TrialStorm, Factor: 1}}
}

// TestReset: a target that could not be brought to a cold start is not loaded; the
// operator reads why, the folder keeps neither the command nor what it printed, and
// the same command goes on.
func TestReset(t *testing.T) {
	sc, asked := watched(t)
	down := parsed(t, strings.Replace(calibrated, "http://127.0.0.1", "http://127.0.0.1:1", 1))
	for name, row := range map[string]struct {
		command string
		down    bool
		limit   time.Duration
		failed  string
		said    string
	}{
		"done":             {command: "true", limit: time.Minute},
		"leaves a process": {command: "sleep 3 &", limit: time.Minute},
		"fails":            {command: `echo one; printf 'token=abcdef \033[2Jno such host\n\n' >&2; exit 3`, limit: time.Minute, failed: results.ResetExit, said: "exit status 3: token=••• [2Jno such host"},
		"is unknown":       {command: "/nowhere/reset", limit: time.Minute, failed: results.ResetExit, said: "exit status 127"},
		"takes too long":   {command: "echo begun; sleep 60", limit: 300 * time.Millisecond, failed: results.ResetTimeout, said: "its last line: begun"},
		"target stays off": {command: "true", down: true, limit: 300 * time.Millisecond, failed: results.ResetSilent, said: "nobody gets in"},
	} {
		t.Run(name, func(t *testing.T) {
			target := sc
			if row.down {
				target = down
			}
			s := aSession(t, target, "capacity", t.TempDir(), true)
			var said strings.Builder
			s.e.stderr = &said
			s.o.reset, s.o.resetTimeout = row.command, row.limit
			before, _ := asked()
			_, err := (&player{s}).playNow(cancelAfterReset(t, s, row.failed), wholeMorning("012-storm"), nil)
			if row.failed == "" {
				after, _ := asked()
				if r := s.d.Resets; len(r) != 1 || r[0].Failed != "" || r[0].Answered <= 0 || after == before || errors.Is(err, errSessionEnds) {
					t.Errorf("%+v, %v, %d requests", r, err, after-before)
				}
				return
			}
			if !errors.Is(err, errSessionEnds) || s.ended.How != results.EndedReset || !goesOn(&s.ended) || folderExists(results.TrialPath(s.dir, "012-storm")) {
				t.Errorf("%v, ended as %q", err, s.ended.How)
			}
			if r := s.d.Resets; len(r) != 1 || r[0].Trial != "012-storm" || r[0].Failed != row.failed {
				t.Errorf("journal: %+v", r)
			}
			if !strings.Contains(said.String(), row.said) || strings.ContainsRune(said.String(), 0x1b) || strings.Contains(said.String(), "abcdef") {
				t.Errorf("said: %q", said.String())
			}
			kept, _ := os.ReadFile(filepath.Join(s.dir, results.DossierFile))
			for _, secret := range []string{"abcdef", "no such host", "sleep 60", "/nowhere"} {
				if strings.Contains(string(kept), secret) {
					t.Errorf("the journal holds %q", secret)
				}
			}
		})
	}
}

// cancelAfterReset ends what follows a reset that is to succeed: the trial itself is no
// part of the test.
func cancelAfterReset(t *testing.T, s *session, failed string) context.Context {
	if failed != "" {
		return t.Context()
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for ctx.Err() == nil {
			if d, err := results.ReadDossier(s.dir); err == nil && len(d.Resets) > 0 {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	return ctx
}

// TestAnInterruptedResetEndsWhole: who stops the session stops the command with
// everything it has started; the trial is not in the journal, and is reset again.
func TestAnInterruptedResetEndsWhole(t *testing.T) {
	s := aSession(t, parsed(t, calibrated), "capacity", t.TempDir(), true)
	file := filepath.Join(t.TempDir(), "pid")
	s.o.reset, s.o.resetTimeout = fmt.Sprintf("sleep 61 & echo $! > %s.new; mv %s.new %s; wait", file, file, file), time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.cold(ctx, wholeMorning("012-storm")) }()
	var pid int
	for deadline := time.Now().Add(20 * time.Second); pid == 0 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		b, _ := os.ReadFile(file)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(b)))
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || pid == 0 {
		t.Fatalf("%v, process %d", err, pid)
	}
	for deadline := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("what the command had started goes on")
		}
	}
	if len(s.d.Resets) != 0 || s.stopped(ctx, context.Canceled) != nil || s.ended.How != results.EndedInterrupted {
		t.Errorf("%+v, %q", s.d.Resets, s.ended.How)
	}
}

// alive reports whether a process runs; one that nobody has waited for does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(state), ") Z ")
}

// TestIdleTimeOnly: without a command a session says what it did not prove, once.
func TestIdleTimeOnly(t *testing.T) {
	s := aSession(t, morningOf(t, 3, 3000, withTime), "capacity", t.TempDir(), false)
	plateau := capacity.Spec{Conduct: results.Conduct{Kind: results.TrialPlateau}}
	for _, spec := range []capacity.Spec{plateau, wholeMorning("012-storm"), wholeMorning("013-storm")} {
		if err := s.cold(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.d.Unproved) != 1 || s.d.Unproved[0] != "cold" || len(s.d.Resets) != 0 {
		t.Errorf("unproved %v, resets %v", s.d.Unproved, s.d.Resets)
	}
}
