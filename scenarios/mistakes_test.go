package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// small is a sound scenario; tests change parts of it.
const small = `version: 1
target: https://ent.example
accounts: {generate: {count: 100, login: "e${n}", password: "p${n}"}, synthetic: true}
population: 100
journeys:
  login:
    - get: /
    - submit: {user: "${login}", pass: "${password}"}
      expect: {text: "Hello ${login}"}
      in_class: true
`

func mistakesOf(t *testing.T, src string, o Options) []Mistake {
	t.Helper()
	sc, err := Parse([]byte(src), o)
	if err == nil {
		return nil
	}
	if sc != nil {
		t.Error("a scenario and an error")
	}
	var m *Mistakes
	if !errors.As(err, &m) || len(m.List) == 0 {
		t.Fatalf("not *Mistakes: %T %v", err, err)
	}
	return m.List
}

// want is line:column code, in order.
func checkMistakes(t *testing.T, got []Mistake, want ...string) {
	t.Helper()
	var have []string
	for _, m := range got {
		have = append(have, fmt.Sprintf("%d:%d %s", m.Line, m.Column, m.Code))
		if m.What == "" || m.File == "" {
			t.Errorf("incomplete mistake: %+v", m)
		}
	}
	if strings.Join(have, ", ") != strings.Join(want, ", ") {
		t.Errorf("mistakes\n got %v\nwant %v", have, want)
		for _, m := range got {
			t.Log(m)
		}
	}
}

func TestTenMistakesAtOnce(t *testing.T) {
	src := `version: 2
target: ent.example
acounts: x
accounts:
  csv: a.csv
  synthetic: false
population: many
storm: {profile: 2021-04-07, play: 9h-10h}
personas:
  eleve: {think: 8, journeys: {login: 90%}}
journeys:
  login:
    - get: /
      get: /twice
    - submit: {user: "${login}", pass: "${pasword}"}
      expect: {text: {regex: "("}, colour: red}
    - get: /home
      every: 5s
criteria: {in_class: rate>99, waiting: rate<1%}
`
	got := mistakesOf(t, src, Options{Name: "f.yaml", SkipFiles: true})
	checkMistakes(t, got,
		"1:10 FB0111", "2:9 FB0112", "3:1 FB0103", "6:14 FB0122", "7:13 FB0110",
		"8:18 FB0115", "8:36 FB0109", "10:18 FB0107", "10:31 FB0127",
		"12:3 FB0120", "14:7 FB0104", "16:30 FB0116", "16:36 FB0103", "18:7 FB0119",
		"19:22 FB0124", "19:31 FB0103")
	if text := (&Mistakes{List: got}).Error(); strings.Count(text, "\n\n") != len(got)-1 || !strings.Contains(text, "f.yaml:3:1: unknown key \"acounts\" in the file [FB0103]\n  fix: did you mean \"accounts\"?") {
		t.Errorf("text:\n%s", text)
	}
}

func TestSyntaxErrorHidesItsSectionOnly(t *testing.T) {
	src := `version: 1
target: https://ent.example
accounts: {generate: {count: 10, login: e${n}, password: "x"}, synthetic: true}
population: 10
storm:
	play: 08:58-09:01
limits: {requests: 300, nothing: 1}
journeys:
  login:
    - get: /
    - post: /login
      form: {user: ${login}, pass: ${password}}
      expect: {text: hello}
      in_class: true
criteria: {in_class: rate>>1%}
`
	checkMistakes(t, mistakesOf(t, src, Options{}),
		"3:42 FB0102", "6:1 FB0101", "7:20 FB0110", "7:25 FB0103", "12:20 FB0102", "12:36 FB0102", "15:22 FB0124")
}

func TestLostSectionsMakeNoOtherMistakes(t *testing.T) {
	src := `version: 1
target: https://ent.example
hosts: {cas: https://cas.example
accounts: {csv: a.csv, synthetic: true}
population:
  - {persona: eleve, people: 10}
personas: {eleve: {journeys: {login: 100%}}
resolve: {cas.example: 192.0.2.1}
journeys:
  login:
    - get: "${cas}/login"
    - get: https://cas.example/x
      expect: {text: x}
      in_class: true
`
	checkMistakes(t, mistakesOf(t, src, Options{SkipFiles: true}), "4:1 FB0101", "8:1 FB0101")
	src = small + "personas: {eleve: {journeys: {login: 100%}}}\n"
	src = strings.Replace(src, "    - get: /\n", "    - get: /\n   - get: /\n", 1)
	checkMistakes(t, mistakesOf(t, src, Options{}), "8:4 FB0101")
}

