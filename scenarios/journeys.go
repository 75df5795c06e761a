package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// journeyBook is every journey as the file has it.
type journeyBook struct {
	list []*rawJourney
	used map[string]bool // named by a use
}

type rawJourney struct {
	name  string
	key   *node
	steps []*rawStep
}

func (b *journeyBook) names() []string {
	names := make([]string, len(b.list))
	for i, j := range b.list {
		names[i] = j.name
	}
	return names
}

func (b *journeyBook) find(name string) *rawJourney {
	for _, j := range b.list {
		if j.name == name {
			return j
		}
	}
	return nil
}

// readJourneys reads the steps; what needs the accounts or another journey is
// left to finishJourneys.
func (d *decoder) readJourneys(n *node) {
	d.journeys.used = map[string]bool{}
	if n == nil || !d.isMapping(n, "journeys") {
		return
	}
	for k, v := range d.pairs(n) {
		if !freeName.MatchString(k.Value) {
			d.fail(k, codeName, "journeys: "+quoted(k.Value)+" cannot be a name", "", "letters, digits, _ and -")
		}
		j := &rawJourney{name: k.Value, key: k}
		d.journeys.list = append(d.journeys.list, j)
		for _, s := range d.strictList(v, "journey "+k.Value) {
			if r := d.step(s); r != nil {
				j.steps = append(j.steps, r)
				if r.use != "" {
					d.journeys.used[r.use] = true
				}
			} else {
				j.steps = append(j.steps, &rawStep{node: s}) // keeps its number
			}
		}
		if v.Kind == sequenceNode && len(v.Content) == 0 {
			d.fail(k, codeMissing, "journey "+k.Value+" has no steps", "", "")
		}
	}
	switch {
	case len(d.journeys.list) == 0:
		d.fail(n, codeMissing, "journeys is empty", "", "add one journey")
	case len(d.journeys.list) > maxJourneys:
		d.fail(n, codeTooBig, fmt.Sprintf("more than %d journeys", maxJourneys), "", "")
	}
}

// expand gives a journey's steps with every use replaced; nil when a use
// cannot be followed, which is reported.
func (d *decoder) expand(j *rawJourney, path []string) []*rawStep {
	path = append(path, j.name)
	if len(j.steps) > maxSteps {
		d.fail(j.key, codeTooBig, fmt.Sprintf("journey %s has more than %d steps", j.name, maxSteps), "", "")
		return nil
	}
	var out []*rawStep
	for _, s := range j.steps {
		if s.use == "" {
			out = append(out, s)
			continue
		}
		at := child(s.node, "use")
		other := d.journeys.find(s.use)
		switch {
		case other == nil:
			d.fail(at, codeName, "use: the journey "+quoted(s.use)+" is not defined", "", DidYouMean(s.use, d.journeys.names()))
			return nil
		case slices.Contains(path, s.use):
			d.fail(at, codeStep, "use: "+strings.Join(append(path, s.use), " uses "), "it would never end", "")
			return nil
		}
		inner := d.expand(other, path)
		if inner == nil {
			return nil
		}
		out = append(out, inner...)
		if len(out) > maxSteps {
			d.fail(at, codeTooBig, fmt.Sprintf("journey %s has more than %d steps", j.name, maxSteps), "", "")
			return nil
		}
	}
	return out
}

// finishJourneys expands use and checks what can only be checked then. A
// journey that others use and nobody walks may be a fragment: it is checked
// where it is used.
func (d *decoder) finishJourneys() {
	walked := map[string]bool{}
	for _, p := range d.sc.Personas {
		for _, s := range p.Journeys {
			walked[s.Name] = true
		}
	}
	for _, raw := range d.journeys.list {
		j := Journey{Name: raw.name, Line: raw.key.Line}
		steps := d.expand(raw, nil)
		for i, s := range steps {
			step := s.Step
			if step.Name == "" {
				step.Name = defaultName(strconv.Itoa(i+1), step.Verb, step.URL)
			}
			j.Steps = append(j.Steps, step)
		}
		uniqueNames(j.Steps)
		d.sc.Journeys = append(d.sc.Journeys, j)
		if steps != nil && (walked[raw.name] || !d.journeys.used[raw.name]) && sound(steps) {
			d.checkOrder(raw, steps)
			d.checkVariables(steps)
			d.checkInClass(raw, steps)
		}
	}
}

