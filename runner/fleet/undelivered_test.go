package fleet

import (
	"slices"
	"testing"
	"time"

	"firstbell/runner/results"
)

// TestUndelivered: a worker whose part is over and that brings no more records holds
// the others for a minute, is called lost, and what it had brought stays. One that
// brings a record now and then is given the time.
func TestUndelivered(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fakeWorker)
		lost   bool
		heard  time.Duration
		within [2]time.Duration // of the whole play, from the first instant
	}{
		"never says its end":     {func(f *fakeWorker) { f.noLast = true }, true, 8 * time.Second, [2]time.Duration{67 * time.Second, 72 * time.Second}},
		"comes to no end":        {func(f *fakeWorker) { f.hangs = true }, true, 6 * time.Second, [2]time.Duration{67 * time.Second, 72 * time.Second}},
		"brings nothing at all":  {func(f *fakeWorker) { f.sendAfter = time.Hour }, true, 0, [2]time.Duration{67 * time.Second, 72 * time.Second}},
		"is slow, and gets done": {func(f *fakeWorker) { f.sendStep = 20 * time.Second }, false, 0, [2]time.Duration{180 * time.Second, 200 * time.Second}},
	} {
		bubble(t, 3, nil, func(t *testing.T, r *rig) {
			c.change(r.workers[1])
			end, err := r.c.Play(t.Context(), r.aPlay())
			took := time.Since(r.start)
			if err != nil || end.How != results.EndedPlanned || took < c.within[0] || took > c.within[1] {
				t.Errorf("%s: ended %+v after %v, %v", name, end, took, err)
			}
			losses := r.folder.rec.Losses
			if !c.lost {
				if len(losses) > 0 || len(r.folder.ends) != 3 {
					t.Errorf("%s: losses %+v, ends %+v", name, losses, r.folder.ends)
				}
				return
			}
			if len(losses) != 1 || losses[0].Why != lostUndelivered || losses[0].Heard != c.heard || losses[0].Noticed < undeliveredAfter {
				t.Fatalf("%s: losses %+v", name, losses)
			}
			if !r.folder.has(EventLost) || !r.told("lost_undelivered") {
				t.Errorf("%s: nobody is told", name)
			}
			if got := len(r.folder.frames[1]); got != int(c.heard/time.Second) {
				t.Errorf("%s: %d of its frames are kept", name, got)
			}
		})
	}
}

// told reports whether a notice of a key was told.
func (r *rig) told(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.notices, func(n Notice) bool { return n.Key == key })
}
