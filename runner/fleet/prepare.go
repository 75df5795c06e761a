package fleet

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"firstbell/runner/results"
)

const (
	// maxClockError is beyond what a play can be started with at all; the gate (V5)
	// is the report's.
	maxClockError = 200 * time.Millisecond
	putsAtOnce    = 8
)

// prepare hands everybody their part and waits until all are ready.
func (pl *playing) prepare() error {
	c := pl.c
	ctx, cancel := context.WithTimeoutCause(pl.ready, c.cfg.ReadyWithin,
		fmt.Errorf("not ready within %v", c.cfg.ReadyWithin))
	defer cancel()
	bundle := hash(pl.p.Bundle)
	answers := make([]*Ready, len(pl.parts))
	gate := make(chan struct{}, putsAtOnce)
	err := pl.together(ctx, func(ctx context.Context, i int) (err error) {
		answers[i], err = pl.prepareOne(ctx, pl.parts[i], bundle, gate)
		return err
	})
	if err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	return pl.check(answers)
}

// together does something for every part at once. When one fails the others need
// not go on, and its error is told: how the others fail then depends on where they
// were.
func (pl *playing) together(ctx context.Context, f func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var first sync.Once
	var failed error
	var wg sync.WaitGroup
	for i := range pl.parts {
		wg.Go(func() {
			if err := f(ctx, i); err != nil {
				first.Do(func() { failed = err })
				cancel()
			}
		})
	}
	wg.Wait()
	return cmp.Or(context.Cause(pl.ready), failed)
}

func (pl *playing) prepareOne(ctx context.Context, pt *seat, bundle string, gate chan struct{}) (*Ready, error) {
	c, plan := pl.c, pl.p.Plan
	select {
	case gate <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: %w", pt.peer.name, context.Cause(ctx))
	}
	ref, accounts, err := pl.deliver(ctx, pt, bundle)
	<-gate
	if err != nil {
		return nil, err
	}
	given := pl.p.People(pt.slices, -1)
	c.mu.Lock()
	pt.given = given
	c.tell("preparing", pt.peer.name)
	c.mu.Unlock()
	a, err := c.order(ctx, pt.peer, Order{Kind: OrderPrepare, Play: pl.id, Prepare: &Prepare{
		RunID: plan.RunID, Spec: pl.p.Spec, Index: int(pt.id), Of: len(pl.parts), Slices: pt.slices,
		Digest: plan.Digest, ScenarioHash: plan.ScenarioHash, People: given,
		Bundle: ref, Accounts: accounts,
	}})
	if err != nil {
		return nil, err
	}
	if a.Ready == nil {
		return nil, fmt.Errorf("%s: an answer without what it is ready for", pt.peer.name)
	}
	return a.Ready, nil
}

// deliver puts the bundle, unless it lies there, and the accounts of a part into
// the worker's bucket.
func (pl *playing) deliver(ctx context.Context, pt *seat, bundle string) (ref, accounts Ref, err error) {
	c := pl.c
	c.mu.Lock()
	ref, there := pt.peer.bundle, pt.peer.inBucket == bundle
	c.mu.Unlock()
	if !there {
		ref, err = c.put(ctx, pt.peer, "bundle-"+bundle[:16], pl.p.Bundle)
		if err != nil {
			return ref, accounts, err
		}
		c.mu.Lock()
		pt.peer.bundle, pt.peer.inBucket = ref, bundle
		c.mu.Unlock()
	}
	accounts, err = pl.putAccounts(ctx, pt, pt.slices)
	return ref, accounts, err
}

// putAccounts seals the accounts of some slices for a worker.
func (pl *playing) putAccounts(ctx context.Context, pt *seat, slices []results.Slice) (Ref, error) {
	data, err := pl.p.Accounts(slices)
	if err != nil {
		return Ref{}, fmt.Errorf("accounts of %s: %w", pt.peer.name, err)
	}
	return pl.putMore(ctx, pt, data)
}

// putMore puts encoded accounts into a worker's bucket.
func (pl *playing) putMore(ctx context.Context, pt *seat, data []byte) (Ref, error) {
	name := fmt.Sprintf("accounts-%s-%d", hash([]byte(pl.id))[:16], pl.objects.Add(1))
	pl.c.mu.Lock()
	pt.objects = append(pt.objects, name)
	pl.c.mu.Unlock()
	return pl.c.put(ctx, pt.peer, name, data)
}

