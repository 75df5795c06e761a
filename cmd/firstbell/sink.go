package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strings"
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

// child is a process of ours that ends when its standard input closes, so that
// it never outlives us, whatever happens to us.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

// startSink starts `firstbell sink`, hands it the tape through a pipe, and
// waits for its address.
func startSink(e *env, tape *nulltarget.Tape) (*sinkProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the firstbell binary: %w", err)
	}
	cmd := exec.Command(self, "sink")
	cmd.Stderr = e.stderr
	detach(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, sinkError(err)
	}
	p := &sinkProcess{child: child{cmd: cmd, stdin: stdin}}
	line := make(chan string, 1)
	go func() { // ends with the child, or with its first line
		if _, err := tape.WriteTo(stdin); err != nil {
			_ = stdin.Close() // the child sees half a tape and says so
		}
		text, _ := bufio.NewReader(stdout).ReadString('\n')
		line <- text
	}()
	select {
	case text := <-line:
		where, ok := strings.CutPrefix(strings.TrimSpace(text), "listening on ")
		if p.addr, err = netip.ParseAddrPort(where); !ok || err != nil {
			p.stop()
			return nil, sinkError(errors.New("it ended without giving an address"))
		}
		return p, nil
	case <-time.After(30 * time.Second):
		p.stop()
		return nil, sinkError(errors.New("no address within 30 s"))
	}
}

func sinkError(cause error) error {
	return fmt.Errorf("the sink of the calibration could not start: %w", cause)
}

// stop ends the child and waits for it.
func (c *child) stop() {
	_ = c.stdin.Close()
	done := make(chan struct{})
	go func() {
		_ = c.cmd.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(3 * time.Second):
		_ = c.cmd.Process.Kill()
		<-done
	}
}
