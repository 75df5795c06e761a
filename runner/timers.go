package runner

import (
	"container/heap"
	"sync"
	"time"
)

// timerShards spreads the people who wait over several locks.
const timerShards = 8

// timers wakes thinking, waiting and retrying people. While they wait they
// cost one entry here: no goroutine, no buffer.
type timers struct {
	clock  Clock
	wake   func(*person)
	quit   chan struct{}
	wg     sync.WaitGroup
	shards [timerShards]timerShard
}

type timerShard struct {
	mu     sync.Mutex
	queue  timerQueue
	sooner chan struct{} // something earlier came in
}

type timerEntry struct {
	due time.Duration
	p   *person
}

func newTimers(clock Clock, wake func(*person)) *timers {
	t := &timers{clock: clock, wake: wake, quit: make(chan struct{})}
	for i := range t.shards {
		s := &t.shards[i]
		s.sooner = make(chan struct{}, 1)
		t.wg.Go(func() { t.run(s) })
	}
	return t
}

// at wakes p when it is due.
func (t *timers) at(due time.Duration, p *person) {
	s := &t.shards[p.id%timerShards]
	s.mu.Lock()
	heap.Push(&s.queue, timerEntry{due, p})
	first := s.queue[0].p == p
	s.mu.Unlock()
	if first {
		select {
		case s.sooner <- struct{}{}:
		default:
		}
	}
}

// idle is how long a shard without entries sleeps.
const idle = time.Hour

func (t *timers) run(s *timerShard) {
	timer := time.NewTimer(idle)
	defer timer.Stop()
	var due []*person
	for {
		due = due[:0]
		next := idle
		now := t.clock.Now()
		s.mu.Lock()
		for len(s.queue) > 0 && s.queue[0].due <= now {
			due = append(due, heap.Pop(&s.queue).(timerEntry).p)
		}
		if len(s.queue) > 0 {
			next = s.queue[0].due - now
		}
		s.mu.Unlock()
		for _, p := range due {
			t.wake(p)
		}
		if len(due) > 0 {
			continue // time has passed
		}
		timer.Reset(next)
		select {
		case <-timer.C:
		case <-s.sooner:
		case <-t.quit:
			return
		}
	}
}

// halt stops waking anybody.
func (t *timers) halt() {
	close(t.quit)
	t.wg.Wait()
}

// rest gives those still waiting; after halt only.
func (t *timers) rest() []*person {
	var out []*person
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for _, e := range s.queue {
			out = append(out, e.p)
		}
		s.queue = nil
		s.mu.Unlock()
	}
	return out
}

// timerQueue is a heap by due time.
type timerQueue []timerEntry

func (q timerQueue) Len() int           { return len(q) }
func (q timerQueue) Less(i, j int) bool { return q[i].due < q[j].due }
func (q timerQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *timerQueue) Push(x any)        { *q = append(*q, x.(timerEntry)) }
func (q *timerQueue) Pop() any {
	old := *q
	n := len(old) - 1
	e := old[n]
	old[n] = timerEntry{}
	*q = old[:n]
	return e
}
