package html

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"firstbell/report"
	"firstbell/report/reporttest"
)

// render gives the page of a fixture; FIRSTBELL_PAGES names a folder to keep
// pages in, for looking at them.
func render(t testing.TB, s *report.Summary, lang string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, s, lang); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// judged keeps each fixture's summary.json: building a run folder takes longer
// than rendering it.
var judged sync.Map

func summary(t testing.TB, name string) *report.Summary {
	t.Helper()
	raw, ok := judged.Load(name)
	if !ok {
		b, err := json.Marshal(judge(t, name))
		if err != nil {
			t.Fatal(err)
		}
		raw = b
		judged.Store(name, raw)
	}
	s := &report.Summary{}
	if err := json.Unmarshal(raw.([]byte), s); err != nil {
		t.Fatal(err)
	}
	return s
}

// names are the runs and the sessions.
func names() []string { return append(reporttest.Names(), reporttest.SessionNames()...) }

func judge(t testing.TB, name string) *report.Summary {
	t.Helper()
	s := reporttest.Summary(t, name)
	s.Files = []report.File{
		{Path: "deltas/0.bin", SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Bytes: 48211},
		{Path: "plan.json", SHA256: "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752", Bytes: 5120},
	}
	return s
}

func keep(t testing.TB, name string, page []byte) {
	if dir := os.Getenv("FIRSTBELL_PAGES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryFixtureRenders(t *testing.T) {
	for _, name := range names() {
		t.Run(name, func(t *testing.T) {
			s := summary(t, name)
			for _, lang := range []string{"fr", "en"} {
				page := render(t, s, lang)
				if !bytes.Equal(page, render(t, s, lang)) {
					t.Error("rendered twice, two pages")
				}
				if len(page) > 600_000 {
					t.Errorf("%d bytes", len(page))
				}
				keep(t, name+"."+lang+".html", page)
			}
		})
	}
}

// TestTwoHundredWorkers: the page stays small, tells the least healthy and folds the
// others.
func TestTwoHundredWorkers(t *testing.T) {
	s := summary(t, "fleet_large")
	for i := len(s.Generator.Workers); i < 200; i++ {
		w := s.Generator.Workers[i%60]
		m := *w.Member
		m.Name, m.Place, m.State, w.Member = fmt.Sprintf("w%03d", i), fmt.Sprint("salle ", i%40), "ok", &m
		s.Generator.Workers = append(s.Generator.Workers, w)
	}
	s.Run.Workers = 200
	page := render(t, s, "fr")
	if len(page) > 600_000 {
		t.Errorf("%d bytes", len(page))
	}
	for want, n := range map[string]int{">w199<": 1, ">w057<": 4, "autres lieux": 2, "salle 39\u00a0:": 0} {
		if got := strings.Count(string(page), want); got != n {
			t.Errorf("%q stands %d times; want %d", want, got, n)
		}
	}
}
