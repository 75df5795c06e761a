package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"firstbell/report"
	"firstbell/runner/results"
)

// control is how a run under way is reached from outside: its lock says that it
// is alive, and a file beside the lock asks it to stop.
type control struct {
	dir  string
	lock *os.File // nil: somebody else holds it for us
}

const (
	stopFile  = ".stop"
	stopEvery = 100 * time.Millisecond
	maxStop   = 4 << 10
)

// stopOrder is the file `firstbell stop` writes.
type stopOrder struct {
	Why string `json:"why,omitempty"`
}

// stoppedError is the cause of a context that `firstbell stop` has ended.
type stoppedError struct{ why string }

func (e *stoppedError) Error() string {
	if e.why == "" {
		return "stopped by firstbell stop"
	}
	return "stopped by firstbell stop: " + e.why
}

// takeControl locks a folder that exists.
func takeControl(dir string) (*control, error) {
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	_ = os.Remove(filepath.Join(dir, stopFile))
	return &control{dir, lock}, nil
}

// watch ends the context it returns when somebody asks to stop.
func (c *control) watch(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(stopEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if order, asked := c.asked(); asked {
				cancel(&stoppedError{plainLine(order.Why)})
				return
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-done
	}
}

func (c *control) asked() (stopOrder, bool) {
	var order stopOrder
	b, err := readStart(filepath.Join(c.dir, stopFile), maxStop)
	if err != nil {
		return order, false
	}
	_ = json.Unmarshal(b, &order) // whatever it says, it asks to stop
	return order, true
}

// obeyed tells whoever asked that no request leaves any more.
func (c *control) obeyed() { _ = os.Remove(filepath.Join(c.dir, stopFile)) }

// release lets the folder go.
func (c *control) release() {
	if c.lock != nil {
		c.obeyed()
		_ = os.Remove(c.lock.Name())
		_ = c.lock.Close()
	}
}

// stopAsked is the order that ended a context, or nil.
func stopAsked(ctx context.Context) *stoppedError {
	var s *stoppedError
	if errors.As(context.Cause(ctx), &s) {
		return s
	}
	return nil
}

// asStopped is how a run ended that the end of ctx has interrupted.
func asStopped(ctx context.Context, ended results.Ended) results.Ended {
	if s := stopAsked(ctx); s != nil && ended.How == results.EndedInterrupted {
		ended.How, ended.Cause = results.EndedStopped, s.Error()
	}
	return ended
}

// legibleLines is [report.Legible] of a text of several lines of ours.
func legibleLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = report.Legible(l)
	}
	return strings.Join(lines, "\n")
}

// plainLine makes one short printable line of what somebody else wrote.
func plainLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "")
	}
	return text
}
