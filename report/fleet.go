package report

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"time"

	"firstbell/runner/results"
)

// several reports whether the run was meant for more than one worker. A plan says
// so even where the record of the fleet is gone; V5 and V6 are then not measured.
func (t *tally) several() bool {
	return t.fleet != nil || t.plan.Workers > 1 || len(t.run.Workers) > 1
}

// member is a worker in the coordinator's record; nil when it is not there.
func (t *tally) member(id uint32) *results.FleetWorker {
	if t.fleet == nil {
		return nil
	}
	i := slices.IndexFunc(t.fleet.Workers, func(w results.FleetWorker) bool { return w.ID == id })
	if i < 0 {
		return nil
	}
	return &t.fleet.Workers[i]
}

// workerName is how a worker is called everywhere.
func (t *tally) workerName(id uint32) string {
	if w := t.member(id); w != nil && w.Name != "" {
		return w.Name
	}
	return fmt.Sprintf("w%03d", id)
}

// lossOf is a worker's last loss; nil when it had none.
func (t *tally) lossOf(id uint32) *results.Loss {
	var last *results.Loss
	if t.fleet == nil {
		return nil
	}
	for i := range t.fleet.Losses {
		if l := &t.fleet.Losses[i]; l.Worker == id && (last == nil || l.Heard > last.Heard) {
			last = l
		}
	}
	return last
}

// presence is how long a worker was there for, and whether it could be asked
// afterwards.
func (t *tally) presence(id uint32) (played time.Duration, back bool) {
	for _, w := range t.run.Workers {
		if w.ID == id {
			played = time.Duration(w.LastSecond) * time.Second
		}
	}
	l := t.lossOf(id)
	if l == nil || l.Returned != nil {
		return played, true
	}
	return max(0, l.Heard), false
}

// workers is table T13.
func (t *tally) workers() []Worker {
	var out []Worker
	for i := range t.engines {
		e := &t.engines[i]
		w := t.worker(e)
		if t.several() {
			w.ID = int(e.id)
			w.Member = t.memberOf(e)
		}
		out = append(out, w)
	}
	return out
}

func (t *tally) memberOf(e *engine) *Member {
	out := &Member{Name: e.worker, State: "ok"}
	out.Unseen, out.NotSent = e.unseen.n, e.unsent.n
	if w := t.member(e.id); w != nil {
		c := t.clockOf(w)
		out.Place, out.Version, out.CPUs, out.Assigned = w.Place, w.Version, cpus(w.CPUs), w.People
		out.Readings, out.ClockGap = len(w.Clock), c.gap
		out.StartedAt, out.StartError = seconds(w.StartedAt), seconds(w.StartError)
		if len(w.Clock) > 0 {
			out.ClockOffset, out.ClockError, out.ClockDrift = seconds(c.offset), seconds(c.worst), seconds(c.drift)
		}
	}
	for _, g := range t.generators {
		for _, m := range g.Measures {
			if m.Worker == e.worker && m.Status != Met {
				out.State = "warned"
			}
		}
	}
	t.lossesOf(e.id, out)
	return out
}

func (t *tally) lossesOf(id uint32, out *Member) {
	if t.fleet == nil {
		return
	}
	for _, l := range t.fleet.Losses {
		if l.Worker == id {
			out.Losses++
		}
		for _, x := range l.Takers {
			if x.Worker == id {
				out.Taken += x.People
			}
		}
	}
	if l := t.lossOf(id); l != nil {
		out.State = "lost"
		if l.Returned != nil {
			out.State = "returned"
		}
	}
}

// cpus is a number of processors; what is none is not said.
func cpus(n float64) Decimal {
	if !(n > 0 && n < 1e6) {
		return ""
	}
	return trimmed(strconv.FormatFloat(n, 'f', 2, 64))
}

