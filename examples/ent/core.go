package ent

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// errFull says that the queue in front of the workers is at its limit.
	errFull = errors.New("ent: queue full")
	// errCrashed says that the process went down with the request in it.
	errCrashed = errors.New("ent: crashed")
	// errTimeout says that the gateway waited no longer.
	errTimeout = errors.New("ent: gateway timeout")
)

// plant is all that makes a request wait: the stations' workers with their FIFO
// queues, the shared pool of threads in front of them, delays and timeouts.
//
// It is an event simulation that follows the real clock. Every instant in it is
// absolute and exact: a worker whose job ended at t starts the next one at t, even
// when the timer fired later, so a late timer delays one answer and never the
// schedule. (Relative sleeps lost 5 to 11 % of the capacity at service times of 2
// to 5 ms.) Nothing runs between two events.
type plant struct {
	zombie bool // jobs whose client has left are served all the same
	limit  int  // jobs waiting at the entrance of a station or of the pool, at most
	shared *pool
	origin time.Time
	// crashed is called, without the lock, when the process goes down.
	crashed func(until time.Time)
	down    atomic.Int64 // until when, since origin

	mu       sync.Mutex
	stations [classes]*station
	speed    speed
	crash    Crash
	arrivals meter // of requests
	logins   meter // of passwords
	events   events
	due      []func()      // to be called when the lock is given back
	worked   time.Duration // service ended or given up
	units    float64       // units of it
	waiting  int           // jobs waiting for a thread or a worker that were not abandoned
	timer    *time.Timer
	armed    time.Duration // instant the timer is set to, never for none
}

const never = time.Duration(1<<63 - 1)

// station is the workers of one class, or of all.
type station struct {
	pool
	work
}

// pool is servers with one FIFO queue.
type pool struct {
	servers, busy int
	queue         fifo
}

// job is one request's wait. Its fields are guarded by plant.mu until it is over;
// err is then fixed.
type job struct {
	station  *station // nil: only waits until an instant
	units    float64
	service  time.Duration
	arrived  time.Duration
	end      time.Duration // of the service, once it has begun
	stage    stage         // of the work
	thread   bool          // holds a thread of the shared pool
	answered bool          // nobody waits for it any more
	err      error
	over     func() // called without the lock when the wait is over, unless abandoned
}

type stage uint8

const (
	outside stage = iota // of the plant: not there yet, or never
	waiting              // for a thread or a worker
	serving
	over
)

func newPlant(c Capacity, seed uint64) *plant {
	p := &plant{zombie: c.Zombie, limit: max(0, c.Queue), origin: time.Now(), armed: never}
	if c.SharedPool > 0 {
		p.shared = &pool{servers: c.SharedPool}
	}
	if c.Workers > 0 {
		common := &station{pool{servers: c.Workers}, newWork(c.Service, c.CV2, seed, 0)}
		for k := ClassLoginPage; k < classes; k++ {
			p.stations[k] = common
		}
	}
	for k := range classes {
		if s := c.Chain.of(k); s.Rate > 0 {
			p.stations[k] = &station{pool{servers: s.workers()}, newWork(s.Service(), c.CV2, seed, uint64(k)+1)}
		}
	}
	return p
}

// set takes over what the modes say about the plant.
func (p *plant) set(m *Modes, now time.Time) {
	p.mu.Lock()
	defer p.unlock(false)
	t := now.Sub(p.origin)
	p.advance(t)
	p.speed.set(m, p.origin, t)
	if m.Crash != p.crash {
		p.crash = m.Crash
		p.arrivals.set(m.Crash.Rate, m.Crash.window())
		p.logins.set(m.Crash.Logins, m.Crash.window())
	}
	p.arm(t)
}

// arrive counts a request, which may bring the process down. It says whether the
// process is up.
func (p *plant) arrive(m *Modes, password bool) bool {
	if m.Crash == (Crash{}) && p.down.Load() == 0 {
		return true
	}
	p.mu.Lock()
	defer p.unlock(false)
	now := time.Since(p.origin)
	if now < time.Duration(p.down.Load()) {
		return false
	}
	hot := p.arrivals.hot(now)
	if password {
		hot = p.logins.hot(now) || hot
	}
	if hot {
		p.fall(now)
	}
	return !hot
}

// enter puts a job of so many units in the queue of its class; a deadline other
// than zero ends it with errTimeout. It returns errFull when the queue is at its
// limit, and errCrashed when this job made it too long. Of a class that costs
// nothing the job is over at once: ok is false.
func (p *plant) enter(j *job, class Class, units float64, deadline time.Time) (ok bool, err error) {
	if p.stations[class] == nil || units <= 0 {
		return false, nil
	}
	p.mu.Lock()
	defer p.unlock(false)
	now := time.Since(p.origin)
	p.advance(now)
	if err := p.put(j, p.stations[class], units, now); err != nil {
		return false, err
	}
	if !deadline.IsZero() {
		p.events.push(event{at: max(now, deadline.Sub(p.origin)), job: j, expires: true})
	}
	p.arm(now)
	return true, nil
}

// put takes a job in at now, when everything before has happened.
func (p *plant) put(j *job, s *station, units float64, now time.Duration) error {
	entrance := &s.pool
	if p.shared != nil {
		entrance = p.shared
	}
	if busy := entrance.busy == entrance.servers; busy && entrance.queue.n >= p.limit {
		return errFull
	} else if busy && p.crash.Queue > 0 && p.waiting >= p.crash.Queue {
		p.fall(now)
		return errCrashed
	}
	j.stage, j.station, j.arrived, j.units, j.service = waiting, s, now, units, s.draw(units)
	switch {
	case p.shared == nil:
		p.toStation(j, now)
	case p.shared.busy < p.shared.servers:
		p.shared.busy++
		p.toThread(j, now)
	default:
		p.wait(p.shared, j, now)
	}
	return nil
}

