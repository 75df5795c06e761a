package scenarios

import "strconv"

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
