package main

import (
	"context"

	"github.com/spf13/cobra"

	"firstbell/scenarios"
)

func newRunCmd(e *env) *cobra.Command {
	var o playOptions
	var linger string
	c := &cobra.Command{
		Use:   "run SCENARIO",
		Short: "Replay the storm against the target, and write the readiness report",
		Long: `Replay the storm of a scenario at its real pace, and write a folder with the raw
data, report.html, summary.json, summary.md and junit.xml. The exit code is the
verdict. Ctrl-C stops all load within two seconds and still reports; a killed run
is reported later by: firstbell report DIR

Several processes, or machines, may play one storm: --workers 4 starts four processes
here; --listen 0.0.0.0:7422 waits for those that "firstbell worker" starts elsewhere,
with the credentials that "firstbell credentials" makes; --nats carries the messages
over a cluster of yours. The storm and its numbers are those of one machine. When the
coordinator of such a run is killed, --resume DIR takes in what the workers still
hold and reports.`,
		Example: "  firstbell run lycees.yaml\n  firstbell run lycees.yaml --scale 25% --set storm.play=08:57-09:03 --lang en\n" +
			"  firstbell run lycees.yaml --workers 4\n  firstbell run lycees.yaml --listen 0.0.0.0:7422 --credentials fleet-keys/roster.json\n" +
			"  firstbell run --resume runs/20210406-085500-x7k2",
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("resume") {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
	}
	play := withScenario(e, &o, func(ctx context.Context, sc *scenarios.Scenario) error { return execute(ctx, e, o, sc) })
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if !cmd.Flags().Changed("resume") {
			if cmd.Flags().Changed("linger") {
				return usageError("--linger is for --resume: a running fleet calls a silent worker lost within a second")
			}
			return play(cmd, args)
		}
		if err := o.fleet.readLinger(e.setting("linger", linger, cmd.Flags().Changed("linger"))); err != nil {
			return err
		}
		for _, other := range []string{"workers", "on-loss", "seed", "set", "scale"} {
			if cmd.Flags().Changed(other) {
				return usageError("--resume and --%s exclude each other: the run is what it was", other)
			}
		}
		if err := o.resolve(e, cmd); err != nil {
			return err
		}
		return runResume(cmd.Context(), e, o, o.fleet.resume)
	}
	addPlay(c, &o)
	addShow(c, &o)
	addFleet(c, &o.fleet)
	c.Flags().StringVar(&o.fleet.resume, "resume", "", "close the run of a fleet whose coordinator was killed: its folder, its id under --out, or latest")
	c.Flags().StringVar(&linger, "linger", "", "with --resume: how long to wait for a worker that is not heard (default: 10s for processes of this machine, 30s for others)")
	return c
}
