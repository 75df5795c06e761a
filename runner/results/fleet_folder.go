package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// ErrBadFrame is the sender's fault: bytes that are not exactly one sound frame of
// this plan, by this worker.
var ErrBadFrame = errors.New("bad frame")

// maxSeq bounds a worker's numbers; it writes about one frame a second.
const maxSeq = 1 << 32

// FleetFolder is the run folder of a fleet, written by its coordinator: the very
// frames of each worker in a file of its own, and fleet.json. What Append and Event
// have returned for survives the process being killed, and after the next Sync the
// machine losing power too. Its methods are safe for concurrent use.
type FleetFolder struct {
	dir     string
	limits  Limits
	lock    io.Closer
	syncing sync.Mutex // one at a time, and none behind Close

	mu       sync.Mutex
	dec      *Decoder
	workers  map[uint32]*workerFile
	created  bool // a worker's file, since the last Sync
	events   eventLog
	record   []byte // fleet.json
	failed   error  // a write that could not be undone, or a failed sync
	isClosed bool
}

// workerFile is one worker's frames and their numbers.
type workerFile struct {
	appended
	seen Numbers
}

// CreateFleet makes the run folder of a fleet: scenario.yaml, plan.json as
// [Create] does, and a fleet.json that names nobody yet. A folder that holds a run
// already is refused with an error that is [fs.ErrExist].
func CreateFleet(dir string, p *Plan, scenario []byte) (*FleetFolder, error) {
	f, err := createFleet(dir, p, scenario)
	if err != nil {
		return nil, fmt.Errorf("create run folder: %w", err)
	}
	return f, nil
}

func createFleet(dir string, p *Plan, scenario []byte) (*FleetFolder, error) {
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	f, err := newFleetFolder(dir, LimitsOf(p))
	if err != nil {
		return nil, err
	}
	// O_EXCL on the events file: whoever makes it owns the folder.
	if f.events.file, err = openNew(filepath.Join(dir, EventsFile)); err == nil {
		err = f.Record(&Fleet{Schema: FleetSchema})
	}
	if err == nil {
		err = writePlan(dir, p, scenario)
	}
	if err != nil {
		f.shut()
		return nil, err
	}
	return f, nil
}

func newFleetFolder(dir string, l Limits) (*FleetFolder, error) {
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	return &FleetFolder{dir: dir, limits: l, lock: lock, dec: NewDecoder(l), workers: map[uint32]*workerFile{}}, nil
}

// ReopenFleet takes up the folder of a fleet whose coordinator was killed, at any
// byte: every whole frame and event is kept, what was torn behind them is cut off,
// and the numbers of the frames that are there are known again. It refuses a folder
// that another process is writing, that holds no fleet's run, or whose frames are
// sound but not of its plan.
func ReopenFleet(dir string) (*FleetFolder, error) {
	f, err := reopenFleet(dir)
	if err != nil {
		return nil, fmt.Errorf("reopen run folder: %w", err)
	}
	return f, nil
}

func reopenFleet(dir string) (*FleetFolder, error) {
	r := &Run{Dir: dir}
	if err := r.readPlan(); err != nil {
		return nil, err
	}
	fleet, err := ReadFleet(dir)
	if err != nil {
		return nil, err
	}
	f, err := newFleetFolder(dir, LimitsOf(r.Plan))
	if err != nil {
		return nil, err
	}
	if f.record, err = encodeFleet(fleet); err == nil {
		err = f.reopenEvents()
	}
	if err == nil {
		err = f.reopenWorkers()
	}
	if err != nil {
		f.shut()
		return nil, err
	}
	return f, nil
}

// reopenEvents goes on behind the last whole line.
func (f *FleetFolder) reopenEvents() error {
	path := filepath.Join(f.dir, EventsFile)
	b, err := readBounded(path, (maxEvents+keptForVerdict)*maxEventSize)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b = b[:bytes.LastIndexByte(b, '\n')+1]
	a, err := reopen(path, int64(len(b)))
	if err != nil {
		return err
	}
	f.events = eventLog{appended: *a, was: map[string]int{}}
	for line := range bytes.Lines(b) {
		f.events.n++
		f.events.was[string(bytes.TrimSuffix(line, []byte{'\n'}))]++
	}
	return nil
}

