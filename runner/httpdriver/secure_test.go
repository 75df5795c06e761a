package httpdriver

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"

	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// serveTLS starts a TLS server and writes its certificate as a CA file.
func serveTLS(t testing.TB, h http.HandlerFunc) (srv *httptest.Server, ca string) {
	t.Helper()
	srv = httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = nil
	srv.Config.SetKeepAlivesEnabled(true)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return srv, ca
}

func TestTLS(t *testing.T) {
	var resumed, full atomic.Int64
	srv, ca := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if r.TLS.DidResume {
			resumed.Add(1)
		} else {
			full.Add(1)
		}
		io.WriteString(w, r.TLS.ServerName+" "+r.TLS.CurveID.String())
	})
	d, _ := newDriver(t, srv.URL, func(c *Config) {
		c.Scenario.TLS = scenarios.TLS{CA: filepath.Base(ca)}
		c.Scenario.Dir = filepath.Dir(ca)
	})
	for person := range uint32(3) {
		s := d.Open(person)
		resp := do(t, s, srv.URL)
		if tm := resp.Timing; tm.TLS <= 0 || tm.Reused {
			t.Errorf("%+v", tm)
		}
		if got := string(resp.Body); !strings.HasSuffix(got, "X25519MLKEM768") {
			t.Errorf("key exchange: %q", got)
		}
		if !do(t, s, srv.URL).Timing.Reused {
			t.Error("the TLS connection was not kept")
		}
		s.Close() // a browser started again resumes its own session
		do(t, s, srv.URL)
		s.Close()
	}
	if resumed.Load() != 3 || full.Load() != 6 {
		t.Errorf("%d resumed, %d full", resumed.Load(), full.Load())
	}
	if n := len(d.verified.good); n != 1 {
		t.Errorf("%d chains verified", n)
	}
	sum := sha256.Sum256(srv.Certificate().Raw)
	if got := d.Certificates()["127.0.0.1"]; len(got) != 1 || got[0] != hex.EncodeToString(sum[:]) {
		t.Errorf("certificates %v", got)
	}
}