// put seals an object for a worker and puts it into its bucket.
func (c *Coordinator) put(ctx context.Context, p *peer, name string, data []byte) (Ref, error) {
	sealed, err := c.me.Seal(p.public, data)
	if err != nil {
		return Ref{}, err
	}
	if err := c.cfg.Bus.Put(ctx, p.name, name, sealed); err != nil {
		return Ref{}, fmt.Errorf("handing %s its input: %w", p.name, err)
	}
	return Ref{Name: name, SHA256: hash(sealed), Size: len(sealed)}, nil
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// check compares what the workers are about to play with the plan.
func (pl *playing) check(answers []*Ready) error {
	c, plan, people := pl.c, pl.p.Plan, 0
	var others []string // those who count other people than they were given
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, pt := range pl.parts {
		r, name := answers[i], pt.peer.name
		switch {
		case r.ScenarioHash != plan.ScenarioHash:
			return fmt.Errorf("%s has another scenario", name)
		case r.Digest != plan.Digest:
			return fmt.Errorf("%s builds another schedule from the same scenario and seed: its digest is %s, not %s",
				name, printable(r.Digest, 64), plan.Digest)
		case r.Clock.Error < 0 || r.Clock.Error > maxClockError:
			return fmt.Errorf("the clock of %s cannot be told better than ± %v; at most %v is allowed", name, r.Clock.Error, maxClockError)
		case r.Preparation < 0 || r.Preparation > time.Hour:
			return fmt.Errorf("%s says that it prepares for %v", name, r.Preparation)
		case r.People < 0 || r.People > plan.People:
			return fmt.Errorf("%s says that it plays %d of %d people", name, r.People, plan.People)
		}
		if r.People != pt.given {
			others = append(others, fmt.Sprintf("%s counts %d where it was given %d", name, r.People, pt.given))
		}
		people += r.People
		h := pt.peer.hello
		pl.rec.Workers = append(pl.rec.Workers, results.FleetWorker{ID: pt.id, Name: name, Place: h.Place,
			Version: h.Version, Go: h.Go, OS: h.OS, CPUs: h.CPUs, DescLimit: h.DescLimit,
			Slices: pt.slices, People: r.People, Clock: []results.ClockReading{r.Clock}})
		pl.longest = max(pl.longest, r.Preparation)
		pl.rec.Workers[i].Clock[0].At = pl.c.cfg.Now().Sub(c.base) // made an offset from the first instant when that is known
		c.tell("ready", name, "people", r.People, "error", r.Clock.Error)
	}
	if len(others) > 0 { // also when their sum is right
		return fmt.Errorf("the workers do not play the people of the plan: %s", strings.Join(others, ", "))
	}
	if people != plan.People {
		return fmt.Errorf("the workers would play %d people, the plan has %d", people, plan.People)
	}
	return nil
}

// start agrees on the first instant with everybody, then opens the run folder.
func (pl *playing) start() error {
	c := pl.c
	c.mu.Lock()
	pl.zero = wholeMicrosecond(c.cfg.Now().Add(pl.longest + StartLead))
	wall := time.Unix(0, int64(c.instant(pl.zero)))
	pl.rec.Start = wall
	for i := range pl.rec.Workers {
		r := &pl.rec.Workers[i].Clock[0]
		r.At = c.base.Add(r.At).Sub(pl.zero)
	}
	c.tell("starting", "", "n", len(pl.parts), "time", pl.zero.Sub(c.cfg.Now()))
	c.mu.Unlock()
	ctx, cancel := context.WithTimeoutCause(pl.ready, pl.zero.Sub(c.cfg.Now()), errors.New("not before the first instant"))
	defer cancel()
	begin := Start{Zero: c.instant(pl.zero), Until: pl.firstLease()}
	err := pl.together(ctx, func(ctx context.Context, i int) error {
		_, err := c.order(ctx, pl.parts[i].peer, Order{Kind: OrderStart, Play: pl.id, Start: &begin})
		return err
	})
	if err != nil {
		return fmt.Errorf("starting: %w", err)
	}
	c.mu.Lock()
	if err := context.Cause(pl.ready); err != nil { // lost or stopped at the last moment
		c.mu.Unlock()
		return fmt.Errorf("starting: %w", err)
	}
	pl.stage = stageRunning // what happens from here on belongs into the folder
	c.mu.Unlock()
	folder, err := pl.p.Open(wall, len(pl.parts))
	if err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	pl.run(folder)
	return nil
}

// wholeMicrosecond keeps the monotonic reading, which Truncate takes away: what is
// measured from the first instant must not move when the machine's time is set.
func wholeMicrosecond(t time.Time) time.Time {
	return t.Add(-time.Duration(t.UnixNano() % int64(time.Microsecond)))
}

// firstLease is what the order to start brings; ticks go on from there.
func (pl *playing) firstLease() Instant {
	c := pl.c
	c.mu.Lock()
	defer c.mu.Unlock()
	until := c.cfg.Now().Add(LeaseFor)
	for _, pt := range pl.parts {
		pt.peer.until = until
	}
	return c.instant(until)
}

// run lets the records in.
func (pl *playing) run(folder Folder) {
	pl.open(folder)
	pl.wg.Go(func() { pl.keep.loop(pl) })
	pl.c.intake.Do(func() { pl.c.running.Go(pl.c.consume) })
}
