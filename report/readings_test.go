package report

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

var someSteps = []results.Step{{Journey: "eleve", Name: "home"}, {Journey: "eleve", Name: "2 post /auth/login"}, {Journey: "parent", Name: "home"}, {Journey: "parent", Name: "space"}}

const header = "time,step,resource,value,ceiling\n"

// TestReadings: steps by every name that the report gives them, either separator,
// sorted, and the same bytes when what was written is read and written again.
func TestReadings(t *testing.T) {
	got, err := ParseReadings([]byte("\ufeffTime;Step;Resource;Value;Ceiling\r\n"+
		"2026-11-22T09:00:10+01:00;parent/home;CPU;0.5;1\r\n"+
		"2026-11-22T08:00:05.5Z;eleve · home;Pool SSO n° 1;48;50\r\n"+
		"2026-11-22T09:00:10+01:00;2 post /auth/login;CPU;0;1\r\n"), "a.csv", someSteps)
	if err != nil {
		t.Fatal(err)
	}
	want := header + "2026-11-22T08:00:05.5Z,eleve/home,Pool SSO n° 1,48,50\n" +
		"2026-11-22T08:00:10Z,eleve/2 post /auth/login,CPU,0,1\n2026-11-22T08:00:10Z,eleve/home,CPU,0.5,1\n"
	kept := WriteReadings(got)
	if string(kept) != want {
		t.Errorf("kept\n%s; want\n%s", kept, want)
	}
	again, err := ParseReadings(kept, "kept", someSteps)
	if err != nil || !bytes.Equal(WriteReadings(again), kept) {
		t.Errorf("read again: %v", err)
	}
}

// TestReadingsMistakes: what can be wrong is told with its line and what to do, all
// of it at once.
func TestReadingsMistakes(t *testing.T) {
	at := "2026-11-22T09:00:00+01:00,"
	for name, row := range map[string]struct {
		src  string
		line int
		what string
		fix  string
	}{
		"empty":               {"", 1, "header", header[:10]},
		"another header":      {"when,step,resource,value,ceiling\n", 1, "header", header[:10]},
		"no reading":          {header, 1, "no reading", "one reading a line"},
		"too large":           {strings.Repeat("x", MaxReadingsFile+1), 0, "8 MiB", "export"},
		"not text":            {header + "\xff\xfe", 0, "UTF-8", "UTF-8"},
		"no offset":           {header + "2026-11-22T09:00:00,space,a,1,2\n", 2, "no instant", "+01:00"},
		"long ago":            {header + "0001-11-22T09:00:00Z,space,a,1,2\n", 2, "no instant", "+01:00"},
		"a misspelt step":     {header + at + "spaec,a,1,2\n", 2, "no step", `did you mean "space"`},
		"a strange step":      {header + at + "zzzzzzzzzzzzzzzz,a,1,2\n", 2, "no step", "one of: home, 2 post /auth/login, space"},
		"no name":             {header + at + "space, ,1,2\n", 2, "no name", "name it"},
		"a long name":         {header + at + "space," + strings.Repeat("é", 81) + ",1,2\n", 2, "80 characters", "shorten"},
		"a turned name":       {header + at + "space,a\u202eb,1,2\n", 2, "not seen", "letters"},
		"a name of no width":  {header + at + "space,a\u200bb,1,2\n", 2, "not seen", "letters"},
		"a control character": {header + at + "space,a\x1b[2Jb,1,2\n", 2, "not seen", "letters"},
		"two lines":           {header + at + "space,\"a\nb\",1,2\n", 2, "not seen", "letters"},
		"a formula":           {header + at + "space,=1+1,1,2\n", 2, "neither a letter", "letter"},
		"no number":           {header + at + "space,a,much,2\n", 2, `value "much"`, "48.5"},
		"not finite":          {header + at + "space,a,NaN,2\n", 2, "value", "48.5"},
		"below 0":             {header + at + "space,a,-1,2\n", 2, "value", "48.5"},
		"no ceiling":          {header + at + "space,a,1,0\n", 2, "not above 0", "100"},
		"two units":           {header + at + "space,a,80,1\n", 2, "ten times", "one unit"},
		"an infinite ceiling": {header + at + "space,a,80,inf\n", 2, "ceiling", "48.5"},
		"twice":               {header + at + "space,a,1,2\n" + at + "parent/space,a,2,2\n", 3, "line 2 comes again", "its own name"},
		"of two journeys":     {header + at + "eleve/home,a,1,2\n" + at + "parent/home,a,2,2\n", 3, "line 2 comes again", "its own name"},
		"too few columns":     {header + at + "space,a,1\n", 2, "4 columns instead of 5", "separator"},
		"a decimal comma":     {header + at + "space,a,0,5,1\n", 2, "6 columns instead of 5", "point"},
		"an open quote":       {header + at + "\"space,a,1,2\n", 2, "quote", "written"},
	} {
		_, err := ParseReadings([]byte(row.src), "a.csv", someSteps)
		var said *scenarios.Mistakes
		if !errors.As(err, &said) || len(said.List) != 1 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		m := said.List[0]
		if m.Line != row.line || !strings.Contains(m.What, row.what) || !strings.Contains(m.Fix, row.fix) || m.Code != codeReadings || m.File != "a.csv" {
			t.Errorf("%s: %+v; want line %d, %q, %q", name, m, row.line, row.what, row.fix)
		}
	}
}

