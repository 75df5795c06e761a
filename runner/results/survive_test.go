package results

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// However a delta file is cut, what was recorded up to the last whole frame is
// there, balanced, and exactly what had happened by then.
func TestEveryTruncationIsTheTruthUpToThen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	h := newHistory(5, 60, 2, 4)
	const seconds = 6
	people, attempts := record(t, h, dir, seconds, true)
	path := filepath.Join(dir, DeltaDir, deltaName(0))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole := map[int]bool{} // reached with n whole deltas
	for size := len(b) - 1; size >= 0; size-- {
		if err := os.Truncate(path, int64(size)); err != nil {
			t.Fatal(err)
		}
		r, err := Open(dir)
		if err != nil {
			t.Fatalf("cut at %d: %v", size, err)
		}
		w := r.Workers[0]
		whole[w.Frames] = true
		if r.Ended.How != EndedCut || r.CutAt != time.Duration(w.Frames)*time.Second {
			t.Fatalf("cut at %d: %d frames, ended %+v, cut at %v", size, w.Frames, r.Ended, r.CutAt)
		}
		l := LedgerOf(r)
		if err := l.Check(); err != nil {
			t.Fatalf("cut at %d: %v", size, err)
		}
		if l.People.Total != people[w.Frames] || l.Attempts.Total != attempts[w.Frames] {
			t.Fatalf("cut at %d after %d frames:\npeople   %v\nwant     %v\nattempts %v\nwant     %v", size, w.Frames,
				l.People.Total, people[w.Frames], l.Attempts.Total, attempts[w.Frames])
		}
	}
	if len(whole) != seconds+1 {
		t.Errorf("saw %d different lengths, want %d", len(whole), seconds+1)
	}
}

func TestDamageDuplicatesAndGaps(t *testing.T) {
	enc := NewEncoder(testLimits)
	var frames [][]byte
	h := newHistory(6, 50, 3, 4)
	for s := range 4 {
		d := NewDelta(0)
		h.tick(d, s)
		d.Seq = uint64(s + 1)
		b, err := enc.Append(nil, d)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, b)
	}
	end, err := enc.AppendEnd(nil, 0, 5, Ended{How: EndedPlanned})
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewEncoder(testLimits).Append(nil, &Delta{Worker: 7, Seq: 1})
	if err != nil {
		t.Fatal(err)
	}
	none, err := NewEncoder(testLimits).Append(nil, &Delta{})
	if err != nil {
		t.Fatal(err)
	}
	bad := append([]byte{}, frames[1]...)
	bad[len(bad)/2] ^= 1
	for name, c := range map[string]struct {
		file [][]byte
		want WorkerRun
		how  EndedAs
	}{
		"whole":          {[][]byte{frames[0], frames[1], frames[2], frames[3], end}, WorkerRun{LastSeq: 4, LastSecond: 3, Frames: 4, Ended: true}, EndedPlanned},
		"twice":          {[][]byte{frames[0], frames[1], frames[0], frames[1], end}, WorkerRun{LastSeq: 2, LastSecond: 1, Frames: 2, Duplicates: 2, Gaps: 2, Ended: true}, EndedPlanned},
		"missing":        {[][]byte{frames[0], frames[3], end}, WorkerRun{LastSeq: 4, LastSecond: 3, Frames: 2, Gaps: 2, Ended: true}, EndedPlanned},
		"damaged":        {[][]byte{frames[0], bad, frames[2]}, WorkerRun{LastSeq: 1, Frames: 1, Torn: int64(len(bad) + len(frames[2])), Why: "damaged frame: wrong CRC"}, EndedCut},
		"after the end":  {[][]byte{frames[0], end, {1, 2, 3}}, WorkerRun{LastSeq: 1, Frames: 1, Gaps: 3, Ended: true, Torn: 3, Why: "bytes after the end of the run"}, EndedPlanned},
		"another worker": {[][]byte{frames[0], other}, WorkerRun{LastSeq: 1, Frames: 1, Torn: int64(len(other)), Why: "frame of worker 7"}, EndedCut},
		"no number":      {[][]byte{frames[0], none}, WorkerRun{LastSeq: 1, Frames: 1, Torn: int64(len(none)), Why: "frame without a number"}, EndedCut},
		"late":           {[][]byte{frames[0], frames[3], end, frames[2], frames[1], end}, WorkerRun{LastSeq: 4, LastSecond: 3, Frames: 4, Duplicates: 1, Ended: true}, EndedPlanned},
		"empty":          {nil, WorkerRun{}, EndedCut},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f, err := Create(dir, h.plan, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Close(Ended{}); err != nil {
				t.Fatal(err)
			}
			var b []byte
			for _, p := range c.file {
				b = append(b, p...)
			}
			if err := os.WriteFile(filepath.Join(dir, DeltaDir, deltaName(0)), b, 0o644); err != nil {
				t.Fatal(err)
			}
			r, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]WorkerRun{c.want}, r.Workers); diff != "" {
				t.Error(diff)
			}
			if r.Ended.How != c.how {
				t.Errorf("ended %s, want %s", r.Ended.How, c.how)
			}
			l := LedgerOf(r)
			for _, s := range append(l.People.Seconds, l.Attempts.Seconds...) {
				if !s.Balanced() {
					t.Errorf("group %d second %d: %v", s.Group, s.Second, s.Ledger)
				}
			}
		})
	}
}

