package results

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// newFleet is an empty folder of a fleet, and one frame of worker 3 for it.
func newFleet(t testing.TB) (*FleetFolder, []byte) {
	t.Helper()
	f, err := CreateFleet(filepath.Join(t.TempDir(), "run"), testPlan(2, 30), []byte("version: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close(Ended{How: EndedInternal}) })
	return f, frameOf(t, 3, 1)
}

func frameOf(t testing.TB, worker uint32, seq uint64) []byte {
	t.Helper()
	d := oneOfEach()
	d.Worker, d.Seq = worker, seq
	b, err := NewEncoder(testLimits).Append(nil, d)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFleetFolderKeepsTheVeryBytes(t *testing.T) {
	f, b := newFleet(t)
	got, fresh, err := f.Append(3, b)
	if err != nil || !fresh || got.Worker != 3 || got.Seq != 1 || got.Delta == nil || got.Delta.Tries[GroupSecond{1, 21}] != 1 {
		t.Fatalf("%+v %v %v", got, fresh, err)
	}
	end, err := NewEncoder(testLimits).AppendEnd(nil, 3, 2, Ended{How: EndedPlanned})
	if err != nil {
		t.Fatal(err)
	}
	if got, fresh, err = f.Append(3, end); err != nil || !fresh || got.End == nil || got.End.How != EndedPlanned {
		t.Fatalf("%+v %v %v", got, fresh, err)
	}
	for _, again := range [][]byte{b, end, frameOf(t, 3, 2)} { // a number is taken once, by whatever
		if _, fresh, err := f.Append(3, again); err != nil || fresh {
			t.Fatalf("again: fresh %v, %v", fresh, err)
		}
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(f.Dir(), DeltaDir, "w003.delta"))
	if err != nil || !bytes.Equal(file, append(bytes.Clone(b), end...)) {
		t.Errorf("%d bytes, %v; want %d", len(file), err, len(b)+len(end))
	}
}

func TestFleetFolderRefusesBadFrames(t *testing.T) {
	f, b := newFleet(t)
	flipped := bytes.Clone(b)
	flipped[len(b)/2] ^= 1
	other := bytes.Clone(b)
	other[2] = 9
	beyond, err := NewEncoder(Limits{Groups: 9, Steps: 2, Hosts: 1}).Append(nil, &Delta{Worker: 3, Seq: 1, Starts: map[GroupSecond]uint32{{Group: 8}: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		worker uint32
		frame  []byte
		want   string
	}{
		"empty":             {3, nil, "torn"},
		"torn":              {3, b[:len(b)-1], "torn"},
		"damaged":           {3, flipped, "CRC"},
		"two":               {3, append(bytes.Clone(b), b...), "too many"},
		"another worker's":  {4, b, "frame of worker 3"},
		"another version":   {3, other, "version"},
		"another plan":      {3, beyond, "group 8 of 2"},
		"number 0":          {3, frameOf(t, 3, 0), "number 0"},
		"number too high":   {3, frameOf(t, 3, 1<<40), "number"},
		"impossible worker": {1 << 20, frameOf(t, 1<<20, 1), "at most"},
	} {
		if _, fresh, err := f.Append(c.worker, c.frame); fresh || !errors.Is(err, ErrBadFrame) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: fresh %v, %v", name, fresh, err)
		}
	}
	f.workers[4] = &workerFile{appended: appended{size: maxDeltaFile}}
	if _, fresh, err := f.Append(4, frameOf(t, 4, 1)); fresh || !errors.Is(err, ErrBadFrame) {
		t.Errorf("more than a file may hold: fresh %v, %v", fresh, err)
	}
	delete(f.workers, 4)
	if files, err := os.ReadDir(filepath.Join(f.Dir(), DeltaDir)); err != nil || len(files) > 0 {
		t.Errorf("files of nobody: %v, %v", files, err)
	}
	if _, fresh, err := f.Append(3, b); err != nil || !fresh {
		t.Errorf("a sound one after them: fresh %v, %v", fresh, err)
	}
}

// However the coordinator's last write is cut, its successor keeps what was whole,
// takes the rest again, and nothing counts twice.
func TestReopenFleetAtEveryByte(t *testing.T) {
	f, _ := newFleet(t)
	var file []byte
	frames := [][]byte{frameOf(t, 3, 1), frameOf(t, 3, 2), frameOf(t, 3, 4)}
	for _, b := range frames {
		file = append(file, b...)
	}
	if _, _, err := f.Append(3, frames[0]); err != nil {
		t.Fatal(err)
	}
	dir := f.Dir()
	if err := f.shut(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, DeltaDir, "w003.delta")
	for size := range len(file) + 1 {
		if err := os.WriteFile(path, file[:size], 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := ReopenFleet(dir)
		if err != nil {
			t.Fatalf("cut at %d: %v", size, err)
		}
		whole := 0
		for _, b := range frames {
			_, fresh, err := f.Append(3, b)
			if err != nil {
				t.Fatalf("cut at %d: %v", size, err)
			}
			if whole += len(b); fresh == (whole <= size) {
				t.Fatalf("cut at %d: frame up to %d fresh %v", size, whole, fresh)
			}
		}
		if err := f.shut(); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, file) {
			t.Fatalf("cut at %d: %d bytes, %v; want %d", size, len(b), err, len(file))
		}
	}
}

func TestReopenFleetRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(dir string) error
		want  string
	}{
		"no folder":          {os.RemoveAll, "plan.json"},
		"one process's run":  {func(dir string) error { return os.Remove(filepath.Join(dir, FleetFile)) }, FleetFile},
		"another's fleet":    {func(dir string) error { return write(dir, FleetFile, `{"schema_version":"2.0"}`) }, `schema "2.0"`},
		"a renamed file":     {func(dir string) error { return os.Rename(deltaOf(dir, 3), deltaOf(dir, 5)) }, "w005.delta: frame of worker 3"},
		"another plan's":     {func(dir string) error { return write(dir, PlanFile, `{"groups":[{"persona":"x"}]}`) }, "w003.delta: delta frame"},
		"another version's":  {flipVersion, "another version"},
		"somebody writes it": {nil, "another process"},
	} {
		t.Run(name, func(t *testing.T) {
			f, b := newFleet(t)
			if _, _, err := f.Append(3, b); err != nil {
				t.Fatal(err)
			}
			if c.spoil != nil {
				if err := errors.Join(f.shut(), c.spoil(f.Dir())); err != nil {
					t.Fatal(err)
				}
			}
			again, err := ReopenFleet(f.Dir())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if again != nil {
				again.shut()
			}
			if c.spoil == nil {
				return
			}
			if left, err := os.ReadFile(deltaOf(f.Dir(), 3)); err == nil && len(left) != len(b) {
				t.Errorf("%d bytes are left of %d", len(left), len(b))
			}
		})
	}
}

func deltaOf(dir string, worker uint32) string {
	return filepath.Join(dir, DeltaDir, deltaName(worker))
}

func write(dir, name, text string) error {
	return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
}

func flipVersion(dir string) error {
	b, err := os.ReadFile(deltaOf(dir, 3))
	if err != nil {
		return err
	}
	b[2]++
	return os.WriteFile(deltaOf(dir, 3), b, 0o644)
}

func TestFleetFolderBelongsToOneWriter(t *testing.T) {
	f, b := newFleet(t)
	for _, create := range []func() error{
		func() error { _, err := CreateFleet(f.Dir(), testPlan(2, 30), nil); return err },
		func() error { _, err := Create(f.Dir(), testPlan(2, 30), nil); return err },
	} {
		if err := create(); !errors.Is(err, fs.ErrExist) {
			t.Errorf("second writer: %v", err)
		}
	}
	if err := f.Close(Ended{How: EndedStopped}); err != nil {
		t.Fatal(err)
	}
	_, _, err := f.Append(3, b)
	for what, err := range map[string]error{"append": err, "event": f.Event(Event{Kind: "x"}), "record": f.Record(&Fleet{Schema: FleetSchema}), "sync": f.Sync()} {
		if !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%s after close: %v", what, err)
		}
	}
	if err := f.Close(Ended{How: EndedPlanned}); err != nil {
		t.Errorf("second close: %v", err)
	}
	if r, err := Open(f.Dir()); err != nil || r.Ended.How != EndedStopped {
		t.Errorf("%v, %v", r, err)
	}
}

func TestFleetFolderOnAFullDisk(t *testing.T) {
	for _, stuck := range []bool{false, true} {
		f, b := newFleet(t)
		if _, _, err := f.Append(3, b); err != nil {
			t.Fatal(err)
		}
		w := f.workers[3]
		disk := &fullDisk{file: w.file, room: 100, stuck: stuck}
		w.file = disk
		next := frameOf(t, 3, 2)
		if _, fresh, err := f.Append(3, next); fresh || !errors.Is(err, syscall.ENOSPC) || errors.Is(err, ErrBadFrame) {
			t.Fatalf("append to a full disk: fresh %v, %v", fresh, err)
		}
		disk.room = 1 << 20
		_, fresh, err := f.Append(3, next)
		if stuck != (err != nil) || fresh == stuck {
			t.Fatalf("stuck %v: with room again: fresh %v, %v", stuck, fresh, err)
		}
		if err := f.Close(Ended{How: EndedPlanned}); stuck != (err != nil) {
			t.Fatalf("stuck %v: close: %v", stuck, err)
		}
		r, err := Open(f.Dir())
		if err != nil {
			t.Fatal(err)
		}
		want := WorkerRun{ID: 3, LastSeq: 2, Frames: 2}
		if stuck {
			want = WorkerRun{ID: 3, LastSeq: 1, Frames: 1, Torn: 100, Why: ErrTorn.Error()}
		}
		if r.Workers[0] != want {
			t.Errorf("stuck %v: %+v", stuck, r.Workers)
		}
	}
}

func TestFleetFolderSyncsWhatChanged(t *testing.T) {
	f, b := newFleet(t)
	if _, _, err := f.Append(3, b); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if d := f.dirty(); len(d) > 0 {
		t.Errorf("%d files still to be made durable", len(d))
	}
	f.workers[3].file = &fullDisk{file: f.workers[3].file, room: 1 << 20, syncFail: syscall.EIO}
	if err := f.Sync(); err != nil {
		t.Errorf("nothing changed: %v", err)
	}
	if _, _, err := f.Append(3, frameOf(t, 3, 2)); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); !errors.Is(err, syscall.EIO) {
		t.Errorf("sync: %v", err)
	}
	// Nobody knows what is on disk: nothing more is taken as if it were safe.
	if _, _, err := f.Append(3, frameOf(t, 3, 3)); !errors.Is(err, syscall.EIO) {
		t.Errorf("append after a failed sync: %v", err)
	}
}

