package report

// Fleet is S13 of a run on several workers: who was lost, who took over, how the
// clocks agreed and how the stop went. It is null in summary.json for a run on
// one machine.
type Fleet struct {
	Kind   string `json:"kind"`    // local, remote, cluster
	OnLoss string `json:"on_loss"` // continue, stop
	// Kept tells whether the coordinator's record of the fleet is there; without it
	// V5 and V6 are not measured.
	Kept        bool     `json:"kept"`
	Clock       Clocks   `json:"clock"`
	Losses      []Loss   `json:"losses"`  // in time order
	Outages     []Outage `json:"outages"` // of the coordinator
	Stop        *Stop    `json:"stop"`    // nil: nobody ordered one
	Unobserved  uint64   `json:"unobserved"`
	LostNotSent uint64   `json:"not_sent_worker_lost"`
	Touched     uint64   `json:"touched"` // both
}

// Clocks says how well the workers' clocks agreed with the coordinator's and how
// close together they started. "" where nothing was measured.
type Clocks struct {
	Error       Decimal `json:"error_max_s"` // worst bound of a reading
	ErrorWorker string  `json:"error_worker,omitempty"`
	Drift       Decimal `json:"drift_max_s"` // beyond the readings' errors
	DriftWorker string  `json:"drift_worker,omitempty"`
	Offset      Decimal `json:"offset_max_s"` // largest magnitude
	// Spread is the last first instant minus the first one, by the coordinator's
	// clock; SpreadError bounds it.
	Spread      Decimal `json:"start_spread_s"`
	SpreadError Decimal `json:"start_spread_error_s"`
	Readings    int     `json:"readings"`
}

// Loss is one worker that was no longer heard. Instants are of the replayed
// morning, -1 for none.
type Loss struct {
	Worker string `json:"worker"`
	ID     int    `json:"id"`
	Why    string `json:"why"` // silent, gone, lease, spool
	Heard  int    `json:"heard_s"`
	// Noticed is how long after its last sign of life it was called lost.
	Noticed Decimal `json:"noticed_after_s"`
	// From and To are the first and one past the last second in which people of its
	// own were due whom nobody observed.
	From int `json:"gap_from_s"`
	To   int `json:"gap_to_s"`
	// Unobserved had clicked or were due and nothing more is known of them; NotSent
	// never clicked because nobody could play them.
	Unobserved uint64 `json:"unobserved"`
	NotSent    uint64 `json:"not_sent"`
	// Taken is when others began to play its people, TakenAfter how long after its
	// last sign of life; "" when nobody did, and Untaken says why.
	Taken      int     `json:"taken_s"`
	TakenAfter Decimal `json:"taken_after_s"`
	Untaken    string  `json:"untaken,omitempty"` // as in results.Loss
	Takers     []Taker `json:"takers"`
	Due        int     `json:"due"` // its people due from then on
	Returned   int     `json:"returned_s"`
	Late       uint64  `json:"late_records"`
	InWindow   bool    `json:"in_window"` // the gap touches the judged window
}

// Taker is one worker's part of a takeover.
type Taker struct {
	Worker string `json:"worker"`
	People int    `json:"people"`
}

// Outage is a time without a coordinator.
type Outage struct {
	From    int    `json:"from_s"`  // its last record
	Resumed string `json:"resumed"` // RFC 3339
}

// Stop is an order to stop and how long it took to reach everybody.
type Stop struct {
	Why     string   `json:"why"`
	At      int      `json:"at_s"`
	After   Decimal  `json:"reached_after_s"` // "" when it did not reach everybody
	Missing []string `json:"missing"`         // who never confirmed
}
