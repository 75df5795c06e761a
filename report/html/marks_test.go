package html

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"firstbell/report"
	"firstbell/report/catalog"

	"golang.org/x/net/html"
)

// elements walks a page.
func elements(t testing.TB, page []byte) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(string(page)))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(root.Descendants())
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func content(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// TestEveryNumberIsInTheSummary resolves each mark in summary.json, and checks
// that what is printed is that value, written by its format.
func TestEveryNumberIsInTheSummary(t *testing.T) {
	for _, name := range names() {
		s := summary(t, name)
		raw, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		marks, second := 0, reader{"": raw}
		for _, n := range elements(t, render(t, s, "fr")) {
			if n.Data != "data" || n.Type != html.ElementNode {
				continue
			}
			marks++
			key := attr(n, "data-k")
			if got := second.resolve(t, key); got != attr(n, "value") {
				t.Errorf("%s: %s is %q in summary.json, %q in the page", name, key, got, attr(n, "value"))
			}
			if !writes(key, attr(n, "value"), content(n)) {
				t.Errorf("%s: %s = %q is printed %q", name, key, attr(n, "value"), content(n))
			}
		}
		if marks < 20 {
			t.Errorf("%s: only %d numbers", name, marks)
		}
	}
}

// reader is a second reader of summary.json, with nothing of facts in it; it
// keeps what it has read of each path.
type reader map[string]json.RawMessage

func (r reader) resolve(t *testing.T, key string) string {
	t.Helper()
	return strings.Trim(string(r.at(t, key)), `"`)
}

func (r reader) at(t *testing.T, key string) json.RawMessage {
	if at, ok := r[key]; ok {
		return at
	}
	parent := ""
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		parent = key[:i]
	}
	above := r.at(t, parent)
	var m map[string]json.RawMessage
	var l []json.RawMessage
	if json.Unmarshal(above, &m) != nil && json.Unmarshal(above, &l) != nil {
		t.Errorf("summary.json has no %s", key)
	}
	for i, x := range l {
		if m == nil {
			m = map[string]json.RawMessage{}
		}
		m[strconv.Itoa(i)] = x
	}
	for name, x := range m {
		r[strings.TrimPrefix(parent+"."+name, ".")] = x
	}
	if _, ok := r[key]; !ok {
		t.Errorf("summary.json has no %s", key)
		r[key] = nil
	}
	return r[key]
}

// writes reports whether a text is one of the ways a value may be written.
func writes(key, value, text string) bool {
	c := catalog.For("fr")
	d := report.Decimal(value)
	if strings.Contains(key, "never_share") && c.Fraction(d) == text {
		return true
	}
	if s, err := strconv.Atoi(value); err == nil && strings.HasSuffix(key, "_s") {
		if text == c.Clock(s) || text == c.Prose(s) {
			return true
		}
	}
	for _, f := range []report.Format{report.FormatCount, report.FormatPercent, report.FormatDuration, report.FormatEnding} {
		if c.Value(d, f) == text || strings.Contains(text, c.Threshold(d, f)) {
			return true
		}
	}
	if strings.HasPrefix(value, "-") && c.Signed(d) == text {
		return true
	}
	if rounded(key, d, text) {
		return true
	}
	if strings.HasSuffix(text, "%") && strings.HasPrefix(key, "criteria.") && strings.Contains(key, ".ci95.") {
		return outwards(d.Float()*100, text, strings.HasSuffix(key, ".1"))
	}
	return strings.HasSuffix(text, "%") && rounds(d.Float()*100, text)
}

// rounded reports whether a text is a rate, a factor or a count of people: the
// ends of an interval are rounded outwards.
func rounded(key string, d report.Decimal, text string) bool {
	plain := strings.TrimPrefix(text, "×")
	part, _, _ := strings.Cut(key, ".")
	switch {
	case !slices.Contains([]string{"capacity", "recovery", "attribution", "sizing", "session", "generator"}, part):
		return false
	case strings.HasSuffix(key, ".low"), strings.Contains(key, "ci95.0"):
		return outwards(d.Float(), strings.Replace(plain, "−", "-", 1), false)
	case strings.HasSuffix(key, ".high"), strings.Contains(key, "ci95.1"):
		return outwards(d.Float(), strings.Replace(plain, "−", "-", 1), true)
	case key == "session.witness.trials.1.p95_s" && text == "jamais":
		return d == "-1"
	}
	return rounds(d.Float(), strings.Replace(plain, "−", "-", 1))
}

// rounds reports whether a text is a number rounded, with more digits than
// usual when that keeps it on its own side of a limit.
func rounds(v float64, text string) bool {
	plain := strings.NewReplacer("\u202f", "", "%", "", ",", ".").Replace(text)
	got, err := strconv.ParseFloat(plain, 64)
	_, tail, _ := strings.Cut(plain, ".")
	return err == nil && math.Abs(got-v) <= 0.5*math.Pow(10, -float64(len(tail)))+1e-9
}

// outwards reports whether a text is the end of an interval, rounded down or up
// so that what is printed holds what was computed.
func outwards(v float64, text string, up bool) bool {
	plain := strings.NewReplacer("\u202f", "", "%", "", ",", ".").Replace(text)
	got, err := strconv.ParseFloat(plain, 64)
	_, tail, _ := strings.Cut(plain, ".")
	gap := got - v
	if !up {
		gap = -gap
	}
	return err == nil && gap >= -1e-9 && gap < math.Pow(10, -float64(len(tail)))+1e-9
}

// TestNoNumberWithoutAMark looks for digits outside marks in the tables of
// measurements: their cells hold numbers, times and words, nothing else.
func TestNoNumberWithoutAMark(t *testing.T) {
	s := summary(t, "not_ready")
	for _, n := range elements(t, render(t, s, "fr")) {
		if n.Type != html.ElementNode || n.Data != "td" || attr(n, "class") != "n" {
			continue
		}
		for c := range n.ChildNodes() {
			if c.Type == html.TextNode && strings.ContainsAny(c.Data, "0123456789") && !isStatus(n) {
				t.Errorf("%q is not marked", content(n))
			}
		}
	}
}

// isStatus: the status of an HTTP answer is a name, not a measurement.
func isStatus(n *html.Node) bool { return attr(n, "data-label") == "code HTTP" }
