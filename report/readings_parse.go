package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

const (
	codeReadings        = "FB0404"
	maxReadingMistakes  = 100
	maxOverCeiling      = 10 // times: more is two units, not a full resource
	largestReading      = 1e15
	smallestCeiling     = 1e-9
	oldest, newest      = 2000, 2200 // years
	readingsHeaderWords = "time,step,resource,value,ceiling"
)

// ParseReadings reads a CSV of the target's own servers: a header with the columns
// time, step, resource, value and ceiling, comma or semicolon, then one reading a
// line. time is RFC 3339 with its offset; step one of steps, by its name or as
// journey/step (steps of one name are one page, whatever the journey); value and ceiling are numbers of one unit, the ceiling above 0. The
// readings come sorted by time, step and resource.
//
// The file is not trusted: it has at most 8 MiB, 200,000 readings and 64 resources
// whose names are at most 80 visible characters. The error is a
// [scenarios.Mistakes] with everything that is wrong.
func ParseReadings(b []byte, file string, steps []results.Step) ([]Reading, error) {
	p := &readingsParser{file: file, seen: map[readingKey]int{}, resources: map[readingKey]bool{}}
	p.know(steps)
	if b = bytes.TrimPrefix(b, []byte("\ufeff")); len(b) > MaxReadingsFile {
		p.fail(0, "the file is larger than 8 MiB", "", "export the minutes of the session only, a reading every 5 to 15 s")
	} else if !utf8.Valid(b) {
		p.fail(0, "the file holds bytes that are not UTF-8 text", "", "save it as CSV UTF-8")
	} else {
		p.parse(b)
	}
	if len(p.mistakes.List) > 0 {
		return nil, &p.mistakes
	}
	slices.SortFunc(p.list, compareReadings)
	return p.list, nil
}

// readingsParser is a file being read.
type readingsParser struct {
	file      string
	steps     map[string]results.Step // by every name they may be given by
	names     []string                // to propose
	list      []Reading
	seen      map[readingKey]int // the line of each
	resources map[readingKey]bool
	mistakes  scenarios.Mistakes
}

type readingKey struct {
	at             int64
	step, resource string
}

// know takes the steps by name, by journey/step, and as the report prints them.
func (p *readingsParser) know(steps []results.Step) {
	p.steps = map[string]results.Step{}
	for _, s := range steps {
		if !slices.Contains(p.names, s.Name) {
			p.names = append(p.names, s.Name)
			p.steps[s.Name] = s
		}
	}
	for _, s := range steps {
		p.steps[fullName(s)], p.steps[s.Journey+" · "+s.Name] = p.steps[s.Name], p.steps[s.Name]
	}
}

func (p *readingsParser) fail(line int, what, why, fix string) {
	if len(p.mistakes.List) >= maxReadingMistakes {
		p.mistakes.More++
		return
	}
	p.mistakes.List = append(p.mistakes.List, scenarios.Mistake{File: p.file, Line: line, Code: codeReadings, What: what, Why: why, Fix: fix})
}

func (p *readingsParser) parse(b []byte) {
	header, _, _ := bytes.Cut(b, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord, r.ReuseRecord = len(readingsHeader), true
	if bytes.Count(header, []byte(";")) > bytes.Count(header, []byte(",")) {
		r.Comma = ';'
	}
	first, err := r.Read()
	if err != nil || !slices.EqualFunc(first, readingsHeader, sameWord) {
		p.fail(1, "the header is not "+readingsHeaderWords, "the columns are told by it", "first line: "+readingsHeaderWords)
		return
	}
	for {
		row, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			if len(p.list) == 0 && len(p.mistakes.List) == 0 {
				p.fail(1, "the file has no reading", "", "one reading a line, under the header")
			}
			return
		case errors.Is(err, csv.ErrFieldCount):
			line, _ := r.FieldPos(0)
			p.fail(line, fmt.Sprintf("%d columns instead of %d", len(row), len(readingsHeader)), "", "quote a value that holds a separator; write decimals with a point")
		case err != nil:
			p.broken(err)
			return
		case len(p.list) >= maxReadings:
			line, _ := r.FieldPos(0)
			p.fail(line, "more than 200,000 readings", "", "export the minutes of the session only, a reading every 5 to 15 s")
			return
		default:
			line, _ := r.FieldPos(0)
			p.row(row, line)
		}
	}
}

