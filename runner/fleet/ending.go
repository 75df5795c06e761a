package fleet

import (
	"time"

	"firstbell/runner/results"
)

const (
	// lateDelivery is how long a lost worker that is heard again may deliver after
	// the others have ended.
	lateDelivery = 15 * time.Second
	// overtime bounds a play beyond its planned end: the second try of rejected
	// accounts, and the delivery of what was spooled.
	overtime = 30 * time.Minute
	// undeliveredAfter is how long a worker whose part is over may bring nothing new of
	// it. While records arrive it takes the time it needs.
	undeliveredAfter = time.Minute
	// lastReading bounds the wait for the reading of the clocks after the end: sixteen
	// exchanges with a worker at the other end of the world.
	lastReading = 5 * time.Second
)

// ended takes a worker's end. mu is held.
func (pl *playing) ended(pt *seat, end results.Ended) {
	end.Cause = printable(end.Cause, 500)
	switch end.How {
	case results.EndedByTarget, results.EndedCredentials:
		pl.halt(end.How, end.Cause)
	case results.EndedAlone: // before its end is known, after which nobody is lost: no beat may have said so
		pl.lose(pt, lostLease, pl.c.cfg.Now())
	}
	pt.end = &end
}

// settled reports whether there is nothing left to wait for. mu is held.
func (pl *playing) settled(now time.Time) bool {
	if pl.busy > 0 || pl.failed != nil {
		return pl.busy == 0 // without a folder there is nothing to wait for
	}
	living, late, passed := 0, 0, pl.passed(now)
	for _, pt := range pl.parts {
		switch {
		case pt.end != nil && pt.seen.Missing() == 0, pt.expelled:
		case pt.end != nil:
			late++ // something it sent before is on its way, or will never come
		case !pt.lost():
			living++
			pl.press(pt, now, passed)
		case pl.awaited(pt, now):
			late++
		}
	}
	if living > 0 {
		pl.idle = time.Time{}
		return pl.tooLong(now)
	}
	if pl.idle.IsZero() {
		pl.idle = now
	}
	since := now.Sub(pl.idle)
	return late == 0 && (since >= lastReading || pl.clocksRead()) || since >= lateDelivery
}

// passed is the time since the last look at who has delivered. A pause of the
// coordinator itself is nobody's fault, and counts little. mu is held.
func (pl *playing) passed(now time.Time) time.Duration {
	d := now.Sub(pl.looked)
	if pl.looked.IsZero() {
		d = 0
	}
	pl.looked = now
	return min(d, heldUp)
}

// press gives up on a worker that is heard, should have nothing left to play, and
// brings nothing any more: its records cannot leave it, or it lies. mu is held.
func (pl *playing) press(pt *seat, now time.Time, passed time.Duration) {
	b := &pt.peer.beat
	over := b.Play == pl.id && b.Phase == PhaseEnded || pl.now() > pl.planned()
	if n := pt.seen.Count(); !over || n != pt.brought {
		pt.brought, pt.stalled = n, 0
		return
	}
	if pt.stalled += passed; pt.stalled >= undeliveredAfter {
		pl.lose(pt, lostUndelivered, now)
	}
}

// awaited reports whether a lost worker may still deliver: it was heard again, or
// it may have been cut off rather than have died, and that not long ago. mu is held.
func (pl *playing) awaited(pt *seat, now time.Time) bool {
	l := &pl.rec.Losses[pt.loss]
	switch {
	case l.Returned != nil:
		return true
	case l.Why == lostLease:
		return pt.peer.alive(now)
	}
	return l.Why == lostSilent && pl.now()-l.Noticed < lateDelivery
}

// clocksRead reports whether every worker that is there has read its clock since
// its end.
func (pl *playing) clocksRead() bool {
	for _, pt := range pl.parts {
		w := pl.record(pt)
		if pt.lost() || pt.end == nil || w == nil {
			continue
		}
		n := len(w.Clock)
		if n == 0 || w.Clock[n-1].At+w.Clock[n-1].Error < pt.end.At {
			return false
		}
	}
	return true
}

