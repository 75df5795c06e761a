package main

import (
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/runner/witness"
	"firstbell/scenarios"
)

// fleetScenario has all that a bundle must carry: a certificate, variables of the
// environment, accounts bound to personas, people counted by the accounts.
const fleetScenario = `version: 1
target: https://preprod.example
tls: {ca: ca.pem}
basic_auth: {user: staging, password: "${env.STAGING_PASSWORD}"}
accounts: {csv: accounts.csv, synthetic: true}
storm: {profile: 2021-04-06, play: 08:59-09:00}
personas:
  eleve: {role: pupil, journeys: {login: 100%}}
  prof: {role: teacher, journeys: {login: 100%}}
journeys:
  login:
    - post: /auth
      form: {u: "${login}", p: "${password}", k: "${env.KEY}"}
      expect: {text: "${login}"}
      in_class: true
`

func fleetFixture(t *testing.T) *scenarios.Scenario {
	t.Helper()
	dir := t.TempDir()
	rows := []string{"login,password,persona"}
	for i := range 300 {
		rows = append(rows, fmt.Sprintf("user-%d,secret-%d,%s", i, i, map[bool]string{true: "prof", false: "eleve"}[i%10 == 0]))
	}
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: selfSigned(t).Certificate[0]}))
	for name, text := range map[string]string{"accounts.csv": strings.Join(rows, "\n"), "ca.pem": ca} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sc, err := scenarios.Parse([]byte(fleetScenario), scenarios.Options{Dir: dir, Set: []string{"storm.play=07:30-10:00"}, Env: func(key string) (string, bool) {
		v, ok := map[string]string{"STAGING_PASSWORD": "abracadabra", "KEY": "k1", "OTHER": "of nobody's business"}[key]
		return v, ok
	}})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// TestBundle: the worker's scenario is the coordinator's, its plan too, and no
// login or password is in the bundle.
func TestBundle(t *testing.T) {
	whole := fleetFixture(t)
	load, _, err := witness.Reserve(whole, 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundleOf(whole, load)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"user-1", "secret-1", "nobody's business"} {
		if strings.Contains(string(b), secret) {
			t.Errorf("the bundle holds %q", secret)
		}
	}
	sc, err := openBundle(b)
	if err != nil {
		t.Fatal(err)
	}
	if sc.Hash() != whole.Hash() || sc.Accounts.Len() != 298 || !reflect.DeepEqual(sc.Population, whole.Population) {
		t.Errorf("hash %s and %s, %d accounts, population %v", sc.Hash(), whole.Hash(), sc.Accounts.Len(), sc.Population)
	}
	for i := range load.Accounts.Len() {
		if sc.Accounts.PersonaOf(i) != load.Accounts.PersonaOf(i) {
			t.Fatalf("account %d is for another persona", i)
		}
	}
	if v, ok := sc.Env("STAGING_PASSWORD"); v != "abracadabra" || !ok {
		t.Error("the variable did not come along")
	}
	want, _ := whole.ReadFile("ca.pem")
	if ca, err := sc.ReadFile("ca.pem"); err != nil || len(want) == 0 || string(ca) != string(want) {
		t.Errorf("the certificate did not come along: %v", err)
	}
	p := drawn(t, load, 3, 1)
	q, err := (&playSpec{RunID: "r", Seed: 3, Scale: 1, Workers: 2}).draw(sc, time.Now())
	if err != nil || p.Digest != q.Digest || p.People != q.People {
		t.Errorf("another plan: %d people, %d; %v", p.People, q.People, err)
	}
}

