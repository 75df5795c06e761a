package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"firstbell/runner/results"
)

const (
	fetchWithin    = 2 * time.Minute // a large bundle over a slow line
	takeoverWithin = 5 * time.Second
	handOver       = time.Second // for the player to take new people
	maxZeroAhead   = 24 * time.Hour
)

// hearOrder obeys an order, once.
func (w *Worker) hearOrder(ctx context.Context, m Message, body []byte) {
	var o Order
	if json.Unmarshal(body, &o) != nil || o.N == 0 {
		w.ignore()
		return
	}
	if o.Instance != w.instance {
		return
	}
	w.hears()
	answer, fresh := w.asked.begin(o.N, m.Reply)
	switch {
	case answer != nil && m.Reply != nil:
		_ = m.Reply(answer)
	case fresh:
		w.spawn(func() {
			if o.Kind == OrderLeave { // before the coordinator hears the answer, and closes
				w.tell("leaving")
			}
			a := w.obey(ctx, &o)
			a.N = o.N
			w.asked.end(o.N, w.signed(m.Subject+"/reply", a))
			if o.Kind == OrderLeave {
				w.leaving.Do(func() { close(w.left) })
			}
		})
	}
}

func (w *Worker) signed(subject string, a Answer) []byte {
	body, err := json.Marshal(a)
	if err != nil {
		body, _ = json.Marshal(Answer{N: a.N, Refused: &Refusal{Code: "internal", What: "the answer could not be written"}})
	}
	return w.me.Wrap(subject, body)
}

// obey does what it is told.
func (w *Worker) obey(ctx context.Context, o *Order) Answer {
	var a Answer
	err := error(&Refusal{Code: "bad_message", What: fmt.Sprintf("an order %q that makes no sense", printable(string(o.Kind), 40))})
	switch {
	case o.Kind == OrderPrepare && o.Prepare != nil && validPrepare(o):
		a.Ready, err = w.prepare(ctx, o.Play, *o.Prepare)
	case o.Kind == OrderStart && o.Start != nil:
		err = w.start(o.Play, *o.Start)
	case o.Kind == OrderMore && o.More != nil:
		err = w.more(ctx, o.Play, *o.More)
	case o.Kind == OrderEndLoad && o.EndLoad != nil:
		err = w.endLoad(o.Play, o.EndLoad.At)
	case o.Kind == OrderStop && o.Stop != nil && o.Stop.Play == o.Play:
		w.stop(*o.Stop)
		err = nil
	case o.Kind == OrderForget:
		err = w.forget(o.Play)
	case o.Kind == OrderCall && o.Call != nil:
		a.Payload, err = w.call(ctx, *o.Call)
	case o.Kind == OrderLeave:
		err = nil
	}
	a.Refused = refusalOf(err)
	return a
}

func validPrepare(o *Order) bool {
	p := o.Prepare
	return o.Play != "" && len(o.Play) <= MaxPlayID && p.Index >= 0 && p.Index < p.Of && p.Of <= MaxWorkers
}

// refusalOf is an error in the words of the protocol.
func refusalOf(err error) *Refusal {
	var r *Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &r):
		return r
	}
	return &Refusal{Code: "internal", What: "the worker could not do it", Why: err.Error()}
}

func refused(code, what, why string) error { return &Refusal{Code: code, What: what, Why: why} }

// prepare builds a part. A part of the same play that has not begun is replaced; a
// part that plays is in the way.
func (w *Worker) prepare(ctx context.Context, play string, o Prepare) (*Ready, error) {
	p := newPart(ctx, play, o)
	w.mu.Lock()
	before := w.part
	if before != nil && before.busy() {
		w.mu.Unlock()
		p.cancel()
		return nil, refused("busy", "this worker plays already", before.play)
	}
	w.part = p
	w.mu.Unlock()
	if before != nil {
		before.drop(results.Ended{How: results.EndedInterrupted, Cause: "another play was prepared"})
		w.forgetEmpty(before.play)
	}
	m, err := w.build(ctx, p)
	if p.built(m, err); err != nil {
		w.mu.Lock()
		if w.part == p {
			w.part = nil
		}
		w.mu.Unlock()
		p.drop(results.Ended{})
		w.forgetEmpty(play)
		return nil, err
	}
	return &m.ready, nil
}

