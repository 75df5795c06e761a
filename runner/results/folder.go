package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Names inside a run folder.
const (
	PlanFile     = "plan.json"
	ScenarioFile = "scenario.yaml"
	EventsFile   = "events.ndjson"
	DeltaDir     = "deltas"
	ManifestFile = "MANIFEST.sha256"

	maxEvents    = 10_000
	maxEventSize = 64 << 10
	syncEvery    = time.Second
)

// Folder is a run folder being written by one process. What Append has
// returned for survives the process being killed at any moment, and after
// about a second the machine losing power too. Its methods are safe for
// concurrent use.
type Folder struct {
	dir  string
	wake chan struct{} // something was written
	quit chan struct{} // closed by Close
	done chan struct{} // the syncing goroutine has ended

	mu       sync.Mutex
	deltas   appended
	events   eventLog
	enc      *Encoder
	buf      []byte
	seq      uint64
	worker   uint32
	failed   error // a write that could not be undone, or a failed sync
	isClosed bool
}

// Create makes a run folder and writes what was going to happen before
// anything does: scenario.yaml (the bytes given, secrets already taken out)
// and plan.json. A folder that holds a run already is refused with an error
// that is [fs.ErrExist]: two processes never write one folder.
//
// A goroutine makes what is written durable; Close ends it.
func Create(dir string, p *Plan, scenario []byte) (*Folder, error) {
	f, err := create(dir, p, scenario)
	if err != nil {
		return nil, fmt.Errorf("create run folder: %w", err)
	}
	go f.syncLoop()
	return f, nil
}

func create(dir string, p *Plan, scenario []byte) (*Folder, error) {
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	f := &Folder{dir: dir, enc: NewEncoder(LimitsOf(p)),
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	var err error
	// O_EXCL on the delta file is the lock: whoever makes it owns the folder.
	if f.deltas.file, err = openNew(filepath.Join(dir, DeltaDir, deltaName(0))); err != nil {
		return nil, err
	}
	if f.events.file, err = openNew(filepath.Join(dir, EventsFile)); err == nil {
		err = writePlan(dir, p, scenario)
	}
	if err != nil {
		f.deltas.Close()
		if f.events.file != nil {
			f.events.Close()
		}
		return nil, err
	}
	return f, nil
}

// makeFolder makes the folders of a run that is not there yet.
func makeFolder(dir string) error {
	if _, err := os.Lstat(filepath.Join(dir, PlanFile)); err == nil {
		return fmt.Errorf("%s holds a run already: %w", dir, fs.ErrExist)
	}
	return os.MkdirAll(filepath.Join(dir, DeltaDir), 0o755)
}

// writePlan writes, durably, what is going to happen; plan.json last.
func writePlan(dir string, p *Plan, scenario []byte) error {
	plan, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return err
	}
	return errors.Join(
		WriteFileAtomic(filepath.Join(dir, ScenarioFile), scenario),
		WriteFileAtomic(filepath.Join(dir, PlanFile), append(plan, '\n')),
		syncDir(filepath.Join(dir, DeltaDir)), syncDir(filepath.Dir(filepath.Clean(dir))))
}

// deltaName sorts by worker up to 1000 of them.
func deltaName(worker uint32) string { return fmt.Sprintf("w%03d.delta", worker) }

// Dir is the folder's path.
func (f *Folder) Dir() string { return f.dir }

// Append numbers the delta and writes it in one call. When it fails nothing of
// it stays in the file and the delta keeps what it counted, so that the caller
// may add to it and try again.
func (f *Folder) Append(d *Delta) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.usable(); err != nil {
		return err
	}
	d.Worker, d.Seq, d.Written = f.worker, f.seq+1, min(max(d.Written, 0), maxSecond)
	b, err := f.enc.Append(f.buf[:0], d)
	f.buf = b
	if err != nil {
		return fmt.Errorf("append to run folder: %w", err)
	}
	return f.write(b)
}

func (f *Folder) usable() error {
	if f.isClosed {
		return fmt.Errorf("run folder: %w", fs.ErrClosed)
	}
	return f.failed
}

// write appends one whole frame or nothing.
func (f *Folder) write(frame []byte) error {
	if stuck, err := f.deltas.put(frame); err != nil {
		err = fmt.Errorf("append to run folder: %w", err)
		if stuck {
			f.failed = err
		}
		return err
	}
	f.seq++
	f.poke()
	return nil
}

// Event appends one line to events.ndjson. Past 10,000 events further ones are
// dropped: the deltas hold the counts.
func (f *Folder) Event(e Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.usable(); err != nil {
		return err
	}
	if err := f.events.add(e); err != nil {
		return err
	}
	f.poke()
	return nil
}

// Close writes how the run ended as the last frame, makes everything durable
// and closes the files. A second call does nothing.
func (f *Folder) Close(end Ended) error {
	first, err := f.writeEnd(end)
	if !first {
		return nil
	}
	close(f.quit)
	<-f.done
	err = errors.Join(err, f.deltas.Sync(), f.events.Sync(), f.deltas.Close(), f.events.Close(), syncDir(f.dir))
	if err != nil {
		return fmt.Errorf("close run folder: %w", err)
	}
	return nil
}

func (f *Folder) writeEnd(end Ended) (first bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.isClosed {
		return false, nil
	}
	f.isClosed = true
	if f.failed != nil {
		return true, f.failed
	}
	b, err := f.enc.AppendEnd(f.buf[:0], f.worker, f.seq+1, end)
	if err != nil {
		return true, err
	}
	return true, f.write(b)
}

// poke tells the syncing goroutine that there is something to do.
func (f *Folder) poke() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// syncLoop makes the files durable at most once a second, without the lock: an
// append never waits for the disk's flush.
func (f *Folder) syncLoop() {
	defer close(f.done)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-pause.C:
		case <-f.quit:
			return
		}
		select {
		case <-f.wake:
		case <-f.quit:
			return
		}
		if err := errors.Join(f.deltas.Sync(), f.events.Sync()); err != nil {
			f.mu.Lock()
			f.failed = errors.Join(f.failed, fmt.Errorf("make run folder durable: %w", err))
			f.mu.Unlock()
		}
		pause.Reset(syncEvery)
	}
}

// WriteFileAtomic replaces a file as a whole: a reader, or a machine that
// loses power, finds the old bytes or the new ones.
func WriteFileAtomic(path string, b []byte) error {
	t, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(t.Name()) // fails when renamed: then there is nothing to remove
	_, err = t.Write(b)
	if err = errors.Join(err, t.Chmod(0o644), t.Sync(), t.Close()); err != nil {
		return err
	}
	if err := os.Rename(t.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
