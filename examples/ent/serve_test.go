package ent

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/examples/ent/memnet"
)

func TestServeTLS(t *testing.T) {
	borrowed := httptest.NewTLSServer(nil) // for its certificate
	cert, roots := borrowed.TLS.Certificates[0], x509.NewCertPool()
	roots.AddCert(borrowed.Certificate())
	borrowed.Close()

	e, err := New(Config{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx, l) }()

	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	client := &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get("https://" + l.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if to := resp.Header.Get("Location"); !strings.Contains(to, "callback=https%3A%2F%2F127.0.0.1") {
		t.Errorf("behind TLS the callback is %q", to)
	}
	tr.CloseIdleConnections()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Stopping does not wait for those who wait for the ENT's capacity.
func TestServeStopsWithRequestsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, err := New(Config{Modes: Modes{Delay: time.Hour}})
		if err != nil {
			t.Fatal(err)
		}
		n := memnet.New()
		l, _ := n.Listen("127.0.0.1:80")
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Serve(ctx, l) }()
		failed := make(chan error, 1)
		tr := &http.Transport{DialContext: n.Dial}
		go func() {
			_, err := (&http.Client{Transport: tr}).Get("http://127.0.0.1/")
			failed <- err
		}()
		synctest.Wait()
		start := time.Now()
		stop()
		if err := <-done; err != nil || time.Since(start) > 2*time.Second {
			t.Errorf("stopped after %v: %v", time.Since(start), err)
		}
		if err := <-failed; err == nil {
			t.Error("the request that waited was answered")
		}
	})
}

// FuzzServeHTTP throws requests at the portal: whatever they hold, it neither
// panics nor answers something that is not an HTTP status.
func FuzzServeHTTP(f *testing.F) {
	f.Add("GET", "/cas/login?service=http%3A%2F%2Fent%2F%3Fa%3Db%23c", "TGC=x; file_attente=1.2.3", "")
	f.Add("POST", "/cas/login?service=", "", "username=eleve1&password=mdp-eleve1&execution=a-b.c_d&_eventId=submit")
	f.Add("POST", "/auth/login", "oneSessionId=:", "email=eleve01&password=%zz&callBack=//evil.example")
	f.Add("GET", "/file-attente?retour=%5C%5Cevil.example", "file_attente=9.9.", "")
	f.Add("HEAD", "/portail?ticket=ST-1", "JSESSIONID=%00", "")
	e, err := New(Config{Modes: Modes{WaitingRoom: WaitingRoom{Rate: 1e9}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, path, cookie, body string) {
		r, err := http.NewRequest(method, "http://ent"+path, strings.NewReader(body))
		if err != nil || r.URL.Host != "ent" {
			t.Skip()
		}
		r.RemoteAddr = "192.0.2.1:1234"
		r.Header["Cookie"] = []string{cookie}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		to := w.Result().Header.Get("Location")
		if strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) || strings.Contains(to, "evil") && !strings.HasPrefix(to, "/") {
			t.Errorf("sent away to %q", to)
		}
		io.Copy(io.Discard, w.Result().Body)
	})
}
