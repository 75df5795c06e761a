package reporttest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/runner/results"
)

// SessionNames lists the sessions, in a fixed order.
func SessionNames() []string {
	var out []string
	for _, s := range sessions() {
		out = append(out, s.name)
	}
	return out
}

// Summary is the judgement of a fixture, run or session.
func Summary(tb testing.TB, name string) *report.Summary {
	tb.Helper()
	if slices.Contains(SessionNames(), name) {
		return Session(tb, name)
	}
	run, sc := Load(tb, name)
	s, err := report.Judge(run, sc)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// Session is the Summary of a capacity or certify session, written by hand
// over the judgement of one storm: what the faces print, whatever computes it.
func Session(tb testing.TB, name string) *report.Summary {
	tb.Helper()
	list := sessions()
	i := slices.IndexFunc(list, func(s session) bool { return s.name == name })
	if i < 0 {
		tb.Fatalf("no session %q; there are %v", name, SessionNames())
	}
	run, sc := Load(tb, list[i].storm)
	s, err := report.Judge(run, sc)
	if err != nil {
		tb.Fatal(err)
	}
	measured(s)
	list[i].change(s)
	withoutNull(s)
	return s
}

// withoutNull writes the lists that a session by hand leaves out as those of a judged
// one: with nothing in them.
func withoutNull(s *report.Summary) {
	a := &s.Attribution
	a.Isolation, a.Onset, a.Little, a.Signatures = orNone(a.Isolation), orNone(a.Onset), orNone(a.Little), orNone(a.Signatures)
	s.Session.Sizes = orNone(s.Session.Sizes)
	for i := range s.Session.Trials {
		s.Session.Trials[i].Gates = orNone(s.Session.Trials[i].Gates)
	}
}

func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

type session struct {
	name, storm string
	change      func(*report.Summary)
}

func sessions() []session {
	return []session{
		{"certify_ready", "ready", func(*report.Summary) {}},
		{"certify_not_ready", "not_ready", notReady},
		{"certify_at_least", "ready", atLeast},
		{"certify_less_than", "target_down", lessThan},
		{"capacity_quota", "not_ready", quota},
		{"capacity_blocked", "inconclusive_blocked_as_attacker", blocked},
		{"certify_quick", "ready", quick},
		{"certify_resumed", "ready", resumed},
		{"certify_killed", "cut", killed},
		{"capacity_no_storms", "ready", noStorms},
		{"certify_fleet", "fleet_taken_over", ofFleet},
		{"certify_largest", "not_ready", largest},
		{"certify_sizes", "not_ready", ofSizes},
	}
}

// people is a number of people as a factor of the required morning.
func people(s *report.Summary, factor float64) report.Decimal {
	return report.Decimal(fmt.Sprint(int(factor * float64(s.People.Intended))))
}

func between(low, high report.Decimal) report.Range { return report.Range{Low: low, High: high} }

// measured fills a session in which everything was measured and held, 1.31
// times over.
func measured(s *report.Summary) {
	k := &s.Capacity
	*k = report.Capacity{
		Status: report.Met, Unit: "logins/s", Required: "48.2", Held: between("63.1", "65.4"), Horizon: "120", Headroom: "1.31",
		Monotone: true, Saturation: between("66.2", "67.1"), Overload: between("65.9", "67.4"), FirstCriterion: "time_to_class", FirstStep: "annuaire",
		Limit: "10", P: "0.95", Width: "0.05", Plateau: "120", Warmup: "12", Ceiling: "310", CeilingBy: "calibration",
		Storm: report.StormHeld{
			Range: between(people(s, 1.31), people(s, 1.44)), Predicted: between(people(s, 1.36), people(s, 1.41)), Ratio: "0.987",
			Required: s.People.Intended, Formula: "B(t+dt) = max(0, B + N·dF − C·dt)",
		},
		Control: &report.ControlRow{Rate: "40", P50Before: "0.412", P50After: "0.418", GoodputBefore: "39.9", GoodputAfter: "40.1"},
	}
	k.Loads = []report.LoadRow{load("20", 1, 1, "lower", "0.39", "0.81", "1"), load("40", 2, 2, "lower", "0.412", "0.93", "1"),
		load("63.1", 3, 3, "lower", "0.92", "4.7", "0.9991"), load("64.2", 3, 1, "undecided", "2.3", "9.8", "0.9970"),
		load("65.4", 3, 0, "upper", "5.2", "14.1", "0.9811"), load("80", 1, 0, "upper", "18.1", "never", "0.8123")}
	for i, r := range []struct {
		role   string
		factor float64
		v      report.Value
		p95    report.Decimal
	}{{"low", 1.31, report.Ready, "6.1"}, {"high", 1.44, report.NotReady, "31.2"}, {"required", 1, report.Ready, "2.1"}} {
		k.Storm.Replays = append(k.Storm.Replays, report.Replay{
			Trial: fmt.Sprintf("%03d-storm", 20+i), Role: r.role, People: uint64(r.factor * float64(s.People.Intended)), Factor: report.Decimal(fmt.Sprint(r.factor)), Seed: 7, Verdict: r.v,
			InTime: "0.9981", InClass: "0.9994", P95: r.p95, EveryoneIn: "141",
		})
	}
	s.Recovery = recovery()
	s.Attribution = attribution()
	s.Sizing = answers()
	s.Session = played()
	if s.Verdict.Value == report.Ready {
		s.Verdict.Actions = []string{"compare_production"}
	}
}

func load(rate report.Decimal, trials, held int, class string, p50, p95, success report.Decimal) report.LoadRow {
	r := report.LoadRow{
		Rate: rate, Trials: trials, Held: held, Class: class, Goodput: rate, CI95: [2]report.Decimal{rate, rate}, P50: p50, P95: p95,
		Success: success, Stages: []string{"confirm"}, Valid: trials,
	}
	for i := range trials {
		r.Names = append(r.Names, fmt.Sprintf("%03d-confirm", i+3))
	}
	if held < trials {
		r.First, r.Step = "time_to_class", "annuaire"
	}
	return r
}

func recovery() report.Recovery {
	out := report.Recovery{Status: report.Met, Vulnerable: "0.3333", VulnerR: 2}
	for i, r := range []int{0, 2, 5} {
		row := report.RecoveryRow{
			Trial: fmt.Sprintf("%03d-recovery", 30+i), Refreshes: r, State: "recovered", Base: "20", Trigger: "130", TriggerS: "60",
			Recovered: report.Decimal(fmt.Sprint(95 + 20*i)), Observed: "300", Predicted: "88.4", Slope: "-0.02", SlopeCI: [2]report.Decimal{"-0.31", "0.27"},
			Backlog: "4", Amplified: report.Decimal(fmt.Sprintf("1.%d", i*3)), P50Before: "0.391", P50After: "0.398", Bin: 5, Excess: 180,
		}
		for k := range 96 {
			share, inside := report.Decimal("1"), 8
			if k >= 26 && k < 56+4*i {
				share, inside = report.Decimal(fmt.Sprintf("0.%02d", 10+k%7)), 40*(k-20)
			}
			row.Success, row.InFlight = append(row.Success, share), append(row.InFlight, inside)
		}
		out.Trials = append(out.Trials, row)
	}
	return out
}

func attribution() report.Attribution {
	return report.Attribution{
		Status: report.Met, Level: "L1", Step: "annuaire", Separable: true,
		Proved: []report.Claim{
			{Key: "little"},
			{Key: "first", Args: map[string]string{"step": "annuaire", "rate": "67.9", "after_s": "24"}},
			{Key: "lowest", Args: map[string]string{"step": "annuaire", "low": "65.8", "high": "67.2", "next": "91.4", "other": "tableau de bord"}},
		},
		Compatible: []report.Claim{{Key: "sign_queueing", Args: map[string]string{"offered": "80", "goodput": "66.6", "backlog_growth": "13.4", "late_share": "0.182"}}},
		Unmeasured: []report.Claim{{Key: "server_metrics"}, {Key: "intervention"}, {Key: "pupils_alone"}},
		Isolation: []report.StepCapacity{
			{Journey: "eleve", Step: "accueil", Rate: report.Range{Low: "310", Censored: "at_least"}, Logins: report.Range{Low: "310", Censored: "at_least"}, Visits: "1", Trial: "010-isolation"},
			{Journey: "eleve", Step: "annuaire", Rate: between("65.8", "67.2"), Logins: between("65.8", "67.2"), Visits: "1", Trial: "011-isolation"},
			{Journey: "eleve", Step: "tableau de bord", Rate: between("91.4", "93.9"), Logins: between("91.4", "93.9"), Visits: "1", Trial: "012-isolation"},
		},
		Onset: []report.Onset{
			{Journey: "eleve", Step: "annuaire", At: "24", Lead: "36", Sign: "first_byte", Trial: "013-onset"},
			{Journey: "eleve", Step: "tableau de bord", At: "60", Sign: "first_byte", Trial: "013-onset"},
			{Journey: "eleve", Step: "accueil", Trial: "013-onset"},
		},
		Little: []report.LittleRow{
			{Journey: "eleve", Step: "accueil", Area: "412.1", Sum: "412.4", Gap: "0.0007", Growth: "0.01"},
			{Journey: "eleve", Step: "annuaire", Area: "9120.4", Sum: "9118.9", Gap: "0.0002", Growth: "2.41"},
		},
		Signatures: []report.Signature{
			{Name: "queueing", Seen: true, Trial: "007-confirm", Facts: map[string]string{"offered": "80", "goodput": "66.6", "backlog_growth": "13.4", "late_share": "0.182"}},
			{Name: "quota"}, {Name: "per_ip"}, {Name: "pool"}, {Name: "accept_queue"}, {Name: "crash"}, {Name: "external"}, {Name: "generator"},
		},
	}
}

func answers() []report.Answer {
	return []report.Answer{
		{Key: "everyone_in", Value: "139", Low: "131", High: "152", Unit: "s", Format: report.FormatDuration, Replayed: "141", Trial: "022-storm", Formula: "N/C", Assumptions: []report.Claim{}},
		{Key: "quota", Value: "52.6", Low: "50.1", High: "54.0", Unit: "logins/s", Format: report.FormatCount, Formula: "0,8 · min(C_k/v_k)", Cost: "164", Assumptions: []report.Claim{}},
		{Key: "slots", Value: "1", Unit: "slots", Format: report.FormatCount, Formula: "⌈N/N*⌉", Assumptions: []report.Claim{}},
		{Key: "nodes", Refused: "beyond_x2", Unit: "nodes", Format: report.FormatCount, Formula: "USL", Assumptions: []report.Claim{}},
	}
}

func played() *report.Session {
	at := time.Date(2026, 11, 20, 14, 0, 0, 0, time.FixedZone("CET", 3600))
	s := &report.Session{
		Command: "certify", Window: report.Span{From: playFrom, To: playFrom + 180}, Resumed: []results.Resumed{}, Unproved: []string{}, SynLadder: []float64{1, 2, 3, 4, 5, 7, 11},
		Calibration: &results.Calibration{At: at, Rate: 310, Stopped: "V2", Ceiling: 400, P99: 0.0021, Completed: 1},
		Witness:     &results.Witness{Trials: []results.Beheld{{Trial: "022-storm", N: 240, P50: 0.41, P95: 1.9}, {Trial: "021-storm", N: 240, Failed: 31, P50: 4.1, P95: results.Never}}},
		Control: &results.Control{
			URL: "https://statique.ent.exemple.fr/logo.png", Base: results.Beheld{N: 60, P50: 0.004, P95: 0.006},
			Trials: []results.Beheld{{Trial: "022-storm", N: 240, P50: 0.004, P95: 0.006}},
		},
		Main: "022-storm", Cold: report.ColdStart{Needed: 2, Resets: []report.Reset{}},
		Checks: []report.Measure{
			{Name: "witness_p50", Status: report.Met, Relation: "<=", Threshold: "0.041", Measured: "0.008", Format: report.FormatDuration, At: -1},
			{Name: "control_p95", Status: report.Met, Relation: "<=", Threshold: "0.026", Measured: "0.006", Format: report.FormatDuration, At: -1},
		},
	}
	minute := time.Minute
	for _, x := range []results.Stage{
		{Name: "smoke", Planned: minute}, {Name: "calibration", Planned: 5 * minute}, {Name: "probe", Planned: 4 * minute}, {Name: "confirm", Planned: 6 * minute},
		{Name: "bracket", Planned: 8 * minute}, {Name: "repeat", Planned: 12 * minute}, {Name: "control", Planned: 2 * minute}, {Name: "isolation", Planned: 24 * minute},
		{Name: "onset", Planned: 4 * minute}, {Name: "storm", Planned: 45 * minute}, {Name: "recovery", Planned: 30 * minute},
	} {
		x.Done = true
		s.Stages = append(s.Stages, x)
	}
	s.Trials = []report.TrialRow{
		{Name: "001-calibration", Stage: "calibration", Kind: "calibration", Rate: "310", Seconds: "60", People: 18600, State: results.StateMet, EndedAs: "planned"},
		{Name: "002-probe", Stage: "probe", Kind: "plateau", Rate: "20", Seconds: "120", People: 2400, State: results.StateMet, EndedAs: "planned"},
		{Name: "003-probe", Stage: "probe", Kind: "plateau", Rate: "80", Seconds: "41", People: 3280, State: results.StateNotMet, EndedAs: "enough"},
		{Name: "007-confirm", Stage: "confirm", Kind: "plateau", Rate: "64.2", Seconds: "120", People: 7704, State: results.StateUndecided, Gates: []string{"V2"}, EndedAs: "planned"},
		{Name: "020-storm", Stage: "storm", Kind: "storm", Role: "low", Seconds: "210", People: 9800, State: results.StateMet, EndedAs: "planned"},
		{Name: "022-storm", Stage: "storm", Kind: "storm", Role: "required", Seconds: "210", People: 8640, State: results.StateMet, EndedAs: "planned"},
	}
	return s
}

func notReady(s *report.Summary) {
	k := &s.Capacity
	k.Held, k.Headroom, k.Required = between("31.2", "33.0"), "0.70", "48.2"
	k.Saturation, k.Overload = between("34.1", "34.8"), between("21.0", "23.4")
	k.Storm.Range, k.Storm.Predicted, k.Storm.Ratio = between(people(s, 0.7), people(s, 0.79)), between(people(s, 0.72), people(s, 0.76)), "1.006"
	k.Loads = []report.LoadRow{load("10", 1, 1, "lower", "0.39", "0.81", "1"), load("20", 2, 2, "lower", "0.412", "0.93", "1"),
		load("31.2", 3, 3, "lower", "0.92", "8.7", "0.9991"), load("33.0", 3, 0, "upper", "5.2", "14.1", "0.9811"), load("44", 1, 0, "upper", "18.1", "never", "0.6123")}
	for i := range k.Storm.Replays {
		if k.Storm.Replays[i].Role == "required" {
			k.Storm.Replays[i].Verdict, k.Storm.Replays[i].P95, k.Storm.Replays[i].EveryoneIn = report.NotReady, report.Never, ""
		}
	}
	for i := range s.Recovery.Trials {
		r := &s.Recovery.Trials[i]
		switch r.Refreshes {
		case 2:
			r.State, r.Recovered, r.Slope, r.SlopeCI, r.ETA, r.Backlog = "draining", "", "-1.2", [2]report.Decimal{"-1.6", "-0.8"}, "310", "372"
		case 5:
			r.State, r.Recovered, r.Slope, r.SlopeCI, r.Backlog, r.Shed = "metastable", "", "0.9", [2]report.Decimal{"0.4", "1.4"}, "1204", "recovered_after_shedding"
		}
	}
	for i := range s.Recovery.Trials[1:] {
		r := &s.Recovery.Trials[i+1]
		for k := 56; k < len(r.Success); k++ {
			r.Success[k], r.InFlight[k] = "0.12", max(0, 1440+(k-56)*(30*i-20))
		}
	}
	s.Verdict.Actions = append([]string{"strengthen_step"}, s.Verdict.Actions...)
}

// ofSizes is not ready, and was measured with 2, 3, 4 and 6 servers; its servers'
// own readings were given, and so was the session before its front page was
// strengthened.
func ofSizes(s *report.Summary) {
	notReady(s)
	s.Session.Sizes = []report.SizeRow{
		{RunID: "20210406-085800-two2", Servers: 2, Rate: between("18.2", "18.9")}, {RunID: "20210406-085800-thr3", Servers: 3, Rate: between("26.4", "27.3")},
		{RunID: s.Run.ID, Servers: 4, Rate: between("34.1", "34.8"), Own: true}, {RunID: "20210406-085800-six6", Servers: 6, Rate: between("48.1", "50.2")},
	}
	s.Sizing[3] = report.Answer{
		Key: "servers", Value: "7", Low: "6", High: "8", Bound: "6", Unit: "servers", Format: report.FormatCount, Formula: "X(n) = λ·n ÷ (1 + σ(n−1) + κ·n(n−1)) ≥ X · N ÷ N*",
		Assumptions: []report.Claim{
			{Key: "assume_scaling_law"},
			{Key: "assume_rate_there", Args: map[string]string{"servers": "7", "low": "53.1", "high": "57.4", "needed": "49.3"}},
			{Key: "assume_ceiling", Args: map[string]string{"step": "tableau de bord", "rate": "91.4", "needed": "49.3"}},
		},
	}
	a := &s.Attribution
	a.Proved = append(a.Proved, report.Claim{Key: "servers_moved", Args: map[string]string{
		"servers": "3", "more": "4", "low": "26.4", "high": "27.3", "more_low": "34.1", "more_high": "34.8"}})
	a.Unmeasured = []report.Claim{{Key: "pupils_alone"}}
	corroborated(a)
	strengthened(a)
}

// corroborated is a session whose servers say what the trials say.
func corroborated(a *report.Attribution) {
	a.Level, a.Journey = "L2", "eleve"
	a.Proved = append(a.Proved, report.Claim{Key: "server_corroborated", Args: map[string]string{
		"resource": "Connexions LDAP", "step": "annuaire", "apart_s": "4", "correlation": "0.81", "bins": "14"}})
	a.Resources = []report.ResourceRow{
		{Resource: "Connexions LDAP", Journey: "eleve", Step: "annuaire", State: "with", Readings: 28, Highest: "1", Calm: "0.48", Reached: "20", Lag: "-4", Correlation: "0.81", Bins: 14},
		{Resource: "Mémoire", Journey: "eleve", Step: "annuaire", State: "always", Readings: 28, Highest: "0.971", Calm: "0.962", Reached: "0", Lag: "-24", Correlation: "0.12", Bins: 14},
		{Resource: "Processeur", Journey: "eleve", Step: "tableau de bord", State: "below", Readings: 28, Highest: "0.71", Calm: "0.34", Correlation: "0.66", Bins: 14},
		{Resource: "Disque", Journey: "eleve", Step: "accueil", State: "thin", Readings: 2, Highest: "0.08"},
	}
}

// strengthened is a session whose limit rose since one step was given more.
func strengthened(a *report.Attribution) {
	a.Intervention = &report.Intervention{RunID: "20210406-085800-bef0", Journey: "eleve", Step: "accueil", Named: "accueil", NamedLevel: "L1",
		Before: between("26.4", "27.3"), After: between("34.1", "34.8"), Moved: true, Level: "L3"}
	a.Proved = append(a.Proved, report.Claim{Key: "intervention_cause", Args: map[string]string{
		"run": "20210406-085800-bef0", "step": "accueil", "low": "26.4", "high": "27.3", "more_low": "34.1", "more_high": "34.8"}})
}

func atLeast(s *report.Summary) {
	k := &s.Capacity
	k.Held, k.Saturation, k.Overload = report.Range{Low: "310", Censored: "at_least"}, report.Range{Censored: "none"}, report.Range{Censored: "none"}
	k.Storm.Range = report.Range{Low: people(s, 2.2), Censored: "at_least"}
	k.Storm.Predicted, k.Storm.Ratio = report.Range{Low: people(s, 6.1), Censored: "at_least"}, ""
	k.Headroom, k.FirstStep, k.FirstCriterion, k.Control = "2.2", "", "", nil
	k.Loads = k.Loads[:2]
	s.Attribution = report.Attribution{Status: report.Unmeasured, Command: "firstbell certify", Proved: []report.Claim{}, Compatible: []report.Claim{}, Unmeasured: []report.Claim{}}
	s.Recovery = report.Recovery{Status: report.Unmeasured, Command: "firstbell certify", Trials: []report.RecoveryRow{}}
}

func lessThan(s *report.Summary) {
	k := &s.Capacity
	k.Held, k.Saturation, k.Overload = report.Range{High: "1.2", Censored: "less_than"}, report.Range{Censored: "none"}, report.Range{Censored: "none"}
	k.Storm.Range, k.Storm.Predicted, k.Storm.Ratio, k.Headroom = report.Range{High: people(s, 0.05), Censored: "less_than"}, report.Range{Censored: "none"}, "", ""
	k.Loads = []report.LoadRow{load("1.2", 2, 0, "upper", "never", "never", "0")}
	k.Control = nil
	s.Attribution.Separable, s.Attribution.Step, s.Attribution.Level = false, "", ""
}

func quota(s *report.Summary) {
	k := &s.Capacity
	k.Status, k.Why = report.Undecided, "quota"
	k.Quota = &report.QuotaFound{Rate: between("24.9", "25.1"), Sign: "quota"}
	k.Held, k.Saturation, k.Headroom = report.Range{Censored: "none"}, between("24.9", "25.1"), ""
	k.Overload = report.Range{Censored: "none"}
	k.Storm.Range, k.Storm.Predicted, k.Storm.Ratio, k.Storm.Replays = report.Range{Censored: "none"}, report.Range{Censored: "none"}, "", []report.Replay{}
	s.Session.Command = "capacity"
	s.Session.Main = "003-probe"
	s.Verdict = report.Verdict{Value: report.Inconclusive, Cause: "quota", Reasons: []string{}, Actions: []string{"cause_quota"}}
}

func blocked(s *report.Summary) {
	quota(s)
	s.Capacity.Why, s.Capacity.Quota.Sign, s.Capacity.Quota.PerIP = "blocked", "per_ip", true
	s.Capacity.Quota.Sources = []string{"192.0.2.17", "2001:db8::17"}
	s.Verdict.Cause, s.Verdict.Actions = report.CauseBlocked, []string{"cause_blocked_as_attacker"}
}

func quick(s *report.Summary) {
	s.Session.Quick = true
	s.Session.Unproved = []string{"horizon", "repeats", "seeds", "recovery"}
	s.Capacity.Held, s.Capacity.Why, s.Capacity.Status = between("44.1", "52.9"), "wide", report.Undecided
	s.Capacity.Storm.Range, s.Capacity.Headroom = between(people(s, 0.93), people(s, 1.12)), "0.93"
	s.Recovery = report.Recovery{Status: report.Unmeasured, Command: "firstbell certify", Trials: []report.RecoveryRow{}}
	for i := range s.Session.Stages {
		if s.Session.Stages[i].Name == "recovery" || s.Session.Stages[i].Name == "repeat" {
			s.Session.Stages[i].Done, s.Session.Stages[i].Skipped = false, "quick"
		}
	}
	s.Verdict = report.Verdict{Value: report.Inconclusive, Cause: report.CauseStraddles, Reasons: []string{}, Actions: []string{"cause_interval_straddles", "full_session"}}
}

// ofFleet was played by 16 workers, of which one was lost in a storm.
func ofFleet(s *report.Summary) {
	s.Session.Main = "022-storm"
	s.Session.Fleet = &report.SessionFleet{
		Workers: 16, Kind: "remote", Trials: len(s.Session.Trials), Error: "0.0004", ErrorTrial: "003-probe", Drift: "0.0011", DriftTrial: "022-storm",
		Unkept: []string{}, Lost: 2,
		Losses: []report.TrialLoss{{Trial: "003-probe", Loss: s.Fleet.Losses[0]}, {Trial: "022-storm", Loss: s.Fleet.Losses[0]}},
	}
}

func resumed(s *report.Summary) {
	at := time.Date(2026, 11, 20, 15, 10, 0, 0, time.FixedZone("CET", 3600))
	s.Session.Resumed = []results.Resumed{{At: at, After: "confirm", Trial: "007-confirm"}}
}

// killed is a session that nobody has taken up again yet: the search is over,
// the storms are not.
func killed(s *report.Summary) {
	noStorms(s)
	s.Session.Command = "certify"
	for i := range s.Session.Stages {
		if i > 6 {
			s.Session.Stages[i].Done = false
		}
	}
	s.Verdict = report.Verdict{Value: report.Inconclusive, Cause: "unfinished", Reasons: []string{}, Actions: []string{"cause_unfinished"}}
}

func noStorms(s *report.Summary) {
	s.Capacity.Storm.Range, s.Capacity.Storm.Ratio, s.Capacity.Storm.Replays = report.Range{Censored: "none"}, "", []report.Replay{}
	s.Capacity.Headroom = ""
	s.Session.Command, s.Session.Main = "capacity", "002-probe"
	s.Session.Unproved = []string{"required", "isolation", "recovery"}
	s.Session.Witness, s.Session.Control, s.Session.Checks = nil, nil, []report.Measure{}
	s.Recovery = report.Recovery{Status: report.Unmeasured, Command: "firstbell certify", Trials: []report.RecoveryRow{}}
	s.Attribution = report.Attribution{Status: report.Unmeasured, Command: "firstbell certify", Proved: []report.Claim{}, Compatible: []report.Claim{}, Unmeasured: []report.Claim{}}
	s.Sizing = []report.Answer{}
	s.Verdict = report.Verdict{Value: report.Inconclusive, Cause: "not_replayed", Reasons: []string{}, Actions: []string{"cause_not_replayed"}}
}

// largest holds the longest names and numbers a report must carry.
func largest(s *report.Summary) {
	notReady(s)
	long := "authentification déléguée au guichet régional ÉduConnect puis retour"
	s.Attribution.Step, s.Capacity.FirstStep = long, long
	k := &s.Capacity
	k.Required, k.Held, k.Saturation = "148210.5", between("1031200.4", "1033000.9"), between("1066200", "1067100")
	k.Storm.Required, k.Storm.Range, k.Storm.Predicted = 9_876_543, between("6913580", "7802469"), between("6713580", "8802469")
	k.Loads = nil
	for i := range 12 {
		r := load(report.Decimal(fmt.Sprint(100_000*(i+1))), 7, 7-i/2, "undecided", "0.9", "14.1", "0.98")
		r.Step = long
		k.Loads = append(k.Loads, r)
	}
	for i := range s.Attribution.Isolation {
		s.Attribution.Isolation[i].Step = fmt.Sprint(long, " ", i)
	}
	s.Session.Trials = slices.Repeat(s.Session.Trials, 5)
	for i := range s.Session.Trials {
		s.Session.Trials[i].Name = fmt.Sprintf("%03d-storm", i+1)
		s.Session.Trials[i].People = 9_876_543
	}
	s.Session.Main = "006-storm"
	s.Session.Unproved = []string{"horizon", "repeats", "seeds", "recovery", "isolation"}
	s.Session.Quick = true
	s.Verdict.Actions = []string{"strengthen_step", "raise_admission", "speed_up", "shed_load", "run_again"}
}
