package scenarios

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

const (
	maxCSV         = 256 << 20
	maxRowMistakes = 10
)

func (d *decoder) csvFile(n *node) {
	name, ok := d.text(n, "accounts: csv")
	if !ok {
		return
	}
	d.sc.Accounts.CSV = name
	if t := d.opts.Table; t != nil {
		d.sc.Accounts.Columns, d.sc.Accounts.Rows = t.Columns, t.Rows
		return
	}
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
	if line := badByteLine(b); line > 0 {
		c.fail(line, "the file holds bytes that are not UTF-8 text", "save it as CSV UTF-8")
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
		c.fail(line, "the persona of this account is not defined", DidYouMean(row[c.persona], c.personas))
		return false
	}
	if first, ok := c.seen[row[c.login]]; ok {
		c.fail(line, fmt.Sprintf("the login of line %d comes again", first), "an account serves one person at a time")
		return false
	}
	c.seen[row[c.login]] = line
	return true
}
