package scenarios

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// decoder walks the node tree and collects every mistake; no method stops at
// the first.
type decoder struct {
	file     string
	opts     Options
	mistakes []Mistake
	broken   []string         // top-level keys lost to a syntax error
	origin   map[*node]string // nodes that came by --set
	asked    map[string]map[string]bool
	events   *[]event // where templates of the step being read are noted
	sc       *Scenario
	journeys journeyBook
	unquoted []unquoted // variables that were repaired

	// What the assumptions and the last checks need to know.
	worstNode      *node
	ownCurve       bool
	ownPatienceKey map[string]bool
	impliedShowUp  map[int]bool // lines of cohorts without show_up
}

// event is one use or one setting of a variable, in the order of the run.
type event struct {
	name string
	sets bool
	node *node
	at   int // characters into the node's text
}

func (d *decoder) add(m Mistake) {
	if m.File == "" {
		m.File = d.file
	}
	if !d.full() {
		d.mistakes = append(d.mistakes, m)
	}
}

// lost reports whether a top-level key could not be read: names it may define
// are then not called unknown.
func (d *decoder) lost(key string) bool { return slices.Contains(d.broken, key) }

// full reports whether more mistakes would not be told anyway.
func (d *decoder) full() bool { return len(d.mistakes) >= 50*maxMistakes }

// fail adds a mistake at a node.
func (d *decoder) fail(n *node, code, what, why, fix string) { d.failAt(n, 0, code, what, why, fix) }

// failAt is fail, some characters into the node's text.
func (d *decoder) failAt(n *node, chars int, code, what, why, fix string) {
	m := Mistake{Code: code, What: what, Why: why, Fix: fix}
	if n != nil {
		if key, ok := d.origin[n]; ok {
			m.File = "--set " + key
			d.add(m)
			return
		}
		m.Line, m.Column = n.Line, n.Column
		if chars > 0 && !strings.Contains(n.Value, "\n") {
			m.Column += chars
			if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
				m.Column++
			}
		}
	}
	d.add(m)
}

func isNull(n *node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == ""
}

func kindName(n *node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	}
	return "the text " + quoted(n.Value)
}

func (d *decoder) isMapping(n *node, what string) bool {
	if n.Kind == yaml.MappingNode {
		return true
	}
	d.fail(n, codeKind, fmt.Sprintf("%s must be a mapping, found %s", what, kindName(n)), "", "")
	return false
}

// list gives the entries of a list; a single value counts as a list of one.
func list(n *node) []*node {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.SequenceNode {
		return n.Content
	}
	return []*node{n}
}

// strictList is list for places where one value alone is a mistake.
func (d *decoder) strictList(n *node, what string) []*node {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, codeKind, fmt.Sprintf("%s must be a list, found %s", what, kindName(n)), "", "start each entry with a dash")
		return nil
	}
	return n.Content
}

// text gives a scalar as it is written, whatever YAML takes it for.
func (d *decoder) text(n *node, what string) (string, bool) {
	if n == nil {
		return "", false
	}
	if n.Kind != yaml.ScalarNode || isNull(n) {
		d.fail(n, codeKind, fmt.Sprintf("%s must be a text, found %s", what, kindName(n)), "", "")
		return "", false
	}
	return n.Value, true
}

// label is a text the report prints: one line of at most so many characters,
// none of which moves a terminal's cursor or turns a line around.
func (d *decoder) label(n *node, what string, most int) string {
	s, ok := d.text(n, what)
	if !ok {
		return ""
	}
	s = strings.Join(strings.Fields(s), " ")
	unprintable := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
	if utf8.RuneCountInString(s) > most || strings.ContainsFunc(s, unprintable) {
		d.fail(n, codeName, fmt.Sprintf("%s: the text cannot be printed in a report", what), "",
			fmt.Sprintf("at most %d characters, no control characters", most))
		return ""
	}
	return s
}

// anyText is text where nothing at all means the empty text.
func (d *decoder) anyText(n *node, what string) (string, bool) {
	if n != nil && isNull(n) {
		return "", true
	}
	return d.text(n, what)
}

