package scenarios

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add(small)
	b, err := os.ReadFile("testdata/every-key.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(b))
	f.Add("a: &a [*a]\nb: {c: ${x}}\n\t- \x00")
	f.Add("journeys: {a: [{use: a}], b: [{submit: , if: {not: {not: {}}}}]}")
	f.Fuzz(func(t *testing.T, src string) {
		sc, err := Parse([]byte(src), Options{SkipFiles: true})
		var m *Mistakes
		switch {
		case err == nil && sc == nil:
			t.Fatal("nothing")
		case err != nil && (!errors.As(err, &m) || len(m.List) == 0 || m.Error() == ""):
			t.Fatalf("not mistakes: %v", err)
		case err != nil:
			return
		}
		// What --set writes must read as the same scenario.
		set, err := Parse([]byte(src), Options{SkipFiles: true, Set: []string{"name=x"}})
		if err != nil {
			t.Fatalf("--set name: %v", err)
		}
		again, err := Parse(set.Source, Options{SkipFiles: true})
		if err != nil {
			t.Fatalf("the source after --set: %v\n%s", err, set.Source)
		}
		if a, b := fingerprint(set), fingerprint(again); a != b {
			t.Fatalf("the source after --set reads otherwise:\n%s\n%s\n%s", a, b, set.Source)
		}
	})
}

func FuzzSet(f *testing.F) {
	f.Add("storm.play=08:58-09:01")
	f.Add("journeys.login[2].expect.text[1]={regex: x}")
	f.Add(`resolve."ent.example"=127.0.0.1`)
	f.Fuzz(func(t *testing.T, set string) {
		sc, err := Parse([]byte(small), Options{SkipFiles: true, Set: []string{set}})
		if err == nil && len(sc.Source) == 0 {
			t.Fatal("no source")
		}
	})
}

func FuzzTemplate(f *testing.F) {
	f.Add("a${b}c${d|sha1_hex}$${e}")
	f.Add("${cookie.a|b}${${}}")
	f.Fuzz(func(t *testing.T, src string) {
		tm, err := ParseTemplate(src)
		if err != nil {
			var te *TemplateError
			if !errors.As(err, &te) || te.Offset < 0 || te.Offset > len(src) {
				t.Fatalf("%v", err)
			}
			te.column(src)
			return
		}
		echo := func(name string) (string, bool) { return "${" + name + "}", true }
		got, err := tm.Expand(echo)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(src, "$${") && !strings.Contains(src, "|") && got != src {
			t.Fatalf("%q became %q", src, got)
		}
		if _, err := tm.ExpandURL(echo); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("login,password\na,b\n"))
	f.Add([]byte("\xef\xbb\xbflogin;password;persona\r\n\"a\"\"\";b;eleve\r\n"))
	f.Add([]byte("login,password\n\"\xff\x00"))
	f.Fuzz(func(t *testing.T, src []byte) {
		columns, rows, mistakes := readCSV(src, "a.csv", []string{"eleve"})
		if len(mistakes) > maxRowMistakes+len(columns)+1 {
			t.Fatalf("%d mistakes", len(mistakes))
		}
		a := Accounts{Columns: columns, Rows: rows}
		for i := range min(a.Len(), 10) {
			if login, ok := a.Lookup(i)("login"); !ok || login == "" {
				t.Fatal("an account without a login")
			}
			a.PersonaOf(i)
		}
	})
}
