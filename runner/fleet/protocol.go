package fleet

import (
	"encoding/json"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
)

// Protocol is the version both sides must speak.
const Protocol = 1

// How a lost peer is noticed, on both sides. A worker that hears nothing stops
// within LeaseFor of the last tick that was sent: under a second, and long enough
// for a tick that is lost, a link of 150 ms and a machine that stutters. The
// coordinator calls a worker lost after LostAfter of silence. It has ceased to renew
// its lease by then, after SuspectAfter, so that the last lease is over 1.4 s after
// the last sign of life, and others can have its people before 2 s are.
const (
	TickEvery    = 200 * time.Millisecond // ticks and beats
	LeaseFor     = 800 * time.Millisecond
	SuspectAfter = 600 * time.Millisecond
	LostAfter    = 800 * time.Millisecond

	// ClockSamples four-stamp exchanges make one reading of a worker's clock; the
	// one with the shortest round trip counts (Cristian's bound: its error is at
	// most half of it).
	ClockSamples = 16
	// ClockEvery is how often the clock is read again during a play.
	ClockEvery = 10 * time.Second
	// StartLead is how far ahead the common first instant is agreed.
	StartLead = 3 * time.Second
	// MaxWorkers bounds a fleet.
	MaxWorkers = 1000
)

// Instant is nanoseconds of Unix time by the coordinator's clock: read once from
// the wall, then carried on by the monotonic clock, so that it never jumps.
type Instant int64

// Subjects. F is the fleet's id, W a worker's name (w000).
//
//	fb.F.up.W.hello    request  worker → coordinator   Hello → Welcome
//	fb.F.up.W.clock    request  worker → coordinator   ClockAsk → ClockAnswer
//	fb.F.up.W.beat     message  worker → coordinator   Beat
//	fb.F.up.W.gone     message  worker → coordinator   Gone: it leaves by itself
//	fb.F.down.W.tick   message  coordinator → worker   Tick
//	fb.F.down.W.order  request  coordinator → worker   Order → Answer
//	fb.F.all.stop      message  coordinator → all      Stop
//	fb.F.op.status     request  operator → coordinator → Status
//	fb.F.op.stop       request  operator → coordinator  StopAsk → Answer
//	fb.F.res.W         stream   worker → coordinator   Record, acknowledged after fsync
//
// Every body is a signed envelope (package keys): the signature covers the subject
// and the body. Replies are signed over the subject asked, a slash and "reply".
func subject(fleet string, parts ...string) string {
	s := "fb." + fleet
	for _, p := range parts {
		s += "." + p
	}
	return s
}

// Hello is how a worker asks to join.
type Hello struct {
	Protocol  int     `json:"protocol"`
	Worker    string  `json:"worker"`   // w000…, as its credentials say
	Instance  string  `json:"instance"` // random, per process: two processes are never one worker
	Version   string  `json:"version"`  // of firstbell; must equal the coordinator's
	Go        string  `json:"go"`
	OS        string  `json:"os"`
	CPUs      float64 `json:"cpus"`
	DescLimit int     `json:"descriptor_limit"`
	Memory    int64   `json:"memory_bytes"`
	Place     string  `json:"place,omitempty"` // a label its operator chose: a region, a data centre
}

// Welcome answers a Hello. Refused is nil for a worker that is in.
// Index is its place in the roster; what it plays is said by Prepare.
type Welcome struct {
	Refused *Refusal `json:"refused,omitempty"`
	Index   int      `json:"index"`
	Of      int      `json:"of"`
}

// Refusal says why not, in words a user can act on.
type Refusal struct {
	Code string `json:"code"` // version, unknown_key, taken, full, scenario, digest, consent, accounts, busy, bad_message, too_large, too_many, internal
	What string `json:"what"`
	Why  string `json:"why,omitempty"`
	Fix  string `json:"fix,omitempty"`
}

func (r *Refusal) Error() string {
	if r.Why == "" {
		return r.What
	}
	return r.What + ": " + r.Why
}

// ClockAsk and ClockAnswer are a four-stamp exchange: sent T0 (worker), received
// T1 and answered T2 (coordinator), received T3 (worker).
type ClockAsk struct {
	T0 int64 `json:"t0"`
}

