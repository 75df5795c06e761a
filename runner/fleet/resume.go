package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firstbell/runner/results"
)

// Resume closes a play whose coordinator has died: it takes in what the stream
// still has, waits for the workers to come back and deliver, and ends the record. A
// worker of which nothing is heard is waited for until linger after the beginning, or
// after its last sign of life or record; one that is heard has a minute from each
// record to the next, and half an hour in all. rec is the folder's fleet.json. EndedAlone, unless everybody's part
// had come to its end by itself. The end of ctx ends the waiting only.
func (c *Coordinator) Resume(ctx context.Context, play string, folder Folder, rec *results.Fleet, linger time.Duration) (results.Ended, error) {
	pl, err := c.takeUp(play, rec)
	if err != nil {
		return results.Ended{How: results.EndedInternal, Wall: c.cfg.Now(), Cause: err.Error()}, fmt.Errorf("resume %s: %w", play, err)
	}
	defer pl.leave()
	if rec.Ended != nil { // it had died after the end
		pl.cleanUp()
		return *rec.Ended, nil
	}
	c.mu.Lock()
	pl.event(EventResumed, "", "the coordinator was lost and has been taken up again")
	c.tell("resumed", "", "n", len(pl.parts))
	c.mu.Unlock()
	pl.run(folder)
	pl.awaitReturns(ctx, linger)
	return pl.conclude(pl.resumedEnd)
}

// untakenAlone: with the coordinator went whoever could have had others take over.
const untakenAlone = "coordinator_lost"

// takeUp makes a play of the record of one.
func (c *Coordinator) takeUp(id string, rec *results.Fleet) (*playing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closing:
		return nil, errClosed
	case c.play != nil:
		return nil, errors.New("a play goes on")
	case id == "" || rec == nil || len(rec.Workers) == 0 || rec.Start.IsZero():
		return nil, errors.New("the run folder has no record of the fleet that could be taken up")
	case rec.ID != c.id:
		return nil, fmt.Errorf("the run is of fleet %s, the credentials are of %s", printable(rec.ID, 40), c.id)
	}
	pl := c.newPlaying(id)
	pl.stage = stageResumed
	pl.rec = *copyOf(rec)
	pl.zero = c.base.Add(time.Duration(rec.Start.UnixNano() - c.base.UnixNano()))
	for i := range pl.rec.Workers {
		w := &pl.rec.Workers[i]
		p := c.byName[w.Name]
		if p == nil || pl.seat(p) != nil {
			return nil, fmt.Errorf("the roster has no worker %s, or the record has it twice", printable(w.Name, 40))
		}
		pt := pl.add(w.ID, p, w.Slices)
		pt.instance, pt.came = "", c.cfg.Now()
	}
	for i, l := range pl.rec.Losses {
		for _, pt := range pl.parts {
			if pt.id == l.Worker {
				pt.loss = i
			}
		}
	}
	pl.rec.Outages = append(pl.rec.Outages, results.Outage{Resumed: c.cfg.Now()})
	for i := range pl.rec.Losses {
		l := &pl.rec.Losses[i]
		pl.lastSeen(l.Noticed)
		if l.TakenFrom < 0 && l.Untaken == "" { // its takeover was under way
			l.Untaken = untakenAlone
		}
	}
	pl.took = c.cfg.Now()
	c.play = pl
	return pl, nil
}

// lastSeen notes that the coordinator was there at an offset. mu is held.
func (pl *playing) lastSeen(at time.Duration) {
	o := &pl.rec.Outages[len(pl.rec.Outages)-1]
	o.From = max(o.From, at)
}

// backAgain takes the beat of a worker that has come back to a coordinator taken up
// again. mu is held.
func (pl *playing) backAgain(pt *seat) {
	p := pt.peer
	if p.beat.Play != pl.id {
		return
	}
	if pt.instance != p.instance {
		pt.instance, p.busy = p.instance, pl.id
		pl.c.tell("back", p.name)
		pl.poke()
	}
	pl.note(pt, &p.beat)
}

// readQuiet is how long the stream must have given nothing before a play that was taken
// up again is called read: what a lost worker had stored is expected by nobody, and may
// stand behind the last end that is.
const readQuiet = time.Second

// awaitReturns waits until all ends are there, or nobody may be expected any more, and
// the stream has been read.
func (pl *playing) awaitReturns(ctx context.Context, linger time.Duration) {
	c := pl.c
	poll := time.NewTicker(watchEvery)
	defer poll.Stop()
	until := time.NewTimer(overtime)
	defer until.Stop()
	since := c.cfg.Now()
	for {
		c.mu.Lock()
		now := c.cfg.Now()
		awaited, late := pl.outstanding(now, linger)
		failed, read := pl.failed != nil, now.Sub(pl.took) >= readQuiet
		c.mu.Unlock()
		if awaited > 0 {
			since = now
		}
		if failed || awaited == 0 && (late == 0 && read || now.Sub(since) > lateDelivery) {
			return
		}
		select {
		case <-pl.wake:
		case <-poll.C:
		case <-until.C:
			return
		case <-c.stopped:
			return
		case <-ctx.Done():
			return
		case <-c.ctx.Done():
			return
		}
	}
}

// outstanding counts who has not delivered: those who played when the coordinator
// died, as long as they may still come, and those lost before that are there again.
func (pl *playing) outstanding(now time.Time, linger time.Duration) (awaited, late int) {
	for _, pt := range pl.parts {
		switch {
		case pt.expelled, pt.end != nil && pt.seen.Missing() == 0:
		case !pt.lost() && pl.mayCome(pt, now, linger):
			awaited++
		case pt.lost() && pl.delivers(pt, now):
			late++
		}
	}
	return awaited, late
}

// delivers reports whether a worker is there and has something of the play.
func (pl *playing) delivers(pt *seat, now time.Time) bool {
	return pt.peer.alive(now) && pt.peer.beat.Play == pl.id
}

// mayCome reports whether a worker that has not delivered is still waited for.
func (pl *playing) mayCome(pt *seat, now time.Time, linger time.Duration) bool {
	if pl.delivers(pt, now) {
		return now.Sub(pt.came) < undeliveredAfter
	}
	last := pt.came
	if p := pt.peer; p.beat.Play == pl.id && p.heard.After(last) {
		last = p.heard
	}
	return now.Sub(last) < linger
}

// resumedEnd is how a play ended whose coordinator had died: as its parts did, if
// all had come to their end by themselves. Who never came back is lost. mu is held.
func (pl *playing) resumedEnd() results.Ended {
	end := pl.combined()
	outage := pl.rec.Outages[len(pl.rec.Outages)-1]
	whole := true
	for _, pt := range pl.parts {
		if pt.lost() {
			continue
		}
		whole = whole && pt.end != nil && pt.end.How != results.EndedAlone
		if pt.end == nil {
			why := lostSilent
			if pl.delivers(pt, pl.c.cfg.Now()) {
				why = lostUndelivered
			}
			pl.c.tell("lost_"+why, pt.peer.name, "time", pl.now()-outage.From)
			pl.rec.Losses = append(pl.rec.Losses, results.Loss{Worker: pt.id, Why: why, Heard: outage.From,
				Noticed: pl.now(), Expired: outage.From + LeaseFor, TakenFrom: -1, Untaken: untakenAlone})
		}
	}
	if !whole && rank(end.How) < rank(results.EndedCredentials) {
		end.How, end.Cause = results.EndedAlone, "the coordinator was lost during the play"
	}
	end.At = max(end.At, outage.From)
	return end
}
