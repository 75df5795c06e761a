package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const planned1 = `version: 1
target: http://127.0.0.1:9
accounts: {generate: {count: 9000, login: "e${n}", password: "p${n}"}, synthetic: true, reuse: after_end}
population:
  - {persona: eleve, region: Nord, level: college, people: 7000, show_up: 60%}
  - {persona: parent, region: Sud, level: lycee, people: 900}
  - {persona: prof, region: Sud, level: lycee, people: 400, show_up: 95%}
storm: {profile: 2021-04-06, play: 08:50-09:10}
personas:
  eleve: {think: 8s, journeys: j}
  parent: {think: 8s, journeys: j}
  prof: {role: teacher, think: 9s, journeys: j}
journeys: {j: [{get: /, expect: {text: "${login}"}, in_class: true}, {get: /a, pause: 4s}]}
`

// cli runs a command in this process and gives what it printed.
func cli(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	got := Main(context.Background(), &env{args: args, stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		getenv: func(string) string { return "" }, now: time.Now})
	if got != want {
		t.Fatalf("firstbell %s: exit %d, want %d\n%s", strings.Join(args, " "), got, want, errs.String())
	}
	return out.String() + errs.String()
}

func scenarioFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

var digestLine = regexp.MustCompile(`(?m)^digest +([0-9a-f]{64})$`)

func digestOf(t *testing.T, args ...string) string {
	t.Helper()
	m := digestLine.FindStringSubmatch(cli(t, 0, append([]string{"plan"}, args...)...))
	if m == nil {
		t.Fatal("no digest printed")
	}
	return m[1]
}

// union sorts the lines of all slices as numbers, and gives their SHA-256.
func union(t *testing.T, file string, workers int, args ...string) (digest string, people int) {
	t.Helper()
	type arrival struct{ at, id int }
	var all []arrival
	for w := range workers {
		out := cli(t, 0, append([]string{"plan", file, "--slice", fmt.Sprintf("%d/%d", w, workers)}, args...)...)
		for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
			at, id, _ := strings.Cut(line, " ")
			var a arrival
			var err1, err2 error
			a.at, err1 = strconv.Atoi(at)
			a.id, err2 = strconv.Atoi(id)
			if err1 != nil || err2 != nil || a.id%workers != w {
				t.Fatalf("slice %d/%d: line %q", w, workers, line)
			}
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b arrival) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) })
	h := sha256.New()
	for _, a := range all {
		fmt.Fprintf(h, "%d %d\n", a.at, a.id)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), len(all)
}

func TestPlanSlicesUnite(t *testing.T) {
	file := scenarioFile(t, planned1)
	for _, seed := range []string{"20210406", "0", "18446744073709551615"} {
		want := digestOf(t, file, "--seed", seed)
		for _, workers := range []int{1, 2, 3, 7, 16} {
			got, people := union(t, file, workers, "--seed", seed)
			if got != want || people < 1000 {
				t.Errorf("seed %s, %d workers: %d people, digest %s; want %s", seed, workers, people, got, want)
			}
		}
	}
}

func TestPlanDigest(t *testing.T) {
	file := scenarioFile(t, planned1)
	want := digestOf(t, file)
	for _, same := range []string{"patience.tries=2", "personas.eleve.think=20s", "journeys.j[2].pause=9s", "criteria.in_time=3s",
		"target=http://127.0.0.1:10", "limits.drain=70s", "name=x", "personas.eleve.device=mobile"} {
		if got := digestOf(t, file, "--set", same); got != want {
			t.Errorf("--set %s moves the arrivals", same)
		}
	}
	for _, other := range [][]string{{"--seed", "7"}, {"--scale", "50%"}, {"--set", "storm.play=08:50-09:09"}, {"--set", "population[1].people=7001"}} {
		if got := digestOf(t, append([]string{file}, other...)...); got == want {
			t.Errorf("%v does not move the arrivals", other)
		}
	}
}

func TestPlanRefusesSlices(t *testing.T) {
	file := scenarioFile(t, planned1)
	for _, slice := range []string{"3/3", "-1/2", "0/0", "1", "1/2/3", "a/b", "0/99999999999999999999", " 0/2"} {
		cli(t, 2, "plan", file, "--slice", slice)
	}
}
