package httpdriver

import (
	"bufio"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
)

// rawServer answers each connection with f, which gets the connection's number
// from 0; the connection is closed when f returns.
func rawServer(t testing.TB, f func(n int, c net.Conn, r *bufio.Reader)) (target string) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				f(n, c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return "http://" + l.Addr().String()
}

// asked reads one request, body included; false at the end.
func asked(r *bufio.Reader) bool {
	req, err := http.ReadRequest(r)
	if err != nil {
		return false
	}
	_, err = bufio.NewReader(req.Body).Discard(int(req.ContentLength))
	return err == nil
}

// answering sends text after one request, then waits for the client to go.
func answering(text string) func(int, net.Conn, *bufio.Reader) {
	return func(_ int, c net.Conn, r *bufio.Reader) {
		for asked(r) {
			c.Write([]byte(text))
		}
	}
}

func loopback(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
}
