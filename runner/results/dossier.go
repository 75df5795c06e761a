package results

import "time"

// DossierSchema is the version of dossier.json.
const DossierSchema = "1.0"

// DossierFile is the journal of a capacity or certify session, in its folder,
// rewritten whole after every trial. TrialDir holds a run folder per trial.
const (
	DossierFile = "dossier.json"
	TrialDir    = "trials"
)

// Stage names, in the order they are played.
const (
	StageSmoke       = "smoke"
	StageCalibration = "calibration"
	StageProbe       = "probe"
	StageConfirm     = "confirm"
	StageBracket     = "bracket"
	StageRepeat      = "repeat"
	StageControl     = "control"
	StageIsolation   = "isolation"
	StageOnset       = "onset"
	StageStorm       = "storm"
	StageRecovery    = "recovery"
)

// Dossier is dossier.json: what a session meant to do and has done. Everything
// measured is in the trials' own folders; the journal only names them, so a
// session that was killed continues at the first trial that is not in it.
type Dossier struct {
	Schema       string    `json:"schema_version"`
	RunID        string    `json:"run_id"`
	Command      string    `json:"command"` // capacity or certify
	Quick        bool      `json:"quick,omitempty"`
	Tool         Tool      `json:"tool"`
	Name         string    `json:"name"`
	Target       string    `json:"target"`
	ScenarioHash string    `json:"scenario_hash"`
	Lang         string    `json:"lang"`
	Seed         uint64    `json:"seed"`
	Workers      int       `json:"workers,omitempty"` // of a fleet; 0: one process played
	Servers      int       `json:"servers,omitempty"` // of the target, as declared; 0: nobody said
	Started      time.Time `json:"started"`
	Settings     Settings  `json:"settings"`
	Required     Required  `json:"required"`
	Stages       []Stage   `json:"stages"`           // as planned, in order
	Trials       []Trial   `json:"trials"`           // finished, in order
	Resets       []Reset   `json:"resets,omitempty"` // the last one before each trial that had one
	Resumed      []Resumed `json:"resumed,omitempty"`
	Ended        *Ended    `json:"ended,omitempty"` // nil: not finished
	// Unproved are keys of what the session did not set out to prove (quick,
	// refused by a limit…), for the report.
	Unproved []string `json:"unproved,omitempty"`
	// Calibration is gate V4.
	Calibration *Calibration `json:"calibration,omitempty"`
	Witness     *Witness     `json:"witness,omitempty"`
	Control     *Control     `json:"control,omitempty"`
	// SynLadder is the instants, in seconds, at which this machine's kernel
	// sends a SYN again.
	SynLadder []float64 `json:"syn_ladder_s,omitempty"`
	// Others are what sessions measured of the same target at other sizes, kept so
	// that the report needs no folder but this one.
	Others []OtherSize `json:"other_sizes,omitempty"`
	// Before is an earlier session and the step that was given more since; nil when
	// nobody told.
	Before *Before `json:"before,omitempty"`
	// Sources are the addresses load came from, for an operator's allow-list.
	Sources []string `json:"source_addresses,omitempty"`
}

// Settings are what the search was told, all printed.
type Settings struct {
	Criterion string        `json:"criterion"`  // id of the time criterion that sets the lengths
	Limit     time.Duration `json:"limit_ns"`   // T
	Quantile  float64       `json:"quantile"`   // p
	Plateau   time.Duration `json:"plateau_ns"` // L
	Warmup    time.Duration `json:"warmup_ns"`
	Drain     time.Duration `json:"drain_ns"`    // at most, after a plateau
	Width     float64       `json:"width"`       // of the final bracket, relative
	Repeats   int           `json:"repeats"`     // at each final bound
	MaxRate   float64       `json:"max_per_s"`   // nothing above it is offered: calibration, consent, machine
	MaxWhy    string        `json:"max_because"` // calibration, consent, machine
}

// Required is the operator's number: the scenario's own storm.
type Required struct {
	People   int     `json:"people"`
	PeakRate float64 `json:"peak_per_s"` // arrivals per second, busiest 10 s
}

// Stage is one part of the session.
type Stage struct {
	Name    string        `json:"name"`
	Planned time.Duration `json:"planned_ns"`
	Done    bool          `json:"done,omitempty"`
	Skipped string        `json:"skipped,omitempty"` // key of the reason
}

// Trial is one finished trial.
type Trial struct {
	Name    string    `json:"name"` // its folder below TrialDir: 007-confirm
	Stage   string    `json:"stage"`
	Conduct Conduct   `json:"conduct"`
	Seed    uint64    `json:"seed"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	// Role says what a storm is for: low (0.9 N*), high (1.1 N*), required,
	// predicted; of a recovery, "".
	Role string `json:"role,omitempty"`
}

// Why a reset failed; keys of the report's catalogue.
const (
	ResetExit    = "exit"    // the command did not end with 0
	ResetTimeout = "timeout" // it did not end in time
	ResetSilent  = "silent"  // it ended, and people do not get in
)

// Reset is one time the operator's command brought the target to a cold start. The
// command itself is not kept: it may hold a secret.
type Reset struct {
	Trial    string        `json:"trial"` // that was to follow
	At       time.Time     `json:"at"`
	Took     time.Duration `json:"took_ns"`               // the command
	Answered time.Duration `json:"answered_ns,omitempty"` // from its beginning until people got in
	Failed   string        `json:"failed,omitempty"`      // why the trial was not played
}

// Resumed is one time a session was taken up again.
type Resumed struct {
	At    time.Time `json:"at"`
	After string    `json:"after"` // last finished stage; "" for none
	Trial string    `json:"trial"` // last finished trial
}

// Calibration is what this generator could do against its own sink, that day.
type Calibration struct {
	At        time.Time `json:"at"`
	Rate      float64   `json:"rate_per_s"` // highest load played honestly: V1, V2, V3, and p99 below 2 % of T
	Stopped   string    `json:"stopped_by"` // what the next load broke: V1, V2, V3, p99, journey; "" when the ceiling was reached
	Ceiling   float64   `json:"ceiling_per_s"`
	P99       float64   `json:"p99_s"`
	Completed float64   `json:"completed_share"`
}

// Witness is an independent prober's view: its own process, 1 to 5 logins a
// second at most.
type Witness struct {
	Trials []Beheld `json:"trials"`
}

// Beheld is what a prober saw during one trial. Times are seconds; Never when
// not reached.
type Beheld struct {
	Trial  string  `json:"trial"`
	N      uint64  `json:"n"`
	Failed uint64  `json:"failed"`
	Over   uint64  `json:"over_limit,omitempty"` // over the time criterion, the failed ones included
	P50    float64 `json:"p50_s"`
	P95    float64 `json:"p95_s"`
}

// Control is the same of a neutral address that carries no load.
type Control struct {
	URL    string   `json:"url"`
	Base   Beheld   `json:"base"` // before the first load
	Trials []Beheld `json:"trials"`
}
