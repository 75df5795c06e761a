package fleet

import (
	"context"
	"encoding/json"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
)

// Bus carries messages between coordinator and workers. It is safe for concurrent
// use. Publish and Request deliver at most once; Append is durable.
type Bus interface {
	// Publish sends without waiting; nil does not mean that anybody heard.
	Publish(subject string, data []byte) error
	// Flush waits until the server has what was published.
	Flush(ctx context.Context) error
	// Subscribe calls f for each message of the subject (NATS wildcards), in order,
	// from one goroutine per subscription, until cancel is called. f must not block
	// for long. Messages beyond a bounded backlog are dropped.
	Subscribe(subject string, f func(Message)) (cancel func(), err error)
	// Request publishes and waits for one reply.
	Request(ctx context.Context, subject string, data []byte) ([]byte, error)

	// Append stores data under a subject of the results stream and returns once it
	// is on disk. The same id stores once.
	Append(ctx context.Context, subject, id string, data []byte) error
	// Consume calls f for every stored record, from the first one on, in order,
	// then for each new one, until ctx ends or f fails.
	Consume(ctx context.Context, f func(subject string, data []byte) error) error

	// Put stores an object in a worker's bucket, replacing one of the same name.
	Put(ctx context.Context, bucket, name string, data []byte) error
	Get(ctx context.Context, bucket, name string) ([]byte, error)
	Delete(ctx context.Context, bucket, name string) error

	// Connected reports whether the server can be reached now.
	Connected() bool
}

// Barrer is a Bus that can refuse what a worker appends, from now on and for good: an
// expelled one must not fill the store that all share.
type Barrer interface {
	Bar(ctx context.Context, worker string) error
}

// Message is one message received. Reply is nil when nobody waits for one.
type Message struct {
	Subject string
	Data    []byte
	Reply   func(data []byte) error
}

// Play is one storm or trial to be played by the fleet.
type Play struct {
	ID   string // unique in the fleet: the run's id, or run id and trial
	Plan *results.Plan
	Spec json.RawMessage // handed to Worker.Prepare as it is
	// Bundle is the scenario and its files; the same bytes for every play of a fleet
	// are sent once.
	Bundle []byte
	// Accounts encodes the accounts of the people of some slices, for the worker's
	// Prepare or Takeover. Called again when a lost worker's slices are dealt out.
	Accounts func(slices []results.Slice) ([]byte, error)
	// People counts the arrivals of some slices intended from an offset on; from
	// below 0 counts all.
	People func(slices []results.Slice, from time.Duration) int
	// Open makes the run folder: once everybody has agreed on the first instant and
	// before it comes. start is that instant by the coordinator's wall clock, for
	// Plan.Start; workers counts who plays, for Plan.Workers. Records wait until it
	// returns; its error stops the play. A play that is refused never calls it.
	Open func(start time.Time, workers int) (Folder, error)
	// Observe is told once a second how the whole storm goes; Enough ends a trial's
	// load early. Both as in runner.Config.
	Observe func(runner.Snapshot)
	Enough  func(runner.Snapshot) bool
	// Halt, closed, stops everything; Cause then says why: the coordinator's own
	// reading of the target's consent.
	Halt  <-chan struct{}
	Cause func() results.Ended
}

// Folder is the run folder of a fleet; *results.FleetFolder is one. Safe for
// concurrent use.
type Folder interface {
	// Append takes one frame of one worker as it came. fresh is false for one that
	// is there already. A frame that cannot be read, or is another worker's, is an
	// error that is [results.ErrBadFrame]; others are about the disk. What it has
	// returned for is on disk after the next Sync.
	Append(worker uint32, frame []byte) (f results.Frame, fresh bool, err error)
	Event(e results.Event) error
	Sync() error
	// Record replaces fleet.json.
	Record(f *results.Fleet) error
}

// Player plays one worker's part of a play: the command line builds it from a Job.
type Player interface {
	Ready() Ready
	// Play plays until the part is over; ctx ends only when the process does.
	Play(ctx context.Context, io IO) (results.Ended, error)
	Close()
}

// Job is what a Player is built from.
type Job struct {
	Play     string
	Prepare  Prepare
	Bundle   []byte // opened
	Accounts []byte // opened
}

// IO is what a Player plays with.
type IO struct {
	// Zero is the first instant of the played window by this machine's clock, with
	// a monotonic reading.
	Zero time.Time
	// Sink numbers, signs and spools what the engine records.
	Sink runner.Sink
	// Lease must be asked before every request and every release: see Lease.Guard
	// and Lease.Held.
	Lease *Lease
	// Takeovers brings people of lost workers: whoever receives one answers it, and
	// plays it unless it has refused it. LoadEnds brings the instant
	// from which no first click leaves. Neither is ever closed.
	Takeovers <-chan Takeover
	LoadEnds  <-chan time.Duration
	// Observe is told once a second how this part goes.
	Observe func(runner.Snapshot)
}

// Takeover is people of a lost worker, with their accounts. Whoever receives one
// answers it, once.
type Takeover struct {
	Slices   []results.Slice
	From     time.Duration
	Accounts []byte

	answer chan<- error
}

// Answer says whether the people are played here: nil, or why not; the coordinator
// then gives them to another worker. Until it is called nobody else plays them. A
// *Refusal is told as it is; no text may hold a secret.
func (t Takeover) Answer(err error) {
	if t.answer != nil {
		t.answer <- err
	}
}
