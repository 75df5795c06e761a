package report

// SchemaVersion of summary.json. Additions keep 1.x; renaming or removing a
// key makes it 2.0.
const SchemaVersion = "1.0"

// Summary is summary.json: everything any face of the report prints. It is
// read-only once Judge returned it.
//
// Conventions: a time of the morning is whole seconds since midnight of the
// replayed day (keys ending in _s that hold integers); a duration is a Decimal
// in seconds; a share is a Decimal between 0 and 1; series of one figure have
// the same length, one entry per bin.
type Summary struct {
	SchemaVersion string       `json:"schema_version"`
	Tool          Tool         `json:"tool"`
	Run           RunInfo      `json:"run"`
	About         About        `json:"about"`
	Verdict       Verdict      `json:"verdict"`
	Capacity      Capacity     `json:"capacity"`    // S11; not_measured after `run`
	Recovery      Recovery     `json:"recovery"`    // S10; the same
	Attribution   Attribution  `json:"attribution"` // S12; the same
	Sizing        []Answer     `json:"sizing"`
	Session       *Session     `json:"session"` // of capacity and certify; null after `run`
	Criteria      []Criterion  `json:"criteria"`
	Validity      []Gate       `json:"validity"`
	People        Ledger       `json:"people"`
	Attempts      Ledger       `json:"attempts"`
	PeopleShare   Shares       `json:"people_share"`  // of people.started
	AttemptShare  Shares       `json:"attempt_share"` // of attempts.started
	Reasons       []ReasonRow  `json:"reasons"`       // in ledger order
	Outside       Outside      `json:"outside"`
	Hundred       Hundred      `json:"per_100"`
	Beside        Beside       `json:"beside"`
	LostPeople    uint64       `json:"lost_people"`
	StillTrying   uint64       `json:"still_trying"`
	ClassMinutes  uint64       `json:"class_minutes_lost"` // whole minutes, "at least"
	Latency       Latency      `json:"latency"`
	Groups        []GroupRow   `json:"groups"` // worst first, groups not judged last
	Dimensions    []Dimension  `json:"dimensions"`
	Phases        []PhaseRow   `json:"phases"` // before, peak, after
	Timeline      Timeline     `json:"timeline"`
	Strip         []StripRow   `json:"strip"` // one per blocking criterion
	HeatMap       HeatMap      `json:"heat_map"`
	Curve         Curve        `json:"percentile_curve"`
	Percentiles   Percentiles  `json:"percentiles_over_time"`
	Windows       []Window     `json:"windows"` // the played window in at most 60 rows
	Steps         []StepRow    `json:"steps"`
	Hops          []HopRow     `json:"hops"`
	Signs         []SignRow    `json:"signs"` // the ten most frequent
	Generator     Generator    `json:"generator"`
	Fleet         *Fleet       `json:"fleet,omitempty"` // of runs on several workers
	Consent       []Fact       `json:"consent"`
	Events        []EventRow   `json:"events"`
	Assumptions   []Assumption `json:"assumptions"`
	Notes         []string     `json:"notes,omitempty"` // of the plan: http, insecure TLS, resolve, proxy
	Files         []File       `json:"files"`           // set by whoever owns the folder; Judge leaves it empty
}

// Tool names the program that ran the storm.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Go      string `json:"go,omitempty"`
	OS      string `json:"os,omitempty"`
}

