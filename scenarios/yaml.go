package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

const maxDepth = 64

// loadTree reads src into nodes, never into Go values: there 2021-04-06 would
// become a time and 0123 the number 83. It returns the top mapping, or nil
// when nothing could be read; what is wrong is added to d.
//
// One syntax error hides the rest of a YAML file. So that the other mistakes
// are told too, unquoted variables are repaired in place, and failing that the
// file is read one top-level key at a time.
func (d *decoder) loadTree(src []byte) *yaml.Node {
	if len(src) > MaxFile {
		d.add(Mistake{Code: codeTooBig, What: fmt.Sprintf("the file has more than %d bytes", MaxFile)})
		return nil
	}
	if line := badByteLine(src); line > 0 {
		d.add(Mistake{Line: line, Code: codeSyntax, What: "the file holds bytes that are not text", Fix: "save it as UTF-8, without control characters"})
		return nil
	}
	top, err := readYAML(src)
	if err == nil {
		return d.topMapping(top)
	}
	if top != nil { // several documents: the first one is checked
		d.add(Mistake{Line: secondDocument(src), Code: codeSyntax, What: "the file holds several documents", Fix: "keep one: remove the line ---"})
		return d.topMapping(top)
	}
	if repaired, places := quoteVariables(src); len(places) > 0 {
		if top, errAfter := readYAML(repaired); errAfter == nil {
			d.reportUnquoted(places)
			restore(top, places)
			return d.topMapping(top)
		}
		// Something else is broken as well: go on with the repaired text.
		d.reportUnquoted(places)
		src = repaired
	}
	top = d.loadSections(src)
	if len(d.unquoted) > 0 {
		restore(top, d.unquoted)
	}
	return top
}

// restore gives repaired variables their braces back.
func restore(n *node, places []unquoted) {
	if n == nil {
		return
	}
	if n.Kind == scalarNode && strings.Contains(n.Value, "$(") {
		for _, p := range places {
			n.Value = strings.ReplaceAll(n.Value, "$("+p.text[2:len(p.text)-1]+")", p.text)
		}
	}
	for _, c := range n.Content {
		restore(c, places)
	}
}

// secondDocument is the line of the marker that starts it.
func secondDocument(src []byte) int {
	seen := false
	for i, line := range strings.Split(string(src), "\n") {
		marker := strings.HasPrefix(line, "---")
		if marker && seen || strings.HasPrefix(line, "...") {
			return i + 1
		}
		seen = seen || marker || line != "" && line[0] != '#' && line[0] != '%'
	}
	return 1
}

// badByteLine is the line of the first byte that is not text: not UTF-8, or a
// control character; 0 when there is none.
func badByteLine(src []byte) int {
	line := 1
	for len(src) > 0 {
		r, n := utf8.DecodeRune(src)
		if r == utf8.RuneError && n == 1 || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			return line
		}
		if r == '\n' {
			line++
		}
		src = src[n:]
	}
	return 0
}

// readYAML gives the root node of a one-document text; an empty document gives
// nil without an error, several give the first one with an error.
func readYAML(src []byte) (*yaml.Node, error) {
	var doc yaml.Node
	err := yaml.Load(src, &doc)
	switch {
	case err != nil && strings.Contains(err.Error(), "no documents in stream"):
		return nil, nil
	case err != nil && strings.Contains(err.Error(), "found multiple") && len(doc.Content) > 0:
		return doc.Content[0], err
	case err != nil:
		return nil, err
	case doc.Kind == yaml.DocumentNode && len(doc.Content) > 0:
		return doc.Content[0], nil
	}
	return nil, nil
}

// topMapping checks that the root is a mapping and that the tree is tame.
func (d *decoder) topMapping(top *yaml.Node) *yaml.Node {
	if top == nil {
		d.add(Mistake{Code: codeMissing, What: "the file is empty", Fix: "start from: firstbell init"})
		return nil
	}
	if !d.tame(top, 0) {
		return nil
	}
	if top.Kind != yaml.MappingNode {
		d.fail(top, codeKind, "the file must be a mapping of keys", "", "start from: firstbell init")
		return nil
	}
	return top
}

// tame refuses what could unfold or recurse without bound.
func (d *decoder) tame(n *yaml.Node, depth int) bool {
	ok := true
	switch {
	case depth > maxDepth:
		d.fail(n, codeTooBig, fmt.Sprintf("nested deeper than %d levels", maxDepth), "", "")
		return false
	case n.Kind == yaml.AliasNode || n.Anchor != "" || n.Tag == "!!merge":
		d.fail(n, codeAlias, "anchors, aliases and merges are not used here", "a small file could unfold to a huge one", "write the value out; journeys are shared with use")
		return false
	case n.Style&yaml.TaggedStyle != 0:
		d.fail(n, codeAlias, "tags are not used here: "+quoted(n.Tag), "", "quote the value to make it text")
		return false
	}
	for _, c := range n.Content {
		ok = d.tame(c, depth+1) && ok
	}
	return ok
}

// topKey is the start of a top-level entry.
var topKey = regexp.MustCompile(`(?m)^["']?[A-Za-z_][\w-]*["']?[ \t]*:`)

