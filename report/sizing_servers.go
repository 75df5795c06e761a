package report

import (
	"math"
	"strconv"

	"firstbell/runner/results/stats"
)

// Formulas of the number of servers.
const (
	boundFormula   = "n · N ÷ N*"
	scalingFormula = "X(n) = λ·n ÷ (1 + σ(n−1) + κ·n(n−1)) ≥ X · N ÷ N*"
)

// servers: how many servers hold the required people. In the fluid of a morning
// people and capacity scale together, so that it takes N ÷ N* times the capacity of
// today's servers. With four sizes measured the law of scaling says with how many
// there is as much, as an interval; with fewer only the bound is given, of servers
// that add up.
func (x *session) servers(s *Summary, people float64) Answer {
	a := Answer{Key: "servers", Unit: "servers", Format: FormatCount, Formula: boundFormula, Assumptions: []Claim{}}
	held, _ := x.heldPeople(&s.Capacity.Storm)
	own := float64(x.d.Servers)
	need := people / held
	if !s.Capacity.Storm.Range.Low.Known() {
		a.Assumptions = assume("predicted")
	}
	switch {
	case !(held > 0):
		a.Refused = "no_capacity"
		return a
	case need <= 1:
		a.Value = rounded(own, 0)
		return a
	}
	sizes := x.sizes(&s.Capacity)
	if law, ok := stats.FitUSL(sizes, x.d.Seed); ok {
		times := stats.Interval{Lo: min(need, people/x.notHeld(&s.Capacity.Storm)), Hi: need}
		if n, sure := law.Needed(times, own); sure {
			a.Bound = rounded(math.Ceil(own*need), 0)
			return byLaw(a, law, n, own, need*law.At(own), &s.Attribution)
		}
	}
	a.Assumptions = append(a.Assumptions, Claim{Key: "assume_linear_bound"}, tooFew(sizes))
	return bounded(a, need, math.Ceil(own*need), &s.Attribution)
}

// notHeld is how many people the target may hold at most, +Inf when not known.
func (x *session) notHeld(s *StormHeld) float64 {
	r := s.Range
	if !r.Low.Known() {
		r = s.Predicted
	}
	if !r.High.Known() || !(r.High.Float() > 0) {
		return r.Low.Float()
	}
	return r.High.Float()
}

// tooFew says why there is no law.
func tooFew(sizes []stats.Size) Claim {
	switch n := distinct(sizes); {
	case n == 0:
		return Claim{Key: "assume_unsure_size"}
	case n == 1:
		return Claim{Key: "assume_one_size"}
	case n < stats.LeastSizes:
		return Claim{"assume_few_sizes", map[string]string{"sizes": strconv.Itoa(n)}}
	}
	return Claim{Key: "assume_no_law"}
}

// bounded is the answer from one size: as if servers added up, of the step that
// isolation names, no further than twice.
func bounded(a Answer, need, value float64, by *Attribution) Answer {
	next := Claim{Key: "assume_next_bottleneck"}
	if c := secondCapacity(by); c != nil {
		next.Args = map[string]string{"step": c.Step, "rate": string(c.Logins.Low)}
	}
	a.Assumptions = append(a.Assumptions, next)
	switch {
	case need > farthest:
		a.Refused = "beyond_x2"
	case by.Step == "" && len(by.Isolation) == 0:
		a.Refused = "no_step"
	case by.Step == "":
		a.Refused = "not_separable"
	default:
		a.Value = rounded(value, 2)
	}
	return a
}

// byLaw is the answer of a law of scaling: n servers for a capacity of needed.
func byLaw(a Answer, law stats.Scaling, n stats.Estimate, own, needed float64, by *Attribution) Answer {
	a.Formula = scalingFormula
	a.Assumptions = append(a.Assumptions, Claim{Key: "assume_scaling_law"})
	switch {
	case math.IsInf(n.Value, 1):
		a.Refused = "never_enough"
		if n.Lo <= law.Farthest() {
			a.Refused = "perhaps_never"
		}
		a.Assumptions = append(a.Assumptions, most(law, needed))
	case n.Value > law.Farthest():
		a.Refused = "beyond_sizes"
	default:
		a.Value, a.Low = rounded(n.Value, 0), rounded(max(own, n.Lo), 0)
		if n.Hi <= law.Farthest() {
			a.High = rounded(n.Hi, 0)
		} else {
			a.Assumptions = append(a.Assumptions, Claim{"assume_open_high", map[string]string{"servers": string(rounded(law.Farthest(), 0))}})
		}
		if p, ok := law.Predict(n.Value); ok && p.Sure {
			a.Assumptions = append(a.Assumptions, Claim{"assume_rate_there", map[string]string{
				"servers": string(a.Value), "low": string(rounded(p.Lo, 1)), "high": string(rounded(p.Hi, 1)), "needed": string(rounded(needed, 1))}})
		}
	}
	a.Assumptions = append(a.Assumptions, ceiling(by, needed))
	return a
}

// most is the highest rate of a law that does not get as far as needed.
func most(law stats.Scaling, needed float64) Claim {
	rate, nodes := law.Most()
	args := map[string]string{"rate": string(rounded(rate, 1)), "needed": string(rounded(needed, 1))}
	if math.IsInf(nodes, 1) {
		return Claim{"assume_asymptote", args}
	}
	args["servers"] = string(rounded(nodes, 0))
	return Claim{"assume_peak", args}
}

// ceiling is what is known of the bottleneck after this one.
func ceiling(by *Attribution, needed float64) Claim {
	c := secondCapacity(by)
	if by.Step == "" || c == nil {
		return Claim{Key: "assume_next_unknown"}
	}
	args := map[string]string{"step": c.Step, "rate": string(c.Logins.Low), "needed": string(rounded(needed, 1))}
	if c.Logins.Low.Float() < needed {
		return Claim{"assume_ceiling_low", args}
	}
	return Claim{"assume_ceiling", args}
}