// RunInfo says which morning was replayed, on what, for how many.
type RunInfo struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Target       string   `json:"target"`
	Hosts        []string `json:"hosts"`
	Profile      string   `json:"profile,omitempty"`
	Date         string   `json:"date,omitempty"` // YYYY-MM-DD replayed
	Started      string   `json:"started"`        // RFC 3339, wall clock of the start of the played window
	Ended        string   `json:"ended,omitempty"`
	Seed         uint64   `json:"seed"`
	Digest       string   `json:"schedule_sha256"`
	ScenarioHash string   `json:"scenario_sha256"`
	PlayFrom     int      `json:"play_from_s"`
	PlayTo       int      `json:"play_to_s"`
	PeakFrom     int      `json:"peak_from_s"`
	PeakTo       int      `json:"peak_to_s"`
	Bells        []int    `json:"bells_s,omitempty"`
	Scale        float64  `json:"scale"`
	InTime       Decimal  `json:"in_time_s"`
	EndedAs      string   `json:"ended_as"`   // results.EndedAs
	EndedAt      int      `json:"ended_at_s"` // morning clock
	EndedCause   string   `json:"ended_cause,omitempty"`
	HTTP         string   `json:"http"`
	Lang         string   `json:"lang"`
	Short        bool     `json:"short"` // under 60 s or under 1,000 arrivals
	Workers      int      `json:"workers"`
	PeakRate     Decimal  `json:"peak_arrivals_per_s"`        // busiest intended second
	Sources      []string `json:"source_addresses,omitempty"` // that the load left from
	SmokeTried   int      `json:"smoke_tried"`
	SmokeOK      int      `json:"smoke_accepted"`
	CalmTried    int      `json:"calm_tried"` // rejected accounts tried again after the storm
	CalmOK       int      `json:"calm_accepted"`
}

// About is what people declared; empty means not declared.
type About struct {
	RequiredBy string `json:"required_by"`
	Tester     string `json:"tester"`
	Staging    string `json:"staging"`
	StagingBy  string `json:"staging_by"`
	Version    string `json:"version"`
	ValidUntil string `json:"valid_until"`
}

// Value is one of the three verdicts.
type Value string

const (
	Ready        Value = "ready"
	NotReady     Value = "not_ready"
	Inconclusive Value = "inconclusive"
)

// Verdict is the answer, with its evidence.
type Verdict struct {
	Value        Value    `json:"value"`
	Reasons      []string `json:"reasons"`            // ids of criteria not met (or not concluded), and of gates failed
	Reservations int      `json:"reservations"`       // minor criteria not met or not concluded
	Cause        Cause    `json:"inconclusive_cause"` // "" unless inconclusive
	// Recounted: a gate failed, and not_ready stands on the server's own
	// complete refusals alone.
	Recounted bool  `json:"recounted,omitempty"`
	Hurt      *Span `json:"hurt,omitempty"` // first and last 10 s in which a failed criterion was broken
	// Actions are the keys of "what to do now", in order.
	Actions []string `json:"actions"`
}

// Span is a piece of the morning, half-open.
type Span struct {
	From int `json:"from_s"`
	To   int `json:"to_s"`
}

// Cause says why a run is inconclusive.
type Cause string

const (
	CauseNone              Cause = ""
	CauseNoCriteria        Cause = "no_criteria"
	CauseAccountsRejected  Cause = "accounts_rejected"
	CauseBlocked           Cause = "blocked_as_attacker"
	CauseTargetChanged     Cause = "target_changed"
	CauseInterrupted       Cause = "interrupted"
	CauseCut               Cause = "cut"
	CauseEndsAfter         Cause = "ends_after"
	CauseStoppedByTarget   Cause = "stopped_by_target"
	CauseInternal          Cause = "internal_error"
	CauseGenerator         Cause = "generator_saturated"
	CauseStormNotDelivered Cause = "storm_not_delivered"
	CauseConsentLimit      Cause = "consent_limit" // the storm is larger than what was consented to
	CauseStraddles         Cause = "interval_straddles"
	CauseTooFew            Cause = "too_few_samples"
	CauseLimiter           Cause = "limiter" // of everybody or of each address: one storm cannot tell

	// Of fleets.
	CauseWorkerLost Cause = "worker_lost"      // gate V6, or --on-loss stop
	CauseClock      Cause = "clock_uncertain"  // gate V5
	CauseAlone      Cause = "coordinator_lost" // nobody led the workers to the end
	CauseStopped    Cause = "stopped"          // by an operator

	// Of sessions.
	CauseCalibration Cause = "calibration_failed" // gate V4
	CauseSeeds       Cause = "seeds_disagree"     // the required storm held and did not
	CauseDrift       Cause = "drift"              // the first held plateau is not what it was
	CauseExternal    Cause = "external"           // an address without load slowed down
	CauseWitness     Cause = "witness"            // the second observer saw something else
	CauseQuota       Cause = "quota"              // a limiter answered before the target did
	CauseNotReplayed Cause = "not_replayed"       // no storm of the required size
	CauseReset       Cause = "reset_failed"       // the target could not be brought to a cold start
	CauseUnfinished  Cause = "unfinished"         // nobody has taken the session up again yet
)

