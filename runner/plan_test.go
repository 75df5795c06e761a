package runner

import (
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// morning is a storm of this many people in three minutes, each with a login of
// two pages: the second posts a form, makes three calls and loads its assets.
func morning(people int) *scenarios.Scenario {
	at := func(h, m int) scenarios.TimeOfDay {
		return scenarios.TimeOfDay(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute)
	}
	play := scenarios.Window{From: at(8, 58), To: at(9, 1)}
	return &scenarios.Scenario{
		Name:   "matin",
		Target: &url.URL{Scheme: "http", Host: "127.0.0.1:8080"},
		Source: []byte("version: 1\n"),
		Population: []scenarios.Cohort{
			{Persona: "eleve", Region: "Nord", People: people / 2, ShowUp: 1},
			{Persona: "eleve", Region: "Sud", People: people / 4, ShowUp: 1},
			{Persona: "eleve", Region: "Nord", People: people - people/2 - people/4, ShowUp: 1},
		},
		Storm: scenarios.Storm{
			Profile: "2021-04-06", Date: "2021-04-06", Play: play, Peak: play,
			Curve:   []scenarios.Interval{{Window: play, Share: 1}},
			Batches: scenarios.Batches{Share: 0.45, Mean: 3 * time.Second, Class: 30, School: 600},
		},
		Personas: []scenarios.Persona{{
			ID: "eleve", Think: scenarios.Think{Median: 8 * time.Second, P95: 45 * time.Second},
			Journeys: []scenarios.Share{{Name: "connexion", Part: 1}},
		}},
		Journeys: []scenarios.Journey{{Name: "connexion", Steps: []scenarios.Step{
			{Name: "1 get /", Verb: scenarios.Get},
			{Name: "2 post /auth/login", Verb: scenarios.Post, Pause: &scenarios.Think{Median: 7 * time.Second},
				Calls: make([]scenarios.Call, 3), InClass: true},
		}}},
		Criteria: scenarios.Criteria{InTime: 10 * time.Second},
	}
}

func mustPlan(t *testing.T, sc *scenarios.Scenario, o PlanOptions) *results.Plan {
	t.Helper()
	p, s, err := NewPlan(sc, o)
	if err != nil {
		t.Fatal(err)
	}
	if p.Digest != s.Digest() || p.People != s.People() {
		t.Errorf("plan of %d people, digest %s; schedule of %d, %s", p.People, p.Digest, s.People(), s.Digest())
	}
	return p
}

func TestNewPlan(t *testing.T) {
	sc := morning(12_000)
	sc.Hosts = []scenarios.Host{{Name: "cas", URL: &url.URL{Scheme: "https", Host: "cas.example"}}}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := mustPlan(t, sc, PlanOptions{Seed: 4, RunID: "x", Start: start, Lang: "fr"})
	if !slices.Equal(p.Groups, []results.Group{{Region: "Nord", Persona: "eleve"}, {Region: "Sud", Persona: "eleve"}}) {
		t.Errorf("groups %v", p.Groups)
	}
	if !slices.Equal(p.Hosts, []string{"127.0.0.1:8080", "cas.example:443"}) {
		t.Errorf("hosts %v", p.Hosts)
	}
	if len(p.Steps) != 2 || p.Steps[1] != (results.Step{Journey: "connexion", Name: "2 post /auth/login", InClass: true}) {
		t.Errorf("steps %v", p.Steps)
	}
	if p.PlayFrom != 8*3600+58*60 || p.PlayTo != 9*3600+60 || p.Scale != 1 || p.Workers != 1 {
		t.Errorf("play %d to %d, scale %v, %d workers", p.PlayFrom, p.PlayTo, p.Scale, p.Workers)
	}
	if p.Drain != time.Minute || p.Ends != 5*time.Minute {
		t.Errorf("drain %v, ends after %v; want 1m and 5m", p.Drain, p.Ends)
	}
	people := 0
	for g := range p.Intended {
		if len(p.Intended[g]) != 180 {
			t.Errorf("group %d: %d seconds, want 180", g, len(p.Intended[g]))
		}
		for _, n := range p.Intended[g] {
			people += int(n)
		}
	}
	if len(p.Intended) != 2 || people != p.People {
		t.Errorf("%d groups with %d people, want 2 with %d", len(p.Intended), people, p.People)
	}
	if len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "127.0.0.1:8080") {
		t.Errorf("notes %q", p.Notes)
	}
}