func TestOneMistake(t *testing.T) {
	replace := func(old, new string) string {
		if !strings.Contains(small, old) {
			t.Fatalf("%q is not in the small file", old)
		}
		return strings.Replace(small, old, new, 1)
	}
	for name, c := range map[string]struct {
		src  string
		want string // code
		says string
	}{
		"empty":                      {"", "FB0105", "empty"},
		"only comments":              {"# nothing\n", "FB0105", "empty"},
		"a text":                     {"hello", "FB0106", "mapping"},
		"a NUL":                      {small + "name: \x00", "FB0101", "not text"},
		"a bell":                     {small + "name: \x07", "FB0101", "control"},
		"not UTF-8":                  {small + "name: \xff", "FB0101", "not text"},
		"name that moves the cursor": {strings.Replace(small, "version: 1", "version: 1\nname: \"\\e[2Jx\"", 1), "FB0115", "cannot be printed"},
		"name that turns around":     {strings.Replace(small, "version: 1", "version: 1\nname: \"a\\u202eb\"", 1), "FB0115", "cannot be printed"},
		"name of a whole page":       {strings.Replace(small, "version: 1", "version: 1\nname: "+strings.Repeat("x", 201), 1), "FB0115", "at most 200"},
		"too big":                    {small + "# " + strings.Repeat("x", 1<<20), "FB0128", "1048576"},
		"entry out of line":          {small + "hosts:\n    - a: b\n     c: d\n", "FB0101", "align the line"},
		"a number in words":          {replace("population: 100", "population: 12k"), "FB0110", "digits alone"},
		"two documents":              {small + "---\nversion: 1\n", "FB0101", "several documents"},
		"alias":                      {small + "name: &a x\n", "FB0129", "anchors"},
		"tag":                        {small + "name: !!binary aGk=\n", "FB0129", "tags"},
		"deep":                       {small + "name: " + strings.Repeat("[", 200) + strings.Repeat("]", 200), "FB0128", "deeper"},
		"very deep":                  {small + "name: " + strings.Repeat("[", 20000), "FB0101", "far too deep"},
		"no version":                 {replace("version: 1\n", ""), "FB0105", "version"},
		"target with path":           {replace("ent.example\n", "ent.example/portal\n"), "FB0112", "/portal"},
		"target with password":       {replace("ent.example\n", "u:secret@ent.example\n"), "FB0112", "basic_auth"},
		"host name login":            {small + "hosts: {login: https://x.example}\n", "FB0115", "host"},
		"same host twice":            {small + "hosts: {a: 'https://ent.example:443'}\n", "FB0112", "another entry"},
		"not synthetic":              {replace(", synthetic: true", ""), "FB0105", "synthetic"},
		"accounts as text":           {replace(`{generate: {count: 100, login: "e${n}", password: "p${n}"}, synthetic: true}`, "a.csv"), "FB0122", "synthetic: true"},
		"one login":                  {replace("e${n}", "eleve"), "FB0123", "same"},
		"generator variable":         {replace("p${n}", "p${m}"), "FB0114", "${n}"},
		"no population":              {replace("population: 100\n", ""), "FB0105", "population: 100"},
		"unknown persona":            {replace("population: 100", "population: [{persona: prof, people: 3}]\npersonas: {eleve: {}}"), "FB0115", "prof"},
		"several personas":           {small + "personas: {eleve: {}, prof: {}}\n", "FB0106", "several personas"},
		"basic password":             {small + "basic_auth: {user: a, password: hunter2}\n", "FB0135", "env.STAGING_PASSWORD"},
		"env not set":                {small + "basic_auth: {user: a, password: '${env.NOPE}'}\n", "FB0133", "NOPE"},
		"resolve elsewhere":          {small + "resolve: {other.example: 127.0.0.1}\n", "FB0134", "other.example"},
		"resolve to a name":          {small + "resolve: {ent.example: staging.example}\n", "FB0112", "IP"},
		"http 2":                     {small + "tls: {http: 2}\n", "FB0111", "1.1"},
		"cert without key":           {small + "tls: {cert: a.pem}\n", "FB0105", "key"},
		"no ca file":                 {small + "tls: {ca: nowhere.pem}\n", "FB0131", "no such file"},
		"unquoted percent":           {small + "storm: {batches: {share: 0.4}}\n", "FB0108", "0.4%"},
		"bare seconds":               {small + "criteria: {in_time: 10}\n", "FB0107", "10s"},
		"curve over 100":             {small + "storm: {curve: {08:00-09:00: 60%, 09:00-10:00: 41%}}\n", "FB0127", "100%"},
		"curve overlaps":             {small + "storm: {curve: {08:00-09:00: 10%, 08:30-10:00: 41%}}\n", "FB0136", "overlap"},
		"play outside":               {small + "storm: {play: 06:00-06:05}\n", "FB0136", "outside"},
		"peak outside":               {small + "storm: {play: 08:00-08:05, peak: 08:04-08:06}\n", "FB0136", "outside play"},
		"no verb":                    {replace("get: /\n", "pause: 1s\n"), "FB0119", "without a verb"},
		"two verbs":                  {replace("get: /\n", "get: /\n      post: /x\n"), "FB0119", "several verbs"},
		"form on get":                {replace("get: /\n", "get: /\n      form: {a: b}\n"), "FB0119", "query"},
		"out of scope":               {replace("get: /\n", "get: https://other.example/\n"), "FB0134", "hosts"},
		"relative":                   {replace("get: /\n", "get: login\n"), "FB0112", "/login"},
		"host header":                {replace("get: /\n", "get: /\n      headers: {Host: prod.example}\n"), "FB0126", "Host"},
		"run header":                 {replace("get: /\n", "get: /\n      headers: {firstbell-run: x}\n"), "FB0126", "firstbell"},
		"agent header":               {replace("get: /\n", "get: /\n      headers: {User-Agent: x}\n"), "FB0126", "User-Agent"},
		"cookie header":              {replace("get: /\n", "get: /\n      headers: {Cookie: x}\n"), "FB0126", "Cookie"},
		"no proof":                   {replace(`{text: "Hello ${login}"}`, "{url: /home}"), "FB0121", "expect text"},
		"not alone":                  {replace(`{text: "Hello ${login}"}`, "{not: {text: no}}"), "FB0121", "expect text"},
		"empty proof":                {replace(`{text: "Hello ${login}"}`, `{text: {regex: ".*"}}`), "FB0121", "expect text"},
		"empty text":                 {replace(`{text: "Hello ${login}"}`, `{text: "", css: a}`), "FB0106", "every page"},
		"no in_class":                {replace("in_class: true", "in_class: false"), "FB0120", "never"},
		"two in_class":               {small + "    - get: /x\n      expect: {text: x}\n      in_class: true\n", "FB0120", "two steps"},
		"in_class with if":           {replace("in_class: true", "in_class: true\n      if: {text: x}"), "FB0120", "skipped"},
		"submit first":               {replace("    - get: /\n", ""), "FB0119", "starts with submit"},
		"unknown variable":           {replace("Hello ${login}", "Hello ${logn}"), "FB0114", "login"},
		"unknown filter":             {replace("Hello ${login}", "Hello ${login|md5}"), "FB0113", "filter"},
		"used before set":            {replace("get: /\n", "get: /\n      query: {t: '${t}'}\n      capture: {t: {css: a @href}}\n"), "FB0114", "before it is set"},
		"capture over column":        {replace("get: /\n", "get: /\n      capture: {login: {css: a}}\n"), "FB0115", "already"},
		"capture two sources":        {replace("get: /\n", "get: /\n      capture: {t: {css: a, json: b}}\n"), "FB0119", "2 sources"},
		"variable in a regex":        {replace("get: /\n", "get: /\n      expect: {text: {regex: \"Bonjour ${login}\\\\b\"}}\n"), "FB0116", "variable"},
		"regex without group":        {replace("get: /\n", "get: /\n      capture: {t: {regex: abc}}\n"), "FB0116", "group"},
		"bad css":                    {replace("get: /\n", "get: /\n      expect: {css: 'a['}\n"), "FB0117", "selector"},
		"bad json path":              {replace("get: /\n", "get: /\n      expect: {json: ''}\n"), "FB0118", "path"},
		"until without every":        {replace("get: /\n", "get: /\n      until: {text: x}\n      times: 3\n"), "FB0119", "every"},
		"every without times":        {replace("get: /\n", "get: /\n      every: 5s\n"), "FB0119", "times"},
		"use itself":                 {small + "  again:\n    - use: again\n", "FB0119", "again uses again"},
		"use nothing":                {small + "  again:\n    - use: logn\n", "FB0115", "login"},
		"use with more":              {small + "  again:\n    - use: login\n      pause: 1s\n", "FB0119", "own"},
		"empty matcher":              {replace("get: /\n", "get: /\n      expect: {}\n"), "FB0105", "empty"},
		"signature variable":         {small + "signatures: {quota: {text: 'sorry ${login}'}}\n", "FB0114", "everybody"},
		"signature class":            {small + "signatures: {quotas: {text: sorry}}\n", "FB0103", "quota"},
		"criterion of time":          {small + "criteria: {time_to_class: rate<1%}\n", "FB0124", "p(95)<10s"},
		"criterion of rate":          {small + "criteria: {blank: p(95)<1s}\n", "FB0124", "rate<1%"},
		"criterion impossible":       {small + "criteria: {blank: rate<0%}\n", "FB0124", "never"},
		"over 100":                   {small + "criteria: {in_class: rate>101%}\n", "FB0124", "100%"},
		"profile":                    {small + "storm: mondai\n", "FB0115", "monday"},
		"patience":                   {small + "patience: non\n", "FB0111", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			got := mistakesOf(t, c.src, Options{})
			if len(got) != 1 {
				t.Fatalf("%d mistakes, want 1: %v", len(got), got)
			}
			m := got[0]
			if m.Code != c.want || !strings.Contains(m.String(), c.says) {
				t.Errorf("want %s saying %q, got\n%s", c.want, c.says, m)
			}
			if strings.Contains(m.String(), "hunter2") || strings.Contains(m.String(), "secret@") {
				t.Errorf("a secret is printed: %s", m)
			}
			if _, ok := Explain(m.Code); !ok {
				t.Errorf("%s is not explained", m.Code)
			}
		})
	}
}

