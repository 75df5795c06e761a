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

// How long a resumed coordinator waits for a worker that is not heard. A process of
// this machine asks to be let in again within three seconds, or is dead; another
// machine may have to find the coordinator's new address, or be started again itself.
const (
	lingerHere      = 10 * time.Second
	lingerElsewhere = 30 * time.Second
)

// readLinger reads --linger; 0 when it was not given.
func (o *fleetOptions) readLinger(text string) (err error) {
	if text == "" {
		return nil
	}
	if o.linger, err = time.ParseDuration(text); err != nil || o.linger <= 0 {
		return usageError("--linger %q: want a time above 0, like 2m", text)
	}
	return nil
}

// lingerOf is how long a worker of a fleet that is not heard is waited for.
func lingerOf(asked time.Duration, kind results.FleetKind) time.Duration {
	switch {
	case asked > 0:
		return asked
	case kind == results.FleetLocal:
		return lingerHere
	}
	return lingerElsewhere
}

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
	linger := lingerOf(f.o.fleet.linger, f.state.Kind)
	f.say("console.fleet_resumes", "url", f.state.URL, "time", valueIn(catalog.For(f.o.lang), linger))
	listening, deaf := unlessStopped(f.ctx)
	defer deaf()
	ended, err := f.coord.Resume(listening, filepath.Base(dir), folder, rec, linger)
	ended = asStopped(f.ctx, ended)
	return ended, errors.Join(err, folder.Close(ended))
}

var _ fleet.Folder = (*results.FleetFolder)(nil)
