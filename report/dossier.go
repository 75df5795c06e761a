package report

import "firstbell/runner/results"

// Capacity is S11: how much the target holds. Status is not_measured after
// `run`, with Command saying how to measure; met when the search ended with an
// interval or a one-sided answer; inconclusive when it could not say (Why).
//
// Three figures, never one: Saturation (goodput nobody can exceed), Held (the
// highest steady rate inside the criteria for Horizon), Storm (the largest
// storm held, in people: the headline).
type Capacity struct {
	Status  Status `json:"status"`
	Command string `json:"command,omitempty"`
	Why     string `json:"why,omitempty"` // key: drift, seeds_disagree, wide, short, quota, blocked, calibration, no_time_criterion…

	Unit       string  `json:"unit"`     // logins/s
	Required   Decimal `json:"required"` // the scenario's busiest 10 s, people per second
	Held       Range   `json:"held"`
	Horizon    Decimal `json:"horizon_s"`
	Headroom   Decimal `json:"headroom"` // held storm, low end ÷ required people
	Monotone   bool    `json:"monotone"`
	Saturation Range   `json:"saturation"`
	// Overload is the goodput well past the limit; below Saturation it is
	// congestion collapse.
	Overload Range       `json:"overload_goodput"`
	Storm    StormHeld   `json:"storm"`
	Quota    *QuotaFound `json:"quota,omitempty"` // a limiter caps: this is no breaking point

	FirstCriterion string    `json:"first_criterion,omitempty"`
	FirstStep      string    `json:"first_step,omitempty"`
	Loads          []LoadRow `json:"loads"` // by rate, T10 and F12
	// Control is the first held plateau played again at the end.
	Control *ControlRow `json:"control,omitempty"`
	Limit   Decimal     `json:"time_limit_s"`
	P       Decimal     `json:"time_quantile"`
	Width   Decimal     `json:"width"`
	Plateau Decimal     `json:"plateau_s"`
	Warmup  Decimal     `json:"warmup_s"`
	Ceiling Decimal     `json:"max_offered"` // nothing above it was offered
	// CeilingBy is why: calibration, consent, machine.
	CeilingBy string `json:"max_because,omitempty"`
}

// Range is an interval, or one side of one. Censored is "" for both bounds,
// "at_least" when only Low stands, "less_than" when only High does, "none" when
// nothing was found.
type Range struct {
	Low      Decimal `json:"low"`
	High     Decimal `json:"high"`
	Censored string  `json:"censored"`
}

// StormHeld is N*, in people.
type StormHeld struct {
	Range     Range    `json:"held"` // largest storm replayed that held, smallest that did not
	Predicted Range    `json:"predicted"`
	Ratio     Decimal  `json:"measured_to_predicted"`
	Required  uint64   `json:"required"`
	Replays   []Replay `json:"replays"`
	Formula   string   `json:"formula"`
}

// Replay is one whole storm replayed.
type Replay struct {
	Trial   string  `json:"trial"` // its folder below trials/
	Role    string  `json:"role"`  // low, high, required
	People  uint64  `json:"people"`
	Factor  Decimal `json:"factor"`
	Seed    uint64  `json:"seed"`
	Verdict Value   `json:"verdict"`
	InTime  Decimal `json:"in_time_share"`
	InClass Decimal `json:"in_class_share"`
	P95     Decimal `json:"p95_s"`
	// EveryoneIn is when the last person of those who got in was in class,
	// seconds after the first bell of the played window (or its start).
	EveryoneIn Decimal `json:"everyone_in_s"`
}

// QuotaFound is a limiter recognised by its exact cap.
type QuotaFound struct {
	Rate  Range  `json:"rate"`
	PerIP bool   `json:"per_ip"`
	Sign  string `json:"sign"` // quota, per_ip, waiting_room
	// Spaced says that it lets one person in and then nobody for a while: some are
	// refused long before the rate is reached.
	Spaced bool `json:"spaced,omitempty"`
	// Alone says that the load had one address: the limit may be of everybody, or of
	// each address.
	Alone bool `json:"one_address,omitempty"`
	// Sources are the addresses an operator should allow-list (per_ip, one_address).
	Sources []string `json:"source_addresses,omitempty"`
}