func (f *FleetFolder) reopenWorkers() error {
	files, err := os.ReadDir(filepath.Join(f.dir, DeltaDir))
	if err != nil {
		return err
	}
	for _, e := range files {
		id, ok := workerOf(e.Name())
		if !ok {
			continue
		}
		if err := f.reopenWorker(id); err != nil {
			return fmt.Errorf("%s: %w", e.Name(), err)
		}
	}
	return nil
}

func (f *FleetFolder) reopenWorker(id uint32) error {
	path := filepath.Join(f.dir, DeltaDir, deltaName(id))
	b, err := readBounded(path, maxDeltaFile)
	if err != nil {
		return err
	}
	w, size, d := &workerFile{}, 0, NewDelta(id)
	for size < len(b) {
		frame, n, err := f.dec.Next(b[size:], d)
		if err != nil && f.dec.isSound(b[size:]) {
			return err // nothing a killed writer leaves: cutting it off would destroy a recording
		}
		if err != nil {
			break
		}
		if frame.Worker != id {
			return errOther(frame.Worker)
		}
		w.seen.Add(frame.Seq)
		size += n
	}
	a, err := reopen(path, int64(size))
	if err != nil {
		return err
	}
	w.appended = *a
	f.workers[id] = w
	return nil
}

// Dir is the folder's path.
func (f *FleetFolder) Dir() string { return f.dir }

// Append takes one frame of one worker, byte for byte, and says what is in it; the
// Delta is the caller's. fresh is false for a frame whose number is there already,
// also from before ReopenFleet: it is not written again. Frames may come in any
// order. A worker numbers its frames from 1 without gaps, its end being the last.
//
// The error is [ErrBadFrame] when the frame cannot be read or is another worker's;
// any other is about the disk, and then nothing of the frame stays in the file.
func (f *FleetFolder) Append(worker uint32, frame []byte) (got Frame, fresh bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.usable(); err != nil {
		return Frame{}, false, err
	}
	if got, err = f.read(worker, frame); err != nil {
		return Frame{}, false, fmt.Errorf("%w of worker %d: %w", ErrBadFrame, worker, err)
	}
	w := f.workers[worker]
	if w != nil && w.seen.Has(got.Seq) {
		return got, false, nil
	}
	if w == nil {
		if w, err = f.newWorker(worker); err != nil {
			return Frame{}, false, fmt.Errorf("append to run folder: %w", err)
		}
	}
	if w.size+int64(len(frame)) > maxDeltaFile {
		return Frame{}, false, fmt.Errorf("%w of worker %d: more than %d MiB in all", ErrBadFrame, worker, maxDeltaFile>>20)
	}
	stuck, err := w.put(frame)
	if err != nil {
		err = fmt.Errorf("append to run folder: %w", err)
		if stuck {
			f.failed = err
		}
		return Frame{}, false, err
	}
	w.seen.Add(got.Seq)
	return got, true, nil
}

func (f *FleetFolder) usable() error {
	if f.isClosed {
		return fmt.Errorf("run folder: %w", fs.ErrClosed)
	}
	return f.failed
}

// read decodes what must be exactly one frame.
func (f *FleetFolder) read(worker uint32, frame []byte) (Frame, error) {
	if worker >= maxFleet {
		return Frame{}, fmt.Errorf("a fleet has at most %d workers", maxFleet)
	}
	got, n, err := f.dec.Next(frame, NewDelta(worker))
	switch {
	case err != nil:
		return Frame{}, err
	case n != len(frame):
		return Frame{}, fmt.Errorf("%d bytes too many", len(frame)-n)
	case got.Worker != worker:
		return Frame{}, errOther(got.Worker)
	case got.Seq == 0 || got.Seq > maxSeq:
		return Frame{}, fmt.Errorf("number %d", got.Seq)
	}
	return got, nil
}

