package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"firstbell/runner/nulltarget"
)

// newSinkCmd is the target of a calibration, in a process of its own: its CPU
// is not the generator's. It is started by us and by nobody else.
func newSinkCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:    "sink",
		Short:  "Answer from the recording on standard input (calibration)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return runSink(cmd.Context(), e) },
	}
}

// runSink reads a tape, serves it on a free loopback port and ends when
// standard input closes.
func runSink(ctx context.Context, e *env) error {
	in := bufio.NewReader(e.stdin)
	tape, err := nulltarget.ReadTape(in)
	if err != nil {
		return fmt.Errorf("sink: %w", err)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	l, err := listenLoopback("127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { // ends with the process: a parent that dies closes our input
		_, _ = io.Copy(io.Discard, in)
		stop()
	}()
	fmt.Fprintf(e.stdout, "listening on %s\n", l.Addr())
	return nulltarget.Serve(ctx, l, tape)
}

// sinkProcess is a running sink.
type sinkProcess struct {
	addr netip.AddrPort
	child
}

// startSink starts `firstbell sink`, hands it the tape through a pipe, and
// waits for its address.
func startSink(e *env, tape *nulltarget.Tape) (*sinkProcess, error) {
	feed := func(w io.Writer) error {
		_, err := tape.WriteTo(w)
		return err
	}
	c, where, err := startListener(e, 30*time.Second, feed, "sink")
	if err != nil {
		return nil, fmt.Errorf("the sink of the calibration could not start: %w", err)
	}
	p := &sinkProcess{child: *c}
	if p.addr, err = netip.ParseAddrPort(where); err != nil {
		p.stop()
		return nil, fmt.Errorf("the sink of the calibration gave no address: %w", err)
	}
	return p, nil
}
