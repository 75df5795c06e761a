package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
)

// playing is one play in progress. Its parts and its record are guarded by
// Coordinator.mu; what takes long (folder, bus, encoding) happens outside of it.
type playing struct {
	c    *Coordinator
	id   string
	p    *Play
	zero time.Time // the first instant; zero until it is agreed

	parts   []*seat
	stage   stage
	folder  Folder
	opened  chan struct{} // closed when the folder is there, or will never be
	rec     results.Fleet
	halted  *halting
	failed  error         // of the run folder
	longest time.Duration // preparation of any worker
	objects atomic.Uint64 // names of objects
	loadAt  time.Duration // a trial has decided: no first click from here on; 0: not
	busy    int           // takeovers and stops in progress
	idle    time.Time     // since when nobody who was not lost is waited for; zero: somebody is
	took    time.Time     // when the last record came, or the play was taken up
	looked  time.Time     // when it was last seen who has delivered
	over    bool

	ready  context.Context // of the preparation; cancelled by what ends it
	refuse context.CancelCauseFunc
	ctx    context.Context // of the play's goroutines
	cancel context.CancelFunc
	wg     sync.WaitGroup
	wake   chan struct{} // something has changed
	keep   keeper
}

type stage uint8

const (
	stagePreparing stage = iota
	stageRunning         // everybody has agreed on the first instant
	stageResumed         // its coordinator has died: only what is left is taken in
)

// seat is one worker's place in a play.
type seat struct {
	id       uint32 // in frames and in the record: its place among those who play
	peer     *peer
	instance string
	slices   []results.Slice // its own and those taken over
	given    int             // people of its own slices
	own      float64         // share of all people in its own slices
	took     float64         // share taken over since tookAt
	tookAt   time.Time
	loss     int // index into the losses; -1
	expelled bool
	confirm  bool // it has answered the order to stop
	end      *results.Ended
	seen     results.Numbers
	written  time.Duration // the end of the last second its records speak of
	came     time.Time     // taken up again: when its newest record did, or the play was taken up
	brought  uint64        // records there when it was last looked
	stalled  time.Duration // for how long no other has come since its part was over
	bytes    int64
	readings int
	snapshot *runner.Snapshot
	ctx      context.Context // ends when it is lost
	leave    context.CancelFunc
	objects  []string // in its bucket, for this play
}

func (pt *seat) lost() bool { return pt.loss >= 0 }

// Play plays one storm with the workers that are heard now, and returns when the
// last of them has delivered its end, or is lost. The end of ctx is Ctrl-C:
// everything is stopped, and Ended says interrupted.
//
// An error before p.Open was called means that no load has left; Ended then says
// whether somebody stopped it (stopped, interrupted, by target) or it was refused
// (internal), and the error names the worker and why. A later error is about the
// run folder.
func (c *Coordinator) Play(ctx context.Context, p *Play) (results.Ended, error) {
	pl, err := c.begin(p)
	if err != nil {
		how := results.EndedInternal
		if errors.Is(err, ErrStopped) {
			how = results.EndedStopped
		}
		return results.Ended{How: how, Wall: c.cfg.Now(), Cause: err.Error()}, err
	}
	defer pl.leave()
	pl.wg.Go(func() { pl.obey(ctx) })
	err = pl.prepare()
	if err == nil {
		err = pl.start()
	}
	if err != nil {
		return pl.refused(err), err
	}
	pl.wg.Go(pl.show)
	pl.await()
	return pl.conclude(pl.combined)
}

// begin makes a play of the workers that are there.
func (c *Coordinator) begin(p *Play) (*playing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	workers := c.fit(c.cfg.Now())
	switch {
	case c.closing:
		return nil, errClosed
	case c.stopWhy != "":
		return nil, fmt.Errorf("%w: %s", ErrStopped, c.stopWhy)
	case c.play != nil || c.done[p.ID]:
		return nil, fmt.Errorf("play %s: another one goes on, or it has been played", p.ID)
	case p.ID == "" || len(p.ID) > MaxPlayID || p.Plan == nil || p.Open == nil || p.Accounts == nil || p.People == nil:
		return nil, errors.New("a play without id, plan, accounts, people or folder")
	case len(workers) == 0:
		return nil, errors.New("no worker is there")
	}
	pl := c.newPlaying(p.ID)
	pl.p = p
	for i, w := range workers {
		pl.add(uint32(i), w, firstSlice(i, len(workers)))
		w.busy, w.until = p.ID, time.Time{}
	}
	c.play = pl
	return pl, nil
}

