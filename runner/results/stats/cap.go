package stats

import "math"

// Cap is a limiter recognised by what it lets through: the same goodput at
// different loads, far more regular than chance would have it.
type Cap struct {
	Rate   Estimate // people per second
	Sign   string   // quota, waiting_room, per_ip
	Spaced bool     // see [SpacedCap]
	Alone  bool     // the load had one address: the limit may be of all or of each
}

// capTolerance is how far apart the goodputs of two loads may be under an exact
// cap.
const capTolerance = 0.01

// ExactCap reads a cap from two or more overloads: true when their goodputs
// (people per second, with intervals) agree within 1 % while the loads differ by
// at least a fifth and every one is above the goodput. The rate is the mean,
// its interval the range of theirs, at least 0.5 % to each side.
func ExactCap(offered []float64, goodput []Estimate) (Estimate, bool) {
	if len(offered) < 2 || len(offered) != len(goodput) {
		return unsure(0), false
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	loLoad, hiLoad := math.Inf(1), math.Inf(-1)
	var sum float64
	for i, g := range goodput {
		if !(g.Value > 0) || !(offered[i] > g.Value) {
			return unsure(0), false
		}
		sum += g.Value
		lo, hi = math.Min(lo, g.Value), math.Max(hi, g.Value)
		loLoad, hiLoad = math.Min(loLoad, offered[i]), math.Max(hiLoad, offered[i])
	}
	mean := sum / float64(len(goodput))
	if hiLoad < 1.2*loLoad || hi-lo > capTolerance*mean {
		return unsure(mean), false
	}
	return Widened(Estimate{mean, Interval{lo, hi}, true}), true
}

// Widened is an estimate of a limit with an interval of at least 0.5 % to each
// side: equal counts in every window are no proof of more.
func Widened(e Estimate) Estimate {
	half := math.Max(math.Max(e.Hi-e.Value, e.Value-e.Lo), capTolerance/2*e.Value)
	e.Interval = Interval{e.Value - half, e.Value + half}
	return e
}

// SpacingOf is the rate of a limiter that lets one person in and then nobody for
// 1/q seconds, as a rate limit without a burst does, read from what came through
// of a load of random arrivals: m = λ/(1+λ/q), the non-paralysable dead time of
// counters (Knoll, "Radiation Detection and Measurement", ch. 4). 0 when nothing
// was kept out.
func SpacingOf(offered, through float64) float64 {
	if !(through > 0) || !(offered > through) {
		return 0
	}
	return 1 / (1/through - 1/offered)
}

// spacingTolerance is how far apart what two loads say of one spacing may be: at a
// load of its own rate and a minute, chance alone scatters it by 3 %.
const spacingTolerance = 0.1

// SpacedCap reads such a limiter from two or more loads that differ by at least a
// half: true when they agree on its rate. The heaviest load says most, for its
// goodput is nearest to the rate; the interval is that of its goodput.
func SpacedCap(offered []float64, goodput []Estimate) (Estimate, bool) {
	if len(offered) < 2 || len(offered) != len(goodput) {
		return unsure(0), false
	}
	heavy, light := 0, 0
	lo, hi := math.Inf(1), math.Inf(-1)
	for i, g := range goodput {
		q := SpacingOf(offered[i], g.Value)
		if q == 0 {
			return unsure(0), false
		}
		lo, hi = math.Min(lo, q), math.Max(hi, q)
		if offered[i] > offered[heavy] {
			heavy = i
		}
		if offered[i] < offered[light] {
			light = i
		}
	}
	best := goodput[heavy]
	rate := SpacingOf(offered[heavy], best.Value)
	if offered[heavy] < 1.5*offered[light] || hi-lo > spacingTolerance*rate || !best.Sure {
		return unsure(rate), false
	}
	scale := rate / best.Value // of an error of the goodput: dq/q = q/m · dm/m
	half := scale * scale * (best.Hi - best.Lo) / 2
	return Widened(Estimate{rate, Interval{rate - half, rate + half}, true}), true
}

// LetIn is the share of a load that gets in where nothing limits it.
const LetIn = 0.9

// ByAddress reports whether a limit is one for each address: of the same load,
// nearly everybody got in from many addresses, and at least a quarter fewer from one.
func ByAddress(one, many Estimate, load float64) bool {
	return many.Value >= LetIn*load && one.Value < 0.75*many.Value
}
