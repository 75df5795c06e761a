package html

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden keeps two pages byte for byte: the morning with everything in it,
// and the one with nothing.
func TestGolden(t *testing.T) {
	for _, g := range []struct{ fixture, lang string }{{"not_ready", "fr"}, {"empty", "en"}} {
		got := render(t, summary(t, g.fixture), g.lang)
		path := filepath.Join("testdata", g.fixture+"."+g.lang+".html")
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
			at := 0
			for at < min(len(got), len(want)) && got[at] == want[at] {
				at++
			}
			t.Errorf("%s has changed at byte %d; look at the page, then -update\n got …%.200s\nwant …%.200s", path, at, got[at:], want[at:])
		}
	}
}
