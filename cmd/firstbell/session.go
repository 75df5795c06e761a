package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"firstbell/report/catalog"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// sessionOptions are the flags of capacity and certify.
type sessionOptions struct {
	playOptions
	quick   bool
	fresh   bool
	start   float64 // first rate of the probe; 0: computed
	highest float64 // never offer more; 0: no bound of the user's
	control string  // neutral address
	witness bool
	reset   string // the operator's command that brings the target to a cold start
	sizes   sizeOptions
	change  changeOptions

	resetTimeout time.Duration
}

// session is one capacity or certify session: a folder with a journal and a run
// folder per trial. What has been played is never played again: after a kill
// the same command goes on where the journal ends.
type session struct {
	e       *env
	o       sessionOptions
	sc      *scenarios.Scenario
	command string
	text    *catalog.Catalog

	dir    string
	lock   *os.File
	by     players
	crew   crew
	fleet  *openedFleet    // nil: this process plays alone
	ctx    context.Context // ends when somebody asks to stop
	d      *results.Dossier
	storm  *planned // the scenario's own morning
	smoke  results.Smoke
	proved []int
	// asked counts the trials the search has asked for in this process: those
	// in the journal answer from their folders.
	asked int
	ended results.Ended // why the session stopped early; zero while it goes on

	whole   *scenarios.Scenario // with the accounts of the witness, own
	own     map[string][]int
	witness *witnessProcess // nil: nobody watches
}

// lockFile keeps two processes from writing one session.
const lockFile = ".lock"

// sameDay is how old an unfinished session may be to be taken up again: the
// calibration holds for a day, and so does the trust that the target is the
// same.
const sameDay = 12 * time.Hour

// open takes up the unfinished session of the same command, file and seed, or
// makes a new one.
func (s *session) open() error {
	if !s.o.fresh {
		dir, d, lock := s.unfinished()
		if d != nil {
			s.sized(d)
			s.dir, s.d, s.lock = dir, d, lock
			s.resume()
			return s.save()
		}
	}
	s.dir = filepath.Join(s.o.out, s.storm.RunID)
	if err := s.create(); err != nil {
		return &userError{exit: exitUsage, code: "FB0203", what: "cannot make the session's folder " + s.dir, why: err.Error(),
			fix: "choose another --out", cause: err}
	}
	return nil
}

func (s *session) create() error {
	if folderExists(s.dir) {
		return os.ErrExist
	}
	if err := os.MkdirAll(filepath.Join(s.dir, results.TrialDir), 0o755); err != nil {
		return err
	}
	lock, err := lockDir(s.dir)
	if err != nil {
		return err
	}
	s.lock = lock
	if err := results.WriteFileAtomic(filepath.Join(s.dir, results.ScenarioFile), s.sc.Redacted()); err != nil {
		return err
	}
	return s.save()
}

// resume forgets how the session was interrupted and remembers that it was.
func (s *session) resume() {
	last := results.Resumed{At: s.e.now().UTC()}
	if n := len(s.d.Trials); n > 0 {
		last.Trial = s.d.Trials[n-1].Name
	}
	for _, st := range s.d.Stages {
		if st.Done {
			last.After = st.Name
		}
	}
	s.d.Ended = nil
	if len(s.d.Trials) == 0 {
		return // nothing had been played: this is its beginning
	}
	s.d.Resumed = append(s.d.Resumed, last)
	s.say("console.resumed", "dir", s.dir, "stage", s.stageName(last.After), "n", s.text.Int(len(s.d.Trials)))
}

// unfinished looks through --out for a session to take up again, the newest
// first.
func (s *session) unfinished() (string, *results.Dossier, *os.File) {
	entries, err := os.ReadDir(s.o.out)
	if err != nil {
		return "", nil, nil
	}
	var found []*results.Dossier
	at := map[*results.Dossier]string{}
	for _, entry := range entries {
		dir := filepath.Join(s.o.out, entry.Name())
		if !entry.IsDir() || !results.IsDossier(dir) {
			continue
		}
		if d, err := results.ReadDossier(dir); err == nil && s.sameAs(d) {
			found = append(found, d)
			at[d] = dir
		}
	}
	slices.SortFunc(found, func(a, b *results.Dossier) int { return b.Started.Compare(a.Started) })
	for _, d := range found {
		if lock, err := lockDir(at[d]); err == nil {
			return at[d], d, lock
		}
	}
	return "", nil, nil
}

// sameAs reports whether a journal is of this very session, not finished.
func (s *session) sameAs(d *results.Dossier) bool {
	return goesOn(d.Ended) && d.Command == s.command && d.Quick == s.o.quick && d.Seed == s.d.Seed &&
		d.ScenarioHash == s.d.ScenarioHash && d.Tool == s.d.Tool && d.Workers == s.d.Workers && sameSize(d.Servers, s.d.Servers) && s.d.Started.Sub(d.Started) < sameDay
}

// sameSize reports whether two numbers of servers may be of one target; 0 says
// nothing.
func sameSize(a, b int) bool { return a == 0 || b == 0 || a == b }

// sized tells a journal taken up again what this command says of sizes and
// of changes.
func (s *session) sized(d *results.Dossier) {
	if s.d.Servers > 0 {
		d.Servers = s.d.Servers
	}
	if len(s.d.Others) > 0 {
		d.Others = s.d.Others
	}
	if s.d.Before != nil {
		d.Before = s.d.Before
	}
}

// goesOn reports whether a session that ended so is taken up by the same command:
// it was killed or stopped, its fleet fell apart, or its target could not be reset.
func goesOn(e *results.Ended) bool {
	if e == nil {
		return true
	}
	switch e.How {
	case results.EndedInterrupted, results.EndedByTarget, results.EndedStopped, results.EndedAlone, results.EndedLoss, results.EndedReset:
		return true
	}
	return false
}

// lockDir takes a session's folder for this process; it is let go when the
// process ends, however it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// close lets the folder go.
func (s *session) close() {
	if s.lock != nil {
		(&control{dir: s.dir}).obeyed()
		_ = os.Remove(s.lock.Name())
		_ = s.lock.Close()
	}
}

func (s *session) save() error { return unwritten(s.dir, s.d.Write(s.dir)) }

// say prints a line of the session's progress.
func (s *session) say(key string, args ...string) {
	if s.o.progress == "none" || s.o.progress == "json" {
		return
	}
	fmt.Fprintln(s.e.stderr, legibleLines(s.text.Text(key, args...)))
}

func (s *session) stageName(name string) string {
	if name == "" {
		return s.text.Text("console.no_stage")
	}
	return s.text.Word("stage", name)
}

// unproved adds a thing the session did not set out to prove.
func (s *session) unproved(key string) {
	if !slices.Contains(s.d.Unproved, key) {
		s.d.Unproved = append(s.d.Unproved, key)
	}
}

// sampleAccounts tries a few accounts calmly; the session is refused when most
// of them are.
func (s *session) sampleAccounts(ctx context.Context) error {
	x := &execution{e: s.e, o: s.o.playOptions, sc: s.sc, plan: s.storm}
	if err := x.sampleAccounts(ctx); err != nil {
		return err
	}
	s.smoke, s.proved = x.plan.Smoke, x.proved
	return nil
}
