package arrivals

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"firstbell/scenarios"
)

// layout says who lives where: ids by cohort in file order, then school, then
// class. Schools hold whole classes; the last class of a school and the last
// school of a cohort may be smaller.
type layout struct {
	people  int
	cohorts []cohort
}

// cohort is one line of the population in ids, schools and classes, which are
// numbered through the whole population.
type cohort struct {
	first       uint32 // id
	people      uint32
	showUp      float64
	perClass    uint32
	perSchool   uint32
	classesFull uint32 // classes of a full school
	firstSchool uint32
	schools     uint32
	firstClass  uint32
	classes     uint32
	keptClasses []bool // nil: all
}

func newLayout(pop []scenarios.Cohort, b scenarios.Batches) (layout, error) {
	if err := checkBatches(b); err != nil {
		return layout{}, err
	}
	if len(pop) > maxCohorts {
		return layout{}, fmt.Errorf("population: %d lines, at most %d", len(pop), maxCohorts)
	}
	var l layout
	var schools, classes uint32
	for i, c := range pop {
		if c.People < 0 || c.People > MaxPeople-l.people {
			return layout{}, fmt.Errorf("population[%d]: %d people, at most %d in all", i, c.People, MaxPeople)
		}
		if !(c.ShowUp >= 0 && c.ShowUp <= 1) {
			return layout{}, fmt.Errorf("population[%d]: show_up is %v, must be between 0 and 1", i, c.ShowUp)
		}
		co := newCohort(c, b)
		co.first, co.firstSchool, co.firstClass = uint32(l.people), schools, classes
		l.people += c.People
		schools += co.schools
		classes += co.classes
		l.cohorts = append(l.cohorts, co)
	}
	if l.people == 0 {
		return layout{}, errors.New("population: nobody")
	}
	return l, nil
}

func checkBatches(b scenarios.Batches) error {
	switch {
	case !(b.Share >= 0 && b.Share <= 1):
		return fmt.Errorf("storm.batches.share is %v, must be between 0 and 1", b.Share)
	case b.Mean < 0 || b.Mean > 24*time.Hour:
		return fmt.Errorf("storm.batches.mean is %v, must be between 0 and 24h", b.Mean)
	case b.Class < 1 || b.Class > MaxPeople:
		return fmt.Errorf("storm.batches.class is %d, must be at least 1", b.Class)
	case b.School < b.Class || b.School > MaxPeople:
		return fmt.Errorf("storm.batches.school is %d, must be at least one class (%d)", b.School, b.Class)
	}
	return nil
}

func newCohort(c scenarios.Cohort, b scenarios.Batches) cohort {
	co := cohort{
		people: uint32(c.People), showUp: c.ShowUp,
		perClass: uint32(b.Class), perSchool: uint32(b.School),
	}
	co.classesFull = ceilDiv(co.perSchool, co.perClass)
	full, rest := co.people/co.perSchool, co.people%co.perSchool
	co.schools = full
	co.classes = full * co.classesFull
	if rest > 0 {
		co.schools++
		co.classes += ceilDiv(rest, co.perClass)
	}
	return co
}

func ceilDiv(a, b uint32) uint32 { return (a + b - 1) / b }

// members gives the ids [first, last) of a class, numbered from 0 in the cohort.
func (c *cohort) members(class uint32) (first, last uint32) {
	school, in := class/c.classesFull, class%c.classesFull
	start := school * c.perSchool
	first = start + in*c.perClass
	last = min(first+c.perClass, start+c.perSchool, c.people)
	return c.first + first, c.first + last
}

// kept reports whether the scale keeps a class of the cohort.
func (c *cohort) kept(class uint32) bool { return c.keptClasses == nil || c.keptClasses[class] }

// keep applies the scale to every cohort from the given one on: whole schools in the order of their
// draw while they fit in scale × people, then classes of the next school. A
// smaller scale keeps a part of what a larger one keeps; at least one class
// stays.
func (l *layout) keep(seed uint64, scale float64, from int) {
	if scale == 1 {
		return
	}
	for i := from; i < len(l.cohorts); i++ {
		l.cohorts[i].keep(seed, uint32(scale*float64(l.cohorts[i].people)))
	}
}

func (c *cohort) keep(seed uint64, want uint32) {
	c.keptClasses = make([]bool, c.classes)
	var have uint32
	for _, school := range ranked(keyFor(seed, StreamSchool), c.firstSchool, c.schools) {
		size := min(c.perSchool, c.people-school*c.perSchool)
		if have+size > want {
			c.keepClasses(seed, school, want-have, have == 0)
			return
		}
		have += size
		from := school * c.classesFull
		for class := from; class < min(from+c.classesFull, c.classes); class++ {
			c.keptClasses[class] = true
		}
	}
}

// keepClasses keeps classes of one school in the order of their draw while
// they fit.
func (c *cohort) keepClasses(seed uint64, school, want uint32, atLeastOne bool) {
	from := school * c.classesFull
	n := min(c.classesFull, c.classes-from)
	for _, i := range ranked(keyFor(seed, StreamClass), c.firstClass+from, n) {
		first, last := c.members(from + i)
		if last-first > want && !atLeastOne {
			return
		}
		c.keptClasses[from+i] = true
		want -= min(want, last-first)
		atLeastOne = false
	}
}

// ranked orders the numbers [0, n) by the draw of first + number.
func ranked(k key, first, n uint32) []uint32 {
	type rank struct {
		draw uint64
		i    uint32
	}
	ranks := make([]rank, n)
	for i := range ranks {
		ranks[i] = rank{k.bits(uint64(first)+uint64(i), 0), uint32(i)}
	}
	slices.SortFunc(ranks, func(a, b rank) int {
		return cmp.Or(cmp.Compare(a.draw, b.draw), cmp.Compare(a.i, b.i))
	})
	out := make([]uint32, n)
	for i, r := range ranks {
		out[i] = r.i
	}
	return out
}

// cohortOf is the index of the cohort an id belongs to; false for an id that
// was never handed out.
func (l *layout) cohortOf(id uint32) (int, bool) {
	if uint64(id) >= uint64(l.people) {
		return 0, false
	}
	// The last line that starts at or before id: never an empty one, whose
	// first id is also that of the next line.
	return sort.Search(len(l.cohorts), func(i int) bool { return l.cohorts[i].first > id }) - 1, true
}

// CohortOf is the person's place in Scenario.Population. The id must be one of
// the schedule's; for any other the answer is 0.
func (s *Schedule) CohortOf(id uint32) uint16 {
	if s.steady {
		if int64(id) >= int64(len(s.arrivals)) {
			return 0
		}
		return s.arrivals[id].Cohort
	}
	i, _ := s.layout.cohortOf(id)
	return uint16(i % s.lines)
}

// ClassOf gives the person's school and class, both numbered from 0 through
// the whole population. The id must be one of the schedule's; for any other
// the answer is 0, 0, and for everybody in a steady schedule.
func (s *Schedule) ClassOf(id uint32) (school, class uint32) {
	i, ok := s.layout.cohortOf(id)
	if !ok || s.steady {
		return 0, 0
	}
	c := &s.layout.cohorts[i]
	n := id - c.first
	school = n / c.perSchool
	class = school*c.classesFull + n%c.perSchool/c.perClass
	return c.firstSchool + school, c.firstClass + class
}
