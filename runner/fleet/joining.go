package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	helloEvery  = 500 * time.Millisecond
	helloWithin = 2 * time.Second
)

// join asks to be let in, until somebody answers.
func (w *Worker) join(ctx context.Context) error {
	w.hears() // silence counts from here
	begun := w.clock.Mono()
	told := false
	for {
		refused, err := w.hello(ctx)
		switch {
		case err == nil && refused == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case refused != nil && (refused.Code != "taken" || w.since(begun) > takenGrace):
			return refused
		case err != nil && w.since(begun) > w.cfg.Linger:
			return fmt.Errorf("%w in %v: %w", ErrAbandoned, w.cfg.Linger, err)
		}
		if !told {
			told = true
			w.tell("not_let_in", "why", errors.Join(err, asError(refused)))
		}
		pause(ctx, helloEvery)
	}
}

// asError keeps a nil *Refusal from becoming an error.
func asError(r *Refusal) error {
	if r == nil {
		return nil
	}
	return r
}

func (w *Worker) since(mono int64) time.Duration { return time.Duration(w.clock.Mono() - mono) }

// hello asks once.
func (w *Worker) hello(ctx context.Context) (*Refusal, error) {
	ctx, cancel := context.WithTimeout(ctx, helloWithin)
	defer cancel()
	var a Welcome
	if _, err := w.ask(ctx, "hello", w.cfg.Hello, &a); err != nil {
		return nil, err
	}
	return a.Refused, nil
}

// greet asks to join again when the coordinator is silent: whoever takes its place
// hears of this worker so. What it answers changes nothing for a worker that is in.
func (w *Worker) greet(ctx context.Context) {
	every := time.NewTicker(helloEvery)
	defer every.Stop()
	alone := false
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
		silent := w.silence() > helloAgain
		switch {
		case silent && !alone:
			w.tell("alone", "time", w.silence())
		case !silent && alone:
			w.tell("not_alone")
		}
		if alone = silent; alone {
			_, _ = w.hello(ctx)
		}
	}
}

// readClock reads the coordinator's clock every ClockEvery.
func (w *Worker) readClock(ctx context.Context) {
	every := time.NewTicker(ClockEvery)
	defer every.Stop()
	for {
		_ = w.measureClock(ctx) // the next one follows; meanwhile the bound grows
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}

// measureClock takes one reading.
func (w *Worker) measureClock(ctx context.Context) error {
	o, err := measure(ctx, w.clock, ClockSamples, func(ctx context.Context, ask ClockAsk) (a ClockAnswer, received Instant, err error) {
		received, err = w.ask(ctx, "clock", ask, &a)
		return a, received, err
	})
	if err != nil {
		return err
	}
	w.time.add(o)
	return nil
}

// beats gives signs of life, whatever else the worker does.
func (w *Worker) beats(ctx context.Context) {
	every := time.NewTicker(TickEvery)
	defer every.Stop()
	for n := uint64(1); ; n++ {
		w.say("beat", w.beat(n))
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}

// beat is how it goes here.
func (w *Worker) beat(n uint64) Beat {
	b := Beat{Instance: w.instance, N: n, Tick: w.lastTick.Load(), Phase: PhaseIdle}
	w.mu.Lock()
	defer w.mu.Unlock()
	zero := Instant(0)
	if p := w.part; p != nil {
		zero = p.zero
		p.tell(&b)
	}
	if o, count, ok := w.time.last(); ok {
		r := o.reading(zero)
		b.Clock, b.Readings = &r, count
	}
	return b
}
