package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"firstbell/runner/fleet"
	"firstbell/runner/results"
)

func newStopCmd(e *env) *cobra.Command {
	var r reach
	var why string
	c := &cobra.Command{
		Use:   "stop [RUN]",
		Short: "Stop a run that is under way, everywhere, and have it reported",
		Long: `Stop all load of a run or session within a second, also on the workers of a fleet. The
run then writes its report and ends with exit code 6. RUN is its folder, its id under
--out, or "latest". From another machine: --join and --credentials operator.json.`,
		Example: "  firstbell stop latest\n  firstbell stop --join tls://pilot.example:7422 --credentials fleet-keys/operator.json --why \"the portal is on fire\"",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.resolve(e, cmd, args); err != nil {
				return err
			}
			if len(args) == 0 {
				return stopFar(cmd.Context(), e, r, why)
			}
			return stopRun(cmd.Context(), e, r, args[0], why)
		},
	}
	r.flags(c)
	c.Flags().StringVar(&why, "why", "", "the reason, for the report")
	return c
}

// flags are those of commands that reach a run under way.
func (r *reach) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&r.out, "out", "runs", "folder in which the runs' folders are")
	f.StringVar(&r.join, "join", "", "address of a fleet led elsewhere")
	f.StringVar(&r.credentials, "credentials", "", "operator.json of that fleet")
	f.StringVar(&r.natsCreds, "nats-creds", "", "credentials file of an external NATS cluster")
}

func (r *reach) resolve(e *env, c *cobra.Command, args []string) error {
	for name, value := range map[string]*string{"out": &r.out, "join": &r.join, "credentials": &r.credentials, "nats-creds": &r.natsCreds} {
		*value = e.setting(name, *value, c.Flags().Changed(name))
	}
	switch {
	case len(args) == 1 && c.Flags().Changed("join"):
		return usageError("give RUN or --join, not both")
	case len(args) == 1:
		return nil
	case r.join == "":
		return usageError("which run? give its folder, its id, or \"latest\"; or --join and --credentials")
	case r.credentials == "":
		return usageError("--join needs --credentials operator.json")
	}
	check := fleetOptions{nats: r.join}
	if err := check.readNATS(); err != nil {
		return usageError("--join %q: want an address like tls://pilot.example:7422, and no password in it", r.join)
	}
	return nil
}

// obeyWithin is how long a run has to stop.
const obeyWithin = 10 * time.Second

// stopRun leaves the order where the run's process looks, and waits until it was
// obeyed.
func stopRun(ctx context.Context, e *env, r reach, run, why string) error {
	at, err := r.find(run)
	if err != nil {
		return err
	}
	began := e.now()
	order, err := json.Marshal(stopOrder{Why: plainLine(why)})
	if err != nil {
		return err
	}
	path := filepath.Join(at.dir, stopFile)
	if err := results.WriteFileAtomic(path, order); err != nil {
		return &userError{exit: exitUsage, code: "FB0203", what: "cannot leave the order in " + at.dir, why: cause(err), fix: "stop it as the user who runs it", cause: err}
	}
	for e.now().Sub(began) < obeyWithin {
		if _, err := os.Stat(path); err != nil || !locked(at.dir) {
			_, err := fmt.Fprintf(e.stdout, "%s stopped after %.1f s; its report follows\n", at.id, e.now().Sub(began).Seconds())
			return err
		}
		if err := pause(ctx, stopEvery/2); err != nil {
			return verdictError{exitInterrupted}
		}
	}
	return &userError{exit: exitInternal, code: "FB0609", what: "the run " + at.id + " has not confirmed that it stopped",
		why: fmt.Sprintf("the order is in %s since %v", path, obeyWithin), fix: "press Ctrl-C twice where it runs, or kill its process; the workers of a fleet stop by themselves within a second"}
}

// stopFar asks the coordinator of a fleet led elsewhere.
func stopFar(ctx context.Context, e *env, r reach, why string) error {
	ctx, cancel := context.WithTimeout(ctx, obeyWithin)
	defer cancel()
	conn, me, err := r.member(ctx, nil, "")
	if err != nil {
		return err
	}
	defer conn.Close()
	began := e.now()
	if err := fleet.AskStop(ctx, conn, me, plainLine(why)); err != nil {
		return silentFleet(err)
	}
	_, err = fmt.Fprintf(e.stdout, "fleet %s: the order to stop was taken after %.1f s\n", me.Fleet, e.now().Sub(began).Seconds())
	return err
}

// silentFleet is the error of a coordinator that gave no useful answer.
func silentFleet(err error) error {
	return &userError{exit: exitInternal, code: "FB0609", what: "the coordinator did not obey", why: plainLine(err.Error()),
		fix: "is it running? firstbell fleet shows the fleet", cause: err}
}
