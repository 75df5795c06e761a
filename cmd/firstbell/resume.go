package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"firstbell/report/catalog"
	"firstbell/runner/fleet"
	"firstbell/runner/fleet/keys"
	"firstbell/runner/results"
)

// resumeLinger is how long a resumed coordinator waits for its workers to come back
// and deliver.
const resumeLinger = 30 * time.Second

// runResume closes a fleet's run whose coordinator was killed: it takes in what the
// workers have delivered since, and what they still hold, and reports.
func runResume(ctx context.Context, e *env, o playOptions, run string) error {
	ctx, stop := interruptible(ctx, e)
	defer stop()
	f, dir, rec, err := leftBy(e, o, run)
	if err != nil {
		return err
	}
	ended, err := f.takeUp(ctx, dir, rec)
	if err != nil {
		return errors.Join(unwritten(dir, err), f.close(false))
	}
	x := &execution{e: e, o: f.o, dir: dir}
	return errors.Join(x.conclude(ended), f.close(true))
}

// leftBy reads what the killed coordinator of a run has left.
func leftBy(e *env, o playOptions, run string) (*openedFleet, string, *results.Fleet, error) {
	if run == latestRun && !folderExists(run) {
		run = newestLeft(o.out)
	}
	dir := run
	if !folderExists(dir) && folderExists(filepath.Join(o.out, run)) {
		dir = filepath.Join(o.out, run)
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	o.out = filepath.Dir(filepath.Clean(dir))
	id := filepath.Base(filepath.Clean(dir))
	rec, err := results.ReadFleet(dir)
	switch {
	case err != nil:
		return nil, "", nil, nothingToResume(run, "it holds no record of a fleet: "+cause(err), err)
	case rec.Ended != nil:
		return nil, "", nil, nothingToResume(run, "it has come to its end: "+string(rec.Ended.How), nil)
	}
	f := &openedFleet{e: e, o: o, dir: stateDirOf(o.out, id), quit: make(chan struct{})}
	state, err := readState(f.dir)
	if err != nil {
		return nil, "", nil, nothingToResume(run, "what its fleet kept is gone: "+cause(err), err)
	}
	f.state = *state
	if fl := o.fleet; fl.listen != "" && fl.listen != state.Listen || fl.nats != "" && fl.nats != state.NATS {
		return nil, "", nil, usageError("--resume: the workers look for their coordinator at %s: leave --listen and --nats out", state.URL)
	}
	if f.o.lang == "" {
		f.o.lang = state.Lang
	}
	if f.roster, err = keys.ReadRoster(filepath.Join(f.dir, rosterFile)); err != nil {
		return nil, "", nil, badCredentials(f.dir, err)
	}
	return f, dir, rec, nil
}

// newestLeft is the run that began last of those whose coordinator was killed.
func newestLeft(out string) string {
	best, at := latestRun, time.Time{}
	entries, _ := os.ReadDir(filepath.Join(out, fleetDir))
	for _, e := range entries {
		dir := filepath.Join(out, fleetDir, e.Name())
		if s, err := readState(dir); err == nil && s.Started.After(at) && !locked(dir) {
			best, at = e.Name(), s.Started
		}
	}
	return best
}

func nothingToResume(run, why string, err error) error {
	fix := "firstbell report " + run + " shows what was recorded"
	if errors.Is(err, os.ErrNotExist) && !folderExists(run) {
		fix = "name the folder of the run: runs/20210406-085500-x7k2"
	}
	return &userError{exit: exitUsage, code: "FB0610", what: "there is nothing to resume in " + run, why: why, fix: fix, cause: err}
}

// takeUp opens the same fleet at the same address, and closes its run.
func (f *openedFleet) takeUp(ctx context.Context, dir string, rec *results.Fleet) (results.Ended, error) {
	if err := f.open(ctx); err != nil {
		return results.Ended{}, err
	}
	folder, err := results.ReopenFleet(dir)
	if err != nil {
		return results.Ended{}, nothingToResume(dir, err.Error(), err)
	}
	f.say("console.fleet_resumes", "url", f.state.URL, "time", valueIn(catalog.For(f.o.lang), resumeLinger))
	listening, deaf := unlessStopped(f.ctx)
	defer deaf()
	ended, err := f.coord.Resume(listening, filepath.Base(dir), folder, rec, resumeLinger)
	ended = asStopped(f.ctx, ended)
	return ended, errors.Join(err, folder.Close(ended))
}

var _ fleet.Folder = (*results.FleetFolder)(nil)
