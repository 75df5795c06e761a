package arrivals

import (
	"math"
	"slices"
	"testing"
	"time"

	"firstbell/scenarios"
)

func mustSteady(t testing.TB, sc *scenarios.Scenario, seed uint64, pieces ...Piece) *Schedule {
	t.Helper()
	s, err := Steady(sc, pieces, seed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The digest is part of every session: it changes with the seed and the load
// only.
func TestSteadyKnownDigest(t *testing.T) {
	s := mustSteady(t, april(1000, 1), 42, Piece{50, time.Minute}, Piece{0, 10 * time.Second}, Piece{200.5, 30 * time.Second})
	const want = "d146333b9478baf558d06ae40646c628cda3e0f0832cf88737382987ed0e88d8"
	if got := s.Digest(); got != want {
		t.Errorf("digest %s of %d people, want %s", got, s.People(), want)
	}
	if s.Play() != 100*time.Second {
		t.Errorf("played %v", s.Play())
	}
	for _, a := range s.Arrivals(Slice{}) {
		if a.At >= time.Minute && a.At < 70*time.Second {
			t.Fatalf("somebody comes at %v, in a segment without anybody", a.At)
		}
	}
}

// Ids are 0…n-1 in order of arrival, cohorts in the proportions of those who
// show up, and the schedule agrees with itself.
func TestSteadyPeople(t *testing.T) {
	sc := april(1500, 1)
	sc.Population[0].ShowUp = 0.5 // 1400 × 0.5 against 100
	sc.Population = append(sc.Population, scenarios.Cohort{Persona: "parent", People: 900})
	s := mustSteady(t, sc, 1, Piece{400, time.Minute})
	var of [3]int
	last := time.Duration(0)
	for i, a := range s.Arrivals(Slice{}) {
		if a.ID != uint32(i) || a.At < last || a.At >= s.Play() || s.CohortOf(a.ID) != a.Cohort {
			t.Fatalf("arrival %d: %+v after %v", i, a, last)
		}
		of[a.Cohort]++
		last = a.At
	}
	n := s.People()
	if share := float64(of[0]) / float64(n); of[2] != 0 || math.Abs(share-0.875) > 4*math.Sqrt(0.875*0.125/float64(n)) {
		t.Errorf("cohorts %v of %d, want 7:1:0", of, n)
	}
	if s.IDs() != n || s.CohortOf(uint32(n)) != 0 {
		t.Errorf("%d ids", s.IDs())
	}
	sum := 0
	for _, x := range s.PerSecond(func(c int) int { return c })[1] {
		sum += int(x)
	}
	if sum != of[1] {
		t.Errorf("%d in the seconds, %d people", sum, of[1])
	}
}

// Counts are Poisson: mean and variance of the seconds are the rate, seconds
// are uncorrelated, and gaps are exponential.
func TestSteadyIsPoisson(t *testing.T) {
	const rate, length = 37.3, 4000
	for seed := range uint64(5) {
		s := mustSteady(t, april(100, 1), seed, Piece{rate, length * time.Second})
		counts := s.PerSecond(nil)[0]
		mean := float64(s.People()) / length
		var v, lag float64
		for i, c := range counts {
			d := float64(c) - mean
			v += d * d
			if i > 0 {
				lag += d * (float64(counts[i-1]) - mean)
			}
		}
		v, lag = v/length, lag/length/mean
		if math.Abs(mean-rate) > 4*math.Sqrt(rate/length) {
			t.Errorf("seed %d: %v a second, want %v", seed, mean, rate)
		}
		// The variance of n Poisson counts has a standard error of mean·√(2/n).
		if math.Abs(v/mean-1) > 4*math.Sqrt(2.0/length) || math.Abs(lag) > 4/math.Sqrt(length) {
			t.Errorf("seed %d: dispersion %.3f, correlation %.3f", seed, v/mean, lag)
		}
		longer := 0
		list := s.Arrivals(Slice{})
		for i := 1; i < len(list); i++ {
			if (list[i].At - list[i-1].At).Seconds() > 1/rate {
				longer++
			}
		}
		if share, n := float64(longer)/float64(len(list)), float64(len(list)); math.Abs(share-1/math.E) > 4*math.Sqrt(0.25/n) {
			t.Errorf("seed %d: %.4f of the gaps are above the mean, want 1/e", seed, share)
		}
	}
}

// Two loads of one seed are the same morning, one of them faster.
func TestSteadyCommonRandomNumbers(t *testing.T) {
	slow := mustSteady(t, april(100, 1), 7, Piece{100, time.Minute}).Arrivals(Slice{})
	fast := mustSteady(t, april(100, 1), 7, Piece{200, time.Minute}).Arrivals(Slice{})
	for i, a := range slow {
		if d := a.At - 2*fast[i].At; d < -time.Microsecond || d > 2*time.Microsecond {
			t.Fatalf("person %d: %v at the slow rate, %v at twice it", i, a.At, fast[i].At)
		}
	}
	if slices.Equal(slow[:10], mustSteady(t, april(100, 1), 8, Piece{100, time.Minute}).Arrivals(Slice{})[:10]) {
		t.Error("another seed, the same people")
	}
}

func TestSteadyRefuses(t *testing.T) {
	long := slices.Repeat([]Piece{{1, 20 * time.Hour}}, 2)
	for name, list := range map[string][]Piece{
		"nothing": nil, "negative": {{-1, time.Second}}, "not a number": {{math.NaN(), time.Second}},
		"infinite": {{math.Inf(1), time.Second}}, "no time": {{1, 0}}, "too many": {{1e6, time.Hour}}, "too long": long,
	} {
		if _, err := Steady(april(100, 1), list, 1); err == nil {
			t.Errorf("%s: planned", name)
		}
	}
	if _, err := Steady(april(100, 0), []Piece{{1, time.Second}}, 1); err == nil {
		t.Error("a population of which nobody shows up was planned")
	}
	for _, rate := range []float64{0, 1e-9, 1e6} { // extremes that are allowed
		s := mustSteady(t, april(100, 1), 3, Piece{rate, 20 * time.Millisecond})
		if n := float64(s.People()); math.Abs(n-rate*0.02) > 5*math.Sqrt(rate*0.02)+1 {
			t.Errorf("%v people at %v a second for 20 ms", n, rate)
		}
	}
}

// A larger storm holds every smaller one, person by person.
func TestMultipliedIsNested(t *testing.T) {
	sc := april(30_000, 0.7)
	before := map[uint32]time.Duration{}
	for _, factor := range []float64{0.3, 0.9, 1, 1.1, 1.9, 2, 2.4} {
		s, err := Multiplied(sc, 5, factor)
		if err != nil {
			t.Fatal(err)
		}
		now := times(s)
		for id, at := range before {
			if now[id] != at {
				t.Fatalf("factor %v: person %d comes at %v, in a smaller storm at %v", factor, id, now[id], at)
			}
		}
		one := mustNew(t, sc, 5, 1).People()
		if got, want := float64(len(now)), factor*float64(one); math.Abs(got-want) > 0.08*want {
			t.Errorf("factor %v: %v people, want about %.0f", factor, got, want)
		}
		for _, a := range s.Arrivals(Slice{}) {
			if int(a.Cohort) >= len(sc.Population) || s.CohortOf(a.ID) != a.Cohort {
				t.Fatalf("factor %v: cohort %d", factor, a.Cohort)
			}
		}
		before = now
	}
	for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1), 1e9} {
		if _, err := Multiplied(sc, 5, bad); err == nil {
			t.Errorf("factor %v was planned", bad)
		}
	}
}
