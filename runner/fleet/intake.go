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
	wanted := pl.wanted(pt, r, size)
	c.mu.Unlock()
	if !wanted {
		return
	}
	got, err := pl.store(pt, r)
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
	pl.stored(pt, r.N, got)
}

// wanted reports whether a record is looked at: not one that was, and not one beyond
// the bounds, for which its worker is expelled. mu is held.
func (pl *playing) wanted(pt *seat, r Record, size int) bool {
	played := max(0, pl.now().Seconds())
	pt.bytes += int64(size)
	why := ""
	switch n := pt.seen.Count(); {
	case pl.over || pt.expelled || pt.seen.Has(r.N):
		return false
	case r.Worker != pt.id:
		why = fmt.Sprintf("it sent a record of worker %d", r.Worker)
	case r.N > pt.seen.UpTo()+maxHoles:
		why = fmt.Sprintf("its records leap to number %d", r.N)
	case float64(n) > recordsAtOnce+recordsPerSecond*played:
		why = fmt.Sprintf("it sent over %d records in %.0f s", n, played)
	case float64(pt.bytes) > bytesAtOnce+bytesPerSecond*played:
		why = fmt.Sprintf("it sent %d MiB of results in %.0f s", pt.bytes>>20, played)
	default:
		return true
	}
	pl.expel(pt, why)
	return false
}

// kept is what the folder made of a record.
type kept struct {
	end     *results.Ended
	known   bool          // the folder had it
	written time.Duration // the second it speaks of
}

// store writes a record to the folder.
func (pl *playing) store(pt *seat, r Record) (kept, error) {
	if r.Kind == RecordEvent {
		return kept{}, pl.takeEvent(pt, r.Body)
	}
	f, fresh, err := pl.folder.Append(pt.id, r.Body)
	got := kept{end: f.End, known: !fresh}
	if f.Delta != nil {
		got.written = time.Duration(f.Delta.Written+1) * time.Second
	}
	return got, err
}

// stored notes what a record says of its worker. mu is held.
func (pl *playing) stored(pt *seat, n uint64, got kept) {
	pt.seen.Add(n)
	pl.took = pl.c.cfg.Now()
	pt.came = pl.took
	pt.written = max(pt.written, got.written)
	pl.keep.appended = true
	if pl.stage == stageResumed && got.known {
		pl.lastSeen(got.written)
	}
	if w := pl.record(pt); w != nil && pt.lost() && pl.stage != stageResumed {
		w.Late++
		pl.keep.change()
	}
	if got.end != nil && pt.end == nil {
		pl.ended(pt, *got.end)
	}
	pl.poke()
}

// maxHoles bounds how far a record's number may leap beyond those that are there.
const maxHoles = 100000

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
