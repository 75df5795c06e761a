package results

import "time"

// Series is a trial second by second: what the capacity search and the report
// read a plateau from. Index 0 is the first second of the played window.
type Series struct {
	Conduct Conduct
	Ended   Ended
	Dir     string        // the trial's run folder; "" for a simulated one
	InTime  time.Duration // limit that separates in_time from late
	// Played is the seconds of the played window; Seconds goes on after it, to
	// the last one that was recorded.
	Played  int
	Seconds []SeriesSecond
	// Tens[i] is the time to class of who was due in seconds 10i…10i+9 and got
	// in; nil for none. Who did not get in counts in Seconds only.
	Tens []*Hist
	// Steps, by index into Plan.Steps.
	Steps []StepSeries
	// Gates is what the generator's own health says against this trial: ids of
	// V1, V2, V3, V9, V10 that failed while load was due. Set by whoever judged
	// the trial, nil before.
	Gates []string
}

// SeriesSecond is one second of a trial.
type SeriesSecond struct {
	// By intended second. Who was still to come when a trial had decided
	// (Ended.LoadEnd) was never due, and counts nowhere.
	Intended, Started, NotSent uint32
	By                         [outcomes]uint32 // people by how they ended
	// By the second it happened in.
	Done     uint32           // people proved in class
	Settled  [outcomes]uint32 // people settled, by outcome
	Attempts uint32           // attempts begun
	InFlight int              // people inside a step, at its end; -1: not recorded
	Waiting  int              // people on a waiting page; -1: not recorded
	Between  int              // people between two tries or thinking; -1: not recorded
}

// StepSeries is one step of a trial.
type StepSeries struct {
	Step
	// InFlight is people inside the step at the end of each second, and Inside
	// the time people spent in it during the second: the integral of their
	// number.
	InFlight []uint32
	Inside   []time.Duration
	// Spent[i] is the same time summed person by person, for those due in
	// seconds 10i…10i+9. Over a whole trial the two sums are equal, as Little's
	// identity says; more than 0.5 % apart is a defect of the recording.
	Spent []time.Duration
	// Tens[i] is the step's own duration from its real send, and Intended from
	// its intended instant, for those due in seconds 10i…10i+9; nil for none.
	Tens, Intended []*Hist
	// Ends[i] counts how those ended, by outcome.
	Ends [][outcomes]uint32
}
