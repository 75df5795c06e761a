package fleet

import (
	"fmt"
	"slices"
	"time"

	"firstbell/runner/results"
)

// keeper writes what changes to the run folder, from a goroutine of its own:
// nothing that decides waits for a disk. Its fields are guarded by Coordinator.mu.
type keeper struct {
	wake     chan struct{}
	dirty    bool            // the record has changed
	appended bool            // frames have come since the last sync
	events   []results.Event // to be written
}

// maxPending bounds the events that wait for the disk.
const maxPending = 1000

// syncEvery is how long what has arrived may stay off the disk.
const syncEvery = time.Second

// change has the record written. mu is held.
func (k *keeper) change() {
	k.dirty = true
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// event has an event of the coordinator's own written. mu is held.
func (pl *playing) event(kind, worker, format string, a ...any) {
	if len(pl.keep.events) >= maxPending || pl.stage == stagePreparing {
		return
	}
	e := results.Event{At: pl.now(), Wall: pl.c.cfg.Now(), Kind: kind, Text: fmt.Sprintf(format, a...)}
	if worker != "" {
		e.Fields = map[string]string{"worker": worker}
	}
	pl.keep.events = append(pl.keep.events, e)
	pl.keep.change()
}

func (k *keeper) loop(pl *playing) {
	sync := time.NewTicker(syncEvery)
	defer sync.Stop()
	pl.write(true)
	for {
		select {
		case <-k.wake:
			pl.write(false)
		case <-sync.C:
			pl.sync()
		case <-pl.ctx.Done():
			return
		}
	}
}

// write brings record and events to the folder.
func (pl *playing) write(always bool) {
	c := pl.c
	c.mu.Lock()
	events, dirty := pl.keep.events, pl.keep.dirty || always
	pl.keep.events, pl.keep.dirty = nil, false
	var rec *results.Fleet
	if dirty {
		rec = copyOf(&pl.rec)
	}
	c.mu.Unlock()
	for _, e := range events {
		if err := pl.folder.Event(e); err != nil {
			pl.fail(err)
		}
	}
	if rec != nil {
		if err := pl.folder.Record(rec); err != nil {
			pl.fail(err)
		}
	}
}

func (pl *playing) sync() {
	pl.c.mu.Lock()
	appended := pl.keep.appended
	pl.keep.appended = false
	pl.c.mu.Unlock()
	if appended {
		if err := pl.folder.Sync(); err != nil {
			pl.fail(err)
		}
	}
}

// fail stops everything: the run folder cannot be written.
func (pl *playing) fail(err error) {
	pl.c.mu.Lock()
	defer pl.c.mu.Unlock()
	if pl.failed == nil {
		pl.failed = fmt.Errorf("run folder: %w", err)
		pl.halt(results.EndedInternal, "the run folder could not be written")
	}
}

// copyOf shares nothing that changes with the original.
func copyOf(f *results.Fleet) *results.Fleet {
	g := *f
	g.Workers, g.Losses, g.Outages = slices.Clone(f.Workers), slices.Clone(f.Losses), slices.Clone(f.Outages)
	for i := range g.Workers {
		g.Workers[i].Clock = slices.Clone(g.Workers[i].Clock)
	}
	for i := range g.Losses {
		g.Losses[i].Takers = slices.Clone(g.Losses[i].Takers)
	}
	if f.Stop != nil {
		stop := *f.Stop
		stop.Missing = slices.Clone(stop.Missing)
		g.Stop = &stop
	}
	return &g
}
