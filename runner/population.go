package runner

import (
	"sync"
	"time"
)

// population counts people inside one step and integrates their number over
// time. It is safe for concurrent use.
type population struct {
	mu     sync.Mutex
	n      int64
	at     time.Duration // of the last change
	inside time.Duration // person-time since it was last taken
}

// change lets n people in, or out. Instants a little out of order, as two
// goroutines give them, do no harm: what is added too early is taken off again.
func (p *population) change(n int64, at time.Duration) {
	p.mu.Lock()
	p.advance(at)
	p.n += n
	p.mu.Unlock()
}

func (p *population) advance(at time.Duration) {
	p.inside += time.Duration(p.n) * (at - p.at)
	p.at = at
}

// take gives the people inside now and the person-time since the last take.
func (p *population) take(now time.Duration) (people int64, inside time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(max(now, p.at))
	inside = max(0, p.inside)
	p.inside -= inside
	return p.n, inside
}
