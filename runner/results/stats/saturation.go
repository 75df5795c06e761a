package stats

import "math"

// Flow is what came out of one trial while load was on.
type Flow struct {
	Offered float64  // people per second whose first click left
	Goodput Estimate // people per second proved in class
	// Work are readings of the capacity, one per 10 s in which the target was
	// busy all the time; nil when it never was.
	Work []float64
}

// Sustained reads two figures from the trials of a search: the saturation
// goodput, and the goodput in the deepest overload. The first is the mean of
// all saturated readings, with Student's interval over them, those of a trial
// that was busy for less than half a minute only where there are no others (the
// end of a probe, whose load has just doubled, reads the order in which a target
// serves more than what it can do); or, where the
// target held more than its saturated readings say, what it held: a goodput
// that falls under overload is congestion collapse. It is not sure without any, or
// when its interval is wider than itself.
func Sustained(flows []Flow) (saturation, overload Estimate) {
	var work, short []float64
	held := unsure(0)
	overload = unsure(0)
	deepest := 0.0
	for _, f := range flows {
		if len(f.Work) >= leastWork {
			work = append(work, f.Work...)
		} else {
			short = append(short, f.Work...)
		}
		if len(f.Work) < leastWork && f.Goodput.Value > held.Value {
			held = f.Goodput // by a target that was not busy: else it is luck
		}
		if len(f.Work) > 0 && f.Offered > deepest {
			deepest, overload = f.Offered, f.Goodput
		}
	}
	if len(work) == 0 {
		work = short
	}
	saturation = Mean(work)
	if len(work) == 0 || held.Sure && held.Lo > saturation.Value {
		saturation = held
	}
	saturation.Sure = saturation.Sure && saturation.Precision() <= vaguest
	return saturation, overload
}

// vaguest is the precision beyond which a reading is none: two or three tens of
// seconds that scatter say "between 0 and ten times as much".
const vaguest = 0.5

// Precision is the half width of an estimate's interval, relative to its value;
// +Inf when it is not sure.
func (e Estimate) Precision() float64 {
	if !e.Sure || !(e.Value > 0) {
		return math.Inf(1)
	}
	return (e.Hi - e.Lo) / 2 / e.Value
}

// Limits of [Drifted].
const (
	driftMiddle   = 0.10 // of the median
	driftCapacity = 0.05 // of the capacity
	// A median says nothing of a target near its limit: it is then mostly
	// waiting, which scatters by more than a tenth from one trial to the next.
	driftCalm = 0.9
)

// Drifted compares a plateau with its repetition at the end of a search: held
// and heldAgain say whether each held, p50 are the medians, rho is the load as a
// share of the capacity. The target has changed when what held no longer holds,
// or when, at a load calm enough for a median to mean something, the median has
// moved by more than a tenth.
func Drifted(held, heldAgain bool, before, after, rho float64) bool {
	if held && !heldAgain {
		return true
	}
	return rho <= driftCalm && before > 0 && after > 0 && math.Abs(after-before) > driftMiddle*before
}

// Shifted reports whether the capacity read from the first trials and from the
// last ones differs by more than 5 %, and by more than their intervals explain.
func Shifted(before, after Estimate) bool {
	if !before.Sure || !after.Sure || !(before.Value > 0) {
		return false
	}
	apart := after.Lo > before.Hi || after.Hi < before.Lo
	return apart && math.Abs(after.Value-before.Value) > driftCapacity*before.Value
}
