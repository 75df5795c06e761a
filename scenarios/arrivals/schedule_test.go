package arrivals

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
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

// K15: what worker 3 of 7 does not play is exactly its own ids.
func TestAWorkerLess(t *testing.T) {
	s := mustNew(t, april(30_000, 0.4), 7, 1)
	var rest []Arrival
	for w := range uint32(7) {
		if w != 3 {
			rest = append(rest, s.Arrivals(Slice{Residue: w, Modulus: 7})...)
		}
	}
	var want []Arrival
	for _, a := range s.Arrivals(Slice{}) {
		if a.ID%7 != 3 {
			want = append(want, a)
		}
	}
	if len(want) == s.People() || digestOf(rest) != digestOf(want) {
		t.Errorf("%d arrivals without worker 3, want %d", len(rest), len(want))
	}
	// Taken over by two others, from the lost worker's next id on.
	half := append(s.Arrivals(Slice{Residue: 3, Modulus: 14}), s.Arrivals(Slice{Residue: 10, Modulus: 14})...)
	if digestOf(append(rest, half...)) != s.Digest() {
		t.Error("a slice split in two is not the slice")
	}
}

func TestSliceFrom(t *testing.T) {
	s := mustNew(t, april(3_000, 1), 7, 1)
	for _, a := range s.Arrivals(Slice{From: 2_000}) {
		if a.ID < 2_000 {
			t.Fatalf("id %d before the first", a.ID)
		}
	}
	n := len(s.Arrivals(Slice{From: 2_000, Modulus: 1}))
	if n == 0 || n == s.People() {
		t.Errorf("%d of %d arrivals from id 2000", n, s.People())
	}
}

func TestParseSlice(t *testing.T) {
	if got, err := ParseSlice("3/7"); err != nil || got != (Slice{Residue: 3, Modulus: 7}) {
		t.Errorf("3/7 reads %v, %v", got, err)
	}
	for _, bad := range []string{"", "3", "/", "7/7", "0/0", "-1/2", "1/2/3", "1/4294967296", " 1/2", "a/b"} {
		if got, err := ParseSlice(bad); err == nil {
			t.Errorf("%q reads %v, want an error", bad, got)
		}
	}
}

// Behaviour cannot move an arrival; the seed moves them all.
func TestBehaviourLeavesArrivalsAlone(t *testing.T) {
	sc := april(20_000, 0.4)
	want := mustNew(t, sc, 5, 1).Digest()
	sc.Personas = []scenarios.Persona{{ID: "eleve", Think: scenarios.Think{Median: time.Hour}}}
	sc.Journeys = []scenarios.Journey{{Name: "x"}}
	sc.Patience = scenarios.Patience{Tries: 99, Wait: scenarios.Think{Median: time.Minute}}
	sc.Criteria.InTime = time.Second
	sc.Limits.Drain = time.Hour
	if got := mustNew(t, sc, 5, 1).Digest(); got != want {
		t.Error("think time, patience or criteria moved an arrival")
	}
	if got := mustNew(t, sc, 6, 1).Digest(); got == want {
		t.Error("another seed gave the same schedule")
	}
}

// A person who comes under two show-ups, curves' windows or scales comes at the
// same instant.
func TestIdsAreStable(t *testing.T) {
	all := times(mustNew(t, april(20_000, 1), 5, 1))
	for name, s := range map[string]*Schedule{
		"fewer show up": mustNew(t, april(20_000, 0.4), 5, 1),
		"scaled":        mustNew(t, april(20_000, 1), 5, 0.3),
	} {
		got := times(s)
		if len(got) == 0 || len(got) >= len(all) {
			t.Errorf("%s: %d of %d people", name, len(got), len(all))
		}
		for id, at := range got {
			if all[id] != at {
				t.Fatalf("%s: id %d comes at %v, else at %v", name, id, at, all[id])
			}
		}
	}
}

func times(s *Schedule) map[uint32]time.Duration {
	out := map[uint32]time.Duration{}
	for _, a := range s.Arrivals(Slice{}) {
		out[a.ID] = a.At
	}
	return out
}

