package stats

import (
	"fmt"
	"math/big"
)

// Share is k of n as an exact rational; nil when n is 0.
func Share(k, n uint64) *big.Rat {
	if n == 0 {
		return nil
	}
	return new(big.Rat).SetFrac(new(big.Int).SetUint64(k), new(big.Int).SetUint64(n))
}

// Float is a bound as an exact rational, for [Relation]; nil for a number that
// is not finite.
func Float(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

// Relation reports whether "a op b" holds, exactly; op is <, <=, > or >=.
func Relation(a *big.Rat, op string, b *big.Rat) (bool, error) {
	if a == nil || b == nil {
		return false, fmt.Errorf("comparing with %q: a side is missing", op)
	}
	c := a.Cmp(b)
	switch op {
	case "<":
		return c < 0, nil
	case "<=":
		return c <= 0, nil
	case ">":
		return c > 0, nil
	case ">=":
		return c >= 0, nil
	}
	return false, fmt.Errorf("unknown comparison %q", op)
}

// State is what an interval says about a criterion.
type State string

const (
	Met       State = "met"       // the whole interval satisfies it
	NotMet    State = "not_met"   // no point of it does
	Undecided State = "undecided" // the limit lies inside
)

// Decide judges "share op limit" on an interval of the share: met when both
// ends satisfy it, not met when neither does.
func Decide(in Interval, op string, limit *big.Rat) (State, error) {
	lo, err := Relation(Float(in.Lo), op, limit)
	if err != nil {
		return Undecided, err
	}
	hi, err := Relation(Float(in.Hi), op, limit)
	if err != nil {
		return Undecided, err
	}
	switch {
	case lo && hi:
		return Met, nil
	case !lo && !hi:
		return NotMet, nil
	}
	return Undecided, nil
}

// z2 is the square of the 95 % point, 3.841459.
var z2 = big.NewRat(3_841_459, 1_000_000)

// MinPeople is the fewest people with whom a rate criterion can be judged: with
// no failure at all, the Wilson upper bound is under the limit from
// n ≥ 3.84(1-τ)/τ on. τ is the rate of the bad side: 0.5 % both for "rate<0.5%"
// and for "rate>99.5%". 765 for 0.5 %, 3,838 for 0.1 %. 0 for a τ that no
// number can show (0 or less), and for 1 or more, which needs nobody.
func MinPeople(tau *big.Rat) uint64 {
	if tau == nil || tau.Sign() <= 0 || tau.Cmp(one) >= 0 {
		return 0
	}
	x := new(big.Rat).Sub(one, tau)
	x.Mul(x, z2).Quo(x, tau)
	return ceilMul(x, 1)
}

// BadSide is the rate of the bad side of a criterion: the limit itself for <
// and <=, what is missing to 1 for > and >=.
func BadSide(op string, limit *big.Rat) *big.Rat {
	if op == ">" || op == ">=" {
		return new(big.Rat).Sub(one, limit)
	}
	return limit
}

// MinForQuantile is the fewest values, all of them good, that show a percentile
// limit at 95 %: ⌈ln 0.05 ÷ ln q⌉, 59 for p95, 299 for p99, 2,995 for p99.9.
func MinForQuantile(q *big.Rat) uint64 {
	f, _ := new(big.Rat).Sub(one, q).Float64()
	return CleanNeeded(f, 0.95)
}
