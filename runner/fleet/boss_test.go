package fleet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"firstbell/runner"
	"firstbell/runner/fleet/keys"
	"firstbell/runner/results"
)

// boss is a coordinator for tests of the worker: it does as the test says, right or
// wrong.
type boss struct {
	t       *testing.T
	bus     *memBus
	conn    *memConn
	me      *keys.Member
	roster  *keys.Roster
	workers []keys.Credentials
	clock   *localClock
	ctx     context.Context
	end     context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	instance map[string]string // who is in
	beats    map[string][]Beat
	gone     map[string]Gone
	n        uint64
	quiet    bool // no tick, no answer
	play     string
	ticks    [][]byte // all that were sent to w000
	lastTick time.Time
}

// newBoss makes a fleet of n workers. Keys are made outside of any bubble's time.
func newBoss(t *testing.T, n int) *boss {
	t.Helper()
	roster, workers, _, err := keys.Generate(keys.Options{Workers: n, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	me, err := roster.Coordinator.Member()
	if err != nil {
		t.Fatal(err)
	}
	b := &boss{t: t, bus: newMemBus(), me: me, roster: roster, workers: workers, clock: newLocalClock(nil),
		instance: map[string]string{}, beats: map[string][]Beat{}, gone: map[string]Gone{}, n: uint64(time.Now().UnixNano())}
	b.conn = b.bus.connect("coordinator")
	b.ctx, b.end = context.WithCancel(context.Background())
	for _, w := range roster.Workers {
		for what, f := range map[string]func(keys.Public, Message, []byte){
			"hello": b.hello, "clock": b.tellTime, "beat": b.beat, "gone": b.hearGone,
		} {
			if _, err := b.conn.Subscribe(subject(roster.Fleet, "up", w.Name, what), func(m Message) {
				body, err := w.Unwrap(m.Subject, m.Data)
				if err != nil {
					t.Errorf("%s: %v", m.Subject, err)
					return
				}
				b.mu.Lock()
				defer b.mu.Unlock()
				if !b.quiet {
					f(w, m, body)
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.running.Go(b.tick)
	return b
}

func (b *boss) close() {
	b.end()
	b.running.Wait()
	b.bus.close()
}

func (b *boss) reply(m Message, v any) {
	body, _ := json.Marshal(v)
	m.Reply(b.me.Wrap(m.Subject+"/reply", body))
}

func (b *boss) hello(w keys.Public, m Message, body []byte) {
	var h Hello
	json.Unmarshal(body, &h)
	switch in := b.instance[w.Name]; {
	case h.Version != "test":
		b.reply(m, Welcome{Refused: &Refusal{Code: "version", What: "another version of firstbell"}})
	case in != "" && in != h.Instance:
		b.reply(m, Welcome{Refused: &Refusal{Code: "taken", What: "another process is " + w.Name + " already"}})
	default:
		b.instance[w.Name] = h.Instance
		b.reply(m, Welcome{Of: len(b.workers)})
	}
}

func (b *boss) tellTime(_ keys.Public, m Message, body []byte) {
	var a ClockAsk
	json.Unmarshal(body, &a)
	b.reply(m, ClockAnswer{T0: a.T0, T1: b.clock.Now(), T2: b.clock.Now()})
}

func (b *boss) beat(w keys.Public, _ Message, body []byte) {
	var x Beat
	json.Unmarshal(body, &x)
	b.beats[w.Name] = append(b.beats[w.Name], x)
}

func (b *boss) hearGone(w keys.Public, _ Message, body []byte) {
	var g Gone
	json.Unmarshal(body, &g)
	b.gone[w.Name] = g
}

// newest is the last beat heard of a worker.
func (b *boss) newest(name string) Beat {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.beats[name]); n > 0 {
		return b.beats[name][n-1]
	}
	return Beat{}
}

// farewell is a worker's last message.
func (b *boss) farewell(name string) Gone {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.gone[name]
}

// said are all ticks of w000, and when the last one was sent.
func (b *boss) said() ([][]byte, time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.ticks), b.lastTick
}

// silence makes the coordinator dead, or alive again.
func (b *boss) silence(on bool) {
	b.mu.Lock()
	b.quiet = on
	b.mu.Unlock()
}

func (b *boss) tick() {
	every := time.NewTicker(TickEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-b.ctx.Done():
			return
		}
		b.mu.Lock()
		for name, instance := range b.instance {
			if b.quiet {
				continue
			}
			b.n++
			now := b.clock.Now()
			body, _ := json.Marshal(Tick{N: b.n, Instance: instance, Play: b.play, Sent: now, Until: now + Instant(LeaseFor)})
			s := subject(b.roster.Fleet, "down", name, "tick")
			m := b.me.Wrap(s, body)
			if name == "w000" {
				b.ticks = append(b.ticks, m)
				b.lastTick = time.Now()
			}
			b.conn.Publish(s, m)
		}
		b.mu.Unlock()
	}
}

// order sends an order until it is answered.
func (b *boss) order(name string, o Order) (Answer, error) {
	b.mu.Lock()
	b.n++
	o.N = b.n
	if o.Instance == "" {
		o.Instance = b.instance[name]
	}
	b.mu.Unlock()
	body, _ := json.Marshal(o)
	return b.send(name, body)
}

func (b *boss) send(name string, body []byte) (Answer, error) {
	s := subject(b.roster.Fleet, "down", name, "order")
	msg := b.me.Wrap(s, body)
	for range 20 {
		ctx, cancel := context.WithTimeout(b.ctx, time.Second)
		data, err := b.conn.Request(ctx, s, msg)
		cancel()
		if err != nil {
			continue
		}
		w, _ := b.roster.Find(name)
		body, err := w.Unwrap(s+"/reply", data)
		if err != nil {
			return Answer{}, err
		}
		var a Answer
		if err := json.Unmarshal(body, &a); err != nil {
			return Answer{}, err
		}
		if a.Refused != nil {
			return a, a.Refused
		}
		return a, nil
	}
	return Answer{}, errors.New("no answer")
}

// put seals an object into a worker's bucket.
func (b *boss) put(name, object string, data []byte) Ref {
	w, _ := b.roster.Find(name)
	sealed, err := b.me.Seal(w, data)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.conn.Put(b.ctx, name, object, sealed); err != nil {
		b.t.Fatal(err)
	}
	sum := sha256.Sum256(sealed)
	return Ref{Name: object, SHA256: hex.EncodeToString(sum[:]), Size: len(sealed)}
}

// prepareOrder is what a play of one worker begins with.
func (b *boss) prepareOrder(name, play string) Order {
	return Order{Kind: OrderPrepare, Play: play, Prepare: &Prepare{RunID: play, Index: 0, Of: 1, Digest: "d", ScenarioHash: "h",
		Bundle: b.put(name, "bundle", []byte("the scenario")), Accounts: b.put(name, "accounts-"+play, []byte("the accounts"))}}
}

// begin prepares and starts a play on a worker; zero is its first instant.
func (b *boss) begin(name, play string) (zero time.Time) {
	b.t.Helper()
	b.mu.Lock()
	b.play = play
	b.mu.Unlock()
	if _, err := b.order(name, b.prepareOrder(name, play)); err != nil {
		b.t.Fatalf("prepare: %v", err)
	}
	time.Sleep(2 * TickEvery)
	at := b.clock.Now() + Instant(StartLead)
	zero = time.Now().Add(StartLead)
	if _, err := b.order(name, Order{Kind: OrderStart, Play: play, Start: &Start{Zero: at}}); err != nil {
		b.t.Fatalf("start: %v", err)
	}
	return zero
}

// records reads the stream, checks every signature, and fails on a gap or a double.
func (b *boss) records(name, play string) []Record {
	b.t.Helper()
	w, _ := b.roster.Find(name)
	var out []Record
	for _, r := range b.bus.stored() {
		if r.subject != resultsSubject(b.roster.Fleet, name) {
			continue
		}
		body, err := w.Unwrap(r.subject, r.data)
		if err != nil {
			b.t.Fatalf("record: %v", err)
		}
		rec, err := DecodeRecord(body)
		if err != nil {
			b.t.Fatal(err)
		}
		if rec.Play == play {
			out = append(out, rec)
		}
	}
	for i, r := range out {
		if r.N != uint64(i+1) {
			b.t.Fatalf("record %d of %s has the number %d", i+1, play, r.N)
		}
	}
	return out
}

// end reads the frames of some records: seconds counts the deltas, end is the last.
func readFrames(t *testing.T, list []Record) (seconds int, end *results.Ended) {
	t.Helper()
	dec, d := results.NewDecoder(testLimits), results.NewDelta(0)
	seq := uint64(0)
	for _, r := range list {
		if r.Kind != RecordFrame {
			continue
		}
		f, _, err := dec.Next(r.Body, d)
		if err != nil {
			t.Fatal(err)
		}
		if seq++; f.Seq != seq || f.Worker != r.Worker {
			t.Fatalf("frame %d of worker %d, want %d of %d", f.Seq, f.Worker, seq, r.Worker)
		}
		if end != nil {
			t.Fatal("a frame after the end")
		}
		if end = f.End; end == nil {
			seconds++
		}
	}
	return seconds, end
}

var testLimits = results.Limits{Groups: 1, Steps: 1, Hosts: 1}

// worker starts a worker of the fleet.
func (b *boss) worker(i int, dir string, p *testPlayer, edit func(*WorkerConfig)) *runningWorker {
	b.t.Helper()
	cfg := WorkerConfig{Bus: b.bus.connect(keys.WorkerName(i)), Credentials: &b.workers[i], Hello: Hello{Version: "test"}, Spool: dir,
		Prepare: func(_ context.Context, j Job) (Player, error) {
			if string(j.Bundle) != "the scenario" || !strings.HasPrefix(string(j.Accounts), "the accounts") {
				return nil, fmt.Errorf("bundle %q, accounts %q", j.Bundle, j.Accounts)
			}
			return p, nil
		}}
	r := &runningWorker{done: make(chan struct{})}
	cfg.Tell = func(n Notice) { r.note(n) }
	if edit != nil {
		edit(&cfg)
	}
	r.run(b.t, cfg)
	return r
}

// run starts the worker; done is closed when it has ended.
func (r *runningWorker) run(t *testing.T, cfg WorkerConfig) {
	t.Helper()
	w, err := NewWorker(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.Worker = w
	ctx, cancel := context.WithCancel(context.Background())
	r.term = cancel
	go func() {
		defer close(r.done)
		defer cancel()
		r.err = w.Run(ctx)
	}()
}

type runningWorker struct {
	*Worker
	term context.CancelFunc
	done chan struct{}
	err  error // once done is closed

	mu      sync.Mutex
	notices []Notice
}

func (r *runningWorker) note(n Notice) {
	r.mu.Lock()
	r.notices = append(r.notices, n)
	r.mu.Unlock()
}

func (r *runningWorker) told(part string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, x := range r.notices {
		if strings.Contains(x.Text, part) {
			n++
		}
	}
	return n
}

// testPlayer plays a part of some seconds: 100 requests a second, each asked of the
// guard, and a delta a second.
type testPlayer struct {
	seconds int
	lead    time.Duration
	fails   error // of Sink.Append, once seen

	unwilling error // answers takeovers

	mu        sync.Mutex
	last      time.Time // of the requests that left
	sent      int
	takeovers []Takeover
	closed    int
	endAt     time.Duration
}

var testURL = &url.URL{Scheme: "http", Host: "127.0.0.1"}

func (p *testPlayer) Ready() Ready {
	return Ready{Digest: "d", ScenarioHash: "h", People: 1, Preparation: p.lead, Limits: testLimits}
}

func (p *testPlayer) Close() { p.mu.Lock(); p.closed++; p.mu.Unlock() }

func (p *testPlayer) Play(ctx context.Context, io IO) (results.Ended, error) {
	guard := io.Lease.Guard(&openGuard{})
	clock := runner.NewTimerClock(io.Zero)
	io.Sink.Event(results.Event{Kind: "started"})
	for i := 0; i < 100*p.seconds; i++ {
		if i%100 == 0 && i > 0 {
			io.Observe(runner.Snapshot{At: clock.Now(), Started: p.requests()})
			d := results.NewDelta(0)
			if err := io.Sink.Append(d); err != nil {
				p.mu.Lock()
				p.fails = err
				p.mu.Unlock()
				return results.Ended{How: results.EndedInternal, At: clock.Now()}, err
			}
		}
		wake, cancel := context.WithCancel(ctx)
		stop := context.AfterFunc(ctx, cancel)
		go func() {
			select {
			case <-guard.Stopped():
				cancel()
			case <-wake.Done():
			}
		}()
		err := clock.SleepUntil(wake, time.Duration(i)*10*time.Millisecond)
		stop()
		cancel()
		select {
		case t := <-io.Takeovers:
			p.mu.Lock()
			if p.unwilling == nil {
				p.takeovers = append(p.takeovers, t)
			}
			t.Answer(p.unwilling)
			p.mu.Unlock()
		case at := <-io.LoadEnds:
			p.mu.Lock()
			p.endAt = at
			p.mu.Unlock()
		default:
		}
		if guard.Request(testURL) == nil {
			p.mu.Lock()
			p.sent++
			p.last = time.Now()
			p.mu.Unlock()
		}
		if err != nil {
			return guard.Cause(), nil
		}
	}
	io.Sink.Append(results.NewDelta(0))
	return results.Ended{How: results.EndedPlanned, At: clock.Now()}, nil
}

func (p *testPlayer) requests() int { p.mu.Lock(); defer p.mu.Unlock(); return p.sent }
func (p *testPlayer) closings() int { p.mu.Lock(); defer p.mu.Unlock(); return p.closed }
func (p *testPlayer) heard() error  { p.mu.Lock(); defer p.mu.Unlock(); return p.fails }
func (p *testPlayer) given() ([]Takeover, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.takeovers), p.endAt
}
func (p *testPlayer) lastSent() time.Time { p.mu.Lock(); defer p.mu.Unlock(); return p.last }

// openGuard allows everything.
type openGuard struct{ stopped chan struct{} }

func (*openGuard) Request(*url.URL) error            { return nil }
func (*openGuard) Dial(string, netip.AddrPort) error { return nil }
func (g *openGuard) Stopped() <-chan struct{}        { return g.stopped }
func (*openGuard) Cause() results.Ended              { return results.Ended{How: results.EndedByTarget} }
