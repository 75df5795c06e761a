//go:build slow

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// planted is a part of every secret of these tests.
const planted = "pl4nt3d"

// indiscreet is a portal that repeats every secret wherever it can: titles,
// addresses, headers, error pages, forms, host names of redirects.
func indiscreet() http.Handler {
	mux := http.NewServeMux()
	page := func(w http.ResponseWriter, status int, format string, args ...any) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprintf(w, format, args...)
	}
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "SESSION", Value: planted + "-cookie"})
		page(w, 200, `<title>Connexion</title><form action="/enter;id=%[1]s-path?ticket=%[1]s-query" method=post>
<input name=u><input name=p type=password><input type=hidden name=execution value="%[1]s-token"></form>`, planted)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		p := r.PostForm.Get("p")
		switch n := len(r.PostForm.Get("u")) % 4; {
		case r.URL.Path == "/home":
			page(w, 200, `<title>Bonjour</title>ok <a href="/x?ticket=%s">x</a><img src="http://u:%[1]s-userinfo@other.example/?t=%[1]s">`, planted)
		case n == 0:
			http.Redirect(w, r, "/home?ticket=ST-"+planted, http.StatusFound)
		case n == 1:
			page(w, 500, `<title>Erreur: %s</title>%[1]s %s-body`, p, planted)
		case n == 2:
			http.Redirect(w, r, "http://u:"+planted+"-pw@elsewhere.example/"+p+"?ticket=ST-"+planted, http.StatusFound)
		default:
			w.Header().Set("Location", "http://[::1]:bad/"+p+"?"+planted)
			w.WriteHeader(http.StatusFound)
		}
	})
	return mux
}

// plantedScenario writes a scenario for a portal, and accounts, full of secrets.
func plantedScenario(t *testing.T, dir, url string) string {
	t.Helper()
	rows := []string{"login,password,nickname"}
	for i := range 400 {
		rows = append(rows, fmt.Sprintf("eleve%s%d,%s-password-%d,%s-column", strings.Repeat("x", i%4), 1000+i, planted, i, planted))
	}
	if err := os.WriteFile(filepath.Join(dir, "accounts.csv"), []byte(strings.Join(rows, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	scenario := fmt.Sprintf(`version: 1
target: %s
accounts: {csv: accounts.csv, synthetic: true, reuse: after_end}
population: 6000
storm: {curve: {08:50-09:00: 100%%}, play: 08:59:56-09:00:00, batches: {share: 0%%}}
basic_auth: {user: staging, password: "${env.PLANTED}"}
journeys:
  j:
    - get: /login
      headers: {X-Key: "${env.PLANTED}", Authorization: %s-header}
    - submit: {u: "${login}", p: "${password}"}
      pause: 200ms
      expect: {via: ticket=ST, text: "Bonjour"}
      capture: {ticket: {via: "ticket=([^&]+)"}}
      assets: cold
    - get: "/home?ticket=${ticket}"
      pause: 100ms
      form: {password: %s-literal}
      expect: {css: a, text: "${nickname}"}
      in_class: true
criteria: {in_class: rate>50%%}
limits: {drain: 10s}
patience: {tries: 2}
`, url, planted, planted)
	scenario = strings.Replace(scenario, "    - get: \"/home?", "    - post: \"/home?", 1)
	file := filepath.Join(dir, "scenario.yaml")
	if err := os.WriteFile(file, []byte(scenario), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestNoSecretIsKept looks for the planted secrets in every file of the run
// folder and in everything that was printed.
func TestNoSecretIsKept(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(indiscreet())
	defer srv.Close()
	dir := t.TempDir()
	file := plantedScenario(t, dir, srv.URL)
	var printed bytes.Buffer
	run := func(args ...string) {
		cmd := firstbell(t, args...)
		cmd.Env = append(cmd.Env, "PLANTED="+planted+"-env")
		cmd.Stdout, cmd.Stderr = &printed, &printed
		_ = cmd.Run() // the portal refuses most
	}
	out := filepath.Join(dir, "runs")
	for _, progress := range []string{"lines", "json"} {
		run("run", file, "--out", out, "--progress", progress)
	}
	run("check", file)
	run("plan", file)
	run("smoke", file)
	run("smoke", file, "--prove")
	run("report", filepath.Join(out, "latest"))
	if b, _ := os.ReadFile(filepath.Join(out, "latest", "summary.json")); !bytes.Contains(b, []byte("elsewhere.example")) {
		t.Errorf("the runs did not go as this test means them to:\n%s", printed.String())
	}
	discreet(t, "printed", printed.Bytes())
	if files := discreetBelow(t, out); files < 10 {
		t.Errorf("%d files looked at", files)
	}
}

// discreet looks for the planted secrets, as they are and encoded. A login is as
// secret as a password.
func discreet(t *testing.T, where string, text []byte) {
	t.Helper()
	for _, s := range disguises(planted, "eleve100", "elevex") {
		if i := bytes.Index(text, []byte(s)); i >= 0 {
			t.Errorf("%s: …%q…", where, text[max(0, i-200):min(len(text), i+60)])
		}
	}
}

// disguises are words and what they look like inside base64 and hex.
func disguises(words ...string) (out []string) {
	for _, w := range words {
		out = append(out, w, hex.EncodeToString([]byte(w)))
		for shift := range 3 { // of the six bits that a letter stands for
			code := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), w...))
			out = append(out, code[(shift*8+5)/6:len(code)-1])
		}
	}
	return out
}

// discreetBelow looks into every file of a folder and counts them.
func discreetBelow(t *testing.T, dir string) (files int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		discreet(t, filepath.Base(path), b)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return files
}

// TestSameBytes renders a folder twice, and a copy of it elsewhere.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	ent := startEnt(t, "--mode", "blank.empty=0.2", "--mode", "quota.sessions=60")
	s := startStorm(t, mini{target: ent.url, people: 300, play: 6, top: "patience: none\n"}.String())
	s.wait(t)
	first := contents(t, s.folder())
	rebuild(t, s.folder())
	sameBytes(t, "rendered again", first, contents(t, s.folder()))
	elsewhere := filepath.Join(t.TempDir(), "another name")
	if out, err := exec.Command("cp", "-r", s.folder(), elsewhere).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	for name := range first {
		if !strings.HasPrefix(name, "deltas/") && name != "plan.json" && name != "scenario.yaml" && name != "events.ndjson" {
			_ = os.Remove(filepath.Join(elsewhere, name))
		}
	}
	rebuild(t, elsewhere)
	sameBytes(t, "rendered elsewhere from the raw data alone", first, contents(t, elsewhere))
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(name)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func sameBytes(t *testing.T, what string, a, b map[string]string) {
	t.Helper()
	for name := range maps.Keys(b) {
		if _, ok := a[name]; !ok {
			t.Errorf("%s: %s is new", what, name)
		}
	}
	for name, text := range a {
		if b[name] != text {
			t.Errorf("%s: %s differs", what, name)
		}
	}
}
