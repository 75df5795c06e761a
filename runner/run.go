package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

const streamThink = arrivals.StreamThink

// Config is what a run needs. Health and Observe may be nil.
type Config struct {
	Scenario *scenarios.Scenario
	Plan     *results.Plan
	Arrivals []arrivals.Arrival // this worker's, sorted by At
	Driver   Driver
	Guard    Guard
	Clock    Clock // zero is the start of the played window
	Sink     Sink

	// Health measures the generator, once a second; the run fills in its own
	// gauges.
	Health func(second int) results.Health
	// Observe is told once a second how the run goes; it must not block.
	Observe func(Snapshot)
	// Proved are accounts that have worked before (the sample of smoke).
	Proved []int

	// Enough ends a trial's load early. It is asked once a second from one
	// goroutine, after Observe, and must not block. Once it has said true no
	// first click leaves any more; who is in flight has Plan.Drain to finish, and
	// who was still to come is not_sent, reason cut: [results.Ended] says from
	// when on, and [results.SeriesOf] counts these people as never due. nil:
	// everybody comes.
	Enough func(Snapshot) bool
	// Pinned names, by persona, one account that all of them use, with the random
	// values that Smoke draws for the persona under the plan's seed: for a target
	// that repeats what Smoke was told (our own sink). nil: everyone their own.
	Pinned map[string]int
	// Lent, when others play the rest of the storm: the accounts of these people.
	// nil: all accounts are this run's.
	Lent *Lent
	// More brings further people while the run goes on, until it is closed or the
	// run ends. nil: nobody else comes.
	More <-chan More
	// LoadEnds brings the instant from which no first click leaves: what Enough does,
	// decided elsewhere and for all parts of the storm at once. nil: as planned.
	LoadEnds <-chan time.Duration
	// Held is asked before anybody is released, and before the pacer does anything
	// after a wait. Once it has said true nobody is released any more. It takes no
	// lock and does not block. nil: never.
	Held func() bool
	// Calm bounds the rejected accounts tried again after the storm; 0: 200.
	Calm int
	// Open counts the generator's open connections, for Snapshot; nil: 0.
	Open func() int
}

// run is one run in progress.
type run struct {
	cfg      Config
	site     *site
	walker   walker
	rec      *recorder
	workers  *workers
	timers   *timers
	accounts *accounts
	live     live
	logins   logins
	conduct  results.Conduct // of the plan; without one, the scenario's own storm
	patience *scenarios.Patience
	alone    *isolation // nil but in an isolation
	firsts   [results.OutcomeCount]atomic.Bool
	outside  outsiders

	steps    []context.Context // children of one context, so that no lock is shared by all
	stopping atomic.Bool
	stopAt   atomic.Int64
	left     atomic.Int64 // people not off the page
	allDone  chan struct{}
	lastOff  sync.Once
	released atomic.Int64  // arrivals handed to workers
	enough   chan struct{} // closed by the ticker when the trial has decided
	decided  bool          // the ticker's own: enough is closed
	loadEnd  atomic.Int64  // when first clicks ceased to leave; 0: as planned

	pendingMu sync.Mutex
	pending   []*person // rejected, to be tried once more after the storm
}

// ctxShards spreads the steps' contexts over several parents.
const ctxShards = 64

