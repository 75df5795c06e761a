package nulltarget

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"

	"firstbell/runner"
)

// Replayer is a driver whose requests name the recorded answer they are to get.
// It is safe for concurrent use.
type Replayer struct {
	inner  runner.Driver
	tape   *Tape
	lines  []string // values of the header, by answer
	part   func(person uint32) runner.Part
	missed atomic.Int64
}

var _ runner.Driver = (*Replayer)(nil)

// Replay wraps a driver that leads to the sink. parts says what each person
// plays ([runner.Cast]).
func Replay(inner runner.Driver, t *Tape, parts map[uint32]runner.Part) (*Replayer, error) {
	for _, p := range parts {
		if t.walks[p] == nil {
			return nil, errors.New("replay: a journey that was not recorded")
		}
	}
	return newReplayer(inner, t, func(person uint32) runner.Part { return parts[person] }), nil
}

func newReplayer(inner runner.Driver, t *Tape, part func(uint32) runner.Part) *Replayer {
	r := &Replayer{inner: inner, tape: t, part: part, lines: make([]string, len(t.answers.list))}
	for i := range r.lines {
		r.lines[i] = headerLine(t.answers.key, i)
	}
	return r
}

// Missed counts the exchanges that nothing on the tape answers.
func (r *Replayer) Missed() int64 { return r.missed.Load() }

// Open gives one person a browser.
func (r *Replayer) Open(person uint32) runner.Session {
	return &replayed{r: r, inner: r.inner.Open(person), walk: r.tape.walks[r.part(person)]}
}

// replayed is the browser of one person.
type replayed struct {
	r     *Replayer
	inner runner.Session
	walk  *walk // nil: of nobody on the tape
	mu    sync.Mutex
	seen  []uint8 // by place: how often it was asked for
}

func (s *replayed) Cookie(u *url.URL, name string) (string, bool) { return s.inner.Cookie(u, name) }
func (s *replayed) PageDone()                                     { s.inner.PageDone() }
func (s *replayed) Close()                                        { s.inner.Close() }

// Forget drops the cookies, and with them what has been asked for.
func (s *replayed) Forget() {
	s.mu.Lock()
	clear(s.seen)
	s.mu.Unlock()
	s.inner.Forget()
}

// Do performs one exchange with the sink.
func (s *replayed) Do(ctx context.Context, req *runner.Request) (*runner.Response, error) {
	line := ""
	if n, ok := s.answer(req); ok {
		line = s.r.lines[n]
	} else {
		s.r.missed.Add(1)
		line = headerLine(s.r.tape.answers.key, absent)
	}
	numbered := *req
	numbered.Header = append(slices.Clip(req.Header), runner.Header{Name: header, Value: line})
	return s.inner.Do(ctx, &numbered)
}

// answer finds the recorded answer to a request: the n-th one for the address
// when it is asked for the n-th time, the last one from then on.
func (s *replayed) answer(req *runner.Request) (int, bool) {
	if s.walk == nil {
		return 0, false
	}
	exact, near := keys(req)
	p := s.walk.exact[exact]
	if p == nil {
		p = s.walk.near[near]
	}
	if p == nil {
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = make([]uint8, s.walk.places)
	}
	n := int(s.seen[p.id])
	if n < 255 {
		s.seen[p.id]++
	}
	return p.answers[min(n, len(p.answers)-1)], true
}
