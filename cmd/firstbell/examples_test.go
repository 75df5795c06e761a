package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"firstbell/report/reporttest"
)

// loads are the commands whose examples send load, wait for somebody or need sessions
// that were played; theirs are only read, with --help at the end: a flag that does not
// exist fails.
var loads = []string{"demo", "run", "capacity", "certify", "smoke", "ent", "worker", "stop", "fleet", "--verify", "--other-size", "--server-metrics", "--before"}

// TestExamples runs every example of every help, in the order of the manual, in
// a folder with a file of accounts and a finished run.
func TestExamples(t *testing.T) {
	run := reporttest.Write(t, reporttest.SpecOf(t, "ready"))
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("runs", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"runs/latest", "runs/20210406-085500-x7k2", "baseline"} {
		if err := os.Symlink(run, name); err != nil {
			t.Fatal(err)
		}
	}
	csv := []string{"login,password"}
	for i := range 12_000 {
		csv = append(csv, fmt.Sprintf("eleve%d,secret%d", i, i))
	}
	if err := os.WriteFile("accounts.csv", []byte(strings.Join(csv, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := example(t, `firstbell init entcore > lycees.yaml`); got != "" {
		t.Fatal(got)
	}
	preset, err := os.ReadFile("lycees.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("runs/latest/scenario.yaml", preset, 0o644); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, line := range exampleLines(newRootCmd(&env{getenv: func(string) string { return "" }})) {
		seen++
		if got := example(t, line); got != "" {
			t.Errorf("%s\n%s", line, got)
		}
	}
	if seen < 15 {
		t.Errorf("only %d examples", seen)
	}
}

// exampleLines are the examples of a command and of all below it.
func exampleLines(c *cobra.Command) (lines []string) {
	for _, line := range strings.Split(c.Example, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	for _, sub := range c.Commands() {
		if sub.Runnable() && sub.Example == "" && !sub.Hidden && sub.Name() != "help" && sub.Name() != "completion" {
			lines = append(lines, sub.Name()+" has no example")
		}
		lines = append(lines, exampleLines(sub)...)
	}
	return lines
}

// example runs one line as a shell would; "" when it ended as it should.
func example(t *testing.T, line string) string {
	t.Helper()
	line, into, redirected := strings.Cut(line, " > ")
	args := words(line)
	if args[0] != "firstbell" {
		return "not a firstbell command"
	}
	args = args[1:]
	for _, w := range args {
		for _, l := range loads {
			if w == l {
				args = append(args, "--help")
			}
		}
	}
	var out, errs bytes.Buffer
	code := Main(context.Background(), &env{args: args, stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		getenv: func(string) string { return "" }, now: time.Now})
	if code != 0 {
		return fmt.Sprintf("exit %d\n%s", code, errs.String())
	}
	if out.Len() == 0 && len(args) > 0 && !strings.Contains(line, "--file") {
		return "it printed nothing"
	}
	if redirected {
		if err := os.WriteFile(into, out.Bytes(), 0o644); err != nil {
			return err.Error()
		}
	}
	return ""
}

// words splits at spaces outside double quotes.
func words(line string) (all []string) {
	quoted := false
	for _, w := range strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	}) {
		all = append(all, strings.ReplaceAll(w, `"`, ""))
	}
	return all
}
