package page

import (
	"bytes"
	"errors"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Field is one name and value of a form.
type Field struct{ Name, Value string }

// Filling is what a person does to a form.
type Filling struct {
	Fields []Field // typed, chosen or ticked
	In     string  // CSS of the form; "": the only one that fits
	Button string  // name (or id) of the button pressed; "": Enter
}

// Submission is the request a filled form makes.
type Submission struct {
	Method      string
	URL         *url.URL
	ContentType string // "" for GET
	Body        []byte
}

// ErrForm says that no form, or several, fit; the wrapped text lists them.
var ErrForm = errors.New("no form to submit")

// Submit fills the form as a browser does. The error is an [ErrForm]; it names
// fields, never values.
func (p *Page) Submit(fill Filling) (*Submission, error) {
	names := make([]string, len(fill.Fields))
	for i, f := range fill.Fields {
		names[i] = f.Name
	}
	f, err := p.find(fill.In, names)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	button, err := pressed(f, fill.Button)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	data, err := p.dataSet(f, fill.Fields, button)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	return p.encode(f, button, data)
}

// pressed is the button whose value goes along: the named one, or the form's
// default button as when Enter is pressed; nil when there is none.
func pressed(f *form, name string) (*html.Node, error) {
	for _, c := range f.controls {
		k := kind(c)
		if k != "submit" && k != "image" {
			continue
		}
		if name == "" {
			if disabled(c) {
				return nil, nil
			}
			return c, nil
		}
		if attr(c, "name") == name || attr(c, "id") == name {
			return c, nil
		}
	}
	if name != "" {
		return nil, fmt.Errorf("the form has no button %q", name)
	}
	return nil, nil
}

// dataSet is the form's entry list in document order.
func (p *Page) dataSet(f *form, typed []Field, button *html.Node) ([]Field, error) {
	set := map[*html.Node]string{}
	for _, t := range typed {
		if err := p.assign(f, t, set); err != nil {
			return nil, err
		}
	}
	var out []Field
	for _, c := range f.controls {
		name := attr(c, "name")
		if disabled(c) || (isButton(c) && c != button) || (name == "" && kind(c) != "image") {
			continue
		}
		value, isSet := set[c]
		out = entries(out, c, name, value, isSet)
	}
	return out, nil
}

// unticked marks a control the person cleared.
const unticked = "\x00"

// assign decides which control a typed value goes to.
func (p *Page) assign(f *form, t Field, set map[*html.Node]string) error {
	first := p.holds(f, t.Name)
	if first == nil {
		return fmt.Errorf("the form has no field %q", t.Name)
	}
	switch kind(first) {
	case "radio":
		found := false
		for _, c := range f.controls {
			if kind(c) != "radio" || attr(c, "name") != t.Name {
				continue
			}
			if onValue(c) == t.Value && !found {
				set[c], found = t.Value, true
			} else {
				set[c] = unticked
			}
		}
		if !found {
			return fmt.Errorf("the field %q has no such choice", t.Name)
		}
	case "checkbox":
		if t.Value == "" || t.Value == "false" {
			set[first] = unticked
			return nil
		}
		for _, c := range f.controls {
			if kind(c) == "checkbox" && attr(c, "name") == t.Name && onValue(c) == t.Value {
				first = c
				break
			}
		}
		set[first] = onValue(first)
	default:
		set[first] = t.Value
	}
	return nil
}

func onValue(n *html.Node) string {
	if v, ok := attrOK(n, "value"); ok {
		return v
	}
	return "on"
}

// entries appends what one control contributes.
func entries(out []Field, c *html.Node, name, value string, isSet bool) []Field {
	switch kind(c) {
	case "checkbox", "radio":
		_, ticked := attrOK(c, "checked")
		if (isSet && value == unticked) || (!isSet && !ticked) {
			return out
		}
		return append(out, Field{name, onValue(c)})
	case "select":
		if isSet {
			return append(out, Field{name, value})
		}
		return append(out, selected(c, name)...)
	case "image":
		prefix := ""
		if name != "" {
			prefix = name + "."
		}
		return append(out, Field{prefix + "x", "0"}, Field{prefix + "y", "0"})
	case "textarea":
		if !isSet {
			value = rawText(c)
		}
	default:
		if !isSet {
			value = attr(c, "value")
		}
		if name == "_charset_" && kind(c) == "hidden" {
			value = "UTF-8"
		}
	}
	return append(out, Field{name, value})
}

// selected are the options a browser would send.
func selected(sel *html.Node, name string) []Field {
	_, multiple := attrOK(sel, "multiple")
	var out []Field
	var fallback *html.Node
	for o := range elements(sel) {
		if o.Data != "option" {
			continue
		}
		if optionDisabled(o) {
			continue
		}
		if fallback == nil {
			fallback = o
		}
		if _, ok := attrOK(o, "selected"); ok {
			f := Field{name, optionValue(o)}
			if !multiple {
				out = out[:0] // the last one selected wins
			}
			out = append(out, f)
		}
	}
	if len(out) == 0 && !multiple && fallback != nil {
		return []Field{{name, optionValue(fallback)}}
	}
	return out
}

func optionDisabled(o *html.Node) bool {
	if _, ok := attrOK(o, "disabled"); ok {
		return true
	}
	if up := o.Parent; up != nil && up.Data == "optgroup" {
		_, ok := attrOK(up, "disabled")
		return ok
	}
	return false
}

func optionValue(o *html.Node) string {
	if v, ok := attrOK(o, "value"); ok {
		return v
	}
	return normalise(rawText(o))
}

// encode makes the request out of the data set; the button may override the
// form's own attributes.
func (p *Page) encode(f *form, button *html.Node, data []Field) (*Submission, error) {
	get := func(name string) string {
		if button != nil {
			if v, ok := attrOK(button, "form"+name); ok {
				return v
			}
		}
		return attr(f.node, name)
	}
	u, err := p.action(get("action"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	if !strings.EqualFold(strings.TrimSpace(get("method")), "post") {
		u.RawQuery, u.ForceQuery = urlencode(data), false
		return &Submission{Method: "GET", URL: u}, nil
	}
	s := &Submission{Method: "POST", URL: u}
	switch strings.ToLower(strings.TrimSpace(get("enctype"))) {
	case "multipart/form-data":
		s.ContentType, s.Body = p.multipart(f, data)
	case "text/plain":
		s.ContentType, s.Body = "text/plain", plain(data)
	default:
		s.ContentType, s.Body = "application/x-www-form-urlencoded", []byte(urlencode(data))
	}
	return s, nil
}

// action resolves a form's action; missing or empty means the page's own
// address.
func (p *Page) action(ref string) (*url.URL, error) {
	ref = strings.TrimSpace(ref)
	if ref == "" {
		if p.Final == nil || !web(p.Final) {
			return nil, errors.New("the form has no address")
		}
		u := *p.Final
		u.Fragment, u.RawFragment = "", ""
		return &u, nil
	}
	u, ok := p.resolve(ref)
	if !ok {
		return nil, errors.New("the form's action is no address to send to (a script handles it: write the request as post with form)")
	}
	return u, nil
}

// urlencode writes fields as application/x-www-form-urlencoded, line ends as
// browsers do.
func urlencode(data []Field) string {
	var b strings.Builder
	for i, f := range data {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(lineEnds(f.Name)))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(lineEnds(f.Value)))
	}
	return b.String()
}

func lineEnds(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.ReplaceAll(s, "\n", "\r\n")
}

func plain(data []Field) []byte {
	var b bytes.Buffer
	for _, f := range data {
		b.WriteString(lineEnds(f.Name) + "=" + lineEnds(f.Value) + "\r\n")
	}
	return b.Bytes()
}

// multipart writes the fields as multipart/form-data; file fields go empty.
func (p *Page) multipart(f *form, data []Field) (contentType string, body []byte) {
	files := map[string]bool{}
	for _, c := range f.controls {
		if kind(c) == "file" {
			files[attr(c, "name")] = true
		}
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, d := range data {
		h := textproto.MIMEHeader{}
		disposition := `form-data; name="` + quoteName(d.Name) + `"`
		if files[d.Name] {
			disposition += `; filename=""`
			h.Set("Content-Type", "application/octet-stream")
		}
		h.Set("Content-Disposition", disposition)
		part, err := w.CreatePart(h)
		if err != nil {
			continue // a bytes.Buffer does not fail
		}
		_, _ = part.Write([]byte(lineEnds(d.Value)))
	}
	_ = w.Close()
	return w.FormDataContentType(), b.Bytes()
}

func quoteName(s string) string {
	return strings.NewReplacer("\n", "%0A", "\r", "%0D", `"`, "%22").Replace(s)
}
