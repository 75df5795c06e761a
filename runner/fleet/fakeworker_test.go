package fleet

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"firstbell/runner"
	"firstbell/runner/fleet/keys"
	"firstbell/runner/results"
)

// world is what really happens: who played whom, and when. Person id comes at
// id·gap from the first instant.
type world struct {
	people int
	gap    time.Duration

	mu     sync.Mutex
	played map[uint32][]playedBy
}

type playedBy struct {
	worker string
	at     time.Time
}

func (w *world) at(id uint32) time.Duration { return time.Duration(id) * w.gap }

func (w *world) count(list []results.Slice, from time.Duration) int {
	n := 0
	for id := range uint32(w.people) {
		if w.at(id) >= from && has(list, id) {
			n++
		}
	}
	return n
}

func has(list []results.Slice, id uint32) bool {
	return slices.ContainsFunc(list, func(s results.Slice) bool { return s.Has(id) })
}

// fakeWorker speaks a worker's protocol, with a clock that is right.
type fakeWorker struct {
	t     testing.TB
	w     *world
	conn  *memConn
	me    *keys.Member
	fleet string
	boss  keys.Public
	hello Hello

	clockError time.Duration
	clockAt    time.Duration        // when its last reading was made; 0: it goes on reading
	deaf       func(Order) bool     // an order it does not answer
	refuses    func(Order) *Refusal // an order it refuses
	cpu        float64
	miscounts  int  // by how many people it is wrong
	noLast     bool // does not send the end
	sendAfter  time.Duration
	sendStep   time.Duration // each record needs so much longer than the one before
	hangs      bool          // it comes to no end, and records nothing more

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	in      bool
	refused *Refusal
	beat    Beat
	answers map[uint64]*Answer
	slices  []handedSlices
	until   Instant
	lastT   uint64
	zero    Instant
	records uint64
	frames  uint64
	next    time.Duration // everybody who comes before has been looked at
	stopped *Stop
	endLoad time.Duration
	stopAt  time.Time // when nothing left any more
	forgot  []string
	left    bool
}

type handedSlices struct {
	list []results.Slice
	from time.Duration
}

func newFakeWorker(t testing.TB, w *world, bus *memBus, c keys.Credentials, instance string) *fakeWorker {
	me, err := c.Member()
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeWorker{t: t, w: w, conn: bus.connect(c.Name), me: me, fleet: c.Fleet, boss: c.Coordinator, clockError: time.Millisecond,
		answers: map[uint64]*Answer{},
		hello:   Hello{Protocol: Protocol, Worker: c.Name, Instance: instance, Version: "v1", Go: "go", OS: "linux", CPUs: 2, DescLimit: 1000}}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	f.beat = Beat{Instance: instance, Phase: PhaseIdle}
	return f
}

// start joins and goes on until kill.
func (f *fakeWorker) start() {
	for _, s := range []struct {
		subject string
		f       func(Message)
	}{
		{subject(f.fleet, "down", f.hello.Worker, "*"), f.down},
		{subject(f.fleet, "all", "stop"), f.all},
	} {
		cancel, err := f.conn.Subscribe(s.subject, s.f)
		if err != nil {
			f.t.Fatal(err)
		}
		context.AfterFunc(f.ctx, cancel)
	}
	f.wg.Go(f.live)
}

// kill is kill -9.
func (f *fakeWorker) kill() { f.cancel(); f.wg.Wait() }

func (f *fakeWorker) say(kind string, v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		f.t.Error(err)
	}
	return f.me.Wrap(subject(f.fleet, "up", f.hello.Worker, kind), body)
}

// join asks once to be let in.
func (f *fakeWorker) join() {
	ctx, cancel := context.WithTimeout(f.ctx, time.Second)
	defer cancel()
	s := subject(f.fleet, "up", f.hello.Worker, "hello")
	data, err := f.conn.Request(ctx, s, f.say("hello", f.hello))
	if err != nil {
		return
	}
	var w Welcome
	if body, err := f.boss.Unwrap(s+"/reply", data); err == nil && json.Unmarshal(body, &w) == nil {
		f.mu.Lock()
		f.in, f.refused = w.Refused == nil, w.Refused
		f.mu.Unlock()
	}
}

