package results

import (
	"time"
)

// SeriesOf lays a run out second by second, all groups and all workers
// together. Counts by intended second are those of [LedgerOf]; counts by the
// second they happened in are by written second. It reads r and keeps nothing of
// it.
func SeriesOf(r *Run) *Series {
	s := &Series{Ended: r.Ended, Dir: r.Dir, InTime: r.Plan.InTime}
	if r.Plan.Conduct != nil {
		s.Conduct = *r.Plan.Conduct
	}
	for _, g := range r.Plan.Intended {
		s.Played = max(s.Played, len(g))
	}
	s.Seconds = make([]SeriesSecond, max(s.Played, s.recorded(r)))
	for i := range s.Seconds {
		s.Seconds[i].InFlight, s.Seconds[i].Waiting, s.Seconds[i].Between = -1, -1, -1
	}
	s.people(&LedgerOf(r).People)
	s.written(r)
	s.gauges(r.Total.Health)
	s.classTimes(r.Total)
	s.steps(r)
	return s
}

// maxTail bounds what lies behind the played window: a damaged folder may name
// any second of a week.
const maxTail = 4 * 3600

// recorded is the number of seconds that hold anything.
func (s *Series) recorded(r *Run) int {
	n := 0
	if k := len(r.Seconds); k > 0 {
		n = int(r.Seconds[k-1].Second) + 1
	}
	return min(n, s.Played+maxTail)
}

// at is a second, nil when it lies outside.
func (s *Series) at(second int32) *SeriesSecond {
	if second < 0 || int(second) >= len(s.Seconds) {
		return nil
	}
	return &s.Seconds[second]
}

// people counts by intended second, without those that were never due.
func (s *Series) people(b *Book) {
	for _, l := range b.Seconds {
		x := s.at(l.Second)
		if x == nil {
			continue
		}
		x.Intended += clip(l.Intended)
		x.Started += clip(l.Started)
		x.NotSent += clip(l.NotSent)
		for o, n := range l.By {
			x.By[o] += clip(n)
		}
	}
	if s.Ended.LoadEnd == 0 {
		return
	}
	for _, c := range b.Cells {
		if x := s.at(c.Second); x != nil && c.Outcome == NotSent && c.Reason == ReasonCut {
			n := clip(c.N)
			x.Intended -= min(n, x.Intended)
			x.NotSent -= min(n, x.NotSent)
			x.By[NotSent] -= min(n, x.By[NotSent])
		}
	}
}

// clip keeps a count out of a damaged file from wrapping.
func clip(n uint64) uint32 { return uint32(min(n, 1<<31)) }

func (s *Series) written(r *Run) {
	for i := range r.Seconds {
		x := s.at(r.Seconds[i].Second)
		if x == nil {
			continue
		}
		w := &r.Seconds[i]
		x.Done = clip(w.People[InTime] + w.People[Late])
		x.Attempts = clip(w.Tries)
		for o, n := range w.People {
			x.Settled[o] = clip(n)
		}
	}
}

// gauges adds up the workers' gauges.
func (s *Series) gauges(list []Health) {
	for _, h := range list {
		x := s.at(int32(min(h.Second, maxSecond)))
		if x == nil {
			continue
		}
		x.InFlight = max(x.InFlight, 0) + h.InFlight
		x.Waiting = max(x.Waiting, 0) + h.Waiting
		x.Between = max(x.Between, 0) + h.Between
	}
}

func (s *Series) tens() int { return (len(s.Seconds) + 9) / 10 }

// classTimes sums the groups, in their order: histograms add exactly.
func (s *Series) classTimes(d *Delta) {
	s.Tens = make([]*Hist, s.tens())
	for _, k := range sortedKeys(d.Class, compareClassKeys) {
		addTen(s.Tens, k.Ten, d.Class[k])
	}
}

func addTen(tens []*Hist, ten int32, h *Hist) {
	if ten < 0 || int(ten) >= len(tens) || h.Count() == 0 {
		return
	}
	if tens[ten] == nil {
		tens[ten] = NewHist(h.Kind())
	}
	tens[ten].Merge(h)
}

func (s *Series) steps(r *Run) {
	n := s.tens()
	s.Steps = make([]StepSeries, len(r.Plan.Steps))
	for i, st := range r.Plan.Steps {
		s.Steps[i] = StepSeries{Step: st, InFlight: make([]uint32, len(s.Seconds)),
			Inside: make([]time.Duration, len(s.Seconds)), Spent: make([]time.Duration, n),
			Tens: make([]*Hist, n), Intended: make([]*Hist, n), Ends: make([][outcomes]uint32, n)}
	}
	for _, k := range sortedKeys(r.Total.Steps, compareStepKeys) {
		if int(k.Step) >= len(s.Steps) {
			continue
		}
		tens := s.Steps[k.Step].Tens
		if k.Clock == FromIntended {
			tens = s.Steps[k.Step].Intended
		}
		addTen(tens, k.Ten, r.Total.Steps[k])
	}
	for k, c := range r.Total.Ends {
		if int(k.Step) < len(s.Steps) && k.Ten >= 0 && int(k.Ten) < n {
			e := &s.Steps[k.Step].Ends[k.Ten][k.Outcome]
			*e = satAdd(*e, c)
		}
	}
	for _, g := range r.Total.Gauges {
		if int(g.Step) < len(s.Steps) && g.Second >= 0 && int(g.Second) < len(s.Seconds) {
			at := &s.Steps[g.Step].InFlight[g.Second]
			*at = satAdd(*at, g.People)
			in := &s.Steps[g.Step].Inside[g.Second]
			*in = satSpan(*in, g.Inside)
		}
	}
	for k, t := range r.Total.Spent {
		if int(k.Step) < len(s.Steps) && k.Ten >= 0 && int(k.Ten) < n {
			sum := &s.Steps[k.Step].Spent[k.Ten]
			*sum = satSpan(*sum, t)
		}
	}
}

// Within adds up the time to class of who was due in seconds from ≤ s < to,
// which must be tens: who falls in a ten counts with it.
func (s *Series) Within(from, to int) *Hist {
	h := NewHist(ClassHist)
	for ten := max(0, from/10); ten < min(to/10, len(s.Tens)); ten++ {
		h.Merge(s.Tens[ten])
	}
	return h
}

// Due is how long arrivals were due: to the end of the played window, or to
// when the trial had decided.
func (s *Series) Due() time.Duration {
	played := time.Duration(s.Played) * time.Second
	if s.Ended.LoadEnd > 0 {
		return min(played, s.Ended.LoadEnd)
	}
	return played
}
