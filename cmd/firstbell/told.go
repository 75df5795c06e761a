package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// told is what an operator says of a session after it was played.
type told struct {
	sizes   sizeOptions
	change  changeOptions
	metrics string // CSV of the target's own servers
}

func addTold(c *cobra.Command, t *told) {
	addSizes(c, &t.sizes)
	addChange(c, &t.change)
	c.Flags().StringVar(&t.metrics, "server-metrics", "", "CSV of what the target's own servers measured during the session: time,step,resource,value,ceiling; kept with the session")
}

func (t *told) check() error {
	if err := t.sizes.check(); err != nil {
		return err
	}
	return t.change.check()
}

// keep writes what is told into the session's own folder, so that its report is
// rebuilt from the folder alone from then on. What is not told stays as it was.
func (t *told) keep(dir string) error {
	if t.sizes.given() {
		if err := keepSizes(dir, t.sizes); err != nil {
			return err
		}
	}
	if t.change.given() {
		if err := tellJournal(dir, t.change.tell); err != nil {
			return err
		}
	}
	if t.metrics == "" {
		return nil
	}
	return keepMetrics(dir, t.metrics)
}

// keepSizes writes the sizes into the session's journal.
func keepSizes(dir string, o sizeOptions) error { return tellJournal(dir, o.tell) }

// tellJournal adds to a session's journal.
func tellJournal(dir string, tell func(*results.Dossier, *scenarios.Scenario) error) error {
	return inSession(dir, func(d *results.Dossier) error {
		sc, err := keptScenario(dir)
		if err != nil {
			return err
		}
		if err := tell(d, sc); err != nil {
			return err
		}
		return unwritten(dir, d.Write(filepath.Clean(dir)))
	})
}

// inSession works on a session's folder while nobody else does.
func inSession(dir string, work func(*results.Dossier) error) error {
	if !results.IsDossier(dir) {
		return usageError("--servers, --other-size, --before, --strengthened and --server-metrics speak of the session of capacity or certify, and %s is none", dir)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return &userError{exit: exitUsage, code: "FB0203", what: "the session in " + dir + " cannot be told more", why: err.Error(),
			fix: "wait until it has ended; a folder that cannot be written must be copied first", cause: err}
	}
	defer (&session{dir: dir, lock: lock}).close()
	d, err := results.ReadDossier(dir)
	if err != nil {
		return damagedSession(dir, err)
	}
	return work(d)
}
