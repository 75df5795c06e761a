package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"firstbell/runner/results"
)

// TestChooseCrew: as many processes as the descriptors ask for, unless something
// else of the machine is too small, or somebody said how many.
func TestChooseCrew(t *testing.T) {
	fits := results.Needs{Descriptors: 700, DescLimit: 1000, Open: 572, DialsInFlight: 600, PortLimit: 28000, MemoryBytes: 200 << 20, MemoryLimit: 4 << 30}
	large := fits
	large.Descriptors, large.Open = 2128, 2000
	ports := large
	ports.PortLimit = 1500
	many := large
	many.Descriptors, many.Open, many.PortLimit = 60_000, 10_000, 28_000
	for name, c := range map[string]struct {
		o     fleetOptions
		n     results.Needs
		size  int
		alone bool
		fails bool
	}{
		"one is enough":        {n: fits, size: 1, alone: true},
		"descriptors":          {n: large, size: 3},
		"one is forced":        {o: fleetOptions{count: 1}, n: large, fails: true},
		"two are not enough":   {o: fleetOptions{count: 2}, n: large, fails: true},
		"four":                 {o: fleetOptions{count: 4}, n: large, size: 4},
		"ports are everyone's": {n: ports, fails: true},
		"too many processes":   {n: many, fails: true},
		"elsewhere":            {o: fleetOptions{count: 2, listen: "127.0.0.1:0"}, n: many, size: 2},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := chooseCrew(c.o, c.n)
			if (err != nil) != c.fails {
				t.Fatalf("refused: %v", err)
			}
			if err == nil && (got.size != c.size || got.alone() != c.alone) {
				t.Errorf("%d, alone %v", got.size, got.alone())
			}
		})
	}
}

// TestControl: an order in the folder ends the context with its reason, and is gone
// once it was obeyed; a second process cannot take the folder.
func TestControl(t *testing.T) {
	dir := t.TempDir()
	c, err := takeControl(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := takeControl(dir); err == nil {
		t.Error("two hold one folder")
	}
	if !locked(dir) {
		t.Error("nobody holds it")
	}
	ctx, unwatch := c.watch(t.Context())
	defer unwatch()
	if err := os.WriteFile(filepath.Join(dir, stopFile), []byte("{\"why\": \"fire\\u001b[31m\\n\"}"), 0o600); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("not stopped")
	}
	if s := stopAsked(ctx); s == nil || s.why != "fire [31m" {
		t.Errorf("cause %v", context.Cause(ctx))
	}
	if got := asStopped(ctx, results.Ended{How: results.EndedInterrupted}); got.How != results.EndedStopped {
		t.Errorf("ended %v", got)
	}
	if got := asStopped(ctx, results.Ended{How: results.EndedByTarget}); got.How != results.EndedByTarget {
		t.Errorf("ended %v", got)
	}
	c.release()
	if locked(dir) {
		t.Error("still held")
	}
	if _, err := os.Stat(filepath.Join(dir, stopFile)); err == nil {
		t.Error("the order is still there")
	}
}