// LoadRow is every trial at one load.
type LoadRow struct {
	Rate    Decimal    `json:"rate_per_s"`
	Trials  int        `json:"trials"`
	Held    int        `json:"held"`
	Class   string     `json:"class"` // lower, upper, undecided
	First   string     `json:"first_criterion,omitempty"`
	Step    string     `json:"first_step,omitempty"`
	Goodput Decimal    `json:"goodput_per_s"`
	CI95    [2]Decimal `json:"goodput_ci95"`
	P50     Decimal    `json:"p50_s"`
	P95     Decimal    `json:"p95_s"`
	Success Decimal    `json:"in_class_share"`
	Names   []string   `json:"trial_names"`
	Stages  []string   `json:"stages"`
	Valid   int        `json:"valid"` // trials with every gate met
}

// ControlRow compares the first held plateau with its repetition at the end.
type ControlRow struct {
	Rate          Decimal `json:"rate_per_s"`
	P50Before     Decimal `json:"p50_before_s"`
	P50After      Decimal `json:"p50_after_s"`
	GoodputBefore Decimal `json:"goodput_before"`
	GoodputAfter  Decimal `json:"goodput_after"`
	Drift         bool    `json:"drift"`
}

// Recovery is S10.
type Recovery struct {
	Status  Status        `json:"status"`
	Command string        `json:"command,omitempty"`
	Trials  []RecoveryRow `json:"trials"` // R = 0, 2, 5
	// Vulnerable is 100/(1+R) per cent of the capacity, for the largest R the
	// scenario's own patience suggests: above it a trigger is enough.
	Vulnerable Decimal `json:"vulnerable_above_share"`
	VulnerR    int     `json:"vulnerable_refreshes"`
}

// RecoveryRow is one base, trigger, base again.
type RecoveryRow struct {
	Trial     string     `json:"trial"`
	Refreshes int        `json:"refreshes"` // -1: the scenario's patience
	State     string     `json:"state"`     // recovered, draining, metastable, degraded, not_tested
	Base      Decimal    `json:"base_per_s"`
	Trigger   Decimal    `json:"trigger_per_s"`
	TriggerS  Decimal    `json:"trigger_s"`
	Recovered Decimal    `json:"recovered_s"` // from the end of the excess; "" when not
	Observed  Decimal    `json:"observed_s"`  // after the end of the excess
	Predicted Decimal    `json:"predicted_drain_s"`
	Slope     Decimal    `json:"slope_people_per_s"`
	SlopeCI   [2]Decimal `json:"slope_ci95"`
	ETA       Decimal    `json:"eta_s"` // draining only
	Backlog   Decimal    `json:"backlog_at_end"`
	Amplified Decimal    `json:"attempts_per_person"`
	P50Before Decimal    `json:"p50_before_s"`
	P50After  Decimal    `json:"p50_after_s"`
	Shed      string     `json:"shed,omitempty"` // recovered_after_shedding, not_after_shedding
	// F11: per Bin seconds from the start.
	Bin      int       `json:"bin_s"`
	Excess   int       `json:"excess_ends_s"`
	Success  []Decimal `json:"success"` // in time, of who was due; "" for nobody
	InFlight []int     `json:"in_flight"`
}

// Attribution is S12.
type Attribution struct {
	Status  Status `json:"status"`
	Command string `json:"command,omitempty"`
	// Level: L0 first to degrade, L1 lowest measured capacity, L2 corroborated; ""
	// when nothing can be said. L3, cause, is Intervention's, of an earlier session.
	Level      string         `json:"level"`
	Journey    string         `json:"journey,omitempty"` // of the step
	Step       string         `json:"step,omitempty"`    // named; "" when not separable
	Separable  bool           `json:"separable"`
	Proved     []Claim        `json:"proved"`
	Compatible []Claim        `json:"compatible"`
	Unmeasured []Claim        `json:"not_measured"`
	Isolation  []StepCapacity `json:"isolation"`
	Onset      []Onset        `json:"onset"` // by time
	Little     []LittleRow    `json:"little"`
	Signatures []Signature    `json:"signatures"`
	// Resources are what the operator's readings of the servers say; absent without.
	Resources []ResourceRow `json:"resources,omitempty"`
	// Intervention is what strengthening one step did; absent when nobody told.
	Intervention *Intervention `json:"intervention,omitempty"`
}

