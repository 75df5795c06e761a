//go:build slow

package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// bystander is a proxy in front of the portal that notes when requests come.
type bystander struct {
	url   string
	count atomic.Int64
	last  atomic.Int64 // Unix nanoseconds
}

func newWitness(t *testing.T, ent *entProcess) *bystander {
	t.Helper()
	to, err := url.Parse(ent.url)
	if err != nil {
		t.Fatal(err)
	}
	w := &bystander{}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ErrorLog = quietLog()
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.count.Add(1)
		w.last.Store(time.Now().UnixNano())
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(srv.Close)
	w.url = srv.URL
	return w
}

func (w *bystander) lastAt() time.Time { return time.Unix(0, w.last.Load()) }

// TestInterrupt presses Ctrl-C in the middle of a storm against a slow portal.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	ent := startEnt(t)
	w := newWitness(t, ent)
	s := startStorm(t, mini{target: w.url, people: 400, play: 20, drain: "20s"}.String())
	s.begun(t)
	ent.mode(t, "delay", "3s")
	sampled := w.count.Load()
	until(t, "people under way", 90*time.Second, func() bool { return w.count.Load() > sampled+100 })
	pressed := time.Now()
	send(t, s.cmd, syscall.SIGINT)
	code := s.wait(t)
	promptly(t, "the report came", pressed, time.Now(), 8*time.Second)
	time.Sleep(2 * time.Second) // whatever left late would arrive now
	promptly(t, "the last request left", pressed, w.lastAt(), 2*time.Second)
	equal(t, "exit code", code, 130)
	sum := s.summary(t)
	equal(t, "ended as", sum.Run.EndedAs, "interrupted")
	equal(t, "people's outcome is that of the storm so far", sum.People.Unfinished+sum.People.InTime+sum.People.Late+sum.People.Timeout, sum.People.Started)
	atLeast(t, "unfinished", sum.People.Unfinished, 20)
	atLeast(t, "not sent", sum.People.NotSent, 20)
	if sum.Run.EndedAt <= sum.Run.PlayFrom || sum.Run.EndedAt > sum.Run.PlayTo {
		t.Errorf("ended at %d, outside %d–%d", sum.Run.EndedAt, sum.Run.PlayFrom, sum.Run.PlayTo)
	}
	if !strings.Contains(s.stdout.String(), "interrupted") {
		t.Error("the terminal does not say that it was interrupted")
	}
}

// TestInterruptTwice ends the process at once; the data is kept.
func TestInterruptTwice(t *testing.T) {
	t.Parallel()
	ent := startEnt(t)
	s := startStorm(t, mini{target: ent.url, people: 400, play: 20}.String())
	s.begun(t)
	ent.mode(t, "delay", "1s")
	sampled := ent.counters(t)["served"]
	until(t, "a storm under way", 60*time.Second, func() bool { return ent.counters(t)["served"] > sampled+100 })
	send(t, s.cmd, syscall.SIGINT)
	time.Sleep(5 * time.Millisecond)
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	pressed := time.Now()
	equal(t, "exit code", s.wait(t), 130)
	promptly(t, "it ended", pressed, time.Now(), 6*time.Second)
	if code := rebuild(t, s.folder()); code != 130 && code != 4 {
		t.Errorf("report's exit code %d", code)
	}
	readSummary(t, s.folder())
}

// TestInterruptBefore presses Ctrl-C while accounts are sampled.
func TestInterruptBefore(t *testing.T) {
	t.Parallel()
	ent := startEnt(t, "--mode", "delay=2s")
	w := newWitness(t, ent)
	s := startStorm(t, mini{target: w.url, people: 100, play: 10}.String())
	until(t, "the sample", 20*time.Second, func() bool { return w.count.Load() > 1 })
	pressed := time.Now()
	send(t, s.cmd, syscall.SIGINT)
	equal(t, "exit code", s.wait(t), 130)
	promptly(t, "it ended", pressed, time.Now(), 2*time.Second)
	if s.folder() != "" {
		t.Error("a folder for a run that never was")
	}
}

// TestKill kills the process at several moments; a report is made of whatever
// was recorded.
func TestKill(t *testing.T) {
	moments := []struct {
		name string
		when func(s *storm, ent *entProcess) bool
	}{
		{"folder just made", func(*storm, *entProcess) bool { return true }},
		{"first second", func(s *storm, _ *entProcess) bool { return size(s, "deltas/w000.delta") > 0 }},
		{"middle", func(s *storm, _ *entProcess) bool { return age(s) > 7*time.Second }},
		{"drain", func(s *storm, _ *entProcess) bool { return age(s) > 14*time.Second }},
		{"report written", func(s *storm, _ *entProcess) bool { return size(s, "outcomes.csv") >= 0 }},
	}
	for _, m := range moments {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			ent := startEnt(t)
			s := startStorm(t, mini{target: ent.url, people: 300, play: 10, drain: "6s", top: "patience: none\n"}.String())
			s.begun(t)
			ent.mode(t, "delay", "2s")
			until(t, m.name, 70*time.Second, func() bool { return m.when(s, ent) })
			send(t, s.cmd, syscall.SIGKILL)
			_ = s.cmd.Wait()
			code := rebuild(t, s.folder())
			sum := readSummary(t, s.folder())
			t.Logf("exit %d, %s at %d: people %+v", code, sum.Run.EndedAs, sum.Run.EndedAt, sum.People)
			if m.name == "report written" { // the run had ended by itself
				equal(t, "ended as", sum.Run.EndedAs, "planned")
				return
			}
			equal(t, "exit code", code, 4)
			equal(t, "ended as", sum.Run.EndedAs, "cut")
			equal(t, "intended", int(sum.People.Intended), intended(t, s.folder()))
		})
	}
}

// age is how long ago the folder's plan was written.
func age(s *storm) time.Duration {
	info, err := os.Stat(filepath.Join(s.folder(), "plan.json"))
	if err != nil {
		return 0
	}
	return time.Since(info.ModTime())
}

func size(s *storm, name string) int64 {
	if s.folder() == "" {
		return -1
	}
	info, err := os.Stat(filepath.Join(s.folder(), name))
	if err != nil {
		return -1
	}
	return info.Size()
}
