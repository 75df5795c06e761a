package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	defaultTimeout = 60 * time.Second
	maxTimeout     = 10 * time.Minute // what a step's histogram can hold
	maxSteps       = 300
	maxJourneys    = 200
)

var verbs = []Verb{Get, Post, Put, Patch, Delete}

// rawStep is a step as the file has it, `use` not expanded.
type rawStep struct {
	Step
	use    string
	node   *node
	events []event // its variables, in the order in which the run meets them
}

// step reads one entry of a journey.
func (d *decoder) step(n *node) *rawStep {
	r := &rawStep{node: n}
	f := d.open(n, stepTable)
	if n.Kind != mappingNode {
		return nil
	}
	d.events = &r.events
	defer func() { d.events = nil }()
	r.Line = n.Line
	if !d.verb(f, r) {
		return nil
	}
	if r.use != "" {
		for k := range f.inOrder() {
			if k.Value != "use" {
				d.fail(k, codeStep, "use has no other keys beside it, found "+k.Value, "", "put it into a step of its own")
			}
		}
		return r
	}
	r.Timeout = defaultTimeout
	d.stepRules(f, r)
	r.If = d.matcher(f.get("if"), "if")
	r.Values = d.values(f.get("values"))
	d.stepRequest(f, r)
	d.stepPage(f, r)
	d.repetition(f, r)
	if v := f.get("name"); v != nil {
		r.Name = d.stepName(v)
	}
	return r
}

// verb finds the one verb of a step.
func (d *decoder) verb(f *fields, r *rawStep) bool {
	var found []string
	for k := range f.inOrder() {
		switch Verb(k.Value) {
		case Get, Post, Put, Patch, Delete, Submit, "use":
			found = append(found, k.Value)
		}
	}
	if len(found) != 1 {
		what := "a step without a verb"
		if len(found) > 1 {
			what = "a step with several verbs: " + strings.Join(found, ", ")
		}
		d.fail(f.node, codeStep, what, "", "exactly one of get, post, put, patch, delete, submit, use")
		found = append(found, "get") // read on, so that the rest is checked too
		found = found[:1]
	}
	v := f.get(found[0])
	for _, name := range []string{"get", "post", "put", "patch", "delete", "submit", "use"} {
		f.get(name)
	}
	switch found[0] {
	case "use":
		s, ok := d.text(v, "use")
		r.use = s
		return ok
	default:
		r.Verb = Verb(found[0])
	}
	return true
}

// stepRules are the keys without variables, and which keys go together.
func (d *decoder) stepRules(f *fields, r *rawStep) {
	if v := f.get("pause"); v != nil {
		t := d.think(v, "pause")
		r.Pause = &t
	}
	if v := f.get("timeout"); v != nil {
		r.Timeout = d.duration(v, "timeout", 10*time.Millisecond, maxTimeout)
	}
	if v := f.get("follow"); v != nil {
		r.NoFollow = d.word(v, "follow", "never") != ""
	}
	if v := f.get("cookies"); v != nil {
		r.NoCookies = d.word(v, "cookies", "none") != ""
	}
	if v := f.get("assets"); v != nil {
		if w := d.word(v, "assets", "none", "cold", "warm"); w != "none" {
			r.Assets = AssetMode(w)
		}
	}
	if v := f.get("in_class"); v != nil {
		r.InClass = d.yes(v, "in_class")
		if r.InClass && f.has("if") {
			d.fail(v, codeInClass, "in_class stands on a step that may be skipped", "those who skip it would never be in class", "put it on a step without if")
		}
	}
	only := func(key string, with ...Verb) {
		if f.has(key) && !slices.Contains(with, r.Verb) {
			d.fail(f.keys[key], codeStep, fmt.Sprintf("%s does not go with %s", key, r.Verb), "", onlyRemedy(key))
		}
	}
	only("in", Submit)
	only("button", Submit)
	only("form", Post, Put, Patch)
	only("json", Post, Put, Patch, Delete)
	only("query", Get, Post, Put, Patch, Delete)
	if f.has("form") && f.has("json") {
		d.fail(f.keys["json"], codeStep, "form and json exclude each other", "a request has one body", "keep one")
	}
}

