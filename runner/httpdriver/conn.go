package httpdriver

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is one open connection of one person.
type conn struct {
	net.Conn // TLS or plain
	raw      syscall.RawConn
	secure   bool // Conn is TLS
	owner    *session
	host     *host
	slot     int // place in the registry
	// idle is when the last exchange ended, in nanoseconds by the run's clock;
	// busy while an exchange is using the connection.
	idle   atomic.Int64
	closed atomic.Bool
}

const busy = int64(-1 << 62)

// registry knows every open connection, so that idle ones can be closed
// whoever they belong to, and all of them at the end. It is touched once when a
// connection opens and once when it closes, never per request.
type registry struct {
	mu    sync.Mutex
	open  []*conn
	timer *time.Timer // runs while a connection is open
	limit time.Duration
	shut  bool
}

const reapEvery = time.Second

// add registers a new connection; false when the driver is closed.
func (r *registry) add(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shut {
		return false
	}
	c.slot = len(r.open)
	r.open = append(r.open, c)
	if r.timer == nil {
		r.timer = time.AfterFunc(reapEvery, r.tick)
	}
	return true
}

func (r *registry) remove(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.open) - 1
	if c.slot > last || r.open[c.slot] != c {
		return
	}
	r.open[c.slot] = r.open[last]
	r.open[c.slot].slot = c.slot
	r.open[last] = nil
	r.open = r.open[:last]
}

func (r *registry) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open)
}

// tick closes what has been idle for too long, and comes back while anything
// is open.
func (r *registry) tick() {
	r.reap(r.limit)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shut || len(r.open) == 0 {
		r.timer = nil
		return
	}
	r.timer.Reset(reapEvery)
}

// reap closes connections idle for at least limit.
func (r *registry) reap(limit time.Duration) {
	var old []*conn
	r.mu.Lock()
	for _, c := range r.open {
		if c.idleFor(limit) {
			old = append(old, c)
		}
	}
	r.mu.Unlock()
	for _, c := range old {
		c.owner.dropIdle(c, limit)
	}
}

func (r *registry) closeAll() {
	r.mu.Lock()
	open := append([]*conn(nil), r.open...)
	r.shut = true
	if r.timer != nil {
		r.timer.Stop()
	}
	r.mu.Unlock()
	for _, c := range open {
		c.close()
	}
}

func (c *conn) idleFor(limit time.Duration) bool {
	since := c.idle.Load()
	return since != busy && int64(c.owner.driver.cfg.Clock.Now())-since >= int64(limit)
}

// close closes the connection once.
func (c *conn) close() {
	if c.closed.CompareAndSwap(false, true) {
		c.owner.driver.conns.remove(c)
		_ = c.Conn.Close()
	}
}

// abort makes every blocked and later operation fail at once; the exchange
// that uses the connection closes it.
func (c *conn) abort() { _ = c.SetDeadline(time.Unix(1, 0)) }
