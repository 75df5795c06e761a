//go:build slow && linux

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// hit is one request as the target saw it.
type hit struct {
	at    time.Time // wall clock of this machine, the coordinator's and every worker's too
	from  string    // the listener: a worker's namespace, "" for the machine itself
	login string    // of a login; "" for any other request
}

// stampedTarget is a portal of two pages that holds whatever comes, and stamps
// every request: what it has seen is the truth that a fleet's numbers are
// compared with.
type stampedTarget struct {
	port int
	srv  *http.Server
	// answer delays every answer.
	answer time.Duration

	mu   sync.Mutex
	hits []hit
}

type listenerName struct{}

// newStampedTarget listens on a free port of 127.0.0.1.
func newStampedTarget(t *testing.T, answer time.Duration) *stampedTarget {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &stampedTarget{port: l.Addr().(*net.TCPAddr).Port, answer: answer}
	p.srv = &http.Server{Handler: p, ErrorLog: quietLog(), BaseContext: func(l net.Listener) context.Context {
		name := ""
		if n, ok := l.(namedListener); ok {
			name = n.name
		}
		return context.WithValue(context.Background(), listenerName{}, name)
	}}
	t.Cleanup(func() { _ = p.srv.Close() })
	p.serve(l, "")
	return p
}

type namedListener struct {
	net.Listener
	name string
}

// serve takes requests from one more listener, stamped with its name.
func (p *stampedTarget) serve(l net.Listener, name string) {
	go func() { _ = p.srv.Serve(namedListener{l, name}) }()
}

func (p *stampedTarget) url() string { return fmt.Sprintf("http://127.0.0.1:%d", p.port) }

func (p *stampedTarget) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := hit{at: time.Now(), from: r.Context().Value(listenerName{}).(string)}
	if r.Method == http.MethodPost {
		h.login = r.PostFormValue("email")
	}
	p.mu.Lock()
	p.hits = append(p.hits, h)
	p.mu.Unlock()
	if p.answer > 0 {
		time.Sleep(p.answer)
	}
	w.Header().Set("Content-Type", "text/html")
	switch {
	case h.login != "":
		fmt.Fprintf(w, "<p>Bonjour %s</p>", h.login)
	case r.URL.Path == "/":
		fmt.Fprint(w, `<form action=/login method=post><input name=email><input name=password></form>`)
	default:
		http.NotFound(w, r)
	}
}

// after lists what came after an instant, in order.
func (p *stampedTarget) after(from time.Time) []hit {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []hit
	for _, h := range p.hits {
		if h.at.After(from) {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(a, b hit) int { return a.at.Compare(b.at) })
	return out
}

// logins counts, by account, the logins that came after an instant.
func logins(hits []hit) map[string]int {
	out := map[string]int{}
	for _, h := range hits {
		if h.login != "" {
			out[h.login]++
		}
	}
	return out
}

// last is when the last request came; the zero time when none did.
func last(hits []hit, from ...string) time.Time {
	var at time.Time
	for _, h := range hits {
		if (len(from) == 0 || slices.Contains(from, h.from)) && h.at.After(at) {
			at = h.at
		}
	}
	return at
}

// fleetStorm is the scenario of a fleet's storm: two pages, half a second apart,
// one account each, one try.
type fleetStorm struct {
	target       string
	people, play int // people, seconds
	drain        string
	top          string // more top-level keys
	criteria     string // default: in_class over 95 %
	accounts     string // default: generated
}

func (f fleetStorm) String() string {
	if f.drain == "" {
		f.drain = "5s"
	}
	if f.criteria == "" {
		f.criteria = "{in_time: 5s, in_class: rate>95%}"
	}
	if f.accounts == "" {
		f.accounts = fmt.Sprintf(`{generate: {count: %d, login: "eleve${n}", password: "mdp${n}"}, synthetic: true}`, f.people*2+200)
	}
	if !strings.Contains(f.top, "patience:") {
		f.top += "patience: none\n"
	}
	return fmt.Sprintf(`version: 1
name: Collège de la Butte
target: %s
accounts: %s
population:
  - {persona: eleve, region: Nord, level: college, people: %d, show_up: 100%%}
storm:
  curve: {08:50-09:00: 100%%}
  play: 08:59:%02d-09:00:00
  batches: {share: 0%%}
personas:
  eleve: {role: pupil, think: 1s, journeys: connexion}
journeys:
  connexion:
    - get: /
    - post: /login
      pause: 500ms
      form: {email: "${login}", password: "${password}"}
      expect: {text: "Bonjour ${login}"}
      in_class: true
limits: {drain: %s}
criteria: %s
%s`, f.target, f.accounts, f.people*600/f.play, 60-f.play, f.drain, f.criteria, f.top)
}
