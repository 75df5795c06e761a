package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"firstbell/scenarios"
)

// The exit codes, frozen. When several apply the first of
// 1, 2, 5, 130, 6, 3/4/0 wins.
const (
	exitReady        = 0
	exitInternal     = 1
	exitUsage        = 2
	exitNotReady     = 3
	exitInconclusive = 4
	exitRefused      = 5
	exitStopped      = 6
	exitInterrupted  = 130
)

// exitTable stands in every command's help.
const exitTable = `Exit codes:
  0    ready (or done, for commands that give no verdict)
  1    internal error
  2    usage or scenario error
  3    not ready
  4    inconclusive
  5    refused before the start: no consent, machine too small
  6    stopped by the target, or by firstbell stop
  130  interrupted`

// userError is a mistake the user can mend: what, why, what to do.
type userError struct {
	exit           int
	code           string // FBnnnn, explained by `firstbell explain`
	what, why, fix string
	cause          error
}

func (e *userError) Error() string {
	if e.why == "" {
		return e.what
	}
	return e.what + ": " + e.why
}
func (e *userError) Unwrap() error { return e.cause }

// usageError is the command line's own mistake.
func usageError(format string, args ...any) error {
	return &userError{exit: exitUsage, code: "FB0201", what: fmt.Sprintf(format, args...), fix: "run the command with --help"}
}

// verdictError carries a verdict's exit code; it is not printed, the verdict
// already was.
type verdictError struct{ code int }

func (e verdictError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// verdictExit turns a code into an error, nil for 0.
func verdictExit(code int) error {
	if code == exitReady {
		return nil
	}
	return verdictError{code}
}

// exitCodeOf is the one place where errors become exit codes.
func exitCodeOf(err error) int {
	var (
		verdict  verdictError
		user     *userError
		mistakes *scenarios.Mistakes
	)
	switch {
	case err == nil:
		return exitReady
	case errors.As(err, &verdict):
		return verdict.code
	case errors.As(err, &user):
		return user.exit
	case errors.As(err, &mistakes):
		return exitUsage
	default:
		return exitInternal
	}
}

// printError writes an error as what, why, what to do; verdicts print nothing. What
// a target or a file said may be part of it.
func printError(to io.Writer, err error) {
	w := new(strings.Builder)
	writeError(w, err)
	_, _ = io.WriteString(to, legibleLines(w.String()))
}

func writeError(w io.Writer, err error) {
	var (
		verdict  verdictError
		user     *userError
		mistakes *scenarios.Mistakes
	)
	switch {
	case err == nil, errors.As(err, &verdict):
	case errors.As(err, &mistakes):
		fmt.Fprintln(w, strings.TrimRight(mistakes.Error(), "\n"))
	case errors.As(err, &user):
		fmt.Fprintf(w, "error %s: %s\n", user.code, user.what)
		printLine(w, "why", user.why)
		printLine(w, "fix", user.fix)
		fmt.Fprintf(w, "  more: firstbell explain %s\n", user.code)
	default:
		fmt.Fprintf(w, "internal error: %v\n", err)
	}
}

// printLine writes one labelled line, its continuation lines indented.
func printLine(w io.Writer, label, text string) {
	if text == "" {
		return
	}
	fmt.Fprintf(w, "  %s:  %s\n", label, strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n        "))
}
