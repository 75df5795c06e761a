package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"firstbell/report/catalog"
	"firstbell/runner/fleet/keys"
	"firstbell/runner/results"
)

// crew is how many processes are to play, and where they are.
type crew struct {
	size    int // 1: this process, alone
	kind    results.FleetKind
	chosen  bool         // by us, because one process may not hold the descriptors
	roster  *keys.Roster // given; nil: one is made
	options fleetOptions
}

func (c crew) alone() bool { return c.kind == "" }

// usableDescriptors is the share of the limit that a plan may use, as CheckFits
// has it.
const usableDescriptors = 0.80

// mostLocal bounds the processes that are started unasked.
const mostLocal = 32

// chooseCrew reads the flags against what the plan needs, and refuses a plan that
// does not fit. What other machines can carry they say themselves.
func chooseCrew(o fleetOptions, needs results.Needs) (crew, error) {
	c := crew{size: max(1, o.count), options: o}
	if o.remote() {
		return c, c.remote()
	}
	if o.count == 0 {
		c.size = processesFor(needs)
		c.chosen = c.size > 1
	}
	if c.size > 1 {
		c.kind = results.FleetLocal
	}
	if c.chosen && refuseNeeds(sharedMachine(needs, c.size)) != nil {
		c.size, c.kind = 1, "" // something else is too small as well: say all of it
	}
	return c, refuseNeeds(sharedMachine(needs, c.size))
}

// remote is a crew on other machines.
func (c *crew) remote() error {
	o := c.options
	c.kind = results.FleetRemote
	if o.nats != "" {
		c.kind = results.FleetCluster
	}
	if o.credentials == "" {
		return nil
	}
	var err error
	if c.roster, err = readRoster(o.credentials); err != nil {
		return err
	}
	if o.count > len(c.roster.Workers) {
		return usageError("--workers %d: the roster names %d", o.count, len(c.roster.Workers))
	}
	c.size = cmp.Or(o.count, len(c.roster.Workers))
	return nil
}

// readRoster reads the file `firstbell credentials` has written, or the folder it
// stands in.
func readRoster(path string) (*keys.Roster, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, rosterFile)
	}
	r, err := keys.ReadRoster(path)
	if err != nil {
		return nil, badCredentials(path, err)
	}
	return r, nil
}

func badCredentials(path string, err error) error {
	return &userError{exit: exitUsage, code: "FB0601", what: "the credentials cannot be read: " + path, why: cause(err),
		fix: "firstbell credentials --workers 4 --out fleet-keys makes them; a file of secrets has mode 0600", cause: err}
}

// processesFor is how many processes hold the descriptors of a plan.
func processesFor(n results.Needs) int {
	each := int(usableDescriptors*float64(n.DescLimit)) - baseDescriptors
	if n.DescLimit <= 0 || each <= 0 || n.Descriptors-baseDescriptors <= each {
		return 1
	}
	return min(mostLocal, (n.Descriptors-baseDescriptors+each-1)/each)
}

// sharedMachine is what several processes of one machine need: descriptors are
// each process's own, ports and memory are not.
func sharedMachine(n results.Needs, processes int) results.Needs {
	n.Descriptors = shareOf(n, processes).Descriptors
	n.MemoryBytes += int64(processes-1) * baseMemory
	return n
}

// tell says what was chosen unasked.
func (c crew) tell(e *env, o playOptions) {
	if c.chosen && c.size > 1 && o.progress != "none" && o.progress != "json" {
		fmt.Fprintln(e.stderr, catalog.For(o.lang).Text("console.processes", "n", strconv.Itoa(c.size)))
	}
}

// recorded is the number of workers as a journal keeps it: 0 for none.
func (c crew) recorded() int {
	if c.alone() {
		return 0
	}
	return c.size
}
