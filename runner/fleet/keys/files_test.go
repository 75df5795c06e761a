package keys

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFilesRoundTrip(t *testing.T) {
	r, workers, _ := fleet(t, 2, "localhost", "127.0.0.1")
	dir := t.TempDir()
	rosterPath, path := filepath.Join(dir, "roster.json"), filepath.Join(dir, "w001.json")
	if err := r.Write(rosterPath); err != nil {
		t.Fatal(err)
	}
	if err := workers[1].Write(path); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, rosterPath} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", p, info.Mode(), err)
		}
	}
	got, err := ReadCredentials(path)
	if err != nil || *got != workers[1] {
		t.Errorf("ReadCredentials = %v, %v", got, err)
	}
	if got, err := ReadCredentialsFor(dir, 1); err != nil || *got != workers[1] {
		t.Errorf("ReadCredentialsFor = %v, %v", got, err)
	}
	back, err := ReadRoster(rosterPath)
	if err != nil || back.Coordinator != r.Coordinator || back.Key != r.Key || len(back.Workers) != 2 || back.Workers[1] != r.Workers[1] || back.Operator != r.Operator {
		t.Errorf("ReadRoster = %v, %v", back, err)
	}
	if err := workers[0].Write(path); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("writing over credentials: %v", err)
	}
	// Another worker's file under this one's name.
	if err := workers[0].Write(filepath.Join(dir, "w003.json")); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, 2, 3, MaxWorkers} {
		if c, err := ReadCredentialsFor(dir, i); err == nil {
			t.Errorf("ReadCredentialsFor(%d) = %v", i, c)
		}
	}
}

