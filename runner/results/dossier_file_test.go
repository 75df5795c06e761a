package results

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func someDossier() *Dossier {
	return &Dossier{
		Schema: DossierSchema, RunID: "20210406-085800-abcd", Command: "capacity", Seed: 7,
		Started: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
		Stages:  []Stage{{Name: StageProbe, Planned: time.Minute}},
		Servers: 4, Others: []OtherSize{{RunID: "20210406-085800-efgh", Servers: 2, Rate: 210.5, Low: 208, High: 213}},
		Trials: []Trial{{
			Name: "001-probe", Stage: StageProbe, Seed: 9,
			Conduct: Conduct{Kind: TrialPlateau, Segments: []Segment{{"probe", 10, 30 * time.Second}}, LoginOnly: true},
		}},
	}
}

func TestDossierComesBack(t *testing.T) {
	dir := t.TempDir()
	if IsDossier(dir) {
		t.Error("an empty folder is no session")
	}
	if _, err := ReadDossier(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading an empty folder: %v", err)
	}
	want := someDossier()
	if err := want.Write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := ReadDossier(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !IsDossier(dir) || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if trial, ok := got.Finished("001-probe"); !ok || trial.Seed != 9 {
		t.Errorf("Finished gave %+v, %v", trial, ok)
	}
	if _, ok := got.Finished("002-confirm"); ok {
		t.Error("a trial that is not in the journal is not finished")
	}
}

func TestDossierRefusesHostileJournals(t *testing.T) {
	for name, journal := range map[string]string{
		"no JSON":          `{`,
		"another schema":   `{"schema_version":"2.0"}`,
		"no schema":        `{}`,
		"a parent folder":  `{"schema_version":"1.0","trials":[{"name":".."}]}`,
		"a path":           `{"schema_version":"1.0","trials":[{"name":"../../etc"}]}`,
		"an absolute path": `{"schema_version":"1.0","trials":[{"name":"/etc"}]}`,
		"no name":          `{"schema_version":"1.0","trials":[{}]}`,
		"a line break":     `{"schema_version":"1.0","trials":[{"name":"a\nb"}]}`,
		"too few servers":  `{"schema_version":"1.0","servers":-1}`,
		"absurd servers":   `{"schema_version":"1.0","servers":1000000000}`,
		"a size's path":    `{"schema_version":"1.0","other_sizes":[{"run_id":"../a","servers":2,"rate_per_s":2,"low_per_s":1,"high_per_s":3}]}`,
		"a size of none":   `{"schema_version":"1.0","other_sizes":[{"run_id":"a","servers":0,"rate_per_s":2,"low_per_s":1,"high_per_s":3}]}`,
		"a rate outside":   `{"schema_version":"1.0","other_sizes":[{"run_id":"a","servers":2,"rate_per_s":9,"low_per_s":1,"high_per_s":3}]}`,
		"a rate of none":   `{"schema_version":"1.0","other_sizes":[{"run_id":"a","servers":2,"rate_per_s":0,"low_per_s":0,"high_per_s":3}]}`,
		"too many sizes": `{"schema_version":"1.0","other_sizes":[` +
			strings.Repeat(`{"run_id":"a","servers":2,"rate_per_s":2,"low_per_s":1,"high_per_s":3},`, MaxSizes) + `{"run_id":"a","servers":2,"rate_per_s":2,"low_per_s":1,"high_per_s":3}]}`,
		"too many": `{"schema_version":"1.0","trials":[` + strings.Repeat(`{"name":"a"},`, maxTrials) + `{"name":"a"}]}`,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, DossierFile), []byte(journal), 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err := ReadDossier(dir); err == nil {
			t.Errorf("%s: read as %+v", name, d)
		}
	}
}

func TestDossierWritesNoPath(t *testing.T) {
	d := someDossier()
	d.Trials[0].Name = "a/b"
	if err := d.Write(t.TempDir()); err == nil {
		t.Error("a trial's name with a slash was written")
	}
}
