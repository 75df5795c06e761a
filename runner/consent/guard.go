package consent

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// Config says what a [Guard] watches over. Scenario, RunID and Clock are
// required.
type Config struct {
	Scenario *scenarios.Scenario
	RunID    string
	Version  string // of firstbell, for the User-Agent
	Clock    runner.Clock
	// Events is told what is worth a flag on the timeline; nil: nobody. It may
	// be called by several goroutines at once and must not block.
	Events func(results.Event)
	// Key is the phrase whose SHA-256 a file may ask for; "" for none.
	Key string
	// Workers is how many guards share the limits, each of them told the same
	// number; 0 means 1. In any second they let no more pass together than is
	// consented to, however their clocks differ. Each gets an equal whole number of
	// grants a second, so up to Workers − 1 of them are given away; what is fewer
	// than the workers cannot be shared and is refused.
	Workers int
	// Authorization is the value of that header for the target's own origin,
	// for a staging behind HTTP Basic; "" for none.
	Authorization string

	// Fetch reads one address; nil: HTTP with the scenario's TLS and proxy.
	Fetch Fetcher
	// Lookup and LookupTXT resolve names; nil: the system's resolver.
	Lookup    func(ctx context.Context, host string) ([]netip.Addr, error)
	LookupTXT func(ctx context.Context, name string) ([]string, error)
}

// Guard is the [runner.Guard] of one run: [New], [Guard.Read] before any load,
// then [Guard.Watch]. It is safe for concurrent use.
type Guard struct {
	cfg    Config
	sites  map[runner.Origin]*site // immutable
	byHost map[string][]*site      // immutable
	order  []*site                 // as in Plan.Hosts
	proxy  atomic.Pointer[[]netip.AddrPort]
	fetch  Fetcher

	requests, connections *limit // the scenario's own, all hosts together

	stop    sync.Once
	stopped chan struct{}
	cause   results.Ended // written once, before stopped is closed

	mu      sync.Mutex
	outside map[string]int // refused hosts and how often
}

var _ runner.Guard = (*Guard)(nil)

// site is one origin of the scenario.
type site struct {
	origin runner.Origin
	exempt bool // loopback that needs no consent
	target bool
	fixed  netip.AddrPort // resolve: or a literal IP; invalid when looked up
	terms  atomic.Pointer[terms]
}

// terms are what a site may be given once consent is read; never changed.
type terms struct {
	file                  *File // nil when exempt
	source                string
	addrs                 []netip.AddrPort
	requests, connections *limit // nil: none
}

// New makes the table of who may be loaded; it reads nothing and asks nobody.
func New(cfg Config) (*Guard, error) {
	if cfg.Scenario == nil || cfg.Clock == nil || cfg.RunID == "" {
		return nil, errors.New("consent: Scenario, RunID and Clock are required")
	}
	if cfg.Workers <= 0 {
		cfg.Workers = 1
	}
	if cfg.Lookup == nil {
		cfg.Lookup = systemLookup
	}
	if cfg.LookupTXT == nil {
		cfg.LookupTXT = systemTXT
	}
	g := &Guard{
		cfg: cfg, sites: map[runner.Origin]*site{}, byHost: map[string][]*site{},
		stopped: make(chan struct{}), outside: map[string]int{}, fetch: cfg.Fetch,
	}
	limits := cfg.Scenario.Limits
	if why, fix := tooFew(limits.RequestsPerSecond, limits.ConnectionsPerSecond, cfg.Workers); why != "" {
		return nil, fmt.Errorf("consent: the scenario's limits: %s; %s", why, fix)
	}
	g.requests = newLimit(limits.RequestsPerSecond, cfg.Workers)
	g.connections = newLimit(limits.ConnectionsPerSecond, cfg.Workers)
	if err := g.addSites(); err != nil {
		return nil, err
	}
	if g.fetch == nil {
		f, err := newHTTPFetcher(cfg)
		if err != nil {
			return nil, err
		}
		g.fetch = f
	}
	return g, nil
}

func (g *Guard) addSites() error {
	urls := []*url.URL{g.cfg.Scenario.Target}
	for i := range g.cfg.Scenario.Hosts {
		urls = append(urls, g.cfg.Scenario.Hosts[i].URL)
	}
	exempting := exempts(g.cfg.Scenario)
	for i, u := range urls {
		o, err := runner.OriginOf(u)
		if err != nil {
			return fmt.Errorf("consent: host %d of the scenario: %w", i, err)
		}
		if g.sites[o] != nil {
			continue
		}
		s := &site{origin: o, target: i == 0}
		s.fixed = fixedAddress(g.cfg.Scenario, o)
		s.exempt = exempting && o.Loopback() && (!s.fixed.IsValid() || s.fixed.Addr().IsLoopback())
		if s.exempt {
			s.terms.Store(&terms{source: "loopback, exempt"})
		}
		g.sites[o] = s
		g.byHost[o.Host] = append(g.byHost[o.Host], s)
		g.order = append(g.order, s)
	}
	return nil
}

