package fleet

import (
	"context"
	"errors"
	"time"

	"firstbell/runner/fleet/keys"
	"firstbell/runner/results"
)

// CoordinatorConfig is what a coordinator needs.
type CoordinatorConfig struct {
	Bus     Bus
	Roster  *keys.Roster
	Version string // of firstbell; workers of another one are refused
	// Size is how many workers play; at most those of the roster.
	Size   int
	OnLoss string // OnLossContinue (also ""), OnLossStop
	Kind   results.FleetKind
	// Now gives the time with a monotonic reading; nil: time.Now.
	Now func() time.Time
	// ReadyWithin bounds the preparation of a play; 0: two minutes.
	ReadyWithin time.Duration
	// Tell is told what happens, from one goroutine at a time; nil: nobody listens.
	Tell func(Notice)
}

// Coordinator leads a fleet. Its methods are safe for concurrent use, but plays
// follow each other: Play and Resume refuse while one goes on.
type Coordinator struct {
	cfg CoordinatorConfig
}

// ErrStopped is the error of a wait that an operator's stop has ended.
var ErrStopped = errors.New("the fleet was told to stop")

// NewCoordinator opens the fleet: workers may join from now on, until Close. ctx
// bounds the opening only.
func NewCoordinator(ctx context.Context, cfg CoordinatorConfig) (*Coordinator, error) {
	return &Coordinator{cfg: cfg}, nil
}

// Wait returns once Size workers have joined and are heard.
func (c *Coordinator) Wait(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

// Play plays one storm with the workers that are heard now, and returns when the
// last of them has delivered its end, or is lost. The end of ctx is Ctrl-C:
// everything is stopped, and Ended says interrupted.
//
// An error before p.Open was called means that no load has left; Ended then says
// whether somebody stopped it (stopped, interrupted, by target) or it was refused
// (internal), and the error names the worker and why. A later error is about the
// run folder.
func (c *Coordinator) Play(ctx context.Context, p *Play) (results.Ended, error) {
	return results.Ended{}, errors.New("no play")
}

// Resume closes a play whose coordinator has died: it takes in what the stream
// still has, waits up to linger for the workers to come back and deliver, and ends
// the record. rec is the folder's fleet.json. EndedAlone, unless everybody's part
// had come to its end by itself.
func (c *Coordinator) Resume(ctx context.Context, play string, folder Folder, rec *results.Fleet, linger time.Duration) (results.Ended, error) {
	return results.Ended{}, errors.New("no play")
}

// Call has a worker, by its index in the roster, do work that the command line
// defines, and gives its answer. A *Refusal is the worker's own error.
func (c *Coordinator) Call(ctx context.Context, worker int, name string, payload []byte) ([]byte, error) {
	return nil, errors.New("no such worker")
}

// Alive gives the indices (in the roster) of the workers that are heard, ascending.
func (c *Coordinator) Alive() []int { return nil }

// Status is who is there and how it goes.
func (c *Coordinator) Status() Status { return Status{} }

// Stop ends the play that goes on, and every wait and play that follows, as
// [results.EndedStopped]. It does not wait.
func (c *Coordinator) Stop(why string) {}

// Close tells the workers to leave and ends everything the coordinator runs. It
// waits for their answers until ctx ends, 2 s at most.
func (c *Coordinator) Close(ctx context.Context) {}
