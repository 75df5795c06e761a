package ent

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Serve answers on l until ctx is done, then lets the answers under way finish
// for a second. It closes l. The error is nil after a stop that was asked for.
//
// Handlers wait for the ENT's capacity, so there is no limit on the time of an
// answer; idle connections and slow headers have one.
func (e *ENT) Serve(ctx context.Context, l net.Listener) error {
	return serve(ctx, l, e, e.cfg.TLS)
}

// ServeAdmin answers [ENT.Admin] on l until ctx is done, and closes l.
func (e *ENT) ServeAdmin(ctx context.Context, l net.Listener) error {
	return serve(ctx, l, e.Admin(), nil)
}

func serve(ctx context.Context, l net.Listener, h http.Handler, tlsConfig *tls.Config) error {
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // one line per client that left
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	if tlsConfig != nil {
		tlsConfig = tlsConfig.Clone()
		tlsConfig.NextProtos = []string{"http/1.1"}
		l = tls.NewListener(l, tlsConfig)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("ent: serve: %w", err)
	case <-ctx.Done():
	}
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer stop()
	err := srv.Shutdown(grace)
	cut()
	if err != nil {
		err = srv.Close()
	}
	<-done
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("ent: stop: %w", err)
	}
	return nil
}
