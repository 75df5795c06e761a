package main

import (
	"context"
	_ "embed"
	"time"

	"github.com/spf13/cobra"
)

//go:embed demo.yaml
var demoScenario []byte

// The two example portals: one with room to spare, one sized as in 2021, when
// quotas and blank pages met the pupils.
var (
	roomyPortal      = []string{"--logins", "400"}
	overloadedPortal = []string{"--logins", "42", "--mode", "quota.sessions=4200",
		"--mode", "overflow.quota=0.5", "--mode", "overflow.blank=0.3", "--mode", "overflow.unavailable=0.2"}
)

func newDemoCmd(e *env) *cobra.Command {
	var o playOptions
	var overloaded bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Replay a part of 6 April 2021 against an example portal, and leave a report",
		Long: `Start an example portal beside itself, replay 08:58:30-09:01 of 6 April 2021 at
its real pace for more than 10,000 people, and write the readiness report.
With --overloaded the portal is sized as many were that day.`,
		Example: "  firstbell demo\n  firstbell demo --overloaded --lang en",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.resolve(e, cmd); err != nil {
				return err
			}
			return runDemo(cmd.Context(), e, o, overloaded)
		},
	}
	addPlay(c, &o)
	addShow(c, &o)
	c.Flags().BoolVar(&overloaded, "overloaded", false, "show the day as it was")
	return c
}

// runDemo plays the embedded scenario against a child process of this binary.
func runDemo(ctx context.Context, e *env, o playOptions, overloaded bool) error {
	portal := roomyPortal
	if overloaded {
		portal = overloadedPortal
	}
	child, err := startPortal(e, portal)
	if err != nil {
		return err
	}
	defer child.stop()
	o.set = append([]string{"target=" + child.url}, o.set...)
	sc, err := parseScenario(e, demoScenario, ".", "demo.yaml", o.set)
	if err != nil {
		return err
	}
	return execute(ctx, e, o, sc)
}

// portalProcess is the example portal in a process of its own: its CPU is not
// ours, so the generator's figures stay honest.
type portalProcess struct {
	child
	url string
}

// startPortal starts `firstbell ent` on a free loopback port and waits for its
// address.
func startPortal(e *env, args []string) (*portalProcess, error) {
	c, url, err := startListener(e, 10*time.Second, nil, append([]string{"ent", "--listen", "127.0.0.1:0", "--exit-with-stdin"}, args...)...)
	if err != nil {
		return nil, &userError{exit: exitInternal, code: "FB0501", what: "the example portal could not start", why: err.Error(),
			fix: "try `firstbell ent` by itself", cause: err}
	}
	return &portalProcess{*c, url}, nil
}
