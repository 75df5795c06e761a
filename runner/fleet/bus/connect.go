package bus

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"firstbell/runner/fleet"
	"firstbell/runner/fleet/keys"
)

// Config is how one member reaches the bus.
type Config struct {
	URL         string            // nats://host:port or tls://…, several separated by commas; not with Server
	Server      *Server           // the server in this process
	Credentials *keys.Credentials // who is there
	// NATSCreds is the path of a NATS credentials file, for an external cluster;
	// "" for the fleet's own server, or a cluster on loopback that asks nobody.
	NATSCreds string
	// OnState is told each time the link is there or gone, from another goroutine.
	// It must not block.
	OnState func(connected bool)
}

// Conn is one member's end of the bus: a [fleet.Bus].
type Conn struct {
	nc     *nats.Conn
	js     jetstream.JetStream
	fleet  string
	member string
	denied denials
	tails  tails
	bars   bars
	state  state
}

var _ fleet.Bus = (*Conn)(nil)

// How fast a dead link is noticed and a new one tried. A link that was cut in the
// middle of a packet is left rather than waited for.
const (
	pingEvery   = time.Second
	pingsOut    = 2
	retryEvery  = 200 * time.Millisecond
	dialWithin  = 2 * time.Second
	writeWithin = 2 * time.Second
	backlog     = 4096     // messages per subscription
	backlogSize = 64 << 20 // bytes per subscription
)

// Connect tries until it is in, until the server refuses for good, or until ctx
// ends. From then on a lost link is made again for ever, with nothing that was
// published meanwhile kept for later.
func Connect(ctx context.Context, c Config) (*Conn, error) {
	if c.Credentials == nil {
		return nil, errors.New("connecting to the bus: no credentials")
	}
	conn := &Conn{fleet: c.Credentials.Fleet, member: c.Credentials.Name}
	opts, err := conn.options(c)
	if err != nil {
		return nil, err
	}
	if err := conn.dial(ctx, c, opts); err != nil {
		return nil, err
	}
	conn.js, err = jetstream.New(conn.nc)
	if err != nil {
		conn.nc.Close()
		return nil, fmt.Errorf("connecting to the bus: %w", err)
	}
	conn.state.set(true)
	return conn, nil
}

func (c *Conn) dial(ctx context.Context, conf Config, opts []nats.Option) error {
	for {
		nc, err := nats.Connect(conf.URL, opts...)
		if errors.Is(err, nats.ErrNkeysNotSupported) && conf.NATSCreds == "" && allLoopback(conf.URL) {
			// A server on this machine that asks nobody who they are.
			nc, err = nats.Connect(conf.URL, append(opts, noNkey)...)
		}
		if err == nil {
			c.nc = nc
			return nil
		}
		if final := explainDial(conf, err); final != nil {
			return final
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("connecting to the bus at %s: %w: %w", shownURL(conf.URL), ErrDisconnected, err)
		case <-time.After(retryEvery):
		}
	}
}

func noNkey(o *nats.Options) error {
	o.Nkey, o.SignatureCB = "", nil
	return nil
}

// explainDial gives an error that trying again does not mend; nil for others.
func explainDial(conf Config, err error) error {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var file *fs.PathError
	at := "the bus at " + shownURL(conf.URL)
	switch {
	case errors.As(err, &file):
		return fmt.Errorf("the cluster's credentials cannot be read: %w", err)
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked), errors.Is(err, nats.ErrAccountAuthExpired):
		return fmt.Errorf("%s refused %s: %w: use the file made for this member of this fleet", at, conf.Credentials.Name, ErrRefused)
	case errors.Is(err, nats.ErrNkeysNotSupported):
		return fmt.Errorf("%s asks nobody who they are: only a server on loopback may do so: %w", at, ErrRefused)
	case errors.Is(err, nats.ErrSecureConnWanted):
		return fmt.Errorf("%s does not speak TLS: beyond loopback, and with credentials made with --host, it must", at)
	case errors.Is(err, nats.ErrSecureConnRequired):
		return fmt.Errorf("%s wants TLS, and these credentials have no authority to check it with: use the ones made with --host", at)
	case errors.As(err, &unknown), errors.As(err, &invalid):
		return fmt.Errorf("%s: %w, its certificate is not vouched for: %w", at, ErrStranger, err)
	case errors.As(err, &name):
		return fmt.Errorf("%s has a certificate for other names: make credentials with this one (firstbell credentials --host NAME): %w", at, err)
	case errors.Is(err, nats.ErrNoServers), isNetwork(err):
		return nil
	}
	return fmt.Errorf("connecting to %s: %w", at, err)
}

// isNetwork: what passes when the server comes back.
func isNetwork(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrStaleConnection) ||
		errors.Is(err, nats.ErrMaxConnectionsExceeded) || errors.As(err, &timeout) || strings.Contains(err.Error(), "EOF")
}

