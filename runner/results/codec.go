package results

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
	"unicode/utf8"
)

// Limits bound the indexes a frame may hold; see [LimitsOf].
type Limits struct{ Groups, Steps, Hosts int }

// LimitsOf gives the limits of a plan.
func LimitsOf(p *Plan) Limits {
	return Limits{Groups: len(p.Groups), Steps: len(p.Steps), Hosts: len(p.Hosts)}
}

const (
	maxCount   = 1 << 40 // of one bucket or one cell
	maxBytes   = 1 << 50
	maxSignLen = 4 * maxSignRunes
)

var errShort = errors.New("ends in the middle of a value")

// coder walks a delta's payload in one of two directions, so that what is
// written and what is read cannot drift apart. Every number is checked against
// its range both ways: a delta that could not be read again is not written.
// The first error stops everything.
type coder struct {
	b       []byte // written so far, or still to be read
	version byte   // of the frame
	reading bool
	limits  Limits
	free    *spare // where values being read come from
	err     error
}

func (c *coder) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// raw is one varint of at most limit.
func (c *coder) raw(v *uint64, limit uint64, what string) {
	if c.err != nil {
		return
	}
	if c.reading {
		n := 0
		if *v, n = binary.Uvarint(c.b); n <= 0 {
			c.err = fmt.Errorf("%s: %w", what, errShort)
			return
		}
		c.b = c.b[n:]
	}
	if *v > limit {
		c.fail("%s %d is above %d", what, *v, limit)
		return
	}
	if !c.reading {
		c.b = binary.AppendUvarint(c.b, *v)
	}
}

// number is one integer from 0 to limit.
func number[T ~uint8 | ~uint16 | ~uint32 | ~int32 | ~uint64 | ~int64 | ~int](c *coder, v *T, limit uint64, what string) {
	u := uint64(*v) // a negative number becomes one above every limit
	c.raw(&u, limit, what)
	*v = T(u)
}

// count announces n entries of at least size bytes each: no list is longer
// than the bytes left could hold.
func (c *coder) count(n int, size int, what string) int {
	number(c, &n, math.MaxInt32, what)
	if c.reading && c.err == nil && n > len(c.b)/size {
		c.fail("%s: %d in %d bytes", what, n, len(c.b))
	}
	if c.err != nil {
		return 0
	}
	return n
}

func (c *coder) span(v *time.Duration, what string) { number(c, v, math.MaxInt64, what) }

// at is an offset, which may lie before the start.
func (c *coder) at(v *time.Duration, what string) {
	u := uint64(*v<<1) ^ uint64(*v>>63)
	c.raw(&u, math.MaxUint64, what)
	*v = time.Duration(u>>1) ^ -time.Duration(u&1)
}

func (c *coder) float(v *float64, what string) {
	u := math.Float64bits(*v)
	c.raw(&u, math.MaxUint64, what)
	if *v = math.Float64frombits(u); math.IsNaN(*v) || math.IsInf(*v, 0) {
		c.fail("%s is not a number", what)
	}
}

func (c *coder) text(v *string, what string) {
	n := c.count(len(*v), 1, what)
	if n > maxSignLen {
		c.fail("%s of %d bytes", what, n)
	}
	if c.err != nil {
		return
	}
	if !c.reading {
		c.b = append(c.b, *v...)
		return
	}
	*v, c.b = string(c.b[:n]), c.b[n:]
	if !utf8.ValidString(*v) {
		c.fail("%s is not UTF-8", what)
	}
}

func (c *coder) group(v *uint16)  { c.index(v, c.limits.Groups, "group") }
func (c *coder) second(v *int32)  { number(c, v, maxSecond, "second") }
func (c *coder) ten(v *int32)     { number(c, v, maxSecond/10, "ten") }
func (c *coder) number8(v *uint8) { number(c, v, math.MaxUint8, "hop number") }
func (c *coder) status(v *uint16) { number(c, v, 999, "status") }
func (c *coder) tally(v *uint32)  { number(c, v, math.MaxUint32, "count") }

func (c *coder) index(v *uint16, n int, what string) {
	number(c, v, math.MaxUint16, what)
	if c.err == nil && int(*v) >= n {
		c.fail("%s %d of %d", what, *v, n)
	}
}

func (c *coder) step(v *uint16) {
	number(c, v, Folded, "step")
	if c.err == nil && *v != Folded && int(*v) >= c.limits.Steps {
		c.fail("step %d of %d", *v, c.limits.Steps)
	}
}

func (c *coder) host(v *uint8) {
	number(c, v, math.MaxUint8, "host")
	if c.err == nil && int(*v) >= max(c.limits.Hosts, 1) {
		c.fail("host %d of %d", *v, c.limits.Hosts)
	}
}

func (c *coder) outcome(o *Outcome, r *Reason) {
	number(c, o, uint64(outcomes)-1, "outcome")
	number(c, r, uint64(reasons)-1, "reason")
	if c.err == nil && *o == NoOutcome {
		c.fail("no outcome")
	}
}

