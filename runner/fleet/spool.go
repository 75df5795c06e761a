package fleet

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
)

// A spool is one play's records on this worker's own disk, so that they outlive a
// line that is down, a coordinator that is dead, and this process. The file is a
// row of entries,
//
//	length u32 · CRC-32C of the record u32 · record
//
// little-endian, and only ever grows. Nothing but the entry being sent is in
// memory.
//
//	engine ── put ──▶ file ── sender: fsync, read back, sign ──▶ Bus.Append
//
// put and the sender are two goroutines; the counts are safe for concurrent use.
type spool struct {
	path   string
	play   string
	worker uint32
	wake   chan struct{} // something was put

	// The numbers of the newest record and of the newest acknowledged one, and whether
	// the file takes no more: read without the lock, which a slow disk may hold.
	last, acked atomic.Uint64
	dead        atomic.Bool

	mu     sync.Mutex
	file   spoolFile
	size   int64 // bytes of whole entries
	synced int64 // bytes that are on the disk
	sent   int64 // bytes of acknowledged entries
	urgent bool  // the newest records should not wait for the next sync
	failed error // why the file takes no more
}

// spoolFile is what a spool needs of its file.
type spoolFile interface {
	io.WriterAt
	io.ReaderAt
	io.Closer
	Truncate(size int64) error
	Sync() error
}

const (
	spoolHead   = 8
	spoolSuffix = ".spool"
	maxEntry    = MaxRecordBody + recordHead + MaxPlayID
)

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// spoolName is the file of one play of one worker of one fleet. The play's id is
// the coordinator's words and names no file.
func spoolName(fleet, worker, play string) string {
	return fmt.Sprintf("%s-%s-%x%s", fleet, worker, sha256.Sum256([]byte(play)), spoolSuffix)
}

// createSpool makes a play's spool; a play that has one already is an error that is
// fs.ErrExist.
func createSpool(dir, fleet, name, play string, worker uint32) (*spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	path := filepath.Join(dir, spoolName(fleet, name, play))
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return &spool{path: path, play: play, worker: worker, file: f, wake: make(chan struct{}, 1)}, nil
}

// leftSpools opens what an earlier process of this worker left behind, to be
// delivered. They take no more records. Files that hold nothing whole are removed.
func leftSpools(dir, fleet, name string) ([]*spool, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+spoolSuffix))
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	var out []*spool
	for _, path := range paths {
		if !strings.HasPrefix(filepath.Base(path), fleet+"-"+name+"-") {
			continue
		}
		s, err := openSpool(path)
		if err != nil {
			return out, fmt.Errorf("spool: %w", err)
		}
		if s.empty() {
			s.remove()
			continue
		}
		out = append(out, s)
	}
	return out, nil
}

// openSpool reads a spool to the end of its last whole entry.
func openSpool(path string) (*spool, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	s := &spool{path: path, file: f, wake: make(chan struct{}, 1), failed: errors.New("it was left by another process")}
	last := uint64(0)
	for at := int64(0); ; at = s.size {
		entry, next, err := readEntry(f, at, info.Size())
		if err != nil {
			break // torn: the process was killed while it wrote
		}
		r, err := DecodeRecord(entry)
		if err != nil || r.N != last+1 || last > 0 && (r.Play != s.play || r.Worker != s.worker) {
			break
		}
		s.play, s.worker, last, s.size = r.Play, r.Worker, r.N, next
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return nil, err
	}
	s.last.Store(last)
	s.synced = s.size
	s.poke()
	return s, nil
}

// readEntry reads the entry at an offset of a file of a given size and gives the
// offset of the next.
func readEntry(f io.ReaderAt, at, size int64) (record []byte, next int64, err error) {
	var head [spoolHead]byte
	if size-at < spoolHead {
		return nil, 0, io.ErrUnexpectedEOF
	}
	if _, err := f.ReadAt(head[:], at); err != nil {
		return nil, 0, err
	}
	n := int64(binary.LittleEndian.Uint32(head[:]))
	if n > maxEntry || n > size-at-spoolHead {
		return nil, 0, io.ErrUnexpectedEOF
	}
	record = make([]byte, n)
	if _, err := f.ReadAt(record, at+spoolHead); err != nil {
		return nil, 0, err
	}
	if crc32.Checksum(record, crcTable) != binary.LittleEndian.Uint32(head[4:]) {
		return nil, 0, errors.New("damaged entry: wrong CRC")
	}
	return record, at + spoolHead + n, nil
}

// put numbers a record and writes it in one call; on failure nothing of it stays.
// The file system has it then, the disk after the next sync.
func (s *spool) put(kind RecordKind, body []byte, urgent bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return fmt.Errorf("spool: %w", s.failed)
	}
	record, err := EncodeRecord(Record{Play: s.play, Worker: s.worker, N: s.last.Load() + 1, Kind: kind, Body: body})
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	entry := make([]byte, spoolHead, spoolHead+len(record))
	binary.LittleEndian.PutUint32(entry, uint32(len(record)))
	binary.LittleEndian.PutUint32(entry[4:], crc32.Checksum(record, crcTable))
	entry = append(entry, record...)
	if _, err := s.file.WriteAt(entry, s.size); err != nil {
		if undone := s.file.Truncate(s.size); undone != nil {
			s.fail(errors.Join(err, undone))
		}
		return fmt.Errorf("spool: %w", err)
	}
	s.size += int64(len(entry))
	s.last.Add(1)
	s.urgent = s.urgent || urgent
	s.poke()
	return nil
}

func (s *spool) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// sync makes what was put so far durable; a file that cannot be synced takes no
// more, for nobody knows what the disk has of it.
func (s *spool) sync() error {
	s.mu.Lock()
	size, f := s.size, s.file
	s.urgent = false
	s.mu.Unlock()
	err := f.Sync()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.fail(err)
		return fmt.Errorf("spool: %w", err)
	}
	s.synced = size
	return nil
}

// next is the first record not acknowledged that is on the disk; nil without one.
func (s *spool) next() (record []byte, end int64, err error) {
	s.mu.Lock()
	at, limit, f := s.sent, s.synced, s.file
	s.mu.Unlock()
	if at >= limit {
		return nil, 0, nil
	}
	record, end, err = readEntry(f, at, limit)
	if err != nil {
		err = fmt.Errorf("spool: reading back: %w", err)
	}
	return record, end, err
}

// ack notes that the record that ends at an offset is in the stream.
func (s *spool) ack(n uint64, end int64) {
	s.mu.Lock()
	s.sent = end
	s.mu.Unlock()
	s.acked.Store(n)
}

// counts are the numbers of the newest record and of the newest acknowledged one.
func (s *spool) counts() (last, acked uint64) {
	acked = s.acked.Load()
	return s.last.Load(), acked
}

// empty reports whether nothing was ever put.
func (s *spool) empty() bool { return s.last.Load() == 0 }

// fail lets the file take no more. mu is held.
func (s *spool) fail(err error) {
	s.failed = err
	s.dead.Store(true)
}

// broken reports whether the file takes no more.
func (s *spool) broken() bool { return s.dead.Load() }

// waiting reports what the sender has to do: whether there is something new to make
// durable, and whether at once.
func (s *spool) waiting() (unsynced, urgent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size > s.synced && s.failed == nil, s.urgent
}

// close closes the file and leaves it on the disk; no sender may run.
func (s *spool) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = errors.New("it is closed")
	}
	return s.file.Close()
}

// remove deletes the spool; no sender may run.
func (s *spool) remove() error {
	return errors.Join(s.close(), os.Remove(s.path))
}
