package capacity

import (
	"context"
	"math"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// Lengths and rates of the first two trials.
const (
	probeSegment = 13 * time.Second // people fill the steps for three, the ten that follow can prove an overload
	probeLast    = 30 * time.Second // at the highest rate allowed
	probeLinger  = 8                // seconds played on once overload is proved, to read what comes out
	mostProbes   = 3

	readSegment  = 40 * time.Second
	readLeast    = 30 // seconds of proved overload read
	readMost     = 60
	readPeople   = 12_000 // logins whose rate is known to about 1 %
	readOverload = 1.06
)

// probe doubles the load until it is beyond doubt too much. A probe whose first
// load already is starts again sixteen times lower.
func (s *search) probe(ctx context.Context) error {
	start := s.cfg.Start
	for range mostProbes {
		conduct := s.conduct(0, s.doubling(start)...)
		series, t, err := s.play(ctx, results.StageProbe, conduct, s.watch(conduct, probeLinger).enough)
		if err != nil {
			return err
		}
		w := s.review(series)
		if len(t.Reading.Gates) > 0 {
			continue
		}
		if rest, ok := series.AtRest(); ok && (s.rest.Time == 0 || rest.Time < s.rest.Time) {
			s.rest = rest
			t.Flow = s.flow(series, t.Reading)
		}
		if err := s.capped(ctx, series, t); err != nil {
			return err
		}
		if w.proved && rateAt(conduct, w.second) == conduct.Segments[0].Rate {
			s.capacity = w.goodput()
			start /= 16
			continue
		}
		s.capacity = s.reading(t, w)
		s.ceiling(t, w.crowded)
		return nil
	}
	if s.capacity > 0 {
		return nil
	}
	return s.conclude(WhyNothing)
}

// doubling is the probe's segments: from start to the highest rate allowed.
func (s *search) doubling(start float64) []results.Segment {
	var out []results.Segment
	length := probeSegment + min(s.cfg.OwnTime, 3*probeSegment)
	for rate := start; rate < s.set.MaxRate; rate *= 2 {
		out = append(out, results.Segment{Name: "probe", Rate: s.rounded(rate), Length: length})
	}
	return append(out, results.Segment{Name: "probe", Rate: s.set.MaxRate, Length: max(length, probeLast)})
}

// read offers a little more than the probe's reading, and more if that is not
// too much, until the target has been busy long enough to read its capacity.
func (s *search) read(ctx context.Context) error {
	if !(s.capacity > 0) {
		return s.conclude(WhyNothing)
	}
	if s.capacity >= s.set.MaxRate {
		return nil
	}
	var segments []results.Segment
	for _, over := range []float64{readOverload, 1.15, 1.35, 1.7, 2.2} {
		rate := s.rounded(s.capacity * over)
		segments = append(segments, results.Segment{Name: "over", Rate: rate, Length: readSegment})
		if rate >= s.set.MaxRate {
			break
		}
	}
	conduct := s.conduct(s.set.Warmup, segments...)
	linger := int(min(readMost, max(readLeast, readPeople/s.capacity)))
	series, t, err := s.play(ctx, results.StageProbe, conduct, s.watch(conduct, linger).enough)
	if err != nil {
		return err
	}
	w := s.review(series)
	if len(t.Reading.Gates) > 0 {
		return nil // the probe's reading will do
	}
	if err := s.capped(ctx, series, t); err != nil {
		return err
	}
	s.capacity = s.reading(t, w)
	s.refuted = !w.proved && !w.crowded && t.Rate < s.set.MaxRate
	s.ceiling(t, w.crowded)
	return nil
}

// again probes on from a load that was twice the probe's reading and not too much:
// the target stood still for a moment, or was restarted, while it was probed.
func (s *search) again(ctx context.Context) error {
	if !s.refuted {
		return nil
	}
	s.cfg.Start = s.rounded(s.capacity)
	if err := s.probe(ctx); err != nil {
		return err
	}
	return s.read(ctx)
}

// ceiling keeps the search below a load that took all the connections there are
// without showing that the target could not hold it.
func (s *search) ceiling(t *Trial, crowded bool) {
	if crowded && t.Reading.State != results.StateNotMet && t.Reading.Goodput > 0.9*t.Rate {
		s.set.MaxRate, s.set.MaxWhy = t.Rate*(1-s.set.Width), "machine"
	}
}

// reading is the capacity as a trial shows it: by the work done where the
// target was busy, or the goodput; the load itself if it was never too much; and
// never less than the best stretch of goodput of any probe, for a target that
// collapses gave more before.
func (s *search) reading(t *Trial, w *watch) float64 {
	s.floor = math.Max(s.floor, bestShare*w.best())
	level := w.goodput()
	switch {
	case !w.proved && !w.crowded:
		level = t.Rate
	case len(t.Flow.Work) > 0:
		level = stats.Mean(t.Flow.Work).Value
	}
	return math.Max(level, s.floor)
}

// bestShare allows for the luck of the best stretch of many.
const bestShare = 0.93

// watch follows a trial from second to second and knows when its load is beyond
// doubt too much.
type watch struct {
	search  *search
	conduct results.Conduct
	linger  int

	rest      float64 // people inside per person per second, at rest
	last      Moment
	segment   int
	arrived   []float64 // per second of the segment
	left      []float64
	all       []float64 // proved in class, per second, of the whole trial
	test      *stats.Sequential
	judged    Moment // what the test has been told
	proved    bool
	second    int // in which it was proved
	crowded   bool
	settledAt int // seconds of the segment in which people are still filling it
}

func (s *search) watch(conduct results.Conduct, linger int) *watch {
	return &watch{search: s, conduct: conduct, linger: linger, segment: -1, rest: s.rest.Time,
		settledAt: int((s.cfg.OwnTime + 3*time.Second) / time.Second)}
}

// review watches a trial again as it was recorded. What the search goes by is
// read from the record alone, so that a trial that is not played but read gives
// the same answer.
func (s *search) review(series *results.Series) *watch {
	w := s.watch(series.Conduct, math.MaxInt)
	var m Moment
	for i := range min(int(series.Due()/time.Second), len(series.Seconds)) {
		sec := &series.Seconds[i]
		m.Second, m.Segment = i, segmentAt(series.Conduct, i)
		m.Started += int(sec.Started)
		m.InTime += int(sec.Settled[results.InTime])
		for o, n := range sec.Settled {
			switch results.Outcome(o) {
			case results.InTime, results.Late:
				m.Done += int(n)
			case results.NotSent:
			default:
				m.Failed += int(n)
			}
		}
		w.enough(m)
	}
	w.crowded = series.Ended.How == results.EndedEnough && !w.proved
	return w
}

// people is who has come and is not settled: inside a step, thinking or waiting.
func (m Moment) people() float64 { return float64(m.Started - m.Done - m.Failed) }

func (m Moment) bad() uint64 { return uint64(max(0, m.Failed+m.Done-m.InTime)) }

func (w *watch) enough(m Moment) bool {
	if m.Segment != w.segment {
		w.segment, w.arrived, w.left = m.Segment, nil, nil
		w.test = stats.NewSequential(1-w.search.set.Quantile, (1-w.search.set.Quantile)/2, 0.01, 0.01, 4)
		w.judged = m
	}
	before := w.last
	w.last = m
	w.all = append(w.all, float64(m.Done-before.Done))
	w.arrived = append(w.arrived, float64(m.Started-before.Started))
	w.left = append(w.left, float64(m.Done+m.Failed-before.Done-before.Failed))
	if limit := w.search.cfg.MaxOpen; limit > 0 && m.Open >= limit {
		w.crowded = true
		return true
	}
	if w.proved {
		return m.Second-w.second >= w.linger
	}
	if w.overloaded(m) || w.failing(m) {
		w.proved, w.second = true, m.Second
	}
	return false
}

// overloaded: more come than leave, and their backlog is a delay that matters.
func (w *watch) overloaded(m Moment) bool {
	n := len(w.arrived) - w.settledAt
	if n < 0 {
		return false
	}
	rate := rateAt(w.conduct, m.Second)
	if m.Segment == 0 && w.search.rest.Time == 0 {
		w.rest = max(w.rest, w.search.cfg.OwnTime.Seconds()) // not known yet
	}
	base := rate * (w.rest + w.search.cfg.OwnTime.Seconds())
	return stats.Overloaded(w.arrived[w.settledAt:], w.left[w.settledAt:], m.people(), base, w.search.set.Limit.Seconds())
}

// failing: of those who have settled in this segment, too many were late or did
// not get in.
func (w *watch) failing(m Moment) bool {
	settled := uint64(max(0, m.Done+m.Failed-w.judged.Done-w.judged.Failed))
	bad := m.bad() - min(m.bad(), w.judged.bad())
	w.judged = m
	return w.test.Add(bad, settled) == stats.Reject
}

// goodput is the mean of the last ten seconds, the last one excluded.
func (w *watch) goodput() float64 {
	n := min(10, len(w.all))
	if n == 0 {
		return 0
	}
	var sum float64
	for _, d := range w.all[len(w.all)-n:] {
		sum += d
	}
	return sum / float64(n)
}

// best is the highest mean of ten seconds.
func (w *watch) best() float64 {
	const n = 10
	var best, sum float64
	for i, d := range w.all {
		sum += d
		if i >= n {
			sum -= w.all[i-n]
		}
		if i >= n-1 {
			best = math.Max(best, sum/n)
		}
	}
	return best
}
