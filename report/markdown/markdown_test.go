package markdown

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"firstbell/report"
	"firstbell/report/reporttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestWrite(t *testing.T) {
	for _, name := range []string{"ready", "not_ready", "cut", "empty", "certify_not_ready", "certify_sizes", "certify_quick", "fleet_worker_lost"} {
		s := judged(t, name)
		for _, lang := range []string{"fr", "en"} {
			golden(t, name+"."+lang+".md", write(t, s, lang))
		}
	}
}

func TestNeverOverTheLimit(t *testing.T) {
	s := judged(t, "not_ready")
	for range 2000 {
		s.Criteria = append(s.Criteria, s.Criteria[0])
	}
	got := write(t, s, "fr")
	if len(got) > Limit || !utf8.ValidString(got) || !strings.HasSuffix(got, "(suite dans le rapport complet)\n") {
		t.Errorf("%d bytes, ends with %q", len(got), got[max(0, len(got)-60):])
	}
}

func TestHostileTextIsInert(t *testing.T) {
	s := judged(t, "ready")
	s.Run.Name = "<img src=x onerror=alert(1)> | `a` [b](javascript:c) @everyone\n# Titre"
	got := write(t, s, "en")
	for _, bad := range []string{"<img", "[b](", "@everyone", "\n# Titre"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q stands in the document", bad)
		}
	}
}

func write(t *testing.T, s *report.Summary, lang string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, s, lang); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func judged(t *testing.T, name string) *report.Summary {
	t.Helper()
	return reporttest.Summary(t, name)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed; look at the difference, then -update\n%s", name, got)
	}
}
