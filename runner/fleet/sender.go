package fleet

import (
	"context"
	"time"
)

// The sender's pace.
const (
	spoolSyncEvery = 900 * time.Millisecond // between two fsyncs: a delta comes each second
	appendWithin   = 10 * time.Second       // one try; the bus keeps nothing of a failed one
	appendRetry    = 200 * time.Millisecond // after a failed try, doubled up to appendRetryMax
	appendRetryMax = 2 * time.Second
)

// sender delivers one spool, in order, and again until it is acknowledged. It is
// the only one who waits for the bus: the engine never does.
type sender struct {
	spool  *spool
	append func(ctx context.Context, r Record, record []byte) error // signs and appends
	failed func(error)                                              // told of each new kind of failure

	synced time.Time
}

// run delivers until ctx ends; then what is on the disk stays there.
func (s *sender) run(ctx context.Context) {
	retry := appendRetry
	for ctx.Err() == nil {
		if err := s.makeDurable(ctx); err != nil {
			s.failed(err) // what was durable before still goes out
		}
		record, end, err := s.spool.next()
		if err != nil {
			s.failed(err)
			return
		}
		if record == nil {
			select {
			case <-s.spool.wake:
			case <-ctx.Done():
			}
			continue
		}
		if err := s.deliver(ctx, record, end); err != nil {
			if ctx.Err() == nil {
				s.failed(err)
			}
			pause(ctx, retry)
			retry = min(2*retry, appendRetryMax)
			continue
		}
		retry = appendRetry
	}
}

// makeDurable syncs what was put since the last time: at most about once a second,
// unless it is urgent, and always before any of it is published.
func (s *sender) makeDurable(ctx context.Context) error {
	for {
		unsynced, urgent := s.spool.waiting()
		if !unsynced {
			return nil
		}
		wait := spoolSyncEvery - time.Since(s.synced)
		if urgent || wait <= 0 {
			s.synced = time.Now()
			return s.spool.sync()
		}
		if record, _, err := s.spool.next(); record != nil || err != nil {
			return err // older ones can go out meanwhile
		}
		if !s.wait(ctx, wait) {
			return nil
		}
	}
}

// wait waits for something urgent; false: ctx has ended.
func (s *sender) wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.spool.wake:
	case <-ctx.Done():
		return false
	}
	return true
}

func (s *sender) deliver(ctx context.Context, record []byte, end int64) error {
	r, err := DecodeRecord(record)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, appendWithin)
	defer cancel()
	if err := s.append(ctx, r, record); err != nil {
		return err
	}
	s.spool.ack(r.N, end)
	return nil
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
