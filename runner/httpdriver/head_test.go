package httpdriver

import (
	"bufio"
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// agree fails when the quick reader takes an answer for another than the
// standard library does.
func agree(t *testing.T, b []byte) (quick bool) {
	t.Helper()
	a, size, ok := quickHead(b)
	if !ok {
		return false
	}
	r := bufio.NewReader(bytes.NewReader(b))
	hr, err := http.ReadResponse(r, &http.Request{Method: http.MethodGet})
	if err != nil {
		t.Fatalf("taken for an answer: %q: %v", b, err)
	}
	if a.status != hr.StatusCode || a.length != hr.ContentLength || a.last != hr.Close || size != len(b)-r.Buffered() {
		t.Fatalf("%q: status %d, length %d, last %v, %d bytes; want %d, %d, %v, %d",
			b, a.status, a.length, a.last, size, hr.StatusCode, hr.ContentLength, hr.Close, len(b)-r.Buffered())
	}
	if !maps.EqualFunc(a.header, hr.Header, slices.Equal) {
		t.Fatalf("%q: header %q, want %q", b, a.header, hr.Header)
	}
	return true
}

func TestQuickHead(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, tt := range []struct {
		name, head string
		quick      bool
	}{
		{"plain", ok + "Content-Length: 2\r\n\r\nhi", true},
		{"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", true},
		{"many headers", "HTTP/1.1 302 Found\r\nset-cookie: a=1\r\nSET-COOKIE: b=2\r\nX:\r\nlocation: \t/home \r\nContent-length: 007\r\n\r\n", true},
		{"closes", ok + "Connection: keep-alive, Close\r\nContent-Length: 2\r\n\r\nhi", true},
		{"pragma", ok + "Pragma: no-cache\r\nContent-Length: 0\r\n\r\n", true},
		{"pragma with control", ok + "Pragma: no-cache\r\nCache-Control: private\r\nContent-Length: 0\r\n\r\n", true},
		{"odd letters", ok + "X: \xe9t\xe9\r\nContent-Length: 0\r\n\r\n", true},
		{"nothing", "", false},
		{"half", ok + "Content-Length: 2\r\n", false},
		{"no length", ok + "\r\n", false},
		{"chunked", ok + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n", false},
		{"two lengths", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n", false},
		{"signed length", ok + "Content-Length: +2\r\n\r\n", false},
		{"long length", ok + "Content-Length: 9999999999999\r\n\r\n", false},
		{"empty length", ok + "Content-Length:\r\n\r\n", false},
		{"continued", ok + "Content-Length: 2\r\nX: a\r\n b\r\n\r\n", false},
		{"bare line end", ok + "X: a\nContent-Length: 2\r\n\r\n", false},
		{"bare end", ok + "Content-Length: 2\n\r\n\r\n", false},
		{"odd return", ok + "X: a\rb\r\nContent-Length: 2\r\n\r\n", false},
		{"nul", ok + "X: a\x00b\r\nContent-Length: 2\r\n\r\n", false},
		{"space in a name", ok + "Content-Length : 2\r\n\r\n", false},
		{"no name", ok + ": x\r\nContent-Length: 2\r\n\r\n", false},
		{"no colon", ok + "X\r\nContent-Length: 2\r\n\r\n", false},
		{"trailer", ok + "Trailer: X\r\nContent-Length: 2\r\n\r\n", false},
		{"interim", "HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\n", false},
		{"no content", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", false},
		{"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", false},
		{"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n", false},
		{"long status", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n", false},
		{"two spaces", "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\n", false},
		{"many lines", ok + strings.Repeat("X: y\r\n", maxLines) + "Content-Length: 2\r\n\r\n", false},
	} {
		if got := agree(t, []byte(tt.head)); got != tt.quick {
			t.Errorf("%s: quick %v", tt.name, got)
		}
	}
}

// FuzzHead: what the quick reader reads, the standard library reads the same.
func FuzzHead(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nset-cookie: a=b\r\nSet-Cookie: c\r\n\r\nhi"))
	f.Add([]byte("HTTP/1.1 302 Found\r\nPragma: no-cache\r\nConnection: x, close\r\nContent-Length: 0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) { agree(t, b) })
}
