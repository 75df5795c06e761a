package fleet

import (
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner/results"
)

// TestFarWorkerIsReadAfterTheEnd: with a worker 140 ms away the play waits for the
// reading of its clock after the end.
func TestFarWorkerIsReadAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, 2)
		defer p.close()
		p.bus.link("w001").delay(140*time.Millisecond, 5*time.Millisecond)
		end, err := p.c.Play(t.Context(), p.aPlay())
		if err != nil || end.How != results.EndedPlanned || len(p.folder.rec.Losses) > 0 {
			t.Fatalf("ended %+v, %v; losses %+v", end, err, p.folder.rec.Losses)
		}
		for _, w := range p.folder.rec.Workers {
			if last := w.Clock[len(w.Clock)-1]; last.At+last.Error < p.folder.ends[w.ID].At {
				t.Errorf("%s: last reading at %v, its end at %v", w.Name, last.At, p.folder.ends[w.ID].At)
			}
		}
	})
}

// TestOldReadingHeardLate: a reading counts for when it was made, not for when it
// was heard. Without one after the end the play waits for it, and then goes on.
func TestOldReadingHeardLate(t *testing.T) {
	bubble(t, 2, nil, func(t *testing.T, r *rig) {
		r.workers[1].clockAt = 3 * time.Second
		end, err := r.c.Play(t.Context(), r.aPlay())
		if err != nil || end.How != results.EndedPlanned {
			t.Fatalf("ended %+v, %v", end, err)
		}
		clock := r.folder.rec.Workers[1].Clock
		if last := clock[len(clock)-1]; last.At > 3*time.Second {
			t.Errorf("last reading at %v", last.At)
		}
		if took := time.Since(r.start) - end.At; took < lastReading || took > lastReading+time.Second {
			t.Errorf("the play was over %v after the end", took)
		}
	})
}
