package fleet

import (
	"context"
	"encoding/json"
	"sync"

	"firstbell/runner/results"
)

// maxOrder bounds what a coordinator may send in one message.
const maxOrder = 1 << 20

// listen opens the subscriptions; unhear ends them. Each has its own goroutine, so
// that a tick or a stop waits behind nothing else.
func (w *Worker) listen(ctx context.Context) (unhear func(), err error) {
	var cancels []func()
	unhear = func() {
		for _, c := range cancels {
			c()
		}
	}
	for s, f := range map[string]func(Message, []byte){
		subject(w.fleet, "down", w.name, "tick"):  func(_ Message, body []byte) { w.hearTick(body) },
		subject(w.fleet, "down", w.name, "order"): func(m Message, body []byte) { w.hearOrder(ctx, m, body) },
		subject(w.fleet, "all", "stop"):           func(_ Message, body []byte) { w.hearStop(body) },
	} {
		cancel, err := w.cfg.Bus.Subscribe(s, func(m Message) {
			if body := w.open(m); body != nil {
				f(m, body)
			}
		})
		if err != nil {
			return unhear, err
		}
		cancels = append(cancels, cancel)
	}
	return unhear, nil
}

// open gives the body of a message of our coordinator; nil for any other.
func (w *Worker) open(m Message) []byte {
	if len(m.Data) <= maxOrder {
		if body, err := w.boss.Unwrap(m.Subject, m.Data); err == nil && len(body) > 0 {
			return body
		}
	}
	w.ignore()
	return nil
}

// hearTick renews the lease of the play the tick is about. It takes no lock but the
// clock's: a slow disk or a long order must not cost the lease.
func (w *Worker) hearTick(body []byte) {
	var t Tick
	if json.Unmarshal(body, &t) != nil {
		w.ignore()
		return
	}
	if t.Instance != w.instance || t.N <= w.lastTick.Load() {
		return // another process's, or an older one
	}
	w.lastTick.Store(t.N)
	w.hears()
	w.ticked.Store(&t)
	switch l := w.lease.Load(); {
	case l == nil || l.play != t.Play:
	case t.Until > 0:
		l.renew(w.leaseUntil(t.Until))
	default:
		l.hear()
	}
}

// leaseUntil translates the end of a lease to this worker's monotonic clock: no
// later than the coordinator means it, whatever the true offset within its bound;
// and never further off than a lease may be, whatever was said.
func (w *Worker) leaseUntil(until Instant) int64 {
	return min(w.clock.mono(w.time.before(until)), w.clock.Mono()+int64(LeaseFor))
}

// hearStop stops a play at once.
func (w *Worker) hearStop(body []byte) {
	var s Stop
	if json.Unmarshal(body, &s) != nil {
		w.ignore()
		return
	}
	w.hears()
	w.stop(s)
}

// stop ends the load of a play before it returns.
func (w *Worker) stop(s Stop) {
	w.mu.Lock()
	p := w.part
	w.mu.Unlock()
	if p != nil && p.play == s.Play {
		p.stop(s.ended())
	}
}

// ended is the end that a stop makes of a play; hostile words make it a plain stop.
func (s Stop) ended() results.Ended {
	e := results.Ended{How: s.How, Cause: printable(s.Cause, 300)}
	switch s.How {
	case results.EndedInterrupted, results.EndedByTarget, results.EndedStopped, results.EndedLoss, results.EndedAlone:
	default:
		e.How = results.EndedStopped
	}
	return e
}

// orderBook remembers the answers to the newest orders, so that one that comes
// twice is obeyed once. Its zero value is empty.
type orderBook struct {
	mu    sync.Mutex
	floor uint64 // older ones are no longer known, and not obeyed
	known map[uint64]*ordered
}

// ordered is one order that was begun.
type ordered struct {
	answer []byte // nil while it is being obeyed
	asking []func([]byte) error
}

const (
	keptOrders = 32
	maxAsking  = 4 // who is told when an answer is there; the coordinator asks again
)

// begin notes an order and who waits for its answer. answer is there already for
// one that was obeyed; fresh says that it is to be obeyed now.
func (b *orderBook) begin(n uint64, reply func([]byte) error) (answer []byte, fresh bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o := b.known[n]; o != nil {
		if o.answer == nil && reply != nil && len(o.asking) < maxAsking {
			o.asking = append(o.asking, reply)
		}
		return o.answer, false
	}
	if n < b.floor || !b.room() {
		return nil, false
	}
	if b.known == nil {
		b.known = map[uint64]*ordered{}
	}
	o := &ordered{}
	if reply != nil {
		o.asking = append(o.asking, reply)
	}
	b.known[n] = o
	return nil, true
}

// room forgets the oldest answered order when there are too many; false when none
// of them is answered yet.
func (b *orderBook) room() bool {
	if len(b.known) < keptOrders {
		return true
	}
	oldest, found := uint64(0), false
	for n, o := range b.known {
		if o.answer != nil && (!found || n < oldest) {
			oldest, found = n, true
		}
	}
	if found {
		delete(b.known, oldest)
		b.floor = max(b.floor, oldest+1)
	}
	return found
}

// end keeps an order's answer and gives it to all who wait for it.
func (b *orderBook) end(n uint64, answer []byte) {
	b.mu.Lock()
	o := b.known[n]
	asking := o.asking
	o.answer, o.asking = answer, nil
	b.mu.Unlock()
	for _, reply := range asking {
		_ = reply(answer) // one that is lost is asked for again
	}
}
