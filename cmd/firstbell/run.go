package main

import (
	"context"

	"github.com/spf13/cobra"

	"firstbell/scenarios"
)

func newRunCmd(e *env) *cobra.Command {
	var o playOptions
	c := &cobra.Command{
		Use:   "run SCENARIO",
		Short: "Replay the storm against the target, and write the readiness report",
		Long: `Replay the storm of a scenario at its real pace, and write a folder with the raw
data, report.html, summary.json, summary.md and junit.xml. The exit code is the
verdict. Ctrl-C stops all load within two seconds and still reports; a killed run
is reported later by: firstbell report DIR`,
		Example: "  firstbell run lycees.yaml\n  firstbell run lycees.yaml --scale 25% --set storm.play=08:57-09:03 --lang en",
		Args:    cobra.ExactArgs(1),
		RunE: withScenario(e, &o, func(ctx context.Context, sc *scenarios.Scenario) error {
			return execute(ctx, e, o, sc)
		}),
	}
	addPlay(c, &o)
	addShow(c, &o)
	return c
}
