package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"firstbell/runner/fleet/keys"
	"firstbell/runner/results"
)

// CoordinatorConfig is what a coordinator needs.
type CoordinatorConfig struct {
	Bus     Bus
	Roster  *keys.Roster
	Version string // of firstbell; workers of another one are refused
	// Size is how many workers play; at most those of the roster. 0: all of them.
	Size   int
	OnLoss string // OnLossContinue (also ""), OnLossStop
	Kind   results.FleetKind
	// Now gives the time with a monotonic reading; nil: time.Now.
	Now func() time.Time
	// ReadyWithin bounds the preparation of a play; 0: two minutes.
	ReadyWithin time.Duration
	// Tell is told what happens, from one goroutine; nil: nobody listens.
	Tell func(Notice)
}

// Coordinator leads a fleet. Its methods are safe for concurrent use, but plays
// follow each other: Play and Resume refuse while one goes on.
type Coordinator struct {
	cfg  CoordinatorConfig
	me   *keys.Member
	id   string    // of the fleet
	base time.Time // what instants are carried on from

	ctx     context.Context // of everything the coordinator runs
	cancel  context.CancelFunc
	running sync.WaitGroup
	unhear  []func() // ends the subscriptions
	notices chan Notice
	told    chan struct{} // closed when the last notice was told
	intake  sync.Once

	peers   []*peer // as in the roster; the slice never changes
	byName  map[string]*peer
	refuse  refusals
	stopped chan struct{} // closed by the first Stop

	mu      sync.Mutex
	play    *playing        // nil between plays
	done    map[string]bool // plays that are closed
	stopWhy string
	closing bool
	changed chan struct{} // closed and replaced when somebody joins
	steady  time.Time     // nobody is called lost before: the coordinator itself had been held up
}

// ErrStopped is the error of a wait that an operator's stop has ended.
var ErrStopped = errors.New("the fleet was told to stop")

const defaultReadyWithin = 2 * time.Minute

// NewCoordinator opens the fleet: workers may join from now on, until Close. ctx
// bounds the opening only.
func NewCoordinator(ctx context.Context, cfg CoordinatorConfig) (*Coordinator, error) {
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("coordinator: %w", err)
	}
	me, err := cfg.Roster.Coordinator.Member()
	if err != nil {
		return nil, fmt.Errorf("coordinator: %w", err)
	}
	c := &Coordinator{cfg: cfg, me: me, id: cfg.Roster.Fleet, base: cfg.Now(), byName: map[string]*peer{},
		done: map[string]bool{}, changed: make(chan struct{}), stopped: make(chan struct{}),
		notices: make(chan Notice, 256), told: make(chan struct{})}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	first := uint64(c.instant(c.base)) // of ticks and orders: newer than a predecessor's
	for i, pub := range cfg.Roster.Workers {
		p := &peer{index: i, name: pub.Name, public: pub, ticks: first, inbound: perSecond(inboundRate)}
		p.orders.Store(first)
		c.peers, c.byName[pub.Name] = append(c.peers, p), p
	}
	go c.tellAll(c.notices)
	if err := c.listen(); err != nil {
		c.shut()
		return nil, fmt.Errorf("coordinator: %w", err)
	}
	c.running.Go(c.tickLoop)
	c.running.Go(c.watchLoop)
	if err := cfg.Bus.Flush(ctx); err != nil {
		c.shut()
		return nil, fmt.Errorf("coordinator: opening the fleet: %w", err)
	}
	return c, nil
}

func (cfg *CoordinatorConfig) complete() error {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.ReadyWithin <= 0 {
		cfg.ReadyWithin = defaultReadyWithin
	}
	if cfg.OnLoss == "" {
		cfg.OnLoss = OnLossContinue
	}
	switch {
	case cfg.Bus == nil || cfg.Roster == nil:
		return errors.New("no bus or no roster")
	case cfg.OnLoss != OnLossContinue && cfg.OnLoss != OnLossStop:
		return fmt.Errorf("on-loss is %q, neither %s nor %s", cfg.OnLoss, OnLossContinue, OnLossStop)
	}
	n := len(cfg.Roster.Workers)
	if cfg.Size == 0 {
		cfg.Size = n
	}
	switch {
	case n == 0 || n > MaxWorkers:
		return fmt.Errorf("a roster of %d workers, 1 to %d are allowed", n, MaxWorkers)
	case cfg.Size < 0 || cfg.Size > n:
		return fmt.Errorf("%d workers are wanted and the roster has credentials for %d", cfg.Size, n)
	}
	return nil
}

// Wait returns once Size workers have joined and are heard. The error is the
// context's, with how many are there, or ErrStopped.
func (c *Coordinator) Wait(ctx context.Context) error {
	poll := time.NewTicker(TickEvery)
	defer poll.Stop()
	for {
		c.mu.Lock()
		n, changed := len(c.fit(c.cfg.Now())), c.changed
		c.mu.Unlock()
		if n >= c.cfg.Size {
			return nil
		}
		select {
		case <-changed:
		case <-poll.C: // one that has left makes room
		case <-c.stopped:
			return ErrStopped
		case <-c.ctx.Done():
			return errClosed
		case <-ctx.Done():
			return fmt.Errorf("%d of %d workers have joined: %w", n, c.cfg.Size, context.Cause(ctx))
		}
	}
}

var errClosed = errors.New("the fleet is closed")

// Alive gives the indices (in the roster) of the workers that are heard and could
// take part in a play, ascending.
func (c *Coordinator) Alive() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []int
	for _, p := range c.fit(c.cfg.Now()) {
		list = append(list, p.index)
	}
	return list
}

// fit lists who may take part in the next play. mu is held.
func (c *Coordinator) fit(now time.Time) []*peer {
	var list []*peer
	for _, p := range c.peers {
		if p.alive(now) && p.busy == "" && !p.barred {
			list = append(list, p)
		}
	}
	return list
}

// Close tells the workers to leave and ends everything the coordinator runs. It
// waits for their answers until ctx ends, 2 s at most.
func (c *Coordinator) Close(ctx context.Context) {
	c.mu.Lock()
	was := c.closing
	c.closing = true
	var there []*peer
	for _, p := range c.peers {
		if p.alive(c.cfg.Now()) {
			there = append(there, p)
		}
	}
	c.mu.Unlock()
	if was {
		<-c.told
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var leaving sync.WaitGroup
	for _, p := range there {
		leaving.Go(func() { _, _ = c.order(ctx, p, Order{Kind: OrderLeave}) })
	}
	leaving.Wait()
	c.shut()
}

// shut ends all goroutines.
func (c *Coordinator) shut() {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.cancel()
	for _, f := range c.unhear {
		f()
	}
	c.running.Wait()
	c.mu.Lock()
	close(c.notices)
	c.notices = nil
	c.mu.Unlock()
	<-c.told
}

// instant is a time by the fleet's clock.
func (c *Coordinator) instant(t time.Time) Instant {
	return Instant(c.base.UnixNano() + int64(t.Sub(c.base)))
}

// tell hands a notice on. mu is held. One that finds 256 waiting is dropped:
// whoever listens must not delay the fleet.
func (c *Coordinator) tell(key, worker string, pairs ...any) {
	if c.notices == nil {
		return
	}
	select {
	case c.notices <- notice(key, worker, pairs...):
	default:
	}
}

func (c *Coordinator) tellAll(notices <-chan Notice) {
	defer close(c.told)
	for n := range notices {
		if c.cfg.Tell != nil {
			c.cfg.Tell(n)
		}
	}
}
