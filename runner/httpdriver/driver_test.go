package httpdriver

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"firstbell/runner"
)

func TestExchange(t *testing.T) {
	var seen []*http.Request
	srv, d := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		seen = append(seen, r)
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "42", Path: "/"})
		w.Header().Set("Location", "/home")
		w.WriteHeader(http.StatusFound)
		io.WriteString(w, "moved")
	})
	s := d.Open(7)
	defer s.Close()
	req := &runner.Request{
		Kind: runner.KindPage, Method: "POST", URL: address(t, srv.URL+"/login?n=é t"),
		Header:  []runner.Header{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}, {Name: "Host", Value: "elsewhere.example"}},
		Body:    []byte("a=b"),
		MaxBody: 3,
	}
	resp, err := s.Do(within(t, 5*time.Second), req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Status != 302 || string(resp.Body) != "mov" || !resp.Truncated || resp.Header.Get("Location") != "/home" {
		t.Errorf("got %d %q truncated=%v", resp.Status, resp.Body, resp.Truncated)
	}
	if tm := resp.Timing; tm.Reused || tm.Done <= tm.Sent || tm.FirstByte <= 0 || tm.BytesIn == 0 || tm.BytesOut == 0 {
		t.Errorf("timing %+v", tm)
	}
	if resp, err = s.Do(within(t, 5*time.Second), req); err != nil || !resp.Timing.Reused {
		t.Fatalf("second: %v %+v", err, resp.Timing)
	}
	for _, want := range []struct{ name, value string }{
		{"User-Agent", "firstbell/1.2.3 (+load test; run 20210406-085500-test)"},
		{"Firstbell-Run", "20210406-085500-test"},
		{"Accept-Language", "fr"},
		{"Accept-Encoding", "gzip"},
		{"Cookie", "sid=42"},
		{"Content-Length", "3"},
	} {
		if got := seen[1].Header.Get(want.name); got != want.value {
			t.Errorf("%s: got %q, want %q", want.name, got, want.value)
		}
	}
	if seen[0].Host != strings.TrimPrefix(srv.URL, "http://") {
		t.Errorf("Host %q", seen[0].Host)
	}
	if got := seen[0].RequestURI; got != "/login?n=%C3%A9%20t" {
		t.Errorf("target %q", got)
	}
	if v, ok := s.Cookie(req.URL, "sid"); !ok || v != "42" {
		t.Errorf("Cookie: %q %v", v, ok)
	}
	s.Forget()
	if _, ok := s.Cookie(req.URL, "sid"); ok {
		t.Error("a cookie survived Forget")
	}
	if c := d.Counters(); c.Open != 0 || c.Exchanges != 2 || c.Dialed != 1 || c.Reused != 1 {
		t.Errorf("counters %+v", c)
	}
}