// Status is how a criterion or a gate came out.
type Status string

const (
	Met           Status = "met"
	NotMet        Status = "not_met"
	Undecided     Status = "inconclusive"
	Unmeasured    Status = "not_measured"
	StatusNeutral Status = "none" // strip cells without people
)

// Format says how a Decimal is printed; faces never guess.
type Format string

const (
	FormatPercent  Format = "percent"  // Decimal share
	FormatDuration Format = "duration" // Decimal seconds, or "never"
	FormatCount    Format = "count"
	FormatYesNo    Format = "yes_no" // "1" or "0"
	FormatEnding   Format = "ending" // an ended_as word
)

// Criterion is one criterion judged, or the worst group of one.
type Criterion struct {
	ID        string     `json:"id"`     // the scenario's id; "in_class@region" for worst groups
	Metric    string     `json:"metric"` // scenarios.Metric
	Quantile  Decimal    `json:"quantile,omitempty"`
	Severity  string     `json:"severity"` // blocking, major, minor
	Relation  string     `json:"relation"` // < <= > >=
	Threshold Decimal    `json:"threshold"`
	Measured  Decimal    `json:"measured"` // "" when not measured
	CI95      [2]Decimal `json:"ci95"`
	N         uint64     `json:"n"`
	Count     uint64     `json:"count"` // people the rate counts; 0 for percentiles
	Status    Status     `json:"status"`
	Format    Format     `json:"format"`
	Window    Span       `json:"window"`
	Hurt      *Span      `json:"hurt,omitempty"`
	// Worst groups only.
	By        []string `json:"by,omitempty"`    // dimensions
	Group     *Group   `json:"group,omitempty"` // the worst one
	Judged    int      `json:"groups_judged,omitempty"`
	NotJudged int      `json:"groups_not_judged,omitempty"`
	// Recount is the status under the recount of a run whose gates failed; ""
	// when none was made.
	Recount Status `json:"recount,omitempty"`
	// Spared, of a fleet, is the status with everyone counted as in time whom a lost
	// worker left unobserved, where it is another one: what is not met only because
	// of them is inconclusive.
	Spared Status `json:"spared,omitempty"`
	// Needed is how many people the criterion needs to be judged.
	Needed uint64 `json:"needed"`
}

// Group is one value of each dimension that is split; empty dimensions are
// not.
type Group struct {
	Region  string `json:"region,omitempty"`
	Level   string `json:"level,omitempty"`
	Persona string `json:"persona,omitempty"`
}

// Gate is one condition on the validity of the measurement.
type Gate struct {
	ID        string    `json:"id"` // V1…
	Status    Status    `json:"status"`
	Threshold Decimal   `json:"threshold"` // of the measure that decides
	Relation  string    `json:"relation"`
	Measured  Decimal   `json:"measured"`
	Format    Format    `json:"format"`
	At        int       `json:"at_s"` // when it was worst, morning clock; -1: no instant
	Worker    string    `json:"worker,omitempty"`
	Measures  []Measure `json:"measures"` // all that the gate looks at
}

