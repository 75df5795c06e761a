package arrivals

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"firstbell/scenarios"
)

// Arrival is one intended first click.
type Arrival struct {
	At     time.Duration // from the start of the played window, whole microseconds
	ID     uint32        // person id, stable under scale and slices
	Cohort uint16        // index into Scenario.Population
}

// Schedule is who comes when, inside the played window. It is read-only after
// [New]: every goroutine may use it at the same time.
type Schedule struct {
	layout   layout
	lines    int           // of the population: cohorts beyond them are copies
	play     time.Duration // length of the played window
	arrivals []Arrival     // sorted by (At, ID)
	steady   bool          // ids are in order of arrival, and in no class
}

// MaxPeople bounds the accounts of one schedule: more than a country's pupils,
// and under 2 GB of memory while planning.
const MaxPeople = 50_000_000

// maxCohorts is what Arrival.Cohort can name.
const maxCohorts = 1 << 16

// New computes the whole schedule. Scale is the share of schools kept, in
// (0, 1]; 1 keeps everybody. The error says which part of the scenario cannot
// be planned.
func New(sc *scenarios.Scenario, seed uint64, scale float64) (*Schedule, error) {
	if !(scale > 0 && scale <= 1) {
		return nil, fmt.Errorf("scale is %v, must be above 0 and at most 1", scale)
	}
	return Multiplied(sc, seed, scale)
}

// maxFactor bounds how many times a population is copied.
const maxFactor = 1000

// Multiplied is [New] for factors above 1 too: the whole population once, then
// copies of it, the last one with as many whole schools as the rest of the
// factor keeps. People keep their ids, so a smaller storm is always a part of a
// larger one. Cohorts of a copy are those they copy.
func Multiplied(sc *scenarios.Scenario, seed uint64, factor float64) (*Schedule, error) {
	if !(factor > 0 && factor <= maxFactor) {
		return nil, fmt.Errorf("the storm's factor is %v, must be above 0 and at most %d", factor, maxFactor)
	}
	copies := int(math.Ceil(factor))
	lines := len(sc.Population)
	if lines > maxCohorts/copies {
		return nil, fmt.Errorf("population: %d lines %d times, at most %d", lines, copies, maxCohorts)
	}
	l, err := newLayout(slices.Repeat(sc.Population, copies), sc.Storm.Batches)
	if err != nil {
		return nil, err
	}
	c, err := newCurve(sc.Storm)
	if err != nil {
		return nil, err
	}
	l.keep(seed, factor-float64(copies-1), lines*(copies-1))
	s := &Schedule{layout: l, lines: lines, play: c.play}
	s.arrivals = generate(&s.layout, newDraw(seed, c, sc.Storm.Batches), lines)
	return s, nil
}

