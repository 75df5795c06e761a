package fleet

import (
	"context"
	"fmt"
	"time"
)

// Call has a worker, by its index in the roster, do work that the command line
// defines, and gives its answer. A *Refusal is the worker's own error.
func (c *Coordinator) Call(ctx context.Context, worker int, name string, payload []byte) ([]byte, error) {
	if worker < 0 || worker >= len(c.peers) {
		return nil, fmt.Errorf("call %s: there is no worker %d", name, worker)
	}
	p := c.peers[worker]
	c.mu.Lock()
	there := p.alive(c.cfg.Now())
	c.mu.Unlock()
	if !there {
		return nil, fmt.Errorf("call %s: %s is not heard", name, p.name)
	}
	call := &Call{Name: name}
	if len(payload) > 0 {
		ref, err := c.put(ctx, p, fmt.Sprintf("call-%d", p.orders.Add(1)), payload)
		if err != nil {
			return nil, fmt.Errorf("call %s: %w", name, err)
		}
		call.Payload = ref
		defer func() { _ = c.cfg.Bus.Delete(context.WithoutCancel(ctx), p.name, ref.Name) }()
	}
	ctx, cancel := c.whileHeard(ctx, p)
	defer cancel()
	a, err := c.order(ctx, p, Order{Kind: OrderCall, Call: call})
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, fmt.Errorf("call %s: %w", name, err)
	}
	return a.Payload, nil
}

// callSilence is how long a worker that works on a call may be silent: a
// calibration drives its machine to the limit, and no lease is at stake.
const callSilence = 10 * time.Second

// whileHeard gives a context that ends when a worker's process is gone, or has not
// been heard for callSilence.
func (c *Coordinator) whileHeard(parent context.Context, p *peer) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	c.mu.Lock()
	instance := p.instance
	c.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(watchEvery)
		defer t.Stop()
		for {
			select {
			case <-t.C:
			case <-ctx.Done():
				return
			}
			c.mu.Lock()
			there := !p.gone && c.cfg.Now().Sub(p.heard) < callSilence && p.instance == instance
			c.mu.Unlock()
			if !there {
				cancel(fmt.Errorf("%s %s", p.name, lossWords[lostSilent]))
			}
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}