func (d *decoder) duration(n *node, what string, least, most time.Duration) time.Duration {
	s, ok := d.text(n, what)
	if !ok {
		return 0
	}
	v, err := parseDuration(s)
	if err != nil {
		d.fail(n, codeDuration, fmt.Sprintf("%s: %s is not a duration", what, quoted(s)), "", err.Error())
		return 0
	}
	if v < least || v > most {
		d.fail(n, codeDuration, fmt.Sprintf("%s: %s is out of range", what, s), "", fmt.Sprintf("between %v and %v", least, most))
		return 0
	}
	return v
}

func (d *decoder) percent(n *node, what string) *big.Rat {
	s, ok := d.text(n, what)
	if !ok {
		return nil
	}
	r, err := parsePercent(s)
	if err != nil {
		d.fail(n, codePercent, fmt.Sprintf("%s: %s is not a percentage", what, quoted(s)), "", err.Error())
		return nil
	}
	return r
}

func (d *decoder) share(n *node, what string, fallback float64) float64 {
	if n == nil {
		return fallback
	}
	r := d.percent(n, what)
	if r == nil {
		return fallback
	}
	return float(r)
}

func (d *decoder) number(n *node, what string, least, most int) (int, bool) {
	s, ok := d.text(n, what)
	if !ok {
		return 0, false
	}
	v, err := strconv.Atoi(s)
	if err != nil || v < least || v > most || strings.HasPrefix(s, "+") {
		d.fail(n, codeNumber, fmt.Sprintf("%s: %s is not a whole number from %d to %d", what, quoted(s), least, most), "", "write it in digits alone: "+strconv.Itoa(min(max(v, least), most)))
		return 0, false
	}
	return v, true
}

func (d *decoder) yes(n *node, what string) bool {
	s, ok := d.text(n, what)
	if !ok {
		return false
	}
	switch s {
	case "true":
		return true
	case "false":
		return false
	}
	d.fail(n, codeClosed, fmt.Sprintf("%s: %s is neither true nor false", what, quoted(s)), "", "write true or false")
	return false
}

// word gives a scalar that must be one of a few.
func (d *decoder) word(n *node, what string, known ...string) string {
	s, ok := d.text(n, what)
	if !ok {
		return ""
	}
	if !slices.Contains(known, s) {
		d.fail(n, codeClosed, fmt.Sprintf("%s: unknown value %s", what, quoted(s)), "", DidYouMean(s, known))
		return ""
	}
	return s
}

// template reads a text with variables and notes which it uses.
func (d *decoder) template(n *node, what string) Template {
	s, ok := d.anyText(n, what)
	if !ok {
		return Template{}
	}
	t, err := ParseTemplate(s)
	if err != nil {
		te := err.(*TemplateError)
		d.failAt(n, te.column(s), codeTemplate, fmt.Sprintf("%s: %s", what, te.What), "", te.Fix)
		return Template{}
	}
	d.note(n, t)
	return t
}

func (d *decoder) note(n *node, t Template) {
	if d.events == nil {
		return
	}
	for _, name := range t.Names() {
		*d.events = append(*d.events, event{name: name, node: n, at: max(0, strings.Index(t.source, "${"+name))})
	}
}

// think reads a duration, none, or {median, p95}.
func (d *decoder) think(n *node, what string) Think {
	if n.Kind == yaml.ScalarNode {
		if n.Value == "none" {
			return Think{}
		}
		v := d.duration(n, what, 0, 2*time.Hour)
		return Think{v, v}
	}
	f := d.open(n, thinkTable)
	t := Think{
		Median: d.durationOr(f.get("median"), what+": median", 0),
		P95:    d.durationOr(f.get("p95"), what+": p95", 0),
	}
	if !f.has("p95") {
		t.P95 = t.Median
	}
	if t.P95 < t.Median {
		d.fail(n, codeDuration, what+": p95 is below the median", "", "the 95th percentile is the longer of the two")
		t.P95 = t.Median
	}
	return t
}

func (d *decoder) durationOr(n *node, what string, fallback time.Duration) time.Duration {
	if n == nil {
		return fallback
	}
	return d.duration(n, what, 0, 24*time.Hour)
}
