package report

import (
	"time"

	"firstbell/runner/results"
)

// traces is what a trial's folder tells beyond its series: exchanges and why
// they failed, all steps and hosts together.
type traces struct {
	attempts  uint64
	reasons   map[results.Reason]uint64 // of attempts
	status    map[uint16]uint64         // of exchanges; 0 for no answer
	connect   *results.Hist             // times of connections made
	tls       *results.Hist
	firstByte *results.Hist
}

// tracesOf reads a run folder's exchanges and reasons.
func tracesOf(run *results.Run) traces {
	t := traces{
		reasons: map[results.Reason]uint64{}, status: map[uint16]uint64{},
		connect: results.NewHist(results.StepHist), tls: results.NewHist(results.StepHist), firstByte: results.NewHist(results.StepHist),
	}
	if run == nil || run.Total == nil {
		return t
	}
	for c, n := range run.Total.Attempts {
		if c.Outcome != results.NotSent {
			t.attempts += uint64(n)
			t.reasons[c.Reason] += uint64(n)
		}
	}
	for c, n := range run.Total.Sent {
		t.status[c.Status] += n.N
	}
	for k, h := range run.Total.Hops {
		switch k.Phase {
		case results.PhaseConnect:
			t.connect.Merge(h)
		case results.PhaseTLS:
			t.tls.Merge(h)
		case results.PhaseFirstByte:
			t.firstByte.Merge(h)
		}
	}
	return t
}

// share is the part of the attempts that ended for one of the reasons.
func (t *traces) share(list ...results.Reason) float64 {
	if t.attempts == 0 {
		return 0
	}
	var n uint64
	for _, r := range list {
		n += t.reasons[r]
	}
	return float64(n) / float64(t.attempts)
}

// within counts the durations of a histogram in [lo, hi) seconds, by the middle
// of their buckets.
func within(h *results.Hist) func(lo, hi float64) uint64 {
	return func(lo, hi float64) uint64 {
		var n uint64
		h.Each(func(from, to time.Duration, k uint64) {
			if mid := (from.Seconds() + to.Seconds()) / 2; mid >= lo && mid < hi {
				n += k
			}
		})
		return n
	}
}