func (f *fakeWorker) live() {
	t := time.NewTicker(TickEvery)
	defer t.Stop()
	play := time.NewTicker(10 * time.Millisecond)
	defer play.Stop()
	for {
		f.mu.Lock()
		in := f.in
		f.mu.Unlock()
		if !in {
			f.join()
		}
		select {
		case <-t.C:
			f.sendBeat()
		case <-play.C:
			f.step()
		case <-f.ctx.Done():
			return
		}
	}
}

func (f *fakeWorker) sendBeat() {
	f.mu.Lock()
	f.beat.N++
	f.beat.Clock = &results.ClockReading{Error: f.clockError, N: 16}
	if f.zero != 0 {
		f.beat.Clock.At = time.Duration(Instant(time.Now().UnixNano()) - f.zero)
		if f.clockAt > 0 {
			f.beat.Clock.At = min(f.beat.Clock.At, f.clockAt)
		}
	}
	f.beat.Readings++
	f.beat.CPU = f.cpu
	if f.beat.Phase == PhasePlaying {
		f.beat.Snapshot = &runner.Snapshot{At: time.Duration(Instant(time.Now().UnixNano()) - f.zero), Done: 1}
	}
	b := f.say("beat", f.beat)
	f.mu.Unlock()
	_ = f.conn.Publish(subject(f.fleet, "up", f.hello.Worker, "beat"), b)
}

func (f *fakeWorker) down(m Message) {
	body, err := f.boss.Unwrap(m.Subject, m.Data)
	if err != nil {
		f.t.Errorf("%s: %v", m.Subject, err)
		return
	}
	if m.Subject == subject(f.fleet, "down", f.hello.Worker, "tick") {
		var t Tick
		if json.Unmarshal(body, &t) != nil || t.Instance != f.hello.Instance {
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if t.N > f.lastT && (t.Play == f.beat.Play || f.beat.Phase != PhasePlaying) && f.beat.Ended == "" {
			f.lastT, f.until = t.N, max(f.until, t.Until)
		}
		return
	}
	var o Order
	if json.Unmarshal(body, &o) != nil || o.Instance != f.hello.Instance || f.deaf != nil && f.deaf(o) {
		return
	}
	f.mu.Lock()
	a := f.answers[o.N]
	if a == nil {
		a = &Answer{N: o.N}
		if f.refuses != nil {
			a.Refused = f.refuses(o)
		}
		if a.Refused == nil {
			f.obey(o, a)
		}
		f.answers[o.N] = a
	}
	f.mu.Unlock()
	answer, _ := json.Marshal(a)
	if m.Reply != nil {
		_ = m.Reply(f.me.Wrap(m.Subject+"/reply", answer))
	}
}

// obey does what is asked at once. mu is held.
func (f *fakeWorker) obey(o Order, a *Answer) {
	switch o.Kind {
	case OrderPrepare:
		p := o.Prepare
		f.beat.Phase, f.beat.Play, f.beat.Ended = PhaseReady, o.Play, ""
		f.slices, f.records, f.frames, f.next, f.stopped, f.endLoad = []handedSlices{{p.Slices, -1}}, 0, 0, 0, nil, 0
		f.stopAt, f.zero = time.Time{}, 0
		a.Ready = &Ready{Digest: p.Digest, ScenarioHash: p.ScenarioHash, People: f.w.count(p.Slices, -1) + f.miscounts,
			Clock: results.ClockReading{Error: f.clockError, N: 16}}
	case OrderStart:
		f.zero, f.beat.Phase, f.until = o.Start.Zero, PhasePlaying, max(f.until, o.Start.Until)
		zero, err := time.Duration(0), time.Millisecond
		f.beat.StartedAt, f.beat.StartError = &zero, err
	case OrderMore:
		if f.beat.Phase != PhasePlaying {
			a.Refused = &Refusal{Code: "busy", What: "the play is over here"}
			return
		}
		f.slices = append(f.slices, handedSlices{o.More.Slices, o.More.From})
	case OrderEndLoad:
		f.endLoad = o.EndLoad.At
	case OrderStop:
		f.stop(o.Stop)
	case OrderForget:
		f.forgot = append(f.forgot, o.Play)
		if f.beat.Play == o.Play {
			f.beat.Phase, f.beat.Play, f.beat.Ended = PhaseIdle, "", ""
		}
	case OrderLeave:
		f.left = true
	case OrderCall:
		a.Payload = []byte(o.Call.Name + " done")
	}
}

func (f *fakeWorker) stop(s *Stop) {
	if f.stopped == nil && f.beat.Play == s.Play {
		f.stopped = s
		f.stopAt = time.Now()
	}
}

func (f *fakeWorker) all(m Message) {
	var s Stop
	body, err := f.boss.Unwrap(m.Subject, m.Data)
	if err != nil || json.Unmarshal(body, &s) != nil || f.deaf != nil && f.deaf(Order{Kind: OrderStop}) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stop(&s)
}

// step plays who has come since the last step, and reports each second.
func (f *fakeWorker) step() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.beat.Phase != PhasePlaying {
		return
	}
	now := Instant(time.Now().UnixNano())
	at := time.Duration(now - f.zero)
	last := f.w.at(uint32(f.w.people))
	end := results.Ended{At: at, Wall: time.Now()}
	if f.hangs && at > last {
		return
	}
	switch {
	case now > f.until:
		end.How, end.Cause = results.EndedAlone, "no lease"
		f.stopAt = time.Now()
	case f.stopped != nil:
		end.How, end.Cause = f.stopped.How, f.stopped.Cause
	case f.endLoad > 0 && at >= f.endLoad:
		end.How, end.LoadEnd = results.EndedEnough, f.endLoad
	case at > last+2*time.Second:
		end.How = results.EndedPlanned
	}
	if end.How == "" {
		f.play(at)
		for f.frames < uint64(max(0, at/time.Second)) {
			f.frames++
			f.record(RecordFrame, func(e *results.Encoder) ([]byte, error) {
				return e.Append(nil, &results.Delta{Worker: f.index(), Seq: f.frames, Written: int32(f.frames) - 1})
			})
		}
		return
	}
	f.beat.Phase, f.beat.Ended = PhaseEnded, end.How
	f.frames++
	if !f.noLast {
		f.record(RecordFrame, func(e *results.Encoder) ([]byte, error) { return e.AppendEnd(nil, f.index(), f.frames, end) })
	}
}

