package results

// State is how a trial, or one criterion of it, came out.
type State string

const (
	StateMet       State = "met"
	StateNotMet    State = "not_met"
	StateUndecided State = "inconclusive"
)

// Reading is what one trial says. Times are seconds, Never (-1) standing for
// "not reached"; rates are people per second; intervals are 95 %.
type Reading struct {
	State State `json:"state"`
	// First is the id of the criterion that broke first (by time; by severity
	// when together), Step the step whose population grew first; "" for none.
	First    string             `json:"first_criterion,omitempty"`
	Step     string             `json:"first_step,omitempty"`
	Criteria []CriterionReading `json:"criteria"`
	// Sign is the dominant way it failed: queueing, quota, per_ip, pool,
	// accept_queue, proxy_timeout, crash, blank, tls, external, generator; "" for
	// none.
	Sign string `json:"sign,omitempty"`

	Offered   float64    `json:"offered_per_s"` // first clicks that left, judged window
	Goodput   float64    `json:"goodput_per_s"` // proved in class, judged window
	GoodputCI [2]float64 `json:"goodput_ci95"`
	// Saturated: the backlog grew through the judged window, so Goodput is what
	// the target can do under this load.
	Saturated bool    `json:"saturated"`
	P50       float64 `json:"p50_s"`
	P95       float64 `json:"p95_s"`
	Success   float64 `json:"in_class_share"`
	Backlog   float64 `json:"backlog_at_end"` // people in flight when the load ended

	From    int     `json:"from_s"` // judged window, seconds of the trial
	To      int     `json:"to_s"`
	Batches int     `json:"batches"`
	Tau     float64 `json:"relaxation_s"` // estimated; batches shorter than 8 tau are too short to trust
	Short   bool    `json:"too_short,omitempty"`
	Steady  bool    `json:"steady"`
	// Gates are the gates that failed for this trial; with any, State is never met.
	Gates []string `json:"gates_failed,omitempty"`
}

// Never stands for a time that was not reached.
const Never = -1

// CriterionReading is one criterion on one trial: the share of people on the
// bad side, its interval, and the share allowed.
type CriterionReading struct {
	ID    string     `json:"id"`
	State State      `json:"state"`
	Bad   float64    `json:"bad_share"`
	CI    [2]float64 `json:"ci95"`
	Limit float64    `json:"limit_share"`
	N     uint64     `json:"n"`
	// Minor criteria do not decide the trial.
	Minor bool `json:"minor,omitempty"`
}

// Lean is where a trial that decided nothing points: met when the bare reading of
// every criterion is within its limit, not met when that of one is beyond it. A
// trial that decided leans where it decided; one with failed gates, or without
// criteria, nowhere.
func (r *Reading) Lean() State {
	if r.State != StateUndecided || len(r.Gates) > 0 {
		return r.State
	}
	lean := StateUndecided
	for _, c := range r.Criteria {
		switch {
		case c.Minor || c.N == 0:
		case c.Bad > c.Limit:
			return StateNotMet
		default:
			lean = StateMet
		}
	}
	return lean
}
