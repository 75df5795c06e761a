package ent

import (
	"container/heap"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// errFull says that the queue in front of the workers is at its limit.
var errFull = errors.New("ent: queue full")

// workers is c servers with one FIFO queue. Each worker knows the absolute
// instant at which it becomes free; a job starts at the later of that instant
// and its own arrival, and ends one service time later. A timer that fires late
// therefore delays one answer and never the schedule: relative sleeps lost 5 to
// 11 % of the capacity at service times of 2 to 5 ms.
type workers struct {
	mean   time.Duration // service time of one unit
	cv2    float64
	limit  int  // jobs waiting, at most
	zombie bool // jobs whose client has left are served all the same

	mu      sync.Mutex
	origin  time.Time
	rnd     *rand.Rand
	free    freeHeap
	queue   []*job // FIFO from head on; abandoned jobs stay until they are reached
	head    int
	waiting int // jobs in the queue that were not abandoned
	timer   *time.Timer
	armed   time.Duration // instant the timer is set to, -1 for none
}

// job is one request's work. Its fields are guarded by workers.mu until started
// is closed; end is then fixed.
type job struct {
	arrived, service, end time.Duration
	started               chan struct{}
	gone                  bool
	worker                *worker
}

type worker struct {
	free  time.Duration
	index int
	job   *job
}

// newWorkers returns nil when c has no workers: then nothing costs anything.
func newWorkers(c Capacity, seed uint64) *workers {
	if c.Workers == 0 {
		return nil
	}
	w := &workers{
		mean: c.Service, cv2: c.CV2, limit: max(0, c.Queue), zombie: c.Zombie,
		origin: time.Now(), rnd: rand.New(rand.NewPCG(seed, 0x636f7265)), armed: -1,
	}
	for i := range c.Workers {
		w.free = append(w.free, &worker{index: i})
	}
	return w
}

// do waits in the queue and then for the service of the given number of units.
// It returns errFull at once when the queue is at its limit, or the context's
// error when the client leaves first.
func (w *workers) do(ctx context.Context, units float64) error {
	if w == nil || units <= 0 {
		return nil
	}
	j, err := w.enter(units)
	if err != nil {
		return err
	}
	select {
	case <-j.started:
	case <-ctx.Done():
		w.abandon(j)
		return ctx.Err()
	}
	if err := sleepUntil(ctx, w.origin.Add(j.end)); err != nil {
		w.abandon(j)
		return err
	}
	return nil
}

func (w *workers) enter(units float64) (*job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Since(w.origin)
	w.advance(now)
	j := &job{arrived: now, started: make(chan struct{})}
	if w.waiting == 0 && w.free[0].free <= now {
		j.service = w.draw(units)
		w.start(j)
		return j, nil
	}
	if w.waiting >= w.limit {
		return nil, errFull
	}
	j.service = w.draw(units)
	w.queue = append(w.queue, j)
	w.waiting++
	w.arm(now)
	return j, nil
}

// start gives j to the worker that is free first.
func (w *workers) start(j *job) {
	k := w.free[0]
	j.end = max(k.free, j.arrived) + j.service
	j.worker, k.job, k.free = k, j, j.end
	heap.Fix(&w.free, 0)
	close(j.started)
}

// advance starts the waiting jobs whose worker was free by now, in order.
func (w *workers) advance(now time.Duration) {
	for w.head < len(w.queue) {
		j := w.queue[w.head]
		if !j.gone && w.free[0].free > now {
			break
		}
		w.queue[w.head] = nil
		w.head++
		if !j.gone {
			w.waiting--
			w.start(j)
		}
	}
	if w.head == len(w.queue) {
		w.queue, w.head = w.queue[:0], 0
	} else if w.head > 1024 && w.head > len(w.queue)/2 {
		w.queue = append(w.queue[:0], w.queue[w.head:]...)
		w.head = 0
	}
}

// arm sets the timer to the instant the next waiting job can start.
func (w *workers) arm(now time.Duration) {
	if w.waiting == 0 || w.armed == w.free[0].free {
		return
	}
	w.armed = w.free[0].free
	if w.timer == nil {
		w.timer = time.AfterFunc(w.armed-now, w.tick)
		return
	}
	w.timer.Reset(w.armed - now)
}

func (w *workers) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Since(w.origin)
	w.armed = -1
	w.advance(now)
	w.arm(now)
}

// abandon takes back the work of a client that left, unless the server is one
// that cannot know.
func (w *workers) abandon(j *job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.zombie {
		return
	}
	now := time.Since(w.origin)
	switch {
	case j.worker == nil:
		j.gone = true
		w.waiting--
	case j.worker.job == j && j.end > now:
		j.worker.free = now
		heap.Fix(&w.free, j.worker.index)
	}
	w.advance(now)
	w.arm(now)
}

// draw gives a service time with mean units × w.mean: constant for CV² = 0,
// exponential for 1, and above 1 a hyperexponential of two phases with balanced
// means: with probability p a mean of 1/2p, else 1/2(1-p), where
// p = (1 + √((CV²-1)/(CV²+1))) / 2.
func (w *workers) draw(units float64) time.Duration {
	m := float64(w.mean) * units
	if w.cv2 == 0 {
		return time.Duration(m)
	}
	m *= w.rnd.ExpFloat64()
	if w.cv2 > 1 {
		p := (1 + math.Sqrt((w.cv2-1)/(w.cv2+1))) / 2
		if w.rnd.Float64() >= p {
			p = 1 - p
		}
		m /= 2 * p
	}
	return time.Duration(m)
}

// inQueue gives the number of jobs waiting.
func (w *workers) inQueue() int {
	if w == nil {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waiting
}

// freeHeap orders the workers by the instant they become free.
type freeHeap []*worker

func (h freeHeap) Len() int           { return len(h) }
func (h freeHeap) Less(i, j int) bool { return h[i].free < h[j].free }
func (h freeHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *freeHeap) Push(x any) { *h = append(*h, x.(*worker)) }
func (h *freeHeap) Pop() any   { panic("ent: workers are never removed") }

// sleepUntil returns nil at t or later, or the context's error.
func sleepUntil(ctx context.Context, t time.Time) error {
	d := time.Until(t)
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
