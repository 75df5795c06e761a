package capacity

import (
	"context"

	"firstbell/runner/results"
)

// Spec is one trial to play.
type Spec struct {
	Name    string // folder name: 007-confirm
	Stage   string // results.StageProbe…
	Role    string // of a storm: low, high, required
	Conduct results.Conduct
	Seed    uint64
}

// Moment is what a trial under way has shown by the end of one second.
type Moment struct {
	Second   int // of the trial, from 0
	Segment  int // index into Conduct.Segments
	Started  int // people, so far
	Done     int // proved in class, so far
	InTime   int // of them within the limit, so far
	Failed   int // settled and not in class, so far
	InFlight int // people inside a step
	Open     int // connections open, of the generator
}

// Player plays trials, one at a time.
type Player interface {
	// Play plays a trial and returns when the target is idle again, or the drain
	// is over. enough is asked once a second from one goroutine and must not
	// block; true ends the load at once (results.EndedEnough). nil: never.
	//
	// The error is a reason to end the session: the target's stop, a context that
	// is done, a folder that cannot be written.
	Play(ctx context.Context, spec Spec, enough func(Moment) bool) (*results.Series, error)
}

// Judge says what a trial means under the criteria of the scenario.
type Judge func(*results.Series) results.Reading
