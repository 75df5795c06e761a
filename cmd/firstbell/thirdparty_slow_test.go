//go:build slow

package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// These tests replay logins of other people's servers, by scenario files written
// from the manual alone, and compare the people's ledger with what the server
// counted, person by person.

// thirdParty is a server started from testdata/thirdparty; it ends with the test.
type thirdParty struct {
	Portal, IdP string // addresses
}

// startThirdParty runs a server that prints its addresses as a line of JSON and
// ends when its standard input does.
func startThirdParty(t *testing.T, cmd *exec.Cmd) thirdParty {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said := new(strings.Builder)
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		kill := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		kill.Stop()
		if t.Failed() {
			t.Logf("the server said: %.4000s", said)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	var p thirdParty
	if err != nil || json.Unmarshal([]byte(line), &p) != nil || p.Portal == "" {
		t.Fatalf("the server printed %q: %v", line, err)
	}
	return p
}

// truth is who met what, by event; query may change the server's behaviour.
func (p thirdParty) truth(t *testing.T, query string) map[string][]string {
	t.Helper()
	resp, err := http.Get(p.Portal + "/truth" + query)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var m map[string][]string
	if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// scenario is a file of testdata/thirdparty, and the flags that point it here.
func (p thirdParty) scenario(t *testing.T, name string) (string, []string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "thirdparty", name))
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{"--set", "target=" + p.Portal}
	if p.IdP != "" {
		flags = append(flags, "--set", "hosts.idp="+p.IdP)
	}
	return string(b), flags
}

// prove runs `firstbell smoke --prove`: the file tells a wrong password apart.
func prove(t *testing.T, text string, flags []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "scenario.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if b, err := firstbell(t, append([]string{"smoke", file, "--prove"}, flags...)...).CombinedOutput(); err != nil {
		t.Fatalf("smoke --prove: %v\n%s", err, b)
	}
}

// ended counts people by outcome/reason. In time and late are both "in"; a right
// password refused is known as such by a login before the storm or by one after.
func ended(t *testing.T, dir string) map[string]int {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "outcomes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	people := map[string]int{}
	for _, row := range rows[1:] {
		n, err := strconv.Atoi(row[at["people"]])
		if err != nil {
			t.Fatal(err)
		}
		key := row[at["outcome"]] + "/" + row[at["reason"]]
		switch key {
		case "in_time/", "late/":
			key = "in"
		case "error/rejected_after_good", "error/refused_under_load":
			key = "right password refused"
		}
		if n > 0 {
			people[key] += n
		}
	}
	return people
}

// same fails unless the ledger says of each event what the server counted, and
// nothing else.
func same(t *testing.T, ledger map[string]int, truth map[string][]string, as map[string]string) {
	t.Helper()
	want := map[string]int{}
	for event, key := range as {
		if n := len(truth[event]); n > 0 {
			want[key] += n
		}
	}
	if got, wanted := fmt.Sprint(ledger), fmt.Sprint(want); got != wanted {
		t.Errorf("people ended %s; the server counted %s", got, wanted)
	}
}

func nodeModules(t *testing.T, names ...string) string {
	t.Helper()
	dir := os.Getenv("FIRSTBELL_NODE_MODULES")
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); dir == "" || err != nil {
			t.Skipf("FIRSTBELL_NODE_MODULES names no folder with %s", name)
		}
	}
	return dir
}

