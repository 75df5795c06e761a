package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"firstbell/runner/fleet/keys"
)

// Bounds of the results stream.
const (
	recentIDs        = 5 * time.Minute
	recordsPerWorker = 1_000_000 // more than ten days, at one a second

	setupTry    = 2 * time.Second
	setupWithin = time.Minute // for all of a thousand workers

	codeNoPeers   = 10005 // no suitable peers for placement
	codeNoCluster = 10074 // several copies without a cluster
)

// Setup makes what the fleet stores in: the results stream and a bucket for each
// worker. What is there already is kept, with all it holds. With replicas 0 it
// keeps three copies in a cluster, else one.
func (c *Conn) Setup(ctx context.Context, workers []string, replicas int) error {
	if replicas == 0 {
		replicas = 1
		if len(c.nc.Servers()) > 1 || c.nc.ConnectedClusterName() != "" {
			replicas = 3
		}
	}
	c.bars.begin(workers)
	ctx, cancel := context.WithTimeout(ctx, setupWithin)
	defer cancel()
	if err := again(ctx, func(ctx context.Context) error { return c.setupResults(ctx, replicas) }); err != nil {
		return fmt.Errorf("making the fleet's results stream: %w", explainSetup(err))
	}
	for _, w := range workers {
		if err := checkBucket(w, "x"); err != nil {
			return err
		}
		err := again(ctx, func(ctx context.Context) error { return c.setupBucket(ctx, w, replicas) })
		if err != nil {
			return fmt.Errorf("making the bucket of %s: %w", w, explainSetup(err))
		}
	}
	return nil
}

// setupResults: nothing stored can be taken back, and when there is no room what is
// new is refused, never what is old forgotten.
func (c *Conn) setupResults(ctx context.Context, replicas int) error {
	_, err := c.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: resultsStream(c.fleet), Subjects: []string{resultsSubject(c.fleet, "*")},
		Storage: jetstream.FileStorage, Replicas: replicas, Retention: jetstream.LimitsPolicy,
		DenyDelete: true, DenyPurge: true,
		Discard: jetstream.DiscardNew, DiscardNewPerSubject: true, MaxMsgsPerSubject: recordsPerWorker,
		MaxMsgSize: int32(keys.MaxMessage + headerRoom), Duplicates: recentIDs, AllowDirect: true,
	})
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return nil
	}
	return err
}

func (c *Conn) setupBucket(ctx context.Context, worker string, replicas int) error {
	_, err := c.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{
		Bucket: bucketName(c.fleet, worker), Storage: jetstream.FileStorage, Replicas: replicas,
	})
	if errors.Is(err, jetstream.ErrBucketExists) {
		return nil
	}
	return err
}

// again repeats what a cluster that has no leader yet, or anew, leaves unanswered.
func again(ctx context.Context, f func(context.Context) error) error {
	for {
		try, cancel := context.WithTimeout(ctx, setupTry)
		err := f(try)
		cancel()
		var api *jetstream.APIError
		final := errors.As(err, &api) && (api.Code < 500 && api.ErrorCode != codeNoPeers || api.ErrorCode == codeNoCluster)
		if err == nil || final || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(storeAgain):
		}
	}
}

func explainSetup(err error) error {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode {
		case codeNoPeers:
			return fmt.Errorf("three copies need three servers of the cluster, all there: %w", err)
		case codeNoCluster:
			return fmt.Errorf("several copies need a cluster: %w", err)
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("JetStream does not answer: is it on, for this account, and has the cluster a leader? %w", err)
	}
	return err
}

// Remove takes away everything Setup made, results included, at the clean end of a
// fleet. What is gone already is no error.
func (c *Conn) Remove(ctx context.Context) error {
	var mine []string
	err := again(ctx, func(ctx context.Context) (err error) {
		mine, err = c.streams(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("removing the fleet's streams: %w", err)
	}
	for _, name := range mine {
		err := again(ctx, func(ctx context.Context) error { return c.js.DeleteStream(ctx, name) })
		if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("removing the fleet's stream %s: %w", name, err)
		}
	}
	return nil
}

// streams are the names of all that the fleet stores in.
func (c *Conn) streams(ctx context.Context) (mine []string, err error) {
	prefix := "fb_" + c.fleet + "_"
	names := c.js.StreamNames(ctx)
	for name := range names.Name() {
		if strings.HasPrefix(strings.TrimPrefix(name, "OBJ_"), prefix) {
			mine = append(mine, name)
		}
	}
	return mine, names.Err()
}
