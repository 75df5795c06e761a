package catalog

import (
	"flag"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"firstbell/report"
	"firstbell/report/reporttest"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestBothLanguagesHoldTheSame(t *testing.T) {
	fr, en := For("fr").texts, For("en").texts
	verb := regexp.MustCompile(`\{[a-z_]+\}`)
	for key, text := range fr {
		other, ok := en[key]
		if !ok {
			t.Errorf("%s is missing in English", key)
			continue
		}
		a, b := verb.FindAllString(text, -1), verb.FindAllString(other, -1)
		slices.Sort(a)
		slices.Sort(b)
		if a, b = slices.Compact(a), slices.Compact(b); !slices.Equal(a, b) {
			t.Errorf("%s: values %v in French, %v in English", key, a, b)
		}
		if text == "" || other == "" {
			t.Errorf("%s is empty", key)
		}
	}
	for key := range en {
		if _, ok := fr[key]; !ok {
			t.Errorf("%s is missing in French", key)
		}
	}
}

func TestEveryNameHasWords(t *testing.T) {
	c := For("fr")
	for _, o := range results.Outcomes() {
		for _, prefix := range []string{"outcome.", "explained."} {
			if !c.Has(prefix + o.String()) {
				t.Errorf("no text for %s%s", prefix, o)
			}
		}
	}
	for _, r := range results.Reasons() {
		if !c.Has("reason." + r.String()) {
			t.Errorf("no text for reason %s", r)
		}
	}
	for _, m := range []scenarios.Metric{
		scenarios.MetricInClass, scenarios.MetricInTime, scenarios.MetricLate, scenarios.MetricWaitingRoom,
		scenarios.MetricQuota, scenarios.MetricBlank, scenarios.MetricError, scenarios.MetricTimeout,
		scenarios.MetricUnreachable, scenarios.MetricLost, scenarios.MetricMidWork, scenarios.MetricTimeToClass, scenarios.MetricNever,
	} {
		if !c.Has("metric." + string(m)) {
			t.Errorf("no text for metric %s", m)
		}
	}
	for key := range c.texts {
		if who, ok := strings.CutSuffix(key, ".who"); ok {
			if !c.Has(who) || !c.Has("who."+c.Text(key)) {
				t.Errorf("%s names nobody", key)
			}
		}
	}
}

func TestFrenchTypography(t *testing.T) {
	bad := regexp.MustCompile(` [:;?!%»]|« |[a-z]'[a-z]`)
	for key, text := range For("fr").texts {
		if bad.MatchString(text) {
			t.Errorf("%s: an ordinary space or apostrophe in %q", key, text)
		}
	}
}

func TestNumbers(t *testing.T) {
	fr, en := For("fr"), For("en")
	for _, row := range []struct {
		d      report.Decimal
		f      report.Format
		fr, en string
	}{
		{"0.713", report.FormatPercent, "71,3\u202f%", "71.3%"},
		{"1", report.FormatPercent, "100\u202f%", "100%"},
		{"0", report.FormatPercent, "0\u202f%", "0%"},
		{"0.99996", report.FormatPercent, "99,996\u202f%", "99.996%"},
		{"0.000625", report.FormatPercent, "0,06\u202f%", "0.06%"},
		{"6.55", report.FormatPercent, "655,0\u202f%", "655.0%"},
		{"9.81", report.FormatDuration, "9,8\u00a0s", "9.8\u00a0s"},
		{"0.352", report.FormatDuration, "0,35\u00a0s", "0.35\u00a0s"},
		{"0.000200191", report.FormatDuration, "0,2\u00a0ms", "0.2\u00a0ms"},
		{"460", report.FormatDuration, "7\u00a0min\u00a040\u00a0s", "7\u00a0min\u00a040\u00a0s"},
		{"3905", report.FormatDuration, "1\u00a0h\u00a005\u00a0min\u00a05\u00a0s", "1\u00a0h\u00a005\u00a0min\u00a05\u00a0s"},
		{"59.97", report.FormatDuration, "1\u00a0min\u00a00,0\u00a0s", "1\u00a0min\u00a00.0\u00a0s"},
		{"never", report.FormatDuration, "jamais", "never"},
		{"", report.FormatDuration, "non mesuré", "not measured"},
		{"1024800", report.FormatCount, "1\u202f024\u202f800", "1,024,800"},
		{"cut", report.FormatEnding, "coupé sans fin", "cut without an end"},
	} {
		if got := fr.Value(row.d, row.f); got != row.fr {
			t.Errorf("fr %s %s = %q; want %q", row.d, row.f, got, row.fr)
		}
		if got := en.Value(row.d, row.f); got != row.en {
			t.Errorf("en %s %s = %q; want %q", row.d, row.f, got, row.en)
		}
	}
}

func TestTimesAndDates(t *testing.T) {
	fr, en := For("fr"), For("en")
	for _, row := range [][2]string{
		{fr.Clock(9*3600 + 2*60 + 14), "09:02:14"},
		{fr.Clock(-30), "23:59:30"},
		{fr.Prose(9*3600 + 2*60), "9\u00a0h\u00a002"},
		{fr.Prose(9*3600 + 30), "9\u00a0h\u00a000\u00a0min\u00a030\u00a0s"},
		{en.Prose(9*3600 + 30), "9:00:30"},
		{fr.Date("2021-04-01"), "1er\u00a0avril\u00a02021"},
		{en.Date("2021-04-06"), "6\u00a0April\u00a02021"},
		{fr.Date("lundi"), "lundi"},
		{fr.DateTime("2026-11-20T14:00:00+01:00"), "20\u00a0novembre\u00a02026 à 14:00:00"},
		{fr.Int(-1234), "−1\u202f234"},
	} {
		if row[0] != row[1] {
			t.Errorf("%q; want %q", row[0], row[1])
		}
	}
}

func TestDisplayRule(t *testing.T) {
	c := For("fr")
	for _, row := range [][4]string{
		{"0.994996", "0.995", "percent", "99,4996\u202f%"},
		{"0.9951", "0.995", "percent", "99,51\u202f%"},
		{"0.995", "0.995", "percent", "99,5\u202f%"},
		{"0.75", "0.8", "percent", "75,0\u202f%"},
		{"9.999", "10", "duration", "9,999\u00a0s"},
		{"10.04", "10", "duration", "10,04\u00a0s"},
		{"59.99", "60", "duration", "59,99\u00a0s"},
	} {
		if got := c.Against(report.Decimal(row[0]), report.Decimal(row[1]), report.Format(row[2])); got != row[3] {
			t.Errorf("%s against %s = %q; want %q", row[0], row[1], got, row[3])
		}
	}
}

func TestIntervalsRoundOutwards(t *testing.T) {
	c := For("en")
	for _, row := range []struct {
		ci   [2]report.Decimal
		tau  report.Decimal
		want string
	}{
		{[2]report.Decimal{"0.7094", "0.7171"}, "0.995", "between 70.9% and 71.8%"},
		{[2]report.Decimal{"0", "0.000347223"}, "0.01", "between 0% and 0.04%"},
		{[2]report.Decimal{"0.9912", "0.99496"}, "0.995", "between 99.1% and 99.496%"},
		{[2]report.Decimal{"0.999652858", "1"}, "0.995", "between 99.96% and 100%"},
		{[2]report.Decimal{"2.1", "never"}, "10", "between 2.1\u00a0s and never"},
	} {
		f := report.FormatPercent
		if row.tau == "10" {
			f = report.FormatDuration
		}
		if got := c.Interval(row.ci, row.tau, f); got != row.want {
			t.Errorf("%v = %q; want %q", row.ci, got, row.want)
		}
	}
	if got := c.AtMost("0.0000625"); got != "0.007%" {
		t.Errorf("AtMost(3/48000) = %s; want 0.007%%", got)
	}
}

// TestRoundingNeverCrosses reads back what 100,000 random pairs print as, most
// of them very close together.
func TestRoundingNeverCrosses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	c := For("fr")
	for i := range 100_000 {
		f := []report.Format{report.FormatPercent, report.FormatDuration}[i%2]
		scale := int64(1)
		if f == report.FormatDuration {
			scale = []int64{1, 5, 90, 7000}[r.IntN(4)]
		}
		limit := big.NewRat(int64(r.IntN(1000))*scale, 1000)
		apart := big.NewRat(r.Int64N(2001)-1000, []int64{1000, 1_000_000, 1_000_000_000}[r.IntN(3)])
		value := new(big.Rat).Add(limit, apart)
		if value.Sign() < 0 {
			continue
		}
		d, l := report.Decimal(value.FloatString(12)), report.Decimal(limit.FloatString(12))
		shown, bound := read(t, c.Against(d, l, f)), read(t, c.Threshold(l, f))
		if shown.Cmp(bound) != value.Cmp(limit) {
			t.Fatalf("%s against %s (%s) prints %q and %q", d, l, f, c.Against(d, l, f), c.Threshold(l, f))
		}
	}
}