// Measure is one quantity of a gate.
type Measure struct {
	Name      string  `json:"name"` // sent_share, delay_p99, delay_max, later_p99, later_max, cpu, descriptors, ports, hiccup, seconds_missing, stopped_s, people, target_changes, ended_as, attacker_share, clock_error, clock_drift, clock_missing, lost_share, takeover…
	Status    Status  `json:"status"`
	Relation  string  `json:"relation"`
	Threshold Decimal `json:"threshold"`
	Measured  Decimal `json:"measured"`
	Format    Format  `json:"format"`
	At        int     `json:"at_s"` // -1: no instant
	// Worker is the worst one of a fleet, the one that decides; "" for a run on one
	// machine and for what all workers do together.
	Worker string `json:"worker,omitempty"`
	Count  uint64 `json:"count,omitempty"`
	Of     uint64 `json:"of,omitempty"`
}

// Ledger counts people, or attempts, to the unit: intended = started +
// not_sent, and the outcomes from in_time to unfinished add up to started.
type Ledger struct {
	Intended    uint64 `json:"intended"`
	NotSent     uint64 `json:"not_sent"`
	Started     uint64 `json:"started"`
	InTime      uint64 `json:"in_time"`
	Late        uint64 `json:"late"`
	WaitingRoom uint64 `json:"waiting_room"`
	Quota       uint64 `json:"quota"`
	Blank       uint64 `json:"blank"`
	Error       uint64 `json:"error"`
	Timeout     uint64 `json:"timeout"`
	Unreachable uint64 `json:"unreachable"`
	Invalid     uint64 `json:"invalid"`
	Unfinished  uint64 `json:"unfinished"`
}

// Shares is a ledger as shares of started; not_sent is a share of intended.
type Shares struct {
	NotSent     Decimal `json:"not_sent"`
	InTime      Decimal `json:"in_time"`
	Late        Decimal `json:"late"`
	WaitingRoom Decimal `json:"waiting_room"`
	Quota       Decimal `json:"quota"`
	Blank       Decimal `json:"blank"`
	Error       Decimal `json:"error"`
	Timeout     Decimal `json:"timeout"`
	Unreachable Decimal `json:"unreachable"`
	Invalid     Decimal `json:"invalid"`
	Unfinished  Decimal `json:"unfinished"`
}

// ReasonRow counts one reason of one outcome.
type ReasonRow struct {
	Outcome  string `json:"outcome"`
	Reason   string `json:"reason"`
	People   uint64 `json:"people"`
	Attempts uint64 `json:"attempts"`
}

// Outside is who never got in, of all who were expected.
type Outside struct {
	Expected uint64  `json:"expected"` // people.intended
	InTime   uint64  `json:"in_time"`
	InClass  uint64  `json:"in_class"`    // in_time + late
	Never    uint64  `json:"never"`       // started and not in class, invalid not counted
	Share    Decimal `json:"never_share"` // of started without invalid
	Peak     uint64  `json:"peak_never"`  // the same in the peak window
	PeakN    uint64  `json:"peak_n"`
	PeakPart Decimal `json:"peak_never_share"`
	Hurt     uint64  `json:"hurt_never"` // the same while it hurt (verdict.hurt)
	HurtN    uint64  `json:"hurt_n"`
	HurtPart Decimal `json:"hurt_never_share"`
	// Of never, whom a lost worker of ours left unobserved, and the others.
	Unobserved uint64 `json:"unobserved,omitempty"`
	Observed   uint64 `json:"never_observed,omitempty"`
}

// Hundred is the bar of 100 pupils of page one: shares of the people expected,
// rounded by largest remainder so that the parts add up to 100 (all zero when
// nobody was expected).
type Hundred struct {
	InTime  int `json:"in_time"`
	Late    int `json:"late"`
	Waiting int `json:"waiting_or_refused"` // waiting_room + quota
	Failed  int `json:"failed"`             // blank, error, timeout, unreachable
	Other   int `json:"not_counted"`        // invalid, unfinished, not_sent
}

