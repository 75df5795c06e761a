package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// child is a process of ours that ends when its standard input closes, so that
// it never outlives us, whatever happens to us.
type child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

// startChild starts this very binary with other arguments.
func startChild(e *env, args ...string) (*child, io.Reader, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("finding the firstbell binary: %w", err)
	}
	cmd := exec.Command(self, args...)
	cmd.Stderr = e.stderr
	detach(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	return &child{cmd, stdin}, stdout, nil
}

// startQuiet starts this very binary with what it prints going to a file, and
// with as much of our environment as any program needs: no secret among it.
func startQuiet(log *os.File, e *env, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the firstbell binary: %w", err)
	}
	cmd := exec.Command(self, args...)
	cmd.Stdout, cmd.Stderr = log, log
	for _, name := range plainEnvironment {
		if v := e.getenv(name); v != "" {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	detach(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &child{cmd, stdin}, nil
}

// plainEnvironment is what a child may see of ours.
var plainEnvironment = []string{"PATH", "HOME", "TMPDIR", "TZ", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"GOMEMLIMIT", "GOGC", "GODEBUG", "GOTRACEBACK", "GOCOVERDIR"}

// startListener starts a child that listens somewhere and says where in its
// first line. feed writes to its standard input first; nil writes nothing. When
// there is no address within limit the child is ended.
func startListener(e *env, limit time.Duration, feed func(io.Writer) error, args ...string) (*child, string, error) {
	c, stdout, err := startChild(e, args...)
	if err != nil {
		return nil, "", err
	}
	line := make(chan string, 1)
	go func() { // ends with the child, or with its first line
		if feed != nil && feed(c.stdin) != nil {
			_ = c.stdin.Close() // the child sees half of it and says so
		}
		text, _ := bufio.NewReader(stdout).ReadString('\n')
		line <- text
	}()
	select {
	case text := <-line:
		if where, ok := strings.CutPrefix(strings.TrimSpace(text), "listening on "); ok {
			return c, where, nil
		}
		c.stop()
		return nil, "", errors.New("it ended without giving an address")
	case <-time.After(limit):
		c.stop()
		return nil, "", fmt.Errorf("no address within %s", limit)
	}
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