// read is a reader: it takes the printed text for what it says.
func read(t *testing.T, text string) *big.Rat {
	t.Helper()
	sum, number := new(big.Rat), new(big.Rat)
	units := map[string]*big.Rat{
		"%": big.NewRat(1, 100), "s": big.NewRat(1, 1), "ms": big.NewRat(1, 1000), "min": big.NewRat(60, 1), "h": big.NewRat(3600, 1),
	}
	for _, word := range strings.FieldsFunc(strings.ReplaceAll(text, "\u202f%", "\u00a0%"), func(r rune) bool { return r == '\u00a0' }) {
		if u, ok := units[word]; ok {
			sum.Add(sum, new(big.Rat).Mul(number, u))
			continue
		}
		plain := strings.ReplaceAll(strings.ReplaceAll(word, "\u202f", ""), ",", ".")
		if _, ok := number.SetString(plain); !ok {
			t.Fatalf("%q in %q is no number", word, text)
		}
	}
	return sum
}

func TestFractions(t *testing.T) {
	c := For("fr")
	for d, want := range map[report.Decimal]string{
		"0": "personne", "0.0001": "moins d’une personne sur mille", "0.29": "près de trois personnes sur dix",
		"0.3": "trois personnes sur dix", "0.51": "plus de la moitié des personnes", "0.25": "une personne sur quatre",
		"0.65": "près de deux personnes sur trois", "1": "toutes les personnes attendues", "0.97": "près de toutes les personnes attendues",
		"0.0052": "plus de cinq personnes sur mille", "0.02": "deux personnes sur cent", "0.12": "plus d’une personne sur dix",
	} {
		if got := c.Fraction(d); got != want {
			t.Errorf("Fraction(%s) = %q; want %q", d, got, want)
		}
	}
	for i := range 1001 {
		if got := c.Fraction(report.Decimal(strconv.FormatFloat(float64(i)/1000, 'f', -1, 64))); strings.Contains(got, "fraction.") {
			t.Fatalf("no words for %d/1000: %s", i, got)
		}
	}
}

