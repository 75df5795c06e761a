package runner

import (
	"sync"
	"time"

	"firstbell/runner/results"
)

// recordShards spreads the people over several locks: none is shared by all.
const recordShards = 64

// recorder folds what happens into deltas, one a second.
type recorder struct {
	shards  [recordShards]recordShard
	merged  *results.Delta
	refused int // times in a row the sink took nothing
}

type recordShard struct {
	mu    sync.Mutex
	delta *results.Delta // being filled
	spare *results.Delta // empty
}

func newRecorder() *recorder {
	r := &recorder{merged: results.NewDelta(0)}
	for i := range r.shards {
		r.shards[i].delta = results.NewDelta(0)
		r.shards[i].spare = results.NewDelta(0)
	}
	return r
}

// add records something about one person.
func (r *recorder) add(person uint32, f func(d *results.Delta)) {
	s := &r.shards[person%recordShards]
	s.mu.Lock()
	f(s.delta)
	s.mu.Unlock()
}

// collect merges what was recorded since the last time into r.merged, which
// keeps what the sink did not take. One goroutine only.
func (r *recorder) collect() *results.Delta {
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		full := s.delta
		s.delta = s.spare
		s.mu.Unlock()
		r.merged.Merge(full)
		full.Reset()
		s.spare = full
	}
	return r.merged
}

// Sink takes what a run records; a *[results.Folder] is one. Calls come from
// one goroutine at a time for Append, from any for Event.
type Sink interface {
	// Append takes one second; it does not keep the delta.
	Append(*results.Delta) error
	Event(results.Event) error
}

// secondStart is the offset a written second begins at.
func secondStart(s int) time.Duration { return time.Duration(s) * time.Second }
