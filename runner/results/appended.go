package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// file is what a run folder needs of a file it appends to.
type file interface {
	io.WriteCloser
	Truncate(size int64) error
	Sync() error
}

// appended is a file that grows by whole pieces.
type appended struct {
	file
	size  int64 // bytes of whole pieces
	dirty bool  // written to since it was last made durable
}

// put appends one whole piece or nothing: half of one must not stand before the
// next. stuck says that what was written could not be taken back, so that nothing
// may follow it.
func (a *appended) put(b []byte) (stuck bool, err error) {
	if _, err := a.Write(b); err != nil {
		cut := a.Truncate(a.size)
		return cut != nil, errors.Join(err, cut)
	}
	a.size += int64(len(b))
	a.dirty = true
	return false, nil
}

// eventLog is events.ndjson being written.
type eventLog struct {
	appended
	n int
	// was counts the lines that were there when a folder was taken up again: its fleet
	// says again what it had said before.
	was map[string]int
}

// repeats reports whether a line was there when the folder was taken up, once for
// each time that it was.
func (l *eventLog) repeats(line []byte) bool {
	if l.was[string(line)] == 0 {
		return false
	}
	l.was[string(line)]--
	return true
}

// EventTargetChanged is the kind of the event that gate V7 is judged by.
const EventTargetChanged = "target_changed"

// EventCertificate is the kind of the event that says which certificate a host has
// shown in a run: what a session compares its trials by.
const EventCertificate = "certificate_shown"

// MaxCertificates is how many certificates of a host are told apart: a driver that
// has seen so many says no more.
const MaxCertificates = 8

// CertificateShown is the event of a host's certificate; leaf is its SHA-256.
func CertificateShown(at time.Duration, wall time.Time, host, leaf string) Event {
	return Event{At: at, Wall: wall, Kind: EventCertificate, Fields: map[string]string{"host": host, "sha256": leaf}}
}

// ForVerdict reports whether a verdict rests on events of a kind.
func ForVerdict(kind string) bool { return kind == EventTargetChanged || kind == EventCertificate }

// keptForVerdict is room in the log for the events that a verdict rests on: whoever
// tells much cannot crowd them out.
const keptForVerdict = 100

// add appends one line. Past 10,000 events further ones are dropped: the deltas
// hold the counts.
func (l *eventLog) add(e Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("event: %w", err)
	}
	if len(line) >= maxEventSize {
		return fmt.Errorf("event of %d bytes", len(line))
	}
	room := maxEvents
	if ForVerdict(e.Kind) {
		room += keptForVerdict
	}
	if l.n >= room || l.repeats(line) {
		return nil
	}
	if _, err := l.put(append(line, '\n')); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	l.n++
	return nil
}

func openNew(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err // not a nil *os.File inside an interface
	}
	return f, nil
}

// reopen opens a file to go on behind its first size bytes; what follows them is
// cut off.
func reopen(path string, size int64) (*appended, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Truncate(size), f.Sync()); err != nil {
		f.Close()
		return nil, err
	}
	return &appended{file: f, size: size}, nil
}