func drawn(t *testing.T, sc *scenarios.Scenario, seed uint64, scale float64) *planned {
	t.Helper()
	plan, schedule, err := runner.NewPlan(sc, runner.PlanOptions{Seed: seed, Scale: scale, RunID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	return &planned{Plan: plan, schedule: schedule, seed: seed}
}

// TestLend: each account goes to exactly one worker, each person finds theirs, and
// what a lost worker had is dealt again whole.
func TestLend(t *testing.T) {
	sc := fleetFixture(t)
	b, err := bundleOf(sc, sc)
	if err != nil {
		t.Fatal(err)
	}
	p := drawn(t, sc, 3, 1)
	for name, l := range map[string]*lender{
		"paired": newLender(sc, p.arrivals(), []int{4, 7}),
		"pool":   newLender(sc, slices.Repeat(p.arrivals(), 10), []int{4, 7}),
	} {
		t.Run(name, func(t *testing.T) {
			if (l.paired != nil) != (name == "paired") {
				t.Fatalf("not the case meant: %d people", len(l.list))
			}
			for _, dealt := range [][]results.Slice{
				{{Residue: 0, Modulus: 1}},
				{{Residue: 0, Modulus: 3}, {Residue: 1, Modulus: 3}, {Residue: 2, Modulus: 3}},
				{{Residue: 0, Modulus: 2}, {Residue: 1, Modulus: 6}, {Residue: 3, Modulus: 6}, {Residue: 5, Modulus: 6}},
			} {
				lentOnce(t, sc, b, l, dealt)
			}
		})
	}
}

func lentOnce(t *testing.T, sc *scenarios.Scenario, bundle []byte, l *lender, dealt []results.Slice) {
	t.Helper()
	seen, proved := map[int]bool{}, 0
	people := 0
	for _, s := range dealt {
		data, err := l.lend([]results.Slice{s})
		if err != nil {
			t.Fatal(err)
		}
		there, err := openBundle(bundle)
		if err != nil {
			t.Fatal(err)
		}
		lent, known, err := borrow(there, data)
		if err != nil {
			t.Fatal(err)
		}
		proved += len(known)
		people += l.people([]results.Slice{s}, -1)
		all := lent.Pool
		for id, i := range lent.Paired {
			if !s.Has(id) {
				t.Errorf("person %d is not in %v", id, s)
			}
			all = append(all, i)
		}
		for _, i := range all {
			if seen[i] {
				t.Errorf("account %d twice", i)
			}
			seen[i] = true
			if !reflect.DeepEqual(there.Accounts.Rows[i], sc.Accounts.Rows[i]) {
				t.Errorf("account %d is another one there", i)
			}
		}
		for i, row := range there.Accounts.Rows {
			if row[0] != "" && !seen[i] {
				t.Errorf("account %d was sent and not lent", i)
			}
		}
	}
	want := len(l.rank)
	if l.paired != nil {
		want = len(l.paired)
	}
	if len(seen) != want || people != len(l.list) || l.paired == nil && proved != 2 {
		t.Errorf("%d accounts of %d, %d people of %d, %d proved", len(seen), want, people, len(l.list), proved)
	}
}

// TestHostileLoans: what does not fit the scenario is refused, not used.
func TestHostileLoans(t *testing.T) {
	sc := fleetFixture(t)
	for _, data := range []string{
		``, `{}`, `[]`, `{"version":1,"paired":true,"people":[1],"index":[]}`, `{"version":1,"index":[300],"rows":[["a","b","c"]]}`,
		`{"version":1,"index":[-1],"rows":[["a","b","c"]]}`, `{"version":1,"index":[1]}`, `{"version":1,"index":[1],"rows":[["a"]]}`,
		`{"version":1,"index":[],"proved":[400]}`, `{"version":1,"index":[],"more":1}`, `{"version":1,"index":[]} {}`, `{"version":2,"index":[]}`,
	} {
		if _, _, err := borrow(sc, []byte(data)); err == nil {
			t.Errorf("borrowed %s", data)
		}
	}
}

func FuzzOpenBundle(f *testing.F) {
	f.Add([]byte(`{"version":1,"source":"","hash":"","read":[],"load":[]}`))
	f.Add([]byte(`{"version":1,"source":"dmVyc2lvbjogMQo=","hash":"","columns":["login"],"read":[{"n":3}],"load":[{"persona":"x","n":1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		_, _ = openBundle(data)
		_, _ = readSpec(data)
	})
}
