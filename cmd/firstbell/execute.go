package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"firstbell/report"
	"firstbell/report/catalog"
	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// leadTime is how far ahead of now the storm's first instant is set, so that
// everything is ready when it comes.
const (
	leadTime    = 2 * time.Second
	longestLead = 20 * time.Second
)

// execution is one storm from the scenario to the verdict: the steps of
// execute, in their order, and what they hand to each other.
type execution struct {
	e    *env
	o    playOptions
	sc   *scenarios.Scenario
	plan *planned
	crew crew
	by   players
	// proved are the accounts that got in before the storm: a rejection of one
	// of them is the portal's fault.
	proved []int
	dir    string
	// enough ends a trial of a search once it has decided; nil: never.
	enough func(runner.Snapshot) bool
	trial  bool // of a session
}

// execute plays a scenario and reports on it. Its error carries the exit code
// of the verdict.
func execute(ctx context.Context, e *env, o playOptions, sc *scenarios.Scenario) error {
	ctx, stop := interruptible(ctx, e)
	defer stop()
	sparePacer()
	x := &execution{e: e, o: o, sc: sc}
	if err := x.prepare(ctx); err != nil {
		return interruptedBefore(ctx, err)
	}
	ctx, dismiss, err := x.muster(ctx)
	if err != nil {
		return interruptedBefore(ctx, err)
	}
	ended, err := x.play(ctx)
	err = errors.Join(err, dismiss(err == nil || !folderExists(x.dir)))
	if err == nil {
		err = x.conclude(ended)
	}
	return unwritten(x.dir, err)
}

// unwritten says what to do when the folder of a run could not be written.
func unwritten(dir string, err error) error {
	var (
		full syscall.Errno
		said *userError
	)
	if errors.As(err, &said) || !errors.As(err, &full) {
		return err
	}
	return &userError{exit: exitInternal, code: "FB0402", what: "the run's folder could not be written", why: err.Error(),
		fix: "free some room, or copy the folder where there is some; what was recorded is kept: firstbell report " + dir, cause: err}
}

// prepare does everything that can refuse the storm before its first byte.
func (x *execution) prepare(ctx context.Context) error {
	var err error
	if x.plan, err = planOf(x.e, x.o, x.sc, x.e.now()); err != nil {
		return err
	}
	if err := refuseFewAccounts(x.plan, x.sc); err != nil {
		return err
	}
	if err := x.choose(); err != nil {
		return err
	}
	return x.sampleAccounts(ctx)
}

// choose decides how many processes play, and refuses what they cannot carry.
func (x *execution) choose() error {
	var err error
	if x.crew, err = chooseCrew(x.o.fleet, x.plan.Needs); err != nil {
		return err
	}
	x.crew.tell(x.e, x.o)
	return nil
}

// muster gathers who plays; dismiss sends them away, and what it kept of a play
// that ended as it should.
func (x *execution) muster(ctx context.Context) (_ context.Context, dismiss func(clean bool) error, err error) {
	if x.crew.alone() {
		x.by = alone{}
		return ctx, func(bool) error { return nil }, nil
	}
	f, err := openFleet(ctx, x.e, x.o, x.crew, x.plan.RunID)
	if err != nil {
		return ctx, nil, err
	}
	if err = f.prepare(x.sc, x.sc); err == nil {
		err = f.wait()
	}
	if err != nil {
		return ctx, nil, errors.Join(err, f.close(true))
	}
	x.by = f
	return f.ctx, f.close, nil
}

// play sets the first instant, writes the plan and replays it.
func (x *execution) play(ctx context.Context) (results.Ended, error) {
	var rec eventLog
	rig, err := x.by.ready(ctx, x, rec.add)
	if err != nil {
		return results.Ended{}, interruptedBefore(ctx, err)
	}
	defer rig.close()
	x.plan.Notes = append(x.plan.Notes, driverNotes(rig.driver.Notes(), x.sc.Origins(), catalog.For(x.o.lang))...)
	if x.dir == "" {
		x.dir = filepath.Join(x.o.out, x.plan.RunID)
	}
	return x.by.play(ctx, x, rig, &rec)
}

// reachable lets `firstbell stop` end the run through a folder, unless the whole
// session can be reached through its own.
func (x *execution) reachable(ctx context.Context, dir string) (context.Context, func(), error) {
	if x.trial {
		return ctx, func() {}, nil
	}
	c, err := takeControl(dir)
	if err != nil {
		return nil, nil, noFolder(dir, err)
	}
	ctx, unwatch := c.watch(ctx)
	return ctx, func() { unwatch(); c.release() }, nil
}

