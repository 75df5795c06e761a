package results

import (
	"math/bits"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// HistKind is the range of a histogram.
type HistKind uint8

const (
	StepHist  HistKind = iota // 1 µs to 10 min: steps, hops, generator delay
	ClassHist                 // 1 ms to 6 h: time to class
	histKinds
)

// The layout is that of HdrHistogram with 3 significant digits (Gil Tene,
// http://hdrhistogram.org): 2048 sub-buckets of one unit, then 1024 more for
// every doubling, so that a bucket is at most 1/1024 of its value wide.
const (
	histDigits  = 3
	subHalfBits = 10
	subHalf     = 1 << subHalfBits
)

// histRange is the geometry of one kind, in nanoseconds.
type histRange struct {
	low, high int64
	finest    int64 // HdrHistogram's lowest discernible value: a thousandth of low, so that low too has 3 digits
	unit      uint  // floor(log2(finest)): the narrowest bucket is 1<<unit ns
	buckets   int32
}

var histRanges = [histKinds]histRange{
	StepHist:  newHistRange(time.Microsecond, 10*time.Minute),
	ClassHist: newHistRange(time.Millisecond, 6*time.Hour),
}

func newHistRange(low, high time.Duration) histRange {
	g := histRange{low: int64(low), high: int64(high), finest: int64(low) / 1000}
	g.unit = uint(bits.Len64(uint64(g.finest)) - 1)
	g.buckets = g.index(g.high) + 1
	return g
}

func (g histRange) index(v int64) int32 {
	const subMask = 2*subHalf - 1
	bucket := bits.Len64(uint64(v)|subMask<<g.unit) - int(g.unit) - subHalfBits - 1
	sub := v >> (uint(bucket) + g.unit)
	return int32(bucket+1)<<subHalfBits + int32(sub) - subHalf
}

// bounds gives the lowest and the highest duration of a bucket, both in it.
func (g histRange) bounds(i int32) (lo, hi time.Duration) {
	bucket, sub := i>>subHalfBits-1, i&(subHalf-1)+subHalf
	if bucket < 0 {
		bucket, sub = 0, sub-subHalf
	}
	shift := uint(bucket) + g.unit
	lo = time.Duration(int64(sub) << shift)
	return lo, lo + time.Duration(int64(1)<<shift) - 1
}

// Hist is a sparse HDR histogram of durations: 3 significant digits,
// nanoseconds, the bucket layout of hdrhistogram-go. It merges exactly, by
// addition. The zero value is an empty step histogram. It is not safe for
// concurrent use.
type Hist struct {
	kind    HistKind
	index   []int32  // buckets in use, increasing
	counts  []uint64 // their counts
	total   uint64
	clamped uint64
}

// NewHist gives an empty histogram of a kind.
func NewHist(k HistKind) *Hist {
	if k >= histKinds {
		k = StepHist
	}
	return &Hist{kind: k}
}

// Record counts one duration. One out of range is counted at the nearest end
// of the range and in [Hist.Clamped].
func (h *Hist) Record(d time.Duration) {
	g := &histRanges[h.kind]
	v := int64(d)
	if v < g.low || v > g.high {
		v = min(max(v, g.low), g.high)
		h.clamped++
	}
	h.add(g.index(v), 1)
}

func (h *Hist) add(i int32, n uint64) {
	at, found := slices.BinarySearch(h.index, i)
	if !found {
		h.index = slices.Insert(h.index, at, i)
		h.counts = slices.Insert(h.counts, at, 0)
	}
	h.counts[at] += n
	h.total += n
}

// Merge adds another histogram of the same kind. Buckets of another kind are
// recorded at their upper bound.
func (h *Hist) Merge(o *Hist) {
	if o == nil || o.total == 0 {
		return
	}
	h.clamped += o.clamped
	if h.kind != o.kind {
		h.mergeForeign(o)
		return
	}
	a, b := len(h.index)-1, len(o.index)-1
	n := len(h.index) + h.missing(o)
	h.index = slices.Grow(h.index, n-len(h.index))[:n]
	h.counts = slices.Grow(h.counts, n-len(h.counts))[:n]
	// Both lists are sorted: filling from the back needs no second buffer.
	for w := n - 1; b >= 0; w-- {
		switch {
		case a >= 0 && h.index[a] > o.index[b]:
			h.index[w], h.counts[w] = h.index[a], h.counts[a]
			a--
		case a >= 0 && h.index[a] == o.index[b]:
			h.index[w], h.counts[w] = h.index[a], h.counts[a]+o.counts[b]
			a--
			b--
		default:
			h.index[w], h.counts[w] = o.index[b], o.counts[b]
			b--
		}
	}
	h.total += o.total
}

// missing counts the buckets of o that h does not have.
func (h *Hist) missing(o *Hist) int {
	n, a := 0, 0
	for _, i := range o.index {
		for a < len(h.index) && h.index[a] < i {
			a++
		}
		if a == len(h.index) || h.index[a] != i {
			n++
		}
	}
	return n
}

func (h *Hist) mergeForeign(o *Hist) {
	g := &histRanges[h.kind]
	o.Each(func(_, hi time.Duration, n uint64) {
		v := min(max(int64(hi), g.low), g.high)
		if v != int64(hi) {
			h.clamped += n
		}
		h.add(g.index(v), n)
	})
}

// Reset empties the histogram and keeps its memory.
func (h *Hist) Reset() {
	h.index, h.counts = h.index[:0], h.counts[:0]
	h.total, h.clamped = 0, 0
}

// Kind is the histogram's range.
func (h *Hist) Kind() HistKind { return h.kind }

// Count is how many durations were recorded. A nil histogram is empty.
func (h *Hist) Count() uint64 {
	if h == nil {
		return 0
	}
	return h.total
}

// Clamped is how many of them were out of range.
func (h *Hist) Clamped() uint64 {
	if h == nil {
		return 0
	}
	return h.clamped
}

// Each calls f for every bucket in use, shortest first. A bucket holds the
// durations from lo to hi, both included, in whole nanoseconds.
func (h *Hist) Each(f func(lo, hi time.Duration, n uint64)) {
	if h == nil {
		return
	}
	g := &histRanges[h.kind]
	for k, i := range h.index {
		lo, hi := g.bounds(i)
		f(lo, hi, h.counts[k])
	}
}

// ValueAt gives the k-th shortest duration, k from 1 (less counts as 1), as
// the upper bound of its bucket: at most 0.1 % above what was recorded. ok is
// false when fewer than k were recorded: a caller who counts people who never
// came adds them after the last and reads "never" here.
func (h *Hist) ValueAt(k uint64) (d time.Duration, ok bool) {
	if h == nil || k > h.total || h.total == 0 {
		return 0, false
	}
	var sum uint64
	for j, n := range h.counts {
		if sum += n; sum >= k {
			_, hi := histRanges[h.kind].bounds(h.index[j])
			return hi, true
		}
	}
	return 0, false
}

// Quantile gives the num/den quantile by nearest rank: the ⌈n·num/den⌉-th
// shortest of n durations, the first at least and the last at most. 0 when
// nothing was recorded.
func (h *Hist) Quantile(num, den int64) time.Duration {
	d, _ := h.ValueAt(min(Rank(h.Count(), num, den), h.Count()))
	return d
}

// Rank is the nearest rank ⌈n·num/den⌉ of a quantile among n values, from 1
// to n (0 when n is 0). Callers who count people that never came pass n with
// these included and look the rank up by [Hist.ValueAt].
func Rank(n uint64, num, den int64) uint64 {
	if n == 0 || den <= 0 || num >= den {
		return n
	}
	if num <= 0 {
		return 1
	}
	hi, lo := bits.Mul64(n, uint64(num))
	q, rem := bits.Div64(hi, lo, uint64(den)) // hi < den because num < den
	if rem > 0 {
		q++
	}
	return max(q, 1)
}

// CountAtMost is how many durations are surely at most d: the buckets whose
// upper bound is. It agrees with [Hist.Quantile]: a quantile is ≤ d exactly
// when CountAtMost(d) reaches its rank.
func (h *Hist) CountAtMost(d time.Duration) uint64 {
	var sum uint64
	h.Each(func(_, hi time.Duration, n uint64) {
		if hi <= d {
			sum += n
		}
	})
	return sum
}

// Min is the lower bound of the shortest bucket in use, 0 when empty.
func (h *Hist) Min() time.Duration {
	if h.Count() == 0 {
		return 0
	}
	lo, _ := histRanges[h.kind].bounds(h.index[0])
	return lo
}

// Max is the upper bound of the longest bucket in use, so that no quantile is
// above it; 0 when empty.
func (h *Hist) Max() time.Duration {
	if h.Count() == 0 {
		return 0
	}
	_, hi := histRanges[h.kind].bounds(h.index[len(h.index)-1])
	return hi
}

// ToHDR copies the histogram into one of hdrhistogram-go, bucket by bucket.
func (h *Hist) ToHDR() *hdrhistogram.Histogram {
	g := histRanges[h.kind]
	out := hdrhistogram.New(g.finest, g.high, histDigits)
	h.Each(func(lo, _ time.Duration, n uint64) {
		// Cannot fail: same geometry, and counts far below 2^63.
		_ = out.RecordValues(int64(lo), int64(n))
	})
	return out
}
