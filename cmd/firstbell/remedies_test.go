package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firstbell/runner/consent"
	"firstbell/runner/results"
)

// A remedy never proposes to write over a file or a folder that is there.
func TestRemediesForFiles(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "no.yaml")
	if _, err := loadScenario(&env{}, missing, nil); !strings.Contains(fixOf(t, err), "> "+missing) {
		t.Errorf("a missing file: %q", fixOf(t, err))
	}
	if _, err := loadScenario(&env{}, dir, nil); strings.Contains(fixOf(t, err), ">") {
		t.Errorf("a folder: %q", fixOf(t, err))
	}
	if err := os.WriteFile(missing, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := initScenario(nil, "cas", missing); !strings.Contains(fixOf(t, err), "does not exist yet") {
		t.Errorf("a file that is there: %q", fixOf(t, err))
	}
	if err := initScenario(nil, "cas", filepath.Join(missing, "x")); !strings.Contains(fixOf(t, err), "folder") {
		t.Errorf("no folder: %q", fixOf(t, err))
	}
	if fix := remedyForFile("x", fs.ErrPermission); strings.Contains(fix, ">") {
		t.Errorf("a file that may not be read: %q", fix)
	}
}

func fixOf(t *testing.T, err error) string {
	t.Helper()
	user, ok := err.(*userError)
	if !ok {
		t.Fatalf("%v is no error of the user", err)
	}
	return user.fix
}

// Missing arguments are named as the help names them.
func TestArgumentsAreNamed(t *testing.T) {
	for line, want := range map[string]string{
		"check":       "want firstbell check SCENARIO, and 0 names were given",
		"compare one": "want firstbell compare RUN BASELINE, and 1 names were given",
	} {
		root := newRootCmd(&env{stdout: &strings.Builder{}, stderr: &strings.Builder{}})
		root.SetArgs(strings.Fields(line))
		if err := root.Execute(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// What was consented to is compared with the plan, before anybody is held back.
func TestTighterThan(t *testing.T) {
	needs := results.Needs{PeakRequests: 112, PeakConnections: 56}
	site := func(requests, connections float64) consent.Grant {
		return consent.Grant{Consented: true, RequestsPerSecond: requests, ConnectionsPerSecond: connections}
	}
	for name, tc := range map[string]struct {
		grants []consent.Grant
		tight  bool
	}{
		"enough":           {[]consent.Grant{site(112, 56)}, false},
		"requests":         {[]consent.Grant{site(100, 500)}, true},
		"connections":      {[]consent.Grant{site(1000, 50)}, true},
		"two hosts":        {[]consent.Grant{site(60, 30), site(60, 30)}, false},
		"a host without":   {[]consent.Grant{site(10, 5), {Exempt: true}}, false},
		"nobody to ask of": {nil, false},
	} {
		if _, _, tight := tighterThan(tc.grants, needs); tight != tc.tight {
			t.Errorf("%s: %v", name, tight)
		}
	}
}
