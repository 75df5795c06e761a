package bus

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Sizes of objects, in bytes. A chunk fits an external server's default payload.
const (
	maxObject   = 256<<20 + 1<<10
	objectChunk = 512 << 10
)

// Put stores an object in a worker's bucket (the worker's name), replacing one of
// the same name.
func (c *Conn) Put(ctx context.Context, bucket, name string, data []byte) error {
	store, err := c.bucket(ctx, bucket, name)
	if err != nil {
		return err
	}
	if len(data) > maxObject {
		return fmt.Errorf("object %s of %d bytes for %s: %w", name, len(data), bucket, ErrTooLarge)
	}
	meta := jetstream.ObjectMeta{Name: name, Opts: &jetstream.ObjectMetaOptions{ChunkSize: objectChunk}}
	if _, err = store.Put(ctx, meta, bytes.NewReader(data)); err != nil {
		return fmt.Errorf("storing object %s for %s: %w", name, bucket, err)
	}
	return nil
}

// Delete removes an object; ErrNotFound when there is none.
func (c *Conn) Delete(ctx context.Context, bucket, name string) error {
	store, err := c.bucket(ctx, bucket, name)
	if err != nil {
		return err
	}
	err = store.Delete(ctx, name)
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("removing object %s of %s: %w", name, bucket, err)
	}
	return nil
}

func (c *Conn) bucket(ctx context.Context, worker, name string) (jetstream.ObjectStore, error) {
	if err := checkBucket(worker, name); err != nil {
		return nil, err
	}
	ctx, done := c.denied.watch(ctx, "$JS.API.STREAM.INFO."+bucketStream(bucketName(c.fleet, worker)))
	defer done()
	store, err := c.js.ObjectStore(ctx, bucketName(c.fleet, worker))
	switch {
	case err == nil:
		return store, nil
	case errors.Is(context.Cause(ctx), ErrDenied):
		err = ErrDenied
	case errors.Is(err, jetstream.ErrBucketNotFound), errors.Is(err, jetstream.ErrStreamNotFound):
		err = ErrNotFound
	}
	return nil, fmt.Errorf("the bucket of %s: %w", worker, err)
}

// Get reads an object, by direct gets: see workerMay.
func (c *Conn) Get(ctx context.Context, bucket, name string) ([]byte, error) {
	if err := checkBucket(bucket, name); err != nil {
		return nil, err
	}
	data, err := c.getObject(ctx, bucketName(c.fleet, bucket), name)
	if err != nil {
		return nil, fmt.Errorf("reading object %s of %s: %w", name, bucket, err)
	}
	return data, nil
}

func (c *Conn) getObject(ctx context.Context, bucket, name string) ([]byte, error) {
	stream := bucketStream(bucket)
	m, err := c.directGet(ctx, directGet(stream, metaSubject(bucket, base64.URLEncoding.EncodeToString([]byte(name)))), nil)
	if err != nil {
		return nil, err
	}
	var info jetstream.ObjectInfo
	if err := json.Unmarshal(m.Data, &info); err != nil {
		return nil, errors.New("its description cannot be read")
	}
	if info.Deleted {
		return nil, ErrNotFound
	}
	if info.Size > maxObject {
		return nil, ErrTooLarge
	}
	return c.chunks(ctx, stream, chunksSubject(bucket, info.NUID), &info)
}

// chunks reads an object's chunks in the order of the stream.
func (c *Conn) chunks(ctx context.Context, stream, subject string, info *jetstream.ObjectInfo) ([]byte, error) {
	data := make([]byte, 0, info.Size)
	ask := struct {
		Seq  uint64 `json:"seq"`
		Next string `json:"next_by_subj"`
	}{1, subject}
	for uint64(len(data)) < info.Size {
		body, err := json.Marshal(ask)
		if err != nil {
			return nil, err
		}
		m, err := c.directGet(ctx, directGetBody(stream), body)
		if err != nil {
			return nil, fmt.Errorf("after %d of %d bytes: %w", len(data), info.Size, err)
		}
		var seq uint64
		if _, err := fmt.Sscan(m.Header.Get(jetstream.SequenceHeader), &seq); err != nil || seq < ask.Seq || len(m.Data) == 0 {
			return nil, errors.New("a part of it cannot be read")
		}
		data = append(data, m.Data...)
		ask.Seq = seq + 1
	}
	sum := sha256.Sum256(data)
	if uint64(len(data)) != info.Size || info.Digest != "SHA-256="+base64.URLEncoding.EncodeToString(sum[:]) {
		return nil, errors.New("it is not what was stored: its SHA-256 differs")
	}
	return data, nil
}

// How long a replica may lag behind what its leader has acknowledged, and how often
// it is asked again meanwhile.
const (
	lagAtMost = 3 * time.Second
	lagAgain  = 50 * time.Millisecond
)

// directGet asks for a message that was acknowledged. Any replica may answer, also one
// that does not have it yet: ErrNotFound only when none had it for a while, or ctx has
// ended.
func (c *Conn) directGet(ctx context.Context, subject string, body []byte) (*nats.Msg, error) {
	again := time.NewTicker(lagAgain)
	defer again.Stop()
	absent := false
	for end := time.Now().Add(lagAtMost); ; {
		m, err := c.askReplica(ctx, subject, body)
		if absent = absent || errors.Is(err, ErrNotFound); err != nil && absent && ctx.Err() != nil {
			return nil, ErrNotFound
		}
		if !errors.Is(err, ErrNotFound) || time.Now().After(end) {
			return m, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
		}
	}
}

// askReplica asks any replica for a message.
func (c *Conn) askReplica(ctx context.Context, subject string, body []byte) (*nats.Msg, error) {
	if err := c.state.wait(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	m, err := c.request(ctx, &nats.Msg{Subject: subject, Data: body})
	if err != nil {
		return nil, err
	}
	switch status := m.Header.Get("Status"); status {
	case "":
		return m, nil
	case "404":
		return nil, ErrNotFound
	default:
		return nil, fmt.Errorf("the server said %s %s", status, m.Header.Get("Description"))
	}
}
