package report

import (
	"strconv"
	"time"

	"firstbell/runner/results"
)

// Limits of V5.
const (
	clockErrorLimit = 10 * time.Millisecond
	clockDriftLimit = 5 * time.Millisecond
	// duringFrom is how long a worker must have played to have had its clock read
	// again meanwhile.
	duringFrom = 15 * time.Second
)

// clockOf is what one worker's readings say.
type clockOf struct {
	worst  time.Duration // largest bound of an error
	at     time.Duration // of that reading
	drift  time.Duration // how far the offsets lie apart beyond their errors
	offset time.Duration // of the reading with the smallest error
	bound  time.Duration // that error
	gap    string        // before, during, after: what was not read; "" for nothing
}

// readClock reads a worker's clock. Two readings prove a drift only where their
// intervals offset ± error do not overlap: drift is the distance between the two
// intervals furthest apart. played is how long the worker was there for; back is
// whether it could be asked after it.
func readClock(readings []results.ClockReading, played time.Duration, back bool) clockOf {
	out := clockOf{gap: clockGap(readings, played, back)}
	if len(readings) == 0 {
		return out
	}
	first := readings[0]
	out.offset, out.bound = first.Offset, first.Error
	low, high := first.Offset+first.Error, first.Offset-first.Error
	out.worst, out.at = first.Error, first.At
	for _, r := range readings[1:] {
		low, high = min(low, r.Offset+r.Error), max(high, r.Offset-r.Error)
		if r.Error > out.worst {
			out.worst, out.at = r.Error, r.At
		}
		if r.Error < out.bound {
			out.offset, out.bound = r.Offset, r.Error
		}
	}
	out.drift = max(0, high-low)
	return out
}

// clockGap names the first of the three readings that is not there.
func clockGap(readings []results.ClockReading, played time.Duration, back bool) string {
	var before, during, after bool
	for _, r := range readings {
		switch {
		case r.Error < 0: // none that was measured
		case r.At <= 0:
			before = true
		case r.At < played:
			during = true
		default:
			after = true
		}
	}
	switch {
	case !before:
		return "before"
	case !during && played > duringFrom:
		return "during"
	case !after && back:
		return "after"
	}
	return ""
}

// clocksAgree is V5: every reading of every worker's clock is known to 10 ms, no
// clock moved by more than 5 ms against the coordinator's during the run, and each
// was read before, during and after it. Who was lost for good cannot be asked
// afterwards; that it was lost is V6's.
func (t *tally) clocksAgree() Gate {
	bound := atMost("clock_error", FormatDuration, seconds(clockErrorLimit), -1)
	drift := atMost("clock_drift", FormatDuration, seconds(clockDriftLimit), -1)
	missing := atMost("clock_missing", FormatCount, "0", -1)
	if t.fleet == nil || len(t.fleet.Workers) == 0 {
		return gate("V5", bound, drift, missing)
	}
	var worst, furthest time.Duration
	unread := 0
	for i := range t.fleet.Workers {
		w := &t.fleet.Workers[i]
		c := t.clockOf(w)
		if c.gap != "" {
			if unread++; unread == 1 {
				missing.Worker = w.Name
			}
		}
		if len(w.Clock) == 0 {
			continue
		}
		if bound.Measured == "" || c.worst > worst {
			worst, bound.Worker, bound.At = c.worst, w.Name, t.clockAt(c.at)
		}
		if drift.Measured == "" || c.drift > furthest {
			furthest, drift.Worker = c.drift, w.Name
		}
		bound.Measured, drift.Measured = seconds(worst), seconds(furthest)
	}
	if bound.Measured != "" {
		bound.Status, drift.Status = statusOf(worst <= clockErrorLimit), statusOf(furthest <= clockDriftLimit)
	}
	missing.Measured, missing.Count, missing.Of = Decimal(strconv.Itoa(unread)), uint64(unread), uint64(len(t.fleet.Workers))
	if unread == 0 {
		missing.Status = Met
	}
	return gate("V5", bound, drift, missing)
}

func (t *tally) clockOf(w *results.FleetWorker) clockOf {
	played, back := t.presence(w.ID)
	return readClock(w.Clock, played, back)
}

// clockAt is an instant of the run as a second of the morning.
func (t *tally) clockAt(at time.Duration) int {
	return t.clock(int(at.Truncate(time.Second) / time.Second))
}