func TestFleetEventsGoOnBehindATornLine(t *testing.T) {
	f, _ := newFleet(t)
	if err := f.Event(Event{Kind: "worker_lost", At: time.Second}); err != nil {
		t.Fatal(err)
	}
	if err := f.shut(); err != nil {
		t.Fatal(err)
	}
	appendTo(t, filepath.Join(f.Dir(), EventsFile), []byte(`{"kind":"torn`))
	f, err := ReopenFleet(f.Dir())
	if err != nil {
		t.Fatal(err)
	}
	// What the stream has it brings again, with a fleet taken up.
	if err := errors.Join(f.Event(Event{Kind: "worker_lost", At: time.Second}), f.Event(Event{Kind: "coordinator_resumed", At: 2 * time.Second}), f.Close(Ended{How: EndedAlone})); err != nil {
		t.Fatal(err)
	}
	r, err := Open(f.Dir())
	if err != nil || len(r.Events) != 2 || r.Events[1].Kind != "coordinator_resumed" || f.events.n != 2 {
		t.Errorf("%+v %v", r.Events, err)
	}
}

func FuzzFleetAppend(f *testing.F) {
	f.Add(uint32(3), frameOf(f, 3, 1))
	f.Add(uint32(0), frameOf(f, 3, 1)[:20])
	end, err := NewEncoder(testLimits).AppendEnd(nil, 3, 2, Ended{How: EndedPlanned})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(3), end)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, worker uint32, frame []byte) {
		folder, err := CreateFleet(filepath.Join(dir, "run"), testPlan(2, 30), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(folder.Dir())
		_, fresh, err := folder.Append(worker, frame)
		if err != nil && !errors.Is(err, ErrBadFrame) || fresh != (err == nil) {
			t.Fatal(fresh, err)
		}
		if err := folder.Close(Ended{How: EndedPlanned}); err != nil {
			t.Fatal(err)
		}
		again, err := ReopenFleet(folder.Dir())
		if err != nil {
			t.Fatalf("what was taken cannot be read: %v", err)
		}
		if len(again.workers) > 0 != fresh {
			t.Fatalf("taken %v, %d files", fresh, len(again.workers))
		}
		r, err := Open(folder.Dir())
		if err != nil {
			t.Fatal(err)
		}
		LedgerOf(r)
		SeriesOf(r)
		again.Close(Ended{})
	})
}

