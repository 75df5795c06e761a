package runner_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// shared is a storm that several workers play: two personas with accounts of
// their own and some that serve both.
const shared = `
version: 1
target: http://127.0.0.1
accounts:
  generate: {count: 1000, login: "n${n}", password: "p${n}"}
  synthetic: true
  reuse: after_end
population:
  - {persona: eleve, people: 240, show_up: 100%}
  - {persona: prof, people: 60, show_up: 100%}
storm:
  play: 08:58-09:00
  curve: {"08:58-09:00": 100%}
personas:
  eleve: {role: pupil, device: {desktop: 100%}, think: {median: 1s, p95: 2s}, journeys: {login: 100%}}
  prof: {role: teacher, device: {desktop: 100%}, think: {median: 1s, p95: 2s}, journeys: {login: 100%}}
journeys:
  login:
    - get: /
      expect: {text: Bienvenue}
    - post: /login
      pause: 3s
      form: {login: "${login}", password: "${password}"}
      expect: {text: En classe}
      in_class: true
    - get: /work
      pause: 2s
signatures:
  bad_credentials: {text: Mot de passe refusé}
patience: none
criteria: {in_time: 10s}
limits: {drain: 20s}
`

// rows gives the scenario accounts of a file in the generator's place: three in
// four for pupils, one in six for teachers, the rest for anybody.
func rows(sc *scenarios.Scenario, n int) {
	sc.Accounts.Generate, sc.Accounts.Columns = nil, []string{"login", "password", "persona"}
	for i := range n {
		persona := "eleve"
		switch i % 12 {
		case 3, 7:
			persona = "prof"
		case 11:
			persona = ""
		}
		sc.Accounts.Rows = append(sc.Accounts.Rows, []string{"n" + strconv.Itoa(i), "p" + strconv.Itoa(i), persona})
	}
}

// visit is one person's first click and login.
type visit struct {
	first time.Duration
	login string
}

// visits is what all portals of a test have seen.
type visits struct {
	mu     sync.Mutex
	by     map[uint32]visit
	twice  []uint32          // people who came from two browsers
	using  map[string]uint32 // account → person signed in now
	both   []string          // accounts of two people at the same time
	roots  int               // requests of the first page
	logins map[string]int    // how often used
	at     []time.Duration   // of every request
}

func newVisits() *visits {
	return &visits{by: map[uint32]visit{}, using: map[string]uint32{}, logins: map[string]int{}}
}

// portalDriver answers from memory after a service time; its clock is the worker's.
type portalDriver struct {
	clock   runner.Clock
	guard   runner.Guard
	log     *visits
	service time.Duration
	answer  func(path, login string, at time.Duration) string // "" as usual
}

type portalSession struct {
	*portalDriver
	person uint32
	clicks int
	login  string
}

func (d *portalDriver) Open(person uint32) runner.Session {
	return &portalSession{portalDriver: d, person: person}
}

func (s *portalSession) Cookie(*url.URL, string) (string, bool) { return "", false }
func (s *portalSession) PageDone()                              {}
func (s *portalSession) Close()                                 {}

func (s *portalSession) Forget() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.login != "" && s.log.using[s.login] == s.person {
		delete(s.log.using, s.login)
	}
}

func (s *portalSession) Do(ctx context.Context, req *runner.Request) (*runner.Response, error) {
	resp := &runner.Response{URL: req.URL}
	if err := s.guard.Request(req.URL); err != nil {
		return resp, err
	}
	resp.Timing.Sent = s.clock.Now()
	if req.Left != nil {
		req.Left(resp.Timing.Sent)
	}
	body := s.note(req, resp.Timing.Sent)
	timer := time.NewTimer(s.service)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return resp, &runner.TransportError{Reason: results.NoReason, Err: ctx.Err()}
	}
	resp.Timing.Done = s.clock.Now()
	resp.Status, resp.Header = 200, http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	resp.Body = []byte("<html><head><title>x</title></head><body><p>" + body + "</p></body></html>")
	return resp, nil
}

