package scenarios

import "encoding/json"

// Schema is the JSON Schema (2020-12) of the file, drawn from the tables the
// decoder reads by. Editors use it to complete and to check; Parse checks more.
func Schema() []byte {
	defs := map[string]any{
		"pattern": either(text, ref(patternTable.name)),
	}
	for _, m := range tables() {
		if m != fileTable {
			defs[m.name] = m.schema()
		}
	}
	top := fileTable.schema()
	top["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	top["title"] = "firstbell scenario"
	top["$defs"] = defs
	b, err := json.MarshalIndent(top, "", "  ")
	if err != nil { // the tables hold nothing that cannot be marshalled
		return nil
	}
	return append(b, '\n')
}

func (m *mapping) schema() map[string]any {
	properties := map[string]any{}
	var required []string
	for _, k := range m.keys {
		properties[k.name] = described(k.is, k.doc)
		if k.required {
			required = append(required, k.name)
		}
	}
	s := map[string]any{"type": "object", "description": m.doc, "properties": properties, "additionalProperties": false}
	if m.extra != nil {
		s["additionalProperties"] = m.extra
	}
	if required != nil {
		s["required"] = required
	}
	if m == aboutTable || m == criteriaTable || m == signaturesTable || m == personaTable {
		s["type"] = []string{"object", "null"} // may stand with everything commented out
	}
	return s
}
