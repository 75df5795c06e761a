package results

import "time"

// TrialKind is what a trial of a dossier plays.
type TrialKind string

const (
	TrialCalibration TrialKind = "calibration" // the same journeys against our own sink: what this generator can do
	TrialPlateau     TrialKind = "plateau"     // steady load, logins only, one attempt each
	TrialIsolation   TrialKind = "isolation"   // one step alone, the steps before it prepared ahead
	TrialStorm       TrialKind = "storm"       // the scenario's own morning, at a factor of its size
	TrialRecovery    TrialKind = "recovery"    // base load, a trigger, the same base load again
)

// Conduct says how a trial differs from the scenario's own storm. A plan
// without one is that storm.
type Conduct struct {
	Kind TrialKind `json:"kind"`
	// Segments is the offered load from the start of the played window, in
	// order: first clicks as a Poisson process of each segment's rate. Empty
	// for storms.
	Segments []Segment `json:"segments,omitempty"`
	// Warmup is what a plateau's reading leaves out at its start.
	Warmup time.Duration `json:"warmup_ns,omitempty"`
	// LoginOnly lets people leave when they are in class, and closes their
	// connections.
	LoginOnly bool `json:"login_only,omitempty"`
	// Refreshes is how often each person at most refreshes a page that does not
	// come, or comes back after a failure: 0 nobody does, -1 as the scenario's
	// patience says.
	Refreshes int `json:"refreshes"`
	// Step is the step (index into Plan.Steps) an isolation trial plays.
	Step int `json:"step,omitempty"`
	// PrepareRate is how many people a second an isolation prepares before its
	// played window; 0 lets the plan choose a quarter of the offered load.
	PrepareRate float64 `json:"prepare_per_s,omitempty"`
	// Sources is how many addresses of this machine the load leaves from towards a
	// loopback target, one per person in turn; 0: the one the system chooses.
	Sources int `json:"sources,omitempty"`
	// Factor is the size of a storm, 1 being the scenario's own.
	Factor float64 `json:"factor,omitempty"`
}

// Segment is a piece of a trial with one offered load.
type Segment struct {
	Name   string        `json:"name"` // base, rise, plateau, trigger, after, shed…
	Rate   float64       `json:"rate_per_s"`
	Length time.Duration `json:"length_ns"`
}

// Names of segments that a report reads.
const (
	SegmentCap       = "cap"       // an overload played to see whether a limiter caps
	SegmentAddresses = "addresses" // a load that was refused, from many addresses…
	SegmentAddress   = "address"   // …and from one again: does each have a limit?
)

// Length is how long all segments are together.
func (c *Conduct) Length() time.Duration {
	var sum time.Duration
	for _, s := range c.Segments {
		sum += s.Length
	}
	return sum
}
