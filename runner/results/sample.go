package results

import "time"

// All times are offsets from the start of the played window.

// Start is one person's first click leaving. A click proved impossible is no
// Start: it is an Attempt and a Person with outcome not_sent.
type Start struct {
	Group    int // index into Plan.Groups
	Intended time.Duration
	Sent     time.Duration // when the first request was handed to the driver
}

// Attempt is one try of one person, ended.
type Attempt struct {
	Group    int
	Number   int           // from 1
	Intended time.Duration // when the person meant to click: first click, or timed retry
	Ended    time.Duration
	Outcome  Outcome
	Reason   Reason
	Left     bool // NotSent only: its first request had left before a later one was refused
}

// Person is one person, settled.
type Person struct {
	Group       int
	Intended    time.Duration // first click
	Settled     time.Duration
	Outcome     Outcome // of the last attempt
	Reason      Reason
	Attempts    int
	TimeToClass time.Duration // in_time and late only: waits for the portal, refreshes and queues included
	OwnTime     time.Duration // pauses and thinking, not counted above
	Waited      time.Duration // part of TimeToClass spent on waiting pages
	GaveUp      bool          // tries spent or hard stop: lost
	StillTrying bool          // the run ended between two tries
	MidWorkLoss Reason        // what broke after class; NoReason: nothing
	ClassLost   time.Duration // minutes of class lost
	Left        bool          // NotSent only: AddStart was called for this person
}

// Sample is one step performed: its page judged.
type Sample struct {
	Step     int // index into Plan.Steps
	Group    int
	Intended time.Duration // the click
	Sent     time.Duration // its first byte out
	Done     time.Duration
	// Inside is how long the person was inside the step: Done − Sent, without
	// the pauses of a waiting page, and with the page's own files.
	Inside  time.Duration
	Outcome Outcome // InTime for a proved page
	Reason  Reason
}

// Hop is one exchange inside a step.
type Hop struct {
	Step   int // index into Plan.Steps
	Number int // from 1 in the step; calls and assets have 0
	Host   int // index into Plan.Hosts
	Status int // 0: no answer
	Reused bool
	// Phases; zero when they did not happen (a reused connection).
	Queued, DNS, Connect, TLS, FirstByte, Body time.Duration
	BytesIn, BytesOut                          int
	At                                         time.Duration // sent
	Intended                                   time.Duration // of the step's click
}

// Sign is one failure as it looked, for the list of signatures. Text comes
// from the target: secrets are already taken out by the caller, and it is cut
// to 160 characters.
type Sign struct {
	Step    int
	Host    int
	Status  int
	Outcome Outcome
	Reason  Reason
	Text    string // page title or first line
	At      time.Duration
}

// Health is the generator's own state during one second.
type Health struct {
	Second      int     // from the start of the played window
	CPU         float64 // own CPU ÷ CPUs allowed to the process, 0..1
	Descriptors int     // open
	DescLimit   int     // RLIMIT_NOFILE now (it can be cut from outside)
	Ports       int     // local ports in use towards the target
	PortLimit   int     // ip_local_port_range × source addresses
	BytesIn     int64   // this second
	BytesOut    int64
	Hiccup      time.Duration // worst oversleep of the 10-ms sleeper this second
	InFlight    int           // people inside a step
	Waiting     int           // people on a waiting page
	Between     int           // people thinking or between two tries
	DialsQueued int           // dials waiting for a place
}

// Gauge is how many people are inside one step at the end of one written
// second, and the time people spent inside it during that second: the integral
// of their number, to the nanosecond, kept by whoever enters and leaves. A
// person looking at a waiting page, or thinking, is inside no step.
type Gauge struct {
	Second int32 // from the start of the played window
	Step   uint16
	People uint32
	Inside time.Duration // person-time; 0 in a recording of before version 3
}
