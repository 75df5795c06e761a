package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner/results"
)

// TestTicksOldAndTwice: a tick that was heard before renews nothing, in whatever
// order and however often it comes.
func TestTicksOldAndTwice(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		p := &testPlayer{seconds: 60}
		link := b.bus.link("w000")
		link.duplicate(3)
		w := b.worker(0, t.TempDir(), p, nil)
		time.Sleep(time.Second)
		zero := b.begin("w000", "p")
		time.Sleep(time.Until(zero.Add(10 * time.Second)))
		if p.lastSent().Before(time.Now().Add(-20 * time.Millisecond)) {
			t.Fatal("messages that come thrice ended the lease")
		}
		b.silence(true)
		ticks, last := b.said()
		tick := subject(b.roster.Fleet, "down", "w000", "tick")
		for range 30 { // somebody repeats what was said before
			for i := range ticks {
				b.conn.Publish(tick, ticks[len(ticks)-1-i])
			}
			time.Sleep(100 * time.Millisecond)
		}
		if got := p.lastSent().Sub(last); got > LeaseFor {
			t.Errorf("the last request left %v after the last tick", got)
		}
		w.term()
		<-w.done
	})
}

// TestTickFarAhead: a coordinator whose clock has gone mad cannot give a lease that
// outlives its silence.
func TestTickFarAhead(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		p := &testPlayer{seconds: 60}
		w := b.worker(0, t.TempDir(), p, nil)
		time.Sleep(time.Second)
		zero := b.begin("w000", "p")
		time.Sleep(time.Until(zero.Add(time.Second)))
		b.silence(true)
		at := time.Now()
		b.publish(subject(b.roster.Fleet, "down", "w000", "tick"),
			Tick{N: 1 << 63, Instance: w.instance, Play: "p", Until: b.clock.Now() + Instant(time.Hour)})
		time.Sleep(LeaseFor / 2) // and what another process of this name is told renews nothing here
		b.publish(subject(b.roster.Fleet, "down", "w000", "tick"),
			Tick{N: 1<<63 + 1, Instance: "another", Play: "p", Until: b.clock.Now() + Instant(LeaseFor)})
		time.Sleep(5 * time.Second)
		if got := p.lastSent().Sub(at); got > LeaseFor {
			t.Errorf("the last request left %v after the last tick", got)
		}
		w.term()
		<-w.done
	})
}

// TestForeignMessages: what is not the coordinator's, not for this worker, or not to
// be read changes nothing; it is counted and told once.
func TestForeignMessages(t *testing.T) {
	inFleet(t, 2, func(t *testing.T, b *boss) {
		p := &testPlayer{seconds: 60}
		w := b.worker(0, t.TempDir(), p, nil)
		time.Sleep(time.Second)
		zero := b.begin("w000", "p")
		time.Sleep(time.Until(zero.Add(time.Second)))
		other, err := b.workers[1].Member()
		if err != nil {
			t.Fatal(err)
		}
		order := subject(b.roster.Fleet, "down", "w000", "order")
		tick := subject(b.roster.Fleet, "down", "w000", "tick")
		stop := subject(b.roster.Fleet, "all", "stop")
		leave, _ := json.Marshal(Order{N: 1 << 63, Instance: w.instance, Kind: OrderLeave})
		halt, _ := json.Marshal(Stop{Play: "p", How: results.EndedStopped})
		messages := []struct {
			subject string
			data    []byte
		}{
			{order, nil}, {tick, []byte("x")}, {stop, halt},
			{order, other.Wrap(order, leave)}, {stop, other.Wrap(stop, halt)},
			{order, b.me.Wrap(stop, leave)}, // of the coordinator's, said elsewhere
			{order, b.me.Wrap(subject(b.roster.Fleet, "down", "w001", "order"), leave)},
			{order, b.me.Wrap(order, []byte(`{"n":`))}, {order, b.me.Wrap(order, []byte(`{}`))},
			{tick, b.me.Wrap(tick, []byte(`[]`))}, {stop, b.me.Wrap(stop, []byte(`7`))},
			{order, b.me.Wrap(order, []byte(`{"n":1,"kind":"`+strings.Repeat("x", maxOrder)+`"}`))},
		}
		for _, m := range messages {
			b.conn.Publish(m.subject, m.data)
		}
		time.Sleep(time.Second)
		if n := w.foreign.Load(); n != uint64(len(messages)) || w.told("was ignored") != 1 {
			t.Errorf("%d of %d messages ignored, told %d times", n, len(messages), w.told("was ignored"))
		}
		// An order for another process of this name is nobody's fault.
		b.conn.Publish(order, b.me.Wrap(order, []byte(`{"n":9999999999999999999,"instance":"another","kind":"leave"}`)))
		time.Sleep(time.Second)
		if p.lastSent().Before(time.Now().Add(-20*time.Millisecond)) || b.newest("w000").Phase != PhasePlaying {
			t.Error("the worker does not play on")
		}
		w.term()
		<-w.done
	})
}

