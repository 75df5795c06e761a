package main

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"firstbell/scenarios"
)

func newCheckCmd(e *env) *cobra.Command {
	var o playOptions
	c := &cobra.Command{
		Use:   "check SCENARIO",
		Short: "Check a scenario file and print what it assumes",
		Long: `Check a scenario file, contact nobody, and report every mistake at once with its
line and column. When there is none, print what the file says and every default
without data behind it, so that somebody can contest it.`,
		Example: "  firstbell check lycees.yaml\n  firstbell check lycees.yaml --set storm.play=08:57-09:03",
		Args:    cobra.ExactArgs(1),
		RunE: withScenario(e, &o, func(_ context.Context, sc *scenarios.Scenario) error {
			p, err := planOf(e, o, sc, e.now())
			if err != nil {
				return err
			}
			if err := printCheck(e.stdout, sc, p); err != nil {
				return err
			}
			return refuseMisfit(p, sc)
		}),
	}
	addPlay(c, &o)
	return c
}

// printCheck says back what the file means.
func printCheck(w io.Writer, sc *scenarios.Scenario, p *planned) error {
	b := bufio.NewWriter(w)
	row := func(key, format string, args ...any) {
		fmt.Fprintf(b, "%-12s "+format+"\n", append([]any{key}, args...)...)
	}
	row("scenario", "%s", sc.Name)
	for i, h := range p.Hosts {
		kind := "host"
		if i == 0 {
			kind = "target"
		}
		row(kind, "%s", h)
	}
	row("accounts", "%d, synthetic%s", sc.Accounts.Len(), map[bool]string{true: ", reused after a person has ended"}[sc.Accounts.Reuse == scenarios.ReuseAfterEnd])
	row("storm", "%s %s-%s, judged %s-%s", orDash(p.Profile), hhmmss(p.PlayFrom), hhmmss(p.PlayTo), hhmmss(p.PeakFrom), hhmmss(p.PeakTo))
	row("people", "%d come, in %d groups", p.People, len(p.Groups))
	for _, j := range sc.Journeys {
		row("journey", "%s, %d steps", j.Name, len(j.Steps))
	}
	if len(sc.Criteria.List) == 0 {
		row("criteria", "none: the verdict will be inconclusive")
	}
	for _, c := range sc.Criteria.List {
		row("criterion", "%s %s (%s)", c.ID, c.Text, c.Severity)
	}
	for _, n := range p.Notes {
		row("note", "%s", n)
	}
	if len(sc.Assumptions) > 0 {
		fmt.Fprintln(b, "\nassumptions (defaults without data behind them; the report prints them too)")
		for _, a := range sc.Assumptions {
			fmt.Fprintf(b, "  %-28s %-24s %s\n", a.Key, a.Value, a.Source)
		}
	}
	fmt.Fprintln(b, "\nno mistake found")
	return b.Flush()
}
