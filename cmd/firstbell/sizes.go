package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"firstbell/report"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// sizeOptions are the flags that say how large the target was, and where its other
// sizes were measured.
type sizeOptions struct {
	servers int // 0: nobody said
	others  []string
}

func addSizes(c *cobra.Command, o *sizeOptions) {
	f := c.Flags()
	f.IntVar(&o.servers, "servers", 0, "servers behind the target, as its operator counts them; kept with the session")
	f.StringArrayVar(&o.others, "other-size", nil, "folder of a session of the same file and target with another number of servers (repeatable; four sizes in all give the law of scaling)")
}

func (o *sizeOptions) given() bool { return o.servers != 0 || len(o.others) > 0 }

func (o *sizeOptions) check() error {
	switch {
	case o.servers < 0 || o.servers > results.MaxServers:
		return usageError("--servers %d: want a number from 1 to %d", o.servers, results.MaxServers)
	case len(o.others) > results.MaxSizes:
		return usageError("--other-size: at most %d folders", results.MaxSizes)
	}
	return nil
}

// tell writes the sizes into a journal; what no flag speaks of stays as it is.
func (o *sizeOptions) tell(d *results.Dossier, sc *scenarios.Scenario) error {
	if o.servers > 0 {
		d.Servers = o.servers
	}
	if len(o.others) == 0 {
		return nil
	}
	if d.Servers == 0 {
		return usageError("--other-size wants to know how many servers this target has: add --servers N")
	}
	var out []results.OtherSize
	seen := map[string]bool{}
	for _, dir := range o.others {
		one, err := otherSize(d, dir, sc)
		if err != nil {
			return err
		}
		if seen[one.RunID] {
			return notASize(dir, &report.NotASize{Why: "it is given twice", Fix: "give every folder once"})
		}
		seen[one.RunID] = true
		out = append(out, one)
	}
	d.Others = out
	return nil
}

// otherSize reads one other session, whose journal and trials are not to be
// trusted.
func otherSize(d *results.Dossier, dir string, sc *scenarios.Scenario) (results.OtherSize, error) {
	dir, other, err := otherSession(dir)
	if errors.Is(err, errNoSession) {
		return results.OtherSize{}, notASize(dir, &report.NotASize{Why: err.Error(), Fix: "give the folder that capacity or certify made"})
	}
	if err != nil {
		return results.OtherSize{}, err
	}
	one, err := report.OtherSize(d, other, trialsOf(dir), sc)
	if err != nil {
		return results.OtherSize{}, notASize(dir, err)
	}
	return one, nil
}

var errNoSession = errors.New("it is no session: it holds no " + results.DossierFile)

// otherSession reads the journal of another session, and gives its real folder.
func otherSession(dir string) (string, *results.Dossier, error) {
	dir = realDir(dir)
	if !results.IsDossier(dir) {
		return dir, nil, errNoSession
	}
	d, err := results.ReadDossier(dir)
	if err != nil {
		return dir, nil, damagedSession(dir, err)
	}
	return dir, d, nil
}

func notASize(dir string, err error) error {
	out := &userError{exit: exitUsage, code: "FB0403", what: fmt.Sprintf("--other-size %s cannot be used", dir), why: err.Error(), cause: err}
	if said := (*report.NotASize)(nil); errors.As(err, &said) {
		out.fix = said.Fix
	}
	return out
}
