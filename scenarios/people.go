package scenarios

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

const (
	maxCohorts = 2000
	maxGroups  = 256 // kept apart by the results
)

// roleWords are well-known names of personas, by how they start.
var roleWords = []struct {
	start string
	role  Role
}{
	{"eleve", RolePupil}, {"élève", RolePupil}, {"pupil", RolePupil}, {"student", RolePupil},
	{"enseignant", RoleTeacher}, {"prof", RoleTeacher}, {"teacher", RoleTeacher},
	{"parent", RoleParent}, {"personnel", RoleStaff}, {"staff", RoleStaff},
}

func roleOf(id string) Role {
	for _, w := range roleWords {
		if strings.HasPrefix(strings.ToLower(id), w.start) {
			return w.role
		}
	}
	return RolePupil
}

// thinkOf and devicesOf are the defaults by role.
func thinkOf(r Role) Think {
	switch r {
	case RoleTeacher:
		return Think{10e9, 60e9}
	case RoleParent:
		return Think{15e9, 90e9}
	case RoleStaff:
		return Think{20e9, 60e9}
	}
	return Think{8e9, 45e9}
}

func devicesOf(r Role) []Share {
	switch r {
	case RoleTeacher:
		return []Share{{Name: "desktop", Part: 0.85}, {Name: "mobile", Index: 1, Part: 0.15}}
	case RoleStaff:
		return []Share{{Name: "desktop", Part: 1}}
	}
	return []Share{{Name: "desktop", Part: 0.5}, {Name: "mobile", Index: 1, Part: 0.5}}
}

// personas reads the personas, or makes those that the population names, or
// one pupil.
func (d *decoder) personas(n, population *node) {
	if n != nil {
		if !d.isMapping(n, "personas") {
			return
		}
		for k, v := range d.pairs(n) {
			if !freeName.MatchString(k.Value) {
				d.fail(k, codeName, "personas: "+quoted(k.Value)+" cannot be a name", "", "letters, digits, _ and -")
				continue
			}
			d.sc.Personas = append(d.sc.Personas, d.persona(k, v))
		}
		if len(d.sc.Personas) == 0 {
			d.fail(n, codeMissing, "personas is empty", "", "leave the key out for one pupil")
		}
		return
	}
	names := []string{}
	if population != nil && population.Kind == sequenceNode {
		for _, c := range population.Content {
			if p := child(c, "persona"); p != nil && p.Kind == scalarNode && freeName.MatchString(p.Value) && !slices.Contains(names, p.Value) {
				names = append(names, p.Value)
			}
		}
	}
	if len(names) == 0 {
		names = []string{"eleve"}
	}
	for _, id := range names {
		r := roleOf(id)
		d.sc.Personas = append(d.sc.Personas, Persona{ID: id, Role: r, Devices: devicesOf(r), Think: thinkOf(r), Journeys: d.defaultJourneys()})
	}
}

