package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Consume calls f for every stored record from the first one on, in order, then
// for each new one, until ctx ends (nil) or f fails (its error). When the link or
// the server is lost it goes on after the last record that f had.
func (c *Conn) Consume(ctx context.Context, f func(subject string, data []byte) error) error {
	var last uint64
	for {
		err := c.consumeFrom(ctx, &last, f)
		var own handlerError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &own):
			return own.error
		case errors.Is(err, ErrDenied), errors.Is(err, ErrClosed):
			return fmt.Errorf("reading results: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(storeAgain):
		}
		if err := c.state.wait(ctx); errors.Is(err, ErrClosed) {
			return err
		}
	}
}

// consumeResets is how often the library may mend a reading by itself.
const consumeResets = 2

// handlerError sets f's error apart from the bus's own.
type handlerError struct{ error }

// consumeFrom reads on after *last until something breaks.
func (c *Conn) consumeFrom(ctx context.Context, last *uint64, f func(string, []byte) error) error {
	setup, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	cons, err := c.js.OrderedConsumer(setup, resultsStream(c.fleet), jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: *last + 1,
		// A cluster that loses a node may leave the library's own attempts without an
		// answer for ever: Consume begins anew instead.
		MaxResetAttempts: consumeResets,
	})
	if err != nil {
		return err
	}
	it, err := cons.Messages(jetstream.PullMaxMessagesWithBytesLimit(512, 2*MaxPayload), jetstream.PullExpiry(5*time.Second), jetstream.PullHeartbeat(time.Second))
	if err != nil {
		return err
	}
	defer it.Stop()
	defer context.AfterFunc(ctx, it.Stop)()
	for {
		m, err := it.Next()
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Stream <= *last {
			continue
		}
		if err := f(m.Subject(), m.Data()); err != nil {
			return handlerError{err}
		}
		*last = meta.Sequence.Stream
	}
}