// build fetches what the part is made of and makes it; its spool is delivered until
// life ends.
func (w *Worker) build(life context.Context, p *part) (made, error) {
	ctx, cancel := context.WithTimeout(p.ctx, fetchWithin)
	defer cancel()
	job := Job{Play: p.play, Prepare: p.order}
	var err error
	if job.Bundle, err = w.fetchBundle(ctx, p.order.Bundle); err != nil {
		return made{}, fmt.Errorf("the scenario: %w", err)
	}
	if job.Accounts, err = w.fetch(ctx, p.order.Accounts); err != nil {
		return made{}, fmt.Errorf("the accounts: %w", err)
	}
	player, err := w.cfg.Prepare(p.ctx, job)
	if err != nil {
		return made{}, err
	}
	m := made{player: player, ready: player.Ready()}
	if err := agrees(m.ready, p.order); err != nil {
		return m, err
	}
	if err := w.measureClock(ctx); err != nil {
		return m, fmt.Errorf("reading the coordinator's clock: %w", err)
	}
	o, _, _ := w.time.last()
	m.ready.Clock = o.reading(0)
	s, err := createSpool(w.cfg.Spool, w.fleet, w.name, p.play, uint32(p.order.Index))
	if err != nil {
		return m, err
	}
	m.sink = newSink(s, m.ready.Limits)
	w.deliver(life, s)
	return m, nil
}

// agrees checks that the same file and seed gave the same plan here.
func agrees(r Ready, o Prepare) error {
	switch {
	case r.ScenarioHash != o.ScenarioHash:
		return refused("scenario", "the scenario read here is another one", r.ScenarioHash+" in place of "+o.ScenarioHash)
	case r.Digest != o.Digest:
		return refused("digest", "the schedule computed here is another one", r.Digest+" in place of "+o.Digest)
	case r.Limits == (results.Limits{}):
		return errors.New("the player did not say the limits of its plan")
	}
	return nil
}