// fleetSummary is S13 of a run on several workers; nil on one machine.
func (t *tally) fleetSummary() *Fleet {
	if !t.several() {
		return nil
	}
	out := &Fleet{Losses: []Loss{}, Outages: []Outage{}}
	for i := range t.engines {
		out.Unobserved += t.engines[i].unseen.n
		out.LostNotSent += t.engines[i].unsent.n
	}
	out.Touched = out.Unobserved + out.LostNotSent
	f := t.fleet
	if f == nil {
		return out
	}
	out.Kept, out.Kind, out.OnLoss = true, string(f.Kind), f.OnLoss
	out.Clock = t.clocks()
	for _, l := range lossesInOrder(f) {
		out.Losses = append(out.Losses, t.loss(&l))
	}
	for _, o := range f.Outages {
		out.Outages = append(out.Outages, Outage{t.clockAt(o.From), o.Resumed.Format(time.RFC3339)})
	}
	if s := f.Stop; s != nil {
		out.Stop = &Stop{Why: s.Why, At: t.clockAt(s.Sent), Missing: []string{}}
		for _, id := range s.Missing {
			out.Stop.Missing = append(out.Stop.Missing, t.workerName(id))
		}
		if len(s.Missing) == 0 && s.Reached >= s.Sent {
			out.Stop.After = seconds(s.Reached - s.Sent)
		}
	}
	return out
}

func (t *tally) loss(l *results.Loss) Loss {
	out := Loss{
		Worker: t.workerName(l.Worker), ID: int(l.Worker), Why: l.Why, Heard: t.clockAt(l.Heard),
		Noticed: seconds(max(0, l.Noticed-l.Heard)), Taken: -1, Untaken: l.Untaken, Takers: []Taker{}, Due: l.Due, Returned: -1,
		InWindow: touches(l, t.peak()),
	}
	if l.TakenFrom >= 0 {
		out.Taken, out.TakenAfter = t.clockAt(l.Taken()), takenAfter(l)
	}
	for _, x := range l.Takers {
		out.Takers = append(out.Takers, Taker{t.workerName(x.Worker), x.People})
	}
	if l.Returned != nil {
		out.Returned = t.clockAt(*l.Returned)
	}
	if w := t.member(l.Worker); w != nil {
		out.Late = w.Late
	}
	if e := t.engineOf(l.Worker); e != nil {
		s := t.clockSpan(e.unseen.span)
		out.Unobserved, out.NotSent, out.From, out.To = e.unseen.n, e.unsent.n, s.From, s.To
	}
	return out
}

// clocks is the worst of all readings, and how far apart the workers began.
func (t *tally) clocks() Clocks {
	var out Clocks
	var worst, drift, offset, first, last, bound time.Duration
	for i := range t.fleet.Workers {
		w := &t.fleet.Workers[i]
		if i == 0 {
			first, last = w.StartedAt, w.StartedAt
		}
		first, last, bound = min(first, w.StartedAt), max(last, w.StartedAt), max(bound, w.StartError)
		if len(w.Clock) == 0 {
			continue
		}
		c := t.clockOf(w)
		out.Readings += len(w.Clock)
		if out.Error == "" || c.worst > worst {
			worst, out.ErrorWorker = c.worst, w.Name
		}
		if out.Drift == "" || c.drift > drift {
			drift, out.DriftWorker = c.drift, w.Name
		}
		offset = max(offset, c.offset.Abs())
		out.Error, out.Drift, out.Offset = seconds(worst), seconds(drift), seconds(offset)
	}
	if len(t.fleet.Workers) > 1 {
		out.Spread, out.SpreadError = seconds(last-first), trimmed(new(big.Rat).SetFrac64(int64(2*bound), int64(time.Second)).FloatString(9))
	}
	return out
}

// size is how many generators played.
func (t *tally) size() int {
	n := max(1, len(t.run.Workers))
	if t.fleet != nil {
		n = max(n, len(t.fleet.Workers))
	}
	return n
}
