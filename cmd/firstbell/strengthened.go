package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"firstbell/report"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// changeOptions are the flags that say what was changed in the target since an
// earlier session.
type changeOptions struct {
	before       string // folder of that session
	strengthened string // the only step that was given more
}

func addChange(c *cobra.Command, o *changeOptions) {
	f := c.Flags()
	f.StringVar(&o.before, "before", "", "folder of a session of the same file and target from before one step was given more; wants --strengthened")
	f.StringVar(&o.strengthened, "strengthened", "", "the only step that was given more since --before, as the report names it: your declaration, printed as such")
}

func (o *changeOptions) given() bool { return o.before != "" || o.strengthened != "" }

func (o *changeOptions) check() error {
	if (o.before == "") != (o.strengthened == "") {
		return usageError("--before and --strengthened go together: the session before, and the one step that was given more since")
	}
	return nil
}

// tell writes the change into a journal, in the place of an earlier one.
func (o *changeOptions) tell(d *results.Dossier, sc *scenarios.Scenario) error {
	if !o.given() {
		return nil
	}
	dir, before, err := otherSession(o.before)
	if errors.Is(err, errNoSession) {
		return notBefore(dir, &report.NotASize{Why: err.Error(), Fix: "give the folder that certify made"})
	}
	if err != nil {
		return err
	}
	told, err := report.BeforeStrengthening(d, before, trialsOf(dir), sc, o.strengthened)
	if err != nil {
		return notBefore(dir, err)
	}
	d.Before = told
	return nil
}

func notBefore(dir string, err error) error {
	out := &userError{exit: exitUsage, code: "FB0405", what: fmt.Sprintf("--before %s cannot be used", dir), why: err.Error(), cause: err}
	if said := (*report.NotASize)(nil); errors.As(err, &said) {
		out.fix = said.Fix
	}
	return out
}
