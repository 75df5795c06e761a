package runner

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// Visits walk single logins outside a run, at a person's own pace, for whoever
// watches a run from beside it. Safe for concurrent use.
type Visits struct {
	cfg    SmokeConfig
	site   *site
	walker walker
}

// Visit is one login to walk: indexes into Scenario.Personas, Journeys and
// Accounts, and an id for the person's own draws.
type Visit struct {
	Person                    uint32
	Persona, Journey, Account int
}

// Visited is how a visit ended. Took is the time to class: without the person's
// own pauses, with waits for the portal. It says nothing unless Outcome is
// InTime, which here only means that the person got in.
type Visited struct {
	Outcome results.Outcome
	Reason  results.Reason
	Took    time.Duration
}

// NewVisits prepares visits; Prove is not looked at. The error is a
// configuration's.
func NewVisits(cfg SmokeConfig) (*Visits, error) {
	s, err := newSite(cfg.Scenario, cfg.Plan)
	if err != nil {
		return nil, fmt.Errorf("visits: %w", err)
	}
	w := walker{site: s, clock: cfg.Clock, outside: func(*url.URL) {}, hop: func(*showing, int, *Request, *Response, error) {}}
	return &Visits{cfg: cfg, site: s, walker: w}, nil
}

// Walk walks one login up to the page in class, pauses included, waiting pages
// obeyed for as long as the context lasts. Nobody refreshes, nobody comes back.
func (v *Visits) Walk(ctx context.Context, visit Visit) Visited {
	b := browser{id: visit.Person, attempt: 1, account: visit.Account, session: v.cfg.Driver.Open(visit.Person)}
	defer b.session.Forget()
	j := &v.cfg.Scenario.Journeys[visit.Journey]
	d := draws{v.site.seed, uint64(visit.Person), &v.cfg.Scenario.Patience}
	think := v.cfg.Scenario.Personas[visit.Persona].Think
	own, done := time.Duration(0), time.Duration(0)
	t := tour{w: &v.walker, b: &b, journey: j, base: v.site.first[visit.Journey], patient: true}
	t.pause = func(i int) time.Duration {
		p := pauseBefore(&j.Steps[i], i, think, d)
		own += p
		return p
	}
	t.judged = func(_ int, f finding) { done = f.proved }
	started := v.cfg.Clock.Now()
	f := t.walk(ctx)
	return Visited{Outcome: f.outcome, Reason: f.reason, Took: done - started - own}
}

// pauseBefore is what a person thinks before a step, as in a run.
func pauseBefore(st *scenarios.Step, i int, think scenarios.Think, d draws) time.Duration {
	if st.Pause != nil {
		think = *st.Pause
	} else if i == 0 {
		return 0
	}
	return d.time(think, streamThink, nth(1, i, 0))
}
