package results

import "time"

// FleetFile is the record of a run on several workers, replaced as a whole
// whenever something changes.
const FleetFile = "fleet.json"

// FleetSchema is the version of fleet.json.
const FleetSchema = "1.0"

// Slice is a part of the people: id mod Modulus == Residue.
type Slice struct {
	Residue uint32 `json:"residue"`
	Modulus uint32 `json:"modulus"`
}

// Has reports whether a person belongs to the slice. A Modulus of 0 or 1 is
// everybody.
func (s Slice) Has(id uint32) bool { return s.Modulus <= 1 || id%s.Modulus == s.Residue }

// Fleet is who played a run, on which clocks, who was lost and who took over. All
// offsets are from the start of the played window, by the coordinator's clock.
type Fleet struct {
	Schema  string        `json:"schema_version"`
	ID      string        `json:"fleet"`
	Kind    FleetKind     `json:"kind"`
	OnLoss  string        `json:"on_loss"` // continue, stop
	Start   time.Time     `json:"start"`   // the start of the played window by the coordinator's wall clock
	Workers []FleetWorker `json:"workers"` // by ID
	Losses  []Loss        `json:"losses,omitempty"`
	Outages []Outage      `json:"outages,omitempty"`
	Stop    *FleetStop    `json:"stop,omitempty"`
	// Ended is how the whole came to its end; nil while it goes on, and for good
	// when the coordinator was killed and never resumed.
	Ended *Ended `json:"ended,omitempty"`
}

// FleetKind is where the workers are and what carries their messages.
type FleetKind string

const (
	FleetLocal   FleetKind = "local"   // processes of this machine, embedded server
	FleetRemote  FleetKind = "remote"  // other machines, embedded server
	FleetCluster FleetKind = "cluster" // an external NATS cluster
)

// FleetWorker is one worker.
type FleetWorker struct {
	ID        uint32         `json:"id"`
	Name      string         `json:"name"` // w000
	Place     string         `json:"place,omitempty"`
	Version   string         `json:"version"`
	Go        string         `json:"go"`
	OS        string         `json:"os"`
	CPUs      float64        `json:"cpus"`
	DescLimit int            `json:"descriptor_limit"`
	Slices    []Slice        `json:"slices"`
	People    int            `json:"people"` // of its own slices
	Clock     []ClockReading `json:"clock"`  // in order; the first before the start
	// StartedAt is its own first instant by the coordinator's clock, minus the
	// agreed one; StartError bounds it.
	StartedAt  time.Duration `json:"started_at_ns"`
	StartError time.Duration `json:"start_error_ns"`
	// Late counts the records that arrived after the worker had been called lost.
	Late uint64 `json:"late_records,omitempty"`
	// Missing counts the records that never arrived although the worker numbered
	// later ones.
	Missing uint64 `json:"missing_records,omitempty"`
}

// ClockReading is one measurement of a worker's clock: the exchange with the
// shortest round trip of N. The true offset lies within Offset ± Error.
type ClockReading struct {
	At     time.Duration `json:"at_ns"`     // when, from the start of the played window; before the start it is negative
	Offset time.Duration `json:"offset_ns"` // coordinator's clock − worker's clock
	Error  time.Duration `json:"error_ns"`  // half the round trip
	N      int           `json:"n"`
}

// Loss is one worker that was no longer heard.
type Loss struct {
	Worker uint32 `json:"worker"`
	// Why: silent (no sign of life), gone (its process ended), lease (it said that
	// its lease had expired), spool (it could not write its results), expelled (it
	// broke the bounds of what a worker may send, and was stopped), undelivered (it
	// was heard, but its results did not come; Heard is then the end of the last
	// second they speak of).
	Why string `json:"why"`
	// Heard is its last sign of life, Noticed when it was called lost, Expired when
	// its last lease and the clock's error were over: it sent nothing later.
	Heard   time.Duration `json:"heard_ns"`
	Noticed time.Duration `json:"noticed_ns"`
	Expired time.Duration `json:"expired_ns"`
	// TakenFrom is the instant from which others play its people; negative when
	// nobody does, and Untaken says why: no_room, on_loss_stop, nobody_left,
	// nothing_left (all its people had come), refused, unanswered (those who were to
	// take over did not say that they do), stopped (everything was being stopped
	// anyway), coordinator_lost (there was no coordinator to ask others). With
	// TakenFrom not negative it says why a part of them was not taken over.
	TakenFrom time.Duration `json:"taken_from_ns"`
	Untaken   string        `json:"untaken,omitempty"`
	Takers    []Taking      `json:"takers,omitempty"`
	// Due counts its people intended from TakenFrom on, or from Expired on when
	// nobody took over.
	Due int `json:"due"`
	// Returned is when it was heard again; nil: never.
	Returned *time.Duration `json:"returned_ns,omitempty"`
}

// Taking is one worker's part of a takeover.
type Taking struct {
	Worker uint32  `json:"worker"`
	Slices []Slice `json:"slices"`
	People int     `json:"people"`
	// At is when it had said that it plays them; people due before then leave late.
	At time.Duration `json:"at_ns,omitempty"`
}

// Taken is when all who took over a lost worker's people had begun to play them: the
// instant it was ordered for, or, when one of them answered later, its answer.
// Negative when nobody did.
func (l *Loss) Taken() time.Duration {
	at := l.TakenFrom
	if at < 0 {
		return at
	}
	for _, t := range l.Takers {
		at = max(at, t.At)
	}
	return at
}

// Outage is a time without a coordinator.
type Outage struct {
	From    time.Duration `json:"from_ns"` // its last record
	Resumed time.Time     `json:"resumed"`
}

// FleetStop is an order to stop and how long it took to reach everybody.
type FleetStop struct {
	Why     string        `json:"why"`
	Sent    time.Duration `json:"sent_ns"`
	Reached time.Duration `json:"reached_ns"` // when the last worker had confirmed that it stopped
	Missing []uint32      `json:"missing,omitempty"`
}
