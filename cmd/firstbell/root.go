package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// newRootCmd lists every command; nothing registers itself.
func newRootCmd(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "firstbell",
		Short: "Certify that a country's schools can log in at 9 a.m.",
		Long: `firstbell replays the 9 a.m. of a first day of remote school against a staging
school portal, and writes a readiness report that a ministry can sign and a
vendor cannot dispute.`,
		Example: `  firstbell demo
  firstbell init entcore > lycees.yaml
  firstbell run lycees.yaml`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetIn(e.stdin)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &userError{exit: exitUsage, code: "FB0201", what: err.Error(), fix: "see: " + cmd.CommandPath() + " --help"}
	})
	root.AddCommand(
		newDemoCmd(e), newInitCmd(e), newPresetsCmd(e), newCheckCmd(e), newPlanCmd(e),
		newSmokeCmd(e), newRunCmd(e), newCapacityCmd(e), newCertifyCmd(e), newReportCmd(e), newCompareCmd(e), newEntCmd(e), newConsentCmd(e),
		newSchemaCmd(e), newExplainCmd(e), newVersionCmd(e), newSinkCmd(e), newWitnessCmd(e),
		newWorkerCmd(e), newCredentialsCmd(e), newFleetCmd(e), newStopCmd(e),
	)
	wrapArgs(root)
	for _, c := range root.Commands() {
		finish(c)
	}
	return root
}

// finish gives a command the parts every one has.
func finish(c *cobra.Command) {
	if c.Long == "" {
		c.Long = c.Short + "."
	}
	c.Long = strings.TrimRight(c.Long, "\n") + "\n\n" + exitTable
	wrapArgs(c)
}

// wrapArgs makes a command's argument mistakes exit 2 instead of 1.
func wrapArgs(c *cobra.Command) {
	args := c.Args
	c.Args = func(cmd *cobra.Command, a []string) error {
		if args == nil {
			return nil
		}
		if err := args(cmd, a); err != nil {
			what := err.Error()
			if cmd.HasParent() {
				what = fmt.Sprintf("want %s, and %d names were given", strings.TrimSuffix(cmd.UseLine(), " [flags]"), len(a))
			}
			return &userError{exit: exitUsage, code: "FB0201", what: what, fix: "see: " + cmd.CommandPath() + " --help"}
		}
		return nil
	}
}
