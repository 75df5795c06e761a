package fleet

import (
	"context"
	"sync"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
)

// endLoadLead is how far ahead a trial's load is ended, so that all hear of it
// before.
const endLoadLead = 700 * time.Millisecond

// show tells once a second how the whole storm goes, and asks whether a trial has
// decided.
func (pl *playing) show() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-pl.ctx.Done():
			return
		}
		s := pl.merged()
		if pl.p.Observe != nil {
			pl.p.Observe(s)
		}
		if pl.p.Enough != nil && s.At >= 0 && pl.mayEndLoad() && pl.p.Enough(s) {
			pl.endLoad()
		}
	}
}

// merged sums the newest snapshots of all parts.
func (pl *playing) merged() runner.Snapshot {
	c := pl.c
	c.mu.Lock()
	var parts []runner.Snapshot
	for _, pt := range pl.parts {
		if pt.snapshot == nil {
			continue
		}
		s := *pt.snapshot
		if pt.lost() { // who was in flight there is seen by nobody
			s.InFlight, s.Waiting, s.Between, s.Open, s.CPU, s.RecentN = 0, 0, 0, 0, 0, 0
			s.RecentClass = nil
			s.Recent = [results.OutcomeCount]int{}
		}
		parts = append(parts, s)
	}
	at := pl.now()
	c.mu.Unlock()
	if len(parts) == 0 {
		return runner.Snapshot{At: at}
	}
	return runner.MergeSnapshots(parts)
}

func (pl *playing) mayEndLoad() bool {
	pl.c.mu.Lock()
	defer pl.c.mu.Unlock()
	return pl.loadAt == 0 && pl.halted == nil
}

// endLoad lets no first click leave any more, everywhere from one instant on.
func (pl *playing) endLoad() {
	c := pl.c
	c.mu.Lock()
	pl.loadAt = pl.now() + endLoadLead
	at := pl.loadAt
	parts := pl.parts
	c.mu.Unlock()
	var wg sync.WaitGroup
	for _, pt := range parts {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(pt.ctx, answerWithin)
			defer cancel()
			if _, err := c.order(ctx, pt.peer, Order{Kind: OrderEndLoad, Play: pl.id, EndLoad: &EndLoad{At: at}}); err != nil && pt.ctx.Err() == nil {
				c.mu.Lock()
				c.tell("not_ending", pt.peer.name, "why", err)
				c.mu.Unlock()
			}
		})
	}
	wg.Wait()
}
