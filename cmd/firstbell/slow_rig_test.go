//go:build slow

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/runner/results"
)

// These tests run the real binary in processes of its own, against the example
// portal in another: go test -tags slow ./cmd/firstbell. The binary is this
// test binary under another name.

// manyAtOnce lets five tests run at once, whatever the number of processors:
// storms mostly wait.
func manyAtOnce() { _ = flag.Set("test.parallel", "5") }

// firstbellBinary is this test binary under the name firstbell, beside it, where
// go test removes both.
var firstbellBinary = sync.OnceValues(func() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), "firstbell")
	_ = os.Remove(path)
	return path, os.Link(self, path)
})

func firstbell(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := firstbellBinary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "CI=true")
	return cmd
}

// entProcess is a running example portal.
type entProcess struct {
	url, admin string
	cmd        *exec.Cmd
}

// startEnt starts the example portal on free ports; it ends with the test.
func startEnt(t *testing.T, args ...string) *entProcess {
	t.Helper()
	return startEntAs(t, firstbell(t, append([]string{"ent", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...))
}

func startEntAs(t *testing.T, cmd *exec.Cmd) *entProcess {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &entProcess{cmd: cmd}
	t.Cleanup(p.kill)
	r := bufio.NewReader(out)
	for _, want := range []struct {
		prefix string
		into   *string
	}{{"listening on ", &p.url}, {"admin on ", &p.admin}} {
		line, err := r.ReadString('\n')
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), want.prefix)
		if err != nil || !ok {
			t.Fatalf("ent says %q, want %q…: %v", line, want.prefix, err)
		}
		*want.into = rest
	}
	return p
}

func (p *entProcess) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// counters are the portal's own, by name of Counters.ByName, and arrivals.
func (p *entProcess) counters(t *testing.T) map[string]int64 {
	t.Helper()
	resp, err := http.Get(p.admin + "/counters")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var c struct {
		ByName           map[string]int64
		Arrivals, Logins int64
	}
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil {
		t.Fatal(err)
	}
	c.ByName["arrivals"], c.ByName["logins"] = c.Arrivals, c.Logins
	return c.ByName
}

// mode switches modes of the running portal.
func (p *entProcess) mode(t *testing.T, pairs ...string) {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	resp, err := http.PostForm(p.admin+"/modes", form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatalf("modes %v: %s", pairs, b)
	}
}

// storm is one `firstbell run` under way or ended.
type storm struct {
	cmd            *exec.Cmd
	out            string
	stdout, stderr bytes.Buffer
}

// startStorm starts a run of a scenario text.
func startStorm(t *testing.T, scenario string, args ...string) *storm {
	t.Helper()
	return startStormAs(t, func(cmd *exec.Cmd) *exec.Cmd { return cmd }, scenario, args...)
}

// startStormAs lets wrap put the command under something else.
func startStormAs(t *testing.T, wrap func(*exec.Cmd) *exec.Cmd, scenario string, args ...string) *storm {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "scenario.yaml")
	if err := os.WriteFile(file, []byte(scenario), 0o644); err != nil {
		t.Fatal(err)
	}
	return start(t, wrap, "run", file, filepath.Join(dir, "runs"), args...)
}

// start starts a command on a scenario file that makes a folder in out; more
// arguments outweigh ours.
func start(t *testing.T, wrap func(*exec.Cmd) *exec.Cmd, command, file, out string, args ...string) *storm {
	t.Helper()
	machine() // it watches from now on
	s := &storm{out: out}
	s.cmd = wrap(firstbell(t, append([]string{command, file, "--out", out, "--lang", "en", "--progress", "lines"}, args...)...))
	s.cmd.Stdout, s.cmd.Stderr = &s.stdout, &s.stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() })
	return s
}

// begun waits for the run's folder: the accounts are sampled, the first click
// comes in two seconds.
func (s *storm) begun(t *testing.T) {
	t.Helper()
	until(t, "the run's folder", time.Minute, func() bool { return s.folder() != "" })
}

// underWay waits until so many have logged in, the sampled accounts included.
func underWay(t *testing.T, s *storm, ent *entProcess, logins int64) {
	t.Helper()
	s.begun(t)
	until(t, "a storm under way", time.Minute, func() bool { return ent.counters(t)["logins"] > logins })
}

