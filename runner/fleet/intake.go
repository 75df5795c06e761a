package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"firstbell/runner/results"
)

// consume reads the stream of results for as long as the coordinator lives. When
// reading fails it begins again: what is known already is dropped by its number.
func (c *Coordinator) consume() {
	again := time.NewTimer(0)
	defer again.Stop()
	for c.ctx.Err() == nil {
		err := c.cfg.Bus.Consume(c.ctx, func(subject string, data []byte) error {
			c.take(subject, data)
			return c.ctx.Err()
		})
		if c.ctx.Err() != nil {
			return
		}
		c.mu.Lock()
		c.tell("unreadable", "", "why", err)
		c.mu.Unlock()
		again.Reset(500 * time.Millisecond)
		select {
		case <-again.C:
		case <-c.ctx.Done():
			return
		}
	}
}

// What a worker may send about one play: a burst, and so much a second of it. An
// honest one sends a delta a second of some ten kilobytes, and 10,000 events at the
// most.
const (
	recordsAtOnce    = 2000 + maxEvents
	recordsPerSecond = 20
	bytesAtOnce      = 64 << 20
	bytesPerSecond   = 2 << 20
)

// take takes in one record. Only its own worker can have signed it; records of
// other plays are passed over.
func (c *Coordinator) take(subj string, data []byte) {
	p := c.byName[strings.TrimPrefix(subj, subject(c.id, "res")+".")]
	if p == nil || !c.weigh(p, len(data)) {
		return
	}
	body, err := p.public.Unwrap(subj, data)
	if err != nil {
		return // not the worker's: nothing is known of it
	}
	r, err := DecodeRecord(body)
	c.mu.Lock()
	pl := c.play
	if pl == nil {
		c.mu.Unlock()
		return
	}
	pt := pl.seat(p)
	if pt == nil || err == nil && r.Play != pl.id || pl.stage == stageResumed && err != nil {
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	select {
	case <-pl.opened:
	case <-pl.ctx.Done():
	}
	if pl.folder == nil {
		return
	}
	if err != nil {
		pl.broke(pt, err.Error())
		return
	}
	pl.takeRecord(pt, r, len(data))
}

// weigh counts what a worker has stored, whatever it is, signed or not, of this play
// or of none: the store is everybody's, and only it may write under its name. False:
// it is barred.
func (c *Coordinator) weigh(p *peer, size int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.stored += int64(size)
	since := c.cfg.Now().Sub(c.base)
	var pt *seat
	if c.play != nil {
		pt = c.play.seat(p)
		if !c.play.zero.IsZero() {
			since = max(since, c.play.now()) // one that is taken up brings its whole past at once
		}
	}
	if p.barred || float64(p.stored) <= bytesAtOnce+bytesPerSecond*since.Seconds() {
		return !p.barred
	}
	why := fmt.Sprintf("it sent %d MiB of results in %.0f s", p.stored>>20, since.Seconds())
	if pt != nil && c.play.stage != stagePreparing {
		c.play.expel(pt, why)
	}
	if !p.barred {
		c.tell("expelled", p.name, "why", why)
		c.bar(p)
	}
	return false
}

const barWithin = 10 * time.Second

// bar has the bus take no more results of a worker. mu is held.
func (c *Coordinator) bar(p *peer) {
	if p.barred {
		return
	}
	p.barred = true
	bus, ok := c.cfg.Bus.(Barrer)
	if !ok {
		return
	}
	c.running.Go(func() {
		ctx, cancel := context.WithTimeout(c.ctx, barWithin)
		defer cancel()
		_ = bus.Bar(ctx, p.name) // what it still stores is not looked at
	})
}

func (pl *playing) broke(pt *seat, why string) {
	pl.c.mu.Lock()
	defer pl.c.mu.Unlock()
	pl.expel(pt, why)
}

// takeRecord brings a record of this play to the folder, once.
func (pl *playing) takeRecord(pt *seat, r Record, size int) {
	c := pl.c
	c.mu.Lock()
	played := max(0, pl.now().Seconds())
	pt.bytes += int64(size)
	switch {
	case pl.over || pt.expelled || pt.seen.has(r.N):
		c.mu.Unlock()
		return
	case r.Worker != pt.id:
		pl.expel(pt, fmt.Sprintf("it sent a record of worker %d", r.Worker))
		c.mu.Unlock()
		return
	case float64(pt.seen.count) > recordsAtOnce+recordsPerSecond*played:
		pl.expel(pt, fmt.Sprintf("it sent over %d records in %.0f s", pt.seen.count, played))
		c.mu.Unlock()
		return
	case float64(pt.bytes) > bytesAtOnce+bytesPerSecond*played:
		pl.expel(pt, fmt.Sprintf("it sent %d MiB of results in %.0f s", pt.bytes>>20, played))
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	var end *results.Ended
	var err error
	var known bool            // the folder had it
	var written time.Duration // the second it speaks of
	if r.Kind == RecordEvent {
		err = pl.takeEvent(pt, r.Body)
	} else {
		var f results.Frame
		var fresh bool
		if f, fresh, err = pl.folder.Append(pt.id, r.Body); err == nil {
			end, known = f.End, !fresh
			if f.Delta != nil {
				written = time.Duration(f.Delta.Written+1) * time.Second
			}
		}
	}
	switch {
	case errors.Is(err, results.ErrBadFrame):
		pl.broke(pt, err.Error())
		return
	case err != nil:
		pl.fail(err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !pt.seen.add(r.N) {
		pl.expel(pt, fmt.Sprintf("its records leap to number %d", r.N))
		return
	}
	pl.keep.appended = true
	if pl.stage == stageResumed && known {
		pl.lastSeen(written)
	}
	if w := pl.record(pt); w != nil && pt.lost() && pl.stage != stageResumed {
		w.Late++
		pl.keep.change()
	}
	if end != nil && pt.end == nil {
		pl.ended(pt, *end)
	}
	pl.poke()
}

var eventKind = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// takeEvent writes a worker's event, with its name; one that only the coordinator
// may write, or that makes no sense, is dropped.
func (pl *playing) takeEvent(pt *seat, body []byte) error {
	var e results.Event
	if json.Unmarshal(body, &e) != nil || !eventKind.MatchString(e.Kind) || coordinatorsOwn(e.Kind) {
		return nil
	}
	fields := map[string]string{"worker": pt.peer.name}
	for k, v := range e.Fields {
		if len(fields) < 16 && eventKind.MatchString(k) && k != "worker" {
			fields[k] = printable(v, 300)
		}
	}
	e.Text, e.Fields = printable(e.Text, 500), fields
	return pl.folder.Event(e)
}

// numbers is a set of record numbers, which begin at 1 and come nearly in order.
type numbers struct {
	upTo  uint64              // all from 1 to here
	above map[uint64]struct{} // and these
	high  uint64
	count int
}

// maxHoles bounds how many numbers may be in the set before an earlier one.
const maxHoles = 100000

func (s *numbers) has(n uint64) bool {
	_, above := s.above[n]
	return n <= s.upTo || above
}

// add takes a number; false: it leaves a hole too large to be true.
func (s *numbers) add(n uint64) bool {
	if s.has(n) {
		return true
	}
	if n > s.upTo+maxHoles {
		return false
	}
	s.count++
	s.high = max(s.high, n)
	if n != s.upTo+1 {
		if s.above == nil {
			s.above = map[uint64]struct{}{}
		}
		s.above[n] = struct{}{}
		return true
	}
	for s.upTo = n; ; s.upTo++ {
		if _, ok := s.above[s.upTo+1]; !ok {
			return true
		}
		delete(s.above, s.upTo+1)
	}
}

// missing counts the numbers below the highest that are not in the set.
func (s *numbers) missing() uint64 { return s.high - uint64(s.count) }