// Beside is what is counted beside the outcomes.
type Beside struct {
	Retries       uint64      `json:"retries"`       // attempts after the first
	Waited        uint64      `json:"waited_people"` // passed a waiting page
	WaitedMean    Decimal     `json:"waited_mean_s"`
	ClassLostN    uint64      `json:"class_minutes_people"` // people who lost class time
	ClassLostMean Decimal     `json:"class_minutes_mean_s"`
	OwnTimeMean   Decimal     `json:"own_time_mean_s"` // pauses and thinking, not in time to class
	MidWork       uint64      `json:"mid_work_lost"`   // broke after class
	MidWorkShare  Decimal     `json:"mid_work_share"`  // of in class
	MidWorkBy     []ReasonRow `json:"mid_work_reasons"`
	BytesIn       uint64      `json:"bytes_in"`
	BytesOut      uint64      `json:"bytes_out"`
	Exchanges     uint64      `json:"exchanges"`
}

// Latency is table T6: percentiles of the peak window and of the whole run,
// from the intended click (never = not in class) and from the real send
// (every in-class step performed, well or badly).
type Latency struct {
	Usable     Quantiles `json:"intended_to_usable_s"` // peak window
	UsableAll  Quantiles `json:"intended_to_usable_all_s"`
	SentToDone Quantiles `json:"sent_to_done_s"` // in-class step, from its first byte out
}

// Quantiles of one distribution; "never" when the rank falls on people who
// never got in, "" with nobody.
type Quantiles struct {
	N     uint64        `json:"n"`
	Never uint64        `json:"never_n"`
	P50   Decimal       `json:"p50"`
	P75   Decimal       `json:"p75"`
	P90   Decimal       `json:"p90"`
	P95   Decimal       `json:"p95"`
	P99   Decimal       `json:"p99"`
	P999  Decimal       `json:"p99_9"`
	Max   Decimal       `json:"max"`
	CI    [6][2]Decimal `json:"ci95"` // of p50 … p99_9
}

// GroupRow is one region × level × persona in the peak window (S7).
type GroupRow struct {
	Group    Group      `json:"group"`
	N        uint64     `json:"n"`        // started without invalid, peak window
	Expected uint64     `json:"expected"` // intended, whole run
	Never    uint64     `json:"never"`
	InClass  Decimal    `json:"in_class"` // share
	CI95     [2]Decimal `json:"ci95"`
	P50      Decimal    `json:"p50_s"`
	P95      Decimal    `json:"p95_s"`
	Blank    Decimal    `json:"blank"`
	Waiting  Decimal    `json:"waiting_room"`
	Quota    Decimal    `json:"quota"`
	Judged   bool       `json:"judged"` // 300 people or more
}

// Dimension is the same split by one dimension only.
type Dimension struct {
	Name   string     `json:"name"` // region, level, persona
	Groups []GroupRow `json:"groups"`
}

// PhaseRow is one part of the storm by intended second (F4, T4).
type PhaseRow struct {
	Name   string  `json:"name"` // before, peak, after
	Window Span    `json:"window"`
	People Ledger  `json:"people"`
	Share  Shares  `json:"share"`
	P95    Decimal `json:"p95_s"`
}

// Timeline is F2, F3a and F3c: one axis of bins of Bin seconds starting at
// From. Outcome series count started people by intended second; the gap
// between Intended and Started is NotSent. InFlight and Waiting are the
// highest gauge of the bin, -1 where nothing was observed.
type Timeline struct {
	From        int   `json:"from_s"`
	Bin         int   `json:"bin_s"`
	Observed    int   `json:"observed_to_s"` // after it: not played
	Intended    []int `json:"intended"`
	Started     []int `json:"started"`
	NotSent     []int `json:"not_sent"`
	InTime      []int `json:"in_time"`
	Late        []int `json:"late"`
	WaitingRoom []int `json:"waiting_room"`
	Quota       []int `json:"quota"`
	Blank       []int `json:"blank"`
	Error       []int `json:"error"`
	Timeout     []int `json:"timeout"`
	Unreachable []int `json:"unreachable"`
	Invalid     []int `json:"invalid"`
	Unfinished  []int `json:"unfinished"`
	InFlight    []int `json:"in_flight"`
	Waiting     []int `json:"waiting"`
	Attempts    []int `json:"attempts"` // attempts by intended second, retries included
}