// sound reports whether every step could be read: a journey with a broken step
// has mistakes enough.
func sound(steps []*rawStep) bool {
	for _, s := range steps {
		if s.Verb == "" {
			return false
		}
	}
	return true
}

// uniqueNames numbers names that come twice.
func uniqueNames(steps []Step) {
	seen := map[string]bool{}
	for i := range steps {
		name := steps[i].Name
		for n := 2; seen[name]; n++ {
			name = fmt.Sprintf("%s (%d)", steps[i].Name, n)
		}
		seen[name] = true
		steps[i].Name = name
	}
}

// checkOrder refuses what looks at a page before there is one.
func (d *decoder) checkOrder(j *rawJourney, steps []*rawStep) {
	if len(steps) == 0 {
		return
	}
	first := steps[0]
	if first.Verb == Submit {
		d.fail(first.node, codeStep, "journey "+j.name+" starts with submit", "there is no page whose form could be sent", "start with get")
	}
	if first.If != nil {
		d.fail(first.node, codeStep, "journey "+j.name+" starts with a step that has if", "there is no page to look at", "start with a step that is always done")
	}
}

func (d *decoder) checkInClass(j *rawJourney, steps []*rawStep) {
	var at *rawStep
	for _, s := range steps {
		if !s.InClass {
			continue
		}
		if at != nil {
			d.fail(s.node, codeInClass, "journey "+j.name+" has in_class on two steps", "time to class ends once", "keep one")
		}
		at = s
	}
	if at == nil {
		d.fail(j.key, codeInClass, "journey "+j.name+" never says in_class: true", "it is where time to class ends", "put it on the step whose page proves that the person is in")
		return
	}
	if !at.proves() {
		d.fail(at.node, codeNoProof, "journey "+j.name+": the in_class step proves nothing", "a quota page can have the right address and status 200",
			"expect text, css or json on the page or in one of its calls: expect: {text: \"Bonjour ${login}\"}")
	}
}

// proves reports whether the step looks at what a page holds.
func (s *Step) proves() bool {
	if contentProof(s.Expect) || contentProof(s.Until) {
		return true
	}
	return slices.ContainsFunc(s.Calls, func(c Call) bool { return contentProof(c.Expect) })
}

// contentProof is HasContentProof without expressions that match an empty page.
func contentProof(m *Matcher) bool {
	if m == nil {
		return false
	}
	return len(m.CSS) > 0 || len(m.JSON) > 0 || slices.ContainsFunc(m.Text, func(p Pattern) bool {
		return p.Regex == nil || !p.Regex.MatchString("")
	})
}

// checkVariables walks the steps in order: every name must have a value when
// it is met.
func (d *decoder) checkVariables(steps []*rawStep) {
	known := map[string]bool{"target": true, "login": true, "password": true}
	for _, h := range d.sc.Hosts {
		known[h.Name] = true
	}
	for _, c := range d.sc.Accounts.Columns {
		known[c] = true
	}
	later := map[string]int{}
	for _, s := range steps {
		for _, e := range s.events {
			if _, ok := later[e.name]; e.sets && !ok {
				later[e.name] = e.node.Line
			}
		}
	}
	for _, s := range steps {
		for _, e := range s.events {
			if e.sets {
				if slices.Contains(d.sc.Accounts.Columns, e.name) {
					d.fail(e.node, codeName, quoted(e.name)+" is a column of the accounts already", "it would hide the account's value", "choose another name")
				}
				known[e.name] = true
				continue
			}
			d.checkUse(e, known, later)
		}
	}
}

func (d *decoder) checkUse(e event, known map[string]bool, later map[string]int) {
	prefix, rest, dotted := strings.Cut(e.name, ".")
	switch {
	case dotted && prefix == "env":
		d.envKnown(e.node, rest)
	case dotted, known[e.name]:
	case later[e.name] > 0:
		d.failAt(e.node, e.at, codeVariable, "${"+e.name+"} is used before it is set", fmt.Sprintf("line %d sets it later", later[e.name]), "capture it in an earlier step")
	case d.sc.Accounts.Columns == nil, d.lost("hosts"): // the name may be a column of a CSV not read, or a host
	default:
		names := make([]string, 0, len(known))
		for n := range known {
			names = append(names, n)
		}
		slices.Sort(names)
		d.failAt(e.node, e.at, codeVariable, "${"+e.name+"} is not known", "it is no column of the accounts, no host and nothing captured", DidYouMean(e.name, names))
	}
}