// TestOrdersThatMakeNoSense: refused in words, and nothing else happens.
func TestOrdersThatMakeNoSense(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		p := &testPlayer{seconds: 60}
		w := b.worker(0, t.TempDir(), p, nil)
		time.Sleep(time.Second)
		good := b.prepareOrder("w000", "p")
		spoiled := func(f func(*Prepare)) Order {
			o := good
			x := *good.Prepare
			f(&x)
			o.Prepare = &x
			return o
		}
		for name, x := range map[string]struct {
			o    Order
			code string
		}{
			"unknown":                {Order{Kind: "dance"}, "bad_message"},
			"prepare nothing":        {Order{Kind: OrderPrepare, Play: "p"}, "bad_message"},
			"a part of none":         {spoiled(func(p *Prepare) { p.Of = 0 }), "bad_message"},
			"another digest":         {spoiled(func(p *Prepare) { p.Digest = "e" }), "digest"},
			"another scenario":       {spoiled(func(p *Prepare) { p.ScenarioHash = "e" }), "scenario"},
			"no such object":         {spoiled(func(p *Prepare) { p.Accounts.Name = "none" }), "internal"},
			"another object":         {spoiled(func(p *Prepare) { p.Accounts.Name = "bundle" }), "internal"},
			"an object too large":    {spoiled(func(p *Prepare) { p.Accounts.Size = 1 << 40 }), "bad_message"},
			"start nothing":          {Order{Kind: OrderStart, Play: "p", Start: &Start{Zero: b.clock.Now() + Instant(time.Second)}}, "busy"},
			"take over nothing":      {Order{Kind: OrderMore, Play: "p", More: &More{}}, "busy"},
			"end no load":            {Order{Kind: OrderEndLoad, Play: "p", EndLoad: &EndLoad{}}, "busy"},
			"work nobody can do":     {Order{Kind: OrderCall, Call: &Call{Name: "x"}}, "bad_message"},
			"stop another than said": {Order{Kind: OrderStop, Play: "p", Stop: &Stop{Play: "q"}}, "bad_message"},
		} {
			_, err := b.order("w000", x.o)
			var r *Refusal
			if !errors.As(err, &r) || r.Code != x.code || name == "another object" && !strings.Contains(r.Why, "not the one that was announced") {
				t.Errorf("%s: %v, want %s", name, err, x.code)
			}
		}
		if got := b.newest("w000"); got.Phase != PhaseIdle || len(spools(t, w.cfg.Spool)) != 0 {
			t.Errorf("afterwards: %+v", got)
		}
		w.term()
		<-w.done
	})
}

// TestStartTooLate: without a lease, or without the time it needs, a part does not
// begin.
func TestStartTooLate(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		w := b.worker(0, t.TempDir(), &testPlayer{seconds: 60, lead: 10 * time.Second}, nil)
		time.Sleep(time.Second)
		if _, err := b.order("w000", b.prepareOrder("w000", "p")); err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]Start{
			"over":                 {Zero: b.clock.Now() - 1, Until: b.clock.Now() + Instant(LeaseFor)},
			"before preparing":     {Zero: b.clock.Now() + Instant(9*time.Second), Until: b.clock.Now() + Instant(LeaseFor)},
			"in a year":            {Zero: b.clock.Now() + Instant(365*24*time.Hour), Until: b.clock.Now() + Instant(LeaseFor)},
			"no lease":             {Zero: b.clock.Now() + Instant(11*time.Second)},
			"a lease that is over": {Zero: b.clock.Now() + Instant(11*time.Second), Until: b.clock.Now()},
		} {
			_, err := b.order("w000", Order{Kind: OrderStart, Play: "p", Start: &s})
			var r *Refusal
			if !errors.As(err, &r) || r.Code != "late" {
				t.Errorf("%s: %v", name, err)
			}
		}
		s := Start{Zero: b.clock.Now() + Instant(11*time.Second), Until: b.clock.Now() + Instant(LeaseFor)}
		if _, err := b.order("w000", Order{Kind: OrderStart, Play: "p", Start: &s}); err != nil {
			t.Errorf("in time: %v", err)
		}
		w.term()
		<-w.done
	})
}

