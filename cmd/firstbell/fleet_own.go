package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"firstbell/runner/fleet"
	"firstbell/runner/fleet/keys"
	"firstbell/runner/results"
)

// localLinger is how long a process of ours waits for a coordinator that was
// killed to be resumed.
const localLinger = 2 * time.Minute

// ownWorker is a worker process of this machine.
type ownWorker struct {
	*child
	index  int
	secret []byte        // its credentials, to start it again
	ended  chan struct{} // closed when the process has ended
}

// wait starts our own workers, or says how to start the others, and waits for
// them.
func (f *openedFleet) wait() error {
	if f.state.Kind != results.FleetLocal {
		f.say("console.fleet_waits", "n", strconv.Itoa(f.state.Size), "url", f.state.URL)
		if f.state.Operator == operatorFile {
			f.say("console.fleet_credentials", "files", filepath.Join(f.dir, "w*.json"))
			f.say("console.fleet_each", "command", "firstbell worker --join "+f.state.URL+" --credentials "+f.workerFile(0))
		}
		return f.together(f.ctx)
	}
	for i := range f.state.Size {
		secret, err := os.ReadFile(f.workerFile(i))
		if err == nil {
			err = os.Remove(f.workerFile(i))
		}
		if err != nil {
			return fmt.Errorf("starting worker %s: %w", keys.WorkerName(i), err)
		}
		f.own = append(f.own, &ownWorker{index: i, secret: append(secret, '\n')})
	}
	return f.complete()
}

// completeWithin bounds the wait for workers that have been there before.
const completeWithin = 2 * time.Minute

// complete has all workers there before a play: a session goes on with as many as
// were calibrated. Processes of ours that have ended are started again.
func (f *openedFleet) complete() error {
	ctx, cancel := context.WithTimeout(f.ctx, completeWithin)
	defer cancel()
	ctx, give := context.WithCancelCause(ctx)
	defer give(nil)
	for _, w := range f.own {
		if w.running() {
			continue
		}
		if err := f.startOwn(w); err != nil {
			return fmt.Errorf("starting worker %s: %w", keys.WorkerName(w.index), err)
		}
		go func() { // ends with the process, or with the wait
			select {
			case <-w.ended:
				give(errors.New(f.lastWords(w)))
			case <-ctx.Done():
			}
		}()
	}
	return f.together(ctx)
}

// together waits until everybody is heard.
func (f *openedFleet) together(ctx context.Context) error {
	err := f.coord.Wait(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fleet.ErrStopped):
		return verdictError{exitStopped}
	case f.ctx.Err() != nil:
		return interruptedBefore(f.ctx, err)
	}
	why := context.Cause(ctx)
	if why == nil || errors.Is(why, context.DeadlineExceeded) {
		why = fmt.Errorf("%d of %d workers are there", heard(f.coord.Status()), f.state.Size)
	}
	return &userError{exit: exitRefused, code: "FB0604", what: "the fleet is not complete", why: why.Error(),
		fix: "start the missing workers again; firstbell fleet shows which are there", cause: err}
}

func (w *ownWorker) running() bool {
	if w.ended == nil {
		return false
	}
	select {
	case <-w.ended:
		return false
	default:
		return true
	}
}

// startOwn starts one of our own processes: its credentials go in at standard
// input, its lines to a file of the fleet's folder.
func (f *openedFleet) startOwn(w *ownWorker) error {
	spool := filepath.Join(f.dir, spoolDir, keys.WorkerName(w.index))
	if err := os.MkdirAll(spool, 0o700); err != nil {
		return err
	}
	log, err := os.OpenFile(f.logOf(w), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	if w.child, err = startQuiet(log, f.e, "worker", "--join", f.state.URL, "--credentials", "-", "--spool", spool, "--linger", localLinger.String()); err != nil {
		return err
	}
	w.ended = make(chan struct{})
	go func() {
		_ = w.cmd.Wait()
		close(w.ended)
	}()
	if _, err := w.stdin.Write(w.secret); err != nil {
		w.stop()
		return errors.New(f.lastWords(w))
	}
	return nil
}

func (f *openedFleet) logOf(w *ownWorker) string {
	return filepath.Join(f.dir, keys.WorkerName(w.index)+".log")
}

// maxLog is as much of a worker's lines as is read.
const maxLog = 1 << 20

// lastWords are the last lines of a process that has ended.
func (f *openedFleet) lastWords(w *ownWorker) string {
	b, _ := readStart(f.logOf(w), maxLog)
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return keys.WorkerName(w.index) + " ended: " + plainLine(strings.Join(lines[max(0, len(lines)-3):], " "))
}

// stop ends the process, which was told to leave before.
func (w *ownWorker) stop() {
	if !w.running() {
		return
	}
	_ = w.stdin.Close()
	select {
	case <-w.ended:
	case <-time.After(3 * time.Second):
		_ = w.cmd.Process.Kill()
		<-w.ended
	}
}
