package runner

import (
	"math"
	"time"

	"firstbell/runner/results"
)

// Spread counts times to class by bucket, so that percentiles of several
// snapshots can be taken together: bucket i holds the times in
// [1 ms · 2^(i/8), 1 ms · 2^((i+1)/8)), the first one shorter ones, too. A bucket
// stands for its geometric middle, which is at most 4.5 % away from any of its
// times. There are at most 200.
type Spread map[int]int

const (
	spreadPer     = 8 // buckets per doubling
	spreadBuckets = 200
	spreadUnit    = time.Millisecond
)

func (s Spread) add(d time.Duration, n int) {
	i := int(math.Floor(spreadPer * math.Log2(float64(max(d, spreadUnit))/float64(spreadUnit))))
	s[min(i, spreadBuckets-1)] += n
}

// at is the k-th shortest time, k from 1; false when there are fewer.
func (s Spread) at(k uint64) (time.Duration, bool) {
	for i := range spreadBuckets {
		n := uint64(max(0, s[i]))
		if k <= n {
			return time.Duration(float64(spreadUnit) * math.Exp2((float64(i)+0.5)/spreadPer)), true
		}
		k -= n
	}
	return 0, false
}

// merge adds what another one holds in buckets that exist.
func (s Spread) merge(o Spread) {
	for i, n := range o {
		if i >= 0 && i < spreadBuckets && n > 0 {
			s[i] += n
		}
	}
}

func spreadOf(h *results.Hist) Spread {
	s := Spread{}
	h.Each(func(lo, hi time.Duration, n uint64) { s.add(lo+(hi-lo)/2, int(n)) })
	return s
}

// MergeSnapshots is how the whole storm goes when its parts are played by several
// workers: counts are added; At and Segment are those of the part that is furthest;
// CPU and DelayP99 are the worst of all. RecentP50 and RecentP95 are taken from
// the parts' Recent times pooled, failures as never: within 5 % of the exact
// percentile (see [Spread]). A single part comes back as it is.
func MergeSnapshots(parts []Snapshot) Snapshot {
	if len(parts) == 0 {
		return Snapshot{}
	}
	sum := parts[0]
	if len(parts) == 1 {
		return sum
	}
	sum.RecentClass = Spread{}
	sum.RecentClass.merge(parts[0].RecentClass)
	for i := range parts[1:] {
		sum.add(&parts[1+i])
	}
	sum.RecentP50 = sum.RecentClass.orNever(sum.RecentN, 50)
	sum.RecentP95 = sum.RecentClass.orNever(sum.RecentN, 95)
	return sum
}

func (s *Snapshot) add(o *Snapshot) {
	if o.At > s.At {
		s.At, s.Segment = o.At, o.Segment
	}
	for _, x := range []struct{ to, from *int }{
		{&s.Intended, &o.Intended}, {&s.Started, &o.Started}, {&s.NotSent, &o.NotSent}, {&s.Settled, &o.Settled},
		{&s.InFlight, &o.InFlight}, {&s.Waiting, &o.Waiting}, {&s.Between, &o.Between},
		{&s.Done, &o.Done}, {&s.InTime, &o.InTime}, {&s.Failed, &o.Failed}, {&s.Open, &o.Open}, {&s.RecentN, &o.RecentN},
	} {
		*x.to += *x.from
	}
	for i := range s.People {
		s.People[i] += o.People[i]
		s.Recent[i] += o.Recent[i]
	}
	s.RecentClass.merge(o.RecentClass)
	s.DelayP99, s.CPU = max(s.DelayP99, o.DelayP99), max(s.CPU, o.CPU)
}

// orNever is a percentile in which failures count as never.
func (s Spread) orNever(n, percent int) time.Duration {
	if n <= 0 {
		return 0
	}
	if d, ok := s.at(results.Rank(uint64(n), int64(percent), 100)); ok {
		return d
	}
	return -1
}
