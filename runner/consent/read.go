package consent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"firstbell/runner"
)

// readTimeout bounds one reading before the load.
const readTimeout = 10 * time.Second

// Refused is a host that may not be loaded: exit 5.
type Refused struct {
	Host string // as an address: https://ent.preprod.example
	Why  string // what was answered
	Fix  string // what the operator must publish or change
}

func (r *Refused) Error() string {
	return fmt.Sprintf("%s may not be loaded: %s; %s", r.Host, r.Why, r.Fix)
}

// Read reads the consent of every host of the scenario that needs one, and
// pins the addresses that may be dialled. Until it has returned nil these hosts
// are refused. The error joins one *[Refused] per host, in the scenario's order.
func (g *Guard) Read(ctx context.Context) error {
	if err := g.pinProxy(ctx); err != nil {
		return err
	}
	errs := make([]error, len(g.order))
	var wg sync.WaitGroup
	for i, s := range g.order {
		if s.exempt {
			continue
		}
		wg.Go(func() { errs[i] = g.readSite(ctx, s) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Verify reads the consent of one host of the scenario, and gives it.
func (g *Guard) Verify(ctx context.Context, u *url.URL) (Grant, error) {
	o, err := runner.OriginOf(u)
	if err != nil {
		return Grant{}, err
	}
	s := g.sites[o]
	if s == nil {
		return Grant{}, fmt.Errorf("%s is not a host of the scenario", o)
	}
	if err := g.pinProxy(ctx); err != nil {
		return Grant{}, err
	}
	if !s.exempt {
		if err := g.readSite(ctx, s); err != nil {
			return Grant{}, err
		}
	}
	return s.grant(), nil
}

func (g *Guard) pinProxy(ctx context.Context) error {
	u := g.cfg.Scenario.Proxy
	if u == nil || g.proxy.Load() != nil {
		return nil
	}
	bare := *u
	bare.User = nil
	o, err := runner.OriginOf(&bare)
	if err != nil {
		return fmt.Errorf("consent: proxy: %w", err)
	}
	addrs, err := g.resolve(ctx, o, netip.AddrPort{})
	if err != nil {
		return fmt.Errorf("consent: resolving the proxy %s: %w", o.Host, err)
	}
	g.proxy.Store(&addrs)
	return nil
}

// readSite reads one consent and, if it is good, lets the site be loaded.
func (g *Guard) readSite(ctx context.Context, s *site) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	refuse := func(why, fix string) error {
		return &Refused{Host: s.origin.String(), Why: why, Fix: fix}
	}
	publish := "its operator must publish a consent at " + s.origin.String() + Path +
		" (print one: firstbell consent " + s.origin.HostHeader() + ")"
	var addrs []netip.AddrPort
	if g.cfg.Scenario.Proxy == nil {
		var err error
		if addrs, err = g.resolve(ctx, s.origin, s.fixed); err != nil {
			return refuse("its name cannot be resolved", "check the name, or add a resolve line")
		}
	}
	place := g.well(s, addrs)
	f, why := g.readAt(ctx, place)
	if f == nil {
		elsewhere := g.fromDNS(ctx, s)
		if elsewhere == nil {
			if strings.Contains(why, plainAnswer) {
				publish = "the host speaks HTTP without encryption at this port: write http://" + s.origin.HostHeader() + ", or check the port"
			}
			return refuse(why, publish)
		}
		place = *elsewhere
		if f, why = g.readAt(ctx, place); f == nil {
			return refuse("at the address its DNS names: "+why, publish)
		}
		if f.Host == "" {
			return refuse("the file its DNS names does not say for which host it is", "add host to it")
		}
	}
	if why, fix := f.check(s.origin, g.cfg.Key, time.Now()); why != "" {
		return refuse("in its consent: "+why, fix)
	}
	if why, fix := tooFew(f.RequestsPerSecond, f.ConnectionsPerSecond, g.cfg.Workers); why != "" {
		return refuse("in its consent: "+why, fix)
	}
	s.terms.Store(&terms{
		file: f, source: place.URL.String(), addrs: addrs,
		requests: newLimit(f.RequestsPerSecond, g.cfg.Workers), connections: newLimit(f.ConnectionsPerSecond, g.cfg.Workers),
	})
	g.event("consent_read", s.origin.HostHeader()+": "+cut(f.ConsentedBy), "host", s.origin.String(),
		"consented_by", cut(f.ConsentedBy), "not_after", f.NotAfter.UTC().Format(time.RFC3339),
		"requests_per_second", fmt.Sprint(f.RequestsPerSecond), "connections_per_second", fmt.Sprint(f.ConnectionsPerSecond))
	return nil
}

// plainAnswer is how crypto/tls says that the other end answered without TLS.
const plainAnswer = "first record does not look like a TLS handshake"

// readAt reads the file at one place; why says what was there instead.
func (g *Guard) readAt(ctx context.Context, at Place) (f *File, why string) {
	status, body, err := g.fetch.Fetch(ctx, at)
	switch {
	case err != nil:
		return nil, "its consent cannot be read: " + errText(err)
	case status != http.StatusOK:
		return nil, fmt.Sprintf("%s answered %d", Path, status)
	}
	if f, err = parseFile(body); err != nil {
		return nil, "what it publishes is no consent: " + err.Error()
	}
	return f, ""
}

// well is the place of a site's own file.
func (g *Guard) well(s *site, addrs []netip.AddrPort) Place {
	return Place{
		URL:   &url.URL{Scheme: s.origin.Scheme, Host: s.origin.HostHeader(), Path: Path},
		Addrs: addrs, Target: s.target,
	}
}

// fromDNS gives the place that a TXT record names, nil when there is none.
func (g *Guard) fromDNS(ctx context.Context, s *site) *Place {
	if _, isIP := s.origin.IP(); isIP || s.origin.Loopback() {
		return nil
	}
	records, err := g.cfg.LookupTXT(ctx, "_firstbell."+s.origin.Host)
	if err != nil {
		return nil
	}
	for _, r := range records {
		if at, ok := strings.CutPrefix(r, "firstbell-consent="); ok {
			if u := controlURL(at); u != nil {
				return &Place{URL: u}
			}
		}
	}
	return nil
}

// resolve gives the addresses of an origin, port included.
func (g *Guard) resolve(ctx context.Context, o runner.Origin, fixed netip.AddrPort) ([]netip.AddrPort, error) {
	if fixed.IsValid() {
		return []netip.AddrPort{fixed}, nil
	}
	if ip, ok := o.IP(); ok {
		return []netip.AddrPort{netip.AddrPortFrom(ip, o.Port)}, nil
	}
	ips := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	if !o.Loopback() {
		var err error
		if ips, err = g.cfg.Lookup(ctx, o.Host); err != nil {
			return nil, err
		}
	}
	if len(ips) == 0 {
		return nil, errors.New("no address")
	}
	out := make([]netip.AddrPort, 0, len(ips))
	for _, ip := range ips[:min(len(ips), 16)] {
		out = append(out, netip.AddrPortFrom(ip.Unmap(), o.Port))
	}
	return out, nil
}

// errText is an error without the address it was about.
func errText(err error) string {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return cut(err.Error())
}
