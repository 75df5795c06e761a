package httpdriver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// Defaults of [Config].
const (
	DefaultConnectTimeout = 10 * time.Second
	DefaultIdleTimeout    = 5 * time.Second // what mobile browsers and portals commonly allow
	DefaultDialsInFlight  = 1000
)

// Config says how a [Driver] connects. Scenario, RunID, Clock and Guard are
// required.
type Config struct {
	Scenario *scenarios.Scenario
	RunID    string
	Version  string // of firstbell, for the User-Agent
	Clock    runner.Clock
	Guard    runner.Guard
	// Authorization is the value of that header for the target's own origin,
	// for a staging behind HTTP Basic (see [Basic]); required if the scenario
	// has basic_auth.
	Authorization string

	// Dial opens one connection to an address the guard has allowed. nil: TCP.
	Dial func(ctx context.Context, addr netip.AddrPort) (net.Conn, error)
	// Lookup resolves a name; it is asked once per host and run. nil: the
	// system's resolver. Give it the guard's own, so that both mean the same
	// addresses.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)

	DialsInFlight  int           // 0: the scenario's limits, else DefaultDialsInFlight
	ConnectTimeout time.Duration // per address tried; 0: DefaultConnectTimeout
	IdleTimeout    time.Duration // 0: DefaultIdleTimeout

	// Sources are local addresses for loopback targets, one per person in turn
	// (see [LoopbackSources]), for runs that need more ports than one address
	// has. A person keeps theirs. nil: the system chooses.
	Sources []netip.Addr
	// Curves are the TLS key exchanges offered, preferred first. nil: what
	// browsers send, X25519MLKEM768 and X25519 first.
	Curves []tls.CurveID
}

// Driver opens browsers that speak HTTP/1.1. It is safe for concurrent use.
type Driver struct {
	cfg       Config
	userAgent string
	fixed     string // header lines that every request carries
	proxy     *proxy // nil: none
	tls       *tls.Config
	verified  chains
	places    chan struct{} // dials in flight
	conns     registry

	// hosts is replaced, never changed, so that looking a host up takes no
	// lock. Those of the scenario are in it from the start.
	hosts  atomic.Pointer[map[runner.Origin]*host]
	growth sync.Mutex

	bytesIn, bytesOut, exchanges atomic.Int64
	queued, dialing              atomic.Int64
	dialed, reused, retried      atomic.Int64
}

var _ runner.Driver = (*Driver)(nil)

// Counters is the driver's own state: Open, Queued and Dialing now, the others
// since it was made.
type Counters struct {
	BytesIn, BytesOut int64
	Exchanges         int64
	Dialed            int64 // connections opened
	Reused            int64 // exchanges on a kept connection
	Retried           int64 // exchanges sent again because a kept connection was dead
	Open              int   // connections open
	Queued            int   // dials waiting for a place
	Dialing           int   // dials in flight
}

// New checks the configuration, reads the CA and client certificate files, and
// connects to nothing. Close the driver when the run is over.
func New(cfg Config) (*Driver, error) {
	if cfg.Scenario == nil || cfg.Clock == nil || cfg.Guard == nil || cfg.RunID == "" {
		return nil, errors.New("httpdriver: Scenario, RunID, Clock and Guard are required")
	}
	if cfg.Scenario.BasicAuth != nil && cfg.Authorization == "" {
		return nil, errors.New("httpdriver: the scenario has basic_auth, and Authorization is empty")
	}
	if !headerValue(cfg.Authorization) || !headerValue(cfg.RunID) || !headerValue(cfg.Version) {
		return nil, errors.New("httpdriver: RunID, Version or Authorization cannot stand in a header")
	}
	cfg = withDefaults(cfg)
	d := &Driver{cfg: cfg, places: make(chan struct{}, cfg.DialsInFlight)}
	d.userAgent = fmt.Sprintf("firstbell/%s (+load test; run %s)", cfg.Version, cfg.RunID)
	d.fixed = "User-Agent: " + d.userAgent + "\r\nFirstbell-Run: " + cfg.RunID + "\r\n"
	d.conns.limit = cfg.IdleTimeout
	var err error
	if d.tls, err = d.tlsConfig(); err != nil {
		return nil, err
	}
	if d.proxy, err = newProxy(cfg.Scenario.Proxy); err != nil {
		return nil, err
	}
	return d, d.addScenarioHosts()
}

