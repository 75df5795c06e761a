package terminal

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"firstbell/report"
	"firstbell/report/reporttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func print(t *testing.T, s *report.Summary, o Options) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, s, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEnd(t *testing.T) {
	for _, name := range []string{"certify_not_ready", "certify_sizes", "certify_quick", "capacity_blocked", "certify_largest", "ready", "not_ready", "worst_group", "inconclusive_generator_saturated", "interrupted", "empty", "inconclusive_no_criteria", "fleet_worker_lost", "fleet_large", "fleet_ready"} {
		s := reporttest.Summary(t, name)
		for _, o := range []Options{{Lang: "fr", Width: 80}, {Lang: "fr", Width: 60}, {Lang: "en", Width: 80}} {
			o.Report = "runs/x/report.html"
			got := print(t, s, o)
			for i, line := range strings.Split(got, "\n") {
				if n := visible(strings.TrimRight(line, " ")); n > o.Width {
					t.Errorf("%s: line %d has %d columns of %d: %q", name, i+1, n, o.Width, line)
				}
			}
			o.Colour = true
			if plain := strip(print(t, s, o)); plain != got {
				t.Errorf("%s: colour changes more than colour:\n%s\n%s", name, plain, got)
			}
			if o.Width == 80 || name == "not_ready" {
				golden(t, name+"."+o.Lang+"."+strconv.Itoa(o.Width)+".txt", got)
			}
		}
	}
}

func TestVerdictIsLast(t *testing.T) {
	run, sc := reporttest.Load(t, "not_ready")
	s, err := report.Judge(run, sc)
	if err != nil {
		t.Fatal(err)
	}
	if got := print(t, s, Options{}); !strings.HasSuffix(got, "\n✗ NON PRÊT\n") {
		t.Errorf("the verdict is not the last line: %q", got[max(0, len(got)-80):])
	}
}

func strip(s string) string {
	var b strings.Builder
	escape := false
	for _, r := range s {
		switch {
		case r == 0x1b:
			escape = true
		case escape:
			escape = r != 'm'
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
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
