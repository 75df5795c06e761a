package main

import (
	"context"

	"github.com/spf13/cobra"

	"firstbell/scenarios"
)

func newCapacityCmd(e *env) *cobra.Command {
	var o sessionOptions
	c := &cobra.Command{
		Use:   "capacity SCENARIO",
		Short: "Find the largest storm the target holds, as an interval",
		Long: `Find where the target breaks: calibrate this generator against a sink of its own,
probe, confirm and bracket the highest steady load that meets the criteria, then
replay whole storms below and above the size that follows from it. The answer is
an interval in people, never one number, with the first criterion and the first
step that broke. The plan and its duration are printed before anything is sent.

With --reset COMMAND the target starts cold: /bin/sh runs the command on this machine
before every whole morning and every overload on purpose, one person per persona then
logs in, and the test begins. When the command fails, or nobody gets in within
--reset-timeout, the test is not played and the session ends there; given again, it goes
on with that test. The command is kept nowhere, only that it ran and for how long.
Without it the target has merely been idle, and the report says so.

A session that was interrupted or killed goes on when the same command is given
again within 12 hours: finished trials are not played again. --fresh starts over.`,
		Example: "  firstbell capacity lycees.yaml\n  firstbell capacity lycees.yaml --quick --lang en",
		Args:    cobra.ExactArgs(1),
	}
	c.RunE = withSession(e, &o, "capacity")
	addSession(c, &o)
	return c
}

func newCertifyCmd(e *env) *cobra.Command {
	var o sessionOptions
	c := &cobra.Command{
		Use:   "certify SCENARIO",
		Short: "Everything capacity does, and which step breaks first, and whether it recovers",
		Long: `The whole night of tests, unattended: smoke, calibration, breaking point, each step
alone, storms, overload on purpose and recovery, verdict. The plan and its duration
are printed before anything is sent. With --quick it takes at most 25 minutes, and
the report says what was not proved.

Overload on purpose: the consent file's grace and its control address keep the test
stoppable while the target is too busy to answer.

With --reset COMMAND the target is brought to a cold start before every whole morning
and every overload on purpose ("firstbell capacity --help" says how). The 25 minutes do
not count resets.

A session that was interrupted or killed goes on when the same command is given
again within 12 hours: finished trials are not played again. --fresh starts over.`,
		Example: "  firstbell certify lycees.yaml --reset 'ssh staging sudo systemctl restart ent'\n  firstbell certify lycees.yaml --quick\n  firstbell certify lycees.yaml --witness --control https://status.preprod.example/ping",
		Args:    cobra.ExactArgs(1),
	}
	c.RunE = withSession(e, &o, "certify")
	addSession(c, &o)
	return c
}

// withSession is the body of capacity and certify.
func withSession(e *env, o *sessionOptions, command string) func(*cobra.Command, []string) error {
	return withScenario(e, &o.playOptions, func(ctx context.Context, sc *scenarios.Scenario) error {
		if err := o.check(sc); err != nil {
			return err
		}
		return runSession(ctx, e, *o, sc, command)
	})
}

func addSession(c *cobra.Command, o *sessionOptions) {
	addPlay(c, &o.playOptions)
	addShow(c, &o.playOptions)
	addFleet(c, &o.fleet)
	addSizes(c, &o.sizes)
	addChange(c, &o.change)
	f := c.Flags()
	f.BoolVar(&o.quick, "quick", false, "at most 25 minutes: fewer repeats, and the report says what was not proved")
	f.BoolVar(&o.fresh, "fresh", false, "start over, even if an interrupted session could go on")
	f.Float64Var(&o.start, "start", 0, "first load of the probe, people per second (0: computed from the scenario)")
	f.Float64Var(&o.highest, "max", 0, "never offer more than this, people per second (0: calibration, consent and machine decide)")
	f.StringVar(&o.control, "control", "", "address that carries no load, read once a second: tells a network problem from the target's")
	f.StringVar(&o.reset, "reset", "", "shell command that brings the target to a cold start: run before every whole morning and every overload on purpose")
	f.DurationVar(&o.resetTimeout, "reset-timeout", resetTimeout, "longest a reset may take, until people get in again")
	f.BoolVar(&o.witness, "witness", false, "a second process logs in once a second and must see what the load sees")
}

// check refuses flags that make no sense together, before anything is read.
func (o *sessionOptions) check(sc *scenarios.Scenario) error {
	switch {
	case o.start < 0 || o.highest < 0:
		return usageError("--start and --max want a rate above 0")
	case o.highest > 0 && o.start > o.highest:
		return usageError("--start %g is above --max %g", o.start, o.highest)
	case o.reset != "" && (o.resetTimeout < resetShortest || o.resetTimeout > resetLongest):
		return usageError("--reset-timeout %s: want a time between %s and %s", o.resetTimeout, resetShortest, resetLongest)
	case o.scale != "100%" && o.scale != "1":
		return usageError("--scale: a session finds the size itself; the required size is the scenario's own")
	}
	if err := o.sizes.check(); err != nil {
		return err
	}
	if err := o.change.check(); err != nil {
		return err
	}
	if _, ok := timeCriterion(sc); !ok {
		return &userError{exit: exitUsage, code: "FB0205", what: "the scenario has no time criterion",
			why: "the length of every plateau is computed from it", fix: "add to the file: criteria: time_to_class: p(95)<3s"}
	}
	return nil
}

// timeCriterion is the first blocking criterion on a percentile of time to
// class, else the first one of any severity.
func timeCriterion(sc *scenarios.Scenario) (scenarios.Criterion, bool) {
	var found *scenarios.Criterion
	for i, c := range sc.Criteria.List {
		if c.Quantile == nil {
			continue
		}
		if c.Severity == scenarios.Blocking {
			return c, true
		}
		if found == nil {
			found = &sc.Criteria.List[i]
		}
	}
	if found == nil {
		return scenarios.Criterion{}, false
	}
	return *found, true
}