// Run replays the arrivals and records everything in the sink. It returns when
// all people are settled and have finished their journeys, when the drain after
// the last arrival is over, at the scenario's wall-clock end, or when the guard
// or the context stops it; then no goroutine of it is left. The caller writes
// the Ended it returns (results.Folder.Close). A dead target does not stop a
// run. The error is an internal one: a plan of another scenario, a sink that
// cannot be written; Ended then says internal_error.
func Run(ctx context.Context, cfg Config) (results.Ended, error) {
	r, err := newRun(cfg)
	if err != nil {
		return results.Ended{How: results.EndedInternal, Wall: time.Now(), Cause: "the run could not be prepared"}, err
	}
	stepCtx, cancelSteps := context.WithCancelCause(context.Background())
	defer cancelSteps(nil)
	for range ctxShards {
		c, cancel := context.WithCancel(stepCtx)
		defer cancel()
		r.steps = append(r.steps, c)
	}
	r.workers = newWorkers(r.act)
	r.timers = newTimers(cfg.Clock, r.woken)
	pacing, cancelPacing := context.WithCancel(context.Background())
	defer cancelPacing()
	ticking, stopTicking := context.WithCancel(context.Background())
	defer stopTicking()
	sinkFailed := make(chan error, 1)
	var pacer, ticker sync.WaitGroup
	pacer.Go(func() { r.pace(pacing) })
	ticker.Go(func() { r.tick(ticking, sinkFailed) })
	stopPacing := func() { cancelPacing(); pacer.Wait() }

	end, err := r.wait(ctx, sinkFailed, stopPacing)

	r.stopAt.Store(int64(cfg.Clock.Now()))
	r.stopping.Store(true)
	cancelSteps(&TransportError{Reason: results.ReasonInFlight, Err: errStops})
	stopPacing()
	r.timers.halt()
	r.workers.stop()
	r.cutAll()
	if r.alone != nil {
		r.alone.forget()
	}
	switch end.How {
	case results.EndedPlanned, results.EndedEnough, results.EndedCredentials:
		r.calm(ctx, &end)
	}
	r.settlePending()
	stopTicking()
	ticker.Wait()
	return r.conclude(end, err)
}

var errStops = errors.New("the run stops")

// conclude writes the last second.
func (r *run) conclude(end results.Ended, err error) (results.Ended, error) {
	if flushed := r.flush(second(r.cfg.Clock.Now()), true); flushed != nil && err == nil {
		err = fmt.Errorf("run: %w", flushed)
	}
	if err != nil {
		end.How, end.Cause = results.EndedInternal, "the run folder could not be written"
	}
	end.At, end.Wall, end.LoadEnd = r.cfg.Clock.Now(), time.Now(), r.loadEnded()
	return end, err
}

func newRun(cfg Config) (*run, error) {
	switch {
	case cfg.Scenario == nil || cfg.Plan == nil:
		return nil, errors.New("run: no scenario or no plan")
	case cfg.Driver == nil || cfg.Guard == nil || cfg.Clock == nil || cfg.Sink == nil:
		return nil, errors.New("run: no driver, guard, clock or sink")
	}
	s, err := newSite(cfg.Scenario, cfg.Plan)
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	for _, a := range cfg.Arrivals {
		if int(a.Cohort) >= len(s.who) {
			return nil, errors.New("run: an arrival of an unknown cohort")
		}
	}
	r := &run{cfg: cfg, site: s, rec: newRecorder(), allDone: make(chan struct{}), enough: make(chan struct{})}
	r.obey(cfg.Plan.Conduct)
	r.alone = newIsolation(cfg.Scenario, cfg.Plan)
	if lead := PreparationTime(cfg.Scenario, cfg.Plan); cfg.Clock.Now() > -lead && lead > 0 {
		return nil, fmt.Errorf("run: preparing takes %v, and the load begins in %v", lead, -cfg.Clock.Now())
	}
	r.accounts = newAccounts(cfg.Scenario, cfg.Arrivals, cfg.Pinned)
	r.accounts.dealt = r.alone != nil
	for _, i := range cfg.Proved {
		if i >= 0 && i < cfg.Scenario.Accounts.Len() {
			r.accounts.worked(i)
		}
	}
	r.walker = walker{site: s, clock: cfg.Clock, hop: r.hop, outside: r.outOfScope}
	r.logins.stop = make(chan struct{})
	r.live.init(len(cfg.Plan.Steps))
	r.left.Store(int64(len(cfg.Arrivals)))
	if len(cfg.Arrivals) == 0 {
		r.off(0)
	}
	return r, nil
}