func FuzzReopenFleet(f *testing.F) {
	b := frameOf(f, 0, 1)
	f.Add(b, []byte("{\"kind\":\"x\"}\n{"))
	f.Add(append(bytes.Clone(b), b[:len(b)/2]...), []byte("\n\n"))
	f.Add(append(bytes.Clone(b), 'F', 'B', 9, 1, 1), []byte{})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, deltas, events []byte) {
		folder, err := CreateFleet(filepath.Join(dir, "run"), testPlan(2, 30), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(folder.Dir())
		if err := folder.shut(); err != nil {
			t.Fatal(err)
		}
		path := deltaOf(folder.Dir(), 0)
		if err := errors.Join(os.WriteFile(path, deltas, 0o644), os.WriteFile(filepath.Join(folder.Dir(), EventsFile), events, 0o644)); err != nil {
			t.Fatal(err)
		}
		before, openErr := Open(folder.Dir())
		again, err := ReopenFleet(folder.Dir())
		if err != nil {
			if left, _ := os.ReadFile(path); !bytes.Equal(left, deltas) {
				t.Fatal("refused, and changed")
			}
			return
		}
		_, _, err = again.Append(0, frameOf(t, 0, 1<<31))
		if err := errors.Join(err, again.Event(Event{Kind: "y"}), again.Close(Ended{How: EndedPlanned})); err != nil {
			t.Fatal(err)
		}
		after, err := Open(folder.Dir())
		if err != nil || openErr != nil {
			t.Fatal(err, openErr)
		}
		w := after.Workers[0]
		if w.Torn > 0 || w.Frames < before.Workers[0].Frames || after.Ended.How != EndedPlanned || len(after.Events) < len(before.Events) {
			t.Fatalf("before %+v, after %+v", before.Workers, after.Workers)
		}
		if _, ok := again.workers[0]; !ok || !again.workers[0].seen.Has(1<<31) {
			t.Fatal("what was appended is not known")
		}
	})
}

