package reporttest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// Dossier is a session under construction: a journal and the folders of its
// trials, fabricated one by one.
type Dossier struct {
	tb       testing.TB
	Journal  results.Dossier
	Scenario *scenarios.Scenario
	Readings []report.Reading           // of the target's servers
	folders  map[string]string          // by trial
	events   map[string][]results.Event // of a trial, beside those of its folder
	storms   map[string]string          // by fixture, written once
}

// NewDossier is a finished certify session without trials, on a portal that is
// asked to hold the fixture "ready".
func NewDossier(tb testing.TB, criteria scenarios.Criteria) *Dossier {
	spec := Spec{Criteria: criteria}
	spec.defaults()
	at := time.Date(2026, 11, 20, 14, 0, 0, 0, time.FixedZone("", 3600))
	return &Dossier{
		tb: tb, Scenario: spec.scenario(), folders: map[string]string{}, storms: map[string]string{},
		Journal: results.Dossier{
			Schema: results.DossierSchema, RunID: "20210406-085800-sess", Command: "certify", Name: "ENT d'essai",
			Target: "https://ent.preprod.example", Lang: "fr", Seed: 7, Started: at, Tool: results.Tool{Name: "firstbell", Version: "0.0.0-test"},
			Settings: results.Settings{
				Criterion: "time_to_class", Limit: 10 * time.Second, Quantile: 0.95, Plateau: 100 * time.Second, Warmup: 20 * time.Second,
				Width: 0.04, Repeats: 2, MaxRate: 1000, MaxWhy: "calibration",
			},
			Calibration: &results.Calibration{At: at, Rate: 1000, Ceiling: 1000, Completed: 1},
			Ended:       &results.Ended{How: results.EndedPlanned, Wall: at.Add(time.Hour)},
			Sources:     []string{"192.0.2.1"},
		},
	}
}

// Fresh is another session that was just begun, over the same storms.
func (d *Dossier) Fresh() *Dossier {
	out := NewDossier(d.tb, d.Scenario.Criteria)
	out.storms = d.storms
	return out
}

// Play adds a trial.
func (d *Dossier) Play(stage, role string, c results.Conduct, s Spec) string {
	d.tb.Helper()
	n := len(d.Journal.Trials) + 1
	name := d.list(stage, role, c)
	s.Criteria, s.Conduct, s.Seed = d.Scenario.Criteria, &c, uint64(n)
	if s.Play == 0 {
		s.Play = cmp.Or(int(c.Length()/time.Second), 180)
	}
	if s.Ended.How == "" {
		s.Ended = results.Ended{How: results.EndedPlanned, At: time.Duration(s.Play+90) * time.Second}
	}
	d.folders[name] = Write(d.tb, s)
	return name
}

// list enters a trial in the journal.
func (d *Dossier) list(stage, role string, c results.Conduct) string {
	n := len(d.Journal.Trials) + 1
	name := fmt.Sprintf("%03d-%s", n, stage)
	d.Journal.Trials = append(d.Journal.Trials, results.Trial{Name: name, Stage: stage, Role: role, Conduct: c, Seed: uint64(n)})
	return name
}

// Plateau adds a plateau at a rate, on a portal that serves capacity people per
// second in the order they came.
func (d *Dossier) Plateau(stage string, rate, capacity int) string {
	d.tb.Helper()
	set := d.Journal.Settings
	c := results.Conduct{Kind: results.TrialPlateau, LoginOnly: true, Warmup: set.Warmup, Segments: []results.Segment{
		{Name: "plateau", Rate: float64(rate), Length: set.Warmup + set.Plateau},
	}}
	return d.Play(stage, "", c, Spec{Mix: Served(rate, capacity)})
}

// Storm adds a whole storm of a size, that ends like a fixture.
func (d *Dossier) Storm(role string, factor float64, fixture string) string {
	d.tb.Helper()
	c := results.Conduct{Kind: results.TrialStorm, Refreshes: -1, Factor: factor}
	if dir, ok := d.storms[fixture]; ok {
		name := d.list(results.StageStorm, role, c)
		d.folders[name] = dir
		return name
	}
	name := d.Play(results.StageStorm, role, c, SpecOf(d.tb, fixture))
	d.storms[fixture] = d.folders[name]
	return name
}

// Open is for [report.JudgeDossier].
func (d *Dossier) Open(name string) (*results.Run, error) {
	dir, ok := d.folders[name]
	if !ok {
		return nil, errors.New("no such trial")
	}
	run, err := results.Open(dir)
	if err == nil {
		run.Events = append(run.Events, d.events[name]...)
	}
	return run, err
}

// Shown says which certificates the target showed in a trial.
func (d *Dossier) Shown(name string, leaves ...string) {
	for _, leaf := range leaves {
		d.happened(name, results.CertificateShown(time.Minute, d.Journal.Started, "ent.preprod.example", leaf))
	}
}

// Changed says that the target showed another certificate within a trial.
func (d *Dossier) Changed(name string) {
	d.happened(name, results.Event{At: time.Minute, Kind: results.EventTargetChanged, Text: "certificate"})
}

func (d *Dossier) happened(name string, e results.Event) {
	if d.events == nil {
		d.events = map[string][]results.Event{}
	}
	d.events[name] = append(d.events[name], e)
}

// Save writes the session's folder: its journal and the folders of its trials.
func (d *Dossier) Save(dir string) {
	d.tb.Helper()
	for name, from := range d.folders {
		if err := os.CopyFS(results.TrialPath(dir, name), os.DirFS(from)); err != nil {
			d.tb.Fatal(err)
		}
	}
	if err := d.Journal.Write(dir); err != nil {
		d.tb.Fatal(err)
	}
}

// Lose takes a trial's folder away.
func (d *Dossier) Lose(name string) { delete(d.folders, name) }

// Judge reads the session.
func (d *Dossier) Judge() *report.Summary {
	d.tb.Helper()
	s, err := report.JudgeDossier(&d.Journal, d.Open, d.Scenario, d.Readings)
	if err != nil {
		d.tb.Fatal(err)
	}
	return s
}

// Served lets rate people a second come to a portal that serves capacity of them
// a second: each waits behind the backlog.
func Served(rate, capacity int) func(second, group int) []People {
	return func(second, _ int) []People {
		out := make([]People, rate)
		for i := range out {
			at := float64(second) + float64(i)/float64(rate)
			served := float64(second*rate+i) / float64(capacity)
			took := 300*time.Millisecond + time.Duration(max(0, served-at)*float64(time.Second))
			out[i] = People{N: 1, Outcome: results.InTime, Took: took}
			switch {
			case took > time.Minute:
				out[i].Outcome, out[i].Reason, out[i].Took = results.Timeout, results.ReasonStepTimeout, time.Minute
			case took > 10*time.Second:
				out[i].Outcome = results.Late
			}
		}
		return out
	}
}
