package arrivals_test

import (
	"fmt"
	"testing"

	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

const file = `version: 1
target: http://127.0.0.1:8080
accounts: {generate: {count: 20000, login: "u${n}", password: "p${n}"}, synthetic: true}
population:
  - {persona: eleve, people: 18000, show_up: 40%}
  - {persona: enseignant, people: 2000, show_up: 90%}
storm: {profile: 2021-04-06, play: 08:55-09:02}
personas:
  eleve: {think: {median: 8s, p95: 45s}, journeys: {connexion: 100%}}
  enseignant: {journeys: {connexion: 100%}}
journeys:
  connexion:
    - get: /
    - post: /auth/login
      pause: 7s
      form: {email: "${login}", password: "${password}"}
      expect: {text: Bonjour}
      in_class: true
criteria: {in_time: 10s, in_class: rate>99%}
`

func parse(t testing.TB, set ...string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse([]byte(file), scenarios.Options{Name: "matin.yaml", Set: set})
	if err != nil {
		t.Fatalf("%v: %v", set, err)
	}
	return sc
}

// What changes when a line of the file does: behaviour, judgement and the
// site's pages move nobody.
func TestWhatMovesArrivals(t *testing.T) {
	plan := func(set ...string) *arrivals.Schedule {
		s, err := arrivals.New(parse(t, set...), 42, 1)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	base := plan()
	for _, set := range []string{
		"personas.eleve.think={median: 1s, p95: 2s}",
		"journeys.connexion[2].pause=30s",
		"patience=none",
		"criteria.in_time=3s",
		"criteria.in_class=rate>50%",
		"target=http://127.0.0.2:8080",
		"limits={requests: 10/s}",
	} {
		if got := plan(set); got.Digest() != base.Digest() {
			t.Errorf("%s moved arrivals", set)
		}
	}
	for _, set := range []string{
		"storm.profile=2020-03-16",
		"population[1].people=17000",
		"storm.play=08:50-09:02",
	} {
		if got := plan(set); got.Digest() == base.Digest() {
			t.Errorf("%s moved nobody", set)
		}
	}
	// Fewer show up: those who do, as before.
	at := map[uint32]arrivals.Arrival{}
	for _, a := range base.Arrivals(arrivals.Slice{}) {
		at[a.ID] = a
	}
	fewer := plan("population[1].show_up=20%")
	for _, a := range fewer.Arrivals(arrivals.Slice{}) {
		if at[a.ID] != a {
			t.Fatalf("person %d comes at %v, else at %v", a.ID, a.At, at[a.ID].At)
		}
	}
	if fewer.People() >= base.People() {
		t.Errorf("%d of %d people at half the show-up", fewer.People(), base.People())
	}
}

func ExampleSchedule_Arrivals() {
	sc, err := scenarios.Parse([]byte(file), scenarios.Options{Name: "matin.yaml"})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := arrivals.New(sc, 42, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	part := s.Arrivals(arrivals.Slice{Residue: 3, Modulus: 7})
	fmt.Println(s.People(), "people, of whom worker 3 of 7 plays", len(part))
	for _, a := range part[:3] {
		fmt.Println(a.At, "person", a.ID)
	}
	// Output:
	// 2644 people, of whom worker 3 of 7 plays 360
	// 691.725ms person 19274
	// 1.251042s person 598
	// 1.859385s person 5057
}