// conclude writes every face of the report, prints the end and gives the
// verdict's exit code.
func (x *execution) conclude(ended results.Ended) error {
	s, err := buildReport(x.dir, x.o.lang)
	if err != nil {
		return err
	}
	return showEnd(x.e, s, x.dir, x.o.lang, ended)
}

// showEnd prints the end of a run or session and gives the verdict's exit code.
func showEnd(e *env, s *report.Summary, dir, lang string, ended results.Ended) error {
	linkLatest(dir)
	// Nobody may be reading any more; the verdict is the exit code all the same.
	if err := printEnd(e, s, dir, lang); err != nil && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	return verdictExit(report.ExitCode(s.Verdict, ended.How))
}

// eventLog hands events to the folder and to whoever watches; those before the
// folder exists are kept until then. Safe for concurrent use.
type eventLog struct {
	mu     sync.Mutex
	early  []results.Event
	folder eventFolder
	show   progress
}

func (l *eventLog) add(ev results.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.folder == nil {
		l.early = append(l.early, ev)
		return
	}
	l.write(ev)
}

// write reports a folder that cannot be written through its next delta: a
// full disk ends the run there.
func (l *eventLog) write(ev results.Event) {
	_ = l.folder.Event(ev)
	l.show.event(ev)
}

// keep writes an event that is for whoever reads the folder, and shows nothing.
func (l *eventLog) keep(ev results.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.folder != nil {
		_ = l.folder.Event(ev)
	}
}

// mention shows something that the folder does not keep.
func (l *eventLog) mention(ev results.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.show != nil {
		l.show.event(ev)
	}
}

// update shows a snapshot: never at the same moment as an event.
func (l *eventLog) update(s runner.Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.show.update(s)
}

// eventFolder keeps events: a run folder, or the spool of a worker.
type eventFolder interface{ Event(results.Event) error }

func (l *eventLog) open(folder eventFolder, show progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.folder, l.show = folder, show
	for _, ev := range l.early {
		l.write(ev)
	}
	l.early = nil
}

// sink is where the runner writes: deltas to the folder, events through the log.
func (l *eventLog) sink(folder *results.Folder) runner.Sink { return folderSink{folder, l} }

type folderSink struct {
	folder *results.Folder
	log    *eventLog
}

func (s folderSink) Append(d *results.Delta) error { return s.folder.Append(d) }
func (s folderSink) Event(ev results.Event) error  { s.log.add(ev); return nil }

// againAfter is when a second request to end counts: whoever supervises a process
// sends the same signal to it and to its group, a moment apart.
const againAfter = 500 * time.Millisecond

// interruptible ends the context at the first Ctrl-C, end of the terminal or
// request to end, and the process at the second: the raw data is on disk, a
// report can be built later. A reader of our output that goes away must not
// kill a storm.
func interruptible(parent context.Context, e *env) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	signal.Ignore(syscall.SIGPIPE)
	finished := make(chan struct{})
	go func() {
		select {
		case <-signals:
			fmt.Fprintln(e.stderr, "stopping: no request leaves any more, the report follows; once more to end at once")
			cancel()
		case <-finished:
			return
		}
		for asked := time.Now(); ; {
			select {
			case <-signals:
			case <-finished:
				return
			}
			if time.Since(asked) < againAfter {
				continue
			}
			fmt.Fprintln(e.stderr, "stopped at once; the data is kept: firstbell report DIR rebuilds the report")
			os.Exit(exitInterrupted)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(finished)
		cancel()
	}
}

// interruptedBefore turns an error of a cancelled preparation into exit 130.
func interruptedBefore(ctx context.Context, err error) error {
	if stopAsked(ctx) != nil {
		return verdictError{exitStopped}
	}
	if ctx.Err() != nil {
		return verdictError{exitInterrupted}
	}
	return err
}

// linkLatest points runs/latest at the newest run; a file system without
// symbolic links simply has none.
func linkLatest(dir string) {
	link := filepath.Join(filepath.Dir(dir), "latest")
	if info, err := os.Lstat(link); err == nil && info.Mode()&os.ModeSymlink == 0 {
		return
	}
	_ = os.Remove(link)
	_ = os.Symlink(filepath.Base(dir), link)
}
