package scenarios

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// applySet changes the tree by path=value overrides, in order. Paths are keys
// joined by points; list entries count from 1 in brackets, as step names do; a
// key with points in it stands in double quotes.
func (d *decoder) applySet(top *node, set []string) {
	d.origin = map[*node]string{}
	for _, s := range set {
		path, value, ok := cutSet(s)
		parts, err := parsePath(path)
		if !ok || err != nil {
			d.add(Mistake{File: "--set " + pathOnly.FindString(s), Code: codeSet, What: "not understood", Fix: "write path=value: storm.play=08:58-09:01"})
			continue
		}
		v, err := readYAML([]byte(value))
		if err != nil || v == nil || !d.tame(v, 0) { // not YAML: plain text
			v = &node{Kind: scalarNode, Tag: "!!str", Value: value}
			if value != "" {
				v.Style = yaml.DoubleQuotedStyle
			}
		}
		d.mark(v, path)
		if what := setAt(top, parts, v, d, path); what != "" {
			d.add(Mistake{File: "--set " + pathOnly.FindString(s), Code: codeSet, What: what, Fix: "list entries count from 1: journeys.login[2].pause=3s"})
		}
	}
}

// cutSet splits at the first = outside quotes.
func cutSet(s string) (path, value string, ok bool) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '=' && !quoted:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

func (d *decoder) mark(n *node, path string) {
	d.origin[n] = path
	for _, c := range n.Content {
		d.mark(c, path)
	}
}

// pathPart is one key, or one place in a list (from 1).
type pathPart struct {
	key   string
	index int
}

// pathOnly cuts what may be a value, a secret perhaps, from a message.
var pathOnly = regexp.MustCompile(`^[\w."\[\]-]*`)

var pathStep = regexp.MustCompile(`^(?:"([^"]+)"|([^."\[\]=]+))((?:\[[0-9]{1,6}\])*)(?:\.|$)`)

func parsePath(s string) ([]pathPart, error) {
	var parts []pathPart
	for s != "" {
		m := pathStep.FindStringSubmatch(s)
		if m == nil || strings.HasSuffix(m[0], ".") && len(m[0]) == len(s) || len(parts) > maxDepth {
			return nil, fmt.Errorf("path not understood")
		}
		parts = append(parts, pathPart{key: m[1] + m[2]})
		for _, i := range strings.FieldsFunc(m[3], func(r rune) bool { return r == '[' || r == ']' }) {
			n, _ := strconv.Atoi(i)
			parts = append(parts, pathPart{index: n})
		}
		s = s[len(m[0]):]
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("path is empty")
	}
	for _, p := range parts {
		if p.key == "" && p.index < 1 {
			return nil, fmt.Errorf("list entries count from 1")
		}
	}
	return parts, nil
}

// longForm names the key that a text stands for where a mapping is meant.
var longForm = map[string]string{"storm": "profile", "patience": "profile", "calls": "get", "accounts": "csv"}

// setAt puts v at a path, making the mappings on the way; it returns what is
// wrong.
func setAt(n *node, parts []pathPart, v *node, d *decoder, path string) string {
	owner := ""
	for i, p := range parts {
		slot, what := childSlot(n, p, owner, d, path)
		if what != "" {
			return what
		}
		if i == len(parts)-1 {
			*slot = v
			return ""
		}
		n = *slot
		if p.key != "" {
			owner = p.key
		}
	}
	return ""
}

// childSlot is where the child of n for one path part is kept; a missing
// mapping entry is made.
func childSlot(n *node, p pathPart, owner string, d *decoder, path string) (**node, string) {
	if p.key == "" {
		if n.Kind != sequenceNode {
			return nil, "there is no list at " + quoted(owner)
		}
		if p.index > len(n.Content) {
			return nil, fmt.Sprintf("the list %s has %d entries", quoted(owner), len(n.Content))
		}
		return &n.Content[p.index-1], ""
	}
	if n.Kind == scalarNode && (isNull(n) || longForm[owner] != "") {
		promote(n, owner)
	}
	if n.Kind != mappingNode {
		return nil, "there is no mapping at " + quoted(owner)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == p.key {
			return &n.Content[i+1], ""
		}
	}
	k := &node{Kind: scalarNode, Tag: "!!str", Value: p.key}
	child := &node{Kind: mappingNode, Tag: "!!map"}
	d.mark(k, path)
	d.mark(child, path)
	n.Content = append(n.Content, k, child)
	return &n.Content[len(n.Content)-1], ""
}

// promote turns a short form (a text, or nothing) into the mapping it stands
// for.
func promote(n *node, owner string) {
	old := *n
	*n = node{Kind: mappingNode, Tag: "!!map", Line: old.Line, Column: old.Column}
	if key, ok := longForm[owner]; ok && !isNull(&old) {
		k := &node{Kind: scalarNode, Tag: "!!str", Value: key, Line: old.Line, Column: old.Column}
		n.Content = []*node{k, &old}
	}
}

// dump writes the tree after --set; it reads as the same scenario.
func (d *decoder) dump(top *node) []byte {
	b, err := yaml.Dump(top)
	if err != nil {
		d.add(Mistake{Code: codeSet, What: "the file cannot be written after --set: " + err.Error()})
		return nil
	}
	return b
}
