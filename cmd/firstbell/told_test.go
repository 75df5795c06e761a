package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

const metricsHead = "time,step,resource,value,ceiling\n"

func written(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "metrics.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// What the servers measured is kept in the session's folder, listed in its manifest,
// replaced when it is given again, and the report comes from that folder alone.
func TestServerMetricsAreKept(t *testing.T) {
	own := sizeFolders(t)[4]
	first := written(t, metricsHead+"2026-11-20T14:00:00+01:00,LOGIN,SSO pool,48,50\n")
	second := written(t, metricsHead+"2026-11-20T14:00:00+01:00,LOGIN,Processor,0.4,1\n")
	for _, file := range []string{first, second} {
		file = written(t, strings.ReplaceAll(read(t, file), "LOGIN", stepOf(t, own)))
		told := told{metrics: file}
		if err := told.keep(own); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := build(own, "fr"); err != nil {
		t.Fatal(err)
	}
	kept := read(t, filepath.Join(own, report.ReadingsFile))
	if !strings.Contains(kept, "Processor") || strings.Contains(kept, "SSO") || !strings.Contains(kept, "2026-11-20T13:00:00Z") {
		t.Errorf("kept %s", kept)
	}
	if !strings.Contains(read(t, filepath.Join(own, results.ManifestFile)), report.ReadingsFile) {
		t.Error("the manifest does not list the readings")
	}
	before := map[string]string{}
	for _, name := range []string{"summary.json", "report.html", "summary.md", "junit.xml", results.ManifestFile} {
		before[name] = read(t, filepath.Join(own, name))
	}
	if _, err := build(own, "fr"); err != nil {
		t.Fatal(err)
	}
	for name, was := range before {
		if read(t, filepath.Join(own, name)) != was {
			t.Errorf("%s is another one when rebuilt", name)
		}
	}
}

// stepOf is the name of the last step of a session.
func stepOf(t *testing.T, dir string) string {
	t.Helper()
	d, err := results.ReadDossier(dir)
	if err != nil {
		t.Fatal(err)
	}
	steps := report.StepsOf(d, trialsOf(dir))
	if len(steps) == 0 {
		t.Fatal("no step")
	}
	last := steps[len(steps)-1]
	return last.Journey + "/" + last.Name
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Readings that cannot be used change nothing; a kept file that somebody has changed
// is a damaged session.
func TestServerMetricsRefused(t *testing.T) {
	own := sizeFolders(t)[4]
	row := "2026-11-20T14:00:00+01:00," + stepOf(t, own) + ",SSO pool,48,50\n"
	var mistakes *scenarios.Mistakes
	refused := told{metrics: written(t, metricsHead+row+"x,y,z,-1,0\n")}
	if err := refused.keep(own); !errors.As(err, &mistakes) || len(mistakes.List) != 3 || exitCodeOf(err) != exitUsage {
		t.Errorf("three mistakes: %v", err)
	}
	gone := told{metrics: filepath.Join(t.TempDir(), "none.csv")}
	if err := gone.keep(own); exitCodeOf(err) != exitUsage {
		t.Errorf("no file: %v", err)
	}
	if folderExists(filepath.Join(own, report.ReadingsFile)) {
		t.Error("a refused file was kept")
	}
	nowhere := told{metrics: written(t, metricsHead+row)}
	if err := nowhere.keep(t.TempDir()); exitCodeOf(err) != exitUsage {
		t.Errorf("no session: %v", err)
	}
	if err := os.WriteFile(filepath.Join(own, report.ReadingsFile), []byte(metricsHead+"<script>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := build(own, "en"); exitCodeOf(err) != exitUsage || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a changed file: %v", err)
	}
}

// The session before a change is read once and kept in the journal; what is not
// such a session is refused with what to do.
func TestStrengthenedIsKept(t *testing.T) {
	dirs := sizeFolders(t)
	own, step := dirs[4], stepOf(t, dirs[4])
	given := told{change: changeOptions{before: dirs[2], strengthened: step}}
	if err := given.keep(own); err != nil {
		t.Fatal(err)
	}
	s, err := build(own, "en")
	if err != nil {
		t.Fatal(err)
	}
	i := s.Attribution.Intervention
	if i == nil || i.Journey+"/"+i.Step != step || !i.Moved || i.Level != "" || i.Before.Low.Float() > 10 || i.After.High.Float() < 20 {
		t.Errorf("%+v; no trial of the session before named a step", i)
	}
	first := read(t, filepath.Join(own, "summary.json"))
	if err := os.RemoveAll(dirs[2]); err != nil {
		t.Fatal(err)
	}
	if _, err := build(own, "en"); err != nil || read(t, filepath.Join(own, "summary.json")) != first {
		t.Errorf("without the folder before: %v, or another report", err)
	}
	journal := read(t, filepath.Join(own, results.DossierFile))
	for name, row := range map[string]struct {
		o    changeOptions
		want string
	}{
		"no session":       {changeOptions{t.TempDir(), step}, "no session"},
		"itself":           {changeOptions{own, step}, "this very session"},
		"no such step":     {changeOptions{dirs[3], "nothing"}, "no step of this session"},
		"begun after it":   {changeOptions{later(t, dirs[6]), step}, "began after"},
		"only one of them": {changeOptions{dirs[3], ""}, "together"},
	} {
		x := told{change: row.o}
		err := x.check()
		if err == nil {
			err = x.keep(own)
		}
		var said *userError
		if !errors.As(err, &said) || said.exit != exitUsage || !strings.Contains(said.Error(), row.want) || said.fix == "" {
			t.Errorf("%s: %v; want %q", name, err, row.want)
		}
	}
	if read(t, filepath.Join(own, results.DossierFile)) != journal {
		t.Error("a refusal changed the journal")
	}
}

// later makes a session begin an hour later than it did.
func later(t *testing.T, dir string) string {
	t.Helper()
	d, err := results.ReadDossier(dir)
	if err != nil {
		t.Fatal(err)
	}
	d.Started = d.Started.Add(time.Hour)
	if err := d.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A journal whose session before is impossible is refused.
func TestHostileBefore(t *testing.T) {
	own := sizeFolders(t)[4]
	name := filepath.Join(own, results.DossierFile)
	whole := []byte(read(t, name))
	for _, before := range []string{
		`{"run_id":"../x","rate_per_s":2,"low_per_s":1,"high_per_s":3,"strengthened":{"journey":"a","name":"b"}}`,
		`{"run_id":"x","rate_per_s":0,"low_per_s":0,"high_per_s":3,"strengthened":{"journey":"a","name":"b"}}`,
		`{"run_id":"x","rate_per_s":2,"low_per_s":1,"high_per_s":3}`,
		`{"run_id":"x","rate_per_s":2,"low_per_s":1,"high_per_s":3,"level":"L3","named":{"journey":"a","name":"b"},"strengthened":{"journey":"a","name":"b"}}`,
		`{"run_id":"x","rate_per_s":2,"low_per_s":1,"high_per_s":3,"level":"L1","strengthened":{"journey":"a","name":"b"}}`,
		`{"run_id":"x","rate_per_s":2,"low_per_s":1,"high_per_s":3,"strengthened":{"journey":"a","name":"` + string(slices.Repeat([]byte("b"), 2000)) + `"}}`,
	} {
		if err := os.WriteFile(name, bytes.Replace(whole, []byte("{"), []byte(`{"before":`+before+`,`), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err := results.ReadDossier(own); err == nil {
			t.Errorf("%.100s was read as %+v", before, d.Before)
		}
	}
}