// ResourceRow is one resource of the target's servers in the trial just past the
// limit, as its operator read it. Shares are parts of its ceiling.
type ResourceRow struct {
	Resource    string  `json:"resource"`
	Journey     string  `json:"journey"`
	Step        string  `json:"step"`
	State       string  `json:"state"`    // thin, always, below, apart, with
	Readings    int     `json:"readings"` // of that trial
	Highest     Decimal `json:"highest_share"`
	Calm        Decimal `json:"share_before"` // the median below the limit
	Reached     Decimal `json:"reached_at_s"` // of the trial; "" when never for good
	Lag         Decimal `json:"lag_s"`        // after its step's onset; below 0 before it
	Correlation Decimal `json:"correlation"`  // with the people inside its step
	Bins        int     `json:"bins"`         // of 10 s, that it was taken from
}

// Intervention compares this session with one before, between which one step was
// given more, as the operator declared. What it shows is of the limit before.
type Intervention struct {
	RunID   string `json:"run_id"` // the session before
	Journey string `json:"journey"`
	Step    string `json:"step"` // strengthened
	// Named is the step that the session before named, at NamedLevel; "" for none.
	Named      string `json:"named_before,omitempty"`
	NamedLevel string `json:"level_before,omitempty"`
	Before     Range  `json:"capacity_before"` // logins per second
	After      Range  `json:"capacity_after"`  // none when not sure
	Moved      bool   `json:"moved"`           // wholly above
	// Level of the claim that the step was the limit before: L3, L0 when it was named
	// and strengthening it moved nothing, else "".
	Level string `json:"level"`
}

// Claim is a catalogue sentence and its values.
type Claim struct {
	Key  string            `json:"key"` // catalog "claim.<key>"
	Args map[string]string `json:"args,omitempty"`
}

// StepCapacity is a step played alone.
type StepCapacity struct {
	Journey string  `json:"journey"`
	Step    string  `json:"step"`
	Rate    Range   `json:"rate"`   // steps per second
	Logins  Range   `json:"logins"` // ÷ visits per login
	Visits  Decimal `json:"visits_per_login"`
	Trial   string  `json:"trial"`
}

// Onset is the first instant outside its own baseline, past the limit.
type Onset struct {
	Journey string  `json:"journey"`
	Step    string  `json:"step"`
	At      Decimal `json:"at_s"` // of the trial; "" when it never left
	Lead    Decimal `json:"lead_s"`
	Sign    string  `json:"sign"`
	Trial   string  `json:"trial"`
}

// LittleRow checks one step: integral of people inside against sum of times.
type LittleRow struct {
	Journey string  `json:"journey"`
	Step    string  `json:"step"`
	Area    Decimal `json:"in_flight_integral_s"`
	Sum     Decimal `json:"sum_of_times_s"`
	Gap     Decimal `json:"relative_gap"`
	Growth  Decimal `json:"growth_people_per_s"`
}

// Signature is one sign of how it broke, seen or not.
type Signature struct {
	Name  string            `json:"name"` // queueing, quota, per_ip, pool, accept_queue, proxy_timeout, crash, blank, tls, external, generator
	Seen  bool              `json:"seen"`
	Trial string            `json:"trial,omitempty"`
	Facts map[string]string `json:"facts,omitempty"`
}

// Answer is one sizing question answered by a model, with its replay beside
// it where there is one.
type Answer struct {
	Key         string  `json:"key"` // everyone_in, quota, slots, nodes or servers, uniform
	Value       Decimal `json:"value"`
	Low         Decimal `json:"low,omitempty"`
	High        Decimal `json:"high,omitempty"`
	Bound       Decimal `json:"linear_bound,omitempty"` // servers, if they added up
	Unit        string  `json:"unit"`
	Format      Format  `json:"format"`
	Replayed    Decimal `json:"replayed,omitempty"`
	Trial       string  `json:"trial,omitempty"`
	Refused     string  `json:"refused,omitempty"` // key of why no answer is given
	Formula     string  `json:"formula"`
	Assumptions []Claim `json:"assumptions"`
	// Cost is what the answer costs: everyone in at N/q.
	Cost Decimal `json:"cost_s,omitempty"`
}