// tooLong gives up on those who neither end nor are silent.
func (pl *playing) tooLong(now time.Time) bool {
	if pl.halted != nil {
		if now.Sub(pl.halted.sent) < deliverWithin {
			return false
		}
		for _, pt := range pl.parts {
			if pt.end == nil && !pt.lost() {
				why := lostSilent
				if pt.peer.alive(now) {
					why = lostUndelivered
				}
				pl.lose(pt, why, now)
			}
		}
		return pl.busy == 0
	}
	if pl.now() > pl.planned()+overtime {
		pl.halt(results.EndedInternal, "the workers did not come to their end in time")
	}
	return false
}

// planned is when the play is to be over.
func (pl *playing) planned() time.Duration {
	plan := pl.p.Plan
	end := time.Duration(max(0, plan.PlayTo-plan.PlayFrom)) * time.Second
	for _, g := range plan.Intended {
		end = max(end, time.Duration(len(g))*time.Second)
	}
	return end + plan.Drain
}

// conclude completes the record and has everybody forget the play. combine says
// how the whole has ended.
func (pl *playing) conclude(combine func() results.Ended) (results.Ended, error) {
	c := pl.c
	c.mu.Lock()
	end := combine()
	pl.over = true
	pl.rec.Ended = &end
	for _, pt := range pl.parts {
		if w := pl.record(pt); w != nil {
			w.Missing = pt.seen.Missing()
		}
	}
	c.tell("ended", "", "how", NoticeWord{"ended", string(end.How)})
	err := pl.failed
	c.mu.Unlock()
	pl.cancel()
	pl.wg.Wait()
	if err == nil { // the keeper has ended: what it had not written yet, and the end
		pl.write(true)
		pl.sync()
		if fail := pl.folder.Sync(); fail != nil {
			pl.fail(fail)
		}
		c.mu.Lock()
		err = pl.failed
		c.mu.Unlock()
	}
	pl.cleanUp()
	return end, err
}

// combined is how the whole has ended: the weightiest of what the coordinator has
// ordered and how the parts ended. mu is held.
func (pl *playing) combined() results.Ended {
	all := results.Ended{Wall: pl.c.cfg.Now(), At: 0}
	ends, alone := 0, false
	for _, pt := range pl.parts {
		e := pt.end
		if e == nil {
			continue
		}
		all.At = max(all.At, e.At)
		all.CalmTried += e.CalmTried
		all.CalmAccepted += e.CalmAccepted
		if pt.lost() {
			alone = alone || e.How == results.EndedAlone
			continue
		}
		ends++
		// No worker stops the fleet: a part that was stopped says so of our order.
		if e.How != results.EndedStopped && rank(e.How) > rank(all.How) {
			all.How, all.Cause = e.How, e.Cause
		}
	}
	if h := pl.halted; h != nil && rank(h.how) > rank(all.How) {
		all.How, all.Cause = h.how, h.cause
	}
	if ends == 0 && pl.halted == nil {
		all.How, all.Cause = results.EndedLoss, "no worker was left"
		if alone {
			all.How, all.Cause = results.EndedAlone, "no worker heard the coordinator any more"
		}
	}
	if all.How == "" || pl.c.ctx.Err() != nil && all.How == results.EndedLoss {
		all.How, all.Cause = results.EndedInterrupted, "the fleet was closed"
	}
	for _, l := range pl.rec.Losses {
		all.At = max(all.At, l.Noticed)
	}
	if s := pl.rec.Stop; s != nil {
		all.At = max(all.At, s.Sent)
	}
	if all.How == results.EndedEnough || pl.loadAt > 0 && all.How == results.EndedPlanned {
		all.How, all.LoadEnd = results.EndedEnough, pl.loadAt
	}
	return all
}
