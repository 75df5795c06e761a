package main

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

//go:embed demo.yaml
var demoScenario []byte

// The two example portals: one with room to spare, one sized as in 2021, when
// quotas and blank pages met the pupils.
var (
	roomyPortal      = []string{"--logins", "400"}
	overloadedPortal = []string{"--logins", "42", "--mode", "quota.sessions=4200",
		"--mode", "overflow.quota=0.5", "--mode", "overflow.blank=0.3", "--mode", "overflow.unavailable=0.2"}
)

func newDemoCmd(e *env) *cobra.Command {
	var o playOptions
	var overloaded bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Replay a part of 6 April 2021 against an example portal, and leave a report",
		Long: `Start an example portal beside itself, replay 08:58:30-09:01 of 6 April 2021 at
its real pace for more than 10,000 people, and write the readiness report.
With --overloaded the portal is sized as many were that day.`,
		Example: "  firstbell demo\n  firstbell demo --overloaded --lang en",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.resolve(e, cmd); err != nil {
				return err
			}
			return runDemo(cmd.Context(), e, o, overloaded)
		},
	}
	addPlay(c, &o)
	addShow(c, &o)
	c.Flags().BoolVar(&overloaded, "overloaded", false, "show the day as it was")
	return c
}

// runDemo plays the embedded scenario against a child process of this binary.
func runDemo(ctx context.Context, e *env, o playOptions, overloaded bool) error {
	portal := roomyPortal
	if overloaded {
		portal = overloadedPortal
	}
	child, err := startPortal(e, portal)
	if err != nil {
		return err
	}
	defer child.stop()
	o.set = append([]string{"target=" + child.url}, o.set...)
	sc, err := parseScenario(e, demoScenario, ".", "demo.yaml", o.set)
	if err != nil {
		return err
	}
	return execute(ctx, e, o, sc)
}

// portalProcess is the example portal in a process of its own: its CPU is not
// ours, so the generator's figures stay honest.
type portalProcess struct {
	url   string
	cmd   *exec.Cmd
	stdin io.Closer
}

// startPortal starts `firstbell ent` on a free loopback port and waits for its
// address. The child ends when our end of its standard input closes, so it
// never outlives us, whatever happens to us.
func startPortal(e *env, args []string) (*portalProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the firstbell binary: %w", err)
	}
	cmd := exec.Command(self, append([]string{"ent", "--listen", "127.0.0.1:0", "--exit-with-stdin"}, args...)...)
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
		return nil, portalError(err.Error())
	}
	p := &portalProcess{cmd: cmd, stdin: stdin}
	line := make(chan string, 1)
	go func() { // ends with the child, or with its first line
		text, _ := bufio.NewReader(stdout).ReadString('\n')
		line <- text
	}()
	select {
	case text := <-line:
		url, ok := strings.CutPrefix(strings.TrimSpace(text), "listening on ")
		if !ok {
			p.stop()
			return nil, portalError("it ended without giving an address")
		}
		p.url = url
		return p, nil
	case <-time.After(10 * time.Second):
		p.stop()
		return nil, portalError("no address within 10 s")
	}
}

func portalError(why string) error {
	return &userError{exit: exitInternal, code: "FB0501", what: "the example portal could not start", why: why,
		fix: "try `firstbell ent` by itself"}
}

// stop ends the child and waits for it.
func (p *portalProcess) stop() {
	_ = p.stdin.Close()
	done := make(chan struct{})
	go func() {
		_ = p.cmd.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(3 * time.Second):
		_ = p.cmd.Process.Kill()
		<-done
	}
}
