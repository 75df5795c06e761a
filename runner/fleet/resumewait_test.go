package fleet

import (
	"testing"
	"time"

	"firstbell/runner/results"
)

// TestResumeWaits: a successor waits for who is silent no longer than it was told,
// and for who delivers as long as it takes. A worker that died with the coordinator
// does not hold the others.
func TestResumeWaits(t *testing.T) {
	const linger = 10 * time.Second
	for name, c := range map[string]struct {
		change func(*fakeWorker) // before the play
		then   func(*fakeWorker) // when the coordinator dies
		took   [2]time.Duration
		why    string // of its loss; "" none
	}{
		"all are there":              {took: [2]time.Duration{time.Second, 3 * time.Second}},
		"died with the coordinator":  {then: (*fakeWorker).kill, took: [2]time.Duration{linger, linger + time.Second}, why: lostSilent},
		"is slow":                    {change: func(f *fakeWorker) { f.sendStep = 12 * time.Second }, took: [2]time.Duration{30 * time.Second, time.Minute}},
		"is heard and never says it": {change: func(f *fakeWorker) { f.noLast = true }, took: [2]time.Duration{undeliveredAfter, undeliveredAfter + 3*time.Second}, why: lostUndelivered},
	} {
		bubble(t, 3, nil, func(t *testing.T, r *rig) {
			if c.change != nil {
				c.change(r.workers[2])
			}
			play := r.aPlay()
			result := r.play(t.Context(), play)
			r.until(3500 * time.Millisecond)
			r.die()
			if c.then != nil {
				c.then(r.workers[2])
			}
			_, _ = result()
			time.Sleep(5 * time.Second)
			rec := r.succeed()
			from := time.Now()
			end, err := r.c.Resume(t.Context(), play.ID, r.folder, rec, linger)
			if took := time.Since(from); err != nil || end.How != results.EndedAlone || took < c.took[0] || took > c.took[1] {
				t.Errorf("%s: ended %+v after %v, %v", name, end, took, err)
			}
			losses := r.folder.rec.Losses
			if c.why == "" && (len(losses) > 0 || len(r.folder.ends) != 3) {
				t.Errorf("%s: losses %+v, ends of %d workers", name, losses, len(r.folder.ends))
			}
			if c.why != "" && (len(losses) != 1 || losses[0].Worker != 2 || losses[0].Why != c.why || !r.told("lost_"+c.why)) {
				t.Errorf("%s: losses %+v", name, losses)
			}
		})
	}
}

// succeed starts another coordinator on what a dead one has left.
func (r *rig) succeed() *results.Fleet {
	r.folder.mu.Lock()
	r.folder.dead = false
	rec := copyOf(r.folder.rec)
	r.folder.mu.Unlock()
	cfg := r.c.cfg
	cfg.Bus = r.bus.connect("coordinator again")
	var err error
	if r.c, err = NewCoordinator(r.t.Context(), cfg); err != nil {
		r.t.Fatal(err)
	}
	for _, w := range r.workers {
		w.mu.Lock()
		w.in = false // it asks to join again, hearing no ticks
		w.mu.Unlock()
	}
	return rec
}
