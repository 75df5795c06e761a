package httpdriver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"

	"firstbell/runner"
)

// proxy is the scenario's explicit forward proxy: CONNECT for https, the
// absolute form for http. The guard is asked about the host behind it and about
// the proxy's address; what the proxy itself connects to nobody here can see,
// which is why a guard should exempt nothing that goes through one.
type proxy struct {
	origin        runner.Origin
	host          *host
	authorization string // header line with its line end; "" for none
}

func newProxy(u *url.URL) (*proxy, error) {
	if u == nil {
		return nil, nil
	}
	bare := *u
	bare.User = nil
	o, err := runner.OriginOf(&bare)
	if err != nil {
		return nil, fmt.Errorf("httpdriver: proxy: %w", err)
	}
	if o.Scheme != "http" {
		return nil, errors.New("httpdriver: proxy: only http:// proxies are spoken to")
	}
	p := &proxy{origin: o, host: &host{origin: o, lookup: make(chan struct{}, 1)}}
	if ip, ok := o.IP(); ok {
		p.host.fixed = netip.AddrPortFrom(ip, o.Port)
	}
	if u.User != nil {
		password, _ := u.User.Password()
		p.authorization = "Proxy-Authorization: " + Basic(u.User.Username(), password) + "\r\n"
	}
	return p, nil
}

// connect asks the proxy for a tunnel to h.
func (p *proxy) connect(ctx context.Context, nc net.Conn, h *host) error {
	stop := context.AfterFunc(ctx, func() { (&conn{Conn: nc}).abort() })
	defer stop()
	target := net.JoinHostPort(h.origin.Host, strconv.Itoa(int(h.origin.Port)))
	request := "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" + p.authorization + "\r\n"
	if _, err := nc.Write([]byte(request)); err != nil {
		return err
	}
	r := newReader(nc)
	defer r.free()
	resp, err := http.ReadResponse(r.Reader, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return unended(err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy answered %d to CONNECT", resp.StatusCode)
	}
	if r.Buffered() > 0 {
		return errors.New("the proxy sent bytes before the handshake")
	}
	return nil
}