// StripRow is F3b: a blocking criterion looked at every 10 s (by the point
// measured, not the interval).
type StripRow struct {
	ID    string      `json:"id"`
	From  int         `json:"from_s"`
	Bin   int         `json:"bin_s"` // 10, or a multiple
	Cells []StripCell `json:"cells"`
}

// StripCell is one piece of the strip.
type StripCell struct {
	Status   Status  `json:"status"` // met, not_met, none
	N        int     `json:"n"`
	Measured Decimal `json:"measured,omitempty"`
}

// HeatMap is F5: columns of Bin seconds by intended second, rows between
// consecutive Edges (seconds, log from 0.05 to 120; the first row also holds
// what is faster, the last what is slower).
type HeatMap struct {
	From  int       `json:"from_s"`
	Bin   int       `json:"bin_s"`
	Edges []Decimal `json:"edges_s"` // len(rows)+1
	Rows  [][]int   `json:"rows"`    // [row][column], people in class
	Never []int     `json:"never"`   // per column
	Total []int     `json:"totals"`  // per row, all columns
	Gone  int       `json:"never_total"`
	Max   int       `json:"max"` // highest cell, never row included
}

// Curve is F6. Points are drawn up to the percentile with at least ten people
// above it.
type Curve struct {
	Usable     []CurvePoint `json:"intended_to_usable"` // peak window, never counted
	Sent       []CurvePoint `json:"sent_to_done"`       // in-class steps from their real send
	NeverShare Decimal      `json:"never_share"`
	Criteria   []CurvePoint `json:"criteria"` // crosses: the curve must pass below
}

// CurvePoint is a share of people and the time they needed at most.
type CurvePoint struct {
	P Decimal `json:"p"` // 0..1
	T Decimal `json:"t_s"`
}

// Percentiles is F7: time to class by intended second, never counted.
type Percentiles struct {
	From int       `json:"from_s"`
	Bin  int       `json:"bin_s"` // 10, or a multiple
	N    []int     `json:"n"`
	P50  []Decimal `json:"p50_s"`
	P95  []Decimal `json:"p95_s"`
	P99  []Decimal `json:"p99_s"`
}

// StepRow is one step of one journey.
type StepRow struct {
	Journey  string  `json:"journey"`
	Name     string  `json:"name"`
	InClass  bool    `json:"in_class,omitempty"`
	N        uint64  `json:"n"`
	Good     uint64  `json:"good"`
	Failed   Decimal `json:"failed"` // share
	P50      Decimal `json:"p50_s"`  // from the intended click
	P95      Decimal `json:"p95_s"`
	SentP50  Decimal `json:"sent_p50_s"` // from the real send
	SentP95  Decimal `json:"sent_p95_s"`
	Outcomes Ledger  `json:"outcomes"` // in_time: page proved
}

// HopRow is one exchange of one step with one host: p95 of each phase.
type HopRow struct {
	Journey   string  `json:"journey"`
	Step      string  `json:"step"`
	Number    int     `json:"number"` // from 1; 0: calls and assets
	Host      string  `json:"host"`
	N         uint64  `json:"n"`
	Errors    uint64  `json:"errors"` // no answer, or status ≥ 400
	Reused    Decimal `json:"reused"` // share
	Queued    Decimal `json:"queued_p95_s"`
	DNS       Decimal `json:"dns_p95_s"`
	Connect   Decimal `json:"connect_p95_s"`
	TLS       Decimal `json:"tls_p95_s"`
	FirstByte Decimal `json:"first_byte_p95_s"`
	Body      Decimal `json:"body_p95_s"`
	BytesIn   uint64  `json:"bytes_in"`
}