// newPlaying makes a play without parts. mu is held.
func (c *Coordinator) newPlaying(id string) *playing {
	pl := &playing{c: c, id: id, opened: make(chan struct{}), wake: make(chan struct{}, 1)}
	pl.ctx, pl.cancel = context.WithCancel(c.ctx)
	pl.ready, pl.refuse = context.WithCancelCause(pl.ctx)
	pl.rec = results.Fleet{Schema: results.FleetSchema, ID: c.id, Kind: c.cfg.Kind, OnLoss: c.cfg.OnLoss}
	pl.keep.wake = make(chan struct{}, 1)
	return pl
}

func (pl *playing) add(id uint32, w *peer, own []results.Slice) *seat {
	pt := &seat{id: id, peer: w, instance: w.instance, slices: own, own: share(own), loss: -1}
	pt.ctx, pt.leave = context.WithCancel(pl.ctx)
	pl.parts = append(pl.parts, pt)
	return pt
}

// leave ends the play's goroutines and makes room for the next.
func (pl *playing) leave() {
	pl.c.mu.Lock()
	pl.over = true
	pl.c.play, pl.c.done[pl.id] = nil, true
	pl.c.mu.Unlock()
	pl.refuse(nil)
	pl.cancel()
	pl.open(nil)
	pl.wg.Wait()
}

// open lets records in, or, without a folder, past.
func (pl *playing) open(f Folder) {
	pl.c.mu.Lock()
	defer pl.c.mu.Unlock()
	select {
	case <-pl.opened:
	default:
		pl.folder = f
		close(pl.opened)
	}
}

// poke wakes the play's own goroutine.
func (pl *playing) poke() {
	select {
	case pl.wake <- struct{}{}:
	default:
	}
}

// at is a time as an offset from the first instant.
func (pl *playing) at(t time.Time) time.Duration { return t.Sub(pl.zero) }

func (pl *playing) now() time.Duration { return pl.at(pl.c.cfg.Now()) }

// seat finds a worker's part, if the process that is there now plays one. mu is held.
func (pl *playing) seat(p *peer) *seat {
	for _, pt := range pl.parts {
		if pt.peer == p {
			return pt
		}
	}
	return nil
}

// obey turns what may end a play from outside into its stop.
func (pl *playing) obey(ctx context.Context) {
	var halt <-chan struct{}
	if pl.p != nil {
		halt = pl.p.Halt
	}
	how, cause := results.EndedInterrupted, "interrupted"
	select {
	case <-ctx.Done():
	case <-pl.c.stopped:
		how, cause = results.EndedStopped, pl.c.whyStopped()
	case <-halt:
		end := pl.p.Cause()
		how, cause = end.How, end.Cause
	case <-pl.ctx.Done():
		return
	}
	pl.c.mu.Lock()
	pl.halt(how, cause)
	pl.c.mu.Unlock()
}

// refused brings a play to its end that never began.
func (pl *playing) refused(err error) results.Ended {
	c := pl.c
	c.mu.Lock()
	end := results.Ended{How: results.EndedInternal, Wall: c.cfg.Now(), Cause: printable(err.Error(), 500)}
	if pl.halted != nil {
		end.How, end.Cause = pl.halted.how, pl.halted.cause
	}
	pl.stage = stagePreparing
	c.mu.Unlock()
	pl.orderStop(Stop{Play: pl.id, How: end.How, Cause: end.Cause, Sent: c.instant(c.cfg.Now())}, 2*time.Second, nil)
	pl.cleanUp()
	return end
}

// await waits until everybody's part is over and delivered.
func (pl *playing) await() {
	poll := time.NewTicker(watchEvery)
	defer poll.Stop()
	for {
		pl.c.mu.Lock()
		over := pl.settled(pl.c.cfg.Now())
		pl.c.mu.Unlock()
		if over {
			return
		}
		select {
		case <-pl.wake:
		case <-poll.C:
		case <-pl.c.ctx.Done():
			return
		}
	}
}

// cleanUp has everybody drop the play, and takes the accounts out of the buckets.
func (pl *playing) cleanUp() {
	c := pl.c
	ctx, cancel := context.WithTimeout(c.ctx, 3*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for _, pt := range pl.parts {
		c.mu.Lock()
		objects := pt.objects
		there := pt.peer.alive(c.cfg.Now()) && pt.peer.instance == pt.instance && pt.peer.busy == pl.id
		c.mu.Unlock()
		wg.Go(func() {
			if there {
				c.forget(ctx, pt.peer, pl.id)
			}
			for _, name := range objects {
				_ = c.cfg.Bus.Delete(ctx, pt.peer.name, name)
			}
		})
	}
	wg.Wait()
}
