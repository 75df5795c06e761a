//go:build slow && linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"firstbell/runner/fleet"
	"firstbell/runner/fleet/bus"
	"firstbell/runner/fleet/keys"
	"firstbell/runner/results"
)

// TestFleetHostileMembers: beside two workers that play, a third member of the
// roster and strangers try everything a file of credentials lets them try. Each is
// refused with a line, and the storm is exactly what it would have been.
func TestFleetHostileMembers(t *testing.T) {
	calmly(t, endsLeases, func() string { return hostileMembers(t) })
}

func hostileMembers(t *testing.T) (lost string) {
	target := newStampedTarget(t, 0)
	creds := credentialsFor(t, 3)
	r := coordinateAt(t, "127.0.0.1:"+freePort(t), creds, fleetStorm{target: target.url(), people: 500, play: 12}.String(), 2)
	r.join(t, island{}, r.listen)
	r.join(t, island{}, r.listen)
	zero := r.zeroOf(t)
	time.Sleep(time.Until(zero.Add(time.Second)))

	t.Run("members", func(t *testing.T) {
		t.Run("a stranger", func(t *testing.T) {
			other := credentialsFor(t, 1)
			says := r.refused(t, filepath.Join(other, "w000.json"))
			wantLine(t, says, "credentials", "refused", "not let in", "unknown", "uthoriz")
		})
		t.Run("a stranger who knows the fleet's name", func(t *testing.T) {
			other := credentialsFor(t, 1)
			path := r.edited(t, filepath.Join(other, "w000.json"), map[string]any{"fleet": r.credential(t, "w000")["fleet"], "coordinator": r.credential(t, "w000")["coordinator"]})
			wantLine(t, r.refused(t, path), "credentials", "refused", "not let in", "unknown", "uthoriz")
		})
		t.Run("a worker under another's name", func(t *testing.T) {
			path := r.edited(t, filepath.Join(creds, "w002.json"), map[string]any{"name": "w000"})
			wantLine(t, r.refused(t, path), "credentials", "refused", "not let in", "unknown", "uthoriz")
		})
		t.Run("another's credentials while that one plays", func(t *testing.T) {
			wantLine(t, r.refused(t, filepath.Join(creds, "w000.json")), "already", "taken")
		})
		t.Run("another version", func(t *testing.T) {
			err := r.asWorker(t, "w002", fleet.Hello{Version: "0.0.0-other"}, nil)
			var no *fleet.Refusal
			if !errors.As(err, &no) || no.Code != "version" {
				t.Errorf("%v", err)
			}
			t.Log(err)
		})
		t.Run("an open file", func(t *testing.T) {
			path := r.edited(t, filepath.Join(creds, "w002.json"), nil)
			if err := os.Chmod(path, 0o644); err != nil {
				t.Fatal(err)
			}
			wantLine(t, r.refused(t, path), "chmod", "0600")
		})
		t.Run("garbage", r.garbage)
	})

	r.wait(t)
	s := readStory(t, r.folder(), target)
	t.Log(s.tell())
	if lost := s.lost(); lost != "" {
		return lost
	}
	s.exact(t)
	equal(t, "workers", len(s.fleet.Workers), 2)
	equal(t, "ended as", s.sum.Run.EndedAs, string(results.EndedPlanned))
	equal(t, "everybody in class", s.ledgers.People.Total.InClass(), s.ledgers.People.Total.Intended)
	return ""
}

// TestFleetOtherScenario: a worker that has built another storm is not let play.
func TestFleetOtherScenario(t *testing.T) {
	for name, lie := range map[string]func(*fleet.Ready){
		"scenario": func(r *fleet.Ready) { r.ScenarioHash = strings.Repeat("0", 64) },
		"digest":   func(r *fleet.Ready) { r.Digest = strings.Repeat("0", 64) },
		"people":   func(r *fleet.Ready) { r.People++ },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := newStampedTarget(t, 0)
			r := coordinate(t, fleetStorm{target: target.url(), people: 300, play: 5}.String(), 2)
			r.join(t, island{}, r.listen)
			go func() { _ = r.asWorker(t, "w001", fleet.Hello{Version: toolInfo().Version}, lie) }()
			code := r.wait(t)
			if code == 0 || code == 3 {
				t.Errorf("exit %d", code)
			}
			if says := r.stderr.String(); !strings.Contains(says, "w001") {
				t.Errorf("it does not name the worker: %s", says)
			}
			if n := len(target.after(time.Time{})); n > 40 { // two for each account of the sample
				t.Errorf("%d requests of load", n)
			}
		})
	}
}

// credential reads a file of credentials as JSON.
func (r *fleetRig) credential(t *testing.T, name string) map[string]any {
	t.Helper()
	return readJSON(t, filepath.Join(r.creds, name+".json"))
}

