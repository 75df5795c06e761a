package fleet

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"firstbell/runner/results"
)

const (
	// takeLead is how far ahead a takeover begins: enough for the accounts and the
	// order to arrive.
	takeLead = 250 * time.Millisecond
	// rounds bounds how often what was refused is dealt again.
	rounds = 4
	// answerWithin bounds the wait for one taker. One that does not answer keeps
	// its part: it may be playing it, and nobody is played twice.
	answerWithin = 10 * time.Second
	// settling is how long a taker's readings lag behind what it has taken.
	settling = 3 * time.Second
)

// replace gives a lost worker's future people to the others.
func (pl *playing) replace(pt *seat, expired time.Time) {
	c := pl.c
	defer func() {
		c.mu.Lock()
		pl.busy--
		c.mu.Unlock()
		pl.poke()
	}()
	c.mu.Lock()
	left, loss, why := pt.slices, pt.loss, ""
	if c.cfg.OnLoss == OnLossStop {
		pl.halt(results.EndedLoss, pt.peer.name+" was lost")
	}
	c.mu.Unlock()
	from := time.Duration(-1)
	unwilling := map[*seat]bool{}
	for range rounds {
		if why = pl.untakeable(left, pl.at(expired)); why != "" {
			break
		}
		parts, rest, noTaker := pl.reserve(left, unwilling)
		if noTaker != "" {
			why = noTaker
			break
		}
		began, refused := pl.hand(pt, parts, expired, unwilling)
		c.mu.Lock()
		if from < 0 && len(pl.rec.Losses[loss].Takers) > 0 {
			from = began
		}
		c.mu.Unlock()
		left, why = append(rest, refused...), ""
		if len(left) == 0 {
			break
		}
		if len(refused) == 0 {
			why = "no_room"
			break
		}
		why = "refused"
	}
	pl.closeLoss(pt, loss, from, why)
}

// untakeable says why nobody needs to play what is left, or may; "" somebody should.
func (pl *playing) untakeable(left []results.Slice, from time.Duration) string {
	pl.c.mu.Lock()
	halted := pl.halted
	pl.c.mu.Unlock()
	switch {
	case halted != nil && halted.how == results.EndedLoss:
		return "on_loss_stop"
	case halted != nil || pl.ctx.Err() != nil:
		return "stopped"
	case pl.p.People(left, from) == 0:
		return "nothing_left"
	}
	return ""
}

// handing is what one taker is to get.
type handing struct {
	to     *seat
	slices []results.Slice
}

// reserve deals slices to who can take them and notes them as theirs: should one of
// them be lost in its turn, what it had been given goes on with the rest.
func (pl *playing) reserve(left []results.Slice, unwilling map[*seat]bool) (parts []handing, rest []results.Slice, why string) {
	c := pl.c
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.cfg.Now()
	var who []*seat
	var takers []taker
	for _, t := range pl.parts {
		p := t.peer
		if unwilling[t] || t.lost() || t.expelled || t.end != nil || t.instance != p.instance || now.Sub(p.heard) > SuspectAfter ||
			p.beat.Ended != "" || p.beat.Phase == PhaseEnded && p.beat.Play == pl.id {
			continue
		}
		if now.Sub(t.tookAt) > settling {
			t.took = 0
		}
		has := share(t.slices)
		who = append(who, t)
		// What it took over just now does not show in its readings yet.
		takers = append(takers, taker{Has: has,
			Room: room(has-t.took, p.beat.CPU, p.beat.Descriptors, p.hello.DescLimit) - t.took})
	}
	if len(who) == 0 {
		return nil, left, "nobody_left"
	}
	dealt, rest := deal(left, takers)
	for i, t := range who {
		if len(dealt[i]) > 0 {
			t.slices = append(slices.Clip(t.slices), dealt[i]...)
			t.took, t.tookAt = t.took+share(dealt[i]), now
			parts = append(parts, handing{t, dealt[i]})
		}
	}
	if len(parts) == 0 {
		return nil, left, "no_room"
	}
	return parts, rest, ""
}

