package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"firstbell/examples/ent"
	"firstbell/runner/results"
	"firstbell/runner/witness"
	"firstbell/scenarios"
)

// watched is a portal on sockets that counts who asks.
func watched(t *testing.T) (*scenarios.Scenario, func() (total, ours int)) {
	t.Helper()
	portal, err := ent.New(ent.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	total, ours := 0, 0
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		total++
		if r.Header.Get("Firstbell-Run") == "session-1" && strings.HasPrefix(r.UserAgent(), "firstbell/") {
			ours++
		}
		mu.Unlock()
		portal.ServeHTTP(w, r)
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	t.Cleanup(func() {
		_ = srv.Shutdown(context.Background())
		<-ended
	})
	sc := parsed(t, strings.Replace(calibrated, "http://127.0.0.1", "http://"+l.Addr().String(), 1))
	return sc, func() (int, int) {
		mu.Lock()
		defer mu.Unlock()
		return total, ours
	}
}

// TestWitnessProcess: it logs in with accounts of its own under the run's name,
// says what it saw, and is gone when its input closes.
func TestWitnessProcess(t *testing.T) {
	sc, asked := watched(t)
	_, own, err := witness.Reserve(sc, 3)
	if err != nil {
		t.Fatal(err)
	}
	e := systemEnv()
	var said bytes.Buffer
	e.stderr = &said
	p, err := startWitness(e, sc, witnessOrders{RunID: "session-1", Seed: 1, Accounts: own, Every: 200 * time.Millisecond,
		Limit: 3 * time.Second, Control: sc.Target.String() + "/theme"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.begin("007-confirm"); err != nil {
		t.Fatal(err)
	}
	enough(2500*time.Millisecond, asked, 60)
	logins, control, err := p.end()
	if err != nil || logins == nil || control == nil {
		t.Fatalf("%v, %v, %v", logins, control, err)
	}
	for _, b := range []results.Beheld{*logins, *control} {
		if b.Trial != "007-confirm" || b.N < 3 || b.Failed != 0 || b.P50 <= 0 || b.P50 > 1 {
			t.Errorf("%+v", b)
		}
	}
	began := time.Now()
	p.stop()
	if took := time.Since(began); took > 10*time.Second || !p.cmd.ProcessState.Success() || said.Len() > 0 {
		t.Errorf("ended after %v as %v: %s", took, p.cmd.ProcessState, said.String())
	}
	total, ours := asked()
	time.Sleep(300 * time.Millisecond)
	if after, _ := asked(); total == 0 || ours != total || after != total {
		t.Errorf("%d of %d requests carried the run's name, %d after the end", ours, total, after)
	}
	if _, _, err := p.end(); err == nil {
		t.Error("a witness that has ended was heard")
	}
}

// enough waits for some time, and longer on a busy machine: until so many more
// requests have come, half a minute at most.
func enough(least time.Duration, asked func() (total, ours int), more int) {
	had, _ := asked()
	time.Sleep(least)
	for range 300 {
		if now, _ := asked(); now >= had+more {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestWitnessRefused: a control address that has not consented is not asked.
func TestWitnessRefused(t *testing.T) {
	sc, _ := watched(t)
	p, err := startWitness(systemEnv(), sc, witnessOrders{RunID: "session-1", Control: "http://192.0.2.1:9/status"})
	if err == nil {
		p.stop()
		t.Fatal("it watches")
	}
	if !strings.Contains(err.Error(), "cannot watch") {
		t.Error(err)
	}
	e := systemEnv()
	e.stdin, e.stdout, e.stderr = strings.NewReader("nonsense"), io.Discard, io.Discard
	if err := runWitness(t.Context(), e); err == nil {
		t.Error("no orders are no reason to watch")
	}
}

// TestWatchedTrial: a session keeps what the witness saw of each trial, once, and
// goes on without a witness that has ended.
func TestWatchedTrial(t *testing.T) {
	whole, asked := watched(t)
	rest, own, err := reserved(whole)
	if err != nil || rest.Accounts.Len() != whole.Accounts.Len()-len(own["eleve"]) {
		t.Fatalf("%v, %v", own, err)
	}
	e := systemEnv()
	var said bytes.Buffer
	e.stderr = &said
	s := &session{e: e, o: sessionOptions{witness: true}, sc: rest, whole: whole, own: own,
		d: &results.Dossier{RunID: "session-1", Seed: 1, Settings: results.Settings{Limit: 3 * time.Second}}}
	stop, err := s.watched(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	play := func() error { enough(1800*time.Millisecond, asked, 10); return nil }
	for range 2 { // the second time after the first was set aside
		if err := s.watchedTrial("000-probe", play); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.d.Witness.Trials; len(got) != 1 || got[0].Trial != "000-probe" || got[0].N == 0 || got[0].Failed > 0 {
		t.Errorf("%+v", got)
	}
	s.witness.stop()
	if err := s.watchedTrial("001-confirm", func() error { return nil }); err != nil || s.witness != nil || said.Len() == 0 {
		t.Errorf("%v, %q", err, said.String())
	}
	if len(s.d.Witness.Trials) != 1 {
		t.Errorf("%+v", s.d.Witness.Trials)
	}
}
