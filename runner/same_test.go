package runner_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstbell/examples/ent"
)

// TestSameSeedSameMorning: the seed draws everything; an overloaded portal in
// virtual time gives the same ledgers and the same counts beside them.
func TestSameSeedSameMorning(t *testing.T) {
	play := func(seed uint64) outcome {
		return morning{yaml: variant("people: 1000", "people: 300"), seed: seed,
			ent: ent.Config{Capacity: ent.Capacity{Workers: 2, Service: 200 * time.Millisecond}}}.play(t)
	}
	a, b, c := play(7), play(7), play(8)
	if a.people.Of(0) != 0 || a.tries.Intended <= a.people.Intended {
		t.Fatalf("people %v, attempts %v: the portal is not overloaded, the test proves little", a.people, a.tries)
	}
	if diff := cmp.Diff(a.books.People.Cells, b.books.People.Cells); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(a.books.Attempts.Cells, b.books.Attempts.Cells); diff != "" {
		t.Error(diff)
	}
	if a.run.Plan.Digest != b.run.Plan.Digest || a.run.Plan.Digest == c.run.Plan.Digest {
		t.Error("the digest of the schedule is not the seed's")
	}
}