// A run waits for those who type slowly; a trial of a session does not.
func TestPlanWaitsForSlowTypers(t *testing.T) {
	sc := morning(600)
	plain := mustPlan(t, sc, PlanOptions{})
	sc.Limits.Typing = 2 * time.Minute
	p := mustPlan(t, sc, PlanOptions{})
	if p.Drain != plain.Drain+2*time.Minute || p.Ends != plain.Ends+2*time.Minute {
		t.Errorf("drain %v, ends after %v; want 2 minutes more than %v and %v", p.Drain, p.Ends, plain.Drain, plain.Ends)
	}
	trial, _, err := NewTrialPlan(sc, PlanOptions{}, results.Conduct{Kind: results.TrialStorm})
	if err != nil || trial.Drain != plain.Drain {
		t.Errorf("a trial drains for %v, %v; want %v", trial.Drain, err, plain.Drain)
	}
}

func TestPlanWaitsAtLeastTheCriterion(t *testing.T) {
	sc := morning(600)
	sc.Criteria.InTime = 5 * time.Minute
	sc.Limits.EndsAfter = time.Hour
	if p := mustPlan(t, sc, PlanOptions{}); p.Drain != 5*time.Minute || p.Ends != time.Hour {
		t.Errorf("drain %v, ends after %v", p.Drain, p.Ends)
	}
	sc.Criteria.List = []scenarios.Criterion{{Quantile: big.NewRat(95, 100), Op: "<", Time: 10 * time.Minute}}
	if p := mustPlan(t, sc, PlanOptions{}); p.Drain != 10*time.Minute {
		t.Errorf("drain %v, want the longest time judged", p.Drain)
	}
	sc.Limits.Drain = time.Hour
	if p := mustPlan(t, sc, PlanOptions{}); p.Drain != time.Hour {
		t.Errorf("drain %v, want the file's", p.Drain)
	}
}

func TestPlanRefusesNobody(t *testing.T) {
	sc := morning(600)
	sc.Storm.Curve = nil
	if _, _, err := NewPlan(sc, PlanOptions{}); err == nil {
		t.Error("a storm without a curve was planned")
	}
}

// Two people at second 0, one journey: everything can be counted by hand.
func TestLoadByHand(t *testing.T) {
	sc := morning(2)
	l := &load{requests: make([]float64, 60), connections: make([]float64, 60), open: make([]float64, 60), pages: make([]float64, 60)}
	l.add([]uint32{2}, 0.5, 1, visits(&sc.Journeys[0], sc.Personas[0].Think))
	for _, series := range [][]float64{l.requests, l.connections, l.open, l.pages} {
		integrate(series)
	}
	for _, tc := range []struct {
		name   string
		series []float64
		at     int
		want   float64
	}{
		{"page and redirect", l.requests, 0, 2},
		{"nothing while typing", l.requests, 4, 0},
		{"post, redirect, three calls", l.requests, 8, 5}, // 1 s for the page, 7 s of typing
		{"first connection", l.connections, 0, 1},
		{"idle too long: again, with two more for the calls", l.connections, 8, 3},
		{"held over the pause", l.open, 7, 1},
		{"and two more", l.open, 9, 3},
		{"which close", l.open, 10, 1},
		{"slow page and idle time", l.open, 22, 1},
		{"nobody left", l.open, 23, 0},
		{"page loading", l.pages, 1, 1},
		{"page loaded", l.pages, 2, 0},
	} {
		if got := tc.series[tc.at]; got != tc.want {
			t.Errorf("%s: %v at second %d, want %v", tc.name, got, tc.at, tc.want)
		}
	}
}

// What a hostile file could ask for stays bounded.
func TestVisitsAreBounded(t *testing.T) {
	j := scenarios.Journey{Steps: []scenarios.Step{{Times: 1 << 40, Every: time.Hour}, {Times: 1_000_000}}}
	if n := len(visits(&j, scenarios.Think{})); n > 2*maxRepeats {
		t.Errorf("%d visits", n)
	}
	j.Steps = []scenarios.Step{{Times: 100, Every: time.Minute}}
	list := visits(&j, scenarios.Think{})
	if len(list) != 100 || list[99].after != 99*time.Minute {
		t.Errorf("%d saves, the last after %v", len(list), list[len(list)-1].after)
	}
	j.Steps[0].Until = &scenarios.Matcher{}
	if n := len(visits(&j, scenarios.Think{})); n != 1 {
		t.Errorf("a lobby is polled %d times when nobody waits, want once", n)
	}
}

// A small machine: two CPUs, 20,000 descriptors, the default port range.
var small = Machine{CPUs: 2, Descriptors: 20_000, Ports: 28_232, Memory: 8 << 30}