func sameWord(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), b) }

func (p *readingsParser) broken(err error) {
	line := 0
	if pe := (*csv.ParseError)(nil); errors.As(err, &pe) {
		line = pe.StartLine
	}
	p.fail(line, "a quote is not closed, or stands in the middle of a value", "nothing below it can be read", `a value with quotes is written "like ""this"""`)
}

// row reads one line; all that is wrong with it is said.
func (p *readingsParser) row(row []string, line int) {
	before := len(p.mistakes.List) + p.mistakes.More
	one := Reading{At: p.time(row[0], line), Step: p.step(row[1], line), Resource: p.resource(row[2], line)}
	one.Value, one.Ceiling = p.number("value", row[3], line), p.number("ceiling", row[4], line)
	if len(p.mistakes.List)+p.mistakes.More > before {
		return
	}
	switch {
	case one.Ceiling < smallestCeiling:
		p.fail(line, "the ceiling is not above 0", "the part that is taken is value ÷ ceiling", "give how much of the resource there is: 100 for a percentage")
		return
	case one.Value > maxOverCeiling*one.Ceiling:
		p.fail(line, "the value is more than ten times its ceiling", "they seem to be in two units", "give both in one unit: 0.8 of 1, or 80 of 100")
		return
	}
	key := readingKey{one.At.UnixNano(), fullName(one.Step), one.Resource}
	if at, twice := p.seen[key]; twice {
		p.fail(line, fmt.Sprintf("the reading of line %d comes again", at), "one resource has one reading at one instant", "give each server's its own name: SSO pool, server 1")
		return
	}
	p.seen[key], key.at = line, 0
	if !p.resources[key] && len(p.resources) >= maxResources {
		p.fail(line, "more than 64 resources", "", "keep those that may be the limit")
		return
	}
	p.resources[key] = true
	p.list = append(p.list, one)
}

func (p *readingsParser) time(s string, line int) time.Time {
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(s))
	if err != nil || at.UTC().Year() < oldest || at.UTC().Year() > newest {
		p.fail(line, shown(s)+" is no instant", "without its offset from UTC an hour is not known", "write it so: 2026-11-22T09:00:00+01:00")
	}
	return at
}

func (p *readingsParser) step(s string, line int) results.Step {
	name := strings.TrimSpace(s)
	found, ok := p.steps[name]
	if !ok {
		p.fail(line, shown(s)+" is no step of this session", "", scenarios.DidYouMean(name, p.names))
	}
	return found
}

// resource is a name that can stand in a table: some visible characters, the first
// of them a letter or a digit, and none that turns the direction of the text or is
// not seen.
func (p *readingsParser) resource(s string, line int) string {
	s = strings.TrimSpace(s)
	first, _ := utf8.DecodeRuneInString(s)
	switch {
	case s == "":
		p.fail(line, "the resource has no name", "", "name it: SSO pool connections")
	case utf8.RuneCountInString(s) > maxResourceName:
		p.fail(line, "the resource's name is longer than 80 characters", "", "shorten it")
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) }):
		p.fail(line, "the resource's name holds characters that are not seen", "they can change how the report reads", "write it with letters, digits and spaces")
	case !unicode.IsLetter(first) && !unicode.IsDigit(first):
		p.fail(line, "the resource's name begins with neither a letter nor a digit", "a spreadsheet would take it for a formula", "begin it with a letter")
	}
	return s
}

func (p *readingsParser) number(name, s string, line int) float64 {
	x, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(x) || x < 0 || x > largestReading {
		p.fail(line, "the "+name+" "+shown(s)+" is no number from 0 on", "", "write it with digits and a decimal point, without unit: 48.5")
	}
	return x
}

// shown is a piece of a file in a message: cut, with what is not seen made visible.
func shown(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return strconv.Quote(s)
}
