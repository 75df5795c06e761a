package witness

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// Most is the highest rate of a prober: five a second are no load.
const (
	DefaultEvery = time.Second
	shortest     = 200 * time.Millisecond
	maxAtOnce    = 500 // probes under way; beyond, one that is due fails at once
)

// Config is what [Logins] needs. Every but Every and Limit is required.
type Config struct {
	Scenario *scenarios.Scenario
	Plan     *results.Plan // of the storm: steps, hosts, seed
	Driver   runner.Driver
	Guard    runner.Guard
	Clock    runner.Clock
	// Accounts are its own, by persona ([Reserve]): indexes into
	// Scenario.Accounts.
	Accounts map[string][]int
	Every    time.Duration // between two logins; 0: DefaultEvery; at least 200 ms
	Limit    time.Duration // the time criterion; 0 for none
}

// Logins is the witness prober. Begin and End may be called while it runs.
type Logins struct {
	cfg    Config
	visits *runner.Visits
	parts  []runner.Part // walked in turn
	slack  time.Duration
	window window
	next   atomic.Uint64
}

// NewLogins prepares a witness; it sends nothing before Run.
func NewLogins(cfg Config) (*Logins, error) {
	if cfg.Every == 0 {
		cfg.Every = DefaultEvery
	}
	if cfg.Every < shortest {
		return nil, errors.New("witness: more than five logins a second are load")
	}
	visits, err := runner.NewVisits(runner.SmokeConfig{Scenario: cfg.Scenario, Plan: cfg.Plan, Driver: cfg.Driver, Guard: cfg.Guard, Clock: cfg.Clock})
	if err != nil {
		return nil, err
	}
	l := &Logins{cfg: cfg, visits: visits}
	l.window.limit = cfg.Limit
	for i := range cfg.Scenario.Personas {
		p := &cfg.Scenario.Personas[i]
		if len(cfg.Accounts[p.ID]) == 0 {
			continue
		}
		for _, share := range p.Journeys {
			l.parts = append(l.parts, runner.Part{Persona: i, Journey: share.Index})
			l.slack = max(l.slack, slowest(&cfg.Scenario.Journeys[share.Index], p.Think))
		}
	}
	if len(l.parts) == 0 {
		return nil, errors.New("witness: no account of its own")
	}
	return l, nil
}

// slowest is how long a person may well think on the way to class.
func slowest(j *scenarios.Journey, think scenarios.Think) (sum time.Duration) {
	for i := range j.Steps {
		st := &j.Steps[i]
		switch {
		case st.Pause != nil:
			sum += st.Pause.P95
		case i > 0:
			sum += think.P95
		}
		if st.InClass {
			break
		}
	}
	return sum
}

// Run walks logins until the context ends; then nothing of it is left.
func (l *Logins) Run(ctx context.Context) {
	every(ctx, l.cfg.Guard, l.cfg.Clock, l.cfg.Every, &l.window, l.walk)
}

// Begin opens the window of a trial.
func (l *Logins) Begin(trial string) { l.window.begin(trial) }

// End closes it and says what was seen.
func (l *Logins) End() results.Beheld { return l.window.end(l.cfg.Clock.Now(), l.slack) }

// firstPerson keeps the witness's people apart from those of any load.
const firstPerson = 1 << 31

// walk is one login: personas, journeys and accounts in turn.
func (l *Logins) walk(ctx context.Context) time.Duration {
	n := l.next.Add(1) - 1
	part := l.parts[n%uint64(len(l.parts))]
	own := l.cfg.Accounts[l.cfg.Scenario.Personas[part.Persona].ID]
	seen := l.visits.Walk(ctx, runner.Visit{
		Person: firstPerson + uint32(n%firstPerson), Persona: part.Persona, Journey: part.Journey,
		Account: own[n/uint64(len(l.parts))%uint64(len(own))],
	})
	if seen.Outcome != results.InTime {
		return never
	}
	return seen.Took
}

// every probes at fixed instants, whatever the probes before do.
func every(ctx context.Context, guard runner.Guard, clock runner.Clock, gap time.Duration, w *window, probe func(context.Context) time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	var under sync.WaitGroup
	defer under.Wait()
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	under.Go(func() { // the target's no ends it at once
		select {
		case <-guard.Stopped():
			cancel()
		case <-stop:
		}
	})
	places := make(chan struct{}, maxAtOnce)
	for at := clock.Now(); clock.SleepUntil(ctx, at) == nil; at += gap {
		p := w.started(clock.Now())
		select {
		case places <- struct{}{}:
			under.Go(func() {
				defer func() { <-places }()
				took := probe(ctx)
				if ctx.Err() == nil {
					w.ended(p, took)
				}
			})
		default:
			w.ended(p, never)
		}
	}
}
