package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// memBus is a [Bus] in memory for tests: one server, and a link per member that
// can be cut, stalled, delayed, duplicated and thinned out. All its waits are
// timers and channels, so that it runs under testing/synctest. close ends every
// goroutine of it.
//
//	worker ── link.up ──▶ server ── link.down ──▶ coordinator
type memBus struct {
	mu      sync.Mutex
	barred  map[string]bool
	closed  chan struct{}
	links   map[string]*memLink
	subs    []*memSub
	records []memRecord
	ids     map[string]bool
	buckets map[string]map[string][]byte
	news    chan struct{} // closed and replaced whenever a record is stored
	inboxes int
	wg      sync.WaitGroup
}

type memRecord struct {
	subject string
	data    []byte
}

func newMemBus() *memBus {
	return &memBus{closed: make(chan struct{}), links: map[string]*memLink{}, ids: map[string]bool{},
		buckets: map[string]map[string][]byte{}, news: make(chan struct{})}
}

// close ends all subscriptions and waits for their goroutines.
func (b *memBus) close() {
	b.mu.Lock()
	select {
	case <-b.closed:
	default:
		close(b.closed)
	}
	b.mu.Unlock()
	b.wg.Wait()
}

// connect gives a member its end of the bus. Several connections of one name share
// the link, as two processes with the same credentials do.
func (b *memBus) connect(name string) *memConn { return &memConn{bus: b, link: b.link(name)} }

// link is the line between a member and the server.
func (b *memBus) link(name string) *memLink {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.links[name]
	if l == nil {
		l = &memLink{name: name, copies: 1, healed: closedChan()}
		b.links[name] = l
	}
	return l
}

// stored are the records of the stream so far, in order.
func (b *memBus) stored() []memRecord {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.records)
}

func closedChan() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// memLink is one member's line. Its methods may be called at any time.
type memLink struct {
	name string

	mu       sync.Mutex
	isCut    bool
	stalls   bool          // a cut that holds messages back in place of losing them
	healed   chan struct{} // closed while the link is up
	up, down time.Duration
	copies   int
}

// cut breaks the line: messages are lost, everything that waits for an answer waits.
func (l *memLink) cut() { l.breakLine(false) }

// stall breaks the line as a partition does to TCP: what was sent meanwhile, by
// either side, arrives late, after heal.
func (l *memLink) stall() { l.breakLine(true) }

func (l *memLink) breakLine(stalls bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.isCut {
		l.healed = make(chan struct{})
	}
	l.isCut, l.stalls = true, stalls
}

// heal mends the line.
func (l *memLink) heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isCut {
		close(l.healed)
	}
	l.isCut = false
}

// delay sets the time a message takes from the member to the server, and back.
func (l *memLink) delay(up, down time.Duration) {
	l.mu.Lock()
	l.up, l.down = up, down
	l.mu.Unlock()
}

// duplicate delivers each message of the line n times.
func (l *memLink) duplicate(n int) {
	l.mu.Lock()
	l.copies = n
	l.mu.Unlock()
}

// passes says how often a message passes, and after which time.
func (l *memLink) passes(up bool, subject string) (copies int, after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isCut && !l.stalls {
		return 0, 0
	}
	after = l.down
	if up {
		after = l.up
	}
	return l.copies, after
}

// held is the channel to wait on while the line is stalled; lost says that it is cut.
func (l *memLink) held() (wait <-chan struct{}, lost bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.healed, l.isCut && !l.stalls
}