// jargon has no place on page one.
var jargon = regexp.MustCompile(`(?i)\bp ?95\b|\bp\(|\blatenc|\brps\b|\bvus?\b|\bthroughput|\bpercentile|\btimeout|goodput|m[ée]tastable|plateau|palier|N\*`)

func TestPageOne(t *testing.T) {
	text := map[string]string{}
	for _, name := range reporttest.Names() {
		run, sc := reporttest.Load(t, name)
		s, err := report.Judge(run, sc)
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range Languages() {
			page := pageText(For(lang), s)
			lint(t, lang+" "+name, page)
			text[lang] += "== " + name + "\n" + page
		}
	}
	for _, name := range reporttest.SessionNames() {
		s := reporttest.Session(t, name)
		for _, lang := range Languages() {
			page := pageText(For(lang), s)
			lint(t, lang+" "+name, page)
			text[lang] += "== " + name + "\n" + page
		}
	}
	for _, lang := range Languages() {
		golden(t, "page."+lang+".txt", text[lang])
	}
}

func lint(t *testing.T, where, text string) {
	t.Helper()
	if m := jargon.FindString(text); m != "" {
		t.Errorf("%s: %q on page one", where, m)
	}
	if m := unfilled.FindString(text); m != "" {
		t.Errorf("%s: %q is no sentence", where, m)
	}
}

// unfilled is a key or a name that should have become words.
var unfilled = regexp.MustCompile(`[{}]|\b(page|action|cause|row|who|metric)\.[a-z_]+`)

func pageText(c *Catalog, s *report.Summary) string {
	var b strings.Builder
	p := c.PageOne(s)
	b.WriteString(p.Symbol + " " + p.Verdict + "\n")
	for _, l := range p.Lead {
		b.WriteString(l.String() + "\n")
	}
	b.WriteString(p.Outside.String() + "\n")
	if len(p.Rates) > 0 {
		b.WriteString(p.Rates.String() + "\n")
	}
	for _, n := range p.Numbers {
		b.WriteString("[" + n.Value.String() + " " + n.Label + "] ")
	}
	b.WriteString("\n")
	for _, x := range CriteriaByResult(s.Criteria) {
		b.WriteString(Mark(x.Status) + " " + c.CriterionName(x) + " | " + c.Required(x) + " | " + c.Measured(x) + " | " +
			c.Interval(x.CI95, x.Threshold, x.Format) + " | " + c.Text("severity."+x.Severity) + "\n")
	}
	for _, a := range p.Actions {
		b.WriteString("→ " + a.Who + " : " + a.Text + "\n")
	}
	b.WriteString(p.Validity.String() + "\n")
	for _, l := range p.Limits {
		b.WriteString(l.String() + "\n")
	}
	for _, r := range p.Rows {
		b.WriteString(r.Label + " : " + r.Text + "\n")
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed; look at the difference, then -update\n%s", name, got)
	}
}

