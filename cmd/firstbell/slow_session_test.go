//go:build slow

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"firstbell/runner/results"
)

// sessionIn is the folder and journal of the only session below out.
func sessionIn(out string) (string, *results.Dossier) {
	found, _ := filepath.Glob(filepath.Join(out, "2*", results.DossierFile))
	if len(found) != 1 {
		return "", nil
	}
	d, err := results.ReadDossier(filepath.Dir(found[0]))
	if err != nil {
		return "", nil
	}
	return filepath.Dir(found[0]), d
}

// TestSessionGoesOn kills a session while it searches and gives the same command
// again: what was finished is kept to the byte and not played again, the report
// says that it was cut, and an interruption ends it with a report.
func TestSessionGoesOn(t *testing.T) {
	t.Parallel()
	ent := startEnt(t, "--workers", "4", "--service", "80ms", "--cv2", "1")
	dir := t.TempDir()
	file, out := filepath.Join(dir, "scenario.yaml"), filepath.Join(dir, "runs")
	scenario := mini{target: ent.url, people: 100, play: 10, noCriteria: true,
		top: "criteria: {in_time: 5s, time_to_class: p(95)<5s}\npatience: none\n"}.String()
	if err := os.WriteFile(file, []byte(scenario), 0o644); err != nil {
		t.Fatal(err)
	}
	plain := func(cmd *exec.Cmd) *exec.Cmd { return cmd }

	first := start(t, plain, "capacity", file, out, "--quick")
	until(t, "the first plateau", 6*time.Minute, func() bool {
		dir, d := sessionIn(out)
		return d != nil && d.Calibration != nil && len(folders(dir)) > len(d.Trials)
	})
	send(t, first.cmd, syscall.SIGKILL)
	_ = first.cmd.Wait()
	where, before := sessionIn(out)
	kept := digest(t, where, before)

	again := start(t, plain, "capacity", file, out, "--quick")
	until(t, "one more trial", 8*time.Minute, func() bool {
		_, d := sessionIn(out)
		return d != nil && len(d.Trials) > len(before.Trials)
	})
	send(t, again.cmd, syscall.SIGINT)
	equal(t, "exit code", again.wait(t), 130)
	if said := again.stderr.String(); !strings.Contains(said, "an interrupted session goes on") {
		t.Errorf("it did not say that it goes on:\n%s", said)
	}
	dirNow, after := sessionIn(out)
	equal(t, "folder", dirNow, where)
	if got := digest(t, where, before); !reflect.DeepEqual(got, kept) {
		t.Error("a trial that was finished has changed")
	}
	if len(after.Resumed) != 1 || after.Resumed[0].Trial != before.Trials[len(before.Trials)-1].Name {
		t.Errorf("resumed: %+v", after.Resumed)
	}
	s := readSummary(t, where)
	if s.Session == nil || len(s.Session.Resumed) != 1 {
		t.Errorf("the report does not know: %+v", s.Session)
	}
	equal(t, "verdict", string(s.Verdict.Value), "inconclusive")
	if page, err := os.ReadFile(filepath.Join(where, "report.html")); err != nil || !strings.Contains(string(page), "taken up again") {
		t.Errorf("page one does not say that the session was cut (%v)", err)
	}
}

// folders lists the trials' folders of a session.
func folders(dir string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, results.TrialDir, "*"))
	return found
}

// digest is the raw data of a journal's trials.
func digest(t *testing.T, dir string, d *results.Dossier) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, trial := range d.Trials {
		b, err := os.ReadFile(filepath.Join(results.TrialPath(dir, trial.Name), results.DeltaDir, "w000.delta"))
		if err != nil {
			t.Error(err)
		}
		out[trial.Name] = string(b)
	}
	return out
}
