package fleet

import (
	"context"
	"time"
)

// delivery is one spool and the goroutine that sends it.
type delivery struct {
	spool  *spool
	cancel context.CancelFunc
	done   chan struct{}
}

// deliverLeft delivers what an earlier process of this worker left behind.
func (w *Worker) deliverLeft(ctx context.Context) error {
	left, err := leftSpools(w.cfg.Spool, w.fleet, w.name)
	for _, s := range left {
		last, _ := s.counts()
		w.tell("left", "n", int(last), "play", printable(s.play, 60))
		w.deliver(ctx, s)
	}
	return err
}

// deliver starts the sender of a spool; it runs until ctx ends.
func (w *Worker) deliver(ctx context.Context, s *spool) {
	ctx, cancel := context.WithCancel(ctx)
	d := &delivery{spool: s, cancel: cancel, done: make(chan struct{})}
	w.mu.Lock()
	w.deliveries[s.play] = d
	w.mu.Unlock()
	trouble := ""
	to := &sender{spool: s, append: w.append, failed: func(err error) {
		if text := err.Error(); text != trouble { // once per kind of trouble
			trouble = text
			w.tell("waiting", "why", err)
		}
	}}
	if !w.spawn(func() { defer close(d.done); to.run(ctx) }) {
		close(d.done)
	}
}

// append signs a record and stores it in the stream.
func (w *Worker) append(ctx context.Context, r Record, record []byte) error {
	s := resultsSubject(w.fleet, w.name)
	return w.cfg.Bus.Append(ctx, s, r.ID(), w.me.Wrap(s, record))
}

// end ends the sender.
func (d *delivery) end() {
	d.cancel()
	<-d.done
}

// forgetSpool deletes a play's spool.
func (w *Worker) forgetSpool(play string) {
	w.mu.Lock()
	d := w.deliveries[play]
	delete(w.deliveries, play)
	w.mu.Unlock()
	if d == nil {
		return
	}
	d.end()
	if err := d.spool.remove(); err != nil {
		w.tell("spool_kept", "why", err)
	}
}

// forgetEmpty deletes a play's spool that holds nothing: the play never began.
func (w *Worker) forgetEmpty(play string) {
	w.mu.Lock()
	d := w.deliveries[play]
	w.mu.Unlock()
	if d != nil && d.spool.empty() {
		w.forgetSpool(play)
	}
}

// drain waits until everything spooled is acknowledged, or ctx ends.
func (w *Worker) drain(ctx context.Context) {
	for ctx.Err() == nil && w.undelivered() > 0 {
		pause(ctx, 20*time.Millisecond)
	}
}

// undelivered counts the records that are not acknowledged.
func (w *Worker) undelivered() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var n uint64
	for _, d := range w.deliveries {
		last, acked := d.spool.counts()
		n += last - acked
	}
	return n
}

// closeDeliveries ends all senders. What has been delivered whole is deleted, the
// rest stays on the disk; the result counts its records.
func (w *Worker) closeDeliveries() (kept uint64) {
	w.mu.Lock()
	var all []*delivery
	for play, d := range w.deliveries {
		all = append(all, d)
		delete(w.deliveries, play)
	}
	w.mu.Unlock()
	for _, d := range all {
		d.end()
		last, acked := d.spool.counts()
		var err error
		if last == acked {
			err = d.spool.remove()
		} else {
			kept += last - acked
			err = d.spool.close()
		}
		if err != nil {
			w.tell("spool_open", "why", err)
		}
	}
	return kept
}
