package fleet

import (
	"fmt"
	"time"

	"firstbell/runner/results"
)

// Why a worker counts as lost.
const (
	lostSilent   = "silent"
	lostGone     = "gone"
	lostLease    = "lease"
	lostSpool    = "spool"
	lostExpelled = "expelled"
	// lostUndelivered is heard, but what it has recorded does not come.
	lostUndelivered = "undelivered"
)

var lossWords = map[string]string{
	lostSilent:   "is not heard any more",
	lostGone:     "has left",
	lostLease:    "has stopped by itself: its lease had expired",
	lostSpool:    "cannot write its results any more",
	lostExpelled: "broke the bounds of what a worker may send",

	lostUndelivered: "does not deliver its results",
}

// mayLoad reports whether a worker's lease is renewed. mu is held.
func (pl *playing) mayLoad(p *peer, now time.Time) bool {
	pt := pl.seat(p)
	if pt == nil || pt.instance != p.instance || pt.lost() || pt.expelled || pl.stage == stageResumed {
		return false
	}
	// Whoever has not confirmed a stop by now is stopped by its lease.
	return pl.halted == nil || now.Sub(pl.halted.sent) < stopByOrder
}

// heard takes a beat of one who may play. mu is held.
func (pl *playing) heard(p *peer, now time.Time) {
	pt := pl.seat(p)
	if pt != nil && pl.stage == stageResumed {
		pl.backAgain(pt)
		return
	}
	if pt == nil || pt.instance != p.instance {
		return
	}
	if pt.lost() {
		pl.returned(pt, now)
	}
	b := &p.beat
	if b.Play != pl.id {
		return
	}
	pl.note(pt, b)
	switch {
	case b.Broken:
		pl.lose(pt, lostSpool, now)
	case b.Ended == results.EndedAlone:
		pl.lose(pt, lostLease, now)
	case b.Ended == results.EndedByTarget || b.Ended == results.EndedCredentials:
		pl.halt(b.Ended, pt.peer.name+" has found that the play must stop")
	}
	if b.Phase == PhaseEnded {
		pl.poke()
	}
}

// maxReadings bounds what a worker may say of its clock: a day at one each 10 s.
const maxReadings = 8640

// note keeps what a beat says of clock and progress.
func (pl *playing) note(pt *seat, b *Beat) {
	if b.Snapshot != nil {
		pt.snapshot = b.Snapshot
	}
	w := pl.record(pt)
	if w == nil {
		return
	}
	if b.Clock != nil && b.Readings > pt.readings && len(w.Clock) < maxReadings && b.Clock.Error >= 0 {
		pt.readings = b.Readings
		w.Clock = append(w.Clock, *b.Clock)
		// It is of when it was made, which its worker knows; never of later than now.
		w.Clock[len(w.Clock)-1].At = min(b.Clock.At, pl.now())
	}
	if b.StartedAt != nil && w.StartError == 0 {
		w.StartedAt, w.StartError = *b.StartedAt, max(b.StartError, 1)
		pl.keep.change()
	}
}

// record is a part's entry in fleet.json; nil before there is one.
func (pl *playing) record(pt *seat) *results.FleetWorker {
	for i := range pl.rec.Workers {
		if pl.rec.Workers[i].ID == pt.id {
			return &pl.rec.Workers[i]
		}
	}
	return nil
}

// returned notes that a lost worker is heard again. It gets no lease in this play.
func (pl *playing) returned(pt *seat, now time.Time) {
	l := &pl.rec.Losses[pt.loss]
	if l.Returned != nil {
		return
	}
	if l.Why != lostSilent && l.Why != lostGone {
		return // it never was away
	}
	at := pl.at(now)
	l.Returned = &at
	pl.event(EventReturned, pt.peer.name, "%s is heard again; it delivers what it has and plays no more", pt.peer.name)
	pl.c.tell("returned", pt.peer.name)
}

// silent, left and replaced are the ways a process goes away. mu is held.
func (pl *playing) silent(p *peer, now time.Time) {
	if pl.stage == stagePreparing && now.Sub(p.heard) < callSilence {
		return // building its part keeps a machine busy, and no lease is at stake
	}
	pl.away(p, lostSilent, now)
}
func (pl *playing) left(p *peer, now time.Time) { pl.away(p, lostGone, now) }

// replaced: another process takes the name.
func (pl *playing) replaced(p *peer, now time.Time) { pl.away(p, lostSilent, now) }

func (pl *playing) away(p *peer, why string, now time.Time) {
	if pt := pl.seat(p); pt != nil && pt.instance == p.instance {
		pl.lose(pt, why, now)
	}
}

// lose calls a worker lost, for this play and for good. mu is held.
func (pl *playing) lose(pt *seat, why string, now time.Time) {
	name := pt.peer.name
	switch {
	case pl.over || pt.lost() || pl.stage == stageResumed:
		return
	case pl.stage == stagePreparing:
		pl.refuse(fmt.Errorf("%s %s", name, lossWords[why]))
		return
	case pt.end != nil && why != lostExpelled:
		return // its part was over, and all of it has arrived
	case why == lostLease && pl.halted != nil:
		return // it had not heard the order to stop, and stopped all the same
	}
	expired := now
	if until := pt.peer.until.Add(pl.clockError(pt)); until.After(now) {
		expired = until
	}
	heard := pt.peer.heard
	if why == lostUndelivered { // its beats say nothing of its people
		heard = pl.zero.Add(pt.written)
	}
	if heard.After(now) {
		heard = now
	}
	pt.loss = len(pl.rec.Losses)
	pl.rec.Losses = append(pl.rec.Losses, results.Loss{Worker: pt.id, Why: why,
		Heard: pl.at(heard), Noticed: pl.at(now), Expired: pl.at(expired), TakenFrom: -1})
	pt.leave()
	pl.c.tell("lost_"+why, name, "time", now.Sub(heard))
	pl.event(EventLost, name, "%s %s", name, lossWords[why])
	pl.busy++
	pl.wg.Go(func() { pl.replace(pt, expired) })
	pl.poke()
}

// clockError is the bound of a worker's newest reading.
func (pl *playing) clockError(pt *seat) time.Duration {
	if w := pl.record(pt); w != nil && len(w.Clock) > 0 {
		return min(w.Clock[len(w.Clock)-1].Error, maxClockError)
	}
	return 0
}
