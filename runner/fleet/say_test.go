package fleet

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Every call of tell names a notice that exists and gives exactly its values, and
// every notice is told somewhere.
func TestEveryNoticeIsTold(t *testing.T) {
	told := map[string]bool{}
	for _, name := range sources(t) {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				checkTell(t, name, call, told)
			}
			return true
		})
	}
	for _, why := range []string{lostSilent, lostGone, lostLease, lostSpool, lostExpelled, lostUndelivered} {
		told["lost_"+why] = true // put together
		if NoticeText("lost_"+why) == "" {
			t.Errorf("no notice of a loss that is %s", why)
		}
	}
	for _, code := range []string{"unknown_key", "version", "taken", "full"} {
		told["refused_"+code] = true
	}
	for _, key := range NoticeKeys() {
		if !told[key] {
			t.Errorf("nobody says %s", key)
		}
	}
}

func sources(t *testing.T) (out []string) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			out = append(out, name)
		}
	}
	return out
}

// checkTell looks at one call of a tell with a constant key.
func checkTell(t *testing.T, file string, call *ast.CallExpr, told map[string]bool) {
	if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "tell" || len(call.Args) == 0 {
		return
	}
	lit, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return
	}
	key, _ := strconv.Unquote(lit.Value)
	told[key] = true
	text := NoticeText(key)
	if text == "" {
		t.Errorf("%s: there is no notice %q", file, key)
	}
	given := map[string]bool{"worker": true}
	for _, a := range call.Args[1:] {
		if lit, ok := a.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			name, _ := strconv.Unquote(lit.Value)
			given[name] = true
		}
	}
	for _, m := range regexp.MustCompile(`\{([a-z]+)\}`).FindAllStringSubmatch(text, -1) {
		if !given[m[1]] {
			t.Errorf("%s: %s has no %s", file, key, m[1])
		}
	}
}

func TestNoticeText(t *testing.T) {
	for want, n := range map[string]Notice{
		"w001 is not heard any more; last heard 1.2s ago": notice("lost_silent", "w001", "time", 1200*time.Millisecond),
		"w001 is ready: 12 people, clock ± 250µs":         notice("ready", "w001", "people", 12, "error", 250*time.Microsecond),
		"12 people of w001 are played by nobody: no_room": notice("untaken", "w001", "people", 12, "why", NoticeWord{"untaken", "no_room"}),
		"w001 does not take over: no":                     notice("not_taking", "w001", "why", errors.New("no")),
		"w001 has joined at Lyon (linux, 1.5 CPUs)":       notice("joined_at", "w001", "place", "Lyon", "os", "linux", "cpus", 1.5),
	} {
		if n.Text != want || n.Kind == "" {
			t.Errorf("%q of kind %q, want %q", n.Text, n.Kind, want)
		}
	}
}
