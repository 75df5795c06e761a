package main

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"firstbell/runner"
	"firstbell/runner/consent"
	"firstbell/runner/httpdriver"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// rig is everything between the engine and the target: the guard that has read
// the target's consent, the driver that asks it, the clock and the health of
// this process.
type rig struct {
	clock  runner.Clock
	guard  *consent.Guard
	driver *httpdriver.Driver
	health *runner.Health

	authorization string
}

// newRig reads the consent of every host, and refuses without it; plan.Start is
// the clock's zero.
func newRig(ctx context.Context, sc *scenarios.Scenario, plan *results.Plan, events func(results.Event)) (*rig, error) {
	r, err := newGuard(ctx, sc, plan, rigOptions{clock: runner.NewClock(plan.Start), events: events, workers: 1})
	if err != nil {
		return nil, err
	}
	return r, r.drive(sc, plan, r.guard, plan.Needs.DialsInFlight)
}

// rigOptions are what differs between a storm played here and a part of one.
type rigOptions struct {
	clock   runner.Clock
	events  func(results.Event)
	workers int // that share the consents' limits
}

// newGuard is a rig that may not send yet: it has the consents and no driver.
func newGuard(ctx context.Context, sc *scenarios.Scenario, plan *results.Plan, o rigOptions) (*rig, error) {
	r := &rig{clock: o.clock}
	var err error
	if r.authorization, err = basicAuth(sc); err != nil {
		return nil, err
	}
	r.guard, err = consent.New(consent.Config{
		Scenario: sc, RunID: plan.RunID, Version: toolInfo().Version, Clock: r.clock, Events: o.events, Workers: o.workers,
		Authorization: r.authorization,
	})
	if err != nil {
		return nil, refusedConsent(err)
	}
	if err := r.guard.Read(ctx); err != nil {
		return nil, refusedConsent(err)
	}
	return r, nil
}

// drive gives the rig its driver: what it sends is asked of guard, the rig's own
// or one in front of it.
func (r *rig) drive(sc *scenarios.Scenario, plan *results.Plan, guard runner.Guard, dials int) (err error) {
	var sources []netip.Addr
	if c := plan.Conduct; c != nil && c.Sources > 0 {
		sources = httpdriver.LoopbackSources(c.Sources)
	}
	r.driver, err = httpdriver.New(httpdriver.Config{
		Scenario: sc, RunID: plan.RunID, Version: toolInfo().Version, Clock: r.clock, Guard: guard,
		Authorization: r.authorization, Lookup: r.guard.Lookup, DialsInFlight: dials, Sources: sources,
	})
	if err != nil {
		return &userError{exit: exitUsage, code: "FB0203", what: "the driver cannot start", why: err.Error(), fix: "see tls, proxy and basic_auth in the file", cause: err}
	}
	r.health = runner.NewHealth(healthOf(r.driver, onLoopback(r.guard.Grants())))
	return nil
}

// watch reads the consents again and again until the returned function is
// called: a target may withdraw at any moment, also while accounts are sampled.
func (r *rig) watch(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.guard.Watch(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// withdrawn is the error of a target that stopped us before the storm, or nil.
func (r *rig) withdrawn() error {
	select {
	case <-r.guard.Stopped():
		return &userError{exit: exitStopped, code: "FB0307", what: "the target withdrew its consent", why: r.guard.Cause().Cause,
			fix: "ask its operator; firstbell consent HOST --verify reads what it publishes"}
	default:
		return nil
	}
}

func (r *rig) close() {
	if r.driver != nil {
		_ = r.driver.Close()
	}
}

// basicAuth is the password in front of the staging, expanded once.
func basicAuth(sc *scenarios.Scenario) (string, error) {
	if sc.BasicAuth == nil {
		return "", nil
	}
	env := func(name string) (string, bool) {
		key, ok := strings.CutPrefix(name, "env.")
		if !ok || sc.Env == nil {
			return "", false
		}
		return sc.Env(key)
	}
	user, err1 := sc.BasicAuth.User.Expand(env)
	password, err2 := sc.BasicAuth.Password.Expand(env)
	if err := errors.Join(err1, err2); err != nil {
		return "", &userError{exit: exitUsage, code: "FB0203", what: "basic_auth cannot be read", why: err.Error(), fix: "use ${env.NAME} and set it", cause: err}
	}
	return httpdriver.Basic(user, password), nil
}

// onLoopback reports whether every host is on this machine.
func onLoopback(grants []consent.Grant) bool {
	for _, g := range grants {
		if g.Exempt {
			continue
		}
		for _, a := range g.Addresses {
			ip, err := netip.ParseAddr(a)
			if err != nil || !ip.IsLoopback() {
				return false
			}
		}
	}
	return true
}

// refusedConsent lists every host that has not consented: exit 5.
func refusedConsent(err error) error {
	out := &userError{exit: exitRefused, code: "FB0301", what: "no load is sent without the target's consent", cause: err}
	for _, r := range refusals(err) {
		if out.why != "" {
			out.why += "\n"
			out.fix += "\n"
		}
		out.why += r.Host + ": " + r.Why
		out.fix += r.Fix
	}
	if out.why == "" {
		out.why = err.Error()
	}
	return out
}

// refusals collects the *consent.Refused of a joined error.
func refusals(err error) []*consent.Refused {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*consent.Refused
		for _, e := range joined.Unwrap() {
			all = append(all, refusals(e)...)
		}
		return all
	}
	var r *consent.Refused
	if errors.As(err, &r) {
		return []*consent.Refused{r}
	}
	return nil
}
