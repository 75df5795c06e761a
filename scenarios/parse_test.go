package scenarios

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"firstbell/scenarios/presets"
)

func everyKey(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/every-key.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustParse(t *testing.T, src string, o Options) *Scenario {
	t.Helper()
	sc, err := Parse([]byte(src), o)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func TestPresetsParse(t *testing.T) {
	for _, p := range presets.List() {
		b, err := presets.Read(p.Name)
		if err != nil {
			t.Fatal(err)
		}
		sc, err := Parse(b, Options{Name: p.Name, SkipFiles: true})
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		if len(sc.Journeys) == 0 || len(sc.Personas) == 0 || len(sc.Population) == 0 {
			t.Errorf("%s: incomplete: %+v", p.Name, sc)
		}
	}
	for _, p := range presets.Profiles() {
		sc := mustParse(t, small+"storm: "+p.Name+"\n", Options{})
		sum := 0.0
		for _, i := range sc.Storm.Curve {
			sum += i.Share
		}
		if sum < 0.999 || sum > 1.001 || sc.Storm.Play.Length() == 0 || sc.Storm.Background == "" || len(sc.Storm.Bells) == 0 {
			t.Errorf("%s: %+v", p.Name, sc.Storm)
		}
	}
	if _, err := presets.Read("../presets"); err == nil {
		t.Error("a name outside the list is read")
	}
}

// The decoder asks for every key of every table, and for no other: the schema,
// drawn from the tables, is what the decoder reads.
func TestDecoderReadsTheTables(t *testing.T) {
	d := &decoder{file: "f", opts: Options{SkipFiles: true}, sc: &Scenario{}, asked: map[string]map[string]bool{},
		impliedShowUp: map[int]bool{}, ownPatienceKey: map[string]bool{}}
	d.scenario(d.loadTree(everyKey(t)))
	if len(d.mistakes) > 0 {
		t.Fatal(newMistakes(d.mistakes, "f"))
	}
	for _, m := range tables() {
		for _, name := range m.names() {
			if !d.asked[m.name][name] {
				t.Errorf("%s.%s is in the table but never read", m.name, name)
			}
		}
		for name := range d.asked[m.name] {
			if !slices.Contains(m.names(), name) {
				t.Errorf("%s.%s is read but not in the table", m.name, name)
			}
		}
	}
}

func TestEveryKey(t *testing.T) {
	sc := mustParse(t, string(everyKey(t)), Options{SkipFiles: true})
	check := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	check("groups", sc.GroupList(), []Group{{"Paris", "lycee", "eleve"}, {"Paris", "lycee", "prof"}})
	check("group of 2", []int{sc.GroupOf(0), sc.GroupOf(1), sc.GroupOf(2), sc.GroupOf(3), sc.GroupOf(-1)}, []int{0, 1, 0, -1, -1})
	check("show up", []float64{sc.Population[0].ShowUp, sc.Population[1].ShowUp, sc.Population[2].ShowUp}, []float64{0.40, 0.43, 0.41})
	check("origins", fmt.Sprint(sc.Origins()), "[https://ent.example https://cas.example:8443]")
	check("bells", fmt.Sprint(sc.Storm.Bells), "[08:00 09:00]")
	check("play", sc.Storm.Play.String(), "08:55-09:05")
	check("in time", sc.Criteria.InTime, 12*time.Second)
	check("drain", sc.Limits.Drain, 90*time.Second)
	check("persona's journeys", sc.Personas[0].Journeys, []Share{{"long", 1, 0.75}, {"other", 2, 0.25}})
	check("role", []Role{sc.Personas[0].Role, sc.Personas[1].Role}, []Role{RolePupil, RoleTeacher})
	var names []string
	for _, s := range sc.Journeys[1].Steps {
		names = append(names, s.Name)
	}
	check("names", names, []string{"the form", "2 submit", "3 get ${cas}/lobby", "4 post /x", "5 put /y", "6 patch /z", "7 delete /z"})
	step := sc.Journeys[0].Steps[1]
	check("css attr", []string{step.Capture[0].CSS.Source, step.Capture[0].CSS.Attr}, []string{"a.next @href", "href"})
	check("status", len(step.Expect.Status), 101)
	check("smaller", step.Expect.Not.Smaller, 2000)
	check("call's json", step.Calls[1].JSON.String(), `{"x":"${b}","n":12,"t":true,"z":null,"l":[1,"2"]}`)
	check("calls", []string{step.Calls[0].Name, step.Calls[1].Name, step.Calls[2].Name}, []string{"call 1 get /theme", "api", "call 3 put /p"})
	check("form twice", len(sc.Journeys[1].Steps[3].Form), 3)
	check("signature order", []Class{sc.Signatures[0].Class, sc.Signatures[3].Class}, []Class{ClassQuota, ClassWaitingRoom})
	check("built in last", sc.Signatures[len(sc.Signatures)-1].BuiltIn, true)
	var ids []string
	for _, c := range sc.Criteria.List {
		ids = append(ids, c.ID)
	}
	check("criteria", strings.Join(ids, " "), "in_class in_time late waiting_room quota blank error timeout unreachable lost mid_work_loss time_to_class time_to_class_2 never")
	check("exact rate", sc.Criteria.List[0].Rate.Cmp(big.NewRat(995, 1000)), 0)
	check("exact quantile", sc.Criteria.List[12].Quantile.Cmp(big.NewRat(999, 1000)), 0)
	check("severity", sc.Criteria.List[12].Severity, Minor)
	check("time", sc.Criteria.List[12].Time, time.Minute)
	check("patience", sc.Patience, Patience{Wait: Think{9e9, 9e9}, ImpatientShare: 0.1, ImpatientWait: 2e9, AfterError: Think{5e9, 20e9},
		QuotaObey: 0.6, QuotaWait: 100e9, QuotaSpread: 10e9, QuotaRetryFrom: 5e9, QuotaRetryTo: 15e9,
		Tries: 3, TriesTeacher: 4, HardStop: 20 * time.Minute, LateStop: 30 * time.Minute, LateShare: 0.01})
	for _, a := range sc.Assumptions {
		if !strings.HasPrefix(a.Key, "personas.prof.role") && !strings.HasPrefix(a.Key, "population.show_up") {
			t.Errorf("nothing is left to assume, but: %v", a)
		}
	}
}

func TestSmallestFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte("login,password\na,b\nc,d\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sc := mustParse(t, `version: 1
target: http://127.0.0.1:8080
accounts: {csv: a.csv, synthetic: true}
journeys:
  login:
    - get: /
      expect: {css: "#in"}
      in_class: true
`, Options{Dir: dir})
	if sc.Name != "127.0.0.1:8080" || sc.Storm.Profile != "2021-04-06" || sc.Storm.Play.String() != "08:58-09:01" || sc.Storm.Peak != sc.Storm.Play {
		t.Errorf("%q %+v", sc.Name, sc.Storm)
	}
	if len(sc.Population) != 1 || sc.Population[0].People != 2 || sc.Population[0].ShowUp != 0.4 {
		t.Errorf("%+v", sc.Population)
	}
	if s := sc.Journeys[0].Steps[0]; s.Timeout != time.Minute || s.Pause != nil {
		t.Errorf("%+v", s)
	}
	if sc.Limits.Drain != time.Minute || sc.Limits.EndsAfter != 5*time.Minute || len(sc.Criteria.List) != 0 || sc.Patience.Name != "morning-2021" {
		t.Errorf("%+v %+v", sc.Limits, sc.Criteria)
	}
	keys := []string{}
	for _, a := range sc.Assumptions {
		keys = append(keys, a.Key)
	}
	want := "population population.show_up.eleve storm.profile storm.play storm.peak storm.curve storm.batches personas.eleve.role personas.eleve.device personas.eleve.think personas.eleve.journeys patience.wait patience.impatient patience.after_error patience.quota patience.tries patience.tries_teacher patience.hard_stop patience.late_stop patience.late_share criteria.in_time limits.drain"
	if strings.Join(keys, " ") != want {
		t.Errorf("assumptions %v", keys)
	}
}

func TestTextStaysText(t *testing.T) {
	sc := mustParse(t, strings.Replace(small, "get: /\n", "post: /\n      form: {code: 0123, day: 2021-04-06, answer: no, hour: 08:55, half: 1.50, none: , yes: true}\n", 1), Options{})
	body, err := ExpandFields(sc.Journeys[0].Steps[0].Form, nil)
	if err != nil || body != "code=0123&day=2021-04-06&answer=no&hour=08%3A55&half=1.50&none=&yes=true" {
		t.Errorf("%q %v", body, err)
	}
}

func TestBusiestPeak(t *testing.T) {
	for play, want := range map[string]string{"08:00-09:30": "08:55-09:00", "08:58-09:01": "08:58-09:01", "08:20-08:50": "08:25-08:30", "09:00-10:00": "09:00-09:05"} {
		if sc := mustParse(t, small+"storm: {play: "+play+"}\n", Options{}); sc.Storm.Peak.String() != want {
			t.Errorf("play %s: peak %s, want %s", play, sc.Storm.Peak, want)
		}
	}
}

func TestSet(t *testing.T) {
	src := string(everyKey(t))
	sc := mustParse(t, src, Options{SkipFiles: true, Set: []string{
		"storm.play=08:58-09:01", "storm.peak=08:58-09:01", "journeys.login[2].pause=3s", "limits.requests=50/s", "target=http://127.0.0.1:8080",
		`resolve={}`, "journeys.login[2].calls[1].expect={status: 200}", `about.tester=Zoé "Z"`, "name=0123", "basic_auth.user=${env.U}",
	}})
	if sc.Storm.Play.String() != "08:58-09:01" || sc.Limits.RequestsPerSecond != 50 || sc.Target.String() != "http://127.0.0.1:8080" ||
		sc.Journeys[0].Steps[1].Pause.Median != 3*time.Second || sc.Journeys[0].Steps[1].Calls[0].Expect == nil || sc.About.Tester != `Zoé "Z"` || sc.Name != "0123" {
		t.Errorf("%+v", sc)
	}
	again := mustParse(t, string(sc.Source), Options{SkipFiles: true})
	if a, b := fingerprint(sc), fingerprint(again); a != b {
		t.Errorf("the source after --set reads as another scenario:\n%s\n%s", a, b)
	}
	if mustParse(t, src, Options{SkipFiles: true}).Hash() == sc.Hash() {
		t.Error("--set does not change the hash")
	}
	short := mustParse(t, small+"storm: monday\npatience: morning-2021\n", Options{Set: []string{"storm.play=08:00-08:01", "patience.tries=2"}})
	if short.Storm.Profile != "monday" || short.Storm.Play.String() != "08:00-08:01" || short.Patience.Tries != 2 {
		t.Errorf("%+v", short.Storm)
	}
	for _, set := range []string{"basic_auth.password hunter2", "basic_auth.password=hunter2", "basic_auth={user: a, password: hunter2}", "target=http://u:hunter2@h"} {
		if got := mistakesOf(t, small, Options{Set: []string{set}}); len(got) == 0 || strings.Contains((&Mistakes{List: got}).Error(), "hunter2") {
			t.Errorf("%s: %v", set, got)
		}
	}
	for set, says := range map[string]string{
		"nothing": "not understood", "a..b=1": "not understood", "journeys.login[9].pause=1s": "has 2 entries", "journeys.login[0].pause=1s": "not understood",
		"population.x.y=1": "population", "storm.plya=1": "plya", "limits.requests=50": "50/s", "journeys.login[1]=3": "mapping", "target=${x}": "fixed",
	} {
		got := mistakesOf(t, small, Options{Set: []string{set}})
		if !slices.ContainsFunc(got, func(m Mistake) bool { return strings.Contains(m.String(), says) && strings.Contains(m.File, "--set ") }) {
			t.Errorf("%s: %v", set, got)
		}
	}
}

// fingerprint prints what a scenario says, without places in the file.
func fingerprint(sc *Scenario) string {
	c := *sc
	c.Source, c.Env, c.Dir = nil, nil, ""
	return lineNumbers.ReplaceAllString(describe(reflect.ValueOf(c), 0), "")
}

// TestDrainWatchesTheLastPeople: for as long as the longest time they are judged
// by, and their own pauses on top.
func TestDrainWatchesTheLastPeople(t *testing.T) {
	every := string(everyKey(t))
	at := strings.Index(every, "\ncriteria:")
	every = every[:at] + "\ncriteria: {in_time: 10s, time_to_class: p(95)<2m}\nlimits: {}\n"
	if sc := mustParse(t, every, Options{SkipFiles: true}); sc.Limits.Drain != 150*time.Second {
		t.Errorf("drain %v; want 2m30s", sc.Limits.Drain)
	}
	_, err := Parse([]byte(strings.Replace(every, "limits: {}", "limits: {drain: 90s}", 1)), Options{SkipFiles: true})
	if err == nil || !strings.Contains(err.Error(), "drain is shorter") {
		t.Errorf("a drain shorter than the time criterion: %v", err)
	}
}

// TestSlowTypersHaveTheirTime: the pauses' 99.9th percentile, log-normal with a
// median of 8 s and 45 s at 95 %, is 8·(45/8)^(3.0902/1.6449) = 205.3 s; a file that
// says when the run ends is obeyed.
func TestSlowTypersHaveTheirTime(t *testing.T) {
	for name, tc := range map[string]struct {
		more, pause string
		want        time.Duration // of Typing
	}{
		"the default think": {"", "", 155 * time.Second}, // 10 s of the criterion, 205 s, less 60 s
		"a fixed pause":     {"", "      pause: 7s\n", 0},
		"a long tail":       {"", "      pause: {median: 60s, p95: 10m}\n", 250 * time.Second}, // 5 min at most
		"drain is given":    {"limits: {drain: 60s}\n", "", 0},
		"the end is given":  {"limits: {ends_after: 10m}\n", "", 0},
	} {
		file := "version: 1\ntarget: http://127.0.0.1:1\naccounts: {generate: {count: 9, login: \"e${n}\", password: p}, synthetic: true}\npopulation: 9\n" +
			tc.more + "journeys:\n  a:\n    - get: /\n    - submit: {u: \"${login}\"}\n" + tc.pause + "      expect: {text: \"${login}\"}\n      in_class: true\n"
		sc := mustParse(t, file, Options{SkipFiles: true})
		if got := sc.Limits.Typing; got != tc.want || sc.Limits.Drain != time.Minute {
			t.Errorf("%s: %v beside %v, want %v", name, got, sc.Limits.Drain, tc.want)
		}
	}
}
