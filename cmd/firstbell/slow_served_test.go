//go:build slow

package main

import (
	"testing"
	"time"

	"firstbell/report"
)

// TestServedAs runs a storm against each way in which a portal says no with
// HTTP 200, and reconciles the attempts' ledger with what the portal counted.
func TestServedAs(t *testing.T) {
	tests := []struct {
		name  string
		modes []string
		top   string
		check func(t *testing.T, s *report.Summary, ent map[string]int64)
	}{
		{"well", nil, "", func(t *testing.T, s *report.Summary, ent map[string]int64) {
			equal(t, "people in class", s.People.InTime+s.People.Late, s.People.Started)
			equal(t, "logins at the portal", ent["logins"], int64(s.People.Started))
		}},
		{"quota page", []string{"quota.sessions=40"}, "", func(t *testing.T, s *report.Summary, ent map[string]int64) {
			equal(t, "quota pages", int64(s.Attempts.Quota), ent["quota"])
			equal(t, "logins", int64(s.Attempts.InTime+s.Attempts.Late), ent["logins"])
			atLeast(t, "quota", s.People.Quota, 100)
			equal(t, "everything else", s.Attempts.Started, s.Attempts.InTime+s.Attempts.Late+s.Attempts.Quota)
		}},
		{"quota page of another year", []string{"quota.sessions=40", "quota.wording=2021-04-19"}, "", func(t *testing.T, s *report.Summary, ent map[string]int64) {
			equal(t, "quota pages", int64(s.Attempts.Quota), ent["quota"])
			atLeast(t, "quota", s.People.Quota, 100)
		}},
		{"waiting page", []string{"waiting_room.rate=5", "waiting_room.poll=2s"}, "patience: none\n", func(t *testing.T, s *report.Summary, ent map[string]int64) {
			atLeast(t, "people on a waiting page at the end", s.People.WaitingRoom, 30)
			equal(t, "neither in class nor waiting", s.People.Quota+s.People.Blank+s.People.Error+s.People.Timeout+s.People.Invalid, 0)
		}},
		{"waiting room by redirects", []string{"waiting_room.rate=5", "waiting_room.poll=2s", "waiting_room.redirect=true"}, "patience: none\n", func(t *testing.T, s *report.Summary, ent map[string]int64) {
			atLeast(t, "people on a waiting page at the end", s.People.WaitingRoom, 30)
			equal(t, "neither in class nor waiting", s.People.Quota+s.People.Blank+s.People.Error+s.People.Timeout+s.People.Invalid, 0)
		}},
		{"empty page", []string{"blank.empty=0.5"}, "patience: none\n", func(t *testing.T, s *report.Summary, ent map[string]int64) {
			equal(t, "blank pages", int64(s.Attempts.Blank), ent["blank"])
			equal(t, "blank or in class", s.People.Blank+s.People.InTime+s.People.Late, s.People.Started)
			atLeast(t, "blank", s.People.Blank, 50)
		}},
		{"good shell, failing calls", []string{"blank.shell=0.5"}, "patience: none\n", func(t *testing.T, s *report.Summary, ent map[string]int64) {
			equal(t, "failed calls, two a page", int64(2*s.Attempts.Blank), ent["call_failed"])
			equal(t, "blank or in class", s.People.Blank+s.People.InTime+s.People.Late, s.People.Started)
			atLeast(t, "blank", s.People.Blank, 50)
		}},
		{"wrong identity", []string{"wrong_identity=0.5"}, "patience: none\n", func(t *testing.T, s *report.Summary, ent map[string]int64) {
			equal(t, "error or in class", s.People.Error+s.People.InTime+s.People.Late, s.People.Started)
			atLeast(t, "error", s.People.Error, 50)
		}},
		{"503", []string{"unavailable.share=0.2"}, "patience: none\n", func(t *testing.T, s *report.Summary, ent map[string]int64) {
			equal(t, "error, blank or in class", s.People.Error+s.People.Blank+s.People.InTime+s.People.Late, s.People.Started)
			atLeast(t, "error", s.People.Error, 30)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var flags []string
			for _, m := range tt.modes {
				flags = append(flags, "--mode", m)
			}
			ent := startEnt(t, flags...)
			s := startStorm(t, mini{target: ent.url, people: 200, play: 8, top: tt.top, drain: "5s"}.String())
			before := map[string]int64{} // what the sample of accounts met
			until(t, "the run's folder", time.Minute, func() bool { before = ent.counters(t); return s.folder() != "" })
			code := s.wait(t)
			sum := s.summary(t)
			if want := report.ExitCode(sum.Verdict, "planned"); code != want {
				t.Errorf("exit code %d, verdict %s", code, sum.Verdict.Value)
			}
			after := ent.counters(t)
			for name := range after {
				after[name] -= before[name]
			}
			tt.check(t, sum, after)
		})
	}
}

// TestSessionLostLooksLikeWrongPassword: a portal that lost the sessions
// answers "wrong password" to right ones. Accounts that had worked make it an
// error of the portal, and the storm goes on.
func TestSessionLostLooksLikeWrongPassword(t *testing.T) {
	t.Parallel()
	ent := startEnt(t)
	accounts := `{generate: {count: 20, login: "eleve${n}", password: "mdp-eleve${n}"}, synthetic: true, reuse: after_end}`
	s := startStorm(t, mini{target: ent.url, people: 100, play: 10, accounts: accounts, top: "patience: none\n"}.String())
	underWay(t, s, ent, 40)
	ent.mode(t, "lost_session", "0.5")
	s.wait(t)
	sum := s.summary(t)
	if sum.People.Invalid != 0 || sum.People.Error < 5 {
		t.Errorf("people: %+v; want errors of the portal, no invalid account", sum.People)
	}
}
