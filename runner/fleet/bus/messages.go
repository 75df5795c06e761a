package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"firstbell/runner/fleet"
)

// Publish sends without waiting. While there is no link it fails with
// ErrDisconnected: what is late is worth nothing here.
func (c *Conn) Publish(subject string, data []byte) error {
	return c.explain(subject, len(data), c.nc.Publish(subject, data))
}

// Flush waits until the server has what was published.
func (c *Conn) Flush(ctx context.Context) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	return c.explain("", 0, c.nc.FlushWithContext(ctx))
}

// Request publishes and waits for one reply, until ctx ends. Nobody listening is
// an error at once.
func (c *Conn) Request(ctx context.Context, subject string, data []byte) ([]byte, error) {
	m, err := c.request(ctx, &nats.Msg{Subject: subject, Data: data})
	if err != nil {
		return nil, err
	}
	return m.Data, nil
}

func (c *Conn) request(ctx context.Context, m *nats.Msg) (*nats.Msg, error) {
	ctx, done := c.denied.watch(ctx, m.Subject)
	defer done()
	reply, err := c.nc.RequestMsgWithContext(ctx, m)
	if err != nil && errors.Is(context.Cause(ctx), ErrDenied) {
		err = ErrDenied
	}
	return reply, c.explain(m.Subject, len(m.Data), err)
}

// Subscribe calls f for each message, in order, from one goroutine. Messages over
// the backlog (4096 messages, 64 MiB) are dropped, and those of a worker that
// sends more than maxRate a second. It returns once the server has the
// subscription, or ErrDenied. A call of f may still be under way after cancel.
func (c *Conn) Subscribe(subject string, f func(fleet.Message)) (cancel func(), err error) {
	pace := newPace(maxRate, maxBurst)
	sub, err := c.nc.Subscribe(subject, func(m *nats.Msg) {
		if from := sender(c.fleet, m.Subject); from != "" && !pace.allow(from, time.Now()) {
			return
		}
		f(fleet.Message{Subject: m.Subject, Data: m.Data, Reply: c.replier(m)})
	})
	if err != nil {
		return nil, c.explain(subject, 0, err)
	}
	if err = sub.SetPendingLimits(backlog, backlogSize); err == nil {
		err = c.confirm(subject)
	}
	if err != nil {
		_ = sub.Unsubscribe()
		return nil, fmt.Errorf("listening to %s: %w", subject, err)
	}
	return func() { _ = sub.Unsubscribe() }, nil
}

// confirm: the server answers a ping after it has judged the subscription before.
// Without a link there is nothing to ask; the subscription is made with the next.
func (c *Conn) confirm(subject string) error {
	if !c.nc.IsConnected() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
	defer cancel()
	ctx, done := c.denied.watch(ctx, subject)
	defer done()
	if err := c.nc.FlushWithContext(ctx); err != nil && errors.Is(context.Cause(ctx), ErrDenied) {
		return ErrDenied
	}
	// The refusal is read before the pong, but told from another goroutine.
	if err := c.nc.LastError(); errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), `"`+subject+`"`) {
		return ErrDenied
	}
	return nil
}

// replier answers into the inbox of whoever may have sent m, and nowhere else.
func (c *Conn) replier(m *nats.Msg) func([]byte) error {
	inbox := replyTo(c.fleet, m.Subject)
	if inbox == "" || !strings.HasPrefix(m.Reply, inbox) && !strings.HasPrefix(m.Reply, accountReply) {
		return nil
	}
	to := m.Reply
	return func(data []byte) error { return c.Publish(to, data) }
}

// explain gives an error of the client the words of this package.
func (c *Conn) explain(subject string, size int, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("a message of %d bytes on %s: %w: its server takes %d (an external cluster needs max_payload: 8MB)", size, subject, ErrTooLarge, c.nc.MaxPayload())
	case errors.Is(err, nats.ErrConnectionClosed):
		return ErrClosed
	case errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrDisconnected), errors.Is(err, nats.ErrConnectionReconnecting),
		errors.Is(err, nats.ErrStaleConnection), errors.Is(err, nats.ErrNoServers):
		return ErrDisconnected
	case errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("nobody listens to %s: %w", subject, ErrNotFound)
	case errors.Is(err, ErrDenied), errors.Is(err, nats.ErrPermissionViolation):
		return fmt.Errorf("%s: %w", subject, ErrDenied)
	case subject == "":
		return fmt.Errorf("the bus: %w", err)
	}
	return fmt.Errorf("the bus, %s: %w", subject, err)
}

// withDeadline: some calls of the client insist on one.
func withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, 10*time.Second)
}
