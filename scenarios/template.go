package scenarios

// Template is text with ${variables}, parsed once. The zero value is the empty
// text. It is safe for concurrent use.
//
// Variables: CSV columns (${login}, ${password}…), captured names, ${target}
// and the names under hosts, ${cookie.NAME}, ${env.NAME}, ${random.NAME} (drawn
// once per attempt). A closed list of filters: ${x|sha256_base64url},
// ${x|sha1_hex}, ${x|base64}.
type Template struct {
	source string
	parts  []templatePart
}

type templatePart struct {
	literal string
	name    string // variable; "" for a literal
	filter  string
}

// Lookup gives a variable's value.
type Lookup func(name string) (value string, ok bool)

// String is the template as written, variables not expanded: safe to print.
func (t Template) String() string { return t.source }

// Empty reports whether the template is the empty text.
func (t Template) Empty() bool { return t.source == "" }
