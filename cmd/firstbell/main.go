package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(Main(context.Background(), systemEnv()))
}

// Main runs the command line in e and returns the exit code; tests call it with
// an environment of their own.
func Main(ctx context.Context, e *env) int {
	root := newRootCmd(e)
	root.SetArgs(e.args)
	err := root.ExecuteContext(ctx)
	printError(e.stderr, err)
	return exitCodeOf(err)
}
