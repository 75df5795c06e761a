package fleet

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"firstbell/runner/fleet/keys"
	"firstbell/runner/results"
)

// WorkerConfig is what a worker needs.
type WorkerConfig struct {
	Bus         Bus // connected; the caller closes it after Run
	Credentials *keys.Credentials
	// Hello are the facts about this machine and program; Protocol, Worker and
	// Instance are filled in.
	Hello Hello
	// Spool is a folder on a disk of this machine; it is made, for this user only.
	// What an earlier process left there is delivered.
	Spool string
	// Now gives the time with a monotonic reading; nil: time.Now.
	Now func() time.Time
	// Wake returns nil at an instant a few milliseconds away, as exactly as the clock
	// that releases people does: what it measures is when this worker began. nil: a
	// timer of the runtime.
	Wake func(ctx context.Context, at time.Time) error
	// Prepare builds this worker's part of a play. ctx ends when the coordinator no
	// longer wants it. A *Refusal is told to the coordinator as it is; any other
	// error as internal. No error text may hold a secret.
	Prepare func(ctx context.Context, job Job) (Player, error)
	// Call does work by name for the coordinator and gives at most MaxCallAnswer
	// bytes. nil: none is known.
	Call func(ctx context.Context, name string, payload []byte) ([]byte, error)
	// Linger is how long a worker waits for a coordinator that is not there; 0: ten
	// minutes.
	Linger time.Duration
	// Tell is told what happens, one call at a time; nil: nobody listens.
	Tell func(Notice)
}

// The worker's own bounds.
const (
	MaxCallAnswer = 1 << 20

	defaultLinger = 10 * time.Minute
	// leaveGrace is how long a worker that is told to end goes on delivering.
	leaveGrace = 10 * time.Second
	// helloAgain is after how much silence a worker asks to join again: whoever leads
	// the fleet now may not know it.
	helloAgain = 2 * time.Second
	// takenGrace is how long another process of the same name is waited out: the one
	// before us was killed, and is not called lost yet.
	takenGrace = 3 * LostAfter
)

// Worker is one machine's member of a fleet: see the package's text.
//
//	bus ─ tick ──▶ lease ◀── asked before each request ── engine
//	bus ─ order ─▶ one goroutine each ─▶ Prepare, Play …     │ sink
//	      beat ◀── own goroutine                             ▼
//	   results ◀── a sender per play ◀──────────────────── spool
type Worker struct {
	cfg      WorkerConfig
	me       *keys.Member
	boss     keys.Public // the coordinator
	fleet    string
	name     string
	instance string
	clock    *localClock
	time     *fleetTime
	asked    orderBook

	lastHeard atomic.Int64 // of the coordinator, by clock.Mono
	lastTick  atomic.Uint64
	ticked    atomic.Pointer[Tick]      // the newest
	lease     atomic.Pointer[playLease] // of the newest play that began
	foreign   atomic.Uint64             // messages that were not the coordinator's, or not for us
	left      chan struct{}             // closed when told to leave
	leaving   sync.Once
	running   sync.WaitGroup
	spawning  sync.Mutex
	closed    bool // no goroutine starts any more
	telling   sync.Mutex

	mu         sync.Mutex
	part       *part // of the newest play; nil before the first and after it is forgotten
	bundle     bundle
	deliveries map[string]*delivery // by play
}

// playLease is the lease of a play.
type playLease struct {
	play string
	*Lease
}

// ErrAbandoned is the error of a worker that has waited long enough for its
// coordinator.
var ErrAbandoned = errors.New("nothing heard of the coordinator")

// NewWorker checks what it was given; it sends nothing.
func NewWorker(cfg WorkerConfig) (*Worker, error) {
	if cfg.Bus == nil || cfg.Credentials == nil || cfg.Prepare == nil || cfg.Spool == "" {
		return nil, errors.New("worker: Bus, Credentials, Prepare and Spool are required")
	}
	if cfg.Credentials.Role != keys.RoleWorker {
		return nil, fmt.Errorf("worker: these are the credentials of the %s, not of a worker", cfg.Credentials.Role)
	}
	me, err := cfg.Credentials.Member()
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	if cfg.Wake == nil {
		cfg.Wake = sleepUntil
	}
	if cfg.Linger <= 0 {
		cfg.Linger = defaultLinger
	}
	if cfg.Tell == nil {
		cfg.Tell = func(Notice) {}
	}
	w := &Worker{cfg: cfg, me: me, boss: cfg.Credentials.Coordinator, fleet: cfg.Credentials.Fleet,
		name: cfg.Credentials.Name, instance: rand.Text(), clock: newLocalClock(cfg.Now),
		left: make(chan struct{}), deliveries: map[string]*delivery{}}
	w.time = &fleetTime{clock: w.clock}
	w.cfg.Hello.Protocol, w.cfg.Hello.Worker, w.cfg.Hello.Instance = Protocol, w.name, w.instance
	return w, nil
}

