package nulltarget

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// Towards is the scenario with every host at the sink's address: nothing is
// resolved, no proxy is asked, no certificate is verified, none is shown.
func Towards(sc *scenarios.Scenario, sink netip.AddrPort) (*scenarios.Scenario, error) {
	out := *sc
	out.Proxy, out.BasicAuth = nil, nil
	out.TLS = scenarios.TLS{Insecure: true, HTTP: sc.TLS.HTTP}
	out.Resolve = nil
	for _, u := range sc.Origins() {
		o, err := runner.OriginOf(u)
		if err != nil {
			return nil, err
		}
		name := net.JoinHostPort(o.Host, strconv.Itoa(int(o.Port)))
		out.Resolve = append(out.Resolve, scenarios.Resolve{Host: name, Address: sink.String()})
	}
	return &out, nil
}

// Guard lets nothing through but the hosts of the scenario, at the sink's
// address. It never stops a run: no byte of it reaches a target.
func Guard(sc *scenarios.Scenario, sink netip.AddrPort) (runner.Guard, error) {
	if !sink.Addr().IsLoopback() {
		return nil, errors.New("calibration: the sink is not on this machine")
	}
	return guard{sc, sink}, nil
}

type guard struct {
	sc   *scenarios.Scenario
	sink netip.AddrPort
}

var (
	errHost    = errors.New("not a host of the scenario")
	errAddress = errors.New("not the sink's address")
)

func (g guard) Request(u *url.URL) error {
	if _, ok := g.sc.InScope(u); !ok {
		return &runner.TransportError{Reason: results.ReasonOutOfScope, Err: errHost}
	}
	return nil
}

func (g guard) Dial(_ string, addr netip.AddrPort) error {
	if addr != g.sink {
		return &runner.TransportError{Reason: results.ReasonOutOfScope, Err: errAddress}
	}
	return nil
}

func (g guard) Stopped() <-chan struct{} { return nil }
func (g guard) Cause() results.Ended     { return results.Ended{} }
