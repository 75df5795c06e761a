package scenarios

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxCSV         = 256 << 20
	maxRowMistakes = 10
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

func (d *decoder) csvFile(n *node) {
	name, ok := d.text(n, "accounts: csv")
	if !ok {
		return
	}
	d.sc.Accounts.CSV = name
	if d.opts.SkipFiles {
		return
	}
	file, err := os.Open(d.sc.Path(name))
	if err != nil {
		d.fail(n, codeCSV, "accounts: "+quoted(name)+" cannot be read: "+plainError(err), "", "the name is relative to the scenario file")
		return
	}
	defer file.Close()
	if st, err := file.Stat(); err == nil && (st.IsDir() || st.Size() > maxCSV) {
		d.fail(n, codeCSV, "accounts: "+quoted(name)+" is not a CSV of at most 256 MiB", "", "")
		return
	}
	b, err := io.ReadAll(io.LimitReader(file, maxCSV+1))
	if err != nil || len(b) > maxCSV {
		d.fail(n, codeCSV, "accounts: "+quoted(name)+" cannot be read whole", "", "")
		return
	}
	columns, rows, mistakes := readCSV(b, name, d.personaNames())
	d.mistakes = append(d.mistakes, mistakes...)
	d.sc.Accounts.Columns, d.sc.Accounts.Rows = columns, rows
}

// csvReader reads one accounts file; messages hold its name and line, never
// a value.
type csvReader struct {
	name     string
	mistakes []Mistake
	columns  []string
	personas []string
	login    int
	password int
	persona  int // -1: no such column
	seen     map[string]int
}

// readCSV reads accounts: a header with login and password (any case), comma or
// semicolon, a byte order mark allowed.
func readCSV(b []byte, name string, personas []string) ([]string, [][]string, []Mistake) {
	c := &csvReader{name: name, personas: personas, seen: map[string]int{}}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
		c.fail(badByteLine(b), "the file holds bytes that are not UTF-8 text", "save it as CSV UTF-8")
		return nil, nil, c.mistakes
	}
	header, _, _ := bytes.Cut(b, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(b))
	if bytes.Count(header, []byte(";")) > bytes.Count(header, []byte(",")) {
		r.Comma = ';'
	}
	first, err := r.Read()
	if err != nil {
		c.fail(1, "the file has no header", "first line: login,password")
		return nil, nil, c.mistakes
	}
	if !c.header(first) {
		return nil, nil, c.mistakes
	}
	var rows [][]string
	for len(c.mistakes) < maxRowMistakes && len(rows) < maxPeople {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			c.parseError(err)
			if !errors.Is(err, csv.ErrFieldCount) {
				break
			}
			continue
		}
		line, _ := r.FieldPos(0)
		if c.row(row, line) {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 && len(c.mistakes) == 0 {
		c.fail(1, "the file has no account", "one account a line, under login,password")
	}
	return c.columns, rows, c.mistakes
}

func (c *csvReader) fail(line int, what, fix string) {
	c.mistakes = append(c.mistakes, Mistake{File: c.name, Line: line, Code: codeCSV, What: what, Fix: fix})
}

func (c *csvReader) parseError(err error) {
	var pe *csv.ParseError
	if !errors.As(err, &pe) {
		c.fail(0, "the file cannot be read", "")
		return
	}
	if errors.Is(pe.Err, csv.ErrFieldCount) {
		c.fail(pe.Line, fmt.Sprintf("another number of columns than the header's %d", len(c.columns)), "quote a value that holds a separator")
		return
	}
	c.fail(pe.StartLine, "a quote is not closed, or stands in the middle of a value", `a value with quotes is written "like ""this"""`)
}

func (c *csvReader) header(first []string) bool {
	c.persona = -1
	c.login, c.password = -1, -1
	for i, col := range first {
		col = strings.TrimSpace(col)
		switch strings.ToLower(col) {
		case "login":
			col, c.login = "login", i
		case "password":
			col, c.password = "password", i
		case "persona":
			col, c.persona = "persona", i
		}
		if !variableName.MatchString(col) || strings.Contains(col, ".") {
			c.fail(1, fmt.Sprintf("column %d cannot be used as a variable", i+1), "name columns with letters, digits, _ and -")
		} else if slices.Contains(c.columns, col) {
			c.fail(1, fmt.Sprintf("column %d has the name of another", i+1), "")
		}
		c.columns = append(c.columns, col)
	}
	if c.login < 0 || c.password < 0 {
		c.fail(1, "the header has no columns login and password", "first line: login,password")
	}
	return len(c.mistakes) == 0
}

func (c *csvReader) row(row []string, line int) bool {
	switch {
	case row[c.login] == "":
		c.fail(line, "the login is empty", "")
		return false
	case row[c.password] == "":
		c.fail(line, "the password is empty", "")
		return false
	case c.persona >= 0 && row[c.persona] != "" && c.personas != nil && !slices.Contains(c.personas, row[c.persona]):
		c.fail(line, "the persona of this account is not defined", didYouMean(row[c.persona], c.personas))
		return false
	}
	if first, ok := c.seen[row[c.login]]; ok {
		c.fail(line, fmt.Sprintf("the login of line %d comes again", first), "an account serves one person at a time")
		return false
	}
	c.seen[row[c.login]] = line
	return true
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
