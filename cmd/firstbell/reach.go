package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"firstbell/runner/fleet/bus"
	"firstbell/runner/fleet/keys"
)

// reach is how a command finds a run under way: by its name, or by the address of
// its fleet.
type reach struct {
	out, join, credentials, natsCreds string
}

// latestRun names the newest run that is under way.
const latestRun = "latest"

// found is a run under way: folders that may hold its lock.
type found struct {
	id  string
	dir string // where it is reached: the state of its fleet, or its own folder
}

// find looks for a run by its folder, its id under --out, or "latest".
func (r reach) find(run string) (found, error) {
	if run == latestRun {
		return r.newest()
	}
	dir, id := run, filepath.Base(filepath.Clean(run))
	out := filepath.Dir(filepath.Clean(run))
	if !folderExists(dir) {
		dir, out = filepath.Join(r.out, run), r.out
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir, id, out = real, filepath.Base(real), filepath.Dir(real)
	}
	for _, at := range []string{stateDirOf(out, id), dir} {
		if locked(at) {
			return found{id, at}, nil
		}
	}
	if !folderExists(dir) && !folderExists(stateDirOf(out, id)) {
		return found{}, &userError{exit: exitUsage, code: "FB0401", what: "there is no run " + run, why: "neither a folder nor an id under " + r.out,
			fix: "firstbell fleet latest, or look into " + r.out}
	}
	return found{}, notRunning(id)
}

func notRunning(id string) error {
	return &userError{exit: exitUsage, code: "FB0608", what: "the run " + id + " is not under way", why: "no process holds it",
		fix: "firstbell report shows what it gave; firstbell run --resume closes a fleet's run whose coordinator was killed"}
}

// newest is the run under way that began last.
func (r reach) newest() (found, error) {
	var best found
	var at time.Time
	for _, parent := range []string{filepath.Join(r.out, fleetDir), r.out} {
		entries, _ := os.ReadDir(parent)
		for _, e := range entries {
			dir := filepath.Join(parent, e.Name())
			info, err := os.Stat(filepath.Join(dir, lockFile))
			if err == nil && info.ModTime().After(at) && locked(dir) {
				best, at = found{e.Name(), dir}, info.ModTime()
			}
		}
	}
	if best.dir == "" {
		return best, &userError{exit: exitUsage, code: "FB0608", what: "no run is under way", why: "no process holds one under " + r.out, fix: "name its folder, or --out"}
	}
	return best, nil
}

// locked reports whether a process holds a folder.
func locked(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, lockFile)); err != nil {
		return false
	}
	lock, err := lockDir(dir)
	if err != nil {
		return true
	}
	_ = lock.Close()
	return false
}

// member reaches a fleet as its operator; the caller closes the connection.
func (r reach) member(ctx context.Context, state *fleetState, dir string) (*bus.Conn, *keys.Credentials, error) {
	if state != nil {
		r.join, r.natsCreds, r.credentials = state.URL, state.NATSCred, state.Operator
		if !filepath.IsAbs(r.credentials) {
			r.credentials = filepath.Join(dir, r.credentials)
		}
	}
	c, err := keys.ReadCredentials(r.credentials)
	if err != nil {
		return nil, nil, badCredentials(r.credentials, err)
	}
	if c.Role != keys.RoleOperator {
		return nil, nil, badCredentials(r.credentials, errors.New("they are not the operator's"))
	}
	conn, err := bus.Connect(ctx, bus.Config{URL: r.join, Credentials: c, NATSCreds: r.natsCreds})
	switch {
	case err == nil:
		return conn, c, nil
	case notOurs(err) != nil:
		return nil, nil, notOurs(err)
	}
	return nil, nil, noFleet(err)
}

// stateIn is the state of the fleet of a run, nil when it plays alone.
func stateIn(f found) *fleetState {
	s, err := readState(f.dir)
	if err != nil {
		return nil
	}
	return s
}
