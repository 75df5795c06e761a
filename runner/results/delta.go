package results

import "time"

// Cell counts people or attempts: by group, how it ended, and the second it
// was intended for (offset from the start of the played window).
type Cell struct {
	Group   uint16
	Outcome Outcome
	Reason  Reason
	Second  int32
}

// GroupSecond is a cell without an outcome.
type GroupSecond struct {
	Group  uint16
	Second int32
}

// Beside is what is counted beside the outcomes.
type Beside struct {
	GaveUp      uint32 // lost people
	StillTrying uint32
	Retries     uint32 // attempts after the first
	Waited      time.Duration
	WaitedN     uint32 // people who passed a waiting page
	ClassLost   time.Duration
	ClassLostN  uint32
	OwnTime     time.Duration
}

// Clock says what a duration counts from.
type Clock uint8

const (
	FromIntended Clock = iota // from the click the person meant to make
	FromSent                  // from the first byte really sent: service time
	clocks
)

// StepKey names a step histogram; Ten is the intended second ÷ 10.
type StepKey struct {
	Step  uint16
	Clock Clock
	Ten   int32
}

// StepCell counts steps by how they ended, per intended 10 s.
type StepCell struct {
	Step    uint16
	Outcome Outcome
	Reason  Reason
	Ten     int32
}

// StepTen is a step and an intended second ÷ 10.
type StepTen struct {
	Step uint16
	Ten  int32
}

// ClassKey names a time-to-class histogram.
type ClassKey struct {
	Group uint16
	Ten   int32 // intended second ÷ 10
}

// Phase is a part of one exchange.
type Phase uint8

const (
	PhaseQueued Phase = iota // waiting for a place to dial: the generator's own
	PhaseDNS
	PhaseConnect
	PhaseTLS
	PhaseFirstByte
	PhaseBody
	phases
)

// HopKey names a phase histogram; at most 256 series per 10 s, more fold into
// Step 65535.
type HopKey struct {
	Step   uint16
	Number uint8
	Host   uint8
	Phase  Phase
	Ten    int32
}

// HopCell counts exchanges by status class (0 for no answer, else status).
type HopCell struct {
	Step   uint16
	Number uint8
	Host   uint8
	Status uint16
}

// HopCount is how many, and how much.
type HopCount struct {
	N, Reused         uint64
	BytesIn, BytesOut uint64
}

// SignKey identifies a failure signature.
type SignKey struct {
	Step    uint16
	Host    uint8
	Status  uint16
	Outcome Outcome
	Reason  Reason
	Text    string
}

// SignCount is when and how often; bounded to 200 signatures, more fold into
// the same key with an empty Text.
type SignCount struct {
	N           uint64
	First, Last time.Duration
}

// Delta is what one written second of one worker added. Deltas merge by
// addition, in any order, exactly; only where hop series and signature texts
// exceed their bounds may another order fold other ones together, and their
// counts stay exact all the same.
//
// What makes the two ledgers balance, also when the run is cut:
//   - Starts counts a person when the first click leaves, People when the
//     person is settled; the difference is in flight.
//   - Tries counts an attempt when its first request leaves, Attempts when it
//     has ended; the difference is in flight.
//   - PulledPeople and PulledTries are those that ended as not_sent although
//     they had left: the consent's limit came in the middle of a journey.
//
// Make one by [NewDelta] and fill it by its Add methods: they keep every index
// and number in a range that can be written and read again. A Delta is not
// safe for concurrent use.
type Delta struct {
	Worker  uint32
	Seq     uint64 // from 1, without gaps, per worker
	Written int32  // second of the run it was written in

	Starts   map[GroupSecond]uint32  // people whose first click left, by intended second
	OnTime   map[GroupSecond]uint32  // …of these, within 1 s of the intended instant (V1)
	Delay    map[int32]*Hist         // sent − intended of first clicks, by intended 10 s (V2)
	Later    map[int32]*Hist         // sent − due of all later clicks, and waits for a place to dial, by due 10 s (V2)
	Tries    map[GroupSecond]uint32  // attempts begun, first ones included, by the attempt's own intended second
	People   map[Cell]uint32         // settled people; NotSent cells included
	Attempts map[Cell]uint32         // ended attempts; NotSent cells included
	Beside   map[GroupSecond]*Beside // by the person's intended second

	PulledPeople map[GroupSecond]uint32 // in People as NotSent, but in Starts too
	PulledTries  map[GroupSecond]uint32 // in Attempts as NotSent, but in Tries too

	MidWork map[Cell]uint32 // what broke after class: Outcome and Reason of the break

	Class map[ClassKey]*Hist // time to class of people in class, 1 ms to 6 h
	Steps map[StepKey]*Hist  // 1 µs to 10 min
	Ends  map[StepCell]uint32
	Spent map[StepTen]time.Duration // inside steps, summed person by person: the other side of Gauge.Inside
	Hops  map[HopKey]*Hist
	Sent  map[HopCell]*HopCount
	Signs map[SignKey]*SignCount

	Health []Health
	Gauges []Gauge

	series map[int32]int // hop series in use, by ten
	texts  int           // signatures with a text
	free   spare
}