// SignRow is one failure as it looked.
type SignRow struct {
	Journey string `json:"journey"`
	Step    string `json:"step"`
	Host    string `json:"host"`
	Status  int    `json:"status"` // 0: no answer
	Outcome string `json:"outcome"`
	Reason  string `json:"reason"`
	Text    string `json:"text"`
	N       uint64 `json:"n"`
	First   int    `json:"first_s"` // morning clock
	Last    int    `json:"last_s"`
}

// Generator is F14 and T13: was the tool up to it. Delay series are per
// DelayBin seconds by intended second; the others are per Bin seconds of the
// run, the highest of the bin, "" or -1 where nothing was recorded.
type Generator struct {
	From        int       `json:"from_s"`
	DelayBin    int       `json:"delay_bin_s"`
	DelayP99    []Decimal `json:"delay_p99_s"`
	DelayMax    []Decimal `json:"delay_max_s"`
	Bin         int       `json:"bin_s"`
	CPU         []Decimal `json:"cpu"` // 0..1
	Descriptors []int     `json:"descriptors"`
	DescLimit   []int     `json:"descriptor_limit"`
	Ports       []int     `json:"ports"`
	Hiccup      []Decimal `json:"hiccup_s"`
	DialsQueued []int     `json:"dials_queued"`
	Workers     []Worker  `json:"workers"`
}

// Worker is one generator process.
type Worker struct {
	ID          int     `json:"id"`
	Seconds     int     `json:"seconds"` // with a health record
	Missing     int     `json:"seconds_missing"`
	Started     uint64  `json:"started"`
	DelayP99    Decimal `json:"delay_p99_s"`
	DelayMax    Decimal `json:"delay_max_s"`
	CPU         Decimal `json:"cpu_10s_max"`
	Descriptors int     `json:"descriptors_max"`
	DescLimit   int     `json:"descriptor_limit_min"`
	Ports       int     `json:"ports_max"`
	PortLimit   int     `json:"port_limit"`
	Hiccup      Decimal `json:"hiccup_p99_9_s"`
	BytesInMax  uint64  `json:"bytes_in_per_s_max"`
	BytesOutMax uint64  `json:"bytes_out_per_s_max"`
	// Of fleets.
	*Member
}

// Member is what a fleet's coordinator knows of a worker.
type Member struct {
	Name     string  `json:"name"`            // w000
	Place    string  `json:"place,omitempty"` // a label its operator chose
	Version  string  `json:"version"`
	CPUs     Decimal `json:"cpus"`
	Assigned int     `json:"assigned"`   // people of its own slices
	Taken    int     `json:"taken_over"` // people of lost workers given to it
	// State: ok, warned (a check decided by it is not met), returned, lost.
	State       string  `json:"state"`
	ClockOffset Decimal `json:"clock_offset_s"` // of the reading with the smallest error
	ClockError  Decimal `json:"clock_error_s"`  // worst of its readings
	ClockDrift  Decimal `json:"clock_drift_s"`  // beyond the errors
	Readings    int     `json:"clock_readings"`
	ClockGap    string  `json:"clock_missing,omitempty"` // before, during, after: the first reading that is not there
	StartedAt   Decimal `json:"started_at_s"`            // its first instant minus the agreed one
	StartError  Decimal `json:"start_error_s"`
	Losses      int     `json:"losses"`
	Unseen      uint64  `json:"unobserved"` // of its people
	NotSent     uint64  `json:"not_sent_worker_lost"`
}

// Fact is a named line: consent granted, by whom, for what.
type Fact struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// EventRow is a flag on the timeline.
type EventRow struct {
	At   int    `json:"at_s"` // morning clock
	Kind string `json:"kind"`
	Text string `json:"text,omitempty"`
	Host string `json:"host,omitempty"`
	N    int    `json:"n"` // how many of the kind; the first is shown
}

// Assumption is a default a reader may want to contest.
type Assumption struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// File is one file of the folder the report rests on.
type File struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}
