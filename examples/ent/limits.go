package ent

import (
	"math"
	"sync"
	"time"
)

// bucket is a token bucket, full at first. The rate and the depth come with each
// call, so that they can be changed while it runs.
type bucket struct {
	mu     sync.Mutex
	last   time.Time
	tokens float64
}

// take takes a token if there is one. rate is in tokens per second.
func (b *bucket) take(now time.Time, rate, burst float64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last.IsZero() {
		b.tokens = burst
	} else if d := now.Sub(b.last); d > 0 {
		b.tokens = math.Min(burst, b.tokens+rate*d.Seconds())
	}
	if b.last.Before(now) {
		b.last = now
	}
	// The slack forgives the rounding of rate×d: a token due now is there now.
	if b.tokens < 1-1e-9 {
		return false
	}
	b.tokens--
	return true
}

// room hands out the places of a FIFO waiting room. A place carries the instant
// at which it is let in, known when it is given: the k-th since the room was last
// empty enters k/q later. Nothing accumulates, so the rate is exact.
type room struct {
	mu     sync.Mutex
	number uint64
	rate   float64
	base   time.Time // when the room was last empty
	k      float64   // places given since base
}

// place gives the next ticket's number, from 1, and the instant it is let in,
// at q people per second.
func (r *room) place(now time.Time, q float64) (uint64, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q != r.rate && r.rate > 0 { // changed live: go on from the next instant of the old rate
		r.base, r.k = r.at(), 0
	}
	r.rate = q
	if r.number == 0 || r.at().Before(now) {
		r.base, r.k = now, 0
	}
	in := r.at()
	r.number++
	r.k++
	return r.number, in
}

func (r *room) at() time.Time {
	return r.base.Add(time.Duration(math.Round(r.k / r.rate * float64(time.Second))))
}