// ClockAnswer answers a ClockAsk.
type ClockAnswer struct {
	T0 int64   `json:"t0"`
	T1 Instant `json:"t1"`
	T2 Instant `json:"t2"`
}

// Tick renews a lease. N grows; an older tick than the last is ignored. A
// coordinator begins at its own first [Instant], so that its successor's ticks are
// newer than its own; the same holds for the numbers of its orders.
type Tick struct {
	N uint64 `json:"n"`
	// Instance is the process it is for; another one of the same name ignores it.
	Instance string `json:"instance"`
	// Play is the one whose lease it renews: a tick never renews that of another.
	Play  string  `json:"play,omitempty"`
	Sent  Instant `json:"sent"`
	Until Instant `json:"until"` // 0: not renewed
}

// Phase is what a worker is doing.
type Phase string

const (
	PhaseIdle      Phase = "idle"
	PhasePreparing Phase = "preparing"
	PhaseReady     Phase = "ready"
	PhasePlaying   Phase = "playing"
	PhaseEnded     Phase = "ended" // the play is over here; Delivered says whether all of it has arrived
)

// Beat is a worker's sign of life, every TickEvery.
type Beat struct {
	Instance string `json:"instance"`
	N        uint64 `json:"n"`
	Tick     uint64 `json:"tick"` // the last one heard
	Phase    Phase  `json:"phase"`
	Play     string `json:"play,omitempty"`
	// Ended is how the play ended here: from the instant on that nothing leaves any
	// more, which may come before PhaseEnded. A worker whose lease expired says
	// EndedAlone long before its end record arrives.
	Ended results.EndedAs `json:"ended,omitempty"`
	// Broken says that results can no longer be written to the spool.
	Broken bool `json:"broken,omitempty"`
	// Spooled and Acked are the highest record numbers spooled and acknowledged.
	Spooled uint64 `json:"spooled,omitempty"`
	Acked   uint64 `json:"acked,omitempty"`
	// Clock is the newest reading; Readings counts them.
	Clock    *results.ClockReading `json:"clock,omitempty"`
	Readings int                   `json:"readings,omitempty"`
	// Snapshot is how the play goes, each second.
	Snapshot *runner.Snapshot `json:"snapshot,omitempty"`
	// StartedAt is when this worker's clock really woke at the first instant, by the
	// coordinator's clock, minus the instant agreed; StartError bounds it. nil before.
	StartedAt  *time.Duration `json:"started_at_ns,omitempty"`
	StartError time.Duration  `json:"start_error_ns,omitempty"`
	// Descriptors and CPU, for who takes over.
	CPU         float64 `json:"cpu,omitempty"`
	Descriptors int     `json:"descriptors,omitempty"`
}

// OrderKind is what a worker is asked to do.
type OrderKind string

const (
	OrderPrepare OrderKind = "prepare"
	OrderStart   OrderKind = "start"
	OrderMore    OrderKind = "more"     // take over people of a lost worker
	OrderEndLoad OrderKind = "end_load" // no first click from an instant on
	OrderStop    OrderKind = "stop"
	OrderForget  OrderKind = "forget" // the play is closed: drop its spool and accounts
	OrderCall    OrderKind = "call"   // work the command line defines (calibration)
	OrderLeave   OrderKind = "leave"  // the fleet is closed: end the process
)

// Order is one request to a worker. Orders are numbered per worker and may come
// twice: a worker answers a number it has answered with the same answer.
//
// The coordinator repeats an order until it is answered: a worker that is still
// busy with a number does not begin it twice.
type Order struct {
	N uint64 `json:"n"`
	// Instance is the process it is for; another one of the same name ignores it.
	Instance string `json:"instance"`

	Kind    OrderKind `json:"kind"`
	Play    string    `json:"play,omitempty"`
	Prepare *Prepare  `json:"prepare,omitempty"`
	Start   *Start    `json:"start,omitempty"`
	More    *More     `json:"more,omitempty"`
	EndLoad *EndLoad  `json:"end_load,omitempty"`
	Stop    *Stop     `json:"stop,omitempty"`
	Call    *Call     `json:"call,omitempty"`
}

