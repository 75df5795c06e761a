package httpdriver

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"firstbell/runner"
	"firstbell/scenarios"
)

// An idle person costs the struct and the cookies (performance: ≤ 400 B).
func TestIdleSessionIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(session{}); n > 128 {
		t.Errorf("a session is %d bytes", n)
	}
	if n := unsafe.Sizeof(cookie{}); n != 64 {
		t.Errorf("a cookie is %d bytes", n)
	}
	d, _ := newDriver(t, "http://127.0.0.1:1", nil)
	const people = 20000
	sessions := make([]runner.Session, people)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range sessions {
		s := d.Open(uint32(i)).(*session)
		u := &url.URL{Scheme: "http", Host: "127.0.0.1:1", Path: "/auth/login"}
		h, _ := d.hostFor(runner.Origin{Scheme: "http", Host: "127.0.0.1", Port: 1})
		s.store(h, u, []string{"oneSessionId=0123456789abcdef0123456789abcdef; Path=/; HttpOnly"})
		sessions[i] = s
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / people
	t.Logf("%d bytes per idle person with one cookie", each)
	if each > 400 {
		t.Errorf("%d bytes per idle person", each)
	}
	runtime.KeepAlive(sessions)
}

func portal(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost:
		w.Header()["Set-Cookie"] = []string{"oneSessionId=0123456789abcdef; Path=/; HttpOnly"}
		w.Header().Set("Location", "/home")
		w.WriteHeader(http.StatusFound)
	case r.URL.Path == "/home":
		io.WriteString(w, page)
	default:
		w.Header()["Set-Cookie"] = []string{"csrf=0123456789abcdef; Path=/"}
		io.WriteString(w, page)
	}
}

var page = "<html>" + strings.Repeat("<p>bonjour</p>", 70) + "</html>"

// quiet is a portal that allocates nothing per request, so that allocations are
// the driver's.
func quiet(_ int, c net.Conn, r *bufio.Reader) {
	html := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n", len(page))
	login, home := []byte(html+"Set-Cookie: csrf=0123456789abcdef; Path=/\r\n\r\n"+page), []byte(html+"\r\n"+page)
	moved := []byte("HTTP/1.1 302 Found\r\nLocation: /home\r\nSet-Cookie: oneSessionId=0123456789abcdef; Path=/; HttpOnly\r\nContent-Length: 0\r\n\r\n")
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		post, start := line[0] == 'P', bytes.HasPrefix(line, []byte("GET /login"))
		for len(line) > 2 {
			if line, err = r.ReadSlice('\n'); err != nil {
				return
			}
		}
		switch {
		case post:
			r.Discard(len(loginForm))
			c.Write(moved)
		case start:
			c.Write(login)
		default:
			c.Write(home)
		}
	}
}

const loginForm = "email=eleve1&password=secret"

// BenchmarkJourney is a login of three requests on a new connection; the
// time of the server in this process is in the figures, too.
func BenchmarkJourney(b *testing.B) {
	target := rawServer(b, quiet)
	d, _ := newDriver(b, target, nil)
	journey(b, d, target)
}

// BenchmarkJourneyTLS is the same over TLS, full handshakes.
func BenchmarkJourneyTLS(b *testing.B) {
	srv, ca := serveTLS(b, portal)
	d, _ := newDriver(b, srv.URL, func(c *Config) { c.Scenario.TLS = scenarios.TLS{CA: ca} })
	journey(b, d, srv.URL)
}

func journey(b *testing.B, d *Driver, target string) {
	login, home := address(b, target+"/login"), address(b, target+"/home")
	form := []byte(loginForm)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s := d.Open(uint32(i))
		for _, req := range []*runner.Request{
			{Method: "GET", URL: login, MaxBody: 64 << 10},
			{Method: "POST", URL: login, Body: form, MaxBody: 64 << 10},
			{Method: "GET", URL: home, MaxBody: 64 << 10},
		} {
			bounded(b, s, req)
		}
		s.Forget()
	}
}

// BenchmarkKeepAlive is one GET on a kept connection.
func BenchmarkKeepAlive(b *testing.B) {
	target := rawServer(b, quiet)
	d, _ := newDriver(b, target, nil)
	s := d.Open(1)
	defer s.Close()
	req := &runner.Request{Method: "GET", URL: address(b, target+"/home"), MaxBody: 64 << 10}
	b.ReportAllocs()
	for b.Loop() {
		bounded(b, s, req)
	}
}

func bounded(b *testing.B, s runner.Session, req *runner.Request) {
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second)
	defer cancel()
	if _, err := s.Do(ctx, req); err != nil {
		b.Fatal(err)
	}
}
