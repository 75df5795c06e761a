//go:build slow

package nulltarget

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSinkCost: a request costs the sink less than 15 µs beside the kernel's
// share, which a generator's own dwarfs.
func TestSinkCost(t *testing.T) {
	tape := tapeOf(answer{head: body(strings.Repeat("a", 3000))})
	child, addr := sinkProcess(t, tape)
	const clients, each = 4, 10_000
	request := "GET / HTTP/1.1\r\nHost: portail\r\nCookie: " + strings.Repeat("c", 300) + "\r\n" + header + ": " + headerLine(tape.answers.key, 0) + "\r\n\r\n"
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			r := bufio.NewReader(c)
			for range each {
				if _, err := io.WriteString(c, request); err != nil {
					t.Error(err)
					return
				}
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	state := child()
	user, kernel := state.UserTime()/(clients*each), state.SystemTime()/(clients*each)
	t.Logf("%v user, %v kernel a request", user, kernel)
	if user > 15*time.Microsecond {
		t.Errorf("a request costs the sink %v of its own", user)
	}
}

// sinkProcess serves a tape in a process of its own, this test binary; the
// function ends it.
func sinkProcess(t *testing.T, tape *Tape) (end func() *os.ProcessState, addr string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asSink+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := tape.WriteTo(in); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return func() *os.ProcessState {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		return cmd.ProcessState
	}, strings.TrimSpace(line)
}
