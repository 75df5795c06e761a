package report_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"firstbell/report"
	"firstbell/report/reporttest"
	"firstbell/runner/results"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func summarySchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("summary.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("summary.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// written is a Summary as its file holds it.
func written(t testing.TB, s *report.Summary) any {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestSchemaHolds: every summary that the tests know is one by the schema: runs,
// sessions, fleets, those made by hand for the faces and those judged from folders.
func TestSchemaHolds(t *testing.T) {
	schema := summarySchema(t)
	all := map[string]*report.Summary{}
	for _, name := range reporttest.Names() {
		s, err := report.Judge(reporttest.Load(t, name))
		if err != nil {
			t.Fatal(name, err)
		}
		all[name] = s
	}
	for _, name := range reporttest.SessionNames() {
		all[name] = reporttest.Session(t, name)
	}
	all["a session without a trial"] = reporttest.NewDossier(t, reporttest.Standard()).Judge()
	d := searched(t)
	d.Storm("required", 1, "not_ready")
	d.Journal.Resets = []results.Reset{{Trial: "006-storm", Answered: 1}, {Trial: "007-storm", Failed: results.ResetExit}}
	d.Journal.Ended.How = results.EndedReset
	d.Journal.Witness, d.Journal.Control = &results.Witness{Trials: []results.Beheld{}}, &results.Control{Trials: []results.Beheld{}}
	all["a session"] = d.Judge()
	d.Journal.Ended = nil
	d.Lose("006-storm")
	all["a session that was killed"] = d.Judge()
	for name, s := range all {
		if err := schema.Validate(written(t, s)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(all) < 30 {
		t.Errorf("%d summaries", len(all))
	}
}

// TestSchemaIsClosed: a key that is not there, one too many, a word of no list, a number
// that is none.
func TestSchemaIsClosed(t *testing.T) {
	schema := summarySchema(t)
	within := func(doc any, path string) map[string]any {
		for _, key := range strings.Split(path, ".") {
			if list, ok := doc.([]any); ok {
				i, _ := strconv.Atoi(key)
				doc = list[i]
			} else {
				doc = doc.(map[string]any)[key]
			}
		}
		return doc.(map[string]any)
	}
	s := reporttest.Session(t, "certify_not_ready")
	for name, spoil := range map[string]func(doc any){
		"a key too many":        func(doc any) { doc.(map[string]any)["more"] = 1 },
		"a key too many inside": func(doc any) { within(doc, "capacity.storm")["more"] = 1 },
		"a key missing":         func(doc any) { delete(within(doc, "people"), "quota") },
		"no such verdict":       func(doc any) { within(doc, "verdict")["value"] = "almost" },
		"no such cause":         func(doc any) { within(doc, "verdict")["inconclusive_cause"] = "luck" },
		"no such gate":          func(doc any) { within(doc, "validity.0")["id"] = "V11" },
		"no such status":        func(doc any) { within(doc, "validity.0")["status"] = "passed" },
		"no such outcome":       func(doc any) { within(doc, "reasons.0")["outcome"] = "fine" },
		"no such end":           func(doc any) { within(doc, "run")["ended_as"] = "well" },
		"no number":             func(doc any) { within(doc, "latency.intended_to_usable_s")["p95"] = "1e3" },
		"a number for a text":   func(doc any) { within(doc, "latency.intended_to_usable_s")["p95"] = 3 },
		"fewer than nobody":     func(doc any) { within(doc, "people")["started"] = -1 },
		"half a person":         func(doc any) { within(doc, "people")["started"] = 0.5 },
		"nothing for a list":    func(doc any) { doc.(map[string]any)["criteria"] = nil },
	} {
		doc := written(t, s)
		if err := schema.Validate(doc); err != nil {
			t.Fatal(err)
		}
		spoil(doc)
		if schema.Validate(doc) == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

// TestSchemaKnowsEveryWord: what the code declares of the closed lists stands in them.
func TestSchemaKnowsEveryWord(t *testing.T) {
	var doc struct {
		Defs map[string]struct {
			Properties map[string]struct{ Enum []string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(report.Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	for of, where := range map[string][2]string{
		"Cause": {"Verdict", "inconclusive_cause"}, "Status": {"Gate", "status"}, "Value": {"Verdict", "value"}, "Format": {"Gate", "format"},
	} {
		enum := doc.Defs[where[0]].Properties[where[1]].Enum
		for _, word := range declared(t, "summary.go", of) {
			if !slices.Contains(enum, word) {
				t.Errorf("%s %q is missing", of, word)
			}
		}
	}
	for _, word := range declared(t, "../runner/results/plan.go", "EndedAs") {
		if !slices.Contains(doc.Defs["RunInfo"].Properties["ended_as"].Enum, word) {
			t.Errorf("end %q is missing", word)
		}
	}
	if enum := doc.Defs["ReasonRow"].Properties["outcome"].Enum; !slices.Equal(enum, report.Outcomes()) {
		t.Errorf("outcomes %v", enum)
	}
}

// declared are the constants of a text type in a file.
func declared(t *testing.T, file, of string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := v.Type.(*ast.Ident); ok && name.Name == of && len(v.Values) == 1 {
			word, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, word)
		}
		return true
	})
	if len(out) < 3 {
		t.Fatalf("%d constants of type %s in %s", len(out), of, file)
	}
	return out
}