// TestThirdPartyOIDC: npm's oidc-provider, ids in paths and a consent page; 2,000
// people all get in, then a storm of faults, each named as what it was.
func TestThirdPartyOIDC(t *testing.T) {
	t.Parallel()
	nodeModules(t, "oidc-provider", "express")
	p := startThirdParty(t, exec.Command("node", filepath.Join("testdata", "thirdparty", "oidc.mjs")))
	text, flags := p.scenario(t, "oidc.yaml")
	prove(t, text, flags)

	p.truth(t, "?faults=0")
	s := startStorm(t, text, flags...)
	s.wait(t)
	s.summary(t)
	truth := p.truth(t, "?faults=0")
	same(t, ended(t, s.folder()), truth, map[string]string{"home": "in"})
	equal(t, "people served their home page", len(truth["home"]), 2000)
	equal(t, "people who met the consent page", len(truth["consent"]), 2000)

	t.Run("faults", func(t *testing.T) {
		accounts := filepath.Join(t.TempDir(), "accounts.csv")
		rows := "login,password\n"
		for n := 1; n <= 300; n++ {
			rows += fmt.Sprintf("eleve%d,secret-eleve%d%s\n", n, n, wrongFor(n))
		}
		if err := os.WriteFile(accounts, []byte(rows), 0o644); err != nil {
			t.Fatal(err)
		}
		s := startStorm(t, text, append(flags, "--set", "population=300", "--set", "accounts={csv: "+accounts+", synthetic: true}",
			"--set", "storm.curve={08:00:00-08:00:10: 100%, 08:00:10-08:00:15: 0%}")...)
		until(t, "the run's folder", 20*time.Second, func() bool { return s.folder() != "" })
		p.truth(t, "?faults=1")
		s.wait(t)
		s.summary(t)
		truth := p.truth(t, "?faults=0")
		// A right password that was refused works in the calm after the storm.
		truth["home"] = without(truth["home"], truth["lost"])
		same(t, ended(t, s.folder()), truth, map[string]string{
			"home": "in", "quota": "quota/quota_page", "down": "error/backend_down",
			"lost": "right password refused", "expired": "error/stale_form", "wrong": "invalid/bad_credentials",
		})
		equal(t, "wrong passwords", len(truth["wrong"]), 10)
	})
}

// TestThirdPartyLemonLDAP: Debian's LemonLDAP::NG, its form with a one-time token
// and action="#", and its CAS tickets; then its own pages of trouble.
func TestThirdPartyLemonLDAP(t *testing.T) {
	t.Parallel()
	perl := "/usr/bin/perl"
	if err := exec.Command(perl, "-MLemonldap::NG::Portal::Main", "-MDBD::SQLite", "-MIO::String", "-MXML::Simple", "-MPlack::Handler::Starlet", "-e", "1").Run(); err != nil {
		t.Skip("Debian's LemonLDAP::NG is not installed: liblemonldap-ng-portal-perl libdbd-sqlite3-perl libio-string-perl libxml-simple-perl starlet")
	}
	p := startThirdParty(t, exec.Command(perl, filepath.Join("testdata", "thirdparty", "lemonldap.pl")))
	text, flags := p.scenario(t, "lemonldap.yaml")
	prove(t, text, flags)

	for _, tt := range []struct{ name, faults string }{{"well", "?faults=0"}, {"faults", "?faults=1"}} {
		t.Run(tt.name, func(t *testing.T) {
			s := startStorm(t, text, flags...)
			until(t, "the run's folder", 20*time.Second, func() bool { return s.folder() != "" })
			p.truth(t, tt.faults)
			s.wait(t)
			s.summary(t)
			truth := p.truth(t, "?faults=0")
			truth["in"] = without(append(truth["home"], truth["validated"]...), truth["lost"])
			people := ended(t, s.folder())
			unserved(t, people, 300-len(truth["in"])-len(truth["down"])-len(truth["stale"])-len(truth["lost"]))
			same(t, people, truth, map[string]string{
				"in": "in", "down": "error/backend_down", "stale": "error/stale_form", "lost": "right password refused", "wrong": "invalid/bad_credentials",
			})
		})
	}
}

// unserved takes out of the ledger the people to whom the server, by its own
// count, showed none of the pages it was asked for: its processes share their
// tokens by files and trip over each other about once in a thousand logins. They
// must be few, and be counted as the server's errors.
func unserved(t *testing.T, people map[string]int, n int) {
	t.Helper()
	if n == 0 {
		return
	}
	t.Logf("the server lost track of %d people", n)
	for _, key := range []string{"error/expectation", "error/login_again", "error/server_error"} {
		took := min(n, people[key])
		n -= took
		if people[key] -= took; people[key] == 0 {
			delete(people, key)
		}
		if took > 3 {
			t.Errorf("%d people ended %s; the server lost track of 3 at most", took, key)
		}
	}
	if n != 0 {
		t.Errorf("%d people the server lost track of are not counted as its errors", n)
	}
}

func without(all, some []string) []string {
	drop := map[string]bool{}
	for _, s := range some {
		drop[s] = true
	}
	var left []string
	for _, s := range all {
		if !drop[s] {
			left = append(left, s)
		}
	}
	return left
}

// wrongFor spoils one password in thirty.
func wrongFor(n int) string {
	if n%30 == 5 {
		return "x"
	}
	return ""
}