// each walks one map, keys in increasing order and each once.
func each[K comparable, V any](c *coder, m map[K]V, compare func(a, b K) int, size int, what string,
	key func(*coder, *K), value func(*coder, *V)) {
	n := c.count(len(m), size, what)
	if !c.reading {
		for _, k := range sortedKeys(m, compare) {
			v := m[k]
			key(c, &k)
			value(c, &v)
		}
		return
	}
	var last K
	for i := range n {
		var k K
		var v V
		key(c, &k)
		value(c, &v)
		if c.err == nil && i > 0 && compare(last, k) >= 0 {
			c.fail("%s out of order", what)
		}
		if c.err != nil {
			return
		}
		m[k], last = v, k
	}
}

// list walks one slice.
func list[T any](c *coder, s *[]T, size int, what string, item func(*coder, *T)) {
	n := c.count(len(*s), size, what)
	for i := range n {
		if c.reading {
			*s = append(*s, *new(T))
		}
		if item(c, &(*s)[i]); c.err != nil {
			return
		}
	}
}

// hist walks one histogram that is not empty: gaps between buckets, counts.
func (c *coder) hist(h *Hist) {
	number(c, &h.clamped, maxCount, "clamped")
	n := c.count(len(h.index), 2, "buckets")
	if c.err == nil && n == 0 {
		c.fail("empty histogram")
	}
	if c.err != nil {
		return
	}
	if c.reading {
		h.index, h.counts = slices.Grow(h.index, n)[:n], slices.Grow(h.counts, n)[:n]
	}
	next, top := int32(0), histRanges[h.kind].buckets-1
	for i := range n {
		if next > top {
			c.fail("bucket %d of %d", next, top+1)
		}
		var gap int32
		if !c.reading {
			gap = h.index[i] - next
		}
		number(c, &gap, uint64(top-next), "bucket gap")
		number(c, &h.counts[i], maxCount, "bucket count")
		if c.err == nil && h.counts[i] == 0 {
			c.fail("empty bucket")
		}
		if c.err != nil {
			return
		}
		h.index[i] = next + gap
		next = h.index[i] + 1
		if c.reading {
			h.total += h.counts[i]
		}
	}
}

// delta walks everything a delta holds.
func (c *coder) delta(d *Delta) {
	c.free = &d.free
	number(c, &d.Worker, math.MaxUint32, "worker")
	number(c, &d.Seq, math.MaxUint64, "sequence number")
	number(c, &d.Written, maxSecond, "written second")
	histOf := func(kind HistKind) func(*coder, **Hist) {
		return func(c *coder, h **Hist) {
			if c.reading {
				*h = d.free.hists.get()
				(*h).kind = kind
			}
			c.hist(*h)
		}
	}
	for _, m := range []map[GroupSecond]uint32{d.Starts, d.OnTime, d.Tries, d.PulledPeople, d.PulledTries} {
		each(c, m, compareGroupSeconds, 3, "counts", (*coder).groupSecond, (*coder).tally)
	}
	for _, m := range []map[Cell]uint32{d.People, d.Attempts, d.MidWork} {
		each(c, m, compareCells, 5, "cells", (*coder).cell, (*coder).tally)
	}
	each(c, d.Beside, compareGroupSeconds, 10, "beside", (*coder).groupSecond, (*coder).beside)
	each(c, d.Delay, cmp.Compare, 5, "delays", (*coder).ten, histOf(StepHist))
	each(c, d.Later, cmp.Compare, 5, "later delays", (*coder).ten, histOf(StepHist))
	each(c, d.Class, compareClassKeys, 6, "class times", (*coder).classKey, histOf(ClassHist))
	each(c, d.Steps, compareStepKeys, 7, "step times", (*coder).stepKey, histOf(StepHist))
	each(c, d.Ends, compareStepCells, 5, "step ends", (*coder).stepCell, (*coder).tally)
	if c.version >= 3 {
		each(c, d.Spent, compareStepTens, 3, "time in steps", (*coder).stepTen, (*coder).spent)
	}
	each(c, d.Hops, compareHopKeys, 9, "hop times", (*coder).hopKey, histOf(StepHist))
	each(c, d.Sent, compareHopCells, 8, "exchanges", (*coder).hopCell, (*coder).hopCount)
	each(c, d.Signs, compareSigns, 9, "signatures", (*coder).signKey, (*coder).signCount)
	list(c, &d.Health, 14, "health", (*coder).health)
	list(c, &d.Gauges, 3, "gauges", (*coder).gauge)
	if c.reading && c.err == nil {
		d.recount()
	}
}

// recount restores what a delta keeps about its own maps.
func (d *Delta) recount() {
	for k := range d.Hops {
		if k.Step != Folded {
			d.series[k.Ten]++
		}
	}
	for k := range d.Signs {
		if k.Text != "" {
			d.texts++
		}
	}
}
