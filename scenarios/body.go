package scenarios

import (
	"encoding/json"
	"regexp"
	"strings"
)

// body reads a JSON body: a text that is JSON already, or YAML turned into
// JSON. Variables are encoded for the inside of JSON strings when they are
// expanded.
func (d *decoder) body(n *node) *Template {
	if n == nil {
		return nil
	}
	var src string
	if n.Kind == scalarNode {
		src = n.Value
		if trial := variableInText.ReplaceAllString(src, "0"); !json.Valid([]byte(trial)) {
			d.fail(n, codeKind, "json: the text is not JSON", "", `write a mapping: json: {title: "…"}`)
			return nil
		}
	} else {
		var b strings.Builder
		d.toJSON(n, &b)
		src = b.String()
	}
	t, err := ParseTemplate(src)
	if err != nil {
		te := err.(*TemplateError)
		d.fail(n, codeTemplate, "json: "+te.What, "", te.Fix)
		return nil
	}
	d.note(n, t)
	return &t
}

var variableInText = regexp.MustCompile(`\$\{[^}"\s]*\}`)

// toJSON writes a node as JSON. Plain true, false, null and numbers that JSON
// knows keep their kind; everything else is text.
func (d *decoder) toJSON(n *node, b *strings.Builder) {
	switch n.Kind {
	case mappingNode:
		b.WriteByte('{')
		first := true
		for k, v := range d.pairs(n) {
			if !first {
				b.WriteByte(',')
			}
			first = false
			b.WriteString(jsonText(k.Value) + ":")
			d.toJSON(v, b)
		}
		b.WriteByte('}')
	case sequenceNode:
		b.WriteByte('[')
		for i, c := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			d.toJSON(c, b)
		}
		b.WriteByte(']')
	default:
		b.WriteString(jsonScalar(n))
	}
}

func jsonScalar(n *node) string {
	switch n.Tag {
	case "!!null":
		return "null"
	case "!!bool", "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return n.Value
		}
	}
	return jsonText(n.Value)
}

// jsonText quotes text without escaping <, > and &, and leaves ${x} alone:
// names of variables hold nothing that JSON escapes.
func jsonText(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
