package fleet

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"firstbell/runner"
	"firstbell/runner/results"
)

// sink is where the engine of a worker records: every delta becomes a frame, every
// event a line of JSON, and both are records of the spool. It is a [runner.Sink].
type sink struct {
	spool  *spool
	worker uint32
	failed atomic.Bool // the newest thing could not be recorded

	mu     sync.Mutex
	enc    *results.Encoder
	frame  []byte
	seq    uint64 // of the newest frame
	events int
}

var _ runner.Sink = (*sink)(nil)

// maxEvents bounds the events of a play, as a run folder does.
const maxEvents = 10_000

func newSink(s *spool, l results.Limits) *sink {
	return &sink{spool: s, worker: s.worker, enc: results.NewEncoder(l)}
}

// Append numbers the delta and spools it. When it fails nothing of it is recorded.
func (s *sink) Append(d *results.Delta) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.Worker, d.Seq = s.worker, s.seq+1
	frame, err := s.enc.Append(s.frame[:0], d)
	if err == nil {
		err = s.put(frame, false)
	}
	return err
}

// end spools the last frame. Nothing may be appended after it.
func (s *sink) end(e results.Ended) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	frame, err := s.enc.AppendEnd(s.frame[:0], s.worker, s.seq+1, e)
	if err == nil {
		err = s.put(frame, true)
	}
	return err
}

func (s *sink) put(frame []byte, urgent bool) error {
	s.frame = frame
	if err := s.record(RecordFrame, frame, urgent); err != nil {
		return err
	}
	s.seq++
	return nil
}

// Event spools an event; those beyond a bound are dropped in silence, as a run
// folder does.
func (s *sink) Event(e results.Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("event: %w", err)
	}
	if len(line) > MaxEvent {
		return fmt.Errorf("event of %d bytes", len(line))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.events >= maxEvents && !results.ForVerdict(e.Kind) {
		return nil
	}
	if err := s.record(RecordEvent, line, false); err != nil {
		return err
	}
	s.events++
	return nil
}

func (s *sink) record(kind RecordKind, body []byte, urgent bool) error {
	err := s.spool.put(kind, body, urgent)
	s.failed.Store(err != nil)
	return err
}

// broken reports whether the newest thing could not be recorded.
func (s *sink) broken() bool { return s.failed.Load() || s.spool.broken() }