func onlyRemedy(key string) string {
	switch key {
	case "form":
		return "with get use query; the fields of a submit stand under submit"
	case "in", "button":
		return "they choose the form of a submit"
	case "query":
		return "a form's own action has the query"
	}
	return ""
}

// stepRequest reads what is sent.
func (d *decoder) stepRequest(f *fields, r *rawStep) {
	f.get("form")
	f.get("json")
	f.get("query")
	if r.Verb == Submit {
		r.Form = d.fieldList(f.get("submit"), "submit")
		if v := f.get("in"); v != nil {
			if c := d.css(v, "in", false); c != nil {
				r.In = c.Source
			}
		}
		if v := f.get("button"); v != nil {
			r.Button, _ = d.text(v, "button")
		}
	} else {
		r.URL = d.url(f.get(string(r.Verb)), string(r.Verb))
		r.Query = d.fieldList(f.vals["query"], "query")
		r.Form = d.fieldList(f.vals["form"], "form")
		r.JSON = d.body(f.vals["json"])
	}
	r.Headers = d.headers(f.get("headers"))
}

// stepPage reads how the page is judged, what is taken out of it and what is
// loaded with it, in the order of the run.
func (d *decoder) stepPage(f *fields, r *rawStep) {
	r.Expect = d.matcher(f.get("expect"), "expect")
	r.Until = d.matcher(f.get("until"), "until")
	r.Capture = d.captures(f.get("capture"))
	if v := f.get("calls"); v != nil {
		r.Calls = d.calls(v)
	}
}

const minEvery = 100 * time.Millisecond

func (d *decoder) repetition(f *fields, r *rawStep) {
	every, times := f.get("every"), f.get("times")
	if every != nil {
		r.Every = d.duration(every, "every", minEvery, time.Hour)
	}
	if times != nil {
		r.Times, _ = d.number(times, "times", 1, 100000)
	}
	switch {
	case every == nil && times == nil && r.Until == nil:
	case every == nil:
		d.fail(f.node, codeStep, "a repeated step does not say how often", "", "add every: 5s")
	case times == nil:
		d.fail(f.keys["every"], codeStep, "a repeated step does not say how many times at most", "it would never end", "add times: 100")
	}
	if r.InClass && every != nil && r.Until == nil {
		d.fail(f.keys["in_class"], codeInClass, "in_class stands on a step that is repeated without until", "time to class would end several times", "put it on the step before")
	}
}

func (d *decoder) stepName(n *node) string {
	s, ok := d.text(n, "name")
	switch {
	case ok && strings.Contains(s, "${"):
		d.fail(n, codeName, "name: a step's name has no variables", "names of ids and tickets are endless", "")
		return ""
	case ok && (len(s) > 100 || strings.ContainsFunc(s, unicode.IsControl) || strings.ContainsRune(s, '|')):
		d.fail(n, codeName, "name: "+quoted(s)+" cannot be a step's name", "", "one line of at most 100 bytes, without |")
		return ""
	}
	return s
}

// values reads names given to texts before the request.
func (d *decoder) values(n *node) []Field {
	if n == nil || !d.isMapping(n, "values") {
		return nil
	}
	var out []Field
	for k, v := range d.pairs(n) {
		if !d.settable(k, "values") {
			continue
		}
		out = append(out, Field{Name: k.Value, Value: d.template(v, "values: "+k.Value), Line: k.Line})
		*d.events = append(*d.events, event{name: k.Value, sets: true, node: k})
	}
	return out
}

// defaultName is number, verb and path, with neither query nor values: safe to
// print.
func defaultName(number string, v Verb, u Template) string {
	path, _, _ := strings.Cut(u.source, "?")
	path, _, _ = strings.Cut(path, "#")
	path = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '|' {
			return '_'
		}
		return r
	}, path)
	if r := []rune(path); len(r) > 60 {
		path = string(r[:59]) + "…"
	}
	if path == "" {
		return number + " " + string(v)
	}
	return number + " " + string(v) + " " + path
}
