package runner

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// SmokeConfig is what smoke needs. Guard is the one the driver asks.
type SmokeConfig struct {
	Scenario *scenarios.Scenario
	Plan     *results.Plan
	Driver   Driver
	Guard    Guard
	Clock    Clock
	// Prove sends one wrong password per persona, too.
	Prove bool
}

// Trace is one person's walk, every hop of it, fit to be printed: no query, no
// id, no account, no secret.
type Trace struct {
	Persona string
	Journey string
	Wrong   bool // with a wrong password, on purpose
	Outcome results.Outcome
	Reason  results.Reason
	// Problem says what is not as it should be, with a remedy; "" when the walk
	// ended as it must: in class, or refused with a wrong password.
	Problem string
	Steps   []TraceStep
	Outside []string // hosts out of scope that were named and not fetched
}

// TraceStep is one step of a trace.
type TraceStep struct {
	Name    string
	InClass bool
	Outcome results.Outcome // InTime: the page is proved
	Reason  results.Reason
	Why     string // what was missing, how the page looked
	Took    time.Duration
	Hops    []TraceHop // in the order they ended
}

// TraceHop is one exchange of a step.
type TraceHop struct {
	Number int // from 1 for the page and its redirects; 0 for calls and assets
	Kind   Kind
	Method string
	Host   string // name as in the plan's hosts
	Path   string // without query, ids masked
	Status int    // 0: no answer
	Reason results.Reason
	Timing Timing
}

// Smoke walks one person per persona through each of the persona's journeys,
// one after the other, without pauses. With Prove it first sends a wrong
// password, which must be refused as such: a file that cannot tell an
// overloaded portal from a wrong password measures nothing. Traces with a
// Problem are failures; the error is a configuration's, or the context's end.
func Smoke(ctx context.Context, cfg SmokeConfig) ([]Trace, error) {
	s, err := newSite(cfg.Scenario, cfg.Plan)
	if err != nil {
		return nil, fmt.Errorf("smoke: %w", err)
	}
	var out []Trace
	for i := range cfg.Scenario.Personas {
		p := &cfg.Scenario.Personas[i]
		account, ok := FirstAccount(cfg.Scenario, p.ID)
		if !ok {
			out = append(out, Trace{Persona: p.ID, Problem: "no account serves this persona: add a line to the accounts"})
			continue
		}
		for _, share := range p.Journeys {
			for _, wrong := range passwords(cfg.Prove) {
				if err := stopped(ctx, cfg.Guard); err != nil {
					return out, fmt.Errorf("smoke: %w", err)
				}
				t := tracer{cfg: cfg, site: s, trace: Trace{Persona: p.ID, Journey: cfg.Scenario.Journeys[share.Index].Name, Wrong: wrong}}
				out = append(out, t.walk(ctx, uint32(i), account, share.Index))
			}
		}
	}
	return out, nil
}

// passwords: the wrong one first, so that the right one ends the count of
// failures that portals keep.
func passwords(prove bool) []bool {
	if prove {
		return []bool{true, false}
	}
	return []bool{false}
}

func stopped(ctx context.Context, g Guard) error {
	select {
	case <-g.Stopped():
		return errors.New("the target withdrew its consent")
	default:
		return ctx.Err()
	}
}

// FirstAccount is the account that Smoke walks a persona's journeys with: the
// first one that serves it, of those that are here (see [Lent]). False: none does.
func FirstAccount(sc *scenarios.Scenario, persona string) (int, bool) {
	for i := range sc.Accounts.Len() {
		if p := sc.Accounts.PersonaOf(i); here(sc, i) && (p == "" || p == persona) {
			return i, true
		}
	}
	return 0, false
}

// tracer writes one walk down.
type tracer struct {
	cfg   SmokeConfig
	site  *site
	mu    sync.Mutex // calls and assets are parallel
	trace Trace
	hops  []TraceHop
}

func (t *tracer) walk(ctx context.Context, person uint32, account, journey int) Trace {
	b := browser{id: person, attempt: 1, account: account, session: t.cfg.Driver.Open(person)}
	defer b.session.Forget()
	if t.trace.Wrong {
		b.wrong = "Firstbell-" + b.random(t.site.seed, "wrong")[:12]
	}
	w := walker{site: t.site, clock: t.cfg.Clock, hop: t.hop, outside: t.outside}
	j := &t.cfg.Scenario.Journeys[journey]
	started := t.cfg.Clock.Now()
	tour := tour{w: &w, b: &b, journey: j, base: t.site.first[journey], whole: !t.trace.Wrong}
	tour.judged = func(i int, f finding) {
		t.trace.Steps = append(t.trace.Steps, TraceStep{
			Name: j.Steps[i].Name, InClass: j.Steps[i].InClass, Outcome: f.outcome, Reason: f.reason,
			Why: Redact(f.text, b.secrets(t.site)...), Took: f.done - started, Hops: t.hops})
		t.hops, started = nil, t.cfg.Clock.Now()
	}
	f := tour.walk(ctx)
	t.trace.Outcome, t.trace.Reason = f.outcome, f.reason
	t.trace.Problem = t.problem(j, f)
	return t.trace
}

