//go:build slow

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// vicious answers each request with the next of many broken answers.
func vicious(t *testing.T) string {
	t.Helper()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 64<<20))
	_ = z.Close()
	html := "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
	body := func(head, b string) string {
		return head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(b), b)
	}
	answers := []string{
		"", "\x00\x01\x02\x03", "HTTP/1.1 200\r\n\r\n", "HTTP/9.9 999 X\r\n\r\n", "SSH-2.0-OpenSSH\r\n",
		html + "Content-Length: 99999999999999999999\r\n\r\n", html + "Content-Length: -1\r\n\r\nx", html + "Content-Length: 100\r\n\r\nshort",
		html + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n", html + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
		html + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8bx",
		body(html+"Content-Encoding: gzip\r\n", bomb.String()),
		body(html, strings.Repeat("<div><form><table>", 200_000)),
		body(html, "<form action='http://[::1' method=post>"+strings.Repeat("<input name=u value='\x00\xff'>", 5000)+"</form>"),
		body(html, "\xff\xfe<\x00h\x00t\x00m\x00l\x00"), body(html, "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>"),
		body(html, "<meta http-equiv=refresh content='-99999999999999999999;url=//["+strings.Repeat("a", 70000)+"'>vous êtes dans la file"),
		"HTTP/1.1 302 Found\r\nLocation: \r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: /\x00\x7f\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: " + strings.Repeat("a/", 30000) + "\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("X-A: "+strings.Repeat("b", 1000)+"\r\n", 3000) + "\r\n",
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("Set-Cookie: c=d; Path=/; Max-Age=-9223372036854775808; Expires=\xff\r\n", 800) + "Content-Length: 0\r\n\r\n",
		strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20_000), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nzzz",
		"HTTP/1.1 429 Slow\r\nRetry-After: 999999999999999999999\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 503 X\r\nRetry-After: -5\r\nRefresh: 0\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\nContent-Type: text/html\n\nbare",
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var next atomic.Uint64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(20 * time.Second))
				if line, err := bufio.NewReaderSize(c, 64<<10).ReadString('\n'); err != nil || line == "" {
					return
				}
				n := next.Add(1)
				_, _ = io.WriteString(c, answers[n%uint64(len(answers))])
				if n%5 == 0 { // and hold the line
					time.Sleep(2 * time.Second)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// TestViciousPortal: no answer crashes, hangs or swells the tool.
func TestViciousPortal(t *testing.T) {
	t.Parallel()
	url := vicious(t)
	top := "patience: {wait: {median: 2s, p95: 4s}, after_error: {median: 1s, p95: 2s}, tries: 8}\n"
	s := startStorm(t, mini{target: url, people: 300, play: 8, top: top, drain: "10s"}.String())
	code := s.wait(t)
	sum := s.summary(t)
	if code != 3 && code != 4 || sum.People.InTime+sum.People.Late != 0 {
		t.Errorf("exit code %d, people %+v", code, sum.People)
	}
	equal(t, "not sent", sum.People.NotSent, 0)
	equal(t, "ended as", sum.Run.EndedAs, "planned")
	if u, ok := s.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && u.Maxrss > 800<<10 {
		t.Errorf("%d MiB at the most", u.Maxrss>>10)
	}
	for _, bad := range []string{"panic", "goroutine "} {
		if strings.Contains(s.stderr.String(), bad) {
			t.Errorf("%s", s.stderr.String())
		}
	}
	cmd := firstbell(t, "smoke", filepath.Join(filepath.Dir(s.out), "scenario.yaml"), "--prove")
	out, _ := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("smoke: exit %d\n%s", cmd.ProcessState.ExitCode(), out)
	}
}

// TestClosedPipes: whoever read our output goes away, the storm goes on and its
// verdict is the exit code.
func TestClosedPipes(t *testing.T) {
	t.Parallel()
	ent := startEnt(t, "--mode", "quota.sessions=30")
	for _, progress := range []string{"lines", "json"} {
		t.Run(progress, func(t *testing.T) {
			t.Parallel()
			s := startStormAs(t, func(cmd *exec.Cmd) *exec.Cmd { return cmd }, mini{target: ent.url, people: 200, play: 5, top: "patience: none\n"}.String(), "--progress", progress)
			code := s.wait(t)
			file := filepath.Join(filepath.Dir(s.out), "scenario.yaml")
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd := firstbell(t, "run", file, "--out", filepath.Join(t.TempDir(), "runs"), "--progress", progress)
			cmd.Stdout, cmd.Stderr = w, w
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			w.Close()
			_, _ = bufio.NewReader(r).ReadString('\n')
			r.Close()
			_ = cmd.Wait()
			equal(t, "exit code with nobody reading", cmd.ProcessState.ExitCode(), code)
		})
	}
}

// TestTerminal draws bars in a terminal, none when asked not to, and no colour
// under NO_COLOR.
func TestTerminal(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("script", "-qec", "true", "/dev/null").CombinedOutput(); err != nil {
		t.Skipf("no pseudo terminal here: %v %s", err, out)
	}
	ent := startEnt(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "s.yaml")
	if err := os.WriteFile(file, []byte(mini{target: ent.url, people: 60, play: 3, top: "patience: none\n"}.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	path, err := firstbellBinary()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, size, env, flags string
		bars, lines, colour    bool
	}{
		{"terminal", "stty rows 40 cols 100;", "env -u CI -u NO_COLOR TERM=xterm", "", true, false, true},
		{"no colour", "stty rows 40 cols 100;", "env -u CI NO_COLOR=1 TERM=xterm", "", true, false, false},
		{"CI", "stty rows 40 cols 100;", "env CI=true NO_COLOR=1 TERM=xterm", "", false, true, false},
		{"dumb", "stty rows 40 cols 100;", "env -u CI -u NO_COLOR TERM=dumb", "", false, true, false},
		{"size unknown", "stty rows 0 cols 0;", "env -u CI NO_COLOR=1 TERM=xterm", "", false, true, false},
		{"none", "stty rows 40 cols 100;", "env -u CI NO_COLOR=1 TERM=xterm", "--progress none", false, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			line := fmt.Sprintf("%s %s %s run %s --lang en --out %s %s", tt.size, tt.env, path, file, filepath.Join(t.TempDir(), "runs"), tt.flags)
			cmd := exec.Command("script", "-qec", line, "/dev/null")
			cmd.Stdin = nil
			out, _ := cmd.CombinedOutput()
			text := string(out)
			equal(t, "bars drawn", strings.Contains(text, "simulated time"), tt.bars)
			equal(t, "lines written", strings.Contains(text, "intended="), tt.lines)
			equal(t, "colour", strings.Contains(text, "\x1b[3") || strings.Contains(text, "\x1b[1;3"), tt.colour)
			if !strings.Contains(text, "INCONCLUSIVE") {
				t.Errorf("no verdict:\n%s", text)
			}
			if t.Failed() {
				t.Logf("%q", text)
			}
		})
	}
}
