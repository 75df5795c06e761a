package scenarios_test

import (
	"errors"
	"strings"
	"testing"

	"firstbell/scenarios"
)

// TestGiven: a scenario read where its files are not, from what another machine
// sent of them, is the same.
func TestGiven(t *testing.T) {
	src := []byte("version: 1\ntarget: https://preprod.example\naccounts: {csv: accounts.csv, synthetic: true}\njourneys:\n  login:\n    - get: /\n      expect: {css: '#in'}\n      in_class: true\n")
	src = append(src, []byte("\ntls: {ca: deep/ca.pem}\n")...)
	asked := ""
	o := scenarios.Options{
		Dir:      t.TempDir(),
		Table:    &scenarios.Table{Columns: []string{"login", "password"}, Rows: [][]string{{"a", "b"}, {}, nil}},
		ReadFile: func(name string) ([]byte, error) { asked = name; return nil, errors.New("not sent") },
	}
	_, err := scenarios.Parse(src, o)
	if err == nil || asked != "deep/ca.pem" || !strings.Contains(err.Error(), "tls: ca cannot be read: not sent") || strings.Contains(err.Error(), "csv") {
		t.Fatalf("asked %q: %v", asked, err)
	}
	src = src[:strings.LastIndex(string(src), "\ntls:")]
	sc, err := scenarios.Parse(src, o)
	if err != nil {
		t.Fatal(err)
	}
	if sc.Accounts.Len() != 3 || sc.Population[0].People != 3 {
		t.Errorf("%d accounts, population %+v", sc.Accounts.Len(), sc.Population)
	}
	if b, err := sc.ReadFile("x"); err == nil {
		t.Errorf("read %q", b)
	}
}
