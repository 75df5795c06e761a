package reporttest

import (
	"slices"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// Names lists the fixtures, in a fixed order.
func Names() []string {
	var out []string
	for _, f := range fixtures() {
		out = append(out, f.name)
	}
	return out
}

// Load builds a fixture by its name.
func Load(tb testing.TB, name string) (*results.Run, *scenarios.Scenario) {
	tb.Helper()
	return Build(tb, SpecOf(tb, name))
}

// SpecOf is a fixture's description, to be changed and built.
func SpecOf(tb testing.TB, name string) Spec {
	tb.Helper()
	list := fixtures()
	i := slices.IndexFunc(list, func(f fixture) bool { return f.name == name })
	if i < 0 {
		tb.Fatalf("no fixture %q; there are %v", name, Names())
	}
	return list[i].spec
}

type fixture struct {
	name string
	spec Spec
}

func fixtures() []fixture {
	planned := func(change func(*Spec)) Spec {
		s := Spec{Criteria: Standard(), Groups: Academies(), Mix: Calm, About: declared()}
		change(&s)
		return s
	}
	end := func(how results.EndedAs) func(*Spec) {
		return func(s *Spec) { s.Ended = results.Ended{How: how, At: 95 * time.Second}; s.Mix = stopped(Calm, 95) }
	}
	return []fixture{
		{"ready", planned(func(s *Spec) {})},
		{"ready_with_reservation", planned(func(s *Spec) {
			s.Criteria.List = append(s.Criteria.List, Rate(scenarios.MetricLate, "<", 1, scenarios.Minor))
		})},
		{"not_ready", planned(func(s *Spec) { s.Mix = Overloaded; s.Events = signs2021(); s.Signs = quotaSigns() })},
		{"worst_group", planned(func(s *Spec) {
			s.Mix, s.Criteria.Worst = oneBadGroup, []scenarios.Dimension{scenarios.ByRegion, scenarios.ByLevel}
		})},
		{"inconclusive_no_criteria", planned(func(s *Spec) { s.Criteria = scenarios.Criteria{InTime: 10 * time.Second} })},
		{"inconclusive_generator_saturated", planned(func(s *Spec) {
			s.Health = func(_ int, h *results.Health) bool { h.CPU = 0.95; return true }
		})},
		{"inconclusive_storm_not_delivered", planned(func(s *Spec) { s.Mix = late })},
		{"inconclusive_interval_straddles", planned(func(s *Spec) { s.Mix = borderline })},
		{"inconclusive_too_few_samples", planned(func(s *Spec) { s.Mix = few })},
		{"inconclusive_accounts_rejected", planned(func(s *Spec) { s.Mix = rejected })},
		{"inconclusive_blocked_as_attacker", planned(func(s *Spec) { s.Mix = throttled })},
		{"inconclusive_target_changed", planned(func(s *Spec) {
			s.Events = []results.Event{{At: 70 * time.Second, Kind: "target_changed", Text: "certificate"}}
		})},
		{"interrupted", planned(end(results.EndedInterrupted))},
		{"stopped_by_target", planned(end(results.EndedByTarget))},
		{"ends_after", planned(end(results.EndedLimit))},
		{"cut", planned(func(s *Spec) { s.Ended = results.Ended{How: results.EndedCut, At: 90 * time.Second} })},
		{"target_down", planned(func(s *Spec) { s.Mix = down })},
		{"fleet_ready", planned(func(s *Spec) { s.Fleet = fleetOf(4) })},
		{"fleet_taken_over", planned(func(s *Spec) {
			s.Fleet = lossOf(1500 * time.Millisecond)
			s.Criteria.List[0] = Rate(scenarios.MetricInClass, ">", 985, scenarios.Blocking)
		})},
		{"fleet_worker_lost", planned(func(s *Spec) { s.Fleet = lossOf(3200 * time.Millisecond) })},
		{"fleet_clock", planned(func(s *Spec) { s.Fleet = badClock() })},
		{"fleet_frozen", planned(func(s *Spec) { s.Fleet = frozenWorker() })},
		{"fleet_resumed", planned(func(s *Spec) {
			s.Fleet = fleetOf(4)
			s.Mix, s.Ended = stopped(Calm, 80), results.Ended{How: results.EndedAlone, At: 80 * time.Second, Cause: "coordinator started again"}
			s.Fleet.Outages = []results.Outage{{From: 79200 * time.Millisecond, Resumed: time.Date(2026, 11, 20, 14, 2, 11, 0, time.FixedZone("", 3600))}}
		})},
		{"fleet_stopped", planned(func(s *Spec) {
			end(results.EndedStopped)(s)
			s.Fleet = fleetOf(4)
			s.Fleet.Stop = &results.FleetStop{Why: "firstbell stop", Sent: 94100 * time.Millisecond, Reached: 94480 * time.Millisecond}
		})},
		{"fleet_large", planned(func(s *Spec) { s.Fleet = largeFleet() })},
		{"empty", Spec{Criteria: Standard(), Play: 60}},
	}
}

func declared() scenarios.About {
	return scenarios.About{
		RequiredBy: "Région d'essai, 3 novembre 2026", Tester: "Équipe d'essai",
		Staging: "moitié des serveurs de la production", StagingBy: "l'exploitant", Version: "4.2.1", ValidUntil: "2026-12-31",
	}
}

// Academies is two regions with two levels of pupils.
func Academies() []results.Group {
	return []results.Group{
		{Region: "Île-de-France", Level: "college", Persona: "eleve"},
		{Region: "Île-de-France", Level: "lycee", Persona: "eleve"},
		{Region: "Grand Est", Level: "college", Persona: "eleve"},
		{Region: "Grand Est", Level: "lycee", Persona: "eleve"},
	}
}

// took spreads times between 0.4 and 2.2 s, always the same way.
func took(second, i int) time.Duration {
	return 400*time.Millisecond + time.Duration((second*37+i*61)%19)*100*time.Millisecond
}

// Calm lets everybody in.
func Calm(second, group int) []People {
	out := []People{
		{N: 8, Outcome: results.InTime, Took: took(second, group)},
		{N: 4, Outcome: results.InTime, Took: took(second, group+4)},
	}
	if second%90 == 45 && group == 0 {
		out = append(out, People{N: 1, Outcome: results.Late, Took: 12 * time.Second, Lost: 12 * time.Second})
	}
	return out
}

// Overloaded is the morning of 2021: from 09:00 on most meet a quota, a blank
// page or nothing at all.
func Overloaded(second, group int) []People {
	if second < 90 || second >= 170 {
		return Calm(second, group)
	}
	hour := 30 * time.Minute
	return []People{
		{N: 4, Outcome: results.InTime, Took: took(second, group)},
		{N: 2, Outcome: results.Late, Took: 14*time.Second + took(second, group), Tries: 2, Lost: 20 * time.Second},
		{N: 2, Outcome: results.Quota, Reason: results.ReasonQuotaPage, Took: 60 * time.Second, Tries: 3, GaveUp: true, Lost: hour},
		{N: 1, Outcome: results.Blank, Reason: results.ReasonShellCallsFailed, Took: 30 * time.Second, Tries: 2, GaveUp: true, Lost: hour},
		{N: 1, Outcome: results.Error, Reason: results.ReasonBackendDown, Took: 10 * time.Second, Tries: 4, GaveUp: true, Lost: hour},
		{N: 1, Outcome: results.Timeout, Reason: results.ReasonStepTimeout, Took: 60 * time.Second, Lost: hour},
		{N: 1, Outcome: results.WaitingRoom, Reason: results.ReasonWaitingPage, Took: 60 * time.Second, Lost: hour},
	}
}

func oneBadGroup(second, group int) []People {
	if group != 2 {
		return Calm(second, group)
	}
	return []People{
		{N: 10, Outcome: results.InTime, Took: took(second, group)},
		{N: 2, Outcome: results.Quota, Reason: results.ReasonQuotaPage, Took: time.Second},
	}
}

// late is a generator that sends one person in twelve two seconds late.
func late(second, group int) []People {
	return []People{
		{N: 11, Outcome: results.InTime, Took: took(second, group)},
		{N: 1, Outcome: results.NotSent, Reason: results.ReasonGenerator},
	}
}

func borderline(second, group int) []People {
	out := []People{{N: 12, Outcome: results.InTime, Took: took(second, group)}}
	if second%4 == 0 && group == 1 {
		out = []People{{N: 11, Outcome: results.InTime, Took: took(second, group)}, {N: 1, Outcome: results.Error, Reason: results.ReasonServerError, Took: time.Second}}
	}
	return out
}

func few(second, group int) []People {
	if second%2 == 0 || group > 0 {
		return nil
	}
	return []People{{N: 1, Outcome: results.InTime, Took: took(second, group)}}
}

func rejected(second, group int) []People {
	return []People{
		{N: 11, Outcome: results.InTime, Took: took(second, group)},
		{N: 1, Outcome: results.Invalid, Reason: results.ReasonBadCredentials, Took: time.Second},
	}
}

func throttled(second, group int) []People {
	return []People{
		{N: 11, Outcome: results.InTime, Took: took(second, group)},
		{N: 1, Outcome: results.Error, Reason: results.ReasonThrottled, Took: time.Second},
	}
}

func down(int, int) []People {
	return []People{{N: 12, Outcome: results.Unreachable, Reason: results.ReasonRefused, Took: time.Second, Tries: 2}}
}

// stopped leaves what an end before the plan's leaves: people in flight, and
// people who never came.
func stopped(mix func(int, int) []People, at int) func(int, int) []People {
	return func(second, group int) []People {
		out := mix(second, group)
		for i := range out {
			switch {
			case second >= at:
				out[i].Outcome, out[i].Reason, out[i].Unsent = results.NotSent, results.ReasonCut, true
			case second >= at-2:
				out[i].Outcome, out[i].Reason = results.Unfinished, results.ReasonInFlight
			}
		}
		return out
	}
}

func signs2021() []results.Event {
	return []results.Event{
		{At: 91 * time.Second, Kind: "first_quota"},
		{At: 93 * time.Second, Kind: "first_blank"},
		{At: 95 * time.Second, Kind: "first_error"},
	}
}

func quotaSigns() []results.Sign {
	var out []results.Sign
	for second := 91; second < 160; second += 3 {
		out = append(out, results.Sign{
			Step: 1, Status: 200, Outcome: results.Quota, Reason: results.ReasonQuotaPage,
			Text: "Vous êtes très nombreux aujourd'hui", At: time.Duration(second) * time.Second,
		})
	}
	return append(out, results.Sign{
		Step: 1, Status: 502, Outcome: results.Error, Reason: results.ReasonBackendDown,
		Text: "<script>alert(1)</script> 502 Bad Gateway", At: 99 * time.Second,
	})
}