// wait ends the storm's process and gives its exit code, -1 when a signal
// killed it.
func (s *storm) wait(t *testing.T) int {
	t.Helper()
	err := s.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if t.Failed() || testing.Verbose() {
		t.Logf("exit code %d\n%s\n%s", s.cmd.ProcessState.ExitCode(), s.stdout.String(), s.stderr.String())
	}
	return s.cmd.ProcessState.ExitCode()
}

// folder is the run's folder, "" while there is none.
func (s *storm) folder() string {
	found, _ := filepath.Glob(filepath.Join(s.out, "*", "plan.json"))
	for _, f := range found {
		if dir := filepath.Dir(f); filepath.Base(dir) != "latest" {
			return dir
		}
	}
	return ""
}

// summary reads summary.json and checks that both ledgers balance to the unit.
func (s *storm) summary(t *testing.T) *report.Summary {
	t.Helper()
	return readSummary(t, s.folder())
}

func readSummary(t *testing.T, dir string) *report.Summary {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	s := new(report.Summary)
	if err := json.Unmarshal(b, s); err != nil {
		t.Fatal(err)
	}
	balanced(t, "people", s.People)
	balanced(t, "attempts", s.Attempts)
	return s
}

func balanced(t *testing.T, name string, l report.Ledger) {
	t.Helper()
	sum := l.InTime + l.Late + l.WaitingRoom + l.Quota + l.Blank + l.Error + l.Timeout + l.Unreachable + l.Invalid + l.Unfinished
	if l.Intended != l.Started+l.NotSent || l.Started != sum {
		t.Errorf("%s do not balance: %+v", name, l)
	}
}

// rebuild runs `firstbell report` and gives its exit code.
func rebuild(t *testing.T, dir string) int {
	t.Helper()
	cmd := firstbell(t, "report", dir, "--lang", "en")
	b, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if cmd.ProcessState.ExitCode() < 0 || cmd.ProcessState.ExitCode() > 2 {
		return cmd.ProcessState.ExitCode()
	}
	t.Logf("%s", b)
	return cmd.ProcessState.ExitCode()
}

// mini is a storm of people within seconds of play, against the example portal.
type mini struct {
	target        string
	people, play  int    // people in the eleves' group, seconds
	top           string // more top-level keys
	steps         string // more steps of the journey
	drain, inTime string
	noCriteria    bool
	accounts      string
}

func (m mini) String() string {
	if m.drain == "" {
		m.drain = "10s"
	}
	if m.inTime == "" {
		m.inTime = "5s"
	}
	if m.accounts == "" {
		m.accounts = `{generate: {count: 9000, login: "eleve${n}", password: "mdp-eleve${n}"}, synthetic: true, reuse: after_end}`
	}
	criteria := "criteria: {in_time: " + m.inTime + ", in_class: rate>95%}\n"
	if m.noCriteria {
		criteria = ""
	}
	return fmt.Sprintf(`version: 1
name: Collège de la Butte
target: %s
accounts: %s
population:
  - {persona: eleve, region: Nord, level: college, people: %d, show_up: 100%%}
storm:
  curve: {08:50-09:00: 100%%}
  play: 08:59:%02d-09:00:00
  batches: {share: 0%%}
personas:
  eleve: {role: pupil, think: 1s, journeys: connexion}
journeys:
  connexion:
    - get: /
      calls: [/auth/public/template/login-form.html]
    - post: /auth/login
      pause: 500ms
      form: {email: "${login}", password: "${password}", callBack: "", details: ""}
      expect: {url: /timeline/timeline}
      calls:
        - get: /auth/oauth2/userinfo
          expect: {json: {login: "${login}"}}
        - /theme
      in_class: true
%slimits: {drain: %s}
%s%s`, m.target, m.accounts, m.people*600/m.play, 60-m.play, m.steps, m.drain, criteria, m.top)
}

// until polls a condition.
func until(t *testing.T, what string, limit time.Duration, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

// failedGate reports whether a gate failed.
func failedGate(s *report.Summary, ids ...string) bool {
	return slices.ContainsFunc(s.Validity, func(g report.Gate) bool {
		return g.Status == report.NotMet && slices.Contains(ids, g.ID)
	})
}

func send(t *testing.T, cmd *exec.Cmd, sig syscall.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func atLeast(t *testing.T, what string, got, want uint64) {
	t.Helper()
	if got < want {
		t.Errorf("%s: %d, want at least %d", what, got, want)
	}
}

func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }

// intended is the number of people of a folder's plan.
func intended(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	var p results.Plan
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	return p.People
}
