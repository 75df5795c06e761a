package junit

import (
	"bytes"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"firstbell/report"
	"firstbell/report/reporttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestWrite(t *testing.T) {
	for name, want := range map[string]struct{ failures, errors int }{
		"ready":                            {0, 0},
		"not_ready":                        {1 + 3, 0},
		"inconclusive_generator_saturated": {1, 1},
		"inconclusive_interval_straddles":  {0, 2},
		"empty":                            {1, 1 + 3 + 3},
		"fleet_worker_lost":                {1, 1 + 1},
		"certify_ready":                    {0, 0},
		"certify_not_ready":                {1 + 1 + 3, 0},
		"certify_at_least":                 {0, 0},
		"certify_quick":                    {0, 1 + 1},
		"capacity_no_storms":               {0, 1 + 1},
	} {
		s := judged(t, name)
		var b, again bytes.Buffer
		if err := Write(&b, s, "fr"); err != nil {
			t.Fatal(err)
		}
		if err := Write(&again, s, "fr"); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Errorf("%s: twice gives two texts (%v)", name, err)
		}
		var back suites
		if err := xml.Unmarshal(b.Bytes(), &back); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := back.Suite
		if got.Failures != want.failures || got.Errors != want.errors {
			t.Errorf("%s: %d failures, %d errors; want %d, %d", name, got.Failures, got.Errors, want.failures, want.errors)
		}
		n := 1 + len(s.Criteria) + len(s.Validity)
		if s.Session != nil {
			n++
		}
		if got.Tests != n || len(got.Cases) != n {
			t.Errorf("%s: %d tests, %d cases; want %d", name, got.Tests, len(got.Cases), n)
		}
		golden(t, name+".xml", b.Bytes())
	}
}

func TestHostileNamesStayXML(t *testing.T) {
	s := judged(t, "worst_group")
	for i := range s.Criteria {
		s.Criteria[i].ID = "a\x00\xff]]><script>\u202e"
	}
	var b bytes.Buffer
	if err := Write(&b, s, "en"); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(b.Bytes(), &suites{}); err != nil {
		t.Error(err)
	}
}

func judged(t *testing.T, name string) *report.Summary {
	t.Helper()
	return reporttest.Summary(t, name)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s has changed; look at the difference, then -update\n%s", name, got)
	}
}
