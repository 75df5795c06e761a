package scenarios

import (
	"encoding/json"
	"net/url"
	"strings"
)

// EncodeQuery encodes a value for a query string or an urlencoded form.
func EncodeQuery(v string) string { return url.QueryEscape(v) }

// EncodePath encodes a value for one segment of a path.
func EncodePath(v string) string { return url.PathEscape(v) }

// EncodeJSON encodes a value for the inside of a JSON string, quotes not
// included.
func EncodeJSON(v string) string {
	b, err := json.Marshal(v)
	if err != nil { // no string fails to marshal
		return ""
	}
	return string(b[1 : len(b)-1])
}

// EncodeHeader drops the characters that would end a header line.
func EncodeHeader(v string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, v)
}

// ExpandURL expands an address. Values are encoded for the path before the
// first literal question mark and for the query after it, with two exceptions
// that are addresses already: a variable that opens the template, and one that
// directly follows the variable that opens it (${cas}${next}).
func (t Template) ExpandURL(lookup Lookup) (string, error) {
	var b strings.Builder
	query := false
	for i, p := range t.parts {
		v, err := p.value(lookup)
		if err != nil {
			return "", err
		}
		switch {
		case p.name == "":
			query = query || strings.Contains(v, "?")
		case i == 0, i == 1 && t.parts[0].name != "":
			query = query || strings.Contains(v, "?")
		case query:
			v = EncodeQuery(v)
		default:
			v = EncodePath(v)
		}
		b.WriteString(v)
	}
	return b.String(), nil
}

// ExpandFields gives fields as application/x-www-form-urlencoded, in their
// order: a query string, or the body of a form.
func ExpandFields(fields []Field, lookup Lookup) (string, error) {
	var b strings.Builder
	for i, f := range fields {
		v, err := f.Value.Expand(lookup)
		if err != nil {
			return "", err
		}
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(f.Name) + "=" + url.QueryEscape(v))
	}
	return b.String(), nil
}
