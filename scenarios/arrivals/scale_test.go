package arrivals

import (
	"math"
	"testing"

	"firstbell/scenarios"
)

// keptClasses are the classes the scale keeps, with their people.
func keptClasses(t *testing.T, sc *scenarios.Scenario, scale float64) map[uint32]int {
	t.Helper()
	s := mustNew(t, sc, 9, scale)
	out := map[uint32]int{}
	for _, a := range s.Arrivals(Slice{}) {
		_, class := s.ClassOf(a.ID)
		out[class]++
	}
	return out
}

// A smaller storm is a part of a larger one, made of whole classes, within one
// class of the share asked for, from a whole country down to a single class.
func TestScaleIsNested(t *testing.T) {
	const people = 61_234 // last school and last class are not full
	sc := allDay(people, 0)
	full := keptClasses(t, sc, 1)
	before := map[uint32]int{}
	for _, scale := range []float64{0.0001, 0.0007, 0.004, 0.0099, 0.0101, 0.1, 0.25, 0.5, 0.75, 0.99, 1} {
		kept := keptClasses(t, sc, scale)
		n := 0
		for class, size := range kept {
			if size != full[class] {
				t.Errorf("scale %v: %d of the %d pupils of class %d", scale, size, full[class], class)
			}
			n += size
		}
		for class := range before {
			if kept[class] == 0 {
				t.Errorf("class %d is in a smaller storm and not at scale %v", class, scale)
			}
		}
		if want := scale * people; math.Abs(float64(n)-want) > 30 {
			t.Errorf("scale %v keeps %d people, want %.0f within a class", scale, n, want)
		}
		before = kept
	}
}

// Whole schools: at most one is cut.
func TestScaleKeepsWholeSchools(t *testing.T) {
	s := mustNew(t, allDay(60_000, 0), 9, 0.333)
	schools := map[uint32]int{}
	for _, a := range s.Arrivals(Slice{}) {
		school, _ := s.ClassOf(a.ID)
		schools[school]++
	}
	cut := 0
	for _, n := range schools {
		if n != 600 {
			cut++
		}
	}
	if cut > 1 || len(schools) != 34 {
		t.Errorf("%d schools, %d of them cut; want 34, one", len(schools), cut)
	}
}

// Every line of the population keeps its share: scaling must not lose the
// teachers.
func TestScaleKeepsEveryCohort(t *testing.T) {
	s := mustNew(t, april(30_000, 1), 1, 0.001)
	var have [2]int
	for ci := range s.layout.cohorts {
		co := &s.layout.cohorts[ci]
		for class := range co.classes {
			if co.kept(class) {
				have[ci]++
			}
		}
	}
	if have != [2]int{1, 1} {
		t.Errorf("%v classes kept, want one of each", have)
	}
}

// Another seed keeps other schools.
func TestScaleFollowsTheSeed(t *testing.T) {
	sc := allDay(60_000, 0)
	a, b := mustNew(t, sc, 1, 0.1), mustNew(t, sc, 2, 0.1)
	sa, _ := a.ClassOf(a.Arrivals(Slice{})[0].ID)
	same := 0
	for _, x := range b.Arrivals(Slice{}) {
		if s, _ := b.ClassOf(x.ID); s == sa {
			same++
		}
	}
	if same == b.People() {
		t.Error("seeds 1 and 2 keep the same school")
	}
}
