package main

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"

	"firstbell/report/catalog"
	"firstbell/runner"
	"firstbell/runner/fleet"
	"firstbell/runner/results"
)

// TestNothingActsOnATerminal: what a target, a file or a worker says reaches a terminal
// as text, whoever prints it.
func TestNothingActsOnATerminal(t *testing.T) {
	const evil = "x\x1b[2J\u009b31m\u202e\x07y"
	v := view{text: catalog.For("en"), plan: &results.Plan{PlayFrom: 8 * 3600}}
	event := results.Event{Kind: evil, Text: evil, Fields: map[string]string{"host": evil}}
	for name, print := range map[string]func(io.Writer) error{
		"a mistake": func(w io.Writer) error {
			printError(w, &userError{code: "FB0301", what: evil, why: evil + "\n" + evil, fix: evil})
			return nil
		},
		"an internal error": func(w io.Writer) error { printError(w, errors.New(evil)); return nil },
		"a smoke test": func(w io.Writer) error {
			return printTraces(w, []runner.Trace{{Persona: evil, Journey: evil, Outside: []string{evil},
				Steps: []runner.TraceStep{{Name: evil, Why: evil, Hops: []runner.TraceHop{{Method: evil, Host: evil, Path: evil, Status: 200}}}}}})
		},
		"lines": func(w io.Writer) error { (&lines{w: w, view: v}).event(event); return nil },
		"json":  func(w io.Writer) error { (&jsonLines{enc: json.NewEncoder(w), view: v}).event(event); return nil },
		"a worker": func(w io.Writer) error {
			l := &workerLog{w: w, now: time.Now, who: "w000"}
			l.printf("%s", evil)
			l.tell(fleet.Notice{Text: evil})
			return nil
		},
		"a session": func(w io.Writer) error {
			e := quietEnv(time.Now())
			e.stderr = w
			(&session{e: e, text: v.text}).say("console.folder", "dir", evil)
			return nil
		},
	} {
		var b strings.Builder
		if err := print(&b); err != nil {
			t.Fatal(name, err)
		}
		acts := func(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) }
		if text := b.String(); strings.ContainsFunc(text, acts) || !strings.Contains(text, "x") {
			t.Errorf("%s: %q", name, text)
		}
	}
}
