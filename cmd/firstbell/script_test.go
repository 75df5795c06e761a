package main

import (
	"context"
	"flag"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"firstbell/examples/ent"
)

var update = flag.Bool("update", false, "rewrite the golden parts of the scripts")

func TestMain(m *testing.M) {
	manyAtOnce()
	if len(os.Args) > 1 && (os.Args[1] == "sink" || os.Args[1] == "witness" || os.Args[1] == "worker") { // a child that a test has started: this very binary
		os.Exit(Main(context.Background(), systemEnv()))
	}
	testscript.Main(m, map[string]func(){
		"firstbell": func() { os.Exit(Main(context.Background(), systemEnv())) },
	})
}

// TestScripts runs testdata/script: one story per file, readable as a manual.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_COLOR", "1")
			env.Setenv("CI", "true")
			portal, err := ent.New(ent.Config{})
			if err != nil {
				return err
			}
			server := httptest.NewServer(portal)
			env.Defer(server.Close)
			env.Setenv("PORTAL", server.URL)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exitcode": exitCode},
	})
}
