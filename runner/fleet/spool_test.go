package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner/results"
)

func newTestSpool(t *testing.T, dir string) *spool {
	t.Helper()
	s, err := createSpool(dir, "fleet", "w003", "run/1", 3)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// bodies are those of all records a file has whole.
func bodies(t *testing.T, dir string) []string {
	t.Helper()
	left, err := leftSpools(dir, "fleet", "w003")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range left {
		for {
			b, end, err := s.next()
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				break
			}
			r, err := DecodeRecord(b)
			if err != nil || r.Play != "run/1" || r.Worker != 3 {
				t.Fatalf("%+v, %v", r, err)
			}
			out = append(out, string(r.Body))
			s.ack(r.N, end)
		}
		s.close()
	}
	return out
}

// TestSpoolTorn: at whatever byte the process was killed, what was whole before is
// found, and nothing else.
func TestSpoolTorn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	s := newTestSpool(t, dir)
	var ends []int64
	for i := range 5 {
		if err := s.put(RecordFrame, fmt.Appendf(nil, "body %d", i), false); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, s.size)
	}
	s.close()
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v", info.Mode())
	}
	if info, _ := os.Stat(s.path); info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v", info.Mode())
	}
	whole, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := len(whole); cut >= 0; cut-- {
		if err := os.WriteFile(s.path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, e := range ends {
			if int64(cut) >= e {
				want++
			}
		}
		if got := bodies(t, dir); len(got) != want {
			t.Fatalf("cut at %d of %d: %q, want %d records", cut, len(whole), got, want)
		}
	}
	if _, err := os.Stat(s.path); err == nil {
		t.Error("a spool without a whole record is kept")
	}
}

func TestSpoolDamaged(t *testing.T) {
	dir := t.TempDir()
	s := newTestSpool(t, dir)
	for range 3 {
		s.put(RecordFrame, []byte("body"), false)
	}
	s.close()
	whole, _ := os.ReadFile(s.path)
	for i := range whole {
		bad := bytes.Clone(whole)
		bad[i] ^= 0x40
		os.WriteFile(s.path, bad, 0o600)
		if got, want := len(bodies(t, dir)), i/(len(whole)/3); got != want {
			t.Fatalf("byte %d damaged: %d records, want %d", i, got, want)
		}
		os.WriteFile(s.path, whole, 0o600)
	}
}

func TestSpoolOnce(t *testing.T) {
	dir := t.TempDir()
	s := newTestSpool(t, dir)
	defer s.close()
	if _, err := createSpool(dir, "fleet", "w003", "run/1", 3); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second spool of the same play: %v", err)
	}
	if left, _ := leftSpools(dir, "fleet", "w00"); len(left) != 0 {
		t.Error("another worker's spool was opened")
	}
}

// fullDisk fails when it has no room, after writing a part.
type fullDisk struct {
	spoolFile
	room    int64
	stuck   bool // cannot be truncated either
	badSync bool
}

var errFull = errors.New("no space left on device")

func (f *fullDisk) WriteAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) > f.room {
		n, _ := f.spoolFile.WriteAt(b[:max(0, f.room-at)], at)
		return n, errFull
	}
	return f.spoolFile.WriteAt(b, at)
}

func (f *fullDisk) Truncate(n int64) error {
	if f.stuck {
		return errFull
	}
	return f.spoolFile.Truncate(n)
}

func (f *fullDisk) Sync() error {
	if f.badSync {
		return errFull
	}
	return f.spoolFile.Sync()
}

// TestSinkOnAFullDisk: the engine hears of it, nothing of the delta stays, and the
// numbers go on without a gap when there is room again.
func TestSinkOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	s := newTestSpool(t, dir)
	disk := &fullDisk{spoolFile: s.file, room: 1 << 20}
	s.file = disk
	k := newSink(s, testLimits)
	d := results.NewDelta(0)
	if err := k.Append(d); err != nil {
		t.Fatal(err)
	}
	disk.room = s.size + 10
	for range 2 {
		if err := k.Append(d); !errors.Is(err, errFull) || !k.broken() {
			t.Fatalf("Append = %v, broken %v", err, k.broken())
		}
	}
	if err := k.Event(results.Event{Kind: "x"}); !errors.Is(err, errFull) {
		t.Fatalf("Event = %v", err)
	}
	disk.room = 1 << 20
	if err := errors.Join(k.Event(results.Event{Kind: "x"}), k.Append(d), k.end(results.Ended{How: results.EndedPlanned})); err != nil || k.broken() {
		t.Fatal(err)
	}
	disk.room, disk.stuck = s.size+1, true
	if k.Append(d) == nil {
		t.Fatal("recorded")
	}
	disk.room = 1 << 20
	if k.Append(d) == nil || !k.broken() {
		t.Error("a file that may hold half an entry takes more")
	}
	s.close()
	got := bodies(t, dir)
	if len(got) != 4 || !strings.Contains(got[1], `"x"`) {
		t.Fatalf("%d records: %q", len(got), got)
	}
	var frames []Record
	for _, i := range []int{0, 2, 3} {
		frames = append(frames, Record{Kind: RecordFrame, Worker: 3, Body: []byte(got[i])})
	}
	if seconds, end := readFrames(t, frames); seconds != 2 || end == nil {
		t.Errorf("%d seconds, ended %+v", seconds, end)
	}
}

