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
	// nil: all accounts are this run's. Pinned still wins.
	Lent *Lent
	// More brings further people while the run goes on: those of a lost worker.
	// They are merged into the order of the others, and their accounts added to
	// Lent's. Until it is closed, or two seconds after the last arrival of the whole
	// storm (Last), the run goes on although its own people are settled: others may
	// still come. See NoMore for who is sent too late. In an isolation such a person
	// finds a browser only if one was prepared to spare, and is not_sent, reason
	// unprepared, otherwise. nil: nobody else comes.
	More <-chan More
	// NoMore is called once, when nobody is released any more. Who sends then begins
	// nothing new, finishes what it has begun to send, and closes More: Run receives
	// until then, for 5 s at most, so that nobody is accepted and forgotten. These
	// people are not_sent, reason worker_lost, or cut when they were due later. nil:
	// only what waits to be received is looked at.
	NoMore func()
	// Last is the last arrival of the whole storm when others play the rest of it,
	// so that all drain to the same instant. 0: the last of these Arrivals or, with
	// More, the end of the played window.
	Last time.Duration
	// LoadEnds brings the instant from which no first click leaves: what Enough does,
	// decided elsewhere and for all parts of the storm at once. Who is due before it
	// leaves. Of several instants the earliest counts. nil: as planned.
	LoadEnds <-chan time.Duration
	// Held is asked before anybody is released, after the clock was read: once it
	// has said true nobody is released any more. When the guard then stops the run
	// because this worker is alone (results.EndedAlone), those never released stay
	// unrecorded: the fleet accounts for them, and may have given them to others.
	// It takes no lock and does not block. nil: never.
	Held func() bool
	// Calm bounds the rejected accounts tried again after the storm; 0: 200, below 0:
	// none. Workers share the 200.
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
	pacer    pacer
	known    known
	never    []arrivals.Arrival // due after the load's end; the ending's own
	tooLate  []arrivals.Arrival // handed over when nobody was released any more; likewise
	enough   chan struct{}      // closed by the ticker when the trial has decided
	decided  bool               // the ticker's own: enough is closed
	loadEnd  atomic.Int64       // when first clicks cease to leave; 0: as planned

	pendingMu sync.Mutex
	pending   []*person // rejected, to be tried once more after the storm
	stranded  []*person // refused by a guard that is about to stop the run
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
	ticking, stopTicking := context.WithCancel(context.Background())
	defer stopTicking()
	sinkFailed := make(chan error, 1)
	var ticker sync.WaitGroup
	ticker.Go(func() { r.tick(ticking, sinkFailed) })
	ending := newEnding(r)
	r.pacer.start(r.pace)

	end, err := ending.wait(ctx, sinkFailed)

	r.stopAt.Store(int64(cfg.Clock.Now()))
	r.stopping.Store(true)
	cancelSteps(&TransportError{Reason: results.ReasonInFlight, Err: errStops})
	r.pacer.stop()
	r.timers.halt()
	r.workers.stop()
	ending.leftOver()
	r.cutAll(end)
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
	end.At, end.Wall = r.cfg.Clock.Now(), time.Now()
	if at := r.loadEnded(); end.How == results.EndedEnough || at <= r.stoppedAt() {
		end.LoadEnd = at
	}
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
	if r.alone = newIsolation(cfg.Scenario, cfg.Plan); r.alone != nil {
		r.alone.todo = forWhom(cfg.Scenario, cfg.Arrivals, r.alone.reuse)
	}
	if lead := PreparationTime(cfg.Scenario, cfg.Plan); cfg.Clock.Now() > -lead && lead > 0 {
		return nil, fmt.Errorf("run: preparing takes %v, and the load begins in %v", lead, -cfg.Clock.Now())
	}
	if err := cfg.Lent.check(cfg.Scenario); err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	r.accounts = newAccounts(cfg.Scenario, cfg.Arrivals, cfg.Pinned, cfg.Lent)
	r.accounts.dealt = r.alone != nil
	for _, i := range cfg.Proved {
		if i >= 0 && i < cfg.Scenario.Accounts.Len() {
			r.accounts.worked(i)
		}
	}
	r.walker = walker{site: s, clock: cfg.Clock, hop: r.hop, outside: r.outOfScope}
	r.logins.stop, r.logins.of = make(chan struct{}), max(fewestLogins, firstLogins/max(1, cfg.Plan.Workers))
	r.live.init(len(cfg.Plan.Steps))
	r.known.add(cfg.Arrivals)
	r.pacer.todo = cfg.Arrivals
	r.left.Store(int64(len(cfg.Arrivals)))
	return r, nil
}

// off takes people off the page; the run is over with the last one.
func (r *run) off(n int64) {
	if r.left.Add(-n) <= 0 {
		r.lastOff.Do(func() { close(r.allDone) })
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
// runs by now. Who was never released is left to the fleet when this worker has
// lost its coordinator: others may be playing them already.
func (r *run) cutAll(end results.Ended) {
	for _, p := range append(r.timers.rest(), r.stranded...) {
		r.cut(p)
	}
	if end.How == results.EndedAlone {
		return
	}
	for _, list := range [][]arrivals.Arrival{r.pacer.todo, r.never} {
		for _, a := range list {
			r.notReleased(a, results.ReasonGenerator)
		}
	}
	for _, a := range r.tooLate {
		r.notReleased(a, results.ReasonWorkerLost)
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
