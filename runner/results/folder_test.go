package results

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// record plays a history into a folder and gives the truth after each frame.
func record(t *testing.T, h *history, dir string, seconds int, end bool) (people, attempts []Ledger) {
	t.Helper()
	f, err := Create(dir, h.plan, []byte("version: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, a := h.truth()
	people, attempts = append(people, p), append(attempts, a)
	d := NewDelta(0)
	for s := range seconds {
		h.tick(d, s)
		if err := f.Append(d); err != nil {
			t.Fatal(err)
		}
		d.Reset()
		p, a := h.truth()
		people, attempts = append(people, p), append(attempts, a)
	}
	if err := f.Event(Event{At: time.Second, Kind: "first_quota", Text: "file d'attente"}); err != nil {
		t.Fatal(err)
	}
	if !end {
		t.Cleanup(func() { f.Close(Ended{How: EndedInterrupted}) })
		return people, attempts
	}
	if err := f.Close(Ended{How: EndedInterrupted, At: 7 * time.Second, Cause: "signal"}); err != nil {
		t.Fatal(err)
	}
	return people, attempts
}

func TestFolderRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run [1] *é") // no pattern, a name
	h := newHistory(1, 400, 3, 20)
	people, attempts := record(t, h, dir, 25, true)
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.Ended.How != EndedInterrupted || r.Ended.At != 7*time.Second || r.CutAt != 0 {
		t.Errorf("ended %+v, cut at %v", r.Ended, r.CutAt)
	}
	want := []WorkerRun{{LastSeq: 25, LastSecond: 24, Frames: 25, Ended: true}}
	if diff := cmp.Diff(want, r.Workers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(h.plan, r.Plan); diff != "" {
		t.Error(diff)
	}
	if string(r.Scenario) != "version: 1\n" || len(r.Events) != 1 || r.Events[0].Kind != "first_quota" {
		t.Errorf("scenario %q, events %v", r.Scenario, r.Events)
	}
	l := LedgerOf(r)
	if err := l.Check(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]Ledger{people[25], attempts[25]}, []Ledger{l.People.Total, l.Attempts.Total}); diff != "" {
		t.Error(diff)
	}
}

func TestFolderBelongsToOneWriter(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(dir, testPlan(1, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := Create(dir, testPlan(1, 1), nil); !errors.Is(err, fs.ErrExist) {
			t.Errorf("second writer: %v", err)
		}
		if err := os.Remove(filepath.Join(dir, PlanFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if err := f.Close(Ended{How: EndedPlanned}); err != nil {
		t.Error(err)
	}
	if err := f.Append(NewDelta(0)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
}

func TestOpenWithoutAnyDelta(t *testing.T) {
	dir := t.TempDir()
	h := newHistory(2, 30, 2, 5)
	f, err := Create(dir, h.plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(Ended{How: EndedPlanned}); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, DeltaDir)); err != nil {
		t.Fatal(err)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := LedgerOf(r)
	if err := l.Check(); err != nil || r.Ended.How != EndedCut || l.People.Total.NotSent != 30 || l.Attempts.Total.NotSent != 30 {
		t.Errorf("%v, ended %s, %v", err, r.Ended.How, l.People.Total)
	}
}
