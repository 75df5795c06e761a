package html

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"firstbell/report"
	"firstbell/report/catalog"
)

// Num is a piece of text. Key is the path of a measured number in summary.json
// and Value what stands there; both are empty for plain words.
type Num struct{ Text, Value, Key string }

// Words is a text whose measured numbers are marked.
type Words []Num

func plain(s string) Words { return Words{{Text: s}} }

// facts reads numbers out of the bytes of summary.json, so that no face can
// print one that is not there.
type facts struct {
	c    *catalog.Catalog
	root any
	json []byte
	err  error // the first path that leads nowhere
}

func newFacts(s *report.Summary, c *catalog.Catalog) (*facts, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	f := &facts{c: c, json: raw}
	return f, d.Decode(&f.root)
}

// value is what stands at a path of names and indexes joined by dots.
func (f *facts) value(key string) (string, error) {
	at := f.root
	for name := range strings.SplitSeq(key, ".") {
		switch x := at.(type) {
		case map[string]any:
			next, ok := x[name]
			if !ok {
				return "", fmt.Errorf("summary.json has no %s", key)
			}
			at = next
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(x) {
				return "", fmt.Errorf("summary.json has no %s", key)
			}
			at = x[i]
		default:
			return "", fmt.Errorf("summary.json has no %s", key)
		}
	}
	switch x := at.(type) {
	case json.Number:
		return x.String(), nil
	case string:
		return x, nil
	}
	return "", fmt.Errorf("%s is no number in summary.json", key)
}

// num gives the number at a path, written by write; a number that was not
// measured is words without a mark.
func (f *facts) num(key string, write func(report.Decimal) string) Num {
	v, err := f.value(key)
	if err != nil && f.err == nil {
		f.err = err
	}
	if v == "" {
		return Num{Text: f.c.Text("not_measured")}
	}
	return Num{Text: write(report.Decimal(v)), Value: v, Key: key}
}

func (f *facts) count(key string) Num {
	return f.num(key, func(d report.Decimal) string { return f.c.Value(d, report.FormatCount) })
}

func (f *facts) percent(key string) Num { return f.num(key, f.c.Percent) }

func (f *facts) duration(key string) Num { return f.num(key, f.c.Duration) }

// against writes a number that is compared with a limit: rounding never carries
// it over.
func (f *facts) against(key string, limit report.Decimal, format report.Format) Num {
	return f.num(key, func(d report.Decimal) string { return f.c.Against(d, limit, format) })
}

func (f *facts) limit(key, relation string, format report.Format) Num {
	return f.num(key, func(d report.Decimal) string { return f.c.Limit(relation, d, format) })
}

// clock writes a time of the morning; one before the morning (-1) is a dash.
func (f *facts) clock(key string) Num {
	n := f.num(key, func(d report.Decimal) string {
		s, err := strconv.Atoi(string(d))
		if err != nil || s < 0 {
			return "–"
		}
		return f.c.Clock(s)
	})
	if n.Text == "–" {
		return Num{Text: n.Text}
	}
	return n
}

// gauge is a count where -1 says that nothing was observed.
func (f *facts) gauge(key string) Num {
	n := f.count(key)
	if n.Value == "-1" {
		return Num{Text: "–"}
	}
	return n
}

// words marks the numbers of a catalogue's sentence.
func (f *facts) words(s catalog.Sentence) Words {
	var out Words
	for _, p := range s {
		n := Num{Text: p.Text}
		if p.Key != "" {
			n = f.num(p.Key, func(report.Decimal) string { return p.Text })
			n.Text = p.Text
		}
		out = append(out, n)
	}
	return out
}

// say is a text of the catalogue with numbers put in.
func (f *facts) say(key string, pairs ...any) Words {
	var args []catalog.Arg
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		switch v := pairs[i+1].(type) {
		case Num:
			args = append(args, catalog.Arg{Name: name, Text: v.Text, Key: v.Key})
		case string:
			args = append(args, catalog.Arg{Name: name, Text: v})
		}
	}
	return f.words(f.c.Sentence(key, args...))
}

// String is the text without its marks.
func (w Words) String() string {
	var b strings.Builder
	for _, n := range w {
		b.WriteString(n.Text)
	}
	return b.String()
}

func path(parts ...any) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteByte('.')
		}
		fmt.Fprint(&b, p)
	}
	return b.String()
}

// number is a plain number.
func (f *facts) number(key string) Num { return f.num(key, f.c.Number) }

// signed is a duration that may be below zero.
func (f *facts) signed(key string) Num { return f.num(key, f.c.Signed) }
