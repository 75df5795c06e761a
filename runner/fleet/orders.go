package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// How long an answer is waited for before the order is sent again.
const (
	quickAnswer = 400 * time.Millisecond
	longAnswer  = 10 * time.Second // to work of its own: prepare, call
	maxAnswer   = 2 << 20
)

// order asks a worker's process for something, again and again under the same
// number, until it answers or ctx ends. A refusal is an error.
func (c *Coordinator) order(ctx context.Context, p *peer, o Order) (*Answer, error) {
	c.mu.Lock()
	o.Instance = p.instance
	c.mu.Unlock()
	o.N = p.orders.Add(1)
	body, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	s := subject(c.id, "down", p.name, "order")
	message := c.me.Wrap(s, body)
	wait := quickAnswer
	if o.Kind == OrderPrepare || o.Kind == OrderCall {
		wait = longAnswer
	}
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		a, err := c.ask(ctx, p, s, message, o.N, wait)
		if err == nil {
			if a.Refused != nil {
				return nil, fmt.Errorf("%s: %w", p.name, a.Refused)
			}
			return a, nil
		}
		pause.Reset(50 * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("%s did not answer (%w): %w", p.name, err, context.Cause(ctx))
		case <-c.ctx.Done():
			return nil, errClosed
		}
	}
}

func (c *Coordinator) ask(ctx context.Context, p *peer, subject string, message []byte, n uint64, wait time.Duration) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	data, err := c.cfg.Bus.Request(ctx, subject, message)
	if err != nil {
		return nil, err
	}
	if len(data) > maxAnswer {
		return nil, errors.New("an answer too large")
	}
	body, err := p.public.Unwrap(subject+"/reply", data)
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	var a Answer
	if err := json.Unmarshal(body, &a); err != nil || a.N != n {
		return nil, errors.New("an answer to something else")
	}
	if a.Refused != nil {
		a.Refused.What, a.Refused.Why = printable(a.Refused.What, 300), printable(a.Refused.Why, 500)
		a.Refused.Fix, a.Refused.Code = printable(a.Refused.Fix, 300), printable(a.Refused.Code, 40)
	}
	return &a, nil
}

// forgetLater has a worker drop a play that is over. mu is held.
func (c *Coordinator) forgetLater(p *peer, play string) {
	if p.forgetting || c.closing {
		return
	}
	p.forgetting = true
	c.running.Go(func() {
		ctx, cancel := context.WithTimeout(c.ctx, 3*time.Second)
		defer cancel()
		c.forget(ctx, p, play)
	})
}

// forget has a worker drop a play's spool and accounts; one that does not answer is
// asked again when it is heard.
func (c *Coordinator) forget(ctx context.Context, p *peer, play string) {
	_, err := c.order(ctx, p, Order{Kind: OrderForget, Play: play})
	c.mu.Lock()
	defer c.mu.Unlock()
	p.forgetting = false
	if err == nil && p.busy == play {
		p.busy = ""
	}
}
