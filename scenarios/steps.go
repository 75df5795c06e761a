package scenarios

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
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

// url reads an address: a path from target, or an absolute one of a host of
// the scenario.
func (d *decoder) url(n *node, what string) Template {
	if n == nil {
		return Template{}
	}
	t := d.template(n, what)
	s := n.Value
	lower := strings.ToLower(s)
	switch {
	case n.Kind != scalarNode || isNull(n):
	case s == "":
		d.fail(n, codeAddress, what+": the address is empty", "", "write /")
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		d.fail(n, codeAddress, what+": the address holds spaces", "", "write %20, or put values under query")
	case strings.HasPrefix(s, "${"), strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//"):
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		d.absolute(n, s, what)
	case strings.HasPrefix(s, "?"):
		d.fail(n, codeAddress, what+": "+quoted(s)+" has no path", "", "write /path"+s)
	default:
		d.fail(n, codeAddress, what+": "+quoted(s)+" is neither a path nor an absolute address", "", "write /"+strings.TrimLeft(s, "/"))
	}
	return t
}

func (d *decoder) absolute(n *node, s, what string) {
	host, _, _ := strings.Cut(s[strings.Index(s, "//")+2:], "/")
	if strings.Contains(host, "${") {
		d.fail(n, codeAddress, what+": the host of an address cannot be put together", "its consent could not be checked", "name the host under hosts and write ${name}/…")
		return
	}
	u, err := url.Parse(s[:strings.Index(s, "//")+2] + host)
	if err != nil || u.Host == "" || u.User != nil {
		d.fail(n, codeAddress, what+": "+quoted(withoutUser(s))+" is not a usable address", "", "write /path")
		return
	}
	if d.sc.Target == nil {
		return
	}
	if _, ok := d.sc.InScope(u); !ok {
		d.fail(n, codeScope, what+": the host of "+quoted(s)+" is not in the scenario", "only target and hosts are ever contacted", "add it under hosts: name: "+u.Scheme+"://"+u.Host)
	}
}

// fieldList reads name → template, in file order.
func (d *decoder) fieldList(n *node, what string) []Field {
	if n == nil || isNull(n) || !d.isMapping(n, what) {
		return nil
	}
	out := []Field{}
	for k, v := range d.pairs(n) {
		if v.Kind == sequenceNode { // a field sent several times
			for _, c := range v.Content {
				out = append(out, Field{Name: k.Value, Value: d.template(c, what+": "+k.Value), Line: k.Line})
			}
			continue
		}
		out = append(out, Field{Name: k.Value, Value: d.template(v, what+": "+k.Value), Line: k.Line})
	}
	return out
}

// ownHeaders are the tool's: the target must be able to trust them, and a Host
// of the scenario's choosing would dodge the consent.
var ownHeaders = []string{"host", "content-length", "transfer-encoding", "connection", "cookie", "user-agent",
	"firstbell-run", "accept-encoding", "te", "trailer", "upgrade", "keep-alive", "proxy-authorization", "proxy-connection", "expect"}

func (d *decoder) headers(n *node) []Field {
	if n == nil || isNull(n) || !d.isMapping(n, "headers") {
		return nil
	}
	var out []Field
	for k, v := range d.pairs(n) {
		if !d.headerName(k, "headers") {
			continue
		}
		if slices.Contains(ownHeaders, strings.ToLower(k.Value)) {
			d.fail(k, codeHeader, "headers: "+k.Value+" is set by firstbell and cannot be changed", "the target must be able to trust it", "leave it out")
			continue
		}
		if strings.ContainsAny(v.Value, "\r\n") {
			d.fail(v, codeHeader, "headers: "+k.Value+" has a line break", "", "")
			continue
		}
		out = append(out, Field{Name: k.Value, Value: d.template(v, "headers: "+k.Value), Line: k.Line})
	}
	return out
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

// calls reads a page's calls. They go in parallel: none sees what another
// captures.
func (d *decoder) calls(n *node) []Call {
	var out []Call
	var sets []event
	for i, c := range d.strictList(n, "calls") {
		var own []event
		outer := d.events
		d.events = &own
		call, ok := d.call(c, i)
		d.events = outer
		for _, e := range own {
			if e.sets {
				sets = append(sets, e)
			} else {
				*d.events = append(*d.events, e)
			}
		}
		if ok {
			out = append(out, call)
		}
	}
	*d.events = append(*d.events, sets...)
	if len(out) > 100 {
		d.fail(n, codeStep, "more than 100 calls on a page", "", "")
	}
	return out
}

func (d *decoder) call(n *node, i int) (Call, bool) {
	c := Call{Line: n.Line, Verb: Get}
	if n.Kind == scalarNode {
		c.URL = d.url(n, "calls")
		c.Name = defaultName("call "+strconv.Itoa(i+1), Get, c.URL)
		return c, !isNull(n)
	}
	f := d.open(n, callTable)
	var found []Verb
	for _, v := range verbs {
		if f.get(string(v)) != nil {
			found = append(found, v)
		}
	}
	if len(found) != 1 {
		d.fail(n, codeStep, "a call has exactly one of get, post, put, patch, delete", "", "")
		return c, false
	}
	c.Verb = found[0]
	c.URL = d.url(f.get(string(c.Verb)), string(c.Verb))
	c.Query = d.fieldList(f.get("query"), "query")
	c.Headers = d.headers(f.get("headers"))
	form, json := f.get("form"), f.get("json")
	if form != nil && json != nil || c.Verb == Get && (form != nil || json != nil) || c.Verb == Delete && form != nil {
		d.fail(n, codeStep, "this call cannot have this body", "", "get has none; the others have form or json")
	}
	c.Form = d.fieldList(form, "form")
	c.JSON = d.body(json)
	c.Expect = d.matcher(f.get("expect"), "expect")
	c.Capture = d.captures(f.get("capture"))
	c.Name = defaultName("call "+strconv.Itoa(i+1), c.Verb, c.URL)
	if v := f.get("name"); v != nil {
		if s := d.stepName(v); s != "" {
			c.Name = s
		}
	}
	return c, true
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
