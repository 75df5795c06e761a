package bus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// One try to store, and the wait before the next.
const (
	storeWithin = 5 * time.Second
	storeAgain  = 250 * time.Millisecond
)

// Append stores data under a subject of the results stream and returns once the
// server has it on disk. While there is no link, or no leader, it waits and tries
// again until ctx ends. Appends to one subject happen one after another.
//
// The same id with the same data stores once: within five minutes because the server remembers ids,
// later because each message says which one it follows on its subject. Only when
// another process repeats an id that is neither recent nor the last may it be
// there twice; readers have its number.
func (c *Conn) Append(ctx context.Context, subject, id string, data []byte) error {
	if int64(len(data)) > c.nc.MaxPayload()-headerRoom {
		return c.explain(subject, len(data), nats.ErrMaxPayload)
	}
	t, unlock, err := c.tails.take(ctx, subject)
	if err != nil {
		return err
	}
	defer unlock()
	for {
		err := c.tryAppend(ctx, t, subject, id, data)
		if err == nil {
			return nil
		}
		if final(err) {
			return fmt.Errorf("storing results: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("storing results: %w (%w)", ctx.Err(), err)
		case <-time.After(storeAgain):
		}
	}
}

// unforetold adds to an id what nobody else can know: the server remembers the ids
// of all subjects in one list, and a worker that used another's next id would have
// that one's record taken for a repetition. A record is signed, always alike, so its
// hash tells it.
func unforetold(id string, data []byte) string {
	sum := sha256.Sum256(data)
	return id + "/" + hex.EncodeToString(sum[:16])
}

// headerRoom is more than the headers of a record take.
const headerRoom = 1 << 10

func final(err error) bool {
	for _, e := range []error{ErrDenied, ErrTooLarge, ErrFull, ErrClosed} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func (c *Conn) tryAppend(ctx context.Context, t *tail, subject, id string, data []byte) error {
	if err := c.state.wait(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	id = unforetold(id, data)
	if !t.known {
		stored, err := c.lookAtTail(ctx, t, subject, id)
		if err != nil || stored {
			return err
		}
	}
	m := &nats.Msg{Subject: subject, Data: data, Header: nats.Header{
		jetstream.MsgIDHeader:               {id},
		jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(t.seq, 10)},
	}}
	reply, err := c.request(ctx, m)
	if err != nil {
		t.known = errors.Is(err, ErrDisconnected) && t.known
		return err
	}
	return t.acknowledged(reply.Data)
}

// tail is the last message of a subject, as far as this process knows.
type tail struct {
	known bool
	seq   uint64
}

type pubAck struct {
	Stream string              `json:"stream"`
	Seq    uint64              `json:"seq"`
	Error  *jetstream.APIError `json:"error"`
}

// Codes of the server that are not in the client.
const (
	codeMessagesPerSubject = 10077 // and other limits: "maximum … exceeded"
	codeInsufficient       = 10023
	codeStorage            = 10047
	codeAccountLimit       = 10002
)

func (t *tail) acknowledged(text []byte) error {
	var ack pubAck
	if err := json.Unmarshal(text, &ack); err != nil {
		return errors.New("the server's acknowledgement cannot be read")
	}
	if ack.Error == nil {
		if ack.Stream == "" || ack.Seq == 0 {
			return errors.New("the server's acknowledgement names no message")
		}
		t.known, t.seq = true, max(t.seq, ack.Seq)
		return nil
	}
	t.known = false
	switch ack.Error.ErrorCode {
	case jetstream.JSErrCodeStreamWrongLastSequence, jetstream.JSErrCodeStreamWrongLastSequenceConstant:
		return errors.New("another message came before")
	case jetstream.JSErrCodeStreamMessageExceedsMaximum:
		return ErrTooLarge
	case codeMessagesPerSubject, codeInsufficient, codeStorage, codeAccountLimit:
		return fmt.Errorf("%w: %s", ErrFull, ack.Error.Description)
	}
	return fmt.Errorf("the server did not store it: %s", ack.Error.Description)
}

// lookAtTail asks for the last message of the subject; stored tells that it is the
// very one to be stored: its acknowledgement was lost.
func (c *Conn) lookAtTail(ctx context.Context, t *tail, subject, id string) (stored bool, err error) {
	m, err := c.request(ctx, &nats.Msg{Subject: directGet(resultsStream(c.fleet), subject)})
	if err != nil {
		return false, err
	}
	switch m.Header.Get("Status") {
	case "":
	case "404":
		t.known, t.seq = true, 0
		return false, nil
	default:
		return false, fmt.Errorf("the server did not say what it has: %s", m.Header.Get("Description"))
	}
	seq, err := strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return false, errors.New("the server did not say what it has")
	}
	t.known, t.seq = true, seq
	return m.Header.Get(jetstream.MsgIDHeader) == id, nil
}

// tails holds one tail per subject, each for one Append at a time.
type tails struct {
	mu sync.Mutex
	of map[string]chan *tail // holds the tail while nobody uses it
}

func (s *tails) take(ctx context.Context, subject string) (*tail, func(), error) {
	s.mu.Lock()
	if s.of == nil {
		s.of = map[string]chan *tail{}
	}
	slot := s.of[subject]
	if slot == nil {
		slot = make(chan *tail, 1)
		slot <- &tail{}
		s.of[subject] = slot
	}
	s.mu.Unlock()
	select {
	case t := <-slot:
		return t, func() { slot <- t }, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}