func TestFilesOthersMayReadAreRefused(t *testing.T) {
	_, workers, _ := fleet(t, 1)
	path := filepath.Join(t.TempDir(), "w000.json")
	if err := workers[0].Write(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o644, 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadCredentials(path); err == nil || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestLentByRoot(t *testing.T) {
	for _, row := range []struct {
		what  string
		mode  fs.FileMode
		owner uint32
		euid  int
		want  bool
	}{
		{"a mounted Secret", 0o440, 0, 65532, true},
		{"writable by its owner", 0o640, 0, 65532, true},
		{"writable by the group", 0o660, 0, 65532, false},
		{"readable by all", 0o444, 0, 65532, false},
		{"the process is root", 0o440, 0, 0, false},
		{"the process's own", 0o440, 65532, 65532, false},
		{"another's", 0o440, 1000, 65532, false},
	} {
		if got := lentByRoot(row.mode, row.owner, row.euid); got != row.want {
			t.Errorf("%s: lentByRoot = %v; want %v", row.what, got, row.want)
		}
	}
}

func TestFilesThatAreNotCredentials(t *testing.T) {
	r, workers, operator := fleet(t, 2, "localhost")
	other, _, _ := fleet(t, 1)
	change := func(f func(*credentialsFile)) string {
		c := credentialsFile(workers[0])
		f(&c)
		return jsonText(t, c)
	}
	good := change(func(*credentialsFile) {})
	for what, text := range map[string]string{
		"nothing":                "",
		"no JSON":                "secret",
		"another type":           `[1]`,
		"an unknown field":       `{"x":1,` + good[1:],
		"something after":        good + "{}",
		"too large":              good + strings.Repeat(" ", maxCredentials),
		"a roster":               jsonText(t, rosterFile{Schema: Schema, Fleet: r.Fleet}),
		"another schema":         change(func(c *credentialsFile) { c.Schema = "9" }),
		"no fleet":               change(func(c *credentialsFile) { c.Fleet = "" }),
		"a fleet with a dot":     change(func(c *credentialsFile) { c.Fleet = "abcd.>" }),
		"another role":           change(func(c *credentialsFile) { c.Role = "boss" }),
		"a worker's odd name":    change(func(c *credentialsFile) { c.Name = "w1.*" }),
		"an operator's name":     change(func(c *credentialsFile) { c.Name = NameOperator }),
		"a worker as operator":   change(func(c *credentialsFile) { c.Role = RoleOperator }),
		"no seed":                change(func(c *credentialsFile) { c.Sign = "" }),
		"seeds exchanged":        change(func(c *credentialsFile) { c.Sign, c.Seal = c.Seal, c.Sign }),
		"a cut seed":             change(func(c *credentialsFile) { c.Seal = c.Seal[:20] }),
		"no coordinator":         change(func(c *credentialsFile) { c.Coordinator = Public{} }),
		"a coordinator's nonkey": change(func(c *credentialsFile) { c.Coordinator.Sign = c.Coordinator.Seal }),
		"the coordinator's keys": change(func(c *credentialsFile) { c.Sign, c.Seal = r.Coordinator.Sign, r.Coordinator.Seal }),
		"not its own public key": jsonText(t, func() credentialsFile {
			c := credentialsFile(r.Coordinator)
			c.Coordinator = other.Coordinator.Coordinator
			return c
		}()),
		"no certificate":         change(func(c *credentialsFile) { c.Authority = "x" }),
		"a certificate not a CA": change(func(c *credentialsFile) { c.Authority = r.Certificate }),
		"two certificates":       change(func(c *credentialsFile) { c.Authority += c.Authority }),
	} {
		if _, err := readCredentialsText(t, text); err == nil {
			t.Errorf("%s was accepted", what)
		} else {
			checkNoSecret(t, what, err, workers[0].Sign, workers[0].Seal, operator.Sign)
		}
	}
	if _, err := readCredentialsText(t, good); err != nil {
		t.Errorf("the unchanged file: %v", err)
	}
	if _, err := ReadCredentials(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
}

func TestRostersThatAreNot(t *testing.T) {
	r, _, _ := fleet(t, 2, "localhost")
	other, _, _ := fleet(t, 1, "localhost")
	for what, change := range map[string]func(*Roster){
		"another schema":            func(r *Roster) { r.Schema = "2.0" },
		"another fleet":             func(r *Roster) { r.Fleet = "someoneelse" },
		"no workers":                func(r *Roster) { r.Workers = nil },
		"a worker twice":            func(r *Roster) { r.Workers[1] = r.Workers[0] },
		"a worker's key twice":      func(r *Roster) { r.Workers[1].Sign = r.Workers[0].Sign },
		"workers out of order":      func(r *Roster) { r.Workers[0], r.Workers[1] = r.Workers[1], r.Workers[0] },
		"a worker with no key":      func(r *Roster) { r.Workers[0].Seal = "" },
		"the operator is a worker":  func(r *Roster) { r.Operator.Role = RoleWorker },
		"the operator's a worker's": func(r *Roster) { r.Operator.Sign = r.Workers[0].Sign },
		"the operator is the boss":  func(r *Roster) { r.Operator.Seal = r.Coordinator.Coordinator.Seal },
		"a certificate and no key":  func(r *Roster) { r.Key = "" },
		"another's key":             func(r *Roster) { r.Key = other.Key },
		"too many workers":          func(r *Roster) { r.Workers = make([]Public, MaxWorkers+1) },
	} {
		c := *r
		c.Workers = append([]Public(nil), r.Workers...)
		change(&c)
		path := filepath.Join(t.TempDir(), "roster.json")
		if err := c.Write(path); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadRoster(path); err == nil {
			t.Errorf("%s was accepted", what)
		} else {
			checkNoSecret(t, what, err, r.Coordinator.Sign, r.Coordinator.Seal)
		}
	}
}

func FuzzCredentials(f *testing.F) {
	_, workers, _ := fleet(f, 1, "localhost")
	f.Add([]byte(jsonText(f, credentialsFile(workers[0]))))
	f.Add([]byte(`{"schema_version":"1.0"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var file credentialsFile
		if decodeStrict(text, &file) != nil {
			return
		}
		c := Credentials(file)
		m, err := c.Member()
		if err == nil && (m.Public().Name != c.Name || c.Fleet == "") {
			t.Error("a member that is not its credentials'")
		}
	})
}

func FuzzRoster(f *testing.F) {
	r, _, _ := fleet(f, 2)
	path := filepath.Join(f.TempDir(), "r")
	if err := r.Write(path); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		var file rosterFile
		if decodeStrict(text, &file) == nil {
			r := Roster{Schema: file.Schema, Fleet: file.Fleet, Coordinator: Credentials(file.Coordinator), Workers: file.Workers, Operator: file.Operator}
			_ = r.validate()
		}
	})
}

func jsonText(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readCredentialsText(t *testing.T, text string) (*Credentials, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return ReadCredentials(path)
}

func checkNoSecret(t *testing.T, what string, err error, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(err.Error(), s) || strings.Contains(err.Error(), s[:20]) {
			t.Errorf("%s: the error shows a secret", what)
		}
	}
}