// wait is the end of the storm: whichever comes first.
func (r *run) wait(ctx context.Context, sinkFailed <-chan error, stopPacing func()) (results.Ended, error) {
	clock := r.cfg.Clock
	last := time.Duration(0)
	if n := len(r.cfg.Arrivals); n > 0 {
		last = r.cfg.Arrivals[n-1].At
	}
	drained := time.NewTimer(max(0, last+r.cfg.Plan.Drain-clock.Now()))
	defer drained.Stop()
	limit := time.NewTimer(time.Hour)
	defer limit.Stop()
	var limitC <-chan time.Time
	if r.cfg.Plan.Ends > 0 {
		limit.Reset(max(0, r.cfg.Plan.Ends-clock.Now()))
		limitC = limit.C
	}
	how, enough := results.EndedPlanned, r.enough
	for {
		select {
		case <-enough:
			how, enough = results.EndedEnough, nil
			last = clock.Now()
			drained.Reset(r.cfg.Plan.Drain)
			r.endLoad(last, stopPacing)
		case <-r.allDone:
			return results.Ended{How: how}, nil
		case <-drained.C:
			return results.Ended{How: how}, nil
		case <-limitC:
			if r.cfg.Plan.Ends >= last+r.cfg.Plan.Drain {
				return results.Ended{How: how}, nil
			}
			return results.Ended{How: results.EndedLimit, Cause: "the scenario's ends_after came first"}, nil
		case <-r.cfg.Guard.Stopped():
			return r.cfg.Guard.Cause(), nil
		case <-r.logins.stop:
			return results.Ended{How: results.EndedCredentials,
				Cause: "over 1 % of the first 200 logins answered were rejected while nothing else failed"}, nil
		case err := <-sinkFailed:
			return results.Ended{}, fmt.Errorf("run: %w", err)
		case <-ctx.Done():
			return results.Ended{How: results.EndedInterrupted, Cause: "interrupted"}, nil
		}
	}
}

// endLoad lets no first click leave any more: the trial has decided. Who is in
// flight goes on.
func (r *run) endLoad(now time.Duration, stopPacing func()) {
	r.loadEnd.Store(int64(now))
	stopPacing()
	r.off(int64(len(r.cfg.Arrivals)) - r.released.Load())
}

// off takes people off the page; the run is over with the last one.
func (r *run) off(n int64) {
	if r.left.Add(-n) <= 0 {
		r.lastOff.Do(func() { close(r.allDone) })
	}
}

// pace releases everybody at the intended instant; it waits for no one.
func (r *run) pace(ctx context.Context) {
	r.prepareAhead(ctx)
	list := r.cfg.Arrivals
	for i := 0; i < len(list); {
		if r.cfg.Clock.SleepUntil(ctx, list[i].At) != nil || r.stopping.Load() {
			return
		}
		now := r.cfg.Clock.Now()
		for ; i < len(list) && list[i].At <= now && !r.stopping.Load(); i++ {
			r.released.Store(int64(i + 1))
			r.workers.do(r.newPerson(list[i].ID, int(list[i].Cohort), list[i].At))
		}
	}
}

// park leaves p to the timers.
func (r *run) park(p *person) {
	r.live.park(p.state, +1)
	r.timers.at(p.due, p)
}

func (r *run) stoppedAt() time.Duration { return time.Duration(r.stopAt.Load()) }
func (r *run) loadEnded() time.Duration { return time.Duration(r.loadEnd.Load()) }

// cutAll settles those nobody acted for when the run stopped. Nothing else
// runs by now.
func (r *run) cutAll() {
	for _, p := range r.timers.rest() {
		r.cut(p)
	}
	for _, a := range r.cfg.Arrivals[r.released.Load():] {
		r.notReleased(r.newPerson(a.ID, int(a.Cohort), a.At))
	}
}

// deadline is the person's patience with a page, or the step's timeout.
func (r *run) deadline(p *person, st *scenarios.Step) (context.Context, context.CancelFunc) {
	timeout := st.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	why := results.ReasonStepTimeout
	if wait := p.draws.pageWait(nth(p.attempt, p.step, p.repeat)); wait > 0 && wait < timeout && !p.inClass {
		timeout, why = wait, results.ReasonImpatient
	}
	parent := r.steps[p.id%ctxShards]
	if why == results.ReasonStepTimeout {
		return context.WithTimeout(parent, timeout) // the driver knows what it was doing
	}
	return context.WithTimeoutCause(parent, timeout, &TransportError{Reason: why, Err: errPatience})
}

const defaultTimeout = 60 * time.Second

var errPatience = errors.New("the person refreshed the page")

func second(at time.Duration) int { return int(max(0, at) / time.Second) }
