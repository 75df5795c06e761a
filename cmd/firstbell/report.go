package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"firstbell/report"
	"firstbell/report/html"
	"firstbell/report/junit"
	"firstbell/report/markdown"
	"firstbell/report/terminal"
	"firstbell/runner/results"
)

func newReportCmd(e *env) *cobra.Command {
	var (
		lang string
		told told
	)
	c := &cobra.Command{
		Use:   "report DIR",
		Short: "Rebuild the report of a run or session folder",
		Long: `Rebuild report.html, summary.json, summary.md and junit.xml from the raw data of a
run folder, byte for byte; also of a run that was killed, which is then marked cut.
The folder of a capacity or certify session is rebuilt from its trials.

What an operator knows is told afterwards, and the session's folder keeps it.
--servers and --other-size say how large the target was and what others measured of
it at other sizes.

--server-metrics brings what its servers measured of themselves, exported from their
monitoring; given again it replaces the file before. It is a CSV with the header
time,step,resource,value,ceiling and a reading a line, at least every 30 seconds:
  2026-11-22T09:00:00+01:00,2 post /auth/login,SSO pool connections,48,50
The report says whether the step that the trials named ran out of something when it
gave way. The clocks of the servers and of firstbell must agree within 10 seconds.

--before and --strengthened compare with the session before a change in which one
step alone was given more: whether the limit rose shows whether that step was it.`,
		Example: "  firstbell report runs/latest\n  firstbell report runs/latest --lang en\n  firstbell report runs/six --servers 6 --other-size runs/two --other-size runs/three --other-size runs/four\n  firstbell report runs/tuesday --server-metrics tuesday.csv\n  firstbell report runs/friday --before runs/tuesday --strengthened \"2 post /auth/login\"",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			lang = e.setting("lang", lang, cmd.Flags().Changed("lang"))
			if err := checkLang(cmd, lang); err != nil {
				return err
			}
			if err := told.check(); err != nil {
				return err
			}
			return runReport(e, args[0], lang, told)
		},
	}
	addLang(c, &lang)
	addTold(c, &told)
	return c
}

func runReport(e *env, dir, lang string, told told) error {
	dir = realDir(dir)
	if err := told.keep(dir); err != nil {
		return err
	}
	s, err := build(dir, lang)
	if err != nil {
		return unwritten(dir, err)
	}
	if err := printEnd(e, s, dir, lang); err != nil {
		return err
	}
	return verdictExit(report.ExitCode(s.Verdict, results.EndedAs(s.Run.EndedAs)))
}

// buildReport reads a run folder and writes everything derived from its raw
// data: the same folder gives the same bytes.
func buildReport(dir, lang string) (*report.Summary, error) {
	run, s, err := judgedRun(dir)
	if err != nil {
		return nil, err
	}
	if err := run.WriteDerived(dir); err != nil {
		return nil, err
	}
	return s, publish(s, dir, lang)
}

// publish writes the faces of a judged folder, then its manifest.
func publish(s *report.Summary, dir, lang string) (err error) {
	if s.Files, err = report.ListFiles(dir); err != nil {
		return err
	}
	if err := writeFaces(s, dir, lang); err != nil {
		return err
	}
	return results.WriteManifest(dir)
}

// judgedRun reads a run folder and judges it.
func judgedRun(dir string) (*results.Run, *report.Summary, error) {
	run, err := results.Open(dir)
	if err != nil {
		return nil, nil, &userError{exit: exitUsage, code: "FB0401", what: dir + " is not a run folder", why: err.Error(),
			fix: "give the folder that holds plan.json", cause: err}
	}
	sc, err := parseKept(run.Scenario, dir)
	if err != nil {
		return nil, nil, err
	}
	s, err := report.Judge(run, sc)
	if err != nil {
		return nil, nil, &userError{exit: exitUsage, code: "FB0401", what: "the run in " + dir + " is damaged", why: err.Error(),
			fix: "compare the folder with its MANIFEST.sha256", cause: err}
	}
	return run, s, nil
}

// writeFaces writes every face of the one Summary.
func writeFaces(s *report.Summary, dir, lang string) error {
	faces := []struct {
		name  string
		write func(io.Writer) error
	}{
		{"summary.json", func(w io.Writer) error { return writeJSON(w, s) }},
		{"summary.md", func(w io.Writer) error { return markdown.Write(w, s, lang) }},
		{"junit.xml", func(w io.Writer) error { return junit.Write(w, s, lang) }},
		{"report.html", func(w io.Writer) error { return html.Render(w, s, lang) }},
	}
	for _, f := range faces {
		if err := writeFile(dir, f.name, f.write); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(dir, name string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return results.WriteFileAtomic(filepath.Join(dir, name), b.Bytes())
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(v)
}

// printEnd writes the tables and the verdict, last, to standard output.
func printEnd(e *env, s *report.Summary, dir, lang string) error {
	width := 80
	if e.stdoutTTY {
		width = terminalWidth(e)
	}
	return terminal.Write(e.stdout, s, terminal.Options{
		Lang: lang, Width: width, Colour: e.colour(e.stdoutTTY), Report: filepath.Join(dir, "report.html"),
	})
}

// terminalWidth is the width of standard output, 80 when it is unknown.
func terminalWidth(e *env) int {
	if f, ok := e.stdout.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}
