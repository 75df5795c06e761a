package runner_test

import (
	"context"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"firstbell/examples/ent"
	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios/arrivals"
)

// variant changes the smallest login.
func variant(pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(entcore)
}

func oneTry() string { return variant("morning-2021", "none") }

// evenly is n people, every gap, from the start.
func evenly(n int, gap time.Duration) []arrivals.Arrival {
	out := make([]arrivals.Arrival, n)
	for i := range out {
		out[i] = arrivals.Arrival{At: time.Duration(i) * gap, ID: uint32(i)}
	}
	return out
}

func reasons(b results.Book) map[string]uint64 {
	out := map[string]uint64{}
	for _, c := range b.Reasons() {
		out[c.Outcome.String()+"/"+c.Reason.String()] += c.N
	}
	return out
}

// TestServedIsCounted: whatever is served, with HTTP 200 or not, is counted as
// what it is.
func TestServedIsCounted(t *testing.T) {
	for _, tt := range []struct {
		name  string
		yaml  string
		ent   ent.Config
		modes func(*ent.Modes)
		want  string
		least uint64
	}{
		{"quota page", oneTry(), ent.Config{}, func(m *ent.Modes) { m.Bucket = ent.Bucket{Rate: 0.0001, Burst: 1} }, "quota/quota_page", 18},
		{"quota page of Occitanie", oneTry(), ent.Config{}, func(m *ent.Modes) {
			m.Bucket = ent.Bucket{Rate: 0.0001, Burst: 1}
			m.Quota.Wording = ent.WordingOccitanie
		}, "quota/quota_page", 18},
		{"503", oneTry(), ent.Config{}, func(m *ent.Modes) { m.Unavailable.Share = 1 }, "error/backend_down", 18},
		{"empty page", oneTry(), ent.Config{}, func(m *ent.Modes) { m.Blank.Empty = 1 }, "blank/empty_page", 18},
		{"good shell, failed calls", oneTry(), ent.Config{}, func(m *ent.Modes) { m.Blank.Shell = 1 }, "blank/shell_calls_failed", 18},
		{"blocked profile", oneTry(), ent.Config{}, func(m *ent.Modes) { m.BlockedPersona = "eleve" }, "quota/profile_blocked", 18},
		{"somebody else", oneTry(), ent.Config{}, func(m *ent.Modes) { m.WrongIdentity = 1 }, "error/wrong_identity", 18},
		{"cut connections", oneTry(), ent.Config{}, func(m *ent.Modes) { m.Reset = 1 }, "unreachable/", 18},
		{"throttled", oneTry(), ent.Config{}, func(m *ent.Modes) { m.PerIP = ent.PerIP{Rate: 0.001, Burst: 1} }, "/throttled", 18},
		{"impatience", variant("tries: 6", ""), ent.Config{}, func(m *ent.Modes) { m.Delay = 5 * time.Minute }, "timeout/impatient", 10},
		{"step timeout", oneTry(), ent.Config{}, func(m *ent.Modes) { m.Delay = 5 * time.Minute }, "timeout/step_timeout", 18},
		{"waiting room", oneTry(), ent.Config{}, func(m *ent.Modes) { m.WaitingRoom = ent.WaitingRoom{Rate: 0.00001, Poll: 20 * time.Second} }, "waiting_room/waiting_page", 18},
		{"waiting room by redirects", oneTry(), ent.Config{}, func(m *ent.Modes) {
			m.WaitingRoom = ent.WaitingRoom{Rate: 0.00001, Poll: 20 * time.Second, Redirect: true}
		}, "waiting_room/waiting_page", 18},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := morning{yaml: tt.yaml, seed: 1, ent: tt.ent, modes: tt.modes, people: evenly(20, time.Second)}.play(t)
			got := reasons(out.books.People)
			var n uint64
			for k, v := range got {
				if strings.Contains(k, tt.want) {
					n += v
				}
			}
			if n < tt.least || out.people.Started != 20 {
				t.Errorf("people %v, signs %v, ended %+v", got, out.run.Total.Signs, out.ended)
			}
		})
	}
}

// TestQuotaComesBack: people come back after a quota page, and the attempts
// that failed stay in their ledger.
func TestQuotaComesBack(t *testing.T) {
	out := morning{yaml: entcore, seed: 2, people: evenly(60, 100*time.Millisecond),
		modes: func(m *ent.Modes) { m.Bucket = ent.Bucket{Rate: 1, Burst: 5} }}.play(t)
	if out.people.Intended != 60 || out.tries.Of(results.Quota) == 0 || out.tries.Started <= 60 {
		t.Errorf("people %v attempts %v", out.people, out.tries)
	}
	if out.people.InClass() != out.tries.InClass() {
		t.Errorf("in class: people %d, attempts %d", out.people.InClass(), out.tries.InClass())
	}
}

// TestCut: Ctrl-C in mid-morning leaves people unfinished, and nobody uncounted.
func TestCut(t *testing.T) {
	out := morning{yaml: variant("people: 1000", "people: 300"), seed: 3, during: func(ctx context.Context, cut context.CancelFunc, _ *openGuard) {
		time.Sleep(80 * time.Second)
		cut()
	}}.play(t)
	got := reasons(out.books.People)
	if out.ended.How != results.EndedInterrupted || out.took > 81*time.Second || out.took < 78*time.Second {
		t.Errorf("ended %+v after %v", out.ended, out.took)
	}
	if got["unfinished/in_flight"] == 0 || got["not_sent/cut"] == 0 || got["not_sent/generator"] != 0 || out.people.Intended != uint64(out.run.Plan.People) {
		t.Errorf("people %v, %v", got, out.people)
	}
}