func TestManyMistakesAreBounded(t *testing.T) {
	src := small + "criteria:\n"
	for i := range 5000 {
		src += fmt.Sprintf("  x%d: 1\n", i)
	}
	_, err := Parse([]byte(src), Options{})
	var m *Mistakes
	if !errors.As(err, &m) || len(m.List) != 100 || m.More != 4900 {
		t.Fatalf("list %d, more %d", len(m.List), m.More)
	}
}

func TestTooManyGroupsForWorst(t *testing.T) {
	src := strings.Replace(small, "population: 100\n", "criteria: {worst: [region], in_class: rate>1%}\npopulation:\n", 1)
	lines := ""
	for i := range 257 {
		lines += fmt.Sprintf("  - {persona: eleve, region: r%d, people: 10}\n", i)
	}
	src = strings.Replace(src, "population:\n", "population:\n"+lines, 1)
	checkMistakes(t, mistakesOf(t, src, Options{}), "4:19 FB0125")
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{"acounts": "accounts", "jorneys": "journeys", "tagret": "target", "zzz": "", "population2": "population"} {
		if got := nearest(word, fileTable.names()); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

// Files made to be slow end soon: nothing here grows faster than the file.
func TestHostileFilesEndSoon(t *testing.T) {
	fill := func(unit string) string { return strings.Repeat(unit, (MaxFile-2000)/len(unit)) }
	nested := small
	for i := range 150 {
		nested += fmt.Sprintf("  u%d: [{use: u%d}, {use: u%d}]\n", i, i+1, i+1)
	}
	nested += "  u150: [{get: /}]\n"
	for name, src := range map[string]string{
		"unknown keys":   small + numbered("k%d: 1\n", 60000),
		"bare variables": small + "name: [" + fill("${x},"),
		"sections":       "a: [\n" + fill("b: {\n"),
		"steps":          small + fill("    - get: /\n"),
		"uses":           nested,
		"one line":       small + "name: " + fill("x"),
		"template":       strings.Replace(small, "Hello", fill("${x}"), 1),
		"quotes":         small + "name: \"" + fill("\\\""),
		"distances":      small + numbered(strings.Repeat("j", 30)+"%d: 1\n", 10000),
	} {
		began := time.Now()
		_, err := Parse([]byte(src), Options{})
		if took := time.Since(began); err == nil && name != "one line" || took > 10*time.Second {
			t.Errorf("%s: %v, error %v", name, took, err)
		} else {
			t.Logf("%s: %v", name, took)
		}
	}
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