// Prepare asks a worker to build its part of a play.
type Prepare struct {
	RunID        string          `json:"run_id"`
	Spec         json.RawMessage `json:"spec"`  // what the command line needs to build the same plan
	Index        int             `json:"index"` // the worker's number in this play: in its frames and records
	Of           int             `json:"of"`
	Slices       []results.Slice `json:"slices"`
	Digest       string          `json:"digest"` // of the whole schedule
	ScenarioHash string          `json:"scenario_hash"`
	People       int             `json:"people"` // of these slices
	Bundle       Ref             `json:"bundle"`
	Accounts     Ref             `json:"accounts"`
}

// Ref names a sealed object in the worker's own bucket.
type Ref struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of the sealed bytes, hex
	Size   int    `json:"size"`
}

// Start gives the first instant of the played window, and the first lease: it
// begins with the order, not with the first instant, for preparing an isolation
// loads the target before. Without Until the newest tick counts. A worker whose
// lease would be over already does not start.
type Start struct {
	Zero  Instant `json:"zero"`
	Until Instant `json:"until,omitempty"`
}

// More hands people of a lost worker to another.
type More struct {
	Lost     uint32          `json:"lost"`
	Slices   []results.Slice `json:"slices"`
	From     time.Duration   `json:"from_ns"` // people intended from here on
	People   int             `json:"people"`
	Accounts Ref             `json:"accounts"`
}

// EndLoad ends the load of a trial that has decided, everywhere at one instant.
type EndLoad struct {
	At time.Duration `json:"at_ns"`
}

// Stop ends a play at once. How and Cause become the worker's end.
type Stop struct {
	Play  string          `json:"play"`
	How   results.EndedAs `json:"how"`
	Cause string          `json:"cause"`
	Sent  Instant         `json:"sent"`
}

// Call is work by name.
type Call struct {
	Name    string `json:"name"`
	Payload Ref    `json:"payload"` // sealed; an empty name for none
}

// Answer answers an Order.
type Answer struct {
	N       uint64   `json:"n"`
	Refused *Refusal `json:"refused,omitempty"`
	Ready   *Ready   `json:"ready,omitempty"`   // to prepare
	Payload []byte   `json:"payload,omitempty"` // to call, at most 1 MiB
}

// Ready is what a worker is about to play.
type Ready struct {
	Digest       string               `json:"digest"`
	ScenarioHash string               `json:"scenario_hash"`
	People       int                  `json:"people"`
	Preparation  time.Duration        `json:"preparation_ns"` // runner.PreparationTime: the first instant must be further ahead
	Clock        results.ClockReading `json:"clock"`          // of just before; At is 0, for the first instant is not agreed yet
	// Limits are of the plan, results.LimitsOf: the player fills them in for the
	// sink that it will be given. They do not travel.
	Limits results.Limits `json:"-"`
}

// Gone is the last message of a worker that leaves by itself.
type Gone struct {
	Instance string `json:"instance"`
	Why      string `json:"why"`
}

// StopAsk is what an operator sends.
type StopAsk struct {
	Why string `json:"why,omitempty"`
}

// Status is what `firstbell fleet` shows.
type Status struct {
	Fleet   string         `json:"fleet"`
	Version string         `json:"version"`
	Wanted  int            `json:"wanted"`
	Play    string         `json:"play,omitempty"`
	At      time.Duration  `json:"at_ns"` // of the play
	Workers []WorkerStatus `json:"workers"`
	Refused []RefusedJoin  `json:"refused,omitempty"` // the last ones, at most 20
}

// WorkerStatus is one worker, as the coordinator sees it.
type WorkerStatus struct {
	Name      string                `json:"name"`
	Place     string                `json:"place,omitempty"`
	Version   string                `json:"version"`
	OS        string                `json:"os"`
	CPUs      float64               `json:"cpus"`
	DescLimit int                   `json:"descriptor_limit"`
	State     string                `json:"state"` // awaited, idle, preparing, ready, playing, ended, suspect, lost
	HeardAgo  time.Duration         `json:"heard_ago_ns"`
	Clock     *results.ClockReading `json:"clock,omitempty"`
	CPU       float64               `json:"cpu"`
	Waiting   uint64                `json:"waiting"` // records spooled and not acknowledged
	People    int                   `json:"people"`
}

// RefusedJoin is somebody who was not let in.
type RefusedJoin struct {
	At     time.Time `json:"at"`
	Worker string    `json:"worker"`
	Refusal
}
