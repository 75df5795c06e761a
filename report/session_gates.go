package report

import (
	"math"
	"math/big"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// calibrationFactor is gate V4: what this generator did against its own sink, on
// the same day, over the highest load judged.
var calibrationFactor = big.NewRat(3, 2)

// calibrated is V4. Without a calibration nothing is believed.
func (x *session) calibrated() Gate {
	m := Measure{
		Name: "calibration_factor", Format: FormatPercent, Relation: ">=", Threshold: exact(calibrationFactor),
		Status: Unmeasured, At: -1,
	}
	c := x.d.Calibration
	if c == nil || !(c.Rate >= 0) || math.IsInf(c.Rate, 0) || !(x.peakRate > 0) {
		return gate("V4", m)
	}
	r := new(big.Rat).Quo(new(big.Rat).SetFloat64(c.Rate), new(big.Rat).SetFloat64(x.peakRate))
	m.Measured, m.Status = apart(r, calibrationFactor), statusOf(r.Cmp(calibrationFactor) >= 0)
	m.Count, m.Of = uint64(c.Rate), uint64(math.Ceil(x.peakRate))
	return gate("V4", m)
}

// Limits of the checks beside the gates.
const (
	leastBeheld    = 20   // logins a prober needs to say anything
	beheldSeconds  = 0.02 // differences below it are its own noise
	witnessShare   = 0.10 // of the median
	controlSlower  = 0.20 // of the 95th percentile before the load
	controlFailing = 0.05
)

// checks are what the two probers saw. The witness logs in beside the load, from
// another process: at the lowest load held both medians must agree, or our
// times are our own. The control address carries no load: if it slows down, the
// fault is outside the portal.
func (x *session) checks() []Measure {
	out := []Measure{}
	if m, ok := x.witnessed(); ok {
		out = append(out, m)
	}
	if m, ok := x.witnessAgrees(); ok {
		out = append(out, m)
	}
	if m, ok := x.controlled(); ok {
		out = append(out, m)
	}
	return out
}

func (x *session) witnessed() (Measure, bool) {
	if x.d.Witness == nil {
		return Measure{}, false
	}
	var calm *played
	var seen results.Beheld
	for _, b := range x.d.Witness.Trials {
		t := x.trial(b.Trial)
		if t == nil || b.N < leastBeheld || t.Reading.State != results.StateMet || t.Conduct.Kind != results.TrialPlateau {
			continue
		}
		if calm == nil || t.Reading.Offered < calm.Reading.Offered {
			calm, seen = t, b
		}
	}
	if calm == nil || calm.Reading.P50 < 0 || seen.P50 < 0 {
		return Measure{}, false
	}
	limit := max(beheldSeconds, witnessShare*calm.Reading.P50)
	apartBy := math.Abs(seen.P50 - calm.Reading.P50)
	m := atMost("witness_p50", FormatDuration, rounded(limit, 6), -1)
	m.Measured, m.Status, m.Of = rounded(apartBy, 6), statusOf(apartBy <= limit), seen.N
	return m, true
}

// witnessAgrees counts the plateaus that decided and of which the witness says
// the opposite: its own interval (Wilson, 95 %) for the share over the time
// criterion lies wholly on the other side.
func (x *session) witnessAgrees() (Measure, bool) {
	if x.d.Witness == nil {
		return Measure{}, false
	}
	allowed := 1 - x.d.Settings.Quantile
	var compared, opposite uint64
	for _, b := range x.d.Witness.Trials {
		t := x.trial(b.Trial)
		if t == nil || b.N < leastBeheld || t.Conduct.Kind != results.TrialPlateau || t.Reading.State == results.StateUndecided {
			continue
		}
		compared++
		in := stats.Wilson(b.Over, b.N, stats.Z95)
		if held := t.Reading.State == results.StateMet; held && in.Lo > allowed || !held && in.Hi < allowed {
			opposite++
		}
	}
	if compared == 0 {
		return Measure{}, false
	}
	m := atMost("witness_verdict", FormatCount, "0", -1)
	m.Measured, m.Status, m.Count, m.Of = exact(new(big.Rat).SetUint64(opposite)), statusOf(opposite == 0), opposite, compared
	return m, true
}

func (x *session) controlled() (Measure, bool) {
	c := x.d.Control
	if c == nil || c.Base.N < leastBeheld || !(c.Base.P95 > 0) {
		return Measure{}, false
	}
	limit := c.Base.P95 + max(beheldSeconds, controlSlower*c.Base.P95)
	m := atMost("control_p95", FormatDuration, rounded(limit, 6), -1)
	m.Status = Met
	worst := 0.0
	for _, b := range c.Trials {
		if b.N < leastBeheld {
			continue
		}
		p95 := b.P95
		if p95 < 0 || float64(b.Failed) > controlFailing*float64(b.N) {
			p95 = math.Inf(1)
		}
		worst = max(worst, p95)
	}
	m.Measured, m.Status = rounded(worst, 6), statusOf(worst <= limit)
	return m, true
}

func (x *session) trial(name string) *played {
	for i := range x.trials {
		if x.trials[i].Name == name && x.trials[i].Series != nil {
			return &x.trials[i]
		}
	}
	return nil
}
