package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"firstbell/runner/results"
)

// halting is an order to stop in progress.
type halting struct {
	how   results.EndedAs
	cause string
	sent  time.Time
}

const (
	// stopByOrder is how long a worker may take to confirm before its lease is no
	// longer renewed: it then stops by itself, LeaseFor later.
	stopByOrder = 150 * time.Millisecond
	// stopWithin bounds the wait for the last confirmation.
	stopWithin = 5 * time.Second
	// deliverWithin bounds the wait, after a stop, for everybody's end.
	deliverWithin = 20 * time.Second
)

// Stop ends the play that goes on, and every wait and play that follows, as
// [results.EndedStopped]. It does not wait.
func (c *Coordinator) Stop(why string) {
	if why == "" {
		why = "stopped by an operator"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.stopped:
	default:
		c.stopWhy = printable(why, 300)
		close(c.stopped)
	}
}

func (c *Coordinator) whyStopped() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopWhy
}

// halt stops a play everywhere. The first cause goes out; a weightier one that
// follows is what the whole ends as. mu is held.
func (pl *playing) halt(how results.EndedAs, cause string) {
	if how == "" {
		how = results.EndedInternal
	}
	switch {
	case pl.over:
		return
	case pl.halted != nil:
		if rank(how) > rank(pl.halted.how) {
			pl.halted.how, pl.halted.cause = how, cause
		}
		return
	}
	now := pl.c.cfg.Now()
	pl.halted = &halting{how: how, cause: cause, sent: now}
	if pl.stage == stagePreparing || pl.stage == stageResumed {
		pl.refuse(fmt.Errorf("%w: %s", errHalted, cause))
		pl.poke()
		return
	}
	pl.rec.Stop = &results.FleetStop{Why: cause, Sent: pl.at(now)}
	pl.event(EventStop, "", "%s", cause)
	pl.c.tell("stopping", "", "why", cause)
	order := Stop{Play: pl.id, How: how, Cause: cause, Sent: pl.c.instant(now)}
	pl.busy++
	pl.wg.Go(func() { pl.stopAll(order) })
	pl.poke()
}

var errHalted = fmt.Errorf("stopped before the start")

// stopAll orders the stop and notes how long it took to reach everybody.
func (pl *playing) stopAll(order Stop) {
	c := pl.c
	missing := pl.orderStop(order, stopWithin, func(pt *seat) {
		c.mu.Lock()
		defer c.mu.Unlock()
		pt.confirm = true
		pl.rec.Stop.Reached = max(pl.rec.Stop.Reached, pl.now())
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, pt := range missing {
		if !pt.lost() {
			pl.rec.Stop.Missing = append(pl.rec.Stop.Missing, pt.id)
		}
	}
	took := pl.rec.Stop.Reached - pl.rec.Stop.Sent
	if n := len(pl.rec.Stop.Missing); n > 0 {
		c.tell("stopped_missing", "", "n", n)
	} else if took >= 0 {
		c.tell("stopped", "", "time", took)
	}
	pl.busy--
	pl.keep.change()
	pl.poke()
}

// orderStop publishes a stop to all and asks each for a confirmation. It gives who
// did not confirm within a time.
func (pl *playing) orderStop(order Stop, within time.Duration, confirmed func(*seat)) (missing []*seat) {
	c := pl.c
	ctx, cancel := context.WithTimeout(c.ctx, within)
	defer cancel()
	if body, err := json.Marshal(order); err == nil {
		s := subject(c.id, "all", "stop")
		_ = c.cfg.Bus.Publish(s, c.me.Wrap(s, body)) // each is asked below as well
	}
	c.mu.Lock()
	parts := pl.parts
	c.mu.Unlock()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, pt := range parts {
		c.mu.Lock()
		another := pt.instance != pt.peer.instance || pt.peer.gone
		asked := ctx
		if pt.lost() { // one question is enough
			asked = nil
		}
		c.mu.Unlock()
		if another {
			continue
		}
		wg.Go(func() {
			if asked == nil {
				once, cancel := context.WithTimeout(ctx, quickAnswer)
				defer cancel()
				asked = once
			}
			_, err := c.order(asked, pt.peer, Order{Kind: OrderStop, Play: pl.id, Stop: &order})
			switch {
			case err == nil && confirmed != nil:
				confirmed(pt)
			case err != nil:
				mu.Lock()
				missing = append(missing, pt)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return missing
}

// expel stops one worker that broke the bounds: what it sent before stays, the rest
// is not looked at. mu is held.
func (pl *playing) expel(pt *seat, why string) {
	if pt.expelled || pl.over {
		return
	}
	pt.expelled = true
	pl.c.bar(pt.peer)
	name := pt.peer.name
	pl.c.tell("expelled", name, "why", printable(why, 300))
	pl.event(EventExpelled, name, "%s is expelled: %s", name, printable(why, 300))
	order := Stop{Play: pl.id, How: results.EndedInternal, Cause: "expelled: " + printable(why, 300), Sent: pl.c.instant(pl.c.cfg.Now())}
	pl.wg.Go(func() {
		ctx, cancel := context.WithTimeout(pl.ctx, stopWithin)
		defer cancel()
		_, _ = pl.c.order(ctx, pt.peer, Order{Kind: OrderStop, Play: pl.id, Stop: &order}) // its lease ends it anyway
	})
	pl.lose(pt, lostExpelled, pl.c.cfg.Now())
}

// hearOperator takes what an operator asks.
func (c *Coordinator) hearOperator(m Message) {
	if len(m.Data) > maxSmall {
		return
	}
	body, err := c.cfg.Roster.Operator.Unwrap(m.Subject, m.Data)
	if err != nil {
		return
	}
	switch m.Subject {
	case subject(c.id, "op", "status"):
		c.reply(m, c.Status())
	case subject(c.id, "op", "stop"):
		var ask StopAsk
		if json.Unmarshal(body, &ask) != nil {
			return
		}
		c.Stop(printable(ask.Why, 300))
		c.reply(m, Answer{})
	}
}
