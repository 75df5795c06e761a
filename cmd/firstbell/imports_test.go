package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// arrows is the design: which of our packages each package may import. A
// package that is not listed may import none of ours. Tests may import
// examples/ent besides.
var arrows = map[string][]string{
	"cmd/firstbell":            {"*"},
	"scenarios":                {"scenarios/presets"},
	"scenarios/presets":        {},
	"scenarios/arrivals":       {"scenarios"},
	"runner/results":           {},
	"runner/results/stats":     {},
	"runner/page":              {"scenarios"},
	"runner":                   {"scenarios", "scenarios/arrivals", "runner/results", "runner/results/stats", "runner/page"},
	"runner/httpdriver":        {"runner", "runner/results", "runner/results/stats", "scenarios", "scenarios/arrivals"},
	"runner/capacity":          {"runner", "runner/results", "runner/results/stats", "scenarios", "scenarios/arrivals"},
	"runner/nulltarget":        {"runner", "runner/results", "runner/results/stats", "scenarios", "scenarios/arrivals"},
	"runner/witness":           {"runner", "runner/results", "runner/results/stats", "scenarios", "scenarios/arrivals"},
	"runner/consent":           {"runner", "runner/results", "runner/results/stats", "scenarios", "scenarios/arrivals"},
	"runner/fleet":             {"runner", "runner/results", "runner/fleet/keys"},
	"runner/fleet/bus":         {"runner/fleet", "runner/fleet/keys"},
	"runner/fleet/bus/bustest": {},
	"runner/fleet/keys":        {},
	"report":                   {"scenarios", "runner/results", "runner/results/stats"},
	"report/catalog":           {"report"},
	"report/svg":               {},
	"report/html":              {"report", "report/catalog", "report/svg", "scenarios", "runner/results", "runner/results/stats"},
	"report/terminal":          {"report", "report/catalog", "scenarios", "runner/results"},
	"report/junit":             {"report", "report/catalog"},
	"report/markdown":          {"report", "report/catalog"},
	"report/reporttest":        {"report", "scenarios", "runner/results"},
	"examples/ent":             {"examples/ent/memnet"},
	"examples/ent/memnet":      {},
}

// wholeHouse are the tests that play real trials through the engine and read
// them with what the report keeps to itself: no exported name would do.
var wholeHouse = map[string]bool{"report/real_slow_test.go": true}

func TestImportArrows(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		seen[pkg] = true
		checkFile(t, pkg, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range arrows {
		if !seen[pkg] {
			t.Errorf("the arrows name %s, which does not exist", pkg)
		}
	}
}

// checkFile reports each import of path that the arrows do not allow to pkg.
func checkFile(t *testing.T, pkg, path string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	test := strings.HasSuffix(path, "_test.go")
	for _, spec := range file.Imports {
		if where, only := kept(strings.Trim(spec.Path.Value, `"`)); only && !(test && pkg == "runner/fleet/bus") && !slices.Contains(where, pkg) {
			t.Errorf("%s: only %v may import %s", path, where, spec.Path.Value)
		}
		target, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), "firstbell/")
		if !ours || target == pkg {
			continue
		}
		if !allowed(pkg, target, test) && !wholeHouse[pkg+"/"+filepath.Base(path)] {
			t.Errorf("%s: package %s may not import %s", path, pkg, target)
		}
	}
}

// keptIn are modules that one place of ours keeps to itself, so that it can be
// exchanged for another.
var keptIn = map[string][]string{
	"github.com/nats-io/":      {"runner/fleet/bus", "runner/fleet/bus/bustest"},
	"github.com/nats-io/nkeys": {"runner/fleet/keys"},
}

// kept gives where a module may be imported; the longest prefix counts.
func kept(path string) (where []string, only bool) {
	longest := 0
	for prefix, pkgs := range keptIn {
		if strings.HasPrefix(path, prefix) && len(prefix) > longest {
			where, only, longest = pkgs, true, len(prefix)
		}
	}
	return where, only
}

func allowed(pkg, target string, test bool) bool {
	if test && testMayImport(pkg, target) {
		return true
	}
	for _, a := range arrows[pkg] {
		if a == "*" || a == target {
			return true
		}
	}
	return false
}

// testMayImport: tests wire packages together that the product keeps apart,
// but never let the engine see the report or the other way round.
func testMayImport(pkg, target string) bool {
	engine := strings.HasPrefix(pkg, "runner")
	return !(engine && strings.HasPrefix(target, "report")) &&
		!(strings.HasPrefix(pkg, "report") && (target == "runner" || strings.HasPrefix(target, "runner/") && !strings.HasPrefix(target, "runner/results")))
}

// TestTopLevel keeps the layout the users know.
func TestTopLevel(t *testing.T) {
	want := map[string]bool{
		"cmd": true, "scenarios": true, "runner": true, "report": true, "examples": true,
		"go.mod": true, "go.sum": true, "README.md": true, "LICENSE": true, "NOTICE": true,
	}
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if !want[name] && !strings.HasPrefix(name, ".") && name != "runs" && name != "firstbell" {
			t.Errorf("%s does not belong at the top level", name)
		}
	}
}

// TestEveryPackageTeaches: each package has a doc.go with a package comment.
func TestEveryPackageTeaches(t *testing.T) {
	for pkg := range arrows {
		path := filepath.Join("..", "..", filepath.FromSlash(pkg), "doc.go")
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Errorf("%s has no doc.go: %v", pkg, err)
			continue
		}
		if file.Doc == nil || len(file.Doc.Text()) < 80 {
			t.Errorf("%s/doc.go does not teach", pkg)
		}
	}
}
