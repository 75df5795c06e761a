package results

import "time"

// Plan is plan.json: what was going to happen, written before the first byte
// of load. A report needs the folder only.
type Plan struct {
	Schema       string    `json:"schema_version"`
	RunID        string    `json:"run_id"` // 20210406-085500-x7k2
	Tool         Tool      `json:"tool"`
	Name         string    `json:"name"`
	Target       string    `json:"target"`
	Start        time.Time `json:"start"` // wall clock of the played window's start
	Seed         uint64    `json:"seed"`
	Digest       string    `json:"digest"`        // SHA-256 of the sorted "µs id" lines
	ScenarioHash string    `json:"scenario_hash"` // SHA-256 of scenario.yaml
	Profile      string    `json:"profile"`
	Date         string    `json:"date"`
	// The played and the judged window, seconds since midnight of the
	// replayed morning.
	PlayFrom int `json:"play_from_s"`
	PlayTo   int `json:"play_to_s"`
	PeakFrom int `json:"peak_from_s"`
	PeakTo   int `json:"peak_to_s"`
	// Scale is the share of schools kept; 1 for all.
	Scale   float64       `json:"scale"`
	InTime  time.Duration `json:"in_time_ns"`
	Drain   time.Duration `json:"drain_ns"`
	Ends    time.Duration `json:"ends_after_ns"` // wall-clock end, from Start
	People  int           `json:"people"`        // intended arrivals
	Workers int           `json:"workers"`
	Groups  []Group       `json:"groups"`
	Steps   []Step        `json:"steps"`
	Hosts   []string      `json:"hosts"` // host:port; 0 is the target
	// Intended[group] lists the arrivals of each second of the played window,
	// run-length free: as many numbers as seconds.
	Intended [][]uint32 `json:"intended"`
	Needs    Needs      `json:"needs"`
	Lang     string     `json:"lang"`
	// Notes are printed in the method section: http instead of https,
	// insecure TLS, resolve, proxy.
	Notes []string `json:"notes,omitempty"`
	// Smoke is what the accounts' sample gave before the storm.
	Smoke Smoke `json:"smoke"`
	// Sources are the addresses load leaves from, for an operator's allow-list; none
	// when workers elsewhere play.
	Sources []string `json:"source_addresses,omitempty"`
	// Conduct says what a trial plays in the storm's place; nil for the storm.
	Conduct *Conduct `json:"conduct,omitempty"`
}

// Tool names the program that ran.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
}

// Group is region × level × persona; absent dimensions are empty.
type Group struct {
	Region  string `json:"region,omitempty"`
	Level   string `json:"level,omitempty"`
	Persona string `json:"persona"`
}

// Step names one step of one journey.
type Step struct {
	Journey string `json:"journey"`
	Name    string `json:"name"`
	InClass bool   `json:"in_class,omitempty"`
}

// Needs is what the plan takes from this machine.
type Needs struct {
	PeakArrivals    float64 `json:"peak_arrivals_per_s"` // worst second
	PeakRequests    float64 `json:"peak_requests_per_s"`
	PeakConnections float64 `json:"peak_connections_per_s"`
	Open            int     `json:"open_connections"`
	Descriptors     int     `json:"descriptors"`
	DialsInFlight   int     `json:"dials_in_flight"`
	MemoryBytes     int64   `json:"memory_bytes"`
	CPUs            float64 `json:"cpus_allowed"`
	DescLimit       int     `json:"descriptor_limit"`
	PortLimit       int     `json:"port_limit"`
	MemoryLimit     int64   `json:"memory_limit_bytes"` // free when planned
}

// Smoke is the sample of accounts tried before the storm.
type Smoke struct {
	Tried    int `json:"tried"`
	Accepted int `json:"accepted"`
	Rejected int `json:"rejected"`
}

// Ended says how a run came to its end; it is the last frame of the folder. A
// folder without one was cut.
type Ended struct {
	How   EndedAs       `json:"how"`
	At    time.Duration `json:"at_ns"` // from the start of the played window
	Wall  time.Time     `json:"wall"`
	Cause string        `json:"cause,omitempty"` // one line, no secrets
	// LoadEnd is when first clicks ceased to leave in a trial that had decided
	// early; 0: they left as planned. Arrivals that were due later are not_sent,
	// reason cut, and count as not due.
	LoadEnd time.Duration `json:"load_end_ns,omitempty"`
	// Calm is the second try of rejected accounts after the storm
	// (decision: up to 200, one at a time): how many were then accepted.
	CalmTried    int `json:"calm_tried,omitempty"`
	CalmAccepted int `json:"calm_accepted,omitempty"`
}

// EndedAs is how a run ended.
type EndedAs string

const (
	EndedPlanned     EndedAs = "planned"
	EndedInterrupted EndedAs = "interrupted"       // Ctrl-C
	EndedByTarget    EndedAs = "stopped_by_target" // consent withdrawn or unreadable beyond its grace
	EndedCredentials EndedAs = "accounts_rejected"
	EndedLimit       EndedAs = "ends_after" // the scenario's wall-clock end came first
	EndedInternal    EndedAs = "internal_error"
	EndedEnough      EndedAs = "enough"           // a trial of a search had decided: what was still due was not played
	EndedStopped     EndedAs = "stopped"          // by an operator: firstbell stop
	EndedAlone       EndedAs = "coordinator_lost" // a worker heard its coordinator no more, or a fleet's coordinator was killed and taken up again
	EndedLoss        EndedAs = "worker_lost"      // a worker was lost and --on-loss stop was given
	EndedReset       EndedAs = "reset_failed"     // of a session: the target could not be brought to a cold start before a trial
	EndedCut         EndedAs = "cut"              // never written: what a folder without an end reads as
)

// Event is one line of events.ndjson: something worth a flag on the timeline.
type Event struct {
	At     time.Duration     `json:"at_ns"`
	Wall   time.Time         `json:"wall"`
	Kind   string            `json:"kind"` // first_quota, first_blank, first_waiting_room, first_error, out_of_scope, consent_unreadable, consent_withdrawn, target_changed, signal…
	Text   string            `json:"text,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
}

// LastClicks is when, after the end of a trial's load, whoever still thinks clicks
// all the same, each at an instant of their own: over the second quarter of the
// drain. What is left of it is the portal's to answer.
func (p *Plan) LastClicks(end time.Duration) (from, to time.Duration) {
	quarter := p.Drain / 4
	return end + quarter, end + 2*quarter
}