func TestUntrustedCertificates(t *testing.T) {
	srv, ca := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {})
	elsewhere := strings.Replace(srv.URL, "127.0.0.1", "ent.localhost", 1)
	otherIP := strings.Replace(srv.URL, "127.0.0.1", "127.0.0.2", 1)
	for _, tt := range []struct {
		name, target string
		tls          scenarios.TLS
		want         results.Reason
	}{
		{"wrong IP", otherIP, scenarios.TLS{CA: ca}, results.ReasonTLS},
		{"right IP", srv.URL, scenarios.TLS{CA: ca}, 0},
		{"unknown CA", srv.URL, scenarios.TLS{}, results.ReasonTLS},
		{"wrong name", elsewhere, scenarios.TLS{CA: ca}, results.ReasonTLS},
		{"insecure", elsewhere, scenarios.TLS{Insecure: true}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, _ := newDriver(t, tt.target, func(c *Config) {
				c.Scenario.TLS = tt.tls
				c.Scenario.Resolve = []scenarios.Resolve{{Host: "127.0.0.2", Address: "127.0.0.1"}}
			})
			s := d.Open(1)
			defer s.Close()
			_, err := s.Do(within(t, 5*time.Second), get(address(t, tt.target)))
			if tt.want == 0 && err != nil || tt.want != 0 && (err == nil || reason(t, err) != tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNotTLSAtAll(t *testing.T) {
	target := rawServer(t, func(_ int, c net.Conn, r *bufio.Reader) {
		r.Peek(1)
		io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nspeak plain")
	})
	secure := strings.Replace(target, "http:", "https:", 1)
	d, _ := newDriver(t, secure, nil)
	_, err := d.Open(1).Do(within(t, 5*time.Second), get(address(t, secure)))
	if got := reason(t, err); got != results.ReasonTLS && got != results.ReasonReset {
		t.Error(err)
	}
}

func TestMissingFilesAreSaidAtOnce(t *testing.T) {
	for _, bad := range []scenarios.TLS{{CA: "absent.pem"}, {Cert: "absent.pem", Key: "absent.key"}} {
		cfg := Config{Scenario: &scenarios.Scenario{Target: address(t, "http://127.0.0.1"), TLS: bad}, RunID: "x", Clock: stopwatch{}, Guard: &yes{}}
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

func TestBasicAuthorizationGoesToTheTargetOnly(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Header.Get("Authorization")) }
	target, other := httptest.NewServer(http.HandlerFunc(echo)), httptest.NewServer(http.HandlerFunc(echo))
	defer target.Close()
	defer other.Close()
	d, _ := newDriver(t, target.URL, func(c *Config) {
		c.Scenario.Hosts = []scenarios.Host{{Name: "cas", URL: address(t, other.URL)}}
		c.Authorization = Basic("guest", "pâques")
	})
	s := d.Open(1)
	defer s.Close()
	if got := do(t, s, target.URL); string(got.Body) != Basic("guest", "pâques") || got.Host != 0 {
		t.Errorf("target: %q, host %d", got.Body, got.Host)
	}
	if got := do(t, s, other.URL); string(got.Body) != "" || got.Host != 1 {
		t.Errorf("other: %q, host %d", got.Body, got.Host)
	}
}

// forward is a proxy that knows both forms and says what it was asked.
func forward(t testing.TB) (addr string, lines *[]string) {
	t.Helper()
	lines = new([]string)
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*lines = append(*lines, r.Method+" "+r.RequestURI+" "+r.Header.Get("Proxy-Authorization"))
		if r.Method != http.MethodConnect {
			io.WriteString(w, "from the proxy")
			return
		}
		up, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		down, _, _ := w.(http.Hijacker).Hijack()
		io.WriteString(down, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { io.Copy(up, down); up.Close() }()
		io.Copy(down, up)
		down.Close()
	}))
	t.Cleanup(p.Close)
	return strings.TrimPrefix(p.URL, "http://"), lines
}

func TestProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // never read
	addr, lines := forward(t)
	srv, ca := serveTLS(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "inside") })
	d, guard := newDriver(t, srv.URL, func(c *Config) {
		c.Scenario.Proxy = address(t, "http://u:p@"+addr)
		c.Scenario.TLS.CA = ca
	})
	s := d.Open(1)
	if body := do(t, s, srv.URL).Body; string(body) != "inside" {
		t.Errorf("through CONNECT: %q", body)
	}
	if body := do(t, s, "http://ent.example/x?y").Body; string(body) != "from the proxy" {
		t.Errorf("absolute form: %q", body)
	}
	s.Close()
	want := []string{
		"CONNECT " + strings.TrimPrefix(srv.URL, "https://") + " " + Basic("u", "p"),
		"GET http://ent.example/x?y " + Basic("u", "p"),
	}
	if strings.Join(*lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("asked %q", *lines)
	}
	if guard.dials.Load() != 2 {
		t.Errorf("%d dials asked", guard.dials.Load())
	}
	if _, err := New(Config{Scenario: &scenarios.Scenario{Target: address(t, "http://127.0.0.1"), Proxy: address(t, "https://p.example")},
		RunID: "x", Clock: stopwatch{}, Guard: guard}); err == nil {
		t.Error("an https proxy was accepted")
	}
}

func TestProxyThatRefuses(t *testing.T) {
	target := rawServer(t, answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"))
	d, _ := newDriver(t, "https://ent.example", func(c *Config) { c.Scenario.Proxy = address(t, target) })
	_, err := d.Open(1).Do(within(t, 5*time.Second), get(address(t, "https://ent.example/")))
	if got := reason(t, err); got != results.ReasonTLS {
		t.Error(err)
	}
}
