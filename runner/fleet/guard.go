package fleet

import (
	"errors"
	"net/netip"
	"net/url"

	"firstbell/runner"
	"firstbell/runner/results"
)

// guard lets nothing leave without a lease.
type guard struct {
	inner   runner.Guard
	lease   *Lease
	stopped chan struct{}
	cause   results.Ended // set before stopped is closed
}

var _ runner.Guard = (*guard)(nil)

// Guard gives a guard that refuses every request and every connection once the
// lease is over, reason in_flight, and whose Stopped is closed then, or when that
// of inner is. The lease is asked last, as close to the wire as a guard can be;
// what had passed here and was not yet written when the process was frozen is all
// that can still leave when it wakes.
//
// A goroutine watches both until the worker's part of the play is over.
func (l *Lease) Guard(inner runner.Guard) runner.Guard {
	g := &guard{inner: inner, lease: l, stopped: make(chan struct{})}
	l.watchers.Go(g.watch)
	return g
}

// errHeld is one value for all: refusing allocates nothing.
var errHeld error = &runner.TransportError{
	Reason: results.ReasonInFlight, Err: errors.New("the lease of this worker is over"),
}

func (g *guard) Request(u *url.URL) error {
	err := g.inner.Request(u)
	if g.lease.Held() {
		return errHeld
	}
	return err
}

func (g *guard) Dial(host string, addr netip.AddrPort) error {
	err := g.inner.Dial(host, addr)
	if g.lease.Held() {
		return errHeld
	}
	return err
}

func (g *guard) Stopped() <-chan struct{} { return g.stopped }

func (g *guard) Cause() results.Ended {
	select {
	case <-g.stopped:
		return g.cause
	default:
		return results.Ended{}
	}
}

// watch closes stopped for whichever ends first.
func (g *guard) watch() {
	select {
	case <-g.inner.Stopped():
		g.cause = g.inner.Cause()
	case <-g.lease.Ended():
		g.cause = g.lease.Cause()
	case <-g.lease.closed:
		return
	}
	close(g.stopped)
}
