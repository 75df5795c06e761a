package main

import (
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// env is the outside world as commands see it.
type env struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	// stdoutTTY and stderrTTY say which stream a person is looking at.
	stdoutTTY, stderrTTY bool
	now                  func() time.Time
}

func systemEnv() *env {
	return &env{
		args:      os.Args[1:],
		stdin:     os.Stdin,
		stdout:    os.Stdout,
		stderr:    os.Stderr,
		getenv:    os.Getenv,
		stdoutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		stderrTTY: term.IsTerminal(int(os.Stderr.Fd())),
		now:       time.Now,
	}
}

// colour reports whether a stream may carry ANSI colours: it is a terminal,
// and nobody asked for plain text (https://no-color.org).
func (e *env) colour(tty bool) bool {
	return tty && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
}

// setting is flag > environment > default: the flag's value when it was given,
// else FIRSTBELL_NAME, else the flag's default.
func (e *env) setting(name, value string, given bool) string {
	if given {
		return value
	}
	key := "FIRSTBELL_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	if v := e.getenv(key); v != "" {
		return v
	}
	return value
}
