package report

import (
	"math"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// loadKnown is what the session measured before: the saturation goodput in
// logins per second, and what a performance of each step costs of it.
type loadKnown struct {
	capacity stats.Estimate
	// alone is how often per second each step (index into Plan.Steps) can be
	// performed by itself; 0 or absent for unknown.
	alone map[int]float64
	// shared: the steps draw on one capacity, so their costs add up; else the
	// dearest step decides.
	shared bool
}

// balance is how many logins per second tens [from, to) asked the target for: by
// step where the isolated capacities are known, because an attempt that is given
// up on the first page never costs what the others would; else each attempt
// counts as a whole login, which is the most it can be.
func (r *recovering) balance(from, to int) float64 {
	seconds := float64((to - from) * 10)
	if seconds <= 0 {
		return 0
	}
	if len(r.load.alone) == 0 {
		var attempts float64
		for t := from * 10; t < min(to*10, len(r.Series.Seconds)); t++ {
			attempts += float64(r.Series.Seconds[t].Attempts)
		}
		return attempts / seconds
	}
	var sum, most float64
	for k, c := range r.load.alone {
		if c > 0 && k >= 0 && k < len(r.Series.Steps) {
			share := float64(performed(&r.Series.Steps[k], from, to)) / seconds / c
			sum += share
			most = math.Max(most, share)
		}
	}
	if r.load.shared {
		most = sum
	}
	return most * r.load.capacity.Value
}

// performed counts how often a step was asked for in tens [from, to).
func performed(s *results.StepSeries, from, to int) uint64 {
	var n uint64
	for ten := max(0, from); ten < min(to, len(s.Ends)); ten++ {
		for o, k := range s.Ends[ten] {
			if results.Outcome(o) != results.NotSent {
				n += uint64(k)
			}
		}
	}
	return n
}

// leaving is the share of attempts of tens [from, to) that ended because nobody
// waited any longer: from some on the backlog is no longer in the people in
// flight.
func (r *recovering) leaving(from, to int) float64 {
	var gone, all uint64
	for i := range r.Series.Steps {
		s := &r.Series.Steps[i]
		all += performed(s, from, to)
		for ten := max(0, from); ten < min(to, len(s.Ends)); ten++ {
			gone += uint64(s.Ends[ten][results.Timeout])
		}
	}
	if len(r.Series.Steps) == 0 {
		for t := from * 10; t < min(to*10, len(r.Series.Seconds)); t++ {
			gone += uint64(r.Series.Seconds[t].By[results.Timeout])
			all += uint64(r.Series.Seconds[t].Started)
		}
	}
	if all == 0 {
		return 0
	}
	return float64(gone) / float64(all)
}

const (
	patientShare   = 0.05 // up to it people in flight are the backlog
	slopeSeconds   = 300
	slopeBatch     = 30
	rehearsalBatch = 10
)

// stretch is what the slope is read from: the last five minutes of the same base
// as before, in batches of 30 s; in a rehearsal the later half of it, because
// those who came during the excess go on refreshing for a while, in batches of
// 10 s.
func (r *recovering) stretch() (from, to, batch int) {
	to = r.observed() / 10 * 10
	from, batch = to-slopeSeconds, slopeBatch
	if to-r.excess < rehearsal {
		from, batch = to-(to-r.excess)/2, rehearsalBatch
	}
	from = max(from, r.excess)
	return from + (to-from)%batch, to, batch
}

// slope is how the backlog changes, people per second, and how large it is at
// the end.
func (r *recovering) slope() (stats.Estimate, float64) {
	from, to, batch := r.stretch()
	if r.leaving(from/10, to/10) <= patientShare {
		return r.inFlightSlope(from, to, batch), math.Max(0, r.inFlightAt(to)-r.inFlightBase())
	}
	return r.balanceSlope(from, to, batch), r.owed(to)
}

// inFlightSlope is least squares on the people in flight, by batches.
func (r *recovering) inFlightSlope(from, to, batch int) stats.Estimate {
	var values []float64
	for t := from; t < to; t++ {
		values = append(values, r.inFlightAt(t))
	}
	return stats.Slope(stats.Fold(values, batch), float64(batch))
}

// balanceSlope is what was asked for less the capacity: the mean of batches,
// with the interval of both.
func (r *recovering) balanceSlope(from, to, batch int) stats.Estimate {
	c := r.load.capacity
	var asked []float64
	for t := from; t+batch <= to; t += batch {
		asked = append(asked, r.balance(t/10, (t+batch)/10))
	}
	e := stats.Mean(asked)
	if !c.Sure || !e.Sure {
		return stats.Estimate{Value: e.Value - c.Value}
	}
	half := math.Hypot((e.Hi-e.Lo)/2, (c.Hi-c.Lo)/2)
	v := e.Value - c.Value
	return stats.Estimate{Value: v, Interval: stats.Interval{Lo: v - half, Hi: v + half}, Sure: true}
}

// owed is the work not yet done at a second, in logins: what was asked for since
// the trigger began less what could be served meanwhile, never under nothing.
func (r *recovering) owed(to int) float64 {
	var b float64
	for ten := r.from / 10; ten < to/10; ten++ {
		b = math.Max(0, b+10*(r.balance(ten, ten+1)-r.load.capacity.Value))
	}
	return b
}

// inFlightAt is people inside a step at the end of a second.
func (r *recovering) inFlightAt(t int) float64 {
	if t = min(t, len(r.Series.Seconds)) - 1; t < 0 {
		return 0
	}
	return float64(max(0, r.Series.Seconds[t].InFlight))
}

// inFlightBase is how many are in flight when nobody waits.
func (r *recovering) inFlightBase() float64 {
	var sum, n float64
	for t := r.from / 2; t < r.from; t++ {
		sum += r.inFlightAt(t)
		n++
	}
	return sum / math.Max(1, n)
}

// predict is how long the backlog of the excess should take at the base load, at
// worst: B ÷ (C - λ(1+R)), never when refreshes alone ask for more than there is.
// A server that drops what nobody waits for any more is faster.
func (r *recovering) predict(row *RecoveryRow) {
	c := r.load.capacity
	if !c.Sure {
		return
	}
	b := r.inFlightAt(r.excess) - r.inFlightBase()
	asked := r.base
	if r.leaving(r.from/10, r.excess/10) > patientShare {
		b = r.owed(r.excess)
		asked *= 1 + math.Max(0, r.refreshes())
	}
	row.Predicted = rounded(stats.DrainTime(b, c.Value, asked, 0), 1)
}

// refreshes is R of the trial; as the scenario's patience says, R is read from
// what was really sent.
func (r *recovering) refreshes() float64 {
	if r.Conduct.Refreshes >= 0 {
		return float64(r.Conduct.Refreshes)
	}
	attempts, people := r.sent()
	return attempts/math.Max(1, people) - 1
}

// sent is attempts and people from the trigger's start to the end of the base
// that follows.
func (r *recovering) sent() (attempts, people float64) {
	for t := r.from; t < r.observed(); t++ {
		attempts += float64(r.Series.Seconds[t].Attempts)
		people += float64(r.Series.Seconds[t].Started)
	}
	return attempts, people
}

func (r *recovering) amplified(row *RecoveryRow) {
	if attempts, people := r.sent(); people > 0 {
		row.Amplified = rounded(attempts/people, 3)
	}
}

// figure is F11: who was due in each 10 s and in time, and people in flight at
// their end.
func (r *recovering) figure(row *RecoveryRow) {
	for ten := range (min(r.length, len(r.Series.Seconds)) + 9) / 10 {
		var in, n uint64
		last := min(ten*10+10, len(r.Series.Seconds))
		for t := ten * 10; t < last; t++ {
			x := &r.Series.Seconds[t]
			in += uint64(x.By[results.InTime])
			n += uint64(x.Started) - min(uint64(x.Started), uint64(x.By[results.Invalid]))
		}
		row.Success = append(row.Success, share(min(in, n), n))
		row.InFlight = append(row.InFlight, int(r.inFlightAt(last)))
	}
}
