package html

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden keeps two pages byte for byte: the morning with everything in it,
// and the one with nothing.
func TestGolden(t *testing.T) {
	for _, g := range []struct{ fixture, lang string }{{"not_ready", "fr"}, {"empty", "en"}} {
		got := render(t, summary(t, g.fixture), g.lang)
		golden(t, g.fixture+"."+g.lang+".html", got)
	}
}

// TestSessionText keeps the words of a session's own sections.
func TestSessionText(t *testing.T) {
	var b bytes.Buffer
	for _, n := range elements(t, render(t, summary(t, "certify_not_ready"), "fr")) {
		if n.Type != html.ElementNode || n.Data != "section" || !slices.Contains([]string{"decision", "recovery", "capacity", "why", "tool"}, attr(n, "id")) {
			continue
		}
		b.WriteString("== " + attr(n, "id") + "\n")
		for d := range n.Descendants() {
			if d.Type == html.ElementNode && slices.Contains([]string{"h1", "h2", "h3", "p", "li", "figcaption", "caption", "tr", "dd", "desc"}, d.Data) {
				b.WriteString(strings.Join(strings.Fields(cells(d)), " ") + "\n")
			}
		}
	}
	golden(t, "certify_not_ready.fr.txt", b.Bytes())
}

// cells is the text of an element, the cells of a row apart.
func cells(n *html.Node) string {
	if n.Data != "tr" {
		return content(n)
	}
	out := ""
	for c := range n.ChildNodes() {
		out += content(c) + " | "
	}
	return out
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
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
		t.Errorf("%s has changed at byte %d; look at it, then -update\n got …%.200s\nwant …%.200s", path, at, got[at:], want[at:])
	}
}