func (f *FleetFolder) newWorker(id uint32) (*workerFile, error) {
	file, err := openNew(filepath.Join(f.dir, DeltaDir, deltaName(id)))
	if err != nil {
		return nil, err
	}
	w := &workerFile{appended: appended{file: file}}
	f.workers[id], f.created = w, true
	return w, nil
}

// Event appends one line to events.ndjson, as [Folder.Event] does; one that was there
// before ReopenFleet is not written again.
func (f *FleetFolder) Event(e Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.usable(); err != nil {
		return err
	}
	return f.events.add(e)
}

// Record replaces fleet.json, durably and as a whole.
func (f *FleetFolder) Record(fleet *Fleet) error {
	b, err := encodeFleet(fleet)
	if err != nil {
		return fmt.Errorf("record fleet: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.usable(); err != nil {
		return err
	}
	return f.put(b)
}

func (f *FleetFolder) put(record []byte) error {
	if err := WriteFileAtomic(filepath.Join(f.dir, FleetFile), record); err != nil {
		return fmt.Errorf("record fleet: %w", err)
	}
	f.record = record
	return nil
}

// Sync makes durable what was appended before it was called. Appending goes on
// meanwhile. Once it has failed, nobody knows what is on disk, and the folder takes
// nothing any more.
func (f *FleetFolder) Sync() error {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	f.mu.Lock()
	if err := f.usable(); err != nil {
		f.mu.Unlock()
		return err
	}
	dirty, created := f.dirty(), f.created
	f.created = false
	f.mu.Unlock()
	err := syncAll(dirty)
	if created {
		err = errors.Join(err, syncDir(filepath.Join(f.dir, DeltaDir)))
	}
	if err != nil {
		err = fmt.Errorf("make run folder durable: %w", err)
		f.mu.Lock()
		f.failed = errors.Join(f.failed, err)
		f.mu.Unlock()
	}
	return err
}

// dirty takes the files written to since they were last made durable.
func (f *FleetFolder) dirty() []file {
	var out []file
	take := func(a *appended) {
		if a.dirty {
			out = append(out, a.file)
			a.dirty = false
		}
	}
	take(&f.events.appended)
	for _, w := range f.workers {
		take(&w.appended)
	}
	return out
}

func syncAll(files []file) error {
	var err error
	for _, f := range files {
		err = errors.Join(err, f.Sync())
	}
	return err
}

// Close makes everything durable and closes the files. Unless fleet.json says
// already how the run ended, end is written there. A second call does nothing.
func (f *FleetFolder) Close(end Ended) error {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.isClosed {
		return nil
	}
	f.isClosed = true
	err := f.failed
	if err == nil {
		// The frames first: an end stands for all that came before it.
		err = errors.Join(syncAll(f.dirty()), syncDir(filepath.Join(f.dir, DeltaDir)))
	}
	if err == nil {
		err = f.writeEnd(end)
	}
	if err = errors.Join(err, f.shut(), syncDir(f.dir)); err != nil {
		return fmt.Errorf("close run folder: %w", err)
	}
	return nil
}

func (f *FleetFolder) writeEnd(end Ended) error {
	fleet := new(Fleet)
	if err := json.Unmarshal(f.record, fleet); err != nil {
		return err
	}
	if fleet.Ended != nil {
		return nil
	}
	fleet.Ended = &end
	b, err := encodeFleet(fleet)
	if err != nil {
		return err
	}
	return f.put(b)
}

// shut closes the files and lets go of the folder.
func (f *FleetFolder) shut() error {
	var err error
	for _, w := range f.workers {
		err = errors.Join(err, w.Close())
	}
	if f.events.file != nil {
		err = errors.Join(err, f.events.Close())
	}
	return errors.Join(err, f.lock.Close())
}