func FuzzFleetFile(f *testing.F) {
	f.Add([]byte(`{"schema_version":"1.0","workers":[{"id":0,"people":3},{"id":1}],"losses":[{"worker":0,"expired_ns":1,"taken_from_ns":-1}],"ended":{"how":"planned","at_ns":5}}`))
	f.Add([]byte(`{"schema_version":"1.9","workers":[{"id":3}],"losses":[{"worker":3,"expired_ns":-9223372036854775808,"taken_from_ns":9223372036854775807}],"outages":[{"from_ns":-5}]}`))
	f.Add([]byte(`{"schema_version":"1","workers":[{"id":3,"people":9223372036854775807},{"id":4,"people":9223372036854775807}]}`))
	dir := filepath.Join(f.TempDir(), "run")
	folder, err := CreateFleet(dir, testPlan(2, 30), nil)
	if err != nil {
		f.Fatal(err)
	}
	if _, _, err := folder.Append(3, frameOf(f, 3, 1)); err != nil {
		f.Fatal(err)
	}
	if err := folder.Close(Ended{}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := write(dir, FleetFile, string(b)); err != nil {
			t.Fatal(err)
		}
		r, err := Open(dir)
		if err != nil {
			return
		}
		if _, err := encodeFleet(r.Fleet); err != nil {
			t.Fatalf("read and cannot be written: %v", err)
		}
		l := LedgerOf(r)
		for _, s := range l.Attempts.Seconds {
			if !s.Balanced() {
				t.Fatal(s)
			}
		}
		SeriesOf(r)
		r.Gaps()
	})
}

// TestNobodyCrowdsOutAChangeOfTheTarget: the verdict rests on it.
func TestNobodyCrowdsOutAChangeOfTheTarget(t *testing.T) {
	f, _ := newFleet(t)
	for i := range maxEvents + 10 {
		if err := f.Event(Event{Kind: "chatter", At: time.Duration(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.Event(Event{Kind: EventTargetChanged, At: time.Hour}), f.Close(Ended{How: EndedPlanned})); err != nil {
		t.Fatal(err)
	}
	r, err := Open(f.Dir())
	if err != nil || r.Events[len(r.Events)-1].Kind != EventTargetChanged {
		t.Errorf("%d events, %v: the change is not among them", len(r.Events), err)
	}
}