// Each interval gets its share of the people, within five standard deviations
// widened for the batches.
func TestMassPerInterval(t *testing.T) {
	const people = 200_000
	sc := april(people, 1)
	sc.Storm.Play = scenarios.Window{From: clock(0, 0), To: clock(24, 0)}
	s := mustNew(t, sc, 11, 1)
	counts := make([]float64, len(sc.Storm.Curve))
	for _, a := range s.Arrivals(Slice{}) {
		for i, iv := range sc.Storm.Curve {
			if at := scenarios.TimeOfDay(a.At); iv.From <= at && at < iv.To {
				counts[i]++
			}
		}
	}
	for i, iv := range sc.Storm.Curve {
		mean := people * iv.Share
		// A batch is 30 people that fall on one side together.
		sd := math.Sqrt(people * iv.Share * (1 - iv.Share) * (0.55 + 0.45*30))
		if math.Abs(counts[i]-mean) > 5*sd {
			t.Errorf("interval %d: %.0f people, want %.0f ± %.0f", i, counts[i], mean, 5*sd)
		}
	}
}

// Batches make the counts per second about three times more variable than
// independent people do.
func TestDispersion(t *testing.T) {
	with := dispersion(mustNew(t, allDay(60_000, 0.45), 1, 1))
	without := dispersion(mustNew(t, allDay(60_000, 0), 1, 1))
	if with < 2 || with > 4.5 {
		t.Errorf("index of dispersion with batches %.2f, want about 3", with)
	}
	if without < 0.8 || without > 1.2 {
		t.Errorf("index of dispersion without batches %.2f, want 1", without)
	}
	// Whole schools keep it.
	scaled := dispersion(mustNew(t, allDay(240_000, 0.45), 1, 0.25))
	if scaled < 2 || scaled > 4.5 {
		t.Errorf("index of dispersion at a quarter of the schools %.2f, want about 3", scaled)
	}
}

// dispersion is variance over mean of the counts per second, without the first
// 30 s, before the first batches have all come.
func dispersion(s *Schedule) float64 {
	counts := s.PerSecond(nil)[0][30:]
	var sum, squares float64
	for _, c := range counts {
		sum += float64(c)
		squares += float64(c) * float64(c)
	}
	n := float64(len(counts))
	mean := sum / n
	return (squares/n - mean*mean) / mean
}

// The exponential delay: mean and tail, and the closed form at chosen draws.
func TestExponential(t *testing.T) {
	const mean = 3_000_000
	for _, b := range []uint64{0, 1, 1 << 32, 1<<63 - 1, 1 << 63, 1<<64 - 2, 1<<64 - 1, 0x0123456789abcdef} {
		u := (float64(b) + 1) / (1 << 64)
		want := -mean * math.Log(u)
		if got := float64(exponential(b, mean)); math.Abs(got-want) > 1+1e-3 {
			t.Errorf("exponential(%#x) = %v µs, want %v", b, got, want)
		}
	}
	k := keyFor(1, StreamBatchDelay)
	var sum float64
	late := 0
	const n = 100_000
	for i := range uint64(n) {
		d := exponential(k.bits(i, 0), mean)
		sum += float64(d)
		if d > 3*mean {
			late++
		}
	}
	if got := sum / n; math.Abs(got-mean) > 0.02*mean {
		t.Errorf("mean %v µs, want %v", got, mean)
	}
	if got := float64(late) / n; math.Abs(got-math.Exp(-3)) > 0.003 {
		t.Errorf("%v beyond three means, want %v", got, math.Exp(-3))
	}
	if exponential(5, 0) != 0 {
		t.Error("a mean of zero delays")
	}
}

