package arrivals

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"firstbell/scenarios"
)

func clock(h, m int) scenarios.TimeOfDay {
	return scenarios.TimeOfDay(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute)
}

// april is the shape of 6 April 2021, played from 8:55 to 9:02.
func april(people int, showUp float64) *scenarios.Scenario {
	return &scenarios.Scenario{
		Population: []scenarios.Cohort{
			{Persona: "eleve", People: people - people/15, ShowUp: showUp},
			{Persona: "enseignant", People: people / 15, ShowUp: showUp},
		},
		Storm: scenarios.Storm{
			Play: scenarios.Window{From: clock(8, 55), To: clock(9, 2)},
			Curve: []scenarios.Interval{
				{Window: scenarios.Window{From: clock(7, 30), To: clock(8, 25)}, Share: 0.15},
				{Window: scenarios.Window{From: clock(8, 25), To: clock(8, 55)}, Share: 0.25},
				{Window: scenarios.Window{From: clock(8, 55), To: clock(9, 2)}, Share: 0.30},
				{Window: scenarios.Window{From: clock(9, 2), To: clock(10, 0)}, Share: 0.25},
				{Window: scenarios.Window{From: clock(10, 0), To: clock(12, 0)}, Share: 0.05},
			},
			Batches: scenarios.Batches{Share: 0.45, Mean: 3 * time.Second, Class: 30, School: 600},
		},
	}
}

// allDay is april with everybody in one interval of ten minutes.
func allDay(people int, batches float64) *scenarios.Scenario {
	sc := april(people, 1)
	sc.Population = []scenarios.Cohort{{Persona: "eleve", People: people, ShowUp: 1}}
	window := scenarios.Window{From: clock(8, 50), To: clock(9, 0)}
	sc.Storm.Play = window
	sc.Storm.Curve = []scenarios.Interval{{Window: window, Share: 1}}
	sc.Storm.Batches.Share = batches
	return sc
}

func mustNew(t testing.TB, sc *scenarios.Scenario, seed uint64, scale float64) *Schedule {
	t.Helper()
	s, err := New(sc, seed, scale)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The digests are part of what a report promises: they may only change with a
// note in the release that says so. The first two were also computed by a
// second implementation, in Python with logarithms of 60 digits.
func TestKnownDigest(t *testing.T) {
	for _, tc := range []struct {
		seed   uint64
		scale  float64
		people int
		want   string
	}{
		{1, 1, 3742, "27b6047b6a96fe67a2f98ae9cb1dd619ccf06e98fe87b77b57ad219913a83468"},
		{2, 1, 3600, "3a28890d1021f13fc21876c3610f9ed5cf30f0bbf46c39a8cb2c79c363f9f052"},
		{1, 0.25, 918, "808aa0c632de61b7702356f6aa4f31c0947e3a8fc8071b595f02f9660c1a31e7"},
	} {
		s := mustNew(t, april(30_000, 0.4), tc.seed, tc.scale)
		if got := s.Digest(); got != tc.want || s.People() != tc.people {
			t.Errorf("seed %d scale %v: %d people, digest %s; want %d, %s",
				tc.seed, tc.scale, s.People(), got, tc.people, tc.want)
		}
	}
}

// K15: the union of the slices is the single schedule, in any order, for every
// number of workers.
func TestSlicesUnite(t *testing.T) {
	s := mustNew(t, april(30_000, 0.4), 7, 1)
	want := s.Digest()
	for _, workers := range []uint32{1, 2, 3, 7, 16} {
		var all []Arrival
		for w := workers; w > 0; w-- { // backwards: order must not matter
			all = append(all, s.Arrivals(Slice{Residue: w - 1, Modulus: workers})...)
		}
		if got := digestOf(all); got != want {
			t.Errorf("%d workers: digest %s, want %s", workers, got, want)
		}
	}
}

func digestOf(all []Arrival) string {
	slices.SortFunc(all, func(a, b Arrival) int {
		if a.At != b.At {
			return int(a.At - b.At)
		}
		return int(a.ID) - int(b.ID)
	})
	h := sha256.New()
	for _, a := range all {
		fmt.Fprintf(h, "%d %d\n", a.At.Microseconds(), a.ID)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// A person's instant is a pure function of the id: asked in a shuffled order,
// the answers are the same.
func TestAnyOrderOfGeneration(t *testing.T) {
	sc := april(5_000, 0.8)
	s := mustNew(t, sc, 3, 1)
	c, err := newCurve(sc.Storm)
	if err != nil {
		t.Fatal(err)
	}
	d := newDraw(3, c, sc.Storm.Batches)
	var all []Arrival
	for _, id := range rand.New(rand.NewPCG(1, 1)).Perm(s.IDs()) {
		_, class := s.ClassOf(uint32(id))
		come := threshold(sc.Population[s.CohortOf(uint32(id))].ShowUp)
		if at, ok := d.at(uint32(id), come, d.batch(uint64(class))); ok {
			all = append(all, Arrival{At: at, ID: uint32(id)})
		}
	}
	if got, want := digestOf(all), s.Digest(); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}
