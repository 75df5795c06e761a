package report

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// Schema is the JSON Schema (2020-12) of summary.json, drawn from [Summary] and the
// closed lists of words it uses. Everything named is required unless it may be left
// out, and nothing else may stand there: a reader of version 1.x who is to accept
// later additions leaves additionalProperties aside.
func Schema() []byte {
	b := &schemaOf{defs: map[string]any{}, words: closedWords()}
	top := b.object(reflect.TypeFor[Summary]())
	top["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	top["title"] = "firstbell summary.json, version " + SchemaVersion
	top["$defs"] = b.defs
	out, err := json.MarshalIndent(top, "", "  ")
	if err != nil { // maps of strings, numbers and booleans
		return nil
	}
	return append(out, '\n')
}

// schemaOf draws the schemas of types; structs are named in defs.
type schemaOf struct {
	defs  map[string]any
	words map[string][]string // by Type, or by Type.key
}

// decimalPattern is what a [Decimal] holds.
const decimalPattern = `^(|never|-?[0-9]+(\.[0-9]+)?)$`

func (b *schemaOf) of(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[Decimal]():
		return map[string]any{"type": "string", "pattern": decimalPattern}
	}
	if words, ok := b.words[t.Name()]; ok {
		return map[string]any{"enum": words}
	}
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Uint64, reflect.Uint32:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": b.of(t.Elem())}
	case reflect.Array:
		return map[string]any{"type": "array", "items": b.of(t.Elem()), "minItems": t.Len(), "maxItems": t.Len()}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": b.of(t.Elem())}
	case reflect.Pointer:
		return map[string]any{"anyOf": []any{b.of(t.Elem()), map[string]any{"type": "null"}}}
	case reflect.Struct:
		return b.named(t)
	}
	panic("report: summary.json holds a " + t.String()) // a test draws every type
}

// named is a reference to a struct, drawn once. A type of another package carries the
// package's name before its own, as both may have one of that name.
func (b *schemaOf) named(t reflect.Type) map[string]any {
	name := t.Name()
	if path := t.PkgPath(); path != reflect.TypeFor[Summary]().PkgPath() {
		name = path[strings.LastIndexByte(path, '/')+1:] + "." + name
	}
	if _, ok := b.defs[name]; !ok {
		b.defs[name] = nil // in the making
		b.defs[name] = b.object(t)
	}
	return map[string]any{"$ref": "#/$defs/" + name}
}

// object is a struct as encoding/json writes it.
func (b *schemaOf) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	b.fields(t, false, properties, &required)
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// fields adds a struct's fields; those of an embedded pointer may all be missing.
func (b *schemaOf) fields(t reflect.Type, missing bool, properties map[string]any, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Pointer:
			b.fields(f.Type.Elem(), true, properties, required)
			continue
		case f.Anonymous:
			b.fields(f.Type, missing, properties, required)
			continue
		case tag == "-" || !f.IsExported():
			continue
		}
		empty := options == "omitempty"
		if f.Type.Kind() == reflect.Pointer && empty {
			properties[tag] = b.of(f.Type.Elem())
		} else {
			properties[tag] = b.of(f.Type)
		}
		if words, ok := b.words[t.Name()+"."+tag]; ok {
			properties[tag] = wordsOf(f.Type, words)
		}
		if !empty && !missing {
			*required = append(*required, tag)
		}
	}
}

// wordsOf is a text of a closed list, or a list of such. A Decimal may be one of the
// words in place of a number.
func wordsOf(t reflect.Type, words []string) map[string]any {
	enum := map[string]any{"enum": words}
	switch {
	case t.Kind() == reflect.Slice:
		return map[string]any{"type": "array", "items": enum}
	case t == reflect.TypeFor[Decimal]():
		return map[string]any{"anyOf": []any{map[string]any{"type": "string", "pattern": decimalPattern}, enum}}
	}
	return enum
}
