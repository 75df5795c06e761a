package ent

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkLogin says what a whole login over a new connection costs the process
// of the ENT: login page, password, redirect, home page. The ENT runs in a process
// of its own, so that the client's work is not counted; ent-µs/login is its user
// and system time.
func BenchmarkLogin(b *testing.B) {
	for _, tc := range []struct {
		name, setting string
		clients       int
	}{{"free", "", 32}, {"400-per-second", "2000", 32}, {"2000-per-second", "2000", 400}} {
		b.Run(tc.name, func(b *testing.B) {
			child := startChild(b, tc.setting)
			before := child.cpu(b)
			var n atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range tc.clients {
				wg.Go(func() {
					for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
						if err := oneLogin(child.addr, i); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64((child.cpu(b)-before).Microseconds())/float64(b.N), "ent-µs/login")
		})
	}
}

const childVariable = "FIRSTBELL_ENT_CHILD"

// child is an ENT in a process of its own.
type child struct {
	addr string
	in   io.Writer
	out  *bufio.Reader
}

func startChild(b testing.TB, setting string) *child {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+setting+",")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); cmd.Wait() })
	c := &child{in: in, out: bufio.NewReader(out)}
	if _, err := fmt.Fscanln(c.out, &c.addr); err != nil {
		b.Fatal(err)
	}
	return c
}

// cpu gives the processor time the child has used.
func (c *child) cpu(b testing.TB) (d time.Duration) {
	fmt.Fprintln(c.in)
	if _, err := fmt.Fscanln(c.out, (*int64)(&d)); err != nil {
		b.Fatal(err)
	}
	return d
}

// beChild serves until standard input closes, and answers each line with the
// processor time used.
func beChild(setting string) {
	var cfg Config
	if rate, _, _ := strings.Cut(setting, ","); rate != "" {
		var perSecond float64
		fmt.Sscan(rate, &perSecond)
		cfg.Capacity = ForLogins(perSecond, 0)
	}
	e, err := New(cfg)
	if err != nil {
		panic(err)
	}
	l, err := (&net.ListenConfig{KeepAlive: -1}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	assets()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx, l) }()
	fmt.Println(l.Addr())
	if path := os.Getenv("FIRSTBELL_ENT_PROFILE"); path != "" {
		if f, err := os.Create(path); err == nil && pprof.StartCPUProfile(f) == nil {
			defer f.Close()
			defer pprof.StopCPUProfile()
		}
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var r syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &r)
		fmt.Println(r.Utime.Nano() + r.Stime.Nano())
	}
	stop()
	<-done
}

const headers = " HTTP/1.1\r\nHost: ent\r\nUser-Agent: firstbell/bench\r\nAccept: text/html,application/xhtml+xml\r\nAccept-Language: fr\r\n" +
	"Accept-Encoding: gzip\r\nFirstbell-Run: 20210406-085500-x7k2\r\n"

// oneLogin walks a whole login over a connection of its own.
func oneLogin(addr string, i int64) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	in := bufio.NewReader(c)
	ask := func(request string, want int) (*http.Response, error) {
		if _, err := io.WriteString(c, request); err != nil {
			return nil, err
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return nil, err
		}
		if _, err = io.Copy(io.Discard, resp.Body); err == nil && resp.StatusCode != want {
			err = fmt.Errorf("status %d, want %d", resp.StatusCode, want)
		}
		return resp, err
	}
	if _, err := ask("GET /auth/login"+headers+"\r\n", 200); err != nil {
		return err
	}
	login := fmt.Sprintf("eleve%d", i%100_000+1)
	form := "email=" + login + "&password=mdp-" + login + "&callBack=&details="
	resp, err := ask(fmt.Sprintf("POST /auth/login%sContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", headers, len(form), form), 302)
	if err != nil {
		return err
	}
	cookies := "Cookie: "
	for _, k := range resp.Cookies() {
		cookies += k.Name + "=" + k.Value + "; "
	}
	cookies = strings.TrimSuffix(cookies, "; ") + "\r\n\r\n"
	if _, err := ask("GET /"+headers+cookies, 302); err != nil {
		return err
	}
	_, err = ask("GET /timeline/timeline"+headers+cookies, 200)
	return err
}