// TestGuardStops: consent withdrawn ends the run as the guard says.
func TestGuardStops(t *testing.T) {
	out := morning{yaml: variant("people: 1000", "people: 300"), seed: 3, during: func(_ context.Context, _ context.CancelFunc, g *openGuard) {
		time.Sleep(30 * time.Second)
		g.cause = results.Ended{How: results.EndedByTarget, Cause: "consent withdrawn"}
		close(g.stop)
	}}.play(t)
	if out.ended.How != results.EndedByTarget || out.took > 30*time.Second {
		t.Errorf("ended %+v after %v", out.ended, out.took)
	}
}

// TestConsentLimit: a request over the consented rate is not sent, and ends the
// attempt.
func TestConsentLimit(t *testing.T) {
	var n atomic.Int64
	out := morning{yaml: entcore, seed: 1, people: evenly(30, time.Second), guard: func(g *openGuard) {
		g.deny = func(u *url.URL) error {
			if n.Add(1) > 100 {
				return &runner.TransportError{Reason: results.ReasonConsentLimit}
			}
			return nil
		}
	}}.play(t)
	if got := reasons(out.books.People); got["not_sent/consent_limit"] == 0 || out.people.Started == 30 {
		t.Errorf("people %v", got)
	}
}

// TestAssetsOverTheLimitAreMissingLoad: files of a page that were not asked for
// on our side are not passed over in silence.
func TestAssetsOverTheLimitAreMissingLoad(t *testing.T) {
	var denied atomic.Bool // assets are fetched side by side
	out := morning{yaml: entcore, seed: 1, people: evenly(1, time.Second), guard: func(g *openGuard) {
		g.deny = func(u *url.URL) error {
			if path.Ext(u.Path) == ".js" && denied.CompareAndSwap(false, true) {
				return &runner.TransportError{Reason: results.ReasonConsentLimit}
			}
			return nil
		}
	}}.play(t)
	if got := reasons(out.books.People); !denied.Load() || got["not_sent/consent_limit"] != 1 || out.people.NotSent != 1 {
		t.Errorf("denied %v, people %v", denied.Load(), got)
	}
}

// TestWrongPasswordsStopTheStorm: over 1 % of the first 200 logins rejected
// while nothing else fails is the test's own fault.
func TestWrongPasswordsStopTheStorm(t *testing.T) {
	out := morning{yaml: variant(`password: "mdp-eleve${n}"`, `password: "wrong-secret"`), seed: 1,
		people: evenly(1000, 100*time.Millisecond)}.play(t)
	if out.ended.How != results.EndedCredentials || out.people.Of(results.Invalid) < 190 {
		t.Errorf("ended %+v, people %v", out.ended, out.people)
	}
	if out.ended.CalmTried == 0 || out.ended.CalmAccepted != 0 {
		t.Errorf("calm tries: %+v", out.ended)
	}
}

// TestRefusedUnderLoad: right passwords answered as wrong ones during the storm
// and accepted afterwards are the portal's failure.
func TestRefusedUnderLoad(t *testing.T) {
	out := morning{yaml: entcore, seed: 1, people: evenly(150, 100*time.Millisecond),
		modes: func(m *ent.Modes) { m.LostSession = 0.2 }}.play(t)
	got := reasons(out.books.People)
	if out.ended.CalmTried < 10 || out.ended.CalmAccepted == 0 || got["error/refused_under_load"] != uint64(out.ended.CalmAccepted) {
		t.Errorf("people %v, ended %+v", got, out.ended)
	}
}

// TestManyRefusedUnderLoad: of more than 200 refused people a sample is tried
// afterwards; when all of it gets in, nobody's password was wrong.
func TestManyRefusedUnderLoad(t *testing.T) {
	bubble := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // where virtual time starts
	out := morning{yaml: entcore, seed: 1, people: evenly(1000, 100*time.Millisecond),
		ent: ent.Config{Password: func(login string) string {
			if at := time.Since(bubble); at > 40*time.Second && at < 80*time.Second {
				return "the store of passwords is lost"
			}
			return "mdp-" + login
		}}}.play(t)
	got := reasons(out.books.People)
	if got["error/refused_under_load"] < 300 || out.people.Of(results.Invalid) != 0 || out.ended.CalmTried != 200 {
		t.Errorf("people %v, ended %+v", got, out.ended)
	}
}

// TestAccountsHandedOn: with fewer accounts than people, one person at a time.
func TestAccountsHandedOn(t *testing.T) {
	out := morning{yaml: variant("count: 2000", "count: 40", "synthetic: true", "synthetic: true\n  reuse: after_end"), seed: 1,
		people: evenly(150, time.Second)}.play(t)
	if out.people.InClass() != 150 {
		t.Errorf("people %v", reasons(out.books.People))
	}
	short := morning{yaml: variant("count: 2000", "count: 5", "synthetic: true", "synthetic: true\n  reuse: after_end"), seed: 1,
		people: evenly(60, time.Second)}.play(t)
	if got := reasons(short.books.People); got["not_sent/generator"] == 0 || short.people.Intended != 60 {
		t.Errorf("people %v", got)
	}
}

// TestTypingIsNoLostClass: who got in lost what the portal took, not the time
// their own fingers took.
func TestTypingIsNoLostClass(t *testing.T) {
	out := morning{yaml: entcore, seed: 1, people: evenly(50, time.Second),
		modes: func(m *ent.Modes) { m.Delay = 100 * time.Millisecond }}.play(t)
	var lost, slowest time.Duration
	for _, b := range out.run.Total.Beside {
		lost += b.ClassLost
	}
	for _, h := range out.run.Total.Class {
		slowest = max(slowest, h.Max())
	}
	if lost == 0 || lost > 50*slowest {
		t.Errorf("%v of class lost by 50 people, the slowest of whom waited %v", lost, slowest)
	}
}
