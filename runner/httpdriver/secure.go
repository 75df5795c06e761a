package httpdriver

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// tlsConfig is what every TLS connection shares.
func (d *Driver) tlsConfig() (*tls.Config, error) {
	files := d.cfg.Scenario.TLS
	cfg := &tls.Config{
		MinVersion:       tls.VersionTLS12,
		CurvePreferences: d.cfg.Curves,
		NextProtos:       []string{"http/1.1"},
		// Verification is ours, in chains.verify: the same checks, done once
		// per chain and run instead of once per person.
		InsecureSkipVerify: true,
	}
	if files.CA != "" {
		pem, err := d.cfg.Scenario.ReadFile(files.CA)
		if err != nil {
			return nil, fmt.Errorf("httpdriver: reading tls.ca: %w", err)
		}
		d.verified.roots = x509.NewCertPool()
		if !d.verified.roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("httpdriver: tls.ca %s holds no certificate", files.CA)
		}
	}
	if files.Cert != "" {
		pair, err := keyPair(d.cfg.Scenario)
		if err != nil {
			return nil, fmt.Errorf("httpdriver: reading the client certificate: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	d.verified.insecure = files.Insecure
	return cfg, nil
}

// keyPair is the scenario's client certificate.
func keyPair(sc *scenarios.Scenario) (tls.Certificate, error) {
	cert, err := sc.ReadFile(sc.TLS.Cert)
	key, keyErr := sc.ReadFile(sc.TLS.Key)
	if err := errors.Join(err, keyErr); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}

// secure does what stands between the TCP connection and HTTP: the proxy's
// CONNECT and the TLS handshake.
func (x *exchange) secure(c *conn) error {
	d, h := x.session.driver, x.host
	if h.origin.Scheme != "https" {
		return nil
	}
	deadline, ok := x.ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(patienceWithout)
	}
	if err := c.SetDeadline(deadline); err != nil {
		return classify(x.ctx, handshaking, h, err)
	}
	plain := c.Conn
	if d.proxy != nil {
		start := d.cfg.Clock.Now()
		err := d.proxy.connect(x.ctx, plain, h)
		x.resp.Timing.Connect += d.cfg.Clock.Now() - start
		if err != nil {
			return classify(x.ctx, handshaking, h, err)
		}
	}
	start := d.cfg.Clock.Now()
	cfg := d.tls.Clone()
	cfg.ServerName = h.origin.Host
	cfg.ClientSessionCache = x.session.ticketFor(h)
	// The state's own ServerName is empty for an IP, which would be verified
	// against nothing.
	cfg.VerifyConnection = func(cs tls.ConnectionState) error { return d.verified.verify(h.origin.Host, cs) }
	tc := tls.Client(plain, cfg)
	err := tc.HandshakeContext(x.ctx)
	x.resp.Timing.TLS = d.cfg.Clock.Now() - start
	if err != nil {
		return classify(x.ctx, handshaking, h, err)
	}
	c.Conn, c.secure = tc, true
	return nil
}

// chains remembers the certificate chains proved good in this run.
type chains struct {
	roots    *x509.CertPool // nil: the system's
	insecure bool           // nothing is proved, only remembered
	mu       sync.RWMutex
	good     map[[sha256.Size]byte]time.Time // until when
	leaves   map[string][]string             // by host, SHA-256 as hexadecimal digits
}

const (
	maxChains = 256
	maxLeaves = results.MaxCertificates // per host
)

// verify checks the server's chain and name as crypto/tls would, unless told
// not to.
func (v *chains) verify(name string, cs tls.ConnectionState) error {
	if len(cs.PeerCertificates) == 0 {
		return errors.New("no server certificate")
	}
	key := chainKey(name, cs)
	now := time.Now()
	v.mu.RLock()
	until, ok := v.good[key]
	v.mu.RUnlock()
	if ok && now.Before(until) {
		return nil
	}
	until, err := v.prove(name, cs, now)
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: cs.PeerCertificates, Err: err}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.good == nil || len(v.good) >= maxChains {
		v.good = make(map[[sha256.Size]byte]time.Time)
	}
	v.good[key] = until
	v.remember(name, cs)
	return nil
}

// prove gives the time until which the chain is good.
func (v *chains) prove(name string, cs tls.ConnectionState, now time.Time) (until time.Time, err error) {
	if v.insecure {
		return now.Add(time.Hour), nil
	}
	opts := x509.VerifyOptions{
		Roots: v.roots, DNSName: name, CurrentTime: now, Intermediates: x509.NewCertPool(),
	}
	for _, c := range cs.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	found, err := cs.PeerCertificates[0].Verify(opts)
	if err != nil {
		return until, err
	}
	until = found[0][0].NotAfter
	for _, c := range found[0] {
		if c.NotAfter.Before(until) {
			until = c.NotAfter
		}
	}
	return until, nil
}

// remember keeps the certificates a host has shown, the first ones of each.
func (v *chains) remember(name string, cs tls.ConnectionState) {
	sum := sha256.Sum256(cs.PeerCertificates[0].Raw)
	leaf := hex.EncodeToString(sum[:])
	known := v.leaves[name]
	if slices.Contains(known, leaf) || len(known) >= maxLeaves || len(v.leaves) >= maxChains {
		return
	}
	if v.leaves == nil {
		v.leaves = make(map[string][]string)
	}
	v.leaves[name] = append(known, leaf)
}

// Certificates gives, by host name, the SHA-256 of the server certificates seen
// so far, in the order they were first seen, at most eight per host. More at the
// end of a run than at its start means that the target has changed.
func (d *Driver) Certificates() map[string][]string {
	d.verified.mu.RLock()
	defer d.verified.mu.RUnlock()
	out := make(map[string][]string, len(d.verified.leaves))
	for host, leaves := range d.verified.leaves {
		out[host] = slices.Clone(leaves)
	}
	return out
}

// chainKey is the hash of the name and the certificates as they were sent.
func chainKey(name string, cs tls.ConnectionState) (key [sha256.Size]byte) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%d:%s", len(name), name)
	for _, c := range cs.PeerCertificates {
		fmt.Fprintf(sum, "%d:", len(c.Raw))
		sum.Write(c.Raw)
	}
	sum.Sum(key[:0])
	return key
}

// ticket is one person's TLS session with one host: a returning person resumes
// their own session, never somebody else's.
type ticket struct {
	host  *host
	mu    sync.Mutex
	state *tls.ClientSessionState
}

var _ tls.ClientSessionCache = (*ticket)(nil)

// Get gives the last session; the key is the host's name, always the same.
func (t *ticket) Get(string) (*tls.ClientSessionState, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state, t.state != nil
}

// Put keeps one session; nil drops it.
func (t *ticket) Put(_ string, state *tls.ClientSessionState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state = state
}

func (s *session) ticketFor(h *host) *ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tickets {
		if t.host == h {
			return t
		}
	}
	t := &ticket{host: h}
	s.tickets = append(s.tickets, t)
	return t
}