// Everybody in a batch comes after the class start, in its own school and class.
func TestClassesComeTogether(t *testing.T) {
	s := mustNew(t, allDay(6_000, 1), 3, 1)
	type span struct{ first, last time.Duration }
	classes := map[uint32]span{}
	for _, a := range s.Arrivals(Slice{}) {
		school, class := s.ClassOf(a.ID)
		if school != a.ID/600 || class != a.ID/30 {
			t.Fatalf("id %d is in school %d, class %d", a.ID, school, class)
		}
		sp, seen := classes[class]
		if !seen {
			sp.first = a.At
		}
		sp.last = a.At
		classes[class] = sp
	}
	var lengths time.Duration
	for _, sp := range classes {
		lengths += sp.last - sp.first
	}
	// The range of 30 exponential delays of mean 3 s is 3 s × (1 + … + 1/29) = 11.9 s.
	if mean := lengths / time.Duration(len(classes)); mean < 10*time.Second || mean > 13*time.Second {
		t.Errorf("a class comes within %v on average, want about 11.9s", mean)
	}
}

// A straggler of a batch after the end of the played window does not come.
func TestOnlyThePlayedWindow(t *testing.T) {
	sc := allDay(30_000, 1)
	sc.Storm.Batches.Mean = 10 * time.Minute
	s := mustNew(t, sc, 1, 1)
	if s.People() == 0 || s.People() == 30_000 {
		t.Errorf("%d of 30000 people inside the window", s.People())
	}
	for _, a := range s.Arrivals(Slice{}) {
		if a.At < 0 || a.At >= s.Play() || a.At%time.Microsecond != 0 {
			t.Fatalf("arrival at %v in a window of %v", a.At, s.Play())
		}
	}
}

func TestPerSecondAndPeak(t *testing.T) {
	sc := april(30_000, 0.4)
	sc.Storm.Play.To += scenarios.TimeOfDay(500 * time.Millisecond) // a last second that is not whole
	s := mustNew(t, sc, 1, 1)
	perSecond := s.PerSecond(func(cohort int) int { return cohort })
	if len(perSecond) != 2 || len(perSecond[0]) != 421 {
		t.Fatalf("%d groups of %d seconds, want 2 of 421", len(perSecond), len(perSecond[0]))
	}
	want := make([][]uint32, 2)
	for g := range want {
		want[g] = make([]uint32, 421)
	}
	for _, a := range s.Arrivals(Slice{}) {
		if a.Cohort != s.CohortOf(a.ID) {
			t.Fatalf("id %d: cohort %d and %d", a.ID, a.Cohort, s.CohortOf(a.ID))
		}
		want[a.Cohort][a.At/time.Second]++
	}
	top, at := uint32(0), 0
	for sec := range 421 {
		if perSecond[0][sec] != want[0][sec] || perSecond[1][sec] != want[1][sec] {
			t.Fatalf("second %d: %d and %d people, want %d and %d", sec, perSecond[0][sec], perSecond[1][sec], want[0][sec], want[1][sec])
		}
		if n := want[0][sec] + want[1][sec]; n > top {
			top, at = n, sec
		}
	}
	if sec, n := s.PeakSecond(); sec != at || n != top {
		t.Errorf("peak of %d in second %d, want %d in %d", n, sec, top, at)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*scenarios.Scenario){
		"nobody":              func(sc *scenarios.Scenario) { sc.Population = nil },
		"nobody in any line":  func(sc *scenarios.Scenario) { sc.Population[0].People, sc.Population[1].People = 0, 0 },
		"less than nobody":    func(sc *scenarios.Scenario) { sc.Population[0].People = -1 },
		"more than a country": func(sc *scenarios.Scenario) { sc.Population[1].People = MaxPeople },
		"show-up over 1":      func(sc *scenarios.Scenario) { sc.Population[0].ShowUp = 1.1 },
		"show-up not a number": func(sc *scenarios.Scenario) {
			sc.Population[0].ShowUp = math.NaN()
		},
		"no curve":           func(sc *scenarios.Scenario) { sc.Storm.Curve = nil },
		"curve over 100 %":   func(sc *scenarios.Scenario) { sc.Storm.Curve[0].Share = 0.6 },
		"share below 0":      func(sc *scenarios.Scenario) { sc.Storm.Curve[0].Share = -0.1 },
		"interval backwards": func(sc *scenarios.Scenario) { sc.Storm.Curve[0].To = sc.Storm.Curve[0].From },
		"play backwards":     func(sc *scenarios.Scenario) { sc.Storm.Play.To = 0 },
		"play after today":   func(sc *scenarios.Scenario) { sc.Storm.Play.To = clock(25, 0) },
		"play under a µs":    func(sc *scenarios.Scenario) { sc.Storm.Play.To = sc.Storm.Play.From + 1 },
		"batch share":        func(sc *scenarios.Scenario) { sc.Storm.Batches.Share = math.Inf(1) },
		"batch mean":         func(sc *scenarios.Scenario) { sc.Storm.Batches.Mean = -1 },
		"no class":           func(sc *scenarios.Scenario) { sc.Storm.Batches.Class = 0 },
		"school under class": func(sc *scenarios.Scenario) { sc.Storm.Batches.School = 29 },
	} {
		sc := april(1000, 1)
		spoil(sc)
		if _, err := New(sc, 1, 1); err == nil {
			t.Errorf("%s: planned", name)
		}
	}
	for _, scale := range []float64{0, -1, 1.01, math.NaN(), math.Inf(1)} {
		if _, err := New(april(1000, 1), 1, scale); err == nil {
			t.Errorf("scale %v: planned", scale)
		}
	}
}

