package ent

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"firstbell/examples/ent/memnet"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if setting, ok := os.LookupEnv(childVariable); ok {
		beChild(setting)
		return
	}
	goleak.VerifyTestMain(m)
}

// bench is an ENT on a network in memory, inside a bubble of virtual time.
type bench struct {
	t   *testing.T
	ent *ENT
	net *memnet.Net
	url string

	mu         sync.Mutex
	transports []*http.Transport
}

// inBubble runs a test against an ENT of its own, in virtual time.
func inBubble(t *testing.T, cfg Config, f func(*bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		n := memnet.New()
		l, err := n.Listen("127.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Serve(ctx, l) }()
		b := &bench{t: t, ent: e, net: n, url: "http://127.0.0.1"}
		f(b)
		for _, tr := range b.transports {
			tr.CloseIdleConnections()
		}
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

// browser is one client with cookies. Redirects are followed unless stay is set.
type browser struct {
	b    *bench
	http *http.Client
	stay bool
}

func (b *bench) browser() *browser {
	jar, _ := cookiejar.New(nil)
	br := &browser{b: b}
	tr := &http.Transport{DialContext: b.net.Dial}
	b.mu.Lock()
	b.transports = append(b.transports, tr)
	b.mu.Unlock()
	br.http = &http.Client{Jar: jar, Transport: tr,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			if br.stay {
				return http.ErrUseLastResponse
			}
			return nil
		}}
	return br
}

// answer is what a browser got.
type answer struct {
	status int
	path   string // of the final address
	body   string
	header http.Header
}

func (br *browser) do(req *http.Request) answer {
	br.b.t.Helper()
	resp, err := br.http.Do(req)
	if err != nil {
		br.b.t.Errorf("%s %s: %v", req.Method, req.URL, err)
		return answer{}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		br.b.t.Errorf("%s %s: %v", req.Method, req.URL, err)
	}
	return answer{resp.StatusCode, resp.Request.URL.Path, string(body), resp.Header}
}

func (br *browser) get(path string) answer {
	br.b.t.Helper()
	req, err := http.NewRequest("GET", br.b.url+path, nil)
	if err != nil {
		br.b.t.Fatal(err)
	}
	return br.do(req)
}

func (br *browser) post(path string, form url.Values, headers ...string) answer {
	br.b.t.Helper()
	req, err := http.NewRequest("POST", br.b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		br.b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return br.do(req)
}

func (br *browser) cookie(name string) string {
	u, _ := url.Parse(br.b.url)
	for _, c := range br.http.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// login posts a password as the entcore page does.
func (br *browser) login(login, password string) answer {
	br.b.t.Helper()
	return br.post("/auth/login", url.Values{"email": {login}, "password": {password}, "callBack": {""}, "details": {""}})
}
