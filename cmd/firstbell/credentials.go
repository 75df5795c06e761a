package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"firstbell/runner/fleet"
	"firstbell/runner/fleet/keys"
)

func newCredentialsCmd(e *env) *cobra.Command {
	var workers, out string
	var hosts []string
	c := &cobra.Command{
		Use:   "credentials",
		Short: "Make the keys of a fleet: one file for each worker, one for the coordinator",
		Long: `Write a new fleet's keys into a folder: roster.json for the coordinator
(firstbell run --listen HOST:PORT --credentials roster.json), w000.json and so on, one
for each worker (firstbell worker --credentials w000.json), and operator.json for those
who look at the fleet or stop it. The files are secrets, of mode 0600: give each
machine its own and no other.

--host names the coordinator as workers reach it: the certificate of its server is
made for these names and addresses. Without one the fleet stays on this machine, or
on a cluster whose certificate the system vouches for.`,
		Example: "  firstbell credentials --workers 4 --host pilot.example --out fleet-keys",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			workers = e.setting("workers", workers, cmd.Flags().Changed("workers"))
			out = e.setting("out", out, cmd.Flags().Changed("out"))
			n, err := strconv.Atoi(workers)
			if err != nil || n < 1 || n > fleet.MaxWorkers {
				return usageError("--workers %q: want a whole number from 1 to %d", workers, fleet.MaxWorkers)
			}
			return makeCredentials(e, n, hosts, out)
		},
	}
	f := c.Flags()
	f.StringVar(&workers, "workers", "", "how many workers the fleet has")
	f.StringArrayVar(&hosts, "host", nil, "name or address at which workers reach the coordinator (repeatable)")
	f.StringVar(&out, "out", "fleet-keys", "folder for the files; it is made, and must hold none yet")
	return c
}

func makeCredentials(e *env, n int, hosts []string, out string) error {
	roster, workers, operator, err := keys.Generate(keys.Options{Workers: n, Hosts: hosts, Now: e.now()})
	if err != nil {
		return &userError{exit: exitUsage, code: "FB0601", what: "the credentials cannot be made", why: err.Error(), fix: "look at --host and --workers", cause: err}
	}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return unwrittenKeys(out, err)
	}
	err = errors.Join(roster.Write(filepath.Join(out, rosterFile)))
	for i := 0; i < len(workers) && err == nil; i++ {
		err = workers[i].Write(filepath.Join(out, workers[i].Name+".json"))
	}
	if err == nil {
		err = operator.Write(filepath.Join(out, operatorFile))
	}
	if err != nil {
		return unwrittenKeys(out, err)
	}
	_, err = fmt.Fprintf(e.stdout, "fleet %s, %d workers: %s\n  coordinator  %s\n  workers      %s … %s\n  operator     %s\n", roster.Fleet, n, out,
		rosterFile, workers[0].Name+".json", workers[n-1].Name+".json", operatorFile)
	return err
}

func unwrittenKeys(out string, err error) error {
	return &userError{exit: exitUsage, code: "FB0203", what: "the credentials cannot be written to " + out, why: cause(err), fix: "choose another --out", cause: err}
}