// start begins a part at an instant of the coordinator's clock.
func (w *Worker) start(play string, o Start) error {
	p, err := w.partOf(play)
	if err != nil {
		return err
	}
	local := w.time.local(o.Zero)
	ahead := time.Duration(local - w.clock.Now())
	if needs := p.needs(); ahead < needs || ahead > maxZeroAhead {
		return refused("late", "the first instant cannot be kept",
			fmt.Sprintf("it is %v ahead, and this part needs %v", ahead.Round(time.Millisecond), needs))
	}
	until := o.Until
	if t := w.ticked.Load(); t != nil && t.Play == play {
		until = max(until, t.Until)
	}
	lease := newLease(w.clock.Mono, w.leaseUntil(until))
	if !lease.Alive() {
		lease.close()
		return refused("late", "the lease was over before the start", "the order came too late, or no tick has come")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := p.begin(o.Zero, lease); err != nil {
		lease.close()
		return err
	}
	w.lease.Store(&playLease{play, lease})
	w.spawn(func() { w.play(p, w.clock.time(local)) })
	return nil
}

// play plays a part to its end and records how it ended.
func (w *Worker) play(p *part, zero time.Time) {
	w.spawn(func() { w.noteStart(p, zero) })
	ended, err := p.player.Play(p.ctx, IO{Zero: zero, Sink: p.sink, Lease: p.lease, // constant by now
		Takeovers: p.takeovers, LoadEnds: p.loadEnds, Observe: p.observe})
	if err != nil {
		w.tell("part_failed", "play", p.play, "why", err)
	}
	if ended.How == "" {
		ended.How, ended.Cause = results.EndedInternal, "the worker's part ended with an error"
	}
	if err := p.sink.end(ended); err != nil {
		w.tell("end_unrecorded", "play", p.play, "why", err)
	}
	p.lease.close()
	p.finish(ended)
	w.spawn(func() { _ = w.measureClock(p.ctx) }) // the reading after
}

// noteStart measures when this worker's clock really woke at the first instant.
func (w *Worker) noteStart(p *part, zero time.Time) {
	near := time.NewTimer(time.Until(zero) - wakeWithin)
	defer near.Stop()
	select {
	case <-near.C:
	case <-p.done:
		return
	}
	if w.cfg.Wake(p.ctx, zero) == nil {
		now, bound := w.time.now()
		p.started(time.Duration(now-p.zero), bound)
	}
}

// wakeWithin is the last part of the wait for the first instant.
const wakeWithin = 5 * time.Millisecond

func sleepUntil(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// more hands people of a lost worker to the player.
func (w *Worker) more(ctx context.Context, play string, o More) error {
	p, err := w.partOf(play)
	if err != nil {
		return err
	}
	gone := refused("late", "this worker's part is over", "")
	lease, ok := p.loads()
	if !ok {
		return gone
	}
	ctx, cancel := context.WithTimeout(ctx, takeoverWithin)
	defer cancel()
	accounts, err := w.fetch(ctx, o.Accounts)
	if err != nil {
		return fmt.Errorf("the accounts: %w", err)
	}
	wait := time.NewTimer(handOver)
	defer wait.Stop()
	answer := make(chan error, 1)
	select {
	case p.takeovers <- Takeover{Slices: o.Slices, From: o.From, Accounts: accounts, answer: answer}:
		return p.taken(answer, gone)
	case <-p.done:
	case <-lease.Ended():
	case <-wait.C:
	}
	return gone
}

// taken waits for a player's answer to a takeover it has received. It may be playing
// it already: only its answer, or its end without one, says that it does not.
func (p *part) taken(answer <-chan error, gone error) error {
	var err error
	select {
	case err = <-answer:
	case <-p.done:
		select {
		case err = <-answer:
		default:
			return gone
		}
	}
	if r := (*Refusal)(nil); err == nil || errors.As(err, &r) {
		return err
	}
	return refused("accounts", "these people cannot be played here", err.Error())
}

// endLoad tells the player from when on nobody new comes. Of instants that it has not
// read yet the newest counts; of those it has, the engine obeys the earliest.
func (w *Worker) endLoad(play string, at time.Duration) error {
	p, err := w.partOf(play)
	if err != nil {
		return err
	}
	select {
	case <-p.loadEnds: // one that was not read yet
	default:
	}
	select {
	case p.loadEnds <- at:
	default:
	}
	return nil
}

// partOf is the part of a play that is ready or plays.
func (w *Worker) partOf(play string) (*part, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.part == nil || w.part.play != play {
		return nil, refused("busy", "this worker has prepared no such play", "")
	}
	return w.part, nil
}

// forget drops what is left of a play: the coordinator has closed it.
func (w *Worker) forget(play string) error {
	w.mu.Lock()
	p := w.part
	if p != nil && p.play != play {
		p = nil
	}
	if p != nil && p.busy() {
		w.mu.Unlock()
		return refused("busy", "this worker still plays", "stop it first")
	}
	if p != nil {
		w.part = nil
	}
	w.mu.Unlock()
	if p != nil {
		p.drop(results.Ended{})
	}
	w.forgetSpool(play)
	return nil
}

// call does work by name.
func (w *Worker) call(ctx context.Context, c Call) ([]byte, error) {
	if w.cfg.Call == nil {
		return nil, refused("bad_message", "this worker knows no work by name", "")
	}
	var payload []byte
	if c.Payload.Name != "" {
		var err error
		if payload, err = w.fetch(ctx, c.Payload); err != nil {
			return nil, fmt.Errorf("the payload: %w", err)
		}
	}
	answer, err := w.cfg.Call(ctx, c.Name, payload)
	if err == nil && len(answer) > MaxCallAnswer {
		err = refused("too_large", "the answer is too large", fmt.Sprintf("%d bytes, %d are allowed", len(answer), MaxCallAnswer))
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}