// exempts reports whether loopback needs no consent in this scenario: nothing
// in it makes loopback stand for something else.
func exempts(sc *scenarios.Scenario) bool {
	return sc.Consent != scenarios.ConsentRequired && sc.Proxy == nil && !overridesHost(sc)
}

// Request is asked before every exchange.
func (g *Guard) Request(u *url.URL) error {
	o, err := runner.OriginOf(u)
	if err != nil {
		g.refused("malformed address")
		return outOfScope(err)
	}
	s := g.sites[o]
	if s == nil {
		g.refused(o.String())
		return outOfScope(fmt.Errorf("%s is not a host of the scenario", o))
	}
	t, err := g.permitted(s)
	if err != nil {
		return err
	}
	now := g.cfg.Clock.Now()
	if !t.requests.take(now) || !g.requests.take(now) {
		return over("requests")
	}
	return nil
}

// Dial is asked before every new connection, with the address really dialled.
func (g *Guard) Dial(host string, addr netip.AddrPort) error {
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	var last error = outOfScope(fmt.Errorf("%s is not a host of the scenario", strconv.Quote(host)))
	for _, s := range g.byHost[host] {
		t, err := g.permitted(s)
		if err != nil {
			last = err
			continue
		}
		if !g.mayDial(s, t, addr) {
			last = outOfScope(fmt.Errorf("%s is not an address that %s had when consent was read", addr, host))
			continue
		}
		now := g.cfg.Clock.Now()
		if !t.connections.take(now) || !g.connections.take(now) {
			return over("connections")
		}
		return nil
	}
	return last
}

// permitted gives the terms of a site that may be loaded now.
func (g *Guard) permitted(s *site) (*terms, error) {
	select {
	case <-g.stopped:
		return nil, &runner.TransportError{Reason: results.ReasonInFlight, Err: errors.New("everything is stopped")}
	default:
	}
	if t := s.terms.Load(); t != nil {
		return t, nil
	}
	return nil, outOfScope(fmt.Errorf("%s: consent has not been read", s.origin))
}

func (g *Guard) mayDial(s *site, t *terms, addr netip.AddrPort) bool {
	if s.exempt {
		if s.fixed.IsValid() {
			return addr == s.fixed
		}
		return addr.Addr().IsLoopback() && addr.Port() == s.origin.Port
	}
	if g.cfg.Scenario.Proxy != nil {
		p := g.proxy.Load()
		return p != nil && contains(*p, addr)
	}
	return contains(t.addrs, addr)
}

// Lookup gives the addresses pinned for a host of the scenario. Give it to the
// driver as its resolver: both then mean the same machines.
func (g *Guard) Lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	for _, s := range g.byHost[host] {
		if t := s.terms.Load(); t != nil && len(t.addrs) > 0 {
			out := make([]netip.Addr, len(t.addrs))
			for i, a := range t.addrs {
				out[i] = a.Addr()
			}
			return out, nil
		}
	}
	return g.cfg.Lookup(ctx, host)
}

// Stopped is closed when everything must stop at once.
func (g *Guard) Stopped() <-chan struct{} { return g.stopped }

// Cause says why, once [Guard.Stopped] is closed.
func (g *Guard) Cause() results.Ended {
	select {
	case <-g.stopped:
		return g.cause
	default:
		return results.Ended{}
	}
}

// halt stops everything, once.
func (g *Guard) halt(cause string) {
	g.stop.Do(func() {
		g.cause = results.Ended{
			How: results.EndedByTarget, At: g.cfg.Clock.Now(), Wall: time.Now(), Cause: cause,
		}
		close(g.stopped)
	})
}

// maxOutside bounds the refused hosts that are told apart.
const maxOutside = 200

// refused counts a refused host and tells about it the first time.
func (g *Guard) refused(host string) {
	g.mu.Lock()
	n := g.outside[host]
	known := n > 0 || len(g.outside) < maxOutside
	if known {
		g.outside[host] = n + 1
	}
	g.mu.Unlock()
	if known && n == 0 {
		g.event("out_of_scope", "a host outside the scenario was asked for and not contacted", "host", host)
	}
}

// OutOfScope gives the refused hosts and how often each was asked for.
func (g *Guard) OutOfScope() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make(map[string]int, len(g.outside))
	for k, v := range g.outside {
		out[k] = v
	}
	return out
}

func (g *Guard) event(kind, text string, fields ...string) {
	if g.cfg.Events == nil {
		return
	}
	e := results.Event{At: g.cfg.Clock.Now(), Wall: time.Now(), Kind: kind, Text: text, Fields: map[string]string{}}
	for i := 0; i+1 < len(fields); i += 2 {
		e.Fields[fields[i]] = fields[i+1]
	}
	g.cfg.Events(e)
}

func outOfScope(err error) error {
	return &runner.TransportError{Reason: results.ReasonOutOfScope, Err: err}
}

func over(what string) error {
	return &runner.TransportError{Reason: results.ReasonConsentLimit, Err: fmt.Errorf("more %s per second than consented to", what)}
}

func contains(list []netip.AddrPort, a netip.AddrPort) bool {
	for _, x := range list {
		if x == a {
			return true
		}
	}
	return false
}