// loadSections reads each top-level key as a document of its own, so that a
// syntax error hides its own section only. Keys that could not be read stay
// known as present.
func (d *decoder) loadSections(src []byte) *yaml.Node {
	starts := topKey.FindAllIndex(src, maxMistakes)
	top := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1, Column: 1}
	if len(starts) == 0 || len(bytes.TrimSpace(src[:starts[0][0]])) > 0 {
		starts = append([][]int{{0, 0}}, starts...)
	}
	for i, s := range starts {
		end := len(src)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		before := bytes.Count(src[:s[0]], []byte("\n"))
		part, err := readYAML(src[s[0]:end])
		if err != nil {
			d.syntax(err, before)
			d.broken = append(d.broken, strings.Trim(string(src[s[0]:s[1]]), "\"': \t"))
			continue
		}
		if part == nil {
			continue
		}
		shift(part, before)
		if part.Kind != yaml.MappingNode || !d.tame(part, 0) {
			continue
		}
		top.Content = append(top.Content, part.Content...)
	}
	if len(d.mistakes) == 0 { // the parts are sound, the whole is not
		_, err := readYAML(src)
		d.syntax(err, 0)
	}
	return top
}

func shift(n *yaml.Node, lines int) {
	n.Line += lines
	for _, c := range n.Content {
		shift(c, lines)
	}
}

// syntax reports a YAML error, in plain words where its own are obscure.
func (d *decoder) syntax(err error, before int) {
	m := Mistake{Code: codeSyntax, What: "not valid YAML"}
	var one *yaml.LoadError
	var many *yaml.LoadErrors
	if errors.As(err, &many) && len(many.Errors) > 0 {
		one = many.Errors[0]
	} else {
		errors.As(err, &one)
	}
	if one != nil {
		m.What = "not valid YAML: " + strings.TrimPrefix(one.Message, "yaml: ")
		if one.Mark.Line > 0 {
			m.Line, m.Column = one.Mark.Line+before, one.Mark.Column
		}
		m.Fix = syntaxRemedy(one.Message)
	}
	if m.Line == 0 {
		m.Line = before + 1
	}
	d.add(m)
}

func syntaxRemedy(message string) string {
	for _, r := range [][2]string{
		{"cannot start any token", "indent with spaces, not tabs; quote values that start with @, ` or %"},
		{"mapping values are not allowed", "align the key with its neighbours, or quote a value that holds \": \""},
		{"did not find expected ',' or", "close the { } or [ ], and quote values that hold braces, commas or colons"},
		{"did not find expected '-' indicator", "align the line with those around it: the keys of one entry start in the same column, and each entry starts with \"- \""},
		{"did not find expected key", "align the key with its neighbours"},
		{"unexpected end of stream", "close the quote"},
		{"multiple", "keep one document: remove the line ---"},
		{"max depth", "the nesting is far too deep"},
		{"anchor", "a value that starts with * or & must be quoted"},
	} {
		if strings.Contains(message, r[0]) {
			return r[1]
		}
	}
	return ""
}

// unquoted is a ${variable} that stands bare inside { } or [ ].
type unquoted struct {
	line, column int
	text         string
}

func (d *decoder) reportUnquoted(places []unquoted) {
	d.unquoted = places
	for _, p := range places {
		d.add(Mistake{Line: p.line, Column: p.column, Code: codeQuoteIt,
			What: fmt.Sprintf("%s is not quoted", p.text),
			Why:  "inside { } and [ ] YAML reads the brace as its own",
			Fix:  fmt.Sprintf("quote it: %q", p.text)})
	}
}

var bareVariable = regexp.MustCompile(`^\$\{[^{}\s"']{1,200}\}`)

// quoteVariables replaces the braces of bare variables inside flow collections
// by parentheses of the same length, so that every other position stays true.
// It understands just enough of YAML to find them: it runs only on a file that
// did not parse.
func quoteVariables(src []byte) ([]byte, []unquoted) {
	out := bytes.Clone(src)
	var places []unquoted
	depth, line, lineStart, quote := 0, 1, 0, byte(0)
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch {
		case c == '\n':
			line, lineStart = line+1, i+1
			if topKey.Match(src[lineStart:min(len(src), lineStart+64)]) && startsWithKey(src[lineStart:]) {
				depth, quote = 0, 0 // a new top-level key: nothing before it is still open
			}
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && opensValue(src, i):
			quote = c
		case c == '#' && (i == lineStart || src[i-1] == ' '):
			for i+1 < len(src) && src[i+1] != '\n' {
				i++
			}
		case c == '$' && depth > 0 && len(places) < 10*maxMistakes:
			if v := bareVariable.Find(src[i:]); v != nil {
				places = append(places, unquoted{line, utf8.RuneCount(src[lineStart:i]) + 1, string(v)})
				out[i+1], out[i+len(v)-1] = '(', ')'
				i += len(v) - 1
			}
		case (c == '{' || c == '[') && (depth > 0 || opensValue(src, i)):
			depth++
		case (c == '}' || c == ']') && depth > 0:
			depth--
		}
	}
	return out, places
}

func startsWithKey(line []byte) bool {
	loc := topKey.FindIndex(line)
	return loc != nil && loc[0] == 0
}

// opensValue reports whether a value may start at i.
func opensValue(src []byte, i int) bool {
	j := i - 1
	for j >= 0 && (src[j] == ' ' || src[j] == '\t') {
		j--
	}
	return j < 0 || strings.IndexByte("\n:,[{-?", src[j]) >= 0
}
