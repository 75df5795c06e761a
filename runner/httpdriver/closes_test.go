package httpdriver

import (
	"testing"
	"time"

	"firstbell/runner"
)

// TestCloses: an answer says whether the connection ends with it, whoever read
// its head; the header that said so may be gone by then.
func TestCloses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"kept":          {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false},
		"closed":        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", true},
		"kept, odd":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", false},
		"closed, odd":   {"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true},
		"an old server": {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", true},
	} {
		t.Run(name, func(t *testing.T) {
			target := rawServer(t, answering(c.text))
			d, _ := newDriver(t, target, nil)
			s := d.Open(1)
			defer s.Close()
			resp, err := s.Do(within(t, 5*time.Second), &runner.Request{Kind: runner.KindPage, Method: "GET", URL: address(t, target), MaxBody: 10})
			if err != nil || string(resp.Body) != "ok" || resp.Closes != c.want {
				t.Errorf("closes %v, want %v; body %q, %v", resp.Closes, c.want, resp.Body, err)
			}
		})
	}
}