// until makes a job that is over at t, or with errTimeout at its deadline.
func (p *plant) until(j *job, t, deadline time.Time) {
	p.mu.Lock()
	defer p.unlock(false)
	now := time.Since(p.origin)
	p.advance(now)
	expires := !deadline.IsZero() && deadline.Before(t)
	if expires {
		t = deadline
	}
	j.stage, j.end = serving, max(now, t.Sub(p.origin))
	p.events.push(event{at: j.end, job: j, expires: expires})
	p.arm(now)
}

// toThread gives j a thread of the shared pool, which it keeps until it is over.
func (p *plant) toThread(j *job, t time.Duration) {
	j.thread = true
	p.toStation(j, t)
}

func (p *plant) toStation(j *job, t time.Duration) {
	if s := j.station; s.busy < s.servers {
		s.busy++
		p.begin(j, t)
	} else {
		p.wait(&s.pool, j, t)
	}
}

func (p *plant) wait(q *pool, j *job, t time.Duration) {
	q.queue.push(j)
	p.waiting++
	p.speed.queued(p.waiting, t)
}

// begin starts the service of j on a worker that is its own from now on.
func (p *plant) begin(j *job, t time.Duration) {
	p.speed.waited(t-j.arrived, t)
	j.stage, j.end = serving, p.speed.finish(t, j.service)
	p.events.push(event{at: j.end, job: j})
}

// advance makes everything happen that was due by now, in order.
func (p *plant) advance(now time.Duration) {
	for len(p.events) > 0 && p.events[0].at <= now {
		v := p.events.pop()
		switch j := v.job; {
		case j.stage == over: // abandoned, or served before its deadline
		case v.expires:
			p.expire(j, v.at)
		default:
			p.free(j, v.at)
			p.answer(j, nil)
		}
	}
}

// expire ends the wait of a job the gateway no longer waits for.
func (p *plant) expire(j *job, t time.Duration) {
	if !j.answered {
		p.drop(j, t)
		p.answer(j, errTimeout)
	}
}

// answer tells whoever waits for j.
func (p *plant) answer(j *job, err error) {
	if j.answered {
		return
	}
	j.answered, j.err = true, err
	if j.over != nil {
		p.due = append(p.due, j.over)
	}
}

// unlock gives the lock back and calls the over functions of the jobs that ended
// meanwhile; the last of them here, if here is a goroutine with nothing else to do.
func (p *plant) unlock(here bool) {
	if len(p.due) == 0 {
		p.mu.Unlock()
		return
	}
	var first [4]func()
	due := append(first[:0], p.due...)
	clear(p.due)
	p.due = p.due[:0]
	p.mu.Unlock()
	if here {
		last := len(due) - 1
		defer due[last]()
		due = due[:last]
	}
	for _, over := range due {
		go over()
	}
}

// free ends the work of j, in service until t, and gives its worker and its thread
// to the next ones.
func (p *plant) free(j *job, t time.Duration) {
	j.stage = over
	if j.station == nil {
		return
	}
	p.worked += j.service
	p.units += j.units
	if next := p.next(&j.station.pool); next != nil {
		p.begin(next, t)
	}
	p.freeThread(j, t)
}

func (p *plant) freeThread(j *job, t time.Duration) {
	if !j.thread {
		return
	}
	j.thread = false
	if next := p.next(p.shared); next != nil {
		p.toThread(next, t)
	}
}

// next takes the next job of a queue for the server that became free.
func (p *plant) next(q *pool) *job {
	j := q.queue.pop()
	if j == nil {
		q.busy--
		return nil
	}
	p.waiting--
	return j
}

// drop takes back the work of a job nobody waits for, unless the server is one
// that cannot know.
func (p *plant) drop(j *job, t time.Duration) {
	switch {
	case p.zombie && j.station != nil:
	case j.stage == serving:
		p.free(j, t)
	default:
		j.stage = over // its place in the queue is skipped
		p.waiting--
		if p.shared != nil && !j.thread {
			p.shared.queue.n--
		} else {
			j.station.queue.n--
		}
		p.freeThread(j, t)
	}
}

// abandon is called when the client leaves. It returns false when the wait was
// over before: its over function has been called, or is about to be. It also does
// when the job has not come in yet: who brings it looks for the client then.
func (p *plant) abandon(j *job) bool {
	p.mu.Lock()
	defer p.unlock(false)
	now := time.Since(p.origin)
	p.advance(now)
	if j.answered || j.stage == outside {
		return false
	}
	j.answered = true
	p.drop(j, now)
	p.arm(now)
	return true
}

// arm sets the timer to the next event.
func (p *plant) arm(now time.Duration) {
	if len(p.events) == 0 || p.events[0].at >= p.armed {
		return
	}
	p.armed = p.events[0].at
	if p.timer == nil {
		p.timer = time.AfterFunc(p.armed-now, p.tick)
		return
	}
	p.timer.Reset(p.armed - now)
}

func (p *plant) tick() {
	p.mu.Lock()
	defer p.unlock(true)
	now := time.Since(p.origin)
	p.armed = never
	p.advance(now)
	p.arm(now)
}

// inQueue gives the number of jobs waiting.
func (p *plant) inQueue() int {
	p.mu.Lock()
	defer p.unlock(false)
	p.advance(time.Since(p.origin))
	return p.waiting
}