// problem judges the walk as a whole.
func (t *tracer) problem(j *scenarios.Journey, f finding) string {
	last := ""
	if n := len(t.trace.Steps); n > 0 {
		last = t.trace.Steps[n-1].Name
	}
	ended := fmt.Sprintf("%s/%s at step %q", f.outcome, f.reason, last)
	switch {
	case !t.trace.Wrong && f.outcome == results.InTime:
		return ""
	case !t.trace.Wrong && f.outcome == results.Invalid:
		return "the account was refused (" + ended + "): check the password in the accounts"
	case !t.trace.Wrong:
		return "not in class: " + ended
	case f.outcome == results.Invalid:
		return ""
	case f.outcome == results.InTime:
		return "a wrong password got in class: the proof of the step in class does not prove who is signed in; expect something only this person's page says"
	}
	return "a wrong password ended as " + ended + ", which an overloaded portal gives too: add signatures: bad_credentials with what the page of a wrong password says"
}

func (t *tracer) hop(v *showing, number int, req *Request, resp *Response, err error) {
	h := TraceHop{Number: number, Kind: req.Kind, Method: req.Method, Host: t.host(req.URL, resp.Host),
		Path: maskPath(req.URL.EscapedPath(), v.b.secrets(t.site)...), Status: resp.Status, Timing: resp.Timing}
	var te *TransportError
	if errors.As(err, &te) {
		h.Reason = te.Reason
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.hops) < 500 {
		t.hops = append(t.hops, h)
	}
}

func (t *tracer) host(u *url.URL, index int) string {
	if index >= 0 && index < len(t.cfg.Plan.Hosts) {
		return t.cfg.Plan.Hosts[index]
	}
	return u.Host
}

func (t *tracer) outside(u *url.URL) {
	host := u.Scheme + "://" + u.Host
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, h := range t.trace.Outside {
		if h == host {
			return
		}
	}
	if len(t.trace.Outside) < maxOutsiders {
		t.trace.Outside = append(t.trace.Outside, host)
	}
}

// Limits of the sample before a storm.
const (
	sampleSize    = 20
	sampleTime    = 30 * time.Second
	sampleSilence = 3 // logins without a clear answer, in a row
)

// SampleAccounts tries up to 20 accounts, spread over all of them, before the
// storm: one at a time, up to the answer to the password, for at most 30 s. It
// gives the counts for Plan.Smoke and the accounts that worked, for
// Config.Proved. A portal that does not answer clearly ends the sample, which
// then says nothing: that is no error.
func SampleAccounts(ctx context.Context, cfg SmokeConfig) (results.Smoke, []int, error) {
	s, err := newSite(cfg.Scenario, cfg.Plan)
	if err != nil {
		return results.Smoke{}, nil, fmt.Errorf("sample: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sampleTime)
	defer cancel()
	var out results.Smoke
	var proved []int
	silent := 0
	for _, i := range sampled(cfg.Scenario.Accounts.Len(), cfg.Plan.Seed) {
		if stopped(ctx, cfg.Guard) != nil || silent == sampleSilence {
			break
		}
		j, ok := journeyOf(cfg.Scenario, i)
		if !ok {
			continue
		}
		f := s.login(ctx, cfg, i, j)
		switch f.outcome {
		case results.InTime:
			out.Tried, out.Accepted, silent = out.Tried+1, out.Accepted+1, 0
			proved = append(proved, i)
		case results.Invalid:
			out.Tried, out.Rejected, silent = out.Tried+1, out.Rejected+1, 0
		default:
			silent++
		}
	}
	return out, proved, nil
}

// sampled spreads the sample evenly, from an offset drawn from the seed.
func sampled(n int, seed uint64) []int {
	size := min(n, sampleSize)
	var out []int
	if size == 0 {
		return nil
	}
	offset := int(arrivals.Bits(seed, arrivals.StreamSmoke, 0, 0) % uint64(n))
	for k := range size {
		out = append(out, (offset+k*n/size)%n)
	}
	return out
}

// journeyOf is a journey of the persona an account serves.
func journeyOf(sc *scenarios.Scenario, account int) (int, bool) {
	if !here(sc, account) {
		return 0, false
	}
	want := sc.Accounts.PersonaOf(account)
	for i := range sc.Personas {
		p := &sc.Personas[i]
		if len(p.Journeys) > 0 && (want == "" && comes(sc, p.ID) || want == p.ID) {
			return p.Journeys[0].Index, true
		}
	}
	return 0, false
}

func comes(sc *scenarios.Scenario, persona string) bool {
	for _, c := range sc.Population {
		if c.Persona == persona {
			return true
		}
	}
	return false
}

// login walks up to the answer to the password.
func (s *site) login(ctx context.Context, cfg SmokeConfig, account, journey int) finding {
	id := uint32(account)
	b := browser{id: id, attempt: 1, account: account, session: cfg.Driver.Open(id)}
	defer b.session.Forget()
	w := walker{site: s, clock: cfg.Clock, outside: func(*url.URL) {},
		hop: func(*showing, int, *Request, *Response, error) {}}
	t := tour{w: &w, b: &b, journey: &cfg.Scenario.Journeys[journey], base: s.first[journey], untilLogin: true}
	return t.walk(ctx)
}

// Problems joins what is wrong with the traces, one line each; "" when nothing
// is.
func Problems(traces []Trace) string {
	var lines []string
	for _, t := range traces {
		if t.Problem != "" {
			lines = append(lines, t.Persona+" · "+t.Journey+": "+t.Problem)
		}
	}
	return strings.Join(lines, "\n")
}