func TestSinkBounds(t *testing.T) {
	s := newTestSpool(t, t.TempDir())
	defer s.close()
	k := newSink(s, testLimits)
	if err := k.Event(results.Event{Kind: strings.Repeat("x", MaxEvent)}); err == nil {
		t.Error("an event over the bound")
	}
	for range maxEvents + 10 {
		if err := k.Event(results.Event{Kind: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if last, _ := s.counts(); last != maxEvents {
		t.Errorf("%d events", last)
	}
}

// TestSenderAgain: an acknowledgement that was lost makes the record go out again,
// under the same id; the order is kept; the disk is synced before and not more than
// about once a second.
func TestSenderAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSpool(t, t.TempDir())
		counted := &countSyncs{spoolFile: s.file}
		s.file = counted
		var ids []string
		fails := 0
		k := &sender{spool: s, failed: func(error) { fails++ }, append: func(_ context.Context, r Record, _ []byte) error {
			ids = append(ids, r.ID())
			if len(ids)%3 == 0 {
				return errors.New("no acknowledgement")
			}
			return nil
		}}
		ctx, cancel := context.WithCancel(t.Context())
		go k.run(ctx)
		for range 100 {
			s.put(RecordFrame, []byte("x"), false)
			time.Sleep(100 * time.Millisecond)
		}
		s.put(RecordFrame, []byte("end"), true)
		synctest.Wait()
		if n := counted.n.Load(); n > 13 || n < 9 {
			t.Errorf("%d syncs in 10 s", n)
		}
		time.Sleep(time.Minute)
		cancel()
		synctest.Wait()
		if last, acked := s.counts(); last != 101 || acked != 101 || fails == 0 {
			t.Errorf("%d of %d acknowledged after %d failures", acked, last, fails)
		}
		seen, want := map[string]bool{}, uint64(1)
		for _, id := range ids {
			if seen[id] {
				continue
			}
			seen[id] = true
			if id != (Record{Play: "run/1", Worker: 3, N: want}).ID() {
				t.Fatalf("%s out of order", id)
			}
			want++
		}
		s.remove()
	})
}

type countSyncs struct {
	spoolFile
	n atomic.Int32
}

func (c *countSyncs) Sync() error { c.n.Add(1); return nil }

// TestSenderBadSync: nothing is published that may not be on the disk.
func TestSenderBadSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSpool(t, t.TempDir())
		s.file = &fullDisk{spoolFile: s.file, room: 1 << 20, badSync: true}
		failed := 0
		k := &sender{spool: s, failed: func(error) { failed++ }, append: func(context.Context, Record, []byte) error {
			t.Error("published")
			return nil
		}}
		ctx, cancel := context.WithCancel(t.Context())
		go k.run(ctx)
		s.put(RecordFrame, []byte("x"), true)
		time.Sleep(10 * time.Second)
		if s.put(RecordFrame, []byte("x"), true) == nil || !s.broken() || failed != 1 {
			t.Errorf("a disk that cannot be synced takes more; told %d times", failed)
		}
		cancel()
		synctest.Wait()
		s.remove()
	})
}

func FuzzOpenSpool(f *testing.F) {
	dir := f.TempDir()
	s, err := createSpool(dir, "fleet", "w003", "p", 3)
	if err != nil {
		f.Fatal(err)
	}
	s.put(RecordFrame, []byte("body"), false)
	s.put(RecordEvent, []byte("{}"), false)
	s.close()
	b, _ := os.ReadFile(s.path)
	f.Add(b)
	f.Add(b[:len(b)-3])
	path := filepath.Join(dir, "fuzz"+spoolSuffix)
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Skip()
		}
		s, err := openSpool(path)
		if err != nil {
			return
		}
		defer s.close()
		n := uint64(0)
		for {
			entry, end, err := s.next()
			if err != nil {
				t.Fatal(err)
			}
			if entry == nil {
				break
			}
			n++
			s.ack(n, end)
		}
		if last, acked := s.counts(); last != n || acked != n {
			t.Fatalf("%d records counted, %d read", last, n)
		}
	})
}