// TestEveryNameOfASessionHasWords takes the names a session's summary holds.
func TestEveryNameOfASessionHasWords(t *testing.T) {
	c := For("fr")
	for prefix, names := range map[string][]string{
		"stage.": {
			results.StageSmoke, results.StageCalibration, results.StageProbe, results.StageConfirm, results.StageBracket, results.StageRepeat,
			results.StageControl, results.StageIsolation, results.StageOnset, results.StageStorm, results.StageRecovery,
		},
		"kind.": {
			string(results.TrialCalibration), string(results.TrialPlateau), string(results.TrialIsolation), string(results.TrialStorm), string(results.TrialRecovery),
		},
		"trial_state.": {string(results.StateMet), string(results.StateNotMet), string(results.StateUndecided)},
		"load_class.":  {"lower", "upper", "undecided"},
		"state.":       {"recovered", "draining", "metastable", "degraded", "not_tested", "undecided"},
		"shed.":        {"recovered_after_shedding", "not_after_shedding"},
		"role.":        {"low", "high", "required", "search"},
		"skipped.":     {"quick", "not_needed", "not_found", "quota", "blocked", "drift", "ceiling", "no_capacity"},
		"ceiling.":     {"calibration", "consent", "machine"},
		"html.level_":  {"L0", "L1", "L2", "L3", "unmoved", "together", "alone", "none"},
		"resource.":    {"thin", "always", "below", "apart", "with"},
		"session.weak_": {
			"L0", "L1", "L2", "L3", "together",
		},
		"cause.": {
			string(report.CauseCalibration), string(report.CauseSeeds), string(report.CauseDrift), string(report.CauseExternal), string(report.CauseWitness),
			string(report.CauseQuota), string(report.CauseNotReplayed), string(report.CauseUnfinished), string(report.CauseReset),
			"wide", "invalid", "nothing_came", "blocked", "no_time_criterion",
		},
		"action.": {
			"cause_calibration_failed", "cause_seeds_disagree", "cause_drift", "cause_external", "cause_witness", "cause_quota", "cause_not_replayed",
			"cause_unfinished", "cause_reset_failed", "strengthen_step", "raise_quota", "shed_load", "full_session", "certify",
		},
		"signature.": {
			"queueing", "quota", "per_ip", "pool", "accept_queue", "proxy_timeout", "crash", "blank", "tls", "external", "generator",
		},
		"claim.": {
			"little", "books", "first", "together", "contradiction", "onset", "no_onset", "isolation", "none_saturated", "not_separable", "not_explained",
			"no_whole", "lowest", "lowest_once", "lowest_alone", "lowest_alone_once", "shared", "server_metrics", "intervention", "pupils_alone",
			"sign_queueing", "sign_quota", "sign_per_ip", "sign_pool", "sign_accept_queue", "sign_proxy_timeout", "sign_crash", "sign_blank", "sign_tls",
			"sign_external", "sign_generator",
		},
		"sizing.":  {"everyone_in", "quota", "slots", "nodes", "servers", "uniform"},
		"refused.": {"no_curve", "no_capacity", "not_saturated", "beyond_x2", "not_separable", "no_step", "many_slots", "never_enough", "perhaps_never", "beyond_sizes"},
		"measure.": {"calibration_factor", "witness_p50", "witness_verdict", "control_p95"},
	} {
		for _, name := range names {
			if !c.Has(prefix + name) {
				t.Errorf("no text for %s%s", prefix, name)
			}
		}
	}
	for _, s := range []string{"queueing", "quota", "pool"} {
		if !c.Has("signature_means." + s) {
			t.Errorf("what %s is has no text", s)
		}
	}
}

func TestRates(t *testing.T) {
	c := For("fr")
	for _, row := range [][2]string{
		{c.Rate("2814.4"), "2\u202f814"}, {c.Rate("31.44"), "31,4"}, {c.Rate("2.849"), "2,85"}, {c.Rate("-0.024"), "−0,02"}, {c.Rate("never"), "jamais"},
		{c.RateEnd("2799.9", false), "2\u202f799"}, {c.RateEnd("2799.1", true), "2\u202f800"}, {c.RateEnd("31.41", true), "31,5"},
		{c.RateEnd("-1.604", false), "−1,61"}, {c.People("6048.7", false), "6\u202f048"},
		{c.Times("0.7"), "×0,70"}, {c.Times("0.9996"), "×0,9996"}, {c.Times("1"), "×1,00"}, {c.Times("1.0004"), "×1,0004"}, {c.Times(""), "non mesuré"},
	} {
		if row[0] != row[1] {
			t.Errorf("%q; want %q", row[0], row[1])
		}
	}
}
