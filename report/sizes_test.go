package report_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/report/reporttest"
	"firstbell/runner/results"
)

// saturatedAt is a session whose search saw its target at rest and saturated, at 20
// people a second.
func saturatedAt(t *testing.T) *reporttest.Dossier {
	d := searched(t)
	d.Plateau(results.StageProbe, 10, 20)
	return d
}

// TestOtherSize: the capacity of another session, and every session that cannot
// stand for another size, with what to do.
func TestOtherSize(t *testing.T) {
	d := saturatedAt(t)
	own := d.Journal
	own.RunID, own.Servers = "20210406-085800-own1", 4
	read := func(change func(*results.Dossier)) (results.OtherSize, error) {
		other := d.Journal
		other.Servers = 2
		change(&other)
		return report.OtherSize(&own, &other, d.Open, d.Scenario)
	}
	got, err := read(func(*results.Dossier) {})
	if err != nil {
		t.Fatal(err)
	}
	if got.RunID != d.Journal.RunID || got.Servers != 2 || got.Rate < 19 || got.Rate > 21 || got.Low > got.Rate || got.High < got.Rate {
		t.Errorf("read %+v of a target that serves 20 a second", got)
	}
	for name, row := range map[string]struct {
		change func(*results.Dossier)
		why    string
	}{
		"itself":             {func(o *results.Dossier) { o.RunID = own.RunID }, "this very session"},
		"another file":       {func(o *results.Dossier) { o.ScenarioHash = "b" }, "another scenario file"},
		"another target":     {func(o *results.Dossier) { o.Target = "https://other.example" }, "its target"},
		"another limit":      {func(o *results.Dossier) { o.Settings.Limit = time.Second }, "another time criterion"},
		"another percentile": {func(o *results.Dossier) { o.Settings.Quantile = 0.99 }, "another time criterion"},
		"unknown size":       {func(o *results.Dossier) { o.Servers = 0 }, "how many servers"},
		"absurd size":        {func(o *results.Dossier) { o.Servers = results.MaxServers + 1 }, "servers"},
		"a path for a name":  {func(o *results.Dossier) { o.RunID = "../own" }, "no session's name"},
		"cut search":         {func(o *results.Dossier) { o.Stages = []results.Stage{{Name: results.StageProbe}} }, "did not come to an end"},
		"no trial":           {func(o *results.Dossier) { o.Trials = nil }, "no sure capacity"},
		"never saturated":    {func(o *results.Dossier) { o.Trials = o.Trials[:1] }, "never saturated"},
		"one folder gone": {func(o *results.Dossier) {
			o.Trials = append(slices.Clone(o.Trials), results.Trial{Name: "gone", Stage: results.StageRecovery})
		}, "1 of its 7 trials cannot be read"},
		"folders gone": {func(o *results.Dossier) { o.Trials = []results.Trial{{Name: "gone", Stage: results.StageConfirm}} }, "cannot be read"},
	} {
		_, err := read(row.change)
		var said *report.NotASize
		if !errors.As(err, &said) || !strings.Contains(said.Why, row.why) || said.Fix == "" {
			t.Errorf("%s: %v; want %q", name, err, row.why)
		}
	}
	quota := reporttest.NewDossier(t, reporttest.Standard())
	quota.Journal.Servers = 2
	quota.Plateau(results.StageConfirm, 18, 20)
	quota.Plateau(results.StageConfirm, 26, 20)
	quota.Plateau(results.StageControl, 18, 14)
	if _, err := report.OtherSize(&own, &quota.Journal, quota.Open, quota.Scenario); err == nil || !strings.Contains(err.Error(), "drift") {
		t.Errorf("a target that changed: %v", err)
	}
}

// TestSizesOfASession: with three other sizes on record the servers come from the
// law of scaling; with fewer, or without a size of its own, they do not.
func TestSizesOfASession(t *testing.T) {
	d := saturatedAt(t)
	d.Storm("low", 0.7, "ready")
	d.Journal.Command, d.Journal.Servers = "certify", 4
	d.Journal.Required.People = 11_000
	all := []results.OtherSize{{RunID: "two", Servers: 2, Rate: 10.4, Low: 10.3, High: 10.5}, {RunID: "three", Servers: 3, Rate: 15.3, Low: 15.1, High: 15.5},
		{RunID: "six", Servers: 6, Rate: 29, Low: 28.7, High: 29.3}}
	for _, row := range []struct {
		servers int
		others  []results.OtherSize
		key     string
		claim   string
		rows    int
	}{
		{0, nil, "nodes", "assume_no_servers", 0},
		{4, all[:2], "servers", "assume_few_sizes", 3},
		{4, all, "servers", "assume_scaling_law", 4},
	} {
		d.Journal.Servers, d.Journal.Others = row.servers, row.others
		s := d.Judge()
		a := s.Sizing[3]
		found := false
		for _, c := range a.Assumptions {
			found = found || c.Key == row.claim
		}
		if a.Key != row.key || !found || len(s.Session.Sizes) != row.rows {
			t.Errorf("%d servers, %d others: %+v, %d rows", row.servers, len(row.others), a, len(s.Session.Sizes))
		}
		if row.claim == "assume_scaling_law" && (a.Value.Float() < 5 || a.Value.Float() > 8 || !(a.Low.Float() <= a.Value.Float()) || !a.Bound.Known()) {
			t.Errorf("by the law: %+v", a)
		}
	}
}