func TestCheckFits(t *testing.T) {
	for _, tc := range []struct {
		name    string
		people  int
		machine Machine
		want    []string
	}{
		{"the demo on a small machine", 12_000, small, nil},
		{"nothing known about the machine", 330_000, Machine{}, nil},
		{"descriptors cut", 12_000, Machine{Descriptors: 1000, Ports: 28_232}, []string{"descriptors"}},
		{"few ports", 12_000, Machine{Descriptors: 20_000, Ports: 100}, []string{"local ports"}},
		{"little memory", 12_000, Machine{Memory: 100 << 20}, []string{"MiB of memory"}},
		{"a storm of 50,000 connections", 330_000, small, []string{"descriptors", "local ports"}},
	} {
		p := mustPlan(t, morning(tc.people), PlanOptions{Seed: 1, Machine: tc.machine})
		var got []string
		for _, r := range CheckFits(p.Needs) {
			got = append(got, r.What)
			if !regexp.MustCompile(`needs about \d+`).MatchString(r.Why) || !regexp.MustCompile(`\d`).MatchString(r.Remedy) {
				t.Errorf("%s: %q, %q name no numbers", tc.name, r.Why, r.Remedy)
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: refused for %v, want %v (needs %+v)", tc.name, got, tc.want, p.Needs)
		}
	}
}

// The remedy is true: at the scale it names, the plan fits.
func TestRemedyFits(t *testing.T) {
	sc := morning(330_000)
	p := mustPlan(t, sc, PlanOptions{Seed: 1, Machine: small})
	refused := CheckFits(p.Needs)
	if len(refused) == 0 || p.Needs.Open < 30_000 {
		t.Fatalf("not refused: %+v", p.Needs)
	}
	named := regexp.MustCompile(`--scale ([0-9.]+)%`).FindStringSubmatch(refused[0].Remedy)
	if named == nil {
		t.Fatalf("remedy %q names no scale", refused[0].Remedy)
	}
	scale, err := strconv.ParseFloat(named[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	fits := mustPlan(t, sc, PlanOptions{Seed: 1, Machine: small, Scale: scale / 100})
	if r := CheckFits(fits.Needs); len(r) != 0 {
		t.Errorf("refused at the scale named, %v: %v", scale, r)
	}
}

func TestFittingScaleOfAHugePlan(t *testing.T) {
	if got := fittingScale(4_754_140, 20_000, 0.8); got != "0.31%" {
		t.Errorf("scale %s", got)
	}
}

func TestDialsInFlight(t *testing.T) {
	sc := morning(12_000)
	n := mustPlan(t, sc, PlanOptions{Seed: 1}).Needs
	if n.DialsInFlight < min(n.Open, int(n.PeakConnections*dialTimeout.Seconds())) || n.DialsInFlight > max(minDials, n.Open) {
		t.Errorf("%d dials for %v connections/s and %d open", n.DialsInFlight, n.PeakConnections, n.Open)
	}
	sc.Limits.DialsInFlight = 10
	n = mustPlan(t, sc, PlanOptions{Seed: 1}).Needs
	if r := CheckFits(n); n.DialsInFlight != 10 || len(r) != 1 || r[0].What != "dials in flight" {
		t.Errorf("%d dials, refused for %v", n.DialsInFlight, r)
	}
}

func TestRunID(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	sc := morning(1)
	id := RunID(now, sc)
	if !regexp.MustCompile(`^20210406-085800-[a-z2-7]{4}$`).MatchString(id) {
		t.Errorf("run id %q", id)
	}
	if RunID(now, sc) == id {
		t.Error("two runs have one name")
	}
	sc.Storm.Date = ""
	if id := RunID(now, sc); !strings.HasPrefix(id, "20260506-085800-") {
		t.Errorf("run id %q of a morning without a date", id)
	}
	sc.Storm.Date = "../../etc"
	if id := RunID(now, sc); strings.ContainsAny(id, "./") {
		t.Errorf("run id %q is no folder name", id)
	}
}

// Groups beyond the 256th are counted together, nobody is left out.
func TestGroupsFold(t *testing.T) {
	sc := morning(600)
	sc.Population = nil
	for i := range 300 {
		sc.Population = append(sc.Population, scenarios.Cohort{Persona: "eleve", Region: strconv.Itoa(i), People: 10, ShowUp: 1})
	}
	p := mustPlan(t, sc, PlanOptions{Seed: 1})
	if len(p.Groups) != 256 || len(p.Intended) != 256 || p.Groups[254].Region != "254" || p.Groups[255] != (results.Group{Persona: "other"}) {
		t.Fatalf("%d groups, the last %v", len(p.Groups), p.Groups[len(p.Groups)-1])
	}
	people := make([]int, 256)
	total := 0
	for g, seconds := range p.Intended {
		for _, n := range seconds {
			people[g] += int(n)
			total += int(n)
		}
	}
	if total != p.People || people[255] < 10*people[254] {
		t.Errorf("%d of %d people counted; %d in other", total, p.People, people[255])
	}
	group := groupOf(sc)
	if group(0) != 0 || group(254) != 254 || group(255) != 255 || group(299) != 255 {
		t.Errorf("lines 255 and 299 are in groups %d and %d", group(255), group(299))
	}
}
