package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func (d *decoder) accounts(n *node) {
	if n.Kind == scalarNode {
		d.fail(n, codeSynthetic, "accounts must say that they are synthetic", "", "write accounts: {csv: "+n.Value+", synthetic: true}")
		return
	}
	f, a := d.open(n, accountsTable), &d.sc.Accounts
	if n := f.get("synthetic"); n != nil {
		if a.Synthetic = d.yes(n, "accounts: synthetic"); !a.Synthetic {
			d.fail(n, codeSynthetic, "accounts are not declared synthetic", "a load test must never sign in with a real person's account", "make test accounts, then write synthetic: true")
		}
	}
	if n := f.get("reuse"); n != nil {
		if w := d.word(n, "accounts: reuse", "never", string(ReuseAfterEnd)); w != "never" {
			a.Reuse = Reuse(w)
		}
	}
	file, generate := f.get("csv"), f.get("generate")
	switch {
	case file != nil && generate != nil:
		d.fail(generate, codeStep, "accounts: csv and generate exclude each other", "", "keep one")
	case file == nil && generate == nil && n.Kind == mappingNode:
		d.fail(n, codeMissing, "accounts: neither csv nor generate", "", "add csv: accounts.csv")
	case generate != nil:
		d.generator(generate)
	case file != nil:
		d.csvFile(file)
	}
}

func (d *decoder) generator(n *node) {
	f := d.open(n, generateTable)
	g := &Generator{}
	if c := f.get("count"); c != nil {
		g.Count, _ = d.number(c, "accounts.generate: count", 1, maxPeople)
	}
	for k, v := range f.inOrder() {
		if k.Value == "count" {
			continue
		}
		if !variableName.MatchString(k.Value) || strings.Contains(k.Value, ".") {
			d.fail(k, codeName, "accounts.generate: "+quoted(k.Value)+" cannot be a column", "", "letters, digits, _ and -")
			continue
		}
		t := d.template(v, "accounts.generate: "+k.Value)
		d.onlyEnv(v, t, "n")
		switch k.Value {
		case "login":
			g.Login = t
			if g.Count > 1 && !slices.Contains(t.Names(), "n") {
				d.fail(v, codeCSV, "accounts.generate: every login would be the same", "an account serves one person at a time", `number them: "eleve${n}"`)
			}
		case "password":
			g.Password = t
		default:
			g.Extra = append(g.Extra, Field{Name: k.Value, Value: t, Line: k.Line})
		}
	}
	f.get("login")
	f.get("password")
	g.env = d.opts.Env
	d.sc.Accounts.Generate = g
	d.sc.Accounts.Columns = []string{"login", "password"}
	for _, e := range g.Extra {
		d.sc.Accounts.Columns = append(d.sc.Accounts.Columns, e.Name)
	}
}

// Len is the number of accounts.
func (a Accounts) Len() int {
	if a.Generate != nil {
		return a.Generate.Count
	}
	return len(a.Rows)
}

// Lookup gives the variables of account i (0 <= i < Len): its columns, by
// name. It is safe for concurrent use.
func (a Accounts) Lookup(i int) Lookup {
	if a.Generate != nil {
		return a.Generate.lookup(i)
	}
	row := a.Rows[i]
	return func(name string) (string, bool) {
		for c, col := range a.Columns {
			if col == name && c < len(row) {
				return row[c], true
			}
		}
		return "", false
	}
}

// PersonaOf is the persona that account i serves; "" for any.
func (a Accounts) PersonaOf(i int) string {
	if a.Generate != nil {
		return ""
	}
	for c, col := range a.Columns {
		if col == "persona" && c < len(a.Rows[i]) {
			return a.Rows[i][c]
		}
	}
	return ""
}

func (g *Generator) lookup(i int) Lookup {
	inner := func(name string) (string, bool) {
		if name == "n" {
			return strconv.Itoa(i + 1), true
		}
		if env, ok := strings.CutPrefix(name, "env."); ok && g.env != nil {
			return g.env(env)
		}
		return "", false
	}
	return func(name string) (string, bool) {
		t, ok := g.column(name)
		if !ok {
			return "", false
		}
		v, err := t.Expand(inner)
		return v, err == nil
	}
}

func (g *Generator) column(name string) (Template, bool) {
	switch name {
	case "login":
		return g.Login, true
	case "password":
		return g.Password, true
	}
	for _, e := range g.Extra {
		if e.Name == name {
			return e.Value, true
		}
	}
	return Template{}, false
}

// CheckAccounts says whether the accounts are enough for the people that come,
// now that a plan knows how many. With reuse any number of accounts will do.
// The error is a *[Mistakes].
func (s *Scenario) CheckAccounts(people int) error {
	if s.Accounts.Reuse == ReuseAfterEnd || people <= s.Accounts.Len() {
		return nil
	}
	return &Mistakes{List: []Mistake{{File: "accounts", Code: codeFewer,
		What: fmt.Sprintf("%d people come, but there are %d accounts", people, s.Accounts.Len()),
		Why:  "an account serves one person at a time",
		Fix:  "give more accounts, or say accounts: {reuse: after_end} so that a settled person hands the account on"}}}
}

// CheckAccountsByCohort is CheckAccounts for each persona: people[i] come from
// Population[i]. An account without a persona serves any; with reuse each
// persona still needs one account.
func (s *Scenario) CheckAccountsByCohort(people []int) error {
	own, any := map[string]int{}, 0
	for i := range s.Accounts.Len() {
		if p := s.Accounts.PersonaOf(i); p != "" {
			own[p]++
		} else {
			any++
		}
	}
	need := map[string]int{}
	for i, n := range people {
		if i < len(s.Population) {
			need[s.Population[i].Persona] += n
		}
	}
	var list []Mistake
	for _, p := range s.Personas {
		want := need[p.ID]
		if s.Accounts.Reuse == ReuseAfterEnd {
			want = min(want, 1)
		}
		missing := max(0, want-own[p.ID])
		if missing > any {
			list = append(list, Mistake{File: "accounts", Code: codeFewer,
				What: fmt.Sprintf("%d people of persona %s come, but %d accounts can serve them", need[p.ID], p.ID, own[p.ID]+any),
				Why:  "an account serves one person at a time, and one with a persona only that persona",
				Fix:  "give more accounts, or say accounts: {reuse: after_end}"})
			continue
		}
		any -= missing
	}
	if len(list) == 0 {
		return nil
	}
	return &Mistakes{List: list}
}
