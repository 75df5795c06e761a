//go:build slow && linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/runner/capacity"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// TestFleetSession plays the trials of a session on two remote workers: a plateau,
// one that is ended early, an overload on purpose with the way back, and a whole
// morning. Both play in each, and its numbers balance. What calibration and search
// decide is theirs, and takes too long here.
func TestFleetSession(t *testing.T) {
	t.Parallel()
	ent := startEnt(t, "--logins", "12")
	s := fleetSession(t, mini{target: ent.url, people: 40, play: 4, drain: "6s", noCriteria: true,
		top: "criteria: {in_time: 5s, time_to_class: p(95)<5s}\npatience: {wait: 2s, tries: 2}\n"}.String())
	ctx := t.Context()
	if err := s.sampleAccounts(ctx); err != nil {
		t.Fatal(err)
	}
	r := &fleetRig{creds: filepath.Dir(s.crew.options.credentials), dir: t.TempDir()}
	for range 2 {
		r.join(t, island{}, s.crew.options.listen)
	}
	if err := s.muster(&ctx); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.dismiss(); err != nil {
			t.Error(err)
		}
		for i, m := range r.members {
			if err := m.cmd.Wait(); err != nil {
				t.Errorf("%s: %v", nameOf(i), err)
			}
		}
	}()
	for _, trial := range []sessionTrial{
		{"000-plateau", results.Conduct{Kind: results.TrialPlateau, LoginOnly: true, Warmup: time.Second,
			Segments: []results.Segment{{Name: "plateau", Rate: 5, Length: 4 * time.Second}}}, nil},
		{"001-enough", results.Conduct{Kind: results.TrialPlateau, LoginOnly: true,
			Segments: []results.Segment{{Name: "plateau", Rate: 5, Length: time.Minute}}}, func(m capacity.Moment) bool { return m.Done > 9 }},
		{"002-recovery", results.Conduct{Kind: results.TrialRecovery, LoginOnly: true, Refreshes: -1, Segments: []results.Segment{
			{Name: "base", Rate: 4, Length: 3 * time.Second}, {Name: "trigger", Rate: 40, Length: 3 * time.Second}, {Name: "after", Rate: 4, Length: 4 * time.Second}}}, nil},
		{"003-storm", results.Conduct{Kind: results.TrialStorm, Factor: 1, Refreshes: -1}, nil},
	} {
		trial.play(ctx, t, s, ent)
	}
}

// sessionTrial is a trial as a search would order it.
type sessionTrial struct {
	name    string
	conduct results.Conduct
	enough  func(capacity.Moment) bool
}

// play plays and checks a trial; again when the machine stood still for so long that
// workers were lost, which is not what is looked at here.
func (x sessionTrial) play(ctx context.Context, t *testing.T, s *session, ent *entProcess) {
	t.Helper()
	spec := capacity.Spec{Name: x.name, Stage: results.StageRecovery, Conduct: x.conduct, Seed: s.d.Seed}
	for tries := 1; ; tries++ {
		before := ent.counters(t)["logins"]
		ended, err := s.playTrial(ctx, spec, x.enough)
		if err != nil {
			t.Fatalf("%s: %v", x.name, err)
		}
		run, err := results.Open(results.TrialPath(s.dir, x.name))
		if err != nil {
			t.Fatal(err)
		}
		if run.Fleet != nil && len(run.Fleet.Losses) > 0 && tries < 3 {
			t.Logf("%s: played again, this machine stood still: %+v", x.name, run.Fleet.Losses)
			continue
		}
		s.playedByBoth(t, x.name, run, ended, x.enough != nil, int(ent.counters(t)["logins"]-before))
		return
	}
}

// fleetSession is a session of this process that waits for two workers on loopback.
func fleetSession(t *testing.T, scenario string) *session {
	t.Helper()
	sc, err := scenarios.Parse([]byte(scenario), scenarios.Options{Name: "test.yaml", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	e := quietEnv(time.Time{})
	e.now, e.stderr = time.Now, os.Stderr
	o := sessionOptions{quick: true}
	o.seed, o.scale, o.out, o.lang, o.progress = "7", "100%", t.TempDir(), "en", "none"
	o.fleet = fleetOptions{listen: "127.0.0.1:" + freePort(t), credentials: filepath.Join(credentialsFor(t, 2), "roster.json"), count: 2, onLoss: "continue"}
	s, err := newSession(e, o, sc, "certify")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	s.ctx = context.Background()
	return s
}

// playedByBoth checks a trial that was read back. logins is how many the target has let in
// meanwhile.
func (s *session) playedByBoth(t *testing.T, name string, run *results.Run, ended results.Ended, enough bool, logins int) {
	t.Helper()
	want := results.EndedPlanned
	if enough {
		want = results.EndedEnough
	}
	equal(t, name+": ended as", ended.How, want)
	if run.Fleet == nil || len(run.Fleet.Workers) != 2 || len(run.Fleet.Losses) > 0 || len(run.Shares) != 2 {
		t.Fatalf("%s: %d shares, fleet %+v", name, len(run.Shares), run.Fleet)
	}
	sum := uint64(0)
	for i := range run.Shares {
		x := &run.Shares[i]
		if x.Starts == 0 || x.Ended == nil || x.Ended.How != want {
			t.Errorf("%s: worker %d began %d people and ended as %+v", name, x.ID, x.Starts, x.Ended)
		}
		sum += x.Starts - x.Pulled
	}
	l := results.LedgerOf(run)
	people := l.People.Total
	if err := l.Check(); err != nil || !people.Balanced() || !l.Attempts.Total.Balanced() {
		t.Errorf("%s: %v; people %s, attempts %s", name, err, people, l.Attempts.Total)
	}
	equal(t, name+": intended", int(people.Intended), run.Plan.People)
	equal(t, name+": started", people.Started, sum)
	equal(t, name+": gaps", gaps(run), 0)
	if in := int(people.InClass()); in == 0 || logins < in || logins > int(l.Attempts.Total.Started) {
		t.Errorf("%s: %d in class, %d tries, and the target has let %d in", name, in, l.Attempts.Total.Started, logins)
	}
	for _, g := range report.TrialGates(run, s.sc) {
		if g == "V5" || g == "V6" {
			t.Errorf("%s: %s is not met", name, g)
		}
	}
	t.Logf("%s: %s", name, people)
}
