package ent

import (
	"math"
	"math/rand/v2"
	"time"
)

// fifo is a queue of jobs. Those that were abandoned stay until they are reached.
type fifo struct {
	list []*job
	head int
	n    int // jobs in it that were not abandoned
}

func (q *fifo) push(j *job) {
	q.list = append(q.list, j)
	q.n++
}

// pop gives the first job that was not abandoned, or nil.
func (q *fifo) pop() *job {
	for q.head < len(q.list) {
		j := q.list[q.head]
		q.list[q.head] = nil
		q.head++
		if q.head > 1024 && q.head > len(q.list)/2 {
			q.list = append(q.list[:0], q.list[q.head:]...)
			q.head = 0
		}
		if j.stage != over {
			q.n--
			return j
		}
	}
	q.list, q.head = q.list[:0], 0
	return nil
}

// event is something that happens to a job at an instant.
type event struct {
	at      time.Duration
	job     *job
	expires bool // the gateway's patience ends; otherwise the service does
}

// events is a binary heap, earliest first.
type events []event

func (h *events) push(v event) {
	*h = append(*h, v)
	e := *h
	i := len(e) - 1
	for i > 0 && v.at < e[(i-1)/2].at {
		e[i] = e[(i-1)/2]
		i = (i - 1) / 2
	}
	e[i] = v
}

func (h *events) pop() event {
	e := *h
	first, last := e[0], e[len(e)-1]
	e[len(e)-1] = event{}
	e = e[:len(e)-1]
	*h = e
	if len(e) == 0 {
		return first
	}
	i := 0
	for {
		child := 2*i + 1
		if child+1 < len(e) && e[child+1].at < e[child].at {
			child++
		}
		if child >= len(e) || last.at <= e[child].at {
			break
		}
		e[i] = e[child]
		i = child
	}
	e[i] = last
	return first
}

// work draws service times.
type work struct {
	mean time.Duration // of one unit
	cv2  float64
	rnd  *rand.Rand
}

func newWork(mean time.Duration, cv2 float64, seed, stream uint64) work {
	return work{mean, cv2, rand.New(rand.NewPCG(seed, 0x636f7265+stream))}
}

// draw gives a service time with mean units × w.mean: constant for CV² = 0,
// exponential for 1, and above 1 a hyperexponential of two phases with balanced
// means: with probability p a mean of 1/2p, else 1/2(1-p), where
// p = (1 + √((CV²-1)/(CV²+1))) / 2.
func (w *work) draw(units float64) time.Duration {
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
