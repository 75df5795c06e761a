package results

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// intake reads the workers' files of a folder, one after another, into a Run.
type intake struct {
	run      *Run
	dec      *Decoder
	one      *Delta // the delta being read
	own      *Delta // all of the worker being read: its small histograms first, then once into the large ones
	bySecond map[int32]*SecondRun
}

func newIntake(r *Run) *intake {
	return &intake{run: r, dec: NewDecoder(LimitsOf(r.Plan)), one: NewDelta(0), own: NewDelta(0), bySecond: map[int32]*SecondRun{}}
}

// worker reads one worker's file; one that is not there is a worker that recorded
// nothing.
func (in *intake) worker(id uint32) error {
	b, err := readBounded(filepath.Join(in.run.Dir, DeltaDir, deltaName(id)), maxDeltaFile)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	in.own.Reset()
	w, end := in.frames(id, b)
	if w.Frames == 0 && w.Why == errVersion.Error() {
		return errVersion // not a run that was cut
	}
	in.run.Fleet.givenAway(id, in.own)
	in.run.Total.Merge(in.own)
	in.run.Total.Gauges = addGauges(in.run.Total.Gauges)
	w.Lost = in.run.Fleet.lost(id)
	s := shareOf(id, in.own)
	s.Ended, s.Lost = end, w.Lost
	in.run.Workers, in.run.Shares = append(in.run.Workers, w), append(in.run.Shares, s)
	return nil
}

// frames reads a file up to the first frame that is torn or damaged. The end is
// usually the last one; what had been missing may stand behind it.
func (in *intake) frames(id uint32, b []byte) (w WorkerRun, end *Ended) {
	w.ID = id
	var seen Numbers
	for len(b) > 0 {
		f, n, err := in.dec.Next(b, in.one)
		switch {
		case err == nil && f.Worker != id:
			err = errOther(f.Worker)
		case err == nil && f.Seq == 0:
			err = errNoNumber
		}
		if err != nil {
			w.Torn, w.Why = int64(len(b)), err.Error()
			if end != nil {
				w.Why = "bytes after the end of the run"
			}
			break
		}
		b = b[n:]
		switch {
		case !seen.Add(f.Seq):
			w.Duplicates++
		case f.End != nil:
			if end == nil {
				end = f.End
				end.Cause = signText(end.Cause)
			}
		default:
			w.Frames++
			w.LastSeq = max(w.LastSeq, f.Seq)
			w.LastSecond = max(w.LastSecond, in.one.Written)
			in.own.Merge(in.one)
			addSecond(in.bySecond, in.one)
		}
	}
	w.Ended, w.Gaps = end != nil, seen.Missing()
	return w, end
}

func addSecond(m map[int32]*SecondRun, d *Delta) {
	s, ok := m[d.Written]
	if !ok {
		s = &SecondRun{Second: d.Written}
		m[d.Written] = s
	}
	for _, n := range d.Starts {
		s.Starts += uint64(n)
	}
	for _, n := range d.Tries {
		s.Tries += uint64(n)
	}
	for k, n := range d.People {
		s.People[k.Outcome] += uint64(n)
	}
	for k, n := range d.Attempts {
		s.Attempts[k.Outcome] += uint64(n)
	}
}

// addGauges adds up what is inside a step in the same second, so that a fleet's
// gauges take no more room than one machine's.
func addGauges(list []Gauge) []Gauge {
	slices.SortFunc(list, func(a, b Gauge) int {
		return cmp.Or(cmp.Compare(a.Second, b.Second), cmp.Compare(a.Step, b.Step))
	})
	out := list[:0]
	for _, g := range list {
		if n := len(out); n > 0 && out[n-1].Second == g.Second && out[n-1].Step == g.Step {
			out[n-1].People = satAdd(out[n-1].People, g.People)
			out[n-1].Inside = satSpan(out[n-1].Inside, g.Inside)
			continue
		}
		out = append(out, g)
	}
	return out
}

// lost reports whether a worker was called lost.
func (f *Fleet) lost(id uint32) bool {
	return f != nil && slices.ContainsFunc(f.Losses, func(l Loss) bool { return l.Worker == id })
}

// givenAway takes out whom a lost worker says it did not send, being stopped, and
// whom others were playing by then: what became of them is for these to say. Who
// was left to nobody is not known any more, and counts as [LedgerOf] says.
func (f *Fleet) givenAway(id uint32, d *Delta) {
	if f == nil {
		return
	}
	for _, l := range f.Losses {
		if l.Worker != id || l.TakenFrom < 0 {
			continue
		}
		for _, cells := range []map[Cell]uint32{d.People, d.Attempts} {
			for c := range cells {
				if c.Outcome == NotSent && c.Reason == ReasonCut && c.Second >= SecondOf(l.TakenFrom) {
					delete(cells, c)
				}
			}
		}
	}
}