func (c *Conn) options(conf Config) ([]nats.Option, error) {
	opts := []nats.Option{
		nats.Name(conf.Credentials.Name), nats.CustomInboxPrefix(inboxPrefix(c.fleet, c.member)),
		nats.MaxReconnects(-1), nats.ReconnectWait(retryEvery), nats.ReconnectJitter(retryEvery/2, retryEvery/2),
		nats.ReconnectBufSize(-1), nats.IgnoreAuthErrorAbort(), nats.Timeout(dialWithin),
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(pingsOut), nats.FlusherTimeout(writeWithin),
		nats.ErrorHandler(c.asyncError), nats.NoEcho(),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { c.changed(false, conf.OnState) }),
		nats.ReconnectHandler(func(*nats.Conn) { c.changed(true, conf.OnState) }),
		nats.ClosedHandler(func(*nats.Conn) { c.state.close() }),
	}
	if conf.Server != nil {
		opts = append(opts, nats.InProcessServer(conf.Server.nats))
	} else {
		secure, err := transport(conf)
		if err != nil {
			return nil, err
		}
		opts = append(opts, secure...)
	}
	public, sign, err := conf.Credentials.NKey()
	if err != nil {
		return nil, fmt.Errorf("connecting to the bus: %w", err)
	}
	if conf.NATSCreds != "" {
		return append(opts, nats.UserCredentials(conf.NATSCreds)), nil
	}
	return append(opts, nats.Nkey(public, sign)), nil
}

// transport asks for TLS 1.3 wherever the link may leave this machine, and wherever
// the credentials say who vouches for the server.
func transport(conf Config) ([]nats.Option, error) {
	urls, err := parseURLs(conf.URL)
	if err != nil {
		return nil, err
	}
	secure := conf.Credentials.Authority != "" && conf.NATSCreds == ""
	for _, u := range urls {
		secure = secure || !isLoopback(u.Hostname()) || u.Scheme == "tls"
	}
	if !secure {
		return nil, nil
	}
	tls, err := conf.Credentials.ClientTLS()
	if err != nil {
		return nil, fmt.Errorf("connecting to the bus: %w", err)
	}
	if conf.NATSCreds != "" {
		tls.RootCAs = nil // an external cluster is vouched for by the system's authorities
	}
	return []nats.Option{nats.Secure(tls)}, nil
}

func parseURLs(list string) ([]*url.URL, error) {
	var out []*url.URL
	for text := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil || u.Scheme != "nats" && u.Scheme != "tls" || u.Hostname() == "" {
			return nil, fmt.Errorf("%q is not the address of a bus: write nats://HOST:PORT or tls://HOST:PORT", shownURL(text))
		}
		if u.User != nil {
			return nil, errors.New("the address of the bus carries a password: put it in a credentials file instead")
		}
		out = append(out, u)
	}
	return out, nil
}

func allLoopback(list string) bool {
	urls, err := parseURLs(list)
	if err != nil {
		return false
	}
	for _, u := range urls {
		if !isLoopback(u.Hostname()) {
			return false
		}
	}
	return true
}

// shownURL never shows a password that somebody wrote into an address.
func shownURL(text string) string {
	if at := strings.LastIndex(text, "@"); at >= 0 {
		return "…" + text[at:]
	}
	if text == "" {
		return "this process"
	}
	return text
}

func (c *Conn) changed(connected bool, tell func(bool)) {
	c.state.set(connected)
	if tell != nil {
		tell(connected)
	}
}

// asyncError hears what the server refuses after the fact.
func (c *Conn) asyncError(_ *nats.Conn, _ *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrPermissionViolation) {
		c.denied.hear(err.Error())
	}
}

// Connected reports whether the server can be reached now, as far as is known: a
// link that was cut without a word is noticed within three seconds.
func (c *Conn) Connected() bool { return c.nc.IsConnected() }

// Close leaves the bus, after what was published has left.
func (c *Conn) Close() {
	if c.nc.IsConnected() {
		_ = c.nc.FlushTimeout(writeWithin)
	}
	c.nc.Close()
	c.state.close()
}

// state lets others wait for the link.
type state struct {
	mu      sync.Mutex
	up      bool
	closed  bool
	waiting chan struct{} // closed at the next change
}

func (s *state) set(up bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up = up
	s.wake()
}

func (s *state) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.wake()
}

func (s *state) wake() {
	if s.waiting != nil {
		close(s.waiting)
		s.waiting = nil
	}
}

// wait returns once there is a link.
func (s *state) wait(ctx context.Context) error {
	for {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return ErrClosed
		}
		if s.up {
			s.mu.Unlock()
			return ctx.Err()
		}
		if s.waiting == nil {
			s.waiting = make(chan struct{})
		}
		next := s.waiting
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-next:
		}
	}
}
