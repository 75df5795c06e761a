package bus

import (
	"sync"
	"time"
)

// What one worker may send to one subscription. An honest one sends about ten
// messages a second, and sixteen at once to read its clock.
const (
	maxRate  = 100 // a second
	maxBurst = 200
)

// pace is a token bucket for each of several senders, so that one who floods takes
// nobody else's place in the backlog.
type pace struct {
	rate, burst float64

	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newPace(rate, burst float64) *pace {
	return &pace{rate: rate, burst: burst, buckets: map[string]*bucket{}}
}

// allow takes a token of a sender. Senders are names the server has let in, so
// their number is bounded.
func (p *pace) allow(sender string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.buckets[sender]
	if b == nil {
		b = &bucket{tokens: p.burst, at: now}
		p.buckets[sender] = b
	}
	if gone := now.Sub(b.at); gone > 0 {
		b.tokens = min(p.burst, b.tokens+p.rate*gone.Seconds())
		b.at = now
	}
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