func (f *fakeWorker) index() uint32 {
	var n uint32
	for _, c := range f.hello.Worker[1:] {
		n = n*10 + uint32(c-'0')
	}
	return n
}

func (f *fakeWorker) play(at time.Duration) {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	for _, h := range f.slices {
		for id := range uint32(f.w.people) {
			came := f.w.at(id)
			if came > at || came < h.from || !has(h.list, id) {
				continue
			}
			by := f.w.played[id]
			if !slices.ContainsFunc(by, func(p playedBy) bool { return p.worker == f.hello.Worker+f.hello.Instance }) {
				f.w.played[id] = append(by, playedBy{f.hello.Worker + f.hello.Instance, time.Now()})
			}
		}
	}
}

// record numbers, signs and appends; the bus is waited for elsewhere, in order.
func (f *fakeWorker) record(kind RecordKind, body func(*results.Encoder) ([]byte, error)) {
	b, err := body(results.NewEncoder(results.Limits{}))
	if err != nil {
		f.t.Error(err)
	}
	f.records++
	f.send(Record{Play: f.beat.Play, Worker: f.index(), N: f.records, Kind: kind, Body: b})
}

func (f *fakeWorker) send(r Record) {
	b, err := EncodeRecord(r)
	if err != nil {
		f.t.Error(err)
	}
	s := resultsSubject(f.fleet, f.hello.Worker)
	f.wg.Go(func() {
		time.Sleep(f.sendAfter + time.Duration(r.N)*f.sendStep)
		for f.conn.Append(f.ctx, s, r.ID(), f.me.Wrap(s, b)) != nil && f.ctx.Err() == nil {
			time.Sleep(50 * time.Millisecond)
		}
	})
}