// child is the value of a key of a mapping that is not being checked.
func child(n *node, name string) *node {
	if n == nil || n.Kind != mappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

func (d *decoder) persona(k, n *node) Persona {
	p := Persona{ID: k.Value, Role: roleOf(k.Value), Line: k.Line}
	f := &fields{d: d, table: personaTable}
	if !isNull(n) {
		f = d.open(n, personaTable)
	}
	if r := f.get("role"); r != nil {
		if w := d.word(r, "role", "pupil", "parent", "teacher", "staff"); w != "" {
			p.Role = Role(w)
		}
	}
	p.Think, p.Devices = thinkOf(p.Role), devicesOf(p.Role)
	if t := f.get("think"); t != nil {
		p.Think = d.think(t, "think")
	}
	if v := f.get("device"); v != nil {
		p.Devices = d.shares(v, "device", []string{"desktop", "mobile"}, codeClosed)
	}
	names := d.journeys.names()
	if v := f.get("journeys"); v != nil {
		p.Journeys = d.shares(v, "persona "+k.Value+": journeys", names, codeName)
		for i, s := range p.Journeys {
			p.Journeys[i].Index = slices.Index(names, s.Name)
		}
	} else {
		p.Journeys = d.defaultJourneys()
	}
	return p
}

// defaultJourneys are those no other journey uses, in equal shares.
func (d *decoder) defaultJourneys() []Share {
	var free []Share
	for i, j := range d.journeys.list {
		if !d.journeys.used[j.name] {
			free = append(free, Share{Name: j.name, Index: i})
		}
	}
	for i := range free {
		free[i].Part = 1 / float64(len(free))
	}
	return free
}

// shares reads name → percentage, a list of names in equal shares, or one name.
func (d *decoder) shares(n *node, what string, known []string, code string) []Share {
	var out []Share
	check := func(k *node) bool {
		if code == codeName && d.lost("journeys") {
			return true
		}
		if !slices.Contains(known, k.Value) {
			d.fail(k, code, what+": unknown name "+quoted(k.Value), "", DidYouMean(k.Value, known))
			return false
		}
		return true
	}
	if n.Kind != mappingNode {
		for _, c := range list(n) {
			if s, ok := d.text(c, what); ok && check(c) {
				out = append(out, Share{Name: s, Index: len(out)})
			}
		}
		for i := range out {
			out[i].Part = 1 / float64(len(out))
		}
		return out
	}
	sum, sound := new(big.Rat), true
	for k, v := range d.pairs(n) {
		known := check(k)
		r := d.percent(v, what+": "+k.Value)
		sound = sound && known && r != nil
		if r == nil {
			continue
		}
		sum.Add(sum, r)
		if r.Sign() > 0 {
			out = append(out, Share{Name: k.Value, Index: len(out), Part: float(r)})
		}
	}
	if sound && sum.Cmp(big.NewRat(1, 1)) != 0 {
		f, _ := sum.Float64()
		d.fail(n, codeShares, fmt.Sprintf("%s: the shares add up to %s", what, percent(f)), "", "make them 100% together")
	}
	return out
}

func (d *decoder) personaNames() []string {
	names := []string{}
	for _, p := range d.sc.Personas {
		names = append(names, p.ID)
	}
	return names
}

// population reads who exists; absent, the accounts say it.
func (d *decoder) population(n *node, profile *profile) {
	sc := d.sc
	switch {
	case n == nil:
		d.populationOfAccounts()
	case n.Kind == sequenceNode:
		for _, c := range n.Content {
			d.cohort(c, profile)
		}
		if len(n.Content) == 0 {
			d.fail(n, codeMissing, "population is empty", "", "write a number of people")
		}
		if len(n.Content) > maxCohorts {
			d.fail(n, codeGroups, fmt.Sprintf("population: more than %d lines", maxCohorts), "", "")
		}
	default:
		people, ok := d.number(n, "population", 1, maxPeople)
		if ok && len(sc.Personas) > 1 {
			d.fail(n, codeKind, "population is one number, but there are several personas", "", "write a list: - {persona: "+sc.Personas[0].ID+", people: "+n.Value+"}")
		} else if ok && len(sc.Personas) == 1 {
			sc.Population = []Cohort{{Persona: sc.Personas[0].ID, People: people, ShowUp: -1, Line: n.Line}}
			d.impliedShowUp[n.Line] = true
		}
	}
	total := 0
	for i := range sc.Population {
		c := &sc.Population[i]
		if c.ShowUp < 0 {
			c.ShowUp = profile.showUp(d.roleOfPersona(c.Persona))
		}
		total += c.People
	}
	if total > maxPeople {
		d.fail(n, codeNumber, fmt.Sprintf("population: more than %d people together", maxPeople), "", "")
	}
}

// populationOfAccounts is one cohort per persona of the CSV, or all rows for
// the first persona.
func (d *decoder) populationOfAccounts() {
	a, sc := d.sc.Accounts, d.sc
	if a.Generate != nil && !d.lost("population") {
		d.add(Mistake{Line: 1, Code: codeMissing, What: "population is missing", Why: "generated accounts do not say how many people there are", Fix: "add population: " + fmt.Sprint(max(1, a.Generate.Count))})
		return
	}
	if len(sc.Personas) == 0 {
		return
	}
	count := map[string]int{}
	for i := range a.Rows {
		p := a.PersonaOf(i)
		if p == "" {
			p = sc.Personas[0].ID
		}
		count[p]++
	}
	for _, p := range sc.Personas {
		if count[p.ID] > 0 {
			sc.Population = append(sc.Population, Cohort{Persona: p.ID, People: count[p.ID], ShowUp: -1})
		}
	}
	if len(sc.Population) == 0 { // the CSV was not opened: who may come, not how many
		for _, p := range sc.Personas {
			sc.Population = append(sc.Population, Cohort{Persona: p.ID, ShowUp: -1})
		}
	}
}

func (d *decoder) cohort(n *node, profile *profile) {
	f := d.open(n, cohortTable)
	c := Cohort{ShowUp: -1, Line: n.Line}
	if v := f.get("persona"); v != nil {
		s, ok := d.text(v, "population: persona")
		c.Persona = s
		if names := d.personaNames(); ok && !slices.Contains(names, s) && !d.lost("personas") {
			d.fail(v, codeName, "population: the persona "+quoted(s)+" is not defined", "", DidYouMean(s, names))
		}
	}
	if v := f.get("region"); v != nil {
		c.Region = d.label(v, "population: region", 100)
	}
	if v := f.get("level"); v != nil {
		c.Level = d.label(v, "population: level", 100)
	}
	if v := f.get("people"); v != nil {
		c.People, _ = d.number(v, "population: people", 1, maxPeople)
	}
	if v := f.get("show_up"); v != nil {
		c.ShowUp = d.share(v, "population: show_up", -1)
	} else {
		d.impliedShowUp[n.Line] = true
	}
	d.sc.Population = append(d.sc.Population, c)
}

func (d *decoder) roleOfPersona(id string) Role {
	for _, p := range d.sc.Personas {
		if p.ID == id {
			return p.Role
		}
	}
	return RolePupil
}