// fullDisk takes a few bytes of a write and then none.
type fullDisk struct {
	file
	room     int
	stuck    bool // truncating fails too
	syncFail error
}

func (f *fullDisk) Write(b []byte) (int, error) {
	if len(b) <= f.room {
		f.room -= len(b)
		return f.file.Write(b)
	}
	n, _ := f.file.Write(b[:f.room])
	f.room = 0
	return n, syscall.ENOSPC
}

func (f *fullDisk) Truncate(n int64) error {
	if f.stuck {
		return syscall.EIO
	}
	return f.file.Truncate(n)
}

func (f *fullDisk) Sync() error { return errors.Join(f.syncFail, f.file.Sync()) }

func TestFullDisk(t *testing.T) {
	for _, stuck := range []bool{false, true} {
		dir := t.TempDir()
		h := newHistory(8, 80, 2, 3)
		f, err := Create(dir, h.plan, nil)
		if err != nil {
			t.Fatal(err)
		}
		disk := &fullDisk{file: f.deltas.file, room: 1 << 20, stuck: stuck}
		f.deltas.file = disk
		d := NewDelta(0)
		h.tick(d, 0)
		if err := f.Append(d); err != nil {
			t.Fatal(err)
		}
		d.Reset()
		h.tick(d, 1)
		disk.room = 100
		if err := f.Append(d); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("append to a full disk: %v", err)
		}
		disk.room = 1 << 20 // somebody made room
		h.tick(d, 2)
		err = f.Append(d)
		if stuck != (err != nil) {
			t.Fatalf("stuck %v: append with room again: %v", stuck, err)
		}
		if err := f.Close(Ended{How: EndedInterrupted}); stuck != (err != nil) {
			t.Fatalf("stuck %v: close: %v", stuck, err)
		}
		r, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		l := LedgerOf(r)
		if err := l.Check(); err != nil {
			t.Error(err)
		}
		p, a := h.truth()
		if !stuck && (l.People.Total != p || l.Attempts.Total != a || r.Workers[0].Gaps != 0) {
			t.Errorf("after the disk had room again: %v, want %v; %+v", l.People.Total, p, r.Workers)
		}
		if stuck && (r.Workers[0].Frames != 1 || r.Workers[0].Torn != 100 || r.Ended.How != EndedCut) {
			t.Errorf("stuck: %+v, %s", r.Workers, r.Ended.How)
		}
	}
}

// countedSync counts how often a file is made durable.
type countedSync struct {
	file
	n *atomic.Int32
}

func (f countedSync) Sync() error {
	f.n.Add(1)
	return f.file.Sync()
}

func TestDurableAboutOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := Create(t.TempDir(), testPlan(1, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		var n atomic.Int32
		f.deltas.file = countedSync{f.deltas.file, &n}
		d := NewDelta(0)
		for range 50 { // 5 s
			if err := f.Append(d); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if got := n.Load(); got < 5 || got > 6 {
			t.Errorf("made durable %d times in 5 s", got)
		}
		n.Store(0)
		time.Sleep(time.Minute) // what was written last is done, then nothing
		if got := n.Load(); got > 1 {
			t.Errorf("made durable %d times while nothing was written", got)
		}
		if err := f.Close(Ended{How: EndedPlanned}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFailedSyncIsSaid(t *testing.T) {
	f, err := Create(t.TempDir(), testPlan(1, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	f.deltas.file = &fullDisk{file: f.deltas.file, room: 1 << 20, syncFail: syscall.EIO}
	if err := f.Append(NewDelta(0)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(Ended{}); !errors.Is(err, syscall.EIO) {
		t.Errorf("close: %v", err)
	}
}

const writerDir = "FIRSTBELL_TEST_WRITER"

// TestWriterProcess is the child of TestKill9: it writes until it is killed.
func TestWriterProcess(t *testing.T) {
	dir := os.Getenv(writerDir)
	if dir == "" {
		t.Skip("started by TestKill9 only")
	}
	h := newHistory(11, 500, 3, 1000)
	f, err := Create(dir, h.plan, []byte("version: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	d := NewDelta(0)
	for s := range 1000 {
		h.tick(d, s)
		if err := f.Append(d); err != nil {
			t.Fatal(err)
		}
		d.Reset()
		os.Stdout.Write([]byte{'.'}) // one dot for each append that returned
	}
}

func TestKill9(t *testing.T) {
	rng := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	for range 4 {
		dir := filepath.Join(t.TempDir(), "run")
		child := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$")
		child.Env = append(os.Environ(), writerDir+"="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		returned, stop := 0, 1+rng.IntN(400)
		buf := make([]byte, 1)
		for returned < stop {
			if _, err := out.Read(buf); err != nil {
				t.Fatal(err)
			}
			returned++
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for { // dots written before the kill
			if n, err := out.Read(buf); err != nil {
				break
			} else if buf[0] == '.' {
				returned += n
			}
		}
		child.Wait()
		r, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if n := r.Workers[0].Frames; n < returned || n > returned+1 || r.Ended.How != EndedCut {
			t.Errorf("%d appends returned, %d frames read, ended %s", returned, n, r.Ended.How)
		}
		if err := LedgerOf(r).Check(); err != nil {
			t.Error(err)
		}
	}
}