// Extreme but legal: nobody shows up, one person, classes of one, a school as
// large as a country.
func TestExtremes(t *testing.T) {
	none := mustNew(t, april(1000, 0), 1, 1)
	if sec, n := none.PeakSecond(); none.People() != 0 || n != 0 || sec != 0 || none.Digest() != digestOf(nil) {
		t.Errorf("nobody shows up: %d people, peak %d", none.People(), n)
	}
	one := mustNew(t, allDay(1, 0.45), 1, 0.001)
	if one.People() != 1 || one.IDs() != 1 {
		t.Errorf("one person: %d of %d", one.People(), one.IDs())
	}
	sc := allDay(500, 1)
	sc.Storm.Batches.Class, sc.Storm.Batches.School = 1, 1
	if s := mustNew(t, sc, 1, 1); s.People() < 480 {
		t.Errorf("classes of one: %d of 500", s.People())
	}
	sc.Storm.Batches.Class, sc.Storm.Batches.School = MaxPeople, MaxPeople
	if _, class := mustNew(t, sc, 1, 1).ClassOf(499); class != 0 {
		t.Errorf("one class for all: id 499 in class %d", class)
	}
	s := mustNew(t, sc, math.MaxUint64, 1)
	if school, class := s.ClassOf(math.MaxUint32); school != 0 || class != 0 || s.CohortOf(math.MaxUint32) != 0 {
		t.Error("an id nobody has is somewhere")
	}
}

// An empty line of the population does not shift anybody.
func TestEmptyCohort(t *testing.T) {
	sc := april(3_000, 1)
	want := mustNew(t, sc, 1, 1).Digest()
	empty := scenarios.Cohort{Persona: "personnel", ShowUp: 1}
	sc.Population = []scenarios.Cohort{empty, sc.Population[0], empty, sc.Population[1], empty}
	s := mustNew(t, sc, 1, 1)
	if s.Digest() != want {
		t.Error("an empty line moved people")
	}
	for id, line := range map[uint32]uint16{0: 1, 2799: 1, 2800: 3, 2999: 3} {
		if got := s.CohortOf(id); got != line {
			t.Errorf("id %d is on line %d, want %d", id, got, line)
		}
	}
}

// A million arrivals are planned in two seconds, the digest included.
func BenchmarkMillionArrivals(b *testing.B) {
	sc := allDay(1_000_000, 0.45)
	sc.Storm.Play.To = clock(9, 5)
	for b.Loop() {
		s := mustNew(b, sc, 1, 1)
		if s.People() < 999_000 || len(s.Digest()) != 64 {
			b.Fatal(s.People())
		}
	}
}