// Run joins the fleet and serves it until the coordinator closes it: nil. It is
// called once. A worker that is not let in gets a *[Refusal]; one whose coordinator
// stays away for Linger an error that says so.
//
// The end of ctx stops the load at once and tells the coordinator, so that others
// take over: to the fleet this worker is lost, and its part ends as one whose
// coordinator is lost. What was recorded is still delivered, for ten seconds at most;
// the rest stays in the spool. The error is the context's. When Run returns nothing of the
// worker runs.
func (w *Worker) Run(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx)) // outlasts ctx: results still leave
	defer w.shut(end)
	unhear, err := w.listen(life)
	defer unhear()
	if err == nil {
		err = w.join(ctx)
	}
	if err != nil {
		return fmt.Errorf("worker %s: %w", w.name, err)
	}
	w.spawn(func() { w.beats(life) })
	w.spawn(func() { w.readClock(life) })
	w.spawn(func() { w.greet(life) })
	if err := w.deliverLeft(life); err != nil {
		w.tell("left_damaged", "why", err)
	}
	err = w.serve(ctx)
	return w.farewell(err)
}

// spawn runs f in a goroutine that Run waits for; false: Run is at its end already.
func (w *Worker) spawn(f func()) bool {
	w.spawning.Lock()
	defer w.spawning.Unlock()
	if w.closed {
		return false
	}
	w.running.Go(f)
	return true
}

// shut waits until nothing of the worker runs.
func (w *Worker) shut(end func()) {
	w.spawning.Lock()
	w.closed = true
	w.spawning.Unlock()
	end()
	w.running.Wait()
}

// serve waits for the end.
func (w *Worker) serve(ctx context.Context) error {
	look := time.NewTicker(TickEvery)
	defer look.Stop()
	for {
		select {
		case <-w.left:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-look.C:
			if silent := w.silence(); silent > w.cfg.Linger {
				return fmt.Errorf("%w for %v", ErrAbandoned, silent.Round(time.Second))
			}
		}
	}
}

// farewell ends a part that still plays, says goodbye so that others can take over,
// and delivers what is left.
func (w *Worker) farewell(why error) error {
	cause := results.Ended{How: results.EndedAlone, Cause: "the worker was told to end"}
	w.mu.Lock()
	p := w.part
	w.mu.Unlock()
	if p != nil {
		p.stop(cause)
	}
	if why != nil {
		w.say("gone", Gone{Instance: w.instance, Why: why.Error()})
	}
	if p != nil {
		p.drop(cause)
	}
	grace, cancel := context.WithTimeout(context.Background(), leaveGrace)
	defer cancel()
	if w.silence() < w.cfg.Linger {
		w.drain(grace)
		_ = w.cfg.Bus.Flush(grace) // those who are not told hear it from the silence
	}
	if kept := w.closeDeliveries(); kept > 0 {
		why = errors.Join(why, fmt.Errorf("%d records of results are not delivered and stay in %s", kept, w.cfg.Spool))
	}
	if why == nil {
		return nil
	}
	return fmt.Errorf("worker %s: %w", w.name, why)
}

// silence is how long the coordinator has not been heard.
func (w *Worker) silence() time.Duration {
	return time.Duration(w.clock.Mono() - w.lastHeard.Load())
}

func (w *Worker) hears() { w.lastHeard.Store(w.clock.Mono()) }

func (w *Worker) tell(key string, pairs ...any) {
	w.telling.Lock()
	defer w.telling.Unlock()
	w.cfg.Tell(notice(key, w.name, pairs...))
}

// up is a subject of this worker's own.
func (w *Worker) up(what string) string { return subject(w.fleet, "up", w.name, what) }

// say publishes without waiting; the next beat says it again.
func (w *Worker) say(what string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		return
	}
	s := w.up(what)
	_ = w.cfg.Bus.Publish(s, w.me.Wrap(s, body))
}

// ask sends a request and reads its signed answer; received is when it came in.
func (w *Worker) ask(ctx context.Context, what string, question, answer any) (received Instant, err error) {
	body, err := json.Marshal(question)
	if err != nil {
		return 0, err
	}
	s := w.up(what)
	data, err := w.cfg.Bus.Request(ctx, s, w.me.Wrap(s, body))
	received = w.clock.Now()
	if err != nil {
		return received, err
	}
	return received, w.readReply(s, data, answer)
}

// readReply opens the coordinator's answer to what was asked on a subject.
func (w *Worker) readReply(subject string, data []byte, answer any) error {
	if len(data) > maxOrder {
		return errors.New("an answer too large")
	}
	body, err := w.boss.Unwrap(subject+"/reply", data)
	if err != nil {
		w.ignore()
		return fmt.Errorf("answer: %w", err)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return errors.New("an answer that makes no sense")
	}
	w.hears()
	return nil
}

// ignore counts a message that is not the coordinator's, and tells of the first.
func (w *Worker) ignore() {
	if w.foreign.Add(1) == 1 {
		w.tell("foreign")
	}
}
