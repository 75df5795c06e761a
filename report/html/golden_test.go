package html

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firstbell/report"

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

// TestSessionText keeps the words of a session's own sections, and of those that
// speak of a fleet.
func TestSessionText(t *testing.T) {
	for _, g := range []struct {
		fixture, lang string
		sections      []string
	}{
		{"certify_not_ready", "fr", []string{"decision", "recovery", "capacity", "why", "tool"}},
		{"certify_sizes", "en", []string{"capacity", "why"}},
		{"certify_fleet", "fr", []string{"decision", "tool"}},
		{"fleet_worker_lost", "fr", []string{"decision", "storm", "tool"}},
		{"fleet_large", "en", []string{"decision", "tool"}},
		{"fleet_stopped", "en", []string{"tool"}},
	} {
		golden(t, g.fixture+"."+g.lang+".txt", words(t, summary(t, g.fixture), g.lang, g.sections))
	}
}

// words is the text of some sections.
func words(t *testing.T, s *report.Summary, lang string, sections []string) []byte {
	var b bytes.Buffer
	for _, n := range elements(t, render(t, s, lang)) {
		if n.Type != html.ElementNode || n.Data != "section" || !slices.Contains(sections, attr(n, "id")) {
			continue
		}
		b.WriteString("== " + attr(n, "id") + "\n")
		for d := range n.Descendants() {
			if d.Type == html.ElementNode && slices.Contains([]string{"h1", "h2", "h3", "p", "li", "figcaption", "caption", "tr", "dd", "desc"}, d.Data) {
				b.WriteString(strings.Join(strings.Fields(cells(d)), " ") + "\n")
			}
		}
	}
	return b.Bytes()
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