func withDefaults(cfg Config) Config {
	if cfg.Version == "" {
		cfg.Version = "dev"
	}
	if cfg.DialsInFlight == 0 {
		cfg.DialsInFlight = cfg.Scenario.Limits.DialsInFlight
	}
	if cfg.DialsInFlight <= 0 {
		cfg.DialsInFlight = DefaultDialsInFlight
	}
	if cfg.ConnectTimeout <= 0 {
		cfg.ConnectTimeout = DefaultConnectTimeout
	}
	if cfg.IdleTimeout <= 0 {
		cfg.IdleTimeout = DefaultIdleTimeout
	}
	if cfg.Lookup == nil {
		cfg.Lookup = systemLookup
	}
	if cfg.Curves == nil {
		cfg.Curves = []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256, tls.CurveP384}
	}
	return cfg
}

// addScenarioHosts makes the table of hosts: the target first, then the
// scenario's hosts, with the indices of Plan.Hosts.
func (d *Driver) addScenarioHosts() error {
	sc := d.cfg.Scenario
	table := make(map[runner.Origin]*host)
	add := func(i int, u *url.URL) error {
		o, err := runner.OriginOf(u)
		if err != nil {
			return fmt.Errorf("httpdriver: host %d of the scenario: %w", i, err)
		}
		if table[o] == nil {
			table[o] = d.newHost(o, i)
		}
		return nil
	}
	if err := add(0, sc.Target); err != nil {
		return err
	}
	for i := range sc.Hosts {
		if err := add(i+1, sc.Hosts[i].URL); err != nil {
			return err
		}
	}
	d.hosts.Store(&table)
	o, _ := runner.OriginOf(sc.Target)
	if a := d.cfg.Authorization; a != "" {
		table[o].authorization = "Authorization: " + a + "\r\n"
	}
	return nil
}

// maxExtraHosts bounds the hosts beyond the scenario's that a permissive guard
// could let through.
const maxExtraHosts = 256

// hostFor gives the host of an origin the guard has allowed.
func (d *Driver) hostFor(o runner.Origin) (*host, error) {
	if h := (*d.hosts.Load())[o]; h != nil {
		return h, nil
	}
	d.growth.Lock()
	defer d.growth.Unlock()
	old := *d.hosts.Load()
	if h := old[o]; h != nil {
		return h, nil
	}
	if len(old) > maxExtraHosts+len(d.cfg.Scenario.Hosts) {
		return nil, errors.New("too many hosts beside the scenario's")
	}
	table := make(map[runner.Origin]*host, len(old)+1)
	for k, v := range old {
		table[k] = v
	}
	h := d.newHost(o, 0)
	table[o] = h
	d.hosts.Store(&table)
	return h, nil
}

// Open gives one person a browser of their own. It performs no I/O.
func (d *Driver) Open(person uint32) runner.Session {
	return &session{driver: d, person: person}
}

// Counters gives the driver's state for the health of the generator. It may be
// called at any time.
func (d *Driver) Counters() Counters {
	return Counters{
		BytesIn: d.bytesIn.Load(), BytesOut: d.bytesOut.Load(), Exchanges: d.exchanges.Load(),
		Dialed: d.dialed.Load(), Reused: d.reused.Load(), Retried: d.retried.Load(),
		Open: d.conns.count(), Queued: int(d.queued.Load()), Dialing: int(d.dialing.Load()),
	}
}

// CloseIdle closes every connection that no exchange is using.
func (d *Driver) CloseIdle() { d.conns.reap(0) }

// Close closes every connection, whoever uses it, and refuses new ones.
func (d *Driver) Close() error {
	d.conns.closeAll()
	return nil
}

// Notes are sentences for the method section of the report about how this
// driver connects.
func (d *Driver) Notes() []string {
	sc := d.cfg.Scenario
	notes := []string{"HTTP/1.1", "names resolved once per run"}
	if sc.Target.Scheme == "http" {
		notes = append(notes, "http, not https")
	}
	if sc.TLS.Insecure {
		notes = append(notes, "TLS certificates not verified (insecure)")
	} else if sc.TLS.CA != "" {
		notes = append(notes, "TLS certificates verified against the scenario's own CA")
	}
	if sc.TLS.Cert != "" {
		notes = append(notes, "TLS client certificate")
	}
	for _, r := range sc.Resolve {
		notes = append(notes, "resolve: "+r.Host+" -> "+r.Address)
	}
	if d.proxy != nil {
		notes = append(notes, "through the proxy "+d.proxy.origin.String())
	}
	if sc.BasicAuth != nil {
		notes = append(notes, "HTTP Basic in front of the target")
	}
	names := make([]string, len(d.cfg.Curves))
	for i, c := range d.cfg.Curves {
		names[i] = c.String()
	}
	return append(notes, "TLS key exchanges offered: "+strings.Join(names, ", "))
}

func fault(r results.Reason, err error) *runner.TransportError {
	return &runner.TransportError{Reason: r, Err: err}
}