// await waits until the line is up, then for the way there and back.
func (l *memLink) await(ctx context.Context) error {
	for {
		l.mu.Lock()
		up, wait, way := !l.isCut, l.healed, l.up+l.down
		l.mu.Unlock()
		if up {
			return memSleep(ctx, way)
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func memSleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// memConn is one member's end of the bus.
type memConn struct {
	bus  *memBus
	link *memLink
}

var _ Bus = (*memConn)(nil)

func (c *memConn) Connected() bool {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	return !c.link.isCut
}

func (c *memConn) Publish(subject string, data []byte) error {
	_, err := c.publish(subject, data, "")
	return err
}

// memBacklog is how many messages a subscription keeps.
const memBacklog = 4096

type memSub struct {
	pattern string
	link    *memLink
	queue   chan memMessage
	quit    chan struct{}
}

type memMessage struct {
	subject, reply string
	data           []byte
	due            time.Time
	from           *memLink
}

// publish hands a message to every subscription; heard counts them.
func (c *memConn) publish(subject string, data []byte, reply string) (heard int, err error) {
	b := c.bus
	b.mu.Lock()
	defer b.mu.Unlock()
	n, up := c.link.passes(true, subject)
	m := memMessage{subject: subject, reply: reply, data: bytes.Clone(data), from: c.link}
	for _, s := range b.subs {
		if !memMatch(s.pattern, subject) {
			continue
		}
		heard++
		copies, down := s.link.passes(false, subject)
		m.due = time.Now().Add(up + down)
		for range n * copies {
			select {
			case s.queue <- m:
			default: // the backlog is full
			}
		}
	}
	return heard, nil
}

// memMatch reports whether a subject matches a pattern with * and >.
func memMatch(pattern, subject string) bool {
	p, s := strings.Split(pattern, "."), strings.Split(subject, ".")
	for i := range p {
		switch {
		case p[i] == ">":
			return i < len(s)
		case i >= len(s) || p[i] != "*" && p[i] != s[i]:
			return false
		}
	}
	return len(p) == len(s)
}

func (c *memConn) Subscribe(subject string, f func(Message)) (func(), error) {
	b := c.bus
	s := &memSub{pattern: subject, link: c.link, queue: make(chan memMessage, memBacklog), quit: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.closed:
		return nil, errors.New("the bus is closed")
	default:
	}
	b.subs = append(b.subs, s)
	b.wg.Go(func() { c.deliver(s, f) })
	return sync.OnceFunc(func() {
		b.mu.Lock()
		b.subs = slices.DeleteFunc(b.subs, func(x *memSub) bool { return x == s })
		b.mu.Unlock()
		close(s.quit)
	}), nil
}

// deliver calls f for one message after the other, each when it is due.
func (c *memConn) deliver(s *memSub, f func(Message)) {
	for {
		select {
		case m := <-s.queue:
			if c.arrives(s, m) {
				f(Message{Subject: m.subject, Data: m.data, Reply: c.replyTo(m.reply)})
			}
		case <-s.quit:
			return
		case <-c.bus.closed:
			return
		}
	}
}

// arrives waits for a message's way, which either line may hold up.
func (c *memConn) arrives(s *memSub, m memMessage) bool {
	timer := time.NewTimer(time.Until(m.due))
	defer timer.Stop()
	for _, wait := range []func() (<-chan struct{}, bool){m.from.held, s.link.held} {
		held, lost := wait()
		if lost {
			return false
		}
		select {
		case <-held:
		case <-s.quit:
			return false
		case <-c.bus.closed:
			return false
		}
	}
	select {
	case <-timer.C:
	case <-s.quit:
		return false
	case <-c.bus.closed:
		return false
	}
	_, lost := s.link.held()
	return !lost
}

func (c *memConn) replyTo(inbox string) func([]byte) error {
	if inbox == "" {
		return nil
	}
	return func(data []byte) error { return c.Publish(inbox, data) }
}

var errMemNobody = errors.New("nobody answers on this subject")

func (c *memConn) Request(ctx context.Context, subject string, data []byte) ([]byte, error) {
	c.bus.mu.Lock()
	c.bus.inboxes++
	inbox := fmt.Sprintf("_INBOX.%s.%d", c.link.name, c.bus.inboxes)
	c.bus.mu.Unlock()
	got := make(chan []byte, 1)
	cancel, err := c.Subscribe(inbox, func(m Message) {
		select {
		case got <- m.Data:
		default: // a duplicate
		}
	})
	if err != nil {
		return nil, err
	}
	defer cancel()
	if heard, err := c.publish(subject, data, inbox); err != nil || heard == 0 && c.Connected() {
		return nil, errors.Join(err, errMemNobody)
	}
	select {
	case answer := <-got:
		return answer, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-c.bus.closed:
		return nil, errors.New("the bus is closed")
	}
}

func (c *memConn) Append(ctx context.Context, subject, id string, data []byte) error {
	if err := c.link.await(ctx); err != nil {
		return err
	}
	b := c.bus
	b.mu.Lock()
	if !b.ids[id] {
		b.ids[id] = true
		b.records = append(b.records, memRecord{subject, bytes.Clone(data)})
		close(b.news)
		b.news = make(chan struct{})
	}
	b.mu.Unlock()
	return nil
}

// Bar notes who is barred.
func (c *memConn) Bar(_ context.Context, worker string) error {
	c.bus.mu.Lock()
	defer c.bus.mu.Unlock()
	if c.bus.barred == nil {
		c.bus.barred = map[string]bool{}
	}
	c.bus.barred[worker] = true
	return nil
}

func (b *memBus) isBarred(worker string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.barred[worker]
}

func (c *memConn) Consume(ctx context.Context, f func(subject string, data []byte) error) error {
	for next := 0; ; next++ {
		r, err := c.record(ctx, next)
		if err == nil {
			err = c.link.await(ctx)
		}
		if err == nil {
			err = f(r.subject, bytes.Clone(r.data))
		}
		if err != nil {
			return err
		}
	}
}

// record waits for the stream's record number n.
func (c *memConn) record(ctx context.Context, n int) (memRecord, error) {
	for {
		c.bus.mu.Lock()
		if n < len(c.bus.records) {
			defer c.bus.mu.Unlock()
			return c.bus.records[n], nil
		}
		news := c.bus.news
		c.bus.mu.Unlock()
		select {
		case <-news:
		case <-ctx.Done():
			return memRecord{}, context.Cause(ctx)
		case <-c.bus.closed:
			return memRecord{}, errors.New("the bus is closed")
		}
	}
}

func (c *memConn) Put(ctx context.Context, bucket, name string, data []byte) error {
	if err := c.link.await(ctx); err != nil {
		return err
	}
	c.bus.mu.Lock()
	defer c.bus.mu.Unlock()
	if c.bus.buckets[bucket] == nil {
		c.bus.buckets[bucket] = map[string][]byte{}
	}
	c.bus.buckets[bucket][name] = bytes.Clone(data)
	return nil
}

func (c *memConn) Get(ctx context.Context, bucket, name string) ([]byte, error) {
	if err := c.link.await(ctx); err != nil {
		return nil, err
	}
	c.bus.mu.Lock()
	defer c.bus.mu.Unlock()
	data, ok := c.bus.buckets[bucket][name]
	if !ok {
		return nil, errors.New("no such object")
	}
	return bytes.Clone(data), nil
}

func (c *memConn) Delete(ctx context.Context, bucket, name string) error {
	if err := c.link.await(ctx); err != nil {
		return err
	}
	c.bus.mu.Lock()
	defer c.bus.mu.Unlock()
	delete(c.bus.buckets[bucket], name)
	return nil
}

func (c *memConn) Flush(ctx context.Context) error { return c.link.await(ctx) }
