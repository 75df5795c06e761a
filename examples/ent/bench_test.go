package ent

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkHandlers says what each answer costs the processor, without sockets.
func BenchmarkHandlers(b *testing.B) {
	e, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/auth/login", strings.NewReader("email=eleve1&password=mdp-eleve1"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	e.ServeHTTP(w, r)
	cookie := w.Result().Cookies()[0]
	for _, path := range []string{"/auth/login", "/cas/login", "/timeline/timeline", "/auth/oauth2/userinfo", "/theme", "/assets/js/vendor.js"} {
		b.Run(path, func(b *testing.B) {
			r := httptest.NewRequest("GET", path, nil)
			r.AddCookie(cookie)
			b.ReportAllocs()
			for b.Loop() {
				e.ServeHTTP(&discard{h: http.Header{}}, r)
			}
		})
	}
	b.Run("POST /auth/login", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			login := fmt.Sprintf("eleve%d", i%1000+1)
			r := httptest.NewRequest("POST", "/auth/login", strings.NewReader("email="+login+"&password=mdp-"+login))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			e.ServeHTTP(&discard{h: http.Header{}}, r)
		}
	})
}

type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkLoopback is a request over one kept connection, with a client that
// does next to nothing: nearly all of it is the server and the kernel.
func BenchmarkLoopback(b *testing.B) {
	e, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	srv := httptest.NewServer(e)
	defer srv.Close()
	c, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for b.Loop() {
		if err := roundTrip(c, in); err != nil {
			b.Fatal(err)
		}
	}
}
