package runner

import (
	"context"
	"sync/atomic"
	"time"

	"firstbell/runner/results"
)

// live is what a run counts about itself while it goes.
type live struct {
	started                     atomic.Int64
	inFlight, waiting, between_ atomic.Int64
	people                      [results.OutcomeCount]atomic.Int64
	inStep                      []population // by Plan.Steps

	ring [recentSeconds]recent // the ticker's own
	cpu  float64
}

const recentSeconds = 10

// recent is what one second gave.
type recent struct {
	attempts [results.OutcomeCount]int
	class    *results.Hist
	delay    *results.Hist
}

func (l *live) init(steps int) {
	l.inStep = make([]population, steps)
	for i := range l.ring {
		l.ring[i] = recent{class: results.NewHist(results.ClassHist), delay: results.NewHist(results.StepHist)}
	}
}

func (l *live) settled(o results.Outcome) { l.people[o].Add(1) }

// park counts those nobody acts for.
func (l *live) park(s state, n int64) {
	switch s {
	case waiting:
		l.waiting.Add(n)
	case thinking, between:
		l.between_.Add(n)
	}
}

// gauge counts people in and out of the step they perform.
func (r *run) gauge(step int, n int64, at time.Duration) {
	r.live.inFlight.Add(n)
	r.live.inStep[step].change(n, at)
}

// woken is the timers' wake: the person is no longer parked.
func (r *run) woken(p *person) {
	r.live.park(p.state, -1)
	r.workers.do(p)
}

// tick writes what was recorded, once a second.
func (r *run) tick(ctx context.Context, failed chan<- error) {
	for s := second(r.cfg.Clock.Now()); ; s++ {
		if r.cfg.Clock.SleepUntil(ctx, secondStart(s+1)) != nil {
			return
		}
		if late := second(r.cfg.Clock.Now()) - 1; late > s {
			s = late // the machine was stopped: no second is written twice
		}
		if err := r.flush(s, false); err != nil {
			select {
			case failed <- err:
			default:
			}
		}
	}
}

// maxKept bounds how often a sink may refuse before the run ends.
const maxRefused = 5

// flush hands the sink what second s added. A refused delta is kept and tried
// again; the error comes when that does not help.
func (r *run) flush(s int, last bool) error {
	d := r.rec.collect()
	d.Written = int32(s)
	r.health(d, s, last)
	r.live.remember(d, s)
	r.tell()
	if err := r.cfg.Sink.Append(d); err != nil {
		if r.rec.refused++; last || r.rec.refused >= maxRefused {
			return err
		}
		return nil
	}
	r.rec.refused = 0
	d.Reset()
	return nil
}

// tell shows those who watch how the run goes, and asks whether that is enough.
func (r *run) tell() {
	if r.cfg.Observe == nil && r.cfg.Enough == nil {
		return
	}
	s := r.snapshot()
	if r.cfg.Observe != nil {
		r.cfg.Observe(s)
	}
	if r.cfg.Enough != nil && !r.decided && s.At > 0 && r.cfg.Enough(s) {
		r.decided = true
		close(r.enough)
	}
}

func (r *run) health(d *results.Delta, s int, last bool) {
	h := results.Health{Second: s}
	if r.cfg.Health != nil && !last {
		h = r.cfg.Health(s)
		h.Second = s
	}
	l := &r.live
	h.InFlight, h.Waiting, h.Between = int(l.inFlight.Load()), int(l.waiting.Load()), int(l.between_.Load())
	l.cpu = h.CPU
	now := r.cfg.Clock.Now()
	for i := range l.inStep {
		if n, inside := l.inStep[i].take(now); n > 0 || inside > 0 {
			d.AddGauge(results.Gauge{Second: int32(s), Step: uint16(i), People: uint32(n), Inside: inside})
		}
	}
	if r.cfg.Health != nil && !last {
		d.AddHealth(h)
	}
}

// remember keeps the last ten seconds for those who watch.
func (l *live) remember(d *results.Delta, s int) {
	x := &l.ring[s%recentSeconds]
	x.attempts = [results.OutcomeCount]int{}
	x.class.Reset()
	x.delay.Reset()
	for c, n := range d.Attempts {
		x.attempts[c.Outcome] += int(n)
	}
	for _, h := range d.Class {
		x.class.Merge(h)
	}
	for _, h := range d.Delay {
		x.delay.Merge(h)
	}
}

func (r *run) snapshot() Snapshot {
	l := &r.live
	now := r.cfg.Clock.Now()
	last := now
	if ended := r.loadEnded(); ended > 0 {
		last = min(last, ended)
	}
	s := Snapshot{At: now, Intended: r.known.due(last), Started: int(l.started.Load()),
		InFlight: int(l.inFlight.Load()), Waiting: int(l.waiting.Load()), Between: int(l.between_.Load()), CPU: l.cpu}
	for o := range s.People {
		s.People[o] = int(l.people[o].Load())
		s.Settled += s.People[o]
	}
	s.NotSent = s.People[results.NotSent]
	s.Settled -= s.NotSent
	s.InTime = s.People[results.InTime]
	s.Done = s.InTime + s.People[results.Late]
	s.Failed = s.Settled - s.Done
	s.Segment = segmentAt(r.conduct.Segments, now)
	if r.cfg.Open != nil {
		s.Open = r.cfg.Open()
	}
	class, delay := results.NewHist(results.ClassHist), results.NewHist(results.StepHist)
	failures := 0
	for i := range l.ring {
		for o, n := range l.ring[i].attempts {
			s.Recent[o] += n
			if results.Outcome(o) != results.InTime && results.Outcome(o) != results.Late {
				failures += n
			}
		}
		class.Merge(l.ring[i].class)
		delay.Merge(l.ring[i].delay)
	}
	s.RecentN = int(class.Count()) + failures
	if class.Count() > 0 {
		s.RecentClass = spreadOf(class)
	}
	s.RecentP50 = orNever(class, s.RecentN, 50)
	s.RecentP95 = orNever(class, s.RecentN, 95)
	s.DelayP99 = delay.Quantile(99, 100)
	return s
}

// orNever is a percentile in which failures count as never.
func orNever(h *results.Hist, n, percent int) time.Duration {
	if n == 0 {
		return 0
	}
	k := results.Rank(uint64(n), int64(percent), 100)
	if k > h.Count() {
		return -1
	}
	d, ok := h.ValueAt(k)
	if !ok {
		return -1
	}
	return d
}
