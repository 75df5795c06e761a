package report

import (
	"math"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// States of a recovery.
const (
	stateRecovered  = "recovered"
	stateDraining   = "draining"
	stateMetastable = "metastable"
	stateDegraded   = "degraded"
	stateNotTested  = "not_tested" // nothing was overloaded, or our own generator was the limit
	stateUndecided  = "undecided"  // not seen for long enough to tell draining from metastable
)

// Names of the segments of a recovery trial, in order.
const (
	segmentBase    = "base"
	segmentTrigger = "trigger"
	segmentAfter   = "after"
	segmentShed    = "shed"
	segmentAgain   = "again"
)

// recoveryOf is S10. What is asked is not whether the portal is still down some
// minutes after the excess: at 0.95 of the threshold it is for many minutes and
// heals by itself. What decides is the slope of the backlog under the same base
// load as before.
//
// Where is the backlog seen from outside? While people wait, it is the people in
// flight. When they lose patience and come back, it is not: they stand in no
// queue any more, their requests do, and a server that answers them all the same
// (work that nobody waits for) has a backlog that no client holds a connection
// to. Its age then grows by (λ(1+R)-C)/C seconds per second. Both λ(1+R), the
// attempts that really left, and C, the saturation measured before, are known,
// so the slope is what is asked for less what can be served. See [balance].
func recoveryOf(trials []played, load loadKnown, sc *scenarios.Scenario) Recovery {
	out := unmeasuredRecovery()
	all := trialsOf(trials, results.StageRecovery)
	for i, p := range all {
		if p.Conduct.Kind != results.TrialRecovery {
			continue
		}
		r := recovering{played: p, load: load, criteria: deciding(sc), healed: healedAfter(&p, all[i+1:])}
		out.Trials = append(out.Trials, r.row())
	}
	if len(out.Trials) == 0 {
		return out
	}
	out.Command = ""
	out.Status = recoveryStatus(out.Trials)
	out.VulnerR = suggestedRefreshes(sc)
	out.Vulnerable = rounded(stats.Vulnerable(float64(out.VulnerR)), 4)
	return out
}

// recoveryStatus is met when every trial came back, not met when one was seen
// not to.
func recoveryStatus(rows []RecoveryRow) Status {
	status := Met
	for _, r := range rows {
		switch r.State {
		case stateMetastable, stateDegraded:
			return NotMet
		case stateRecovered:
		default:
			status = Undecided
		}
	}
	return status
}

// suggestedRefreshes is R for the people of the scenario: half of them try at
// most Tries times.
func suggestedRefreshes(sc *scenarios.Scenario) int {
	if sc.Patience.None {
		return 0
	}
	return max(0, sc.Patience.Tries-1)
}

// healedAfter is the capacity measured right after a recovery, if it was: read
// from the work done while a backlog stood (see [results.Series.Work]), with the
// times of the recovery's own calm start; a target without a backlog can do at
// least what it did.
func healedAfter(p *played, next []played) *stats.Estimate {
	if len(next) == 0 || next[0].Conduct.Kind != results.TrialPlateau || next[0].generatorLimited() {
		return nil
	}
	s, r := next[0].Series, &next[0].Reading
	if rest, ok := p.Series.AtRest(); ok {
		from, to := s.Busy(rest)
		if e := stats.Mean(s.Work(rest, from, to)); e.Sure {
			return &e
		}
	}
	if r.Saturated {
		return nil
	}
	return &stats.Estimate{Value: r.Goodput, Interval: stats.Interval{Lo: r.GoodputCI[0], Hi: math.Inf(1)}, Sure: true}
}

// recovering is one base, trigger, base again.
type recovering struct {
	played
	load     loadKnown
	criteria []scenarios.Criterion
	healed   *stats.Estimate

	from, excess, end int // trigger's start, its end, end of the same base again; seconds
	shed              int // end of the pause, 0 for none
	base, trigger     float64
	length            int
}

// phases finds the parts of the trial; false when they are not there.
func (r *recovering) phases() bool {
	at := 0
	for _, s := range r.Conduct.Segments {
		next := at + int(math.Round(s.Length.Seconds()))
		switch s.Name {
		case segmentBase:
			r.base = s.Rate
		case segmentTrigger:
			r.from, r.excess, r.trigger = at, next, s.Rate
		case segmentAfter:
			r.end = next
		case segmentShed:
			r.shed = next
		}
		at = next
	}
	r.length = at
	return r.from > 0 && r.excess > r.from && r.end > r.excess && len(r.Series.Seconds) > r.excess
}

const recoveryBin = 10 // seconds

func (r *recovering) row() RecoveryRow {
	row := RecoveryRow{Trial: r.Name, Refreshes: r.Conduct.Refreshes, State: stateNotTested, Bin: recoveryBin, Success: []Decimal{}, InFlight: []int{}}
	if !r.phases() {
		return row
	}
	row.Base, row.Trigger = rounded(r.base, 3), rounded(r.trigger, 3)
	row.TriggerS, row.Excess = rounded(float64(r.excess-r.from), 0), r.excess
	row.Observed = rounded(float64(r.observed()-r.excess), 0)
	r.figure(&row)
	r.amplified(&row)
	if r.generatorLimited() || !r.overloaded() || !good(r.Series, r.criteria, 0, r.from/10) {
		return row
	}
	r.predict(&row)
	r.conclude(&row)
	return row
}

// observed is the last second of the same base that was really played.
func (r *recovering) observed() int { return max(r.excess, min(r.end, len(r.Series.Seconds))) }

// overloaded reports whether the trigger was too much: somebody who came during
// it was not served as required. Else nothing was tested.
func (r *recovering) overloaded() bool {
	return !good(r.Series, r.criteria, r.from/10, (r.excess+9)/10)
}

// conclude says how it went after the excess.
func (r *recovering) conclude(row *RecoveryRow) {
	slope, backlog := r.slope()
	if slope.Sure {
		row.Slope = rounded(slope.Value, 4)
		row.SlopeCI = [2]Decimal{rounded(slope.Lo, 4), rounded(slope.Hi, 4)}
	}
	row.Backlog = rounded(backlog, 1)
	row.P50Before = r.median(0, r.from/10)
	if ten, ok := r.goodFrom(r.excess, r.observed()); ok {
		row.State = stateRecovered
		row.Recovered = rounded(float64(max(0, ten*10-r.excess)), 0)
		row.P50After = r.median(ten, r.observed()/10)
		if r.slower(row) || r.weaker() {
			row.State = stateDegraded
		}
		return
	}
	row.P50After = r.median(r.lastTens(), r.observed()/10)
	row.State = stateUndecided
	switch {
	case !slope.Sure:
	case slope.Hi < 0:
		row.State = stateDraining
		row.ETA = rounded(stats.DrainETA(backlog, slope.Value), 0)
	case slope.Lo >= 0 && !good(r.Series, r.criteria, r.lastTens(), r.observed()/10):
		row.State = stateMetastable
	}
	r.afterShedding(row)
}

// lastTens is the first ten of the last minute that was observed.
func (r *recovering) lastTens() int { return max(r.excess, r.observed()-60) / 10 }

// afterShedding says what a minute without any load did, at unchanged base: a
// portal that recovers by it was kept down by its own work (Bronson et al.,
// HotOS 2021).
func (r *recovering) afterShedding(row *RecoveryRow) {
	if r.shed == 0 || r.length-r.shed < 60 {
		return
	}
	row.Shed = "not_after_shedding"
	if _, ok := r.goodFrom(r.shed, r.length); ok {
		row.Shed = "recovered_after_shedding"
	}
}

// Stretches of good service that count as recovered: five consecutive minutes,
// or one minute in a rehearsal, which watches too short a time for five.
const (
	goodTens      = 30
	goodRehearsal = 6
	rehearsal     = 600 // seconds observed below which it is one
)

// goodFrom is the first ten after which service stays good for five minutes,
// minute by minute (one minute in six steps in a rehearsal).
func (r *recovering) goodFrom(from, to int) (ten int, ok bool) {
	first, last := (from+9)/10, to/10
	stretch, piece := goodTens, 6
	if to-from < rehearsal {
		stretch, piece = goodRehearsal, 1
	}
next:
	for ten = first; ten+stretch <= last; ten++ {
		for at := ten; at < ten+stretch; at += piece {
			if !good(r.Series, r.criteria, at, at+piece) {
				continue next
			}
		}
		return ten, true
	}
	return 0, false
}

// median is the median time to class of those who got in, of people due in tens
// [from, to).
func (r *recovering) median(from, to int) Decimal {
	d := r.timesIn(from, to)
	if d.n() < minimumMedian {
		return ""
	}
	return d.decimal(p50)
}

const minimumMedian = 30

func (r *recovering) timesIn(from, to int) distribution {
	var found []bucket
	for ten := max(0, from); ten < min(to, len(r.Series.Tens)); ten++ {
		found = append(found, bucketsOf(r.Series.Tens[ten])...)
	}
	return newDistribution(found, 0)
}

// slower reports whether half of the people wait more than 1.2 times as long as
// before, and by something a person could notice.
func (r *recovering) slower(row *RecoveryRow) bool {
	before, after := row.P50Before.Float(), row.P50After.Float()
	return after > 1.2*before && after-before > 0.02
}

// weaker reports whether the capacity came back lower than 0.95 of what it was,
// beyond what both measurements leave open. It is read on the plateau played
// after the trial; without one on how fast the backlog left, where nobody came
// back to disturb it.
func (r *recovering) weaker() bool {
	now := r.healed
	if now == nil {
		now = r.drainRate()
	}
	c := r.load.capacity
	return now != nil && now.Value < 0.95*c.Value && stats.Difference(*now, c).Hi < 0
}

// drainRate is how many people per second got in after the excess while at least
// a quarter of the backlog was still there; nil for a drain under 20 s.
func (r *recovering) drainRate() *stats.Estimate {
	if r.Conduct.Refreshes != 0 {
		return nil
	}
	var done []float64
	start := r.inFlightAt(r.excess)
	for t := r.excess; t < r.observed() && r.inFlightAt(t) > start/4; t++ {
		done = append(done, float64(r.Series.Seconds[t].Done))
	}
	if len(done) < 20 {
		return nil
	}
	e := stats.Mean(stats.Fold(done, 2))
	return &e
}
