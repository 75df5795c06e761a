package scenarios

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// completed adds to a fragment the parts of a file it leaves out.
func completed(fragment string) string {
	for _, part := range []string{
		"version: 1\n", "target: https://ent.example\n",
		"accounts: {csv: accounts.csv, synthetic: true}\n",
		"journeys:\n  login:\n    - get: /\n    - submit: {u: \"${login}\", p: \"${password}\"}\n      expect: {css: nav}\n      in_class: true\n",
	} {
		key, _, _ := strings.Cut(part, ":")
		if !regexp.MustCompile(`(?m)^` + key + `:`).MatchString(fragment) {
			fragment += part
		}
	}
	return fragment
}

func TestReadmeExamplesParse(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	s := compileSchema(t)
	blocks := yamlBlock.FindAllStringSubmatch(string(b), -1)
	if len(blocks) < 18 {
		t.Fatalf("%d examples found", len(blocks))
	}
	for _, m := range blocks {
		src := completed(m[1])
		if _, err := Parse([]byte(src), Options{SkipFiles: true, Env: someEnv}); err != nil {
			t.Errorf("%v\n%s", err, src)
		}
		if err := validate(t, s, []byte(src)); err != nil {
			t.Errorf("%v\n%s", err, src)
		}
	}
}

func TestReadmeNamesEveryKey(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range tables() {
		for _, k := range m.names() {
			if !regexp.MustCompile(`\b` + regexp.QuoteMeta(k) + `\b`).Match(b) {
				t.Errorf("README.md does not name %s of %s", k, m.what)
			}
		}
	}
}
