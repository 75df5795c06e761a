package arrivals

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"sort"
	"time"

	"firstbell/scenarios"
)

// Piece is a stretch of steady load: first clicks as a Poisson process.
type Piece struct {
	Rate   float64 // people per second
	Length time.Duration
}

// Bounds of a steady schedule.
const (
	maxRate   = 1e6 // people per second
	maxLength = 24 * time.Hour
)

// Steady computes a Poisson schedule, one piece of constant rate after the
// other: who comes has nothing to do with classes and bells. Ids are 0…n-1 in
// order of arrival; cohorts are drawn in the proportions of those who show up.
// The error names a piece that cannot be played.
//
// The gaps between people are one stream of unit-exponential draws, stretched by
// the rate that holds when they fall (the time change theorem: a Poisson process
// of any rate is a unit one on the clock that runs at that rate). So the same
// seed at twice the rate is the same morning twice as fast, and two loads of a
// search differ by the load only. Sums and quotients are whole numbers: the
// digest does not depend on the processor.
func Steady(sc *scenarios.Scenario, pieces []Piece, seed uint64) (*Schedule, error) {
	l, err := newLayout(sc.Population, sc.Storm.Batches)
	if err != nil {
		return nil, err
	}
	who, err := newCrowd(&l)
	if err != nil {
		return nil, err
	}
	play, err := checkPieces(pieces)
	if err != nil {
		return nil, err
	}
	s := &Schedule{layout: l, lines: len(l.cohorts), play: play, steady: true}
	gap, cohort := keyFor(seed, StreamGap), keyFor(seed, StreamCohort)
	clock := stretch{pieces: pieces}
	for id := uint64(0); ; id++ {
		at, ok := clock.next(unitExponential(gap.bits(id, 0)))
		if !ok {
			return s, nil
		}
		s.arrivals = append(s.arrivals, Arrival{At: at, ID: uint32(id), Cohort: who.pick(cohort, id)})
	}
}

func checkPieces(pieces []Piece) (time.Duration, error) {
	var play time.Duration
	people := 0.0
	for i, p := range pieces {
		switch {
		case !(p.Rate >= 0 && p.Rate <= maxRate):
			return 0, fmt.Errorf("segment %d: %v people per second, must be between 0 and %v", i, p.Rate, float64(maxRate))
		case p.Length < time.Millisecond || p.Length > maxLength:
			return 0, fmt.Errorf("segment %d: %v long, must be between 1ms and %v", i, p.Length, maxLength)
		}
		play += p.Length.Truncate(time.Microsecond)
		people += p.Rate * p.Length.Seconds()
	}
	if people > MaxPeople/2 {
		return 0, fmt.Errorf("%.0f people, at most %d can be planned", people, MaxPeople/2)
	}
	if play == 0 || play > maxLength {
		return 0, fmt.Errorf("%v of load, must be above 0 and at most %v", play, maxLength)
	}
	return play, nil
}

// unitBits is the resolution of the clock that runs at the rate.
const unitBits = 32

// unitExponential is -ln(u) in 2^-unitBits.
func unitExponential(b uint64) uint64 {
	nats, _ := bits.Mul64(negLog2(b), ln2)
	return nats
}

// stretch turns a sum of unit-exponential gaps into instants: it inverts the
// expected number of arrivals, which is linear in each piece.
type stretch struct {
	pieces []Piece
	from   uint64 // µs, start of pieces[0]
	spent  uint64 // of the expected number within pieces[0], in 2^-unitBits
}

// next is the instant one gap after the last; false past the end.
func (s *stretch) next(gap uint64) (time.Duration, bool) {
	s.spent += gap
	for len(s.pieces) > 0 {
		length := uint64(s.pieces[0].Length.Microseconds())
		rate := rateOf(s.pieces[0])
		if at, ok := divide(s.spent, rate); ok && at < length {
			return time.Duration(s.from+at) * time.Microsecond, true
		}
		s.spent -= min(s.spent, expected(rate, length))
		s.from += length
		s.pieces = s.pieces[1:]
	}
	return 0, false
}

// rateBits is the resolution of a rate.
const rateBits = 20

// rateOf is people per second in 2^-rateBits, exactly rounded.
func rateOf(p Piece) uint64 { return uint64(math.RoundToEven(math.Ldexp(p.Rate, rateBits))) }

// divide is x ÷ rate in whole µs, rounded down; false beyond any piece.
func divide(x, rate uint64) (uint64, bool) {
	hi, lo := bits.Mul64(x, 1_000_000)
	rate <<= unitBits - rateBits
	if rate == 0 || hi >= rate {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, rate)
	return q, true
}

// expected is rate × length in 2^-unitBits: at most 2^26 people.
func expected(rate, micros uint64) uint64 {
	hi, lo := bits.Mul64(rate<<(unitBits-rateBits), micros)
	q, _ := bits.Div64(hi, lo, 1_000_000)
	return q
}

// crowd draws cohorts in the proportions of those who show up.
type crowd struct{ upTo []uint64 }

func newCrowd(l *layout) (crowd, error) {
	const kept = 32 // bits of a share: with MaxPeople people the sum stays under 2^58
	var m crowd
	var sum uint64
	for i := range l.cohorts {
		sum += uint64(l.cohorts[i].people) * (threshold(l.cohorts[i].showUp) >> (shareBits - kept))
		m.upTo = append(m.upTo, sum)
	}
	if sum == 0 {
		return m, errors.New("population: nobody shows up")
	}
	return m, nil
}

func (m crowd) pick(k key, id uint64) uint16 {
	u := k.below(id, m.upTo[len(m.upTo)-1])
	return uint16(sort.Search(len(m.upTo), func(i int) bool { return m.upTo[i] > u }))
}
