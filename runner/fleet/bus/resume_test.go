package bus

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firstbell/runner/fleet/keys"
)

// doomedEnv makes this test's binary a coordinator that is killed: it holds the
// folder of roster, worker and store.
const doomedEnv = "FIRSTBELL_TEST_DOOMED"

// doomedServer serves, and stores results as fast as it can, and says on stdout
// which were acknowledged, until it is killed.
func doomedServer() {
	dir := os.Getenv(doomedEnv)
	die := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	roster, err := keys.ReadRoster(filepath.Join(dir, "roster.json"))
	die(err)
	worker, err := keys.ReadCredentialsFor(dir, 0)
	die(err)
	s, err := Serve(ServerConfig{Roster: roster, Store: filepath.Join(dir, "store")})
	die(err)
	ctx := context.Background()
	boss, err := Connect(ctx, Config{Server: s, Credentials: &roster.Coordinator})
	die(err)
	die(boss.Setup(ctx, []string{"w000"}, 0))
	die(boss.Put(ctx, "w000", "accounts", []byte("accounts")))
	w, err := Connect(ctx, Config{URL: s.URL(), Credentials: worker})
	die(err)
	for i := 0; ; i++ {
		id := fmt.Sprint(i)
		die(w.Append(ctx, resultsSubject(roster.Fleet, "w000"), id, []byte(id)))
		fmt.Println(id)
	}
}

// A server killed in the middle of a storm leaves a store from which another finds
// everything that was acknowledged.
func TestStoreOfAKilledServer(t *testing.T) {
	dir := t.TempDir()
	roster, workers, _, err := keys.Generate(keys.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := roster.Write(filepath.Join(dir, "roster.json")); err != nil {
		t.Fatal(err)
	}
	if err := workers[0].Write(filepath.Join(dir, "w000.json")); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for life := range 3 { // each on what the last one left
		acknowledged = max(acknowledged, killAfter(t, dir, 60*(life+1)))
	}

	s, err := Serve(ServerConfig{Roster: roster, Store: filepath.Join(dir, "store")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	boss := connect(t, Config{Server: s, Credentials: &roster.Coordinator})
	if err := boss.Setup(soon(t), []string{"w000"}, 0); err != nil {
		t.Fatal(err)
	}
	for i, got := range collect(t, boss, acknowledged) {
		if got != fmt.Sprint(i) {
			t.Fatalf("record %d is %q", i, got)
		}
	}
	w := connect(t, Config{URL: s.URL(), Credentials: &workers[0]})
	if got, err := w.Get(soon(t), "w000", "accounts"); err != nil || string(got) != "accounts" {
		t.Errorf("the object: %q, %v", got, err)
	}
	if err := w.Append(soon(t), resultsSubject(roster.Fleet, "w000"), "after", []byte("after")); err != nil {
		t.Errorf("storing goes on: %v", err)
	}
	if err := boss.Remove(soon(t)); err != nil {
		t.Error(err)
	}
	if _, err := w.Get(soon(t), "w000", "accounts"); err == nil {
		t.Error("the object survived Remove")
	}
}

// killAfter kills the server in its stride after n acknowledgements and gives how
// many there were.
func killAfter(t *testing.T, dir string, n int) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), doomedEnv+"="+dir)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	guard := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	defer guard.Stop()
	count := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() != fmt.Sprint(count) {
			t.Errorf("acknowledgement %d is of %s", count, lines.Text())
		}
		if count++; count == n {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	if count < n {
		t.Fatalf("the server ended by itself after %d: %s", count, errs.String())
	}
	return count
}