// generate asks every person kept when they come, class by class.
func generate(l *layout, d *draw, lines int) []Arrival {
	var out []Arrival
	for ci := range l.cohorts {
		co := &l.cohorts[ci]
		come := threshold(co.showUp)
		for class := range co.classes {
			if !co.kept(class) {
				continue
			}
			b := d.batch(uint64(co.firstClass + class))
			first, last := co.members(class)
			for id := first; id < last; id++ {
				if at, ok := d.at(id, come, b); ok {
					out = append(out, Arrival{At: at, ID: id, Cohort: uint16(ci % lines)})
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Arrival) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// People is the number of intended arrivals inside the played window.
func (s *Schedule) People() int { return len(s.arrivals) }

// IDs is the number of ids handed out: everybody with an account, kept by the
// scale or not; in a steady schedule everybody who comes. Every id is smaller.
func (s *Schedule) IDs() int {
	if s.steady {
		return len(s.arrivals)
	}
	return s.layout.people
}

// Play is the length of the played window.
func (s *Schedule) Play() time.Duration { return s.play }

// draw answers when a person comes: a pure function of the id.
type draw struct {
	curve *curve

	showUp, interval, arrival, delay   key // by person
	isBatch, classInterval, classStart key // by class

	batchShare uint64 // threshold
	batchMean  uint64 // µs
}

func newDraw(seed uint64, c *curve, b scenarios.Batches) *draw {
	return &draw{
		curve:         c,
		showUp:        keyFor(seed, StreamShowUp),
		interval:      keyFor(seed, StreamInterval),
		arrival:       keyFor(seed, StreamArrival),
		delay:         keyFor(seed, StreamBatchDelay),
		isBatch:       keyFor(seed, StreamBatch),
		classInterval: keyFor(seed, StreamClassInterval),
		classStart:    keyFor(seed, StreamClassStart),
		batchShare:    threshold(b.Share),
		batchMean:     uint64(b.Mean.Microseconds()),
	}
}

// batch is how a class comes.
type batch struct {
	together bool
	comes    bool   // false: in no interval of the curve
	start    uint64 // µs since midnight
}

func (d *draw) batch(class uint64) batch {
	if !d.isBatch.less(class, d.batchShare) {
		return batch{}
	}
	iv, ok := d.curve.pick(d.classInterval.bits(class, 0))
	if !ok {
		return batch{together: true}
	}
	return batch{together: true, comes: true, start: iv.from + d.classStart.below(class, iv.length)}
}

// at is the person's first click from the start of the played window; false
// when they do not come, or not inside it.
func (d *draw) at(id uint32, come uint64, b batch) (time.Duration, bool) {
	p := uint64(id)
	if !d.showUp.less(p, come) {
		return 0, false
	}
	micros := b.start
	switch {
	case b.together && !b.comes:
		return 0, false
	case b.together:
		micros += exponential(d.delay.bits(p, 0), d.batchMean)
	default:
		iv, ok := d.curve.pick(d.interval.bits(p, 0))
		if !ok {
			return 0, false
		}
		micros = iv.from + d.arrival.below(p, iv.length)
	}
	return d.curve.played(micros)
}

// curve is the storm's intensity in integers.
type curve struct {
	intervals []interval
	from, to  uint64 // played window, µs since midnight, half open
	play      time.Duration
}

type interval struct {
	upTo         uint64 // cumulated share as a threshold
	from, length uint64 // µs
}

func newCurve(st scenarios.Storm) (*curve, error) {
	from, to, err := microWindow(st.Play)
	if err != nil {
		return nil, fmt.Errorf("storm.play: %w", err)
	}
	c := &curve{from: from, to: to, play: time.Duration(to-from) * time.Microsecond}
	if len(st.Curve) == 0 {
		return nil, errors.New("storm.curve: no interval, so nobody would come")
	}
	var sum uint64
	for i, iv := range st.Curve {
		f, t, err := microWindow(iv.Window)
		if err != nil {
			return nil, fmt.Errorf("storm.curve[%d]: %w", i, err)
		}
		if !(iv.Share >= 0 && iv.Share <= 1) {
			return nil, fmt.Errorf("storm.curve[%d]: share is %v, must be between 0 and 1", i, iv.Share)
		}
		sum += threshold(iv.Share)
		// Shares written in per cent may add up to a hair over 1.
		if sum > 1<<shareBits+1<<20 {
			return nil, errors.New("storm.curve: the shares add up to more than 100 %")
		}
		c.intervals = append(c.intervals, interval{upTo: sum, from: f, length: t - f})
	}
	return c, nil
}

// pick gives the interval a draw falls in; false for the share of people that
// is in no interval.
func (c *curve) pick(b uint64) (interval, bool) {
	u := b >> (64 - shareBits)
	for _, iv := range c.intervals {
		if u < iv.upTo {
			return iv, true
		}
	}
	return interval{}, false
}

// played turns µs since midnight into an offset in the played window.
func (c *curve) played(micros uint64) (time.Duration, bool) {
	if micros < c.from || micros >= c.to {
		return 0, false
	}
	return time.Duration(micros-c.from) * time.Microsecond, true
}

// microWindow is a window in µs since midnight.
func microWindow(w scenarios.Window) (from, to uint64, err error) {
	const day = 24 * time.Hour
	f, t := time.Duration(w.From), time.Duration(w.To)
	if f < 0 || t > day || f.Microseconds() >= t.Microseconds() {
		return 0, 0, fmt.Errorf("%v to %v is not a part of one day", f, t)
	}
	return uint64(f.Microseconds()), uint64(t.Microseconds()), nil
}

// threshold is a share in [0, 1] in 2^-shareBits, exactly rounded: scaling by a
// power of two and rounding to a whole number are the same on every processor.
func threshold(share float64) uint64 {
	return uint64(math.RoundToEven(math.Ldexp(share, shareBits)))
}
