package scenarios

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Template is text with ${variables}, parsed once. The zero value is the empty
// text. It is safe for concurrent use.
//
// Variables: CSV columns (${login}, ${password}…), captured names, values,
// ${target} and the names under hosts, ${cookie.NAME}, ${env.NAME},
// ${random.NAME} (drawn once per attempt). A closed list of filters:
// ${x|sha256_base64url}, ${x|sha1_hex}, ${x|base64}. A literal ${ is $${.
type Template struct {
	source string
	parts  []templatePart
}

type templatePart struct {
	literal string
	name    string // variable; "" for a literal
	filter  string
}

// Lookup gives a variable's value. It never sees a filter's name.
type Lookup func(name string) (value string, ok bool)

// String is the template as written, variables not expanded: safe to print.
func (t Template) String() string { return t.source }

// Empty reports whether the template is the empty text.
func (t Template) Empty() bool { return t.source == "" }

// variableName is what stands between ${ and }: letters, digits, _ and -, with
// one of three prefixes before a free name (cookie names are HTTP tokens).
var variableName = regexp.MustCompile(`^(?:(?:env|random)\.[A-Za-z_][\w-]*|cookie\.[-!#$%&'*+.^_\x60|~0-9A-Za-z]+|[\pL_][\pL\pN_-]*)$`)

const maxTemplate = 64 << 10

// TemplateError is a template that cannot be read.
type TemplateError struct {
	Offset int // bytes from the start of the text
	What   string
	Fix    string
}

func (e *TemplateError) Error() string { return e.What }

// ParseTemplate reads s. The error is a *TemplateError.
func ParseTemplate(s string) (Template, error) {
	if len(s) > maxTemplate {
		return Template{}, &TemplateError{Offset: maxTemplate, What: "template longer than 64 KiB"}
	}
	t := Template{source: s}
	var lit strings.Builder
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], "$${"):
			lit.WriteString("${")
			i += 3
		case strings.HasPrefix(s[i:], "${"):
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				return Template{}, &TemplateError{i, "${ without its }", "close the variable: ${name}"}
			}
			p, err := parsePart(s[i+2:i+end], i)
			if err != nil {
				return Template{}, err
			}
			if lit.Len() > 0 {
				t.parts = append(t.parts, templatePart{literal: lit.String()})
				lit.Reset()
			}
			t.parts = append(t.parts, p)
			i += end + 1
		default:
			lit.WriteByte(s[i])
			i++
		}
	}
	if lit.Len() > 0 {
		t.parts = append(t.parts, templatePart{literal: lit.String()})
	}
	return t, nil
}

func parsePart(inside string, at int) (templatePart, error) {
	name, filter, filtered := inside, "", false
	// A cookie's name may hold a bar; a filter's cannot.
	if i := strings.LastIndexByte(inside, '|'); i >= 0 {
		name, filter, filtered = inside[:i], inside[i+1:], true
	}
	if !variableName.MatchString(name) {
		fix := "names are letters, digits, _ and -: ${login}, ${cookie.XSRF-TOKEN}"
		if strings.ContainsRune(name, '|') {
			fix = "one filter at a time; give the inner result a name under values"
		}
		return templatePart{}, &TemplateError{at, "variable name not understood: " + quoted(inside), fix}
	}
	if filtered && !slices.Contains(filterNames(), filter) {
		return templatePart{}, &TemplateError{at, "unknown filter " + quoted(filter), DidYouMean(filter, filterNames())}
	}
	return templatePart{name: name, filter: filter}, nil
}

// MustTemplate is ParseTemplate for texts written in the program.
func MustTemplate(s string) Template {
	t, err := ParseTemplate(s)
	if err != nil {
		panic(err)
	}
	return t
}

func filterNames() []string { return []string{"sha256_base64url", "sha1_hex", "base64"} }

// applyFilter is the closed list: unpadded base64url of SHA-256 (PKCE's S256,
// RFC 7636 4.2), hexadecimal SHA-1 (BigBlueButton's checksum) and base64.
func applyFilter(filter, v string) string {
	switch filter {
	case "sha256_base64url":
		h := sha256.Sum256([]byte(v))
		return base64.RawURLEncoding.EncodeToString(h[:])
	case "sha1_hex":
		h := sha1.Sum([]byte(v))
		return hex.EncodeToString(h[:])
	case "base64":
		return base64.StdEncoding.EncodeToString([]byte(v))
	}
	return v
}

// Names lists the variables used, each once, in order of first use.
func (t Template) Names() []string {
	var names []string
	for _, p := range t.parts {
		if p.name != "" && !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	return names
}

// UnknownVariable is a variable that had no value when a template was
// expanded. It holds the name only.
type UnknownVariable struct{ Name string }

func (e *UnknownVariable) Error() string { return fmt.Sprintf("${%s} has no value", e.Name) }

// Expand gives the text with its variables replaced, values as they are. The
// error is an *UnknownVariable.
func (t Template) Expand(lookup Lookup) (string, error) { return t.ExpandFor(lookup, nil) }

// ExpandFor is Expand with every value encoded for the place it lands in;
// literal text stays as it stands. A nil encode changes nothing.
func (t Template) ExpandFor(lookup Lookup, encode func(string) string) (string, error) {
	if len(t.parts) == 1 && t.parts[0].name == "" {
		return t.parts[0].literal, nil
	}
	var b strings.Builder
	for _, p := range t.parts {
		v, err := p.value(lookup)
		if err != nil {
			return "", err
		}
		if encode != nil && p.name != "" {
			v = encode(v)
		}
		b.WriteString(v)
	}
	return b.String(), nil
}

func (p templatePart) value(lookup Lookup) (string, error) {
	if p.name == "" {
		return p.literal, nil
	}
	v, ok := "", false
	if lookup != nil {
		v, ok = lookup(p.name)
	}
	if !ok {
		return "", &UnknownVariable{p.name}
	}
	return applyFilter(p.filter, v), nil
}

// column is the character a template error stands at, counted from the
// template's own start.
func (e *TemplateError) column(s string) int {
	return utf8.RuneCountInString(s[:min(e.Offset, len(s))])
}
