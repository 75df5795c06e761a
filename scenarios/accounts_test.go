package scenarios

import (
	"fmt"
	"strings"
	"testing"
)

func TestReadCSV(t *testing.T) {
	for name, src := range map[string]string{
		"comma":         "login,password,persona\na,1,eleve\nb,2,\n",
		"semicolon":     "login;password;persona\r\na;1;eleve\r\nb;2;\r\n",
		"mark":          "\ufefflogin,password,persona\na,1,eleve\nb,2,\n",
		"spaces, case":  " Login ,PASSWORD,Persona\na,1,eleve\nb,2,\n",
		"quoted":        "login,password,persona\n\"a\",\"1\",eleve\n\nb,2,\n",
		"other order":   "persona,x,password,login\neleve,z,1,a\n,z,2,b\n",
		"no final line": "login,password,persona\na,1,eleve\nb,2,",
	} {
		columns, rows, mistakes := readCSV([]byte(src), "a.csv", []string{"eleve"})
		a := Accounts{Columns: columns, Rows: rows}
		if len(mistakes) > 0 || a.Len() != 2 {
			t.Errorf("%s: %v %v", name, rows, mistakes)
			continue
		}
		l0, _ := a.Lookup(0)("login")
		p1, _ := a.Lookup(1)("password")
		if _, ok := a.Lookup(0)("nope"); l0 != "a" || p1 != "2" || a.PersonaOf(0) != "eleve" || a.PersonaOf(1) != "" || ok {
			t.Errorf("%s: %q %q %q %q", name, l0, p1, a.PersonaOf(0), a.PersonaOf(1))
		}
	}
}

func TestCSVMistakesNameLinesAndNoSecrets(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		line int
	}{
		"empty":        {"", 1},
		"no header":    {"s3cret-login,s3cret\n", 1},
		"no account":   {"login,password\n", 1},
		"empty login":  {"login,password\n,s3cret\n", 2},
		"empty pass":   {"login,password\ns3cret,\n", 2},
		"columns":      {"login,password\na,b\ns3cret,b,c\n", 3},
		"quote":        {"login,password\na,b\n\"s3cret,b\n", 3},
		"inner quote":  {"login,password\ns3\"cret,b\n", 2},
		"twice":        {"login,password\ns3cret,b\nx,y\ns3cret,c\n", 4},
		"persona":      {"login,password,persona\na,s3cret,profs\n", 2},
		"latin-1":      {"login,password\na,b\ns3cret\xe9,b\n", 3},
		"NUL":          {"login,password\na,\x00s3cret\n", 2},
		"column name":  {"login,password,l'école s3cret\na,b,c\n", 1},
		"column twice": {"login,password,login\na,b,c\n", 1},
	} {
		_, rows, mistakes := readCSV([]byte(c.src), "a.csv", []string{"eleve", "prof"})
		if len(mistakes) == 0 {
			t.Errorf("%s: accepted %v", name, rows)
			continue
		}
		if m := mistakes[0]; m.Line != c.line || m.File != "a.csv" || m.Code != codeCSV {
			t.Errorf("%s: %v", name, m)
		}
		if strings.Contains(fmt.Sprint(mistakes), "s3cret") {
			t.Errorf("%s prints a value: %v", name, mistakes)
		}
	}
	if _, _, mistakes := readCSV([]byte("login,password\n"+strings.Repeat(",x\n", 500)), "a.csv", nil); len(mistakes) != maxRowMistakes {
		t.Errorf("%d mistakes", len(mistakes))
	}
}

func TestGenerator(t *testing.T) {
	sc := mustParse(t, strings.Replace(small, `password: "p${n}"`, `password: "${env.PW}-${n}", class: "c${n}"`, 1), Options{Env: someEnv})
	a := sc.Accounts
	login, _ := a.Lookup(99)("login")
	password, _ := a.Lookup(0)("password")
	class, _ := a.Lookup(1)("class")
	if _, ok := a.Lookup(0)("n"); ok || a.Len() != 100 || login != "e100" || password != "from-the-environment-1" || class != "c2" {
		t.Errorf("%q %q %q", login, password, class)
	}
}

func TestCheckAccounts(t *testing.T) {
	sc := mustParse(t, small, Options{})
	if err := sc.CheckAccounts(100); err != nil {
		t.Error(err)
	}
	if err := sc.CheckAccounts(101); err == nil || !strings.Contains(err.Error(), "reuse: after_end") {
		t.Error(err)
	}
	sc.Accounts.Reuse = ReuseAfterEnd
	if err := sc.CheckAccounts(101); err != nil {
		t.Error(err)
	}
}

func TestCheckAccountsByCohort(t *testing.T) {
	columns, rows, _ := readCSV([]byte("login,password,persona\na,1,eleve\nb,1,prof\nc,1,\n"), "a.csv", nil)
	sc := &Scenario{Accounts: Accounts{Columns: columns, Rows: rows},
		Personas:   []Persona{{ID: "eleve"}, {ID: "prof"}},
		Population: []Cohort{{Persona: "eleve"}, {Persona: "prof"}, {Persona: "eleve"}}}
	for _, c := range []struct {
		people []int
		ok     bool
	}{{[]int{1, 1, 0}, true}, {[]int{1, 1, 1}, true}, {[]int{1, 2, 0}, true}, {[]int{1, 2, 1}, false}, {[]int{0, 3, 0}, false}} {
		if err := sc.CheckAccountsByCohort(c.people); (err == nil) != c.ok {
			t.Errorf("%v: %v", c.people, err)
		}
	}
}

func TestVars(t *testing.T) {
	sc := mustParse(t, small+"hosts: {cas: 'https://cas.example/'}\n", Options{Env: someEnv})
	for name, want := range map[string]string{"target": "https://ent.example", "cas": "https://cas.example", "env.X": "from-the-environment"} {
		if got, ok := sc.Vars()(name); !ok || got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if _, ok := sc.Vars()("login"); ok {
		t.Error("an account's value is the scenario's")
	}
}