// TestReadingsBounds: a file of too many mistakes, resources or readings.
func TestReadingsBounds(t *testing.T) {
	var many, resources, readings strings.Builder
	many.WriteString(header)
	resources.WriteString(header)
	readings.WriteString(header)
	for i := range 150 {
		fmt.Fprintf(&many, "x,y,z%d,1,2\n", i)
	}
	for i := range maxResources + 1 {
		fmt.Fprintf(&resources, "2026-11-22T09:00:00Z,space,r%d,1,2\n", i)
	}
	for i := range maxReadings + 1 {
		fmt.Fprintf(&readings, "2026-11-22T09:00:00.%06dZ,space,a,1,2\n", i)
	}
	for _, row := range []struct {
		src        string
		list, more int
		what       string
	}{
		{many.String(), 100, 200, "no instant"}, {resources.String(), 1, 0, "64 resources"}, {readings.String(), 1, 0, "200,000"},
	} {
		_, err := ParseReadings([]byte(row.src), "a.csv", someSteps)
		var said *scenarios.Mistakes
		if !errors.As(err, &said) || len(said.List) != row.list || said.More != row.more || !strings.Contains(said.List[0].What, row.what) {
			t.Errorf("%s: %.300v", row.what, err)
		}
	}
}

// FuzzReadings: no file panics, and what is taken comes back to the byte.
func FuzzReadings(f *testing.F) {
	f.Add(header + "2026-11-22T09:00:00+01:00,space,a,1,2\n")
	f.Add("time;step;resource;value;ceiling\n2026-11-22T09:00:00.123456789Z;eleve/home;\"a \"\"b\"\"\";0x1p3;1e9\n")
	f.Add("\ufeff" + header + "\n\n2026-11-22T09:00:00Z,eleve · home,é ,5e-324,1e-9\n")
	f.Fuzz(func(t *testing.T, src string) {
		list, err := ParseReadings([]byte(src), "a.csv", someSteps)
		if err != nil {
			if m := (*scenarios.Mistakes)(nil); !errors.As(err, &m) || len(m.List) == 0 || len(m.List) > maxReadingMistakes {
				t.Errorf("%v", err)
			}
			return
		}
		kept := WriteReadings(list)
		again, err := ParseReadings(kept, "kept", someSteps)
		if err != nil || !bytes.Equal(WriteReadings(again), kept) {
			t.Errorf("%q, read again: %v", kept, err)
		}
	})
}