func readJSON(t *testing.T, path string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// edited is a copy of a file of credentials with other values.
func (r *fleetRig) edited(t *testing.T, path string, with map[string]any) string {
	t.Helper()
	m := readJSON(t, path)
	for k, v := range with {
		m[k] = v
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "edited.json")
	if err := os.WriteFile(out, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// refused starts a worker with credentials that must not do, and gives what it
// said when it ended.
func (r *fleetRig) refused(t *testing.T, credentials string) string {
	t.Helper()
	m := startMember(t, island{}, "--join", joinURL(r.listen), "--credentials", credentials, "--spool", t.TempDir())
	done := make(chan error, 1)
	go func() { done <- m.cmd.Wait() }()
	select {
	case err := <-done:
		t.Logf("exit %d: %s", m.cmd.ProcessState.ExitCode(), m.out.String())
		if err == nil {
			t.Error("it ended well")
		}
	case <-time.After(30 * time.Second):
		_ = m.cmd.Process.Kill()
		<-done
		t.Errorf("it was still there after 30 s: %s", m.out.String())
	}
	return m.out.String()
}

// wantLine: one of the words stands in what was said, and no secret does.
func wantLine(t *testing.T, says string, words ...string) {
	t.Helper()
	found := false
	for _, w := range words {
		found = found || strings.Contains(strings.ToLower(says), strings.ToLower(w))
	}
	if !found {
		t.Errorf("it says none of %q: %s", words, says)
	}
	if strings.Contains(says, "SUA") || strings.Contains(says, "SXA") || strings.Contains(says, "panic") {
		t.Errorf("it says too much: %s", says)
	}
}

// asWorker joins in this process, with a player that may lie, and gives how it
// ended.
func (r *fleetRig) asWorker(t *testing.T, name string, hello fleet.Hello, lie func(*fleet.Ready)) error {
	c, err := keys.ReadCredentials(filepath.Join(r.creds, name+".json"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	conn, err := bus.Connect(ctx, bus.Config{URL: joinURL(r.listen), Credentials: c})
	if err != nil {
		return err
	}
	defer conn.Close()
	hello.Go, hello.OS, hello.CPUs, hello.DescLimit, hello.Memory = "go", "linux", 1, 1024, 1<<30
	w, err := fleet.NewWorker(fleet.WorkerConfig{Bus: conn, Credentials: c, Spool: filepath.Join(r.dir, "liar"), Hello: hello,
		Prepare: func(_ context.Context, job fleet.Job) (fleet.Player, error) {
			return &liar{fakePlayer{job: job}, lie}, nil
		}})
	if err != nil {
		return err
	}
	return w.Run(ctx)
}

type liar struct {
	fakePlayer
	lie func(*fleet.Ready)
}

func (l *liar) Ready() fleet.Ready {
	r := l.fakePlayer.Ready()
	if l.lie != nil {
		l.lie(&r)
	}
	return r
}

// garbage lets a member that does not play publish everything it can think of on
// every subject there is, and listen everywhere.
func (r *fleetRig) garbage(t *testing.T) {
	c, err := keys.ReadCredentials(filepath.Join(r.creds, "w002.json"))
	if err != nil {
		t.Fatal(err)
	}
	me, err := c.Member()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := bus.Connect(ctx, bus.Config{URL: joinURL(r.listen), Credentials: c})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	prefix := "fb." + c.Fleet + "."
	var overheard atomic.Int64
	for _, s := range []string{">", prefix + ">", prefix + "up.>", prefix + "down.w000.>", prefix + "down.*.order", prefix + "res.>", "_INBOX.>", "$JS.>", "$SYS.>"} {
		if stop, err := conn.Subscribe(s, func(fleet.Message) { overheard.Add(1) }); err == nil {
			defer stop()
		}
	}
	var subjects []string
	for _, w := range []string{"w000", "w001", "w002", "w003", "*", ">"} {
		for _, s := range []string{"up.W.hello", "up.W.clock", "up.W.beat", "up.W.gone", "down.W.tick", "down.W.order", "res.W"} {
			subjects = append(subjects, prefix+strings.ReplaceAll(s, "W", w))
		}
	}
	subjects = append(subjects, prefix+"all.stop", prefix+"op.status", prefix+"op.stop",
		"$JS.API.STREAM.DELETE.fb_"+c.Fleet+"_res", "$JS.API.STREAM.PURGE.fb_"+c.Fleet+"_res", "$JS.API.STREAM.NAMES")
	sent := 0
	for round := range 30 {
		for _, s := range subjects {
			for _, body := range nonsense(c.Fleet) {
				_ = conn.Publish(s, body)
				_ = conn.Publish(s, me.Wrap(s, body))
				sent += 2
			}
			if round == 0 {
				_ = conn.Publish(s, me.Wrap(s, bytes.Repeat([]byte("x"), 7<<20)))
				short, done := context.WithTimeout(ctx, 20*time.Millisecond)
				_, _ = conn.Request(short, s, me.Wrap(s, []byte("{}")))
				done()
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	t.Logf("%d messages sent, %d overheard", sent, overheard.Load())
	if overheard.Load() > 0 {
		t.Errorf("%d messages overheard that are not its own", overheard.Load())
	}
	// What is appended to the stream in another's name must not be there.
	for _, w := range []string{"w000", "w001"} {
		s := prefix + "res." + w
		short, done := context.WithTimeout(ctx, time.Second)
		if err := conn.Append(short, s, "x", me.Wrap(s, []byte("x"))); err == nil {
			t.Errorf("a record was taken in %s's name", w)
		}
		done()
	}
}

func nonsense(fleetID string) [][]byte {
	random := make([]byte, 1+rand.IntN(300))
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	record, _ := fleet.EncodeRecord(fleet.Record{Play: "x", Worker: 0, N: 1 << 60, Kind: fleet.RecordFrame, Body: random[:len(random)/2+1]})
	return [][]byte{nil, random, []byte("{}"), []byte("null"), []byte("[]"), []byte(`{"n":18446744073709551615,"tick":18446744073709551615,"instance":"x"}`),
		[]byte(`{"how":"stopped","cause":"nobody","play":"` + fleetID + `","sent":9223372036854775807}`),
		[]byte(`{"t0":-9223372036854775808}`), []byte(`{"protocol":1,"worker":"w000","instance":"` + strings.Repeat("é", 3000) + `"}`),
		[]byte(strings.Repeat("[", 5000)), record}
}
