package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"firstbell/report"
	"firstbell/report/html"
	"firstbell/report/junit"
	"firstbell/report/markdown"
	"firstbell/report/reporttest"
	"firstbell/report/terminal"
	"firstbell/runner/results"
)

// acts reports whether a character does more than stand where it is. Line feeds are
// the faces' own, a tab too; markdown puts an invisible space behind an @.
func acts(r rune) bool {
	return r != '\n' && r != '\t' && r != '\u200b' && !unicode.IsGraphic(r)
}

func TestLegible(t *testing.T) {
	for text, want := range map[string]string{
		"Collège « Élysée » 42\u00a0% 日本":        "Collège « Élysée » 42\u00a0% 日本",
		"a\x1b[2J\x1b]0;b\x07c":                  "a\ufffd[2J\ufffd]0;b\ufffdc",
		"a\u009b31mb\u0085c\x7f":                 "a\ufffd31mb c\ufffd",
		"ready\r\n✓ READY\tyes\u2028now":         "ready  ✓ READY yes now",
		"\u202egnitteg\u2066 \u200f\ufeff\u00ad": "\ufffdgnitteg\ufffd \ufffd\ufffd\ufffd",
		"a\u200bb\u2060c\u3164d\U000e0041":       "a\ufffdb\ufffdc\ufffdd\ufffd",
		"\xff\xc3":                               "\ufffd\ufffd",
		"":                                       "",
	} {
		if got := report.Legible(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// hostileDossier is a session in which all that strangers name and say is text.
func hostileDossier(t testing.TB, text string) *reporttest.Dossier {
	d := reporttest.NewDossier(t, reporttest.Standard())
	d.Journal.Name, d.Journal.Target, d.Journal.RunID, d.Journal.Command = text, text, text, text
	d.Journal.Unproved, d.Journal.Sources = []string{text}, []string{text}
	d.Journal.Stages = []results.Stage{{Name: text, Skipped: text}}
	d.Journal.Calibration.Stopped, d.Journal.Ended.Cause = text, text
	d.Journal.Witness = &results.Witness{Trials: []results.Beheld{{Trial: text}}}
	d.Journal.Control = &results.Control{URL: text}
	a := &d.Scenario.About
	a.RequiredBy, a.Tester, a.Staging, a.StagingBy, a.Version, a.ValidUntil = text, text, text, text, text, text
	return d
}

// faces writes every face of a Summary.
func faces(t testing.TB, s *report.Summary) map[string][]byte {
	t.Helper()
	var page, md, xml, console, data bytes.Buffer
	data.Grow(1 << 16)
	enc := json.NewEncoder(&data)
	for name, err := range map[string]error{
		"html": html.Render(&page, s, "fr"), "markdown": markdown.Write(&md, s, "fr"), "junit": junit.Write(&xml, s, "fr"),
		"terminal": terminal.Write(&console, s, terminal.Options{Lang: "fr"}), "json": enc.Encode(s),
	} {
		if err != nil {
			t.Fatal(name, err)
		}
	}
	return map[string][]byte{"html": page.Bytes(), "markdown": md.Bytes(), "junit": xml.Bytes(), "terminal": console.Bytes(), "json": data.Bytes()}
}

const hostileText = "x\x1b[2J\u009b31m\u202e\u2066\x07\u200f\xff\r\n✓ PRÊT\u00ad"

// TestNothingActsOnAFace: a run whose target and file say what turns a terminal or a
// sentence round is shown with nothing of the kind on any face.
func TestNothingActsOnAFace(t *testing.T) {
	spec := reporttest.SpecOf(t, "not_ready")
	for i := range spec.Signs {
		spec.Signs[i].Text = hostileText
	}
	spec.Events = append(spec.Events, results.Event{Kind: hostileText, Text: hostileText, Fields: map[string]string{"host": hostileText, hostileText: hostileText}},
		results.Event{Kind: "consent_granted", Text: hostileText, Fields: map[string]string{hostileText: hostileText}})
	run, sc := reporttest.Build(t, spec)
	sc.About.Tester = hostileText
	p := run.Plan
	p.Name, p.Target, p.RunID, p.Profile, p.Notes, p.Hosts = hostileText, hostileText, hostileText, hostileText, []string{hostileText}, []string{hostileText}
	for i := range p.Steps {
		p.Steps[i].Name, p.Steps[i].Journey = hostileText, hostileText
	}
	for i := range p.Groups {
		p.Groups[i].Region = hostileText
	}
	run.Ended.Cause = hostileText
	s, err := report.Judge(run, sc)
	if err != nil {
		t.Fatal(err)
	}
	checkFaces(t, s)
	if p.Name != hostileText || sc.About.Tester != hostileText {
		t.Error("the plan or the file was changed")
	}
	d := hostileDossier(t, hostileText)
	checkFaces(t, d.Judge())
	if d.Journal.Stages[0].Name != hostileText || d.Journal.Calibration.Stopped != hostileText {
		t.Error("the journal was changed")
	}
}

func checkFaces(t *testing.T, s *report.Summary) {
	t.Helper()
	for face, text := range faces(t, s) {
		if i := bytes.IndexFunc(text, acts); i >= 0 || !utf8.Valid(text) {
			t.Errorf("%s: %q", face, text[max(0, i-40):min(len(text), max(0, i)+40)])
		}
		if !bytes.ContainsRune(text, '\ufffd') {
			t.Errorf("%s does not show that something was replaced", face)
		}
	}
}

// TestListedFilesAreLegible: a folder may be anybody's.
func TestListedFilesAreLegible(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a\x1b[2J\u202e"), nil, 0o600); err != nil {
		t.Skip("this file system has no such names")
	}
	list, err := report.ListFiles(dir)
	if err != nil || len(list) != 1 || list[0].Path != "a\ufffd[2J\ufffd" {
		t.Errorf("%+v, %v", list, err)
	}
}

// FuzzLegible: whatever a session's journal holds, no text of its Summary acts, none
// is shortened, and what is legible stays.
func FuzzLegible(f *testing.F) {
	for _, seed := range []string{hostileText, "Élysée", "\u202e", "\x9b\xff", strings.Repeat("\ufeff", 9)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := report.Legible(text)
		if i := strings.IndexFunc(got, func(r rune) bool { return !unicode.IsGraphic(r) }); i >= 0 || !utf8.ValidString(got) {
			t.Fatalf("%q leaves %q", text, got)
		}
		if utf8.RuneCountInString(got) != utf8.RuneCountInString(text) || report.Legible(got) != got {
			t.Fatalf("%q becomes %q", text, got)
		}
		s := hostileDossier(t, text).Judge()
		for _, shown := range texts(reflect.ValueOf(s), nil) {
			if report.Legible(shown) != shown {
				t.Fatalf("the Summary holds %q", shown)
			}
		}
	})
}

// texts collects every text of a value.
func texts(v reflect.Value, list []string) []string {
	switch v.Kind() {
	case reflect.String:
		return append(list, v.String())
	case reflect.Pointer:
		if !v.IsNil() {
			return texts(v.Elem(), list)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				list = texts(v.Field(i), list)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			list = texts(v.Index(i), list)
		}
	case reflect.Map:
		for k, x := range v.Seq2() {
			list = slices.Concat(list, texts(k, nil), texts(x, nil))
		}
	}
	return list
}