// TestOrderTwice: an order that is repeated is obeyed once and answered each time.
func TestOrderTwice(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		var calls atomic.Int32
		w := b.worker(0, t.TempDir(), &testPlayer{}, func(c *WorkerConfig) {
			c.Call = func(_ context.Context, name string, payload []byte) ([]byte, error) {
				calls.Add(1)
				time.Sleep(3 * time.Second) // longer than the asker's patience
				return append([]byte(name+" of "), payload...), nil
			}
		})
		time.Sleep(time.Second)
		ref := b.put("w000", "payload", []byte("this"))
		body, _ := json.Marshal(Order{N: 77, Instance: w.instance, Kind: OrderCall, Call: &Call{Name: "work", Payload: ref}})
		for range 3 {
			a, err := b.send("w000", body)
			if err != nil || string(a.Payload) != "work of this" || a.N != 77 {
				t.Errorf("answer %+v, %v", a, err)
			}
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("done %d times", n)
		}
		for n := uint64(100); n < 200; n++ { // until 77 is forgotten
			body, _ := json.Marshal(Order{N: n, Instance: w.instance, Kind: OrderForget, Play: "x"})
			if _, err := b.send("w000", body); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.send("w000", body); err == nil || calls.Load() != 1 {
			t.Errorf("an order of long ago: %v, done %d times", err, calls.Load())
		}
		w.term()
		<-w.done
	})
}

func TestTakeoverAndEndOfLoad(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		p := &testPlayer{seconds: 20}
		w := b.worker(0, t.TempDir(), p, nil)
		time.Sleep(time.Second)
		zero := b.begin("w000", "p")
		time.Sleep(time.Until(zero.Add(2 * time.Second)))
		more := &More{Lost: 1, Slices: []results.Slice{{Residue: 1, Modulus: 4}}, From: 3 * time.Second, Accounts: b.put("w000", "more", []byte("theirs"))}
		if _, err := b.order("w000", Order{Kind: OrderMore, Play: "p", More: more}); err != nil {
			t.Fatal(err)
		}
		for _, at := range []time.Duration{9 * time.Second, 8 * time.Second} {
			if _, err := b.order("w000", Order{Kind: OrderEndLoad, Play: "p", EndLoad: &EndLoad{At: at}}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		if got, end := p.given(); len(got) != 1 || string(got[0].Accounts) != "theirs" || got[0].From != 3*time.Second || end != 8*time.Second {
			t.Errorf("taken over %+v, load ends at %v", got, end)
		}
		b.order("w000", Order{Kind: OrderStop, Play: "p", Stop: &Stop{Play: "p", How: results.EndedStopped}})
		if _, err := b.order("w000", Order{Kind: OrderMore, Play: "p", More: more}); err == nil {
			t.Error("people were given to a part that is over")
		}
		if got, _ := p.given(); len(got) != 1 {
			t.Error("taken over twice")
		}
		w.term()
		<-w.done
	})
}

// TestTakeoverRefused: what the player cannot play is refused, for others to play.
func TestTakeoverRefused(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		p := &testPlayer{seconds: 5, unwilling: errors.New("none was sent for person 7")}
		w := b.worker(0, t.TempDir(), p, nil)
		time.Sleep(time.Second)
		zero := b.begin("w000", "p")
		time.Sleep(time.Until(zero.Add(time.Second)))
		more := &More{Lost: 1, Slices: []results.Slice{{Residue: 1, Modulus: 4}}, Accounts: b.put("w000", "more", []byte("theirs"))}
		var r *Refusal
		if _, err := b.order("w000", Order{Kind: OrderMore, Play: "p", More: more}); !errors.As(err, &r) || r.Code != "accounts" || !strings.Contains(r.Why, "person 7") {
			t.Errorf("%v", err)
		}
		w.term()
		<-w.done
	})
}

// TestTakeoverUnanswered: a player that ends without an answer has not taken over.
func TestTakeoverUnanswered(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		w := b.worker(0, t.TempDir(), nil, func(c *WorkerConfig) {
			c.Prepare = func(context.Context, Job) (Player, error) { return mutePlayer{}, nil }
		})
		time.Sleep(time.Second)
		b.begin("w000", "p")
		more := &More{Slices: []results.Slice{{}}, Accounts: b.put("w000", "more", []byte("theirs"))}
		var r *Refusal
		if _, err := b.order("w000", Order{Kind: OrderMore, Play: "p", More: more}); !errors.As(err, &r) || r.Code != "late" {
			t.Errorf("%v", err)
		}
		w.term()
		<-w.done
	})
}