// Session is what a capacity or certify session did beside its storm.
type Session struct {
	Command     string               `json:"command"`
	Quick       bool                 `json:"quick"`
	Window      Span                 `json:"required_window"` // of the scenario's own storm
	Stages      []results.Stage      `json:"stages"`
	Resumed     []results.Resumed    `json:"resumed"`
	Cold        ColdStart            `json:"cold_start"`
	Unproved    []string             `json:"unproved"`
	Calibration *results.Calibration `json:"calibration"`
	Witness     *results.Witness     `json:"witness"`
	Control     *results.Control     `json:"control"`
	SynLadder   []float64            `json:"syn_ladder_s"`
	Trials      []TrialRow           `json:"trials"`
	// Main is the trial that sections S1 to S9 describe; "" for none.
	Main string `json:"main"`
	// Checks are what the witness and the control address say.
	Checks []Measure `json:"checks"`
	// Sizes are the capacities of the target with other numbers of servers, this
	// session's own among them; empty while nobody said how many there are.
	Sizes []SizeRow `json:"sizes"`
	// Fleet is what the trials were played on, when it was several workers.
	Fleet *SessionFleet `json:"fleet,omitempty"`
}

// ColdStart is how the target was before the trials that want one at rest, which
// nothing has warmed up or worn out: storms and overloads on purpose.
type ColdStart struct {
	Needed  int     `json:"trials"`    // played
	Reset   int     `json:"reset"`     // of them, those the operator's command went before; the others had idle time only
	Longest Decimal `json:"longest_s"` // from its beginning until people got in again; "" for none
	Resets  []Reset `json:"resets"`    // in the order of the trials they went before, failed ones included
}

// Reset is one run of the operator's command.
type Reset struct {
	Trial    string  `json:"trial"`
	Took     Decimal `json:"took_s"`
	Answered Decimal `json:"answered_s"`       // "" when people did not get in
	Failed   string  `json:"failed,omitempty"` // exit, timeout, silent
}

// SizeRow is the capacity measured with so many servers.
type SizeRow struct {
	RunID   string `json:"run_id"`
	Servers int    `json:"servers"` // of the target, as its operator declared
	Rate    Range  `json:"capacity_per_s"`
	Own     bool   `json:"own,omitempty"` // of this session
}

// SessionFleet is the fleet of a session's trials: the worst of each.
type SessionFleet struct {
	Workers int    `json:"workers"` // the most of a trial
	Kind    string `json:"kind"`
	Trials  int    `json:"trials"` // played on several workers
	// Worst bound and drift of a clock, and in which trial.
	Error      Decimal     `json:"clock_error_max_s"`
	ErrorTrial string      `json:"clock_error_trial,omitempty"`
	Drift      Decimal     `json:"clock_drift_max_s"`
	DriftTrial string      `json:"clock_drift_trial,omitempty"`
	Unkept     []string    `json:"unkept"` // trials whose record of the fleet is gone
	Losses     []TrialLoss `json:"losses"` // in the order played, at most 100
	Lost       int         `json:"losses_total"`
}

// TrialLoss is one loss of one trial.
type TrialLoss struct {
	Trial string `json:"trial"`
	Loss
}

// TrialRow is one trial, as played.
type TrialRow struct {
	Name    string        `json:"name"`
	Stage   string        `json:"stage"`
	Kind    string        `json:"kind"`
	Role    string        `json:"role,omitempty"`
	Rate    Decimal       `json:"rate_per_s"`
	Seconds Decimal       `json:"seconds"`
	People  uint64        `json:"people"`
	State   results.State `json:"state"`
	Gates   []string      `json:"gates_failed"`
	EndedAs string        `json:"ended_as"`
}

// What stands in a summary until a session measures it.

func unmeasuredCapacity() Capacity {
	return Capacity{Status: Unmeasured, Command: "firstbell capacity", Loads: []LoadRow{}, Storm: StormHeld{Replays: []Replay{}}}
}

func unmeasuredRecovery() Recovery {
	return Recovery{Status: Unmeasured, Command: "firstbell certify", Trials: []RecoveryRow{}}
}

func unmeasuredAttribution() Attribution {
	return Attribution{
		Status: Unmeasured, Command: "firstbell certify", Proved: []Claim{}, Compatible: []Claim{}, Unmeasured: []Claim{},
		Isolation: []StepCapacity{}, Onset: []Onset{}, Little: []LittleRow{}, Signatures: []Signature{},
	}
}
