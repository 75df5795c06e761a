package runner

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"firstbell/runner/results"
)

const (
	firstLogins   = 200 // answered logins that decide whether the accounts are wrong
	fewestLogins  = 20  // of a worker's share of them
	fewestRefused = 3   // rejections that prove anything: one of few is an accident
	maxCalm       = 200 // rejected accounts tried once more after the storm
	enoughCalm    = 50  // of them, all accepted, that speak for those not tried
	calmTime      = 2 * time.Minute
)

// logins watches the first answered logins: a file with wrong passwords is the
// test's own fault, and is stopped before it locks every account.
//
// Workers share the 200, each looks at 20 at least. Over 1 % of 200 is three or
// more, and three are asked for of fewer, too: with one bad account in 200, which
// is nothing to stop for, one of 16 workers that each look at 20 would see three
// in 2 % of all storms (binomial; one alone sees them in 200 in 8 %), while every
// worker sees them in 20 when three in ten are bad (96 %).
type logins struct {
	of                         int // how many decide
	mu                         sync.Mutex
	answered, rejected, broken int
	closed                     atomic.Bool // decided: nobody takes the lock any more
	stop                       chan struct{}
}

// loginAnswered counts the answer to a login.
func (r *run) loginAnswered(o results.Outcome) {
	l := &r.logins
	if l.closed.Load() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed.Load() {
		return
	}
	l.answered++
	switch o {
	case results.InTime:
	case results.Invalid:
		l.rejected++
	default:
		l.broken++
	}
	if l.answered < l.of {
		return
	}
	l.closed.Store(true)
	if l.rejected >= fewestRefused && l.rejected*100 > l.of && l.broken == 0 && r.nothingElseFailed() {
		close(l.stop)
	}
}

// cause says why the run stops.
func (l *logins) cause() string {
	return fmt.Sprintf("over 1 %% of the first %d logins answered were rejected while nothing else failed", l.of)
}

// nothingElseFailed reports whether no attempt failed but by a rejection.
func (r *run) nothingElseFailed() bool {
	for o := range r.firsts {
		if results.Outcome(o) != results.Invalid && r.firsts[o].Load() {
			return false
		}
	}
	return true
}

// rejected keeps a person whose login was refused until the calm tries after
// the storm; for locked accounts the refusal stands.
func (r *run) rejected(p *person, now time.Duration) {
	if p.reason == results.ReasonBadCredentials {
		r.pendingMu.Lock()
		p.due = now
		r.pending = append(r.pending, p)
		r.pendingMu.Unlock()
		r.begin(p, now)
		p.session.Close()
		r.live.settled(results.Invalid) // for those who watch
		r.off(1)
		return
	}
	r.endedAttempt(p, p.outcome, p.reason, now)
	r.settle(p, results.Person{Settled: now, Outcome: p.outcome, Reason: p.reason})
	r.release(p)
}

// calm tries the rejected accounts once more, one at a time, now that nothing
// else loads the target: one that is accepted was refused under load. Of more
// than 200 (Config.Calm), a sample is tried; when all of it is accepted, so would
// the rest have been. That takes 50 at least: up to 6 % of the rest may still be
// wrong then (the rule of three); after fewer, the refusals of the rest stand.
func (r *run) calm(ctx context.Context, end *results.Ended) {
	ctx, cancel := context.WithTimeout(ctx, calmTime)
	defer cancel()
	bound := maxCalm
	if r.cfg.Calm != 0 {
		bound = max(0, r.cfg.Calm)
	}
	sample := spread(r.pending, bound)
	for _, p := range sample {
		if ctx.Err() != nil {
			return
		}
		select {
		case <-r.cfg.Guard.Stopped():
			return
		default:
		}
		accepted, answered := r.tryCalmly(ctx, p)
		if answered {
			end.CalmTried++
		}
		if accepted {
			end.CalmAccepted++
			p.outcome, p.reason = results.Error, results.ReasonRefusedUnderLoad
		}
	}
	if n := len(sample); n >= min(enoughCalm, len(r.pending)) && end.CalmAccepted == n {
		for _, p := range r.pending {
			p.outcome, p.reason = results.Error, results.ReasonRefusedUnderLoad
		}
	}
}

// spread takes at most n people, evenly from first to last.
func spread(people []*person, n int) []*person {
	if len(people) <= n {
		return people
	}
	out := make([]*person, n)
	for i := range out {
		out[i] = people[i*len(people)/n]
	}
	return out
}

// tryCalmly walks a person's journey, without pauses, until the login is
// answered.
func (r *run) tryCalmly(ctx context.Context, p *person) (accepted, answered bool) {
	b := browser{id: p.id, attempt: p.attempt + 1, account: p.account, session: r.cfg.Driver.Open(p.id)}
	defer b.session.Forget()
	w := r.walker
	w.hop = func(*showing, int, *Request, *Response, error) {}
	t := tour{w: &w, b: &b, journey: p.journey, base: p.base, untilLogin: true}
	f := t.walk(ctx)
	switch {
	case f.outcome == results.InTime:
		return true, true
	case f.outcome == results.Invalid:
		return false, true
	}
	return false, false
}

// settlePending counts the rejected people as they stand.
func (r *run) settlePending() {
	for _, p := range r.pending {
		r.endedAttempt(p, p.outcome, p.reason, p.due)
		r.live.people[results.Invalid].Add(-1)
		r.settle(p, results.Person{Settled: p.due, Outcome: p.outcome, Reason: p.reason})
		p.session.Forget()
		p.session = nil
	}
	r.pending = nil
}