// hand has takers take over, once the lost worker's lease has expired. from is the
// instant from which they play; refused is what nobody plays yet.
func (pl *playing) hand(lost *seat, parts []handing, expired time.Time, unwilling map[*seat]bool) (from time.Duration, refused []results.Slice) {
	accounts := make([][]byte, len(parts))
	for i, h := range parts { // made ready while the lease runs out
		var err error
		if accounts[i], err = pl.p.Accounts(h.slices); err != nil {
			accounts[i] = nil
		}
	}
	if !pl.sleepUntil(expired) {
		return -1, nil
	}
	from = max(0, pl.now()+takeLead) // nobody is due before the first instant
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i, h := range parts {
		wg.Go(func() {
			if pl.handOne(lost, h, accounts[i], from) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			refused = append(refused, h.slices...)
			unwilling[h.to] = true
		})
	}
	wg.Wait()
	return from, refused
}

// handOne orders one takeover. False: it was refused, and the slices are free.
func (pl *playing) handOne(lost *seat, h handing, accounts []byte, from time.Duration) bool {
	ctx, cancel := context.WithTimeout(h.to.ctx, answerWithin)
	defer cancel()
	people := pl.p.People(h.slices, from)
	var refusal *Refusal
	err := errors.New("its accounts could not be encoded")
	if accounts != nil {
		var ref Ref
		if ref, err = pl.putMore(ctx, h.to, accounts); err == nil {
			_, err = pl.c.order(ctx, h.to.peer, Order{Kind: OrderMore, Play: pl.id,
				More: &More{Lost: lost.id, Slices: h.slices, From: from, People: people, Accounts: ref}})
			if err != nil && !errors.As(err, &refusal) {
				return pl.unanswered(h) // it may have been understood
			}
		}
	}
	c := pl.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.to.lost() {
		return true // its own loss deals them on
	}
	if err != nil {
		h.to.slices = slices.DeleteFunc(slices.Clone(h.to.slices), func(s results.Slice) bool { return slices.Contains(h.slices, s) })
		c.tell("not_taking", h.to.peer.name, "why", err)
		return false
	}
	l := &pl.rec.Losses[lost.loss]
	l.Takers = append(l.Takers, results.Taking{Worker: h.to.id, Slices: h.slices, People: people, At: pl.now()})
	return true
}

// unanswered leaves a part with a taker that did not answer.
func (pl *playing) unanswered(h handing) bool {
	pl.c.mu.Lock()
	defer pl.c.mu.Unlock()
	if !h.to.lost() && !pl.over && pl.halted == nil {
		pl.c.tell("not_saying", h.to.peer.name)
	}
	return true
}

// closeLoss completes a loss's record.
func (pl *playing) closeLoss(pt *seat, loss int, from time.Duration, why string) {
	c := pl.c
	c.mu.Lock()
	l := pl.rec.Losses[loss]
	all := pt.slices
	c.mu.Unlock()
	due := from
	if len(l.Takers) == 0 {
		due = l.Expired
	}
	people := pl.p.People(all, due)
	c.mu.Lock()
	defer c.mu.Unlock()
	rec, name := &pl.rec.Losses[loss], pt.peer.name
	taken := 0
	for _, t := range rec.Takers {
		taken += t.People
	}
	if why == "" && (taken < people || len(rec.Takers) == 0) { // of a part nobody said in time that they play it
		why = pl.whyNobody(people)
	}
	rec.Due, rec.Untaken = people, why
	if len(rec.Takers) > 0 {
		rec.TakenFrom = from
		pl.event(EventTakenOver, name, "%d workers take over %d people of %s", len(rec.Takers), taken, name)
		c.tell("taken_over", name, "n", len(rec.Takers), "people", taken, "time", rec.Taken()-rec.Heard)
	}
	if taken < people && pl.halted == nil {
		c.tell("untaken", name, "people", people-taken, "why", NoticeWord{"untaken", cmp.Or(why, "unanswered")})
	}
	pl.keep.change()
}

// whyNobody says why nobody has taken over people that were dealt out and not
// refused. mu is held.
func (pl *playing) whyNobody(people int) string {
	switch {
	case people == 0:
		return "nothing_left"
	case pl.halted != nil || pl.ctx.Err() != nil:
		return "stopped"
	}
	return "unanswered" // those who were to play them were lost before they said so
}

// sleepUntil waits, or gives up with the play.
func (pl *playing) sleepUntil(t time.Time) bool {
	timer := time.NewTimer(t.Sub(pl.c.cfg.Now()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-pl.ctx.Done():
		return false
	}
}
