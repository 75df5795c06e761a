package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/report/reporttest"
	"firstbell/runner/results"
)

// sizeFolders are folders of sessions of one target with 2, 3, 4 and 6 servers, each
// saturated at its own rate.
func sizeFolders(t *testing.T) map[int]string {
	t.Helper()
	root, out := t.TempDir(), map[int]string{}
	for servers, capacity := range map[int]int{2: 10, 3: 15, 4: 20, 6: 29} {
		d := reporttest.NewDossier(t, reporttest.Standard())
		d.Journal.RunID, d.Journal.Servers = fmt.Sprintf("20210406-085800-of%d", servers), servers
		d.Journal.Required = results.Required{People: 8644, PeakRate: 48}
		d.Plateau(results.StageProbe, capacity/2, capacity)
		d.Plateau(results.StageConfirm, capacity*9/10, capacity)
		d.Plateau(results.StageConfirm, capacity*13/10, capacity)
		out[servers] = filepath.Join(root, d.Journal.RunID)
		d.Save(out[servers])
		if err := os.WriteFile(filepath.Join(out[servers], results.ScenarioFile), morningOf(t, 3, 3000, withTime).Source, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// A session is told its size and those of others once; from then on its report comes
// from its own folder alone, to the byte.
func TestSizesAreKept(t *testing.T) {
	dirs := sizeFolders(t)
	own := dirs[4]
	o := sizeOptions{servers: 4, others: []string{dirs[2], dirs[3], dirs[6]}}
	if err := keepSizes(own, o); err != nil {
		t.Fatal(err)
	}
	s, err := build(own, "en")
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Session.Sizes) != 4 || !slices.ContainsFunc(s.Sizing, func(a report.Answer) bool { return a.Key == "servers" }) {
		t.Errorf("sizes %+v, answers %+v", s.Session.Sizes, s.Sizing)
	}
	for _, row := range s.Session.Sizes {
		if want := map[int]float64{2: 10, 3: 15, 4: 20, 6: 29}[row.Servers]; row.Rate.Low.Float() > want || row.Rate.High.Float() < want {
			t.Errorf("%d servers do %v a second: %+v", row.Servers, want, row.Rate)
		}
	}
	first, err := os.ReadFile(filepath.Join(own, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{2, 3, 6} {
		if err := os.RemoveAll(dirs[n]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := build(own, "en"); err != nil {
		t.Fatal(err)
	}
	if again, _ := os.ReadFile(filepath.Join(own, "summary.json")); !bytes.Equal(first, again) {
		t.Error("without the other folders the report is another one")
	}
	if folderExists(filepath.Join(own, lockFile)) {
		t.Error("the session is still locked")
	}
}

// What cannot stand for another size is refused with its folder, the reason and what
// to do, and nothing is written.
func TestSizesRefused(t *testing.T) {
	dirs := sizeFolders(t)
	own := dirs[4]
	before, err := os.ReadFile(filepath.Join(own, results.DossierFile))
	if err != nil {
		t.Fatal(err)
	}
	journal := func(old, new string) string {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(dirs[2])); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, results.DossierFile)
		b, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(name, bytes.Replace(b, []byte(old), []byte(new), 1), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for name, row := range map[string]struct {
		o    sizeOptions
		want string
	}{
		"no folder":          {sizeOptions{4, []string{filepath.Join(own, "nothing")}}, "no session"},
		"no session":         {sizeOptions{4, []string{t.TempDir()}}, "no session"},
		"itself":             {sizeOptions{4, []string{own}}, "this very session"},
		"twice":              {sizeOptions{4, []string{dirs[2], dirs[2]}}, "twice"},
		"not JSON":           {sizeOptions{4, []string{journal(`{`, `[`)}}, "damaged"},
		"a trial's path":     {sizeOptions{4, []string{journal(`"001-probe"`, `"../../x"`)}}, "no trial's name"},
		"a trial that is no": {sizeOptions{4, []string{journal(`"001-probe"`, `"077-probe"`)}}, "cannot be read"},
		"unknown size":       {sizeOptions{4, []string{journal(`"servers": 2`, `"servers": 0`)}}, "how many servers"},
		"negative size":      {sizeOptions{4, []string{journal(`"servers": 2`, `"servers": -2`)}}, "-2 servers"},
		"another target":     {sizeOptions{4, []string{journal(`"target": "https://ent`, `"target": "https://xyz`)}}, "its target"},
	} {
		err := keepSizes(own, row.o)
		var said *userError
		if !errors.As(err, &said) || said.exit != exitUsage || !strings.Contains(said.Error(), row.want) || said.fix == "" {
			t.Errorf("%s: %v; want %q", name, err, row.want)
		}
	}
	if err := keepSizes(t.TempDir(), sizeOptions{servers: 4}); exitCodeOf(err) != exitUsage {
		t.Errorf("told a folder that is no session: %v", err)
	}
	if after, _ := os.ReadFile(filepath.Join(own, results.DossierFile)); !bytes.Equal(before, after) {
		t.Error("a refusal changed the journal")
	}
	for _, o := range []sizeOptions{{servers: -1}, {servers: results.MaxServers + 1}, {servers: 1, others: make([]string, results.MaxSizes+1)}} {
		if exitCodeOf(o.check()) != exitUsage {
			t.Errorf("%d servers, %d others are taken", o.servers, len(o.others))
		}
	}
	d := &results.Dossier{}
	if err := (&sizeOptions{others: []string{dirs[2]}}).tell(d, nil); exitCodeOf(err) != exitUsage {
		t.Errorf("other sizes without its own: %v", err)
	}
}

// A session is not taken up again for a target of another size.
func TestAnotherSizeIsAnotherSession(t *testing.T) {
	out, sc := t.TempDir(), morningOf(t, 3, 3000, withTime)
	open := func(servers int) *session {
		o := sessionOptions{quick: true, sizes: sizeOptions{servers: servers}}
		o.seed, o.scale, o.out, o.lang, o.progress = "7", "100%", out, "en", "none"
		s, err := newSession(quietEnv(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)), o, sc, "capacity")
		if err != nil {
			t.Fatal(err)
		}
		s.close()
		return s
	}
	first := open(0)
	if told := open(4); told.dir != first.dir || told.d.Servers != 4 {
		t.Errorf("%s with %d servers; the session had not said how many", told.dir, told.d.Servers)
	}
	if quiet := open(0); quiet.dir != first.dir || quiet.d.Servers != 4 {
		t.Errorf("%s with %d servers; nobody said another number", quiet.dir, quiet.d.Servers)
	}
	if other := open(6); other.dir == first.dir {
		t.Error("6 servers went on with a session of 4")
	}
}
