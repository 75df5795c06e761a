package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"firstbell/report"
	"firstbell/report/markdown"
	"firstbell/report/terminal"
	"firstbell/runner/results"
)

func newCompareCmd(e *env) *cobra.Command {
	var lang, format string
	var effect float64
	c := &cobra.Command{
		Use:   "compare RUN BASELINE",
		Short: "Compare a run with an earlier one, with an interval on every difference",
		Long: `Compare two run or session folders metric by metric. A difference counts as a
regression only if its 95 % interval excludes zero and it is at least --effect
large; runs of another plan, other criteria, another target or another scale are
not compared, and what differs is listed.

Exit codes here: 0 no regression, 3 regression, 4 not comparable.`,
		Example: "  firstbell compare runs/latest runs/20210406-085500-x7k2\n  firstbell compare runs/latest baseline --format json",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			lang = e.setting("lang", lang, cmd.Flags().Changed("lang"))
			if err := checkLang(cmd, lang); err != nil {
				return err
			}
			if err := oneOf("format", format, "text", "markdown", "json"); err != nil {
				return err
			}
			if effect < 0 || effect > 1 {
				return usageError("--effect %g: want a share from 0 to 1, like 0.1", effect)
			}
			return runCompare(e, args[0], args[1], lang, format, effect)
		},
	}
	addLang(c, &lang)
	c.Flags().StringVar(&format, "format", "text", "text, markdown or json")
	c.Flags().Float64Var(&effect, "effect", 0.1, "smallest relative difference that is a regression")
	return c
}

func runCompare(e *env, now, before, lang, format string, effect float64) error {
	nowRun, nowSummary, err := judged(realDir(now))
	if err != nil {
		return err
	}
	oldRun, oldSummary, err := judged(realDir(before))
	if err != nil {
		return err
	}
	c := report.Compare(nowRun, oldRun, nowSummary, oldSummary, report.CompareOptions{Effect: effect})
	switch format {
	case "json":
		err = writeJSON(e.stdout, c)
	case "markdown":
		err = markdown.WriteComparison(e.stdout, c, lang)
	default:
		err = terminal.WriteComparison(e.stdout, c, terminal.Options{Lang: lang, Width: 80, Colour: e.colour(e.stdoutTTY)})
	}
	if err != nil {
		return err
	}
	return verdictExit(compareExit(c))
}

func compareExit(c report.Comparison) int {
	switch {
	case c.Reading == report.NotComparable:
		return exitInconclusive
	case c.Regression:
		return exitNotReady
	}
	return exitReady
}

// judged reads and judges a folder without writing anything into it. The run
// of a session is the one its report describes.
func judged(dir string) (*results.Run, *report.Summary, error) {
	if !results.IsDossier(dir) {
		return judgedRun(dir)
	}
	s, err := judgedSession(dir)
	if err != nil {
		return nil, nil, err
	}
	if s.Session == nil || s.Session.Main == "" {
		return nil, s, nil
	}
	run, err := results.Open(results.TrialPath(dir, filepath.Base(s.Session.Main)))
	return run, s, err
}