// mutePlayer receives a takeover, says nothing and ends soon after.
type mutePlayer struct{ deafPlayer }

func (mutePlayer) Play(ctx context.Context, io IO) (results.Ended, error) {
	<-io.Takeovers
	time.Sleep(2 * time.Second)
	return results.Ended{How: results.EndedPlanned}, nil
}

// TestNobodyTakesOver: a player that does not receive has not taken over.
func TestNobodyTakesOver(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		w := b.worker(0, t.TempDir(), nil, func(c *WorkerConfig) {
			c.Prepare = func(context.Context, Job) (Player, error) { return deafPlayer{}, nil }
		})
		time.Sleep(time.Second)
		b.begin("w000", "p")
		more := &More{Slices: []results.Slice{{}}, Accounts: b.put("w000", "more", []byte("theirs"))}
		var r *Refusal
		if _, err := b.order("w000", Order{Kind: OrderMore, Play: "p", More: more}); !errors.As(err, &r) || r.Code != "late" {
			t.Errorf("%v", err)
		}
		w.term()
		<-w.done
	})
}

type deafPlayer struct{}

func (deafPlayer) Play(_ context.Context, io IO) (results.Ended, error) {
	<-io.Lease.Ended()
	return io.Lease.Cause(), nil
}
func (deafPlayer) Ready() Ready { return (&testPlayer{}).Ready() }
func (deafPlayer) Close()       {}

// TestDiskFullDuringThePlay: the run ends, and the coordinator is told why.
func TestDiskFullDuringThePlay(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		p := &testPlayer{seconds: 20}
		w := b.worker(0, t.TempDir(), p, nil)
		time.Sleep(time.Second)
		zero := b.begin("w000", "p")
		time.Sleep(time.Until(zero.Add(2500 * time.Millisecond)))
		w.Worker.mu.Lock()
		s := w.deliveries["p"].spool
		w.Worker.mu.Unlock()
		s.mu.Lock()
		s.file = &fullDisk{spoolFile: s.file}
		s.mu.Unlock()
		time.Sleep(2 * time.Second)
		if got := b.newest("w000"); !got.Broken || got.Phase != PhaseEnded || got.Ended != results.EndedInternal || got.Acked != got.Spooled {
			t.Errorf("beat %+v", got)
		}
		if !errors.Is(p.heard(), errFull) || w.told("no space left") == 0 {
			t.Errorf("the engine heard %v; told %+v", p.heard(), w.notices)
		}
		w.term()
		<-w.done
		synctest.Wait()
	})
}

// FuzzWorkerHears: whatever the coordinator signs, the worker survives it.
func FuzzWorkerHears(f *testing.F) {
	for _, s := range []string{`{"n":5,"kind":"start","play":"p","start":{"zero":-9223372036854775808,"until":9223372036854775807}}`,
		`{"n":18446744073709551615,"until":9223372036854775807,"play":"p"}`, `{"play":"p","how":"planned","cause":"\u0000"}`,
		`{"n":1,"kind":"prepare","play":"p","prepare":{"of":1,"bundle":{"name":"x","size":1}}}`,
		`{"n":2,"kind":"more","play":"p","more":{"accounts":{"size":-1}}}`} {
		f.Add([]byte(s))
	}
	_, creds, _ := rosters()(1)
	f.Fuzz(func(t *testing.T, body []byte) {
		bus, dir := newMemBus(), t.TempDir()
		defer bus.close()
		w, err := NewWorker(WorkerConfig{Bus: bus.connect("w000"), Credentials: &creds[0], Spool: dir,
			Prepare: func(context.Context, Job) (Player, error) { return deafPlayer{}, nil }})
		if err != nil {
			t.Fatal(err)
		}
		w.instance = "" // any order is for it
		s, err := createSpool(dir, "fleet", "w000", "p", 0)
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		p := newPart(t.Context(), "p", Prepare{})
		p.built(made{player: deafPlayer{}, sink: newSink(s, testLimits)}, nil)
		w.part = p
		ctx, cancel := context.WithCancel(t.Context())
		w.hearTick(body)
		w.hearOrder(ctx, Message{Subject: "s"}, body)
		w.hearStop(body)
		cancel()
		p.drop(results.Ended{How: results.EndedStopped})
		w.shut(cancel)
		w.closeDeliveries()
	})
}
