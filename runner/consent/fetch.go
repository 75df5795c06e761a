package consent

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
)

// Fetcher reads one address, following nothing. It is called by several
// goroutines at once.
type Fetcher interface {
	Fetch(ctx context.Context, at Place) (status int, body []byte, err error)
}

// Place is where a file is read.
type Place struct {
	URL *url.URL
	// Addrs are the addresses to dial, those that will be loaded; nil: as the
	// name resolves (a control address, or one named by DNS).
	Addrs  []netip.AddrPort
	Target bool // the target's own origin: its Authorization goes along
}

// httpFetcher reads over connections of its own: they share nothing with the
// load's, so that a full queue of dials never delays a stop. One transport per
// place keeps the connection between two readings; an overloaded portal answers
// on one that is open when it accepts no more.
type httpFetcher struct {
	cfg       Config
	tls       *tls.Config
	mu        sync.Mutex
	transport map[string]*http.Transport
}

func newHTTPFetcher(cfg Config) (*httpFetcher, error) {
	files := cfg.Scenario.TLS
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: files.Insecure}
	if files.CA != "" {
		pem, err := cfg.Scenario.ReadFile(files.CA)
		if err != nil {
			return nil, fmt.Errorf("consent: reading tls.ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("consent: tls.ca %s holds no certificate", files.CA)
		}
	}
	if files.Cert != "" {
		cert, err := cfg.Scenario.ReadFile(files.Cert)
		key, keyErr := cfg.Scenario.ReadFile(files.Key)
		if err := errors.Join(err, keyErr); err != nil {
			return nil, fmt.Errorf("consent: reading the client certificate: %w", err)
		}
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("consent: reading the client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return &httpFetcher{cfg: cfg, tls: c, transport: map[string]*http.Transport{}}, nil
}

// Fetch reads at, at most maxFile bytes of it.
func (f *httpFetcher) Fetch(ctx context.Context, at Place) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.URL.String(), nil)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("User-Agent", fmt.Sprintf("firstbell/%s (+load test; run %s)", f.cfg.Version, f.cfg.RunID))
	req.Header.Set("Firstbell-Run", f.cfg.RunID)
	req.Header.Set("Accept", "application/json")
	if at.Target && f.cfg.Authorization != "" {
		req.Header.Set("Authorization", f.cfg.Authorization)
	}
	resp, err := f.through(at).RoundTrip(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFile+1))
	return resp.StatusCode, body, err
}

// through gives the transport of a place. A transport's RoundTrip follows no
// redirect and knows no cookie.
func (f *httpFetcher) through(at Place) *http.Transport {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := at.URL.String()
	if t := f.transport[key]; t != nil {
		return t
	}
	t := &http.Transport{
		TLSClientConfig: f.tls.Clone(), MaxIdleConnsPerHost: 1, MaxResponseHeaderBytes: maxFile,
		DisableCompression: true, ForceAttemptHTTP2: false,
	}
	if p := f.cfg.Scenario.Proxy; p != nil && at.Addrs == nil {
		t.Proxy = http.ProxyURL(p)
	}
	if at.Addrs != nil {
		t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialAny(ctx, at.Addrs)
		}
	}
	f.transport[key] = t
	return t
}

// dialAny connects to the first address that answers.
func dialAny(ctx context.Context, addrs []netip.AddrPort) (nc net.Conn, err error) {
	var dialer net.Dialer
	for _, a := range addrs {
		if nc, err = dialer.DialContext(ctx, "tcp", a.String()); err == nil {
			return nc, nil
		}
	}
	return nil, err
}

// Close closes the connections kept between two readings.
func (f *httpFetcher) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.transport {
		t.CloseIdleConnections()
	}
}
