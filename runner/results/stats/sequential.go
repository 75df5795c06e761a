package stats

import "math"

// Decision is what a sequential test says so far.
type Decision string

const (
	Continue Decision = "continue"
	Accept   Decision = "accept" // the share is under the limit
	Reject   Decision = "reject" // it is not
)

// Sequential is Wald's sequential probability ratio test of a share of people
// beyond a limit: limit (p0, the share that must not be reached) against a
// better share p1 below it. It may be asked after every second without the error
// growing, which looking at an interval each second may not: that turns an error
// of 1 % into 6.8 %. (Wald, "Sequential tests of statistical hypotheses", Annals
// of Mathematical Statistics 16, 1945.)
//
// It takes the share as constant. On a plateau whose backlog may still be
// growing Accept is therefore no more than "so far", and only Reject may end it
// early.
//
// The zero value never decides. It is for one goroutine.
type Sequential struct {
	good, bad float64 // log likelihood ratio, p1 over p0, of one person
	accept    float64 // bounds of their sum
	reject    float64
	sum       float64
	decided   Decision
}

// NewSequential makes a test that accepts a share of limit with probability
// alpha and rejects one of better with probability beta, at most (Wald's bounds
// ln((1-β)÷α) and ln(β÷(1-α))). deff is the design effect of people who fail
// together: it divides what each of them says; under 1 counts as 1. Arguments
// out of order (0 < better < limit < 1, alpha and beta in (0, ½)) give a test
// that never decides.
func NewSequential(limit, better, alpha, beta, deff float64) *Sequential {
	if !(0 < better && better < limit && limit < 1 && alpha > 0 && alpha < 0.5 && beta > 0 && beta < 0.5) || math.IsNaN(deff) || math.IsInf(deff, 0) {
		return &Sequential{}
	}
	deff = math.Max(1, deff)
	return &Sequential{
		good:   (math.Log1p(-better) - math.Log1p(-limit)) / deff,
		bad:    math.Log(better/limit) / deff,
		accept: math.Log((1 - beta) / alpha),
		reject: math.Log(beta / (1 - alpha)),
	}
}

// Add tells of n more people, bad of them beyond the limit, and says what is now
// decided. A decision is final. bad above n counts as n.
func (s *Sequential) Add(bad, n uint64) Decision {
	if s.decided != "" {
		return s.decided
	}
	if s.accept == 0 {
		return Continue
	}
	bad = min(bad, n)
	s.sum += float64(s.bad*float64(bad)) + float64(s.good*float64(n-bad))
	switch {
	case s.sum >= s.accept:
		s.decided = Accept
	case s.sum <= s.reject:
		s.decided = Reject
	default:
		return Continue
	}
	return s.decided
}

// Decided is the last answer of [Sequential.Add].
func (s *Sequential) Decided() Decision {
	if s.decided == "" {
		return Continue
	}
	return s.decided
}
