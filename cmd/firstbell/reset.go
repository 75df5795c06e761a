package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"firstbell/runner"
	"firstbell/runner/capacity"
	"firstbell/runner/results"
)

// Bounds of a reset.
const (
	resetTimeout  = 5 * time.Minute // unless --reset-timeout says otherwise
	resetShortest = time.Second
	resetLongest  = 2 * time.Hour
	resetProbe    = 2 * time.Second // between two looks at a target that is not back yet
	resetTail     = 4 << 10         // bytes of its output in which the last line is looked for
)

// needsCold reports whether a trial wants a target that nothing has warmed up or worn
// out before: whole mornings, which happen to a portal at rest, and overloads on
// purpose, which may leave it down. Plateaus have a warm-up of their own, the control
// plateau and the reading after an overload ask what the load before has left behind,
// and steps alone are compared with each other.
func needsCold(kind results.TrialKind) bool {
	return kind == results.TrialStorm || kind == results.TrialRecovery
}

// cold brings the target to a cold start before a trial that wants one, by the
// operator's command. A target that cannot be brought there ends the session before
// the trial: the same command goes on with it.
func (s *session) cold(ctx context.Context, spec capacity.Spec) error {
	switch {
	case !needsCold(spec.Conduct.Kind):
		return nil
	case s.o.reset == "":
		s.unproved("cold")
		return nil
	}
	s.say("console.reset", "name", spec.Name)
	did := results.Reset{Trial: spec.Name, At: s.e.now().UTC()}
	failure := s.reset(ctx, &did)
	if err := ctx.Err(); err != nil {
		return err
	}
	s.d.Resets = slices.DeleteFunc(s.d.Resets, func(r results.Reset) bool { return r.Trial == spec.Name })
	s.d.Resets = append(s.d.Resets, did)
	var gone *userError
	switch {
	case failure == nil:
		return errors.Join(s.save(), pause(ctx, rest))
	case errors.As(failure, &gone) && gone.exit == exitStopped:
		s.ended = results.Ended{How: results.EndedByTarget, Cause: gone.why}
	default:
		s.ended = results.Ended{How: results.EndedReset, Cause: spec.Name}
		fmt.Fprintln(s.e.stderr, legibleLines(s.text.Text("console.reset_"+did.Failed, "name", spec.Name,
			"time", s.o.resetTimeout.String(), "line", failure.Error())))
	}
	return errors.Join(errSessionEnds, s.save())
}

// reset runs the command, then waits until everybody gets in again, within
// --reset-timeout for both. What failed stands in did; the error says it to the
// operator, and to nobody else: what a command prints may hold a secret.
func (s *session) reset(ctx context.Context, did *results.Reset) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.resetTimeout)
	defer cancel()
	began := time.Now()
	line, err := runShell(ctx, s.o.reset)
	did.Took = time.Since(began)
	switch {
	case ctx.Err() != nil:
		did.Failed = results.ResetTimeout
		return errors.New(line)
	case err != nil:
		did.Failed = results.ResetExit
		return fmt.Errorf("%w: %s", err, line)
	}
	err = s.answers(ctx)
	did.Answered = time.Since(began)
	if err != nil {
		did.Failed = results.ResetSilent
	}
	return err
}

// runShell runs an operator's command by the shell, in a process group of its own that
// is killed as a whole when ctx ends, and gives the last line it printed, fit to be
// shown. Its output goes to a file without a name: what the command leaves running on
// purpose holds nobody up.
func runShell(ctx context.Context, command string) (line string, err error) {
	out, err := os.CreateTemp("", "firstbell-reset-*")
	if err != nil {
		return "", err
	}
	defer out.Close()
	if err := os.Remove(out.Name()); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.Stdout, cmd.Stderr = out, out
	detach(cmd)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err = cmd.Run()
	return lastLine(out), err
}

// lastLine is the last line with anything on it, short and without what looks like a
// secret.
func lastLine(f *os.File) string {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return ""
	}
	tail := make([]byte, min(size, resetTail))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(tail)), "\n")
	return plainLine(runner.Redact(lines[len(lines)-1]))
}

// answers waits until one person per persona gets in, as the smoke test wants it. The
// error is that of the last try, or the target's stop.
func (s *session) answers(ctx context.Context) error {
	for {
		err := s.walked(ctx)
		var gone *userError
		if err == nil || errors.As(err, &gone) && gone.exit == exitStopped {
			return err
		}
		if pause(ctx, resetProbe) != nil {
			return errors.New(plainLine(err.Error()))
		}
	}
}

// walked is the smoke test once.
func (s *session) walked(ctx context.Context) error {
	plan := *s.storm.Plan
	plan.Start = s.e.now()
	rig, err := newRig(ctx, s.sc, &plan, func(results.Event) {})
	if err != nil {
		return err
	}
	defer rig.close()
	defer rig.watch(ctx)()
	traces, err := runner.Smoke(ctx, rig.smoke(s.sc, &plan, false))
	if gone := rig.withdrawn(); gone != nil {
		return gone
	}
	if err != nil {
		return err
	}
	if problems := runner.Problems(traces); problems != "" {
		return errors.New(problems)
	}
	return nil
}
