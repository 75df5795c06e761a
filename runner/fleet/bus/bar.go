package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// bars are the workers whose results the stream takes.
type bars struct {
	mu   sync.Mutex
	open []string
}

func (b *bars) begin(workers []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = slices.Clone(workers)
}

// Bar has the results stream take nothing of a worker any more; what it has of it
// stays. The server then has nobody who listens to that subject, and drops what comes.
func (c *Conn) Bar(ctx context.Context, worker string) error {
	c.bars.mu.Lock()
	defer c.bars.mu.Unlock()
	i := slices.Index(c.bars.open, worker)
	if i < 0 {
		return fmt.Errorf("barring %s: %w", worker, ErrNotFound)
	}
	c.bars.open = slices.Delete(c.bars.open, i, i+1)
	subjects := []string{resultsSubject(c.fleet, "nobody")} // a stream needs one
	for _, w := range c.bars.open {
		subjects = append(subjects, resultsSubject(c.fleet, w))
	}
	err := again(ctx, func(ctx context.Context) error {
		stream, err := c.js.Stream(ctx, resultsStream(c.fleet))
		if err != nil {
			return err
		}
		info := stream.CachedInfo()
		if info == nil {
			return errors.New("the server does not describe the stream")
		}
		conf := info.Config
		conf.Subjects = subjects
		_, err = c.js.UpdateStream(ctx, conf)
		return err
	})
	if err != nil {
		return fmt.Errorf("barring %s: %w", worker, err)
	}
	return nil
}
