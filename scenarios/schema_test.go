package scenarios

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firstbell/scenarios/presets"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plain turns nodes into the values an editor's YAML reader gives.
func plain(n *node) any {
	switch n.Kind {
	case mappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return m
	case sequenceNode:
		l := []any{}
		for _, c := range n.Content {
			l = append(l, plain(c))
		}
		return l
	}
	if isNull(n) {
		return nil
	}
	switch n.Tag {
	case "!!int", "!!float", "!!bool", "!!null":
		var v any
		if yaml.Load([]byte(n.Value), &v) == nil {
			return v
		}
	}
	return n.Value
}

func validate(t *testing.T, s *jsonschema.Schema, src []byte) error {
	t.Helper()
	top, err := readYAML(src)
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(plain(top))
}

func TestPresetsAndExamplesMatchTheSchema(t *testing.T) {
	s := compileSchema(t)
	files := append(exampleFiles(t), "testdata/every-key.yaml")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, s, b); err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
		}
	}
	for _, p := range presets.List() {
		b, _ := presets.Read(p.Name)
		if err := validate(t, s, b); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}

func TestSchemaRefusesWhatTheDecoderRefuses(t *testing.T) {
	s := compileSchema(t)
	for _, change := range [][2]string{
		{"version: 1", "version: 2"}, {"target:", "tagret:"}, {"in_class: true", "in_class: maybe"},
		{"synthetic: true", "synthetic: false"}, {"- get: /", "- gte: /"}, {"population: 100", "population: many"},
	} {
		src := strings.Replace(small, change[0], change[1], 1)
		if err := validate(t, s, []byte(src)); err == nil {
			t.Errorf("the schema accepts %q", change[1])
		}
		if _, err := Parse([]byte(src), Options{}); err == nil {
			t.Errorf("Parse accepts %q", change[1])
		}
	}
	if err := validate(t, s, []byte(small)); err != nil {
		t.Error(err)
	}
}
