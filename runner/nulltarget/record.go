package nulltarget

import (
	"context"
	"errors"
	"net/url"
	"sync"

	"firstbell/runner"
	"firstbell/runner/results"
)

// Record is [runner.Smoke] with a recording: it walks one person per persona
// and journey through the target and keeps every exchange. No wrong password is
// sent. Traces with a Problem mean that there is nothing to replay: the tape is
// then nil, and so is the error. The error is Smoke's, or says that the journeys
// are too large for a tape.
func Record(ctx context.Context, cfg runner.SmokeConfig) (*Tape, []runner.Trace, error) {
	rec := &recorder{inner: cfg.Driver}
	cfg.Driver, cfg.Prove = rec, false
	traces, err := runner.Smoke(ctx, cfg)
	switch {
	case err != nil:
		return nil, traces, err
	case rec.over:
		return nil, traces, errors.New("record: the journeys are too large for a tape")
	case runner.Problems(traces) != "":
		return nil, traces, nil
	}
	t := &Tape{Seed: cfg.Plan.Seed, Accounts: map[string]int{}, walks: map[runner.Part]*walk{}, answers: Answers{key: newKey()}}
	next := 0
	for i := range cfg.Scenario.Personas {
		p := &cfg.Scenario.Personas[i]
		account, ok := runner.FirstAccount(cfg.Scenario, p.ID)
		if !ok {
			continue // Smoke has said so, and opened no browser
		}
		t.Accounts[p.ID] = account
		for _, share := range p.Journeys {
			if next == len(rec.takes) {
				return nil, traces, errors.New("record: a walk is missing")
			}
			t.add(runner.Part{Persona: i, Journey: share.Index}, rec.takes[next])
			next++
		}
	}
	return t, traces, nil
}

// add appends the answers of one walk.
func (t *Tape) add(part runner.Part, k *take) {
	w := &walk{exact: map[uint64]*place{}, near: map[uint64]*place{}}
	for _, x := range k.list {
		n := len(t.answers.list)
		t.answers.list = append(t.answers.list, x.answer)
		w.put(w.exact, x.exact, n)
		w.put(w.near, x.near, n)
	}
	t.walks[part] = w
}

// walk finds the recorded answers of one journey.
type walk struct {
	exact, near map[uint64]*place
	places      int
}

// place is one address of a walk and its answers, in the order they came.
type place struct {
	id      int // among the walk's places
	answers []int
}

func (w *walk) put(m map[uint64]*place, key uint64, answer int) {
	p := m[key]
	if p == nil {
		p = &place{id: w.places}
		w.places++
		m[key] = p
	}
	p.answers = append(p.answers, answer)
}

// keys of a request: with its query, and without. A file of a page, whose body
// nobody reads, is not the page at the same address.
func keys(req *runner.Request) (exact, near uint64) {
	h := fnv1a(fnvBasis).text(req.Method)
	if req.MaxBody > 0 {
		h = h.text("\x01")
	}
	u := req.URL
	for _, s := range [...]string{u.Scheme, u.Host, u.EscapedPath()} {
		h = h.text("\x00").text(s)
	}
	return uint64(h.text("?").text(u.RawQuery)), uint64(h)
}

// fnv1a is the hash of that name, 64 bits: the same in every process, so that a
// tape can be played elsewhere, and it allocates nothing.
type fnv1a uint64

const (
	fnvBasis = 14695981039346656037
	fnvPrime = 1099511628211
)

func (h fnv1a) text(s string) fnv1a {
	for i := range len(s) {
		h = (h ^ fnv1a(s[i])) * fnvPrime
	}
	return h
}

// recorder is a driver that remembers what the browsers it opens are told.
type recorder struct {
	inner runner.Driver
	mu    sync.Mutex
	takes []*take
	size  int
	count int
	over  bool
}

// take is one walk being recorded.
type take struct {
	rec  *recorder
	list []exchange // under rec.mu
}

type exchange struct {
	exact, near uint64
	answer      answer
}

// Open opens a browser and begins a walk.
func (r *recorder) Open(person uint32) runner.Session {
	k := &take{rec: r}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takes = append(r.takes, k)
	return &recording{inner: r.inner.Open(person), take: k}
}

// recording is a browser whose exchanges are recorded.
type recording struct {
	inner runner.Session
	take  *take
}

func (s *recording) Cookie(u *url.URL, name string) (string, bool) { return s.inner.Cookie(u, name) }
func (s *recording) PageDone()                                     { s.inner.PageDone() }
func (s *recording) Close()                                        { s.inner.Close() }
func (s *recording) Forget()                                       { s.inner.Forget() }

// Do performs an exchange and records it.
func (s *recording) Do(ctx context.Context, req *runner.Request) (*runner.Response, error) {
	resp, err := s.inner.Do(ctx, req)
	x := exchange{}
	x.exact, x.near = keys(req)
	var te *runner.TransportError
	switch {
	case err == nil:
		x.answer = answerOf(req, resp)
	case errors.As(err, &te) && te.Reason.Outcome() == results.NotSent || ctx.Err() != nil || resp == nil:
		return resp, err // nothing was sent, or nobody waited for it
	default:
		x.answer = answer{close: true}
	}
	s.take.add(x)
	return resp, err
}

func (k *take) add(x exchange) {
	r := k.rec
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(x.answer.head) > maxAnswer || r.size+len(x.answer.head) > maxTape || r.count >= maxAnswers {
		r.over = true
		return
	}
	r.size += len(x.answer.head)
	r.count++
	k.list = append(k.list, x)
}
