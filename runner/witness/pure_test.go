package witness

import (
	"reflect"
	"testing"
	"time"

	"firstbell/runner/results"
)

func TestWindow(t *testing.T) {
	var w window
	w.limit = time.Second
	if w.started(0) != nil {
		t.Error("a probe of no window")
	}
	w.begin("a")
	old := w.started(0)
	w.begin("b")
	w.ended(old, 9*time.Second) // of the window before
	w.ended(nil, 0)
	for i := range 18 {
		w.ended(w.started(time.Duration(i)*time.Second), time.Duration(i+1)*50*time.Millisecond)
	}
	w.ended(w.started(18*time.Second), never)
	w.ended(w.started(19*time.Second), 2*time.Second)
	w.started(20 * time.Second) // too long under way
	w.started(25 * time.Second) // nobody can say
	got := w.end(26*time.Second, 4*time.Second)
	want := results.Beheld{Trial: "b", N: 21, Failed: 2, Over: 3, P50: 0.55, P95: results.Never}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if w.started(27*time.Second) != nil {
		t.Error("a probe of a closed window")
	}
	w.begin("c")
	if got := w.end(0, 0); got != (results.Beheld{Trial: "c", P50: results.Never, P95: results.Never}) {
		t.Errorf("an empty window: %+v", got)
	}
}

func TestReserve(t *testing.T) {
	sc := parse(t, yaml)
	rest, own, err := Reserve(sc, 3)
	if err != nil || rest.Accounts.Len() != 497 || !reflect.DeepEqual(own, map[string][]int{"eleve": {497, 498, 499}}) || sc.Accounts.Len() != 500 {
		t.Fatalf("%d, %v, %v", rest.Accounts.Len(), own, err)
	}
	login, _ := sc.Accounts.Lookup(own["eleve"][0])("login")
	if login != "eleve498" {
		t.Errorf("the witness's first account is %s", login)
	}
	if last, _ := rest.Accounts.Lookup(496)("login"); last != "eleve497" {
		t.Errorf("the load's last account is %s", last)
	}
	if _, _, err := Reserve(sc, 500); err == nil {
		t.Error("all accounts were set aside")
	}
}

// TestReserveRows: of a file's rows, the last ones of each persona.
func TestReserveRows(t *testing.T) {
	sc := parse(t, yaml)
	sc.Accounts.Generate = nil
	sc.Accounts.Columns = []string{"login", "password", "persona"}
	sc.Accounts.Rows = [][]string{{"a", "p", "eleve"}, {"b", "p", ""}, {"c", "p", "eleve"}, {"d", "p", "prof"}, {"e", "p", "prof"}, {"f", "p", ""}}
	sc.Personas = append(sc.Personas, sc.Personas[0], sc.Personas[0])
	sc.Personas[1].ID, sc.Personas[2].ID = "prof", "parent"
	rest, own, err := Reserve(sc, 1)
	if err != nil || !reflect.DeepEqual(own, map[string][]int{"eleve": {2}, "prof": {4}, "parent": {5}}) {
		t.Fatalf("%v, %v", own, err)
	}
	if got := len(rest.Accounts.Rows); got != 3 || rest.Accounts.Rows[0][0] != "a" || rest.Accounts.Rows[1][0] != "b" || rest.Accounts.Rows[2][0] != "d" {
		t.Errorf("left: %v", rest.Accounts.Rows)
	}
	if len(sc.Accounts.Rows) != 6 {
		t.Error("the scenario was changed")
	}
}