// note writes a request down and gives what the page says.
func (s *portalSession) note(req *runner.Request, at time.Duration) string {
	l := s.log
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = append(l.at, at)
	if req.URL.Path == "/" {
		l.roots++
	}
	if s.clicks++; s.clicks == 1 {
		if _, seen := l.by[s.person]; seen {
			l.twice = append(l.twice, s.person)
		}
		l.by[s.person] = visit{first: at}
	}
	if req.Method == "POST" {
		form, _ := url.ParseQuery(string(req.Body))
		s.login = form.Get("login")
		if who, taken := l.using[s.login]; taken && who != s.person {
			l.both = append(l.both, s.login)
		}
		l.using[s.login] = s.person
		l.logins[s.login]++
		v := l.by[s.person]
		v.login = s.login
		l.by[s.person] = v
	}
	if s.answer != nil {
		if body := s.answer(req.URL.Path, s.login, at); body != "" {
			return body
		}
	}
	if req.Method == "POST" {
		return "En classe"
	}
	return "Bienvenue"
}

// addSink adds everything up.
type addSink struct {
	mu     sync.Mutex
	sum    *results.Delta
	events []results.Event
}

func newAddSink() *addSink { return &addSink{sum: results.NewDelta(0)} }

func (s *addSink) Append(d *results.Delta) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum.Merge(d)
	return nil
}

func (s *addSink) Event(e results.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	return nil
}

// recorded counts people by how they ended.
func (s *addSink) recorded() (n int, by map[results.Outcome]int) {
	by = map[results.Outcome]int{}
	for c, k := range s.sum.People {
		n += int(k)
		by[c.Outcome] += int(k)
	}
	return n, by
}

// balanced checks that who clicked is who was settled, people and attempts.
func (s *addSink) balanced(t *testing.T) {
	t.Helper()
	n, by := s.recorded()
	starts, tries, attempts := 0, 0, 0
	for _, k := range s.sum.Starts {
		starts += int(k)
	}
	for _, k := range s.sum.Tries {
		tries += int(k)
	}
	for c, k := range s.sum.Attempts {
		if c.Outcome != results.NotSent {
			attempts += int(k)
		}
	}
	if starts != n-by[results.NotSent] || tries != attempts {
		t.Errorf("%d started, %d settled (%v); %d tries, %d ended", starts, n, by, tries, attempts)
	}
}

// lease is a worker's leave to load, by its own clock.
type lease struct {
	clock runner.Clock
	until time.Duration
}

func (l *lease) held() bool { return l.clock.Now() >= l.until }

// worker is one part of a storm, played.
type worker struct {
	list  []arrivals.Arrival
	sink  *addSink
	more  chan runner.More
	ended results.Ended
	err   error
	took  time.Duration
}

// part begins a worker's Config: the people whose id is w mod of.
func part(t *testing.T, sc *scenarios.Scenario, plan *results.Plan, all []arrivals.Arrival, w, of int, log *visits, clock runner.Clock) (*worker, runner.Config) {
	t.Helper()
	x := &worker{sink: newAddSink(), more: make(chan runner.More)}
	for _, a := range all {
		if int(a.ID)%of == w {
			x.list = append(x.list, a)
		}
	}
	guard := &openGuard{sc: sc, stop: make(chan struct{})}
	return x, runner.Config{Scenario: sc, Plan: plan, Arrivals: x.list, Guard: guard, Clock: clock, Sink: x.sink,
		Driver: &portalDriver{clock: clock, guard: guard, log: log, service: 100 * time.Millisecond}}
}

func (x *worker) run(ctx context.Context, cfg runner.Config) {
	x.ended, x.err = runner.Run(ctx, cfg)
	x.took = cfg.Clock.Now()
}

// lentTo is a scenario that knows only the accounts of some people.
func lentTo(sc *scenarios.Scenario, list []arrivals.Arrival, paired map[uint32]int) (*scenarios.Scenario, *runner.Lent) {
	own := *sc
	lent := &runner.Lent{Paired: map[uint32]int{}}
	if sc.Accounts.Generate == nil {
		own.Accounts.Rows = make([][]string, len(sc.Accounts.Rows))
	}
	for _, a := range list {
		i := paired[a.ID]
		lent.Paired[a.ID] = i
		if own.Accounts.Rows != nil {
			own.Accounts.Rows[i] = sc.Accounts.Rows[i]
		}
	}
	return &own, lent
}

func digestOf(list []arrivals.Arrival) string {
	var b strings.Builder
	_ = arrivals.WriteLines(&b, list)
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

func refuseWhen(held func() bool) func(*url.URL) error {
	return func(*url.URL) error {
		if held() {
			return &runner.TransportError{Reason: results.ReasonInFlight}
		}
		return nil
	}
}
