package runner_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"firstbell/runner"
	"firstbell/runner/httpdriver"
	"firstbell/runner/results"
)

// loginFlow is a portal's login: the page with the form, the password, a
// redirect, the home page.
const loginFlow = `
version: 1
target: http://127.0.0.1
accounts:
  generate: {count: 100000, login: "eleve${n}", password: "mdp-eleve${n}"}
  synthetic: true
  reuse: after_end
population: [{persona: eleve, people: 100000, show_up: 100%}]
storm:
  play: 08:55-09:05
  curve: {"08:55-09:05": 100%}
personas:
  eleve: {role: pupil, device: {desktop: 100%}, think: {median: 8s, p95: 45s}, journeys: {login: 100%}}
journeys:
  login:
    - get: /login
      expect: {css: "form#login"}
    - submit: {email: "${login}", password: "${password}"}
      pause: 0s
      expect: {text: "Bonjour"}
      in_class: true
limits: {drain: 1m}
criteria: {in_time: 3s}
`

// sinkVariable makes this binary a server: it answers with fixed bytes, in a
// process of its own, so that the processor time of the generator is its own.
const sinkVariable = "FIRSTBELL_TEST_SINK"

func sink() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	go func() { // the parent's end is ours
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	filler := strings.Repeat("<p class=\"news\">Cahier de textes et messagerie</p>\n", 40)
	html := func(body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nSet-Cookie: seen=1; Path=/\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	form := []byte(html("<!doctype html><html><head><title>Connexion</title></head><body>" + filler +
		"<form id=login method=post action=/login><input type=hidden name=csrf value=0123456789abcdef><input name=email><input type=password name=password><button>OK</button></form></body></html>"))
	moved := []byte("HTTP/1.1 302 Found\r\nLocation: /home\r\nSet-Cookie: session=0123456789abcdef; Path=/; HttpOnly\r\nContent-Length: 0\r\n\r\n")
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go serveSink(c, form, moved, html, filler)
	}
}

func serveSink(c net.Conn, form, moved []byte, html func(string) string, filler string) {
	defer c.Close()
	r := bufio.NewReader(c)
	who := ""
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		post, start := line[0] == 'P', bytes.HasPrefix(line, []byte("GET /login"))
		length := 0
		for len(line) > 2 {
			if line, err = r.ReadSlice('\n'); err != nil {
				return
			}
			if n, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
				fmt.Sscan(string(n), &length)
			}
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		switch {
		case post:
			who = string(body)
			c.Write(moved)
		case start:
			c.Write(form)
		default: // a page that names the person: nobody else gets these bytes
			c.Write([]byte(html("<!doctype html><html><body><h1>Bonjour " + who + "</h1>" + filler + "</body></html>")))
		}
	}
}

func startSink(b *testing.B) string {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), sinkVariable+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// spent is the processor time of this process so far, its own and the kernel's
// for it.
func spent() (user, kernel time.Duration) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, 0
	}
	return time.Duration(u.Utime.Nano()), time.Duration(u.Stime.Nano())
}

// BenchmarkLogin plays one login per iteration at 800 a second, on sockets, and
// reports the processor time of this process for each: what a generator costs.
// ns/op is the pace, not the cost.
func BenchmarkLogin(b *testing.B) {
	address := startSink(b)
	sc := parse(b, strings.Replace(loginFlow, "http://127.0.0.1", "http://"+address, 1))
	b.ReportAllocs()
	b.ResetTimer()
	people := evenly(b.N, time.Second/800)
	start := time.Now().Add(20 * time.Millisecond)
	clock := runner.NewClock(start)
	guard := &openGuard{sc: sc, stop: make(chan struct{})}
	driver, err := httpdriver.New(httpdriver.Config{Scenario: sc, RunID: "bench", Clock: clock, Guard: guard})
	if err != nil {
		b.Fatal(err)
	}
	defer driver.Close()
	plan, _, err := runner.NewPlan(sc, runner.PlanOptions{Seed: 1, RunID: "bench", Start: start})
	if err != nil {
		b.Fatal(err)
	}
	plan.People, plan.Intended = len(people), perSecond(sc, people)
	plan.Conduct = &results.Conduct{Kind: results.TrialPlateau, LoginOnly: true}
	folder, err := results.Create(filepath.Join(b.TempDir(), "run"), plan, sc.Source)
	if err != nil {
		b.Fatal(err)
	}
	user, kernel := spent()
	ended, err := runner.Run(b.Context(), runner.Config{Scenario: sc, Plan: plan, Arrivals: people, Driver: driver, Guard: guard, Clock: clock, Sink: folder})
	if err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	userNow, kernelNow := spent()
	each := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 / float64(b.N) }
	b.ReportMetric(each(userNow-user+kernelNow-kernel), "µs-cpu/login")
	b.ReportMetric(each(kernelNow-kernel), "µs-kernel/login")
	if err := folder.Close(ended); err != nil {
		b.Fatal(err)
	}
	run, err := results.Open(folder.Dir())
	if err != nil {
		b.Fatal(err)
	}
	if in := results.LedgerOf(run).People.Total.InClass(); in != uint64(b.N) {
		b.Fatalf("%d of %d in class", in, b.N)
	}
}
